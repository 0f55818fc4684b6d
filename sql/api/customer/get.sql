-- statement: customer/get
-- purpose: One customer: master data, light, owner, counts.
-- roles: all
-- args: customer_id bigint
-- rows: one
-- watch: customer activity contact opportunity people unit
select c.customer_id, c.name, c.grade, c.industry, c.city, c.phone, c.website,
	c.tax_no, c.address, c.parent_name, c.employees, c.revenue, c.currency,
	c.founded, c.owner_id, p.name as owner, u.name as unit, s.light, s.health,
	s.last_interaction_at, s.last_key_at, s.interactions,
	extract(day from clock.now() - s.last_interaction_at)::int as quiet_days,
	extract(day from clock.now() - s.last_key_at)::int as stale_days,
	(select count(*) from firebreak.contact k
	    where k.customer_id = c.customer_id) as contacts,
	o.open_deals, o.open_amount,
	c.source, c.extra, c.version, c.created_at, c.updated_at
from firebreak.customer c
	join firebreak.customer_state s on s.customer_id = c.customer_id
	left join firebreak.person p on p.person_id = c.owner_id
	left join firebreak.seat t on t.code = c.org_code
	left join firebreak.org_unit u on u.unit_id = t.unit_id
	cross join lateral (select count(*) as open_deals,
	    coalesce(sum(d.amount), 0)::bigint as open_amount
	    from firebreak.opportunity d
	    where d.customer_id = c.customer_id and d.state = 'open') o
where c.customer_id = :customer_id
