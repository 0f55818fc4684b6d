-- statement: alert/wall
-- purpose: Open alerts of your unit; level 3 red, 2 yellow, 1 blue.
-- roles: supervisor ops
-- args: level smallint?
-- rows: many
-- key: alert_id
-- sort: opened_at level
-- search: subject_name
-- from: a alert
-- watch: alert people unit
select a.alert_id, a.level, a.title,
	case (select lang from firebreak.person where person_id = :me)
	    when 'en' then a.text_en else a.text_zh end as text,
	a.text_zh, a.text_en, a.subject_kind, a.subject_id, a.subject_name,
	a.customer_id, a.person_id, p.name as person, u.name as unit, a.opened_at,
	a.changed_at, (extract(epoch from clock.now() - a.opened_at) / 60)::bigint
	    as minutes, a.acked_by, k.name as acker, a.acked_at, a.ack_note,
	a.escalated_at, e.name as escalated_to, a.muted_until, a.rule_id, a.seq
from firebreak.alert a
	left join firebreak.person p on p.person_id = a.person_id
	left join firebreak.person k on k.person_id = a.acked_by
	left join firebreak.person e on e.person_id = a.escalated_to
	left join firebreak.seat t on t.code = a.org_code
	left join firebreak.org_unit u on u.unit_id = t.unit_id
where :scope(a.org_code) and a.closed_at is null
	and (:level::smallint is null or a.level = :level)
