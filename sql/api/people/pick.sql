-- statement: people/pick
-- purpose: Names to choose from when something is given to somebody.
-- roles: all
-- rows: many
-- key: person_id
-- sort: name
-- search: name
-- from: p person
-- watch: people unit
select p.person_id, p.name, s.role, u.name as unit
from firebreak.person p
	join firebreak.seat s on s.person_id = p.person_id
	join firebreak.org_unit u on u.unit_id = s.unit_id
where :scope(s.code) and p.active
