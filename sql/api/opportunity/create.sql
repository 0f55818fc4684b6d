-- statement: opportunity/create
-- purpose: A new opportunity with a customer of yours.
-- roles: rep supervisor
-- args: customer_id bigint, name text, amount bigint?, expected_close date, product_id bigint?, pipeline text?, stage text?
-- rows: one
-- changes: opportunity customer audit
-- undo: none
select id, org_code, customer_id, id as opportunity_id from api.opportunity_create(
	:customer_id, :name, :amount, :expected_close, :product_id, :pipeline,
	:stage)
