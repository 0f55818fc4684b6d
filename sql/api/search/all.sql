-- statement: search/all
-- purpose: Customers, contacts and opportunities whose name contains two letters or more.
-- roles: all
-- args: text text
-- rows: many
-- key: rank
-- sort: rank
-- watch: customer contact opportunity
select r.rank, r.kind, r.id, r.customer_id, r.name, r.detail
from firebreak.search(:text, 200) r
