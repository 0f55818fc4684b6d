-- statement: customer/timeline
-- purpose: What happened with a customer: activities, stages, orders, tickets.
-- roles: all
-- args: customer_id bigint
-- rows: many
-- key: item
-- sort: at
-- watch: customer activity opportunity people
select t.item, t.kind, t.at, t.person_id, p.name as person, t.what, t.effective,
	t.activity_id, t.opportunity_id
from (
	select a.activity_id * 4 as item, a.kind, a.happened_at as at, a.person_id,
		a.summary as what, a.effective, a.activity_id, a.opportunity_id
	from firebreak.activity a
	where a.customer_id = :customer_id and not a.retracted
	union all
	select h.history_id * 4 + 1, 'stage', h.entered_at, h.person_id,
		o.name || ': ' || coalesce(h.from_stage || ' > ', '') || h.to_stage,
		false, null, h.opportunity_id
	from firebreak.opportunity_stage_history h
		join firebreak.opportunity o on o.customer_id = h.customer_id
		and o.opportunity_id = h.opportunity_id
	where h.customer_id = :customer_id
	union all
	select r.order_id * 4 + 2, 'order', r.ordered_at, r.owner_id, r.number,
		false, null, r.opportunity_id
	from firebreak.orders r
	where r.customer_id = :customer_id
	union all
	select k.ticket_id * 4 + 3, 'ticket', k.opened_at, k.follower_id, k.title,
		false, null, null
	from firebreak.ticket k
	where k.customer_id = :customer_id
) t
	left join firebreak.person p on p.person_id = t.person_id
