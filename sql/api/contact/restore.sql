-- statement: contact/restore
-- purpose: Put back the values that your own change of a contact replaced.
-- roles: rep supervisor
-- args: customer_id bigint, audit_id bigint
-- rows: one
-- changes: contact customer audit
-- undo: none
select id, org_code, version from api.contact_restore(:customer_id, :audit_id)
