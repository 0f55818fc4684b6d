-- statement: customer/contacts
-- purpose: The people at a customer.
-- roles: all
-- args: customer_id bigint
-- rows: many
-- key: contact_id
-- sort: name
-- search: name
-- from: k contact
-- watch: contact customer
select k.contact_id, k.customer_id, k.name, k.title, k.department, k.phone,
	k.email, k.influence, k.stance, k.is_key, k.left_at is not null as gone,
	k.version, k.updated_at
from firebreak.contact k
where :scope(k.org_code) and k.customer_id = :customer_id
