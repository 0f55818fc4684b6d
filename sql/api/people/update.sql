-- statement: people/update
-- purpose: Correct name, address or language.
-- roles: ops
-- args: person_id bigint, name text?, email text?, lang text?
-- rows: one
-- changes: people audit
-- undo: none
select id, org_code from api.people_update(:person_id, :name, :email, :lang)
