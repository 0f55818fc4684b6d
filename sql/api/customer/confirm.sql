-- statement: customer/confirm
-- purpose: The key fields were checked in a business action and are right.
-- roles: rep supervisor
-- args: customer_id bigint, cause text, activity_id bigint?
-- rows: one
-- changes: customer audit
-- undo: customer/restore
select id, org_code, audit_id from api.customer_confirm(:customer_id, :cause,
	:activity_id)
