-- statement: customer/release
-- purpose: Back into the pool of the unit.
-- roles: supervisor ops
-- args: customer_id bigint, reason text
-- rows: one
-- changes: customer contact opportunity activity task alert audit
-- undo: none
select id, org_code, old_org_code from api.customer_release(:customer_id,
	:reason)
