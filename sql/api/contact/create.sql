-- statement: contact/create
-- purpose: A new contact; names the business action in which it was met.
-- roles: rep supervisor
-- args: customer_id bigint, name text, title text?, department text?, phone text?, email text?, influence smallint?, is_key bool?, cause text?, activity_id bigint?
-- rows: one
-- changes: contact customer audit
-- undo: contact/remove
select id, org_code, id as contact_id, audit_id from api.contact_create(
	:customer_id, :name, :title, :department, :phone, :email, :influence,
	:is_key, :cause, :activity_id)
