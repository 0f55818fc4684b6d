-- statement: suspension/override
-- purpose: Let somebody have leads again, with a reason.
-- roles: supervisor
-- args: person_id bigint, reason text
-- rows: one
-- changes: suspension audit
-- undo: none
select id, org_code, person_id from api.suspension_override(:person_id,
	:reason)
