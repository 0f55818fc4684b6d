-- statement: today/gauge
-- purpose: What you promised for these two weeks, what came in, and the actions of today.
-- roles: rep supervisor
-- rows: one
-- watch: commitment opportunity task
select f.starts_on, f.starts_on + 14 as ends_on,
	coalesce(m.amount, 0) as committed, w.amount as actual,
	coalesce(m.currency, api.setting('currency')) as currency,
	case when m.amount > 0 then w.amount::float8 / m.amount end as share,
	extract(epoch from clock.now() - clock.start_of(f.starts_on))::float8
	    / (14 * 86400) as elapsed, t.done, t.planned
from (select api.fortnight(clock.today()) as starts_on) f
	left join firebreak.commitment m on m.person_id = :me
		and m.starts_on = f.starts_on
	cross join lateral (select coalesce(sum(o.amount), 0)::bigint as amount
		from firebreak.opportunity o
		where o.owner_id = :me and o.state = 'won'
			and o.closed_at >= clock.start_of(f.starts_on)
			and o.closed_at < clock.start_of(f.starts_on + 14)) w
	cross join lateral (select count(*) filter (where k.state = 1) as done,
			count(*) as planned
		from firebreak.task k
		where k.person_id = :me and k.state < 2
			and k.due_at >= clock.start_of(clock.today())
			and k.due_at < clock.start_of(clock.today() + 1)) t
