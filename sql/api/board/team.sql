-- statement: board/team
-- purpose: Your people: visits, new opportunities, stale customers, alerts, stops.
-- roles: supervisor ops
-- rows: many
-- key: person_id
-- sort: name
-- search: name
-- from: p person
-- watch: activity opportunity customer alert suspension people unit
select p.person_id, p.name, u.name as unit,
	(select count(*) from firebreak.activity a
	    where a.person_id = p.person_id and a.kind = 'visit'
	    and not a.retracted
	    and a.happened_at > clock.now() - interval '7 days') as visits_7d,
	(select count(*) from firebreak.activity a
	    where a.person_id = p.person_id and a.kind = 'visit' and a.on_site
	    and not a.retracted
	    and a.happened_at > clock.now() - interval '7 days') as on_site_7d,
	(select count(*) from firebreak.opportunity o
	    where o.owner_id = p.person_id
	    and o.created_at > clock.now() - interval '7 days') as new_opps_7d,
	(select count(*) from firebreak.customer_state c
	    where c.org_code = s.code) as customers,
	(select count(*) from firebreak.customer_state c
	    where c.org_code = s.code and c.light = 2) as red,
	(select count(*) from firebreak.customer_state c
	    where c.org_code = s.code and c.light = 1) as yellow,
	(select count(*) from firebreak.alert a
	    where a.person_id = p.person_id and a.closed_at is null) as alerts,
	exists (select from firebreak.suspension x
	    where x.person_id = p.person_id and x.lifted_at is null
	    and (x.until is null or x.until > clock.now())) as suspended
from firebreak.person p
	join firebreak.seat s on s.person_id = p.person_id and s.role = 'rep'
	join firebreak.org_unit u on u.unit_id = s.unit_id
where :scope(s.code) and p.active
