-- statement: contact/get
-- purpose: One contact.
-- roles: all
-- args: customer_id bigint, contact_id bigint
-- rows: one
-- watch: contact customer
select k.contact_id, k.customer_id, k.name, k.title, k.department, k.phone,
	k.email, k.wechat, k.influence, k.stance, k.is_key,
	k.left_at is not null as gone, k.reports_to, k.extra, k.version, k.updated_at
from firebreak.contact k
where k.customer_id = :customer_id and k.contact_id = :contact_id
