-- statement: opportunity/list
-- purpose: Opportunities in your care; state open, won or lost.
-- roles: all
-- args: state text?, stage text?, customer_id bigint?, owner_id bigint?
-- rows: many
-- key: opportunity_id
-- sort: expected_close amount stage_entered_at stage_position name
-- search: name
-- from: o opportunity
-- watch: opportunity customer people
select o.opportunity_id, o.customer_id, o.name, s.name as customer, o.owner_id,
	p.name as owner, o.pipeline, o.stage, o.stage_position, d.zh as stage_zh,
	d.en as stage_en, o.stage_entered_at,
	floor(extract(epoch from coalesce(o.closed_at, clock.now())
	    - o.stage_entered_at) / 86400)::int as stage_days,
	o.state, o.valid, o.amount, o.currency, o.expected_close, o.version
from firebreak.opportunity o
	join firebreak.customer_state s on s.customer_id = o.customer_id
	join firebreak.stage_def d on d.pipeline = o.pipeline and d.stage = o.stage
	left join firebreak.person p on p.person_id = o.owner_id
where :scope(o.org_code)
	and (:state::text is null or o.state = :state)
	and (:stage::text is null or o.stage = :stage)
	and (:customer_id::bigint is null or o.customer_id = :customer_id)
	and (:owner_id::bigint is null or o.owner_id = :owner_id)
