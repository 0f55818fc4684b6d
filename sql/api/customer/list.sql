-- statement: customer/list
-- purpose: Customers in your care, with their light and when they were last met.
-- roles: all
-- args: grade text?, light smallint?, owner_id bigint?
-- rows: many
-- key: customer_id
-- sort: last_interaction_at last_key_at light name grade
-- search: name
-- from: s customer_state
-- watch: customer activity people
select s.customer_id, s.name, s.light, s.grade, s.owner_id,
	p.name as owner, s.last_interaction_at, s.last_key_at,
	extract(day from clock.now() - s.last_interaction_at)::int as quiet_days,
	extract(day from clock.now() - s.last_key_at)::int as stale_days,
	c.industry, c.city, s.health, c.version
from firebreak.customer_state s
	join firebreak.customer c on c.customer_id = s.customer_id
	left join firebreak.person p on p.person_id = s.owner_id
where :scope(s.org_code)
	and (:grade::text is null or s.grade = :grade)
	and (:light::smallint is null or s.light = :light)
	and (:owner_id::bigint is null or s.owner_id = :owner_id)
