-- statement: people/deputy
-- purpose: Somebody stands in for somebody until a time.
-- roles: ops supervisor
-- args: person_id bigint, deputy_id bigint, until timestamptz, reason text
-- rows: one
-- changes: people audit
-- undo: people/undeputy
select id, org_code, id as deputy_row from api.people_deputy(:person_id,
	:deputy_id, :until, :reason)
