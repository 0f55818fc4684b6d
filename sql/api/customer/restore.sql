-- statement: customer/restore
-- purpose: Put back the values that your own change replaced.
-- roles: rep supervisor
-- args: customer_id bigint, audit_id bigint
-- rows: one
-- changes: customer audit
-- undo: none
select id, org_code, version from api.customer_restore(:customer_id, :audit_id)
