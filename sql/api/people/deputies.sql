-- statement: people/deputies
-- purpose: Who stands in for whom, and until when.
-- roles: supervisor ops
-- rows: many
-- key: deputy_row
-- sort: deputy_row
-- from: d deputy
-- watch: people
select d.deputy_id as deputy_row, d.person_id, p.name as deputy, d.from_at, d.until_at,
	d.reason, b.name as by, (select string_agg(q.name, ', ')
	    from firebreak.seat s join firebreak.person q
	        on q.person_id = s.person_id
	    where s.code = d.lo) as person
from firebreak.deputy d
	join firebreak.person p on p.person_id = d.person_id
	left join firebreak.person b on b.person_id = d.by_person
where :scope(d.lo) and d.until_at > clock.now()
