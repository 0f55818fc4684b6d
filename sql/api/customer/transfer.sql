-- statement: customer/transfer
-- purpose: Give a customer and all that belongs to it to somebody else in your unit.
-- roles: supervisor ops
-- args: customer_id bigint, person_id bigint, reason text
-- rows: one
-- changes: customer contact opportunity activity task alert audit
-- undo: none
select id, org_code, old_org_code from api.customer_transfer(:customer_id,
	:person_id, :reason)
