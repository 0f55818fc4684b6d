-- statement: opportunity/get
-- purpose: One opportunity.
-- roles: all
-- args: customer_id bigint, opportunity_id bigint
-- rows: one
-- watch: opportunity customer people
select o.opportunity_id, o.customer_id, o.name, s.name as customer, o.owner_id,
	p.name as owner, o.pipeline, o.stage, o.stage_position, d.zh as stage_zh,
	d.en as stage_en, o.stage_entered_at,
	floor(extract(epoch from coalesce(o.closed_at, clock.now())
	    - o.stage_entered_at) / 86400)::int as stage_days,
	o.state, o.valid, o.amount, o.currency, o.expected_close, o.closed_at,
	o.loss_reason, o.product_id, g.name as product, d.probability, o.source,
	o.extra, o.version, o.created_at, o.updated_at
from firebreak.opportunity o
	join firebreak.customer_state s on s.customer_id = o.customer_id
	join firebreak.stage_def d on d.pipeline = o.pipeline and d.stage = o.stage
	left join firebreak.person p on p.person_id = o.owner_id
	left join firebreak.product g on g.product_id = o.product_id
where o.customer_id = :customer_id and o.opportunity_id = :opportunity_id
