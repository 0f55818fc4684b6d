-- statement: people/move
-- purpose: To another unit or role; take false leaves the customers behind.
-- roles: ops
-- args: person_id bigint, unit_id bigint, role text?, take bool?
-- rows: one
-- changes: people unit device customer audit
-- undo: none
select id, org_code, old_org_code from api.people_move(:person_id, :unit_id,
	:role, :take)
