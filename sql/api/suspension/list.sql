-- statement: suspension/list
-- purpose: What is stopped for whom, since when and why.
-- roles: rep supervisor ops
-- args: active bool?
-- rows: many
-- key: suspension_id
-- sort: since
-- from: s suspension
-- watch: suspension people
select s.suspension_id, s.person_id, p.name as person, s.what, s.since, s.until,
	s.allowance, s.rule_id, s.reason, s.lifted_at, s.lifted_by,
	b.name as lifter, s.lift_reason,
	s.lifted_at is null and (s.until is null or s.until > clock.now()) as active
from firebreak.suspension s
	join firebreak.person p on p.person_id = s.person_id
	left join firebreak.person b on b.person_id = s.lifted_by
where :scope(s.org_code)
	and (not coalesce(:active, false) or s.lifted_at is null
	    and (s.until is null or s.until > clock.now()))
