-- statement: suspension/trip
-- purpose: Stop new leads for somebody in your unit.
-- roles: supervisor
-- args: person_id bigint, what text?, days bigint, reason text
-- rows: one
-- changes: suspension audit
-- undo: suspension/override
select id, org_code, person_id from api.suspension_trip(:person_id, :what,
	:days, :reason)
