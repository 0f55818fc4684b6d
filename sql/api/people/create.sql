-- statement: people/create
-- purpose: A new person in a new seat of a unit.
-- roles: ops
-- args: name text, email text?, lang text?, unit_id bigint, role text, hired_on date?
-- rows: one
-- changes: people unit audit
-- undo: none
select id, org_code, id as person_id from api.people_create(:name, :email,
	:lang, :unit_id, :role, :hired_on)
