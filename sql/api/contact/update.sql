-- statement: contact/update
-- purpose: Change a contact; names the business action and the version it was read at.
-- roles: rep supervisor
-- args: customer_id bigint, contact_id bigint, version bigint, name text?, title text?, department text?, phone text?, email text?, influence smallint?, stance smallint?, is_key bool?, gone bool?, cause text?, activity_id bigint?
-- rows: one
-- changes: contact customer audit
-- undo: contact/restore
select id, org_code, version, audit_id from api.contact_update(:customer_id,
	:contact_id, :version, :name, :title, :department, :phone, :email,
	:influence, :stance, :is_key, :gone, :cause, :activity_id)
