-- statement: customer/create
-- purpose: A new customer of your own.
-- roles: rep supervisor
-- args: name text, grade text?, industry text?, city text?, phone text?, website text?, tax_no text?, address text?, cause text
-- rows: one
-- changes: customer audit
-- undo: none
select id, org_code, id as customer_id from api.customer_create(:name, :grade,
	:industry, :city, :phone, :website, :tax_no, :address, :cause)
