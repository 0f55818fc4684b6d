-- statement: customer/update
-- purpose: Change master data; names the business action and the version it was read at.
-- roles: rep supervisor
-- args: customer_id bigint, version bigint, name text?, grade text?, industry text?, city text?, phone text?, website text?, tax_no text?, address text?, cause text?, activity_id bigint?
-- rows: one
-- changes: customer audit
-- undo: customer/restore
select id, org_code, version, audit_id from api.customer_update(:customer_id,
	:version, :name, :grade, :industry, :city, :phone, :website, :tax_no,
	:address, :cause, :activity_id)
