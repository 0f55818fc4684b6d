-- statement: alert/history
-- purpose: How an alert was raised, commented on and answered.
-- roles: all
-- args: alert_id bigint
-- rows: many
-- key: item
-- sort: at
-- watch: alert audit people
select t.item, t.at, t.person_id, p.name as person, t.action, t.body,
	t.body_zh, t.body_en
from (
	select 0::bigint as item, a.opened_at as at, null::bigint as person_id,
		'raised' as action, case (select lang from firebreak.person
		    where person_id = :me) when 'en' then a.text_en
		    else a.text_zh end as body, a.text_zh as body_zh,
		a.text_en as body_en
	from firebreak.alert a
	where a.alert_id = :alert_id and :scope(a.org_code)
	union all
	select c.comment_id * 2, c.at, c.person_id, 'comment', c.body, c.body, c.body
	from firebreak.alert_comment c
	where c.alert_id = :alert_id and :scope(c.org_code)
	union all
	select a.audit_id * 2 + 1, a.at, a.person_id, a.action, n.note, n.note,
		n.note
	from firebreak.audit_all a
		cross join lateral (select coalesce(a.new ->> 'ack_note',
		    a.new ->> 'note', a.new ->> 'reason', '') as note) n
	where a.entity = 'alert' and a.entity_id = :alert_id
		and a.action <> 'comment' and :scope(a.org_code)
) t
	left join firebreak.person p on p.person_id = t.person_id
