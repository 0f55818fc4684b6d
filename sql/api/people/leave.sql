-- statement: people/leave
-- purpose: The person has left: devices revoked, everything handed to the heir.
-- roles: ops
-- args: person_id bigint, heir_id bigint?, left_on date?
-- rows: one
-- changes: people unit device customer opportunity task lead audit
-- undo: none
select id, org_code, old_org_code from api.people_leave(:person_id, :heir_id,
	:left_on)
