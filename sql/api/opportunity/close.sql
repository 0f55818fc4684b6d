-- statement: opportunity/close
-- purpose: Won or lost; a loss names its reason.
-- roles: rep supervisor
-- args: customer_id bigint, opportunity_id bigint, version bigint?, won bool, amount bigint?, loss_reason text?
-- rows: one
-- changes: opportunity customer commitment audit
-- undo: opportunity/restore
select id, org_code, version, audit_id from api.opportunity_close(
	:customer_id, :opportunity_id, :version, :won, :amount, :loss_reason)
