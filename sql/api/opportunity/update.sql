-- statement: opportunity/update
-- purpose: Change an open opportunity.
-- roles: rep supervisor
-- args: customer_id bigint, opportunity_id bigint, version bigint, name text?, amount bigint?, expected_close date?, product_id bigint?
-- rows: one
-- changes: opportunity customer audit
-- undo: opportunity/restore
select id, org_code, version, audit_id from api.opportunity_update(
	:customer_id, :opportunity_id, :version, :name, :amount,
	:expected_close, :product_id)
