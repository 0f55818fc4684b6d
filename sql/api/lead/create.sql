-- statement: lead/create
-- purpose: A new lead in the pool of a unit; without a unit, your own.
-- roles: marketing supervisor ops
-- args: name text, company text?, phone text?, source text?, score smallint?, unit_id bigint?
-- rows: one
-- changes: lead audit
-- undo: none
select id, org_code, id as lead_id from api.lead_create(:name, :company,
	:phone, :source, :score, :unit_id)
