-- statement: task/list
-- purpose: Tasks in your care; state 0 open, 1 done, 2 dropped.
-- roles: all
-- args: state smallint?, person_id bigint?, customer_id bigint?
-- rows: many
-- key: task_id
-- sort: due_at
-- search: what
-- from: t task
-- watch: task customer people
select t.task_id, t.kind, t.what, t.due_at, t.state, t.due_at < clock.now()
	    and t.state = 0 as overdue, t.person_id, p.name as person,
	t.customer_id, (select s.name from firebreak.customer_state s
	    where s.customer_id = t.customer_id) as customer,
	array_to_string(t.outcomes, ', ') as outcomes, t.outcome, t.note, t.origin, t.alert_id, t.done_at,
	t.created_at
from firebreak.task t
	left join firebreak.person p on p.person_id = t.person_id
where :scope(t.org_code)
	and (:state::smallint is null or t.state = :state)
	and (:person_id::bigint is null or t.person_id = :person_id)
	and (:customer_id::bigint is null or t.customer_id = :customer_id)
