-- statement: opportunity/advance
-- purpose: Forward to a later stage; without a stage, to the next.
-- roles: rep supervisor
-- args: customer_id bigint, opportunity_id bigint, version bigint?, stage text?
-- rows: one
-- changes: opportunity customer audit
-- undo: opportunity/restore
select id, org_code, version, audit_id from api.opportunity_advance(
	:customer_id, :opportunity_id, :version, :stage)
