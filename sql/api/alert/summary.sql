-- statement: alert/summary
-- purpose: How many alerts are open, how old, how fast they were answered today.
-- roles: supervisor ops
-- rows: one
-- watch: alert
select count(*) as open, count(*) filter (where a.level = 3) as red,
	count(*) filter (where a.level = 2) as yellow,
	count(*) filter (where a.level = 1) as blue,
	count(*) filter (where a.acked_at is not null) as answered,
	(extract(epoch from clock.now() - min(a.opened_at)) / 60)::bigint
	    as oldest_minutes,
	round(percentile_cont(0.5) within group (order by extract(epoch from
	    a.acked_at - a.opened_at)::float8 / 60) filter (where a.acked_at >=
	    clock.start_of(clock.today())))::bigint as median_minutes
from firebreak.alert a
where a.closed_at is null
