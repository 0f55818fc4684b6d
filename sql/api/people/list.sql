-- statement: people/list
-- purpose: People of your part of the organisation.
-- roles: supervisor ops
-- args: role text?, unit_id bigint?
-- rows: many
-- key: person_id
-- sort: name
-- search: name
-- from: p person
-- watch: people unit device
select p.person_id, p.name, p.email, p.lang, p.active, s.role, s.code, s.unit_id,
	u.name as unit, p.hired_on, p.left_on, p.onboarding_mode,
	(select max(d.last_seen) from firebreak.device d
	    where d.person_id = p.person_id) as last_seen,
	(select count(*) from firebreak.device d
	    where d.person_id = p.person_id and d.revoked_at is null) as devices
from firebreak.person p
	join firebreak.seat s on s.person_id = p.person_id
	join firebreak.org_unit u on u.unit_id = s.unit_id
where :scope(s.code)
	and (:role::text is null or s.role = :role)
	and (:unit_id::bigint is null or s.unit_id = :unit_id)
