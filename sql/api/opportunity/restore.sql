-- statement: opportunity/restore
-- purpose: Take back your own last change of an opportunity.
-- roles: rep supervisor
-- args: customer_id bigint, audit_id bigint
-- rows: one
-- changes: opportunity customer commitment audit
-- undo: none
select id, org_code, version from api.opportunity_restore(:customer_id,
	:audit_id)
