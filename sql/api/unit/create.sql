-- statement: unit/create
-- purpose: A new unit below another.
-- roles: ops
-- args: parent_id bigint, name text, kind text
-- rows: one
-- changes: unit audit
-- undo: none
select id, org_code, id as unit_id from api.unit_create(:parent_id, :name,
	:kind)
