-- statement: customer/duplicates
-- purpose: Is there a customer of this name or tax number already?
-- roles: rep supervisor
-- args: name text?, tax_no text?
-- rows: many
-- key: rank
-- sort: rank
-- watch: customer people
select d.rank, d.what, d.name, d.owner, d.customer_id
from firebreak.duplicates(:name, :tax_no) d
