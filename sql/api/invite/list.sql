-- statement: invite/list
-- purpose: Invites, and whether they were used.
-- roles: ops
-- rows: many
-- key: invite_id
-- sort: invite_id
-- search: person
-- from: i invite
-- watch: device people
select i.invite_id, i.person_id, p.name as person, i.created_at, i.expires_at,
	i.used_at, case when i.used_at is not null then 'used'
	    when i.expires_at < clock.real() then 'expired' else 'open' end as state
from firebreak.invite i
	join firebreak.person p on p.person_id = i.person_id
	join firebreak.seat s on s.person_id = i.person_id
where :scope(s.code)
