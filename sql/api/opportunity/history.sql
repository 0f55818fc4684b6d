-- statement: opportunity/history
-- purpose: The stages an opportunity went through, and how long it stayed.
-- roles: all
-- args: customer_id bigint, opportunity_id bigint
-- rows: many
-- key: history_id
-- sort: entered_at
-- watch: opportunity people
select h.history_id, h.from_stage, h.to_stage, d.zh as stage_zh, d.en as stage_en,
	h.entered_at, h.left_at,
	extract(epoch from coalesce(h.left_at, clock.now()) - h.entered_at)::float8
	    / 86400 as days, h.person_id, p.name as person
from firebreak.opportunity_stage_history h
	join firebreak.opportunity o on o.customer_id = h.customer_id
		and o.opportunity_id = h.opportunity_id
	left join firebreak.stage_def d on d.pipeline = o.pipeline
		and d.stage = h.to_stage
	left join firebreak.person p on p.person_id = h.person_id
where :scope(h.org_code)
	and h.customer_id = :customer_id and h.opportunity_id = :opportunity_id
