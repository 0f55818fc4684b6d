-- statement: activity/list
-- purpose: Activities in your care: visits, calls, mails, demos.
-- roles: all
-- args: customer_id bigint?, person_id bigint?, kind text?
-- rows: many
-- key: activity_id
-- sort: happened_at
-- from: a activity
-- watch: activity customer people
select a.activity_id, a.customer_id, s.name as customer, a.kind, a.happened_at,
	a.person_id, p.name as person, a.on_site, a.effective, a.verified,
	a.retracted, a.photos, (a.duration_s / 60)::bigint as minutes, a.summary,
	a.opportunity_id, a.recorded_at
from firebreak.activity a
	join firebreak.customer_state s on s.customer_id = a.customer_id
	left join firebreak.person p on p.person_id = a.person_id
where :scope(a.org_code)
	and (:customer_id::bigint is null or a.customer_id = :customer_id)
	and (:person_id::bigint is null or a.person_id = :person_id)
	and (:kind::text is null or a.kind = :kind)
