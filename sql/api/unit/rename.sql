-- statement: unit/rename
-- purpose: Another name for a unit.
-- roles: ops
-- args: unit_id bigint, name text
-- rows: one
-- changes: unit audit
-- undo: none
select id, org_code from api.unit_rename(:unit_id, :name)
