-- statement: today/list
-- purpose: Your day: what is due, what is done, who has not heard from you.
-- roles: all
-- rows: many
-- key: item
-- sort: due_at
-- watch: task customer
select t.item, t.due_at, t.kind, t.what, t.customer_id, t.customer, t.level,
	t.state, t.task_id
from (
	select k.task_id * 2 as item, k.due_at, k.kind, k.what, k.customer_id,
		s.name as customer, (case when k.state = 0 and k.due_at < clock.now()
		    then 2 else 0 end)::smallint as level, k.state, k.task_id
	from firebreak.task k
		left join firebreak.customer_state s on s.customer_id = k.customer_id
	where k.person_id = :me and (k.state = 0
	    and k.due_at < clock.start_of(clock.today() + 1)
	    or k.state = 1 and k.done_at >= clock.start_of(clock.today()))
	union all
	(select c.customer_id * 2 + 1, clock.start_of(clock.today()), 'stale', '',
		c.customer_id, c.name, (case c.light when 2 then 3 else 2 end)::smallint,
		0::smallint, null
	from firebreak.customer_state c
	where c.org_code between :lo and :hi and c.owner_id = :me
		and c.light in (1, 2)
	order by c.light desc, c.last_key_at, c.customer_id limit 20)
) t
