-- statement: device/list
-- purpose: Devices of your people; your own for everybody else.
-- roles: all
-- rows: many
-- key: device_id
-- sort: device_id
-- search: person
-- from: d device
-- watch: device people
select d.device_id, d.person_id, p.name as person, d.name, d.created_at,
	d.last_seen, d.revoked_at, d.revoked_at is not null as revoked
from firebreak.device d
	join firebreak.person p on p.person_id = d.person_id
	left join firebreak.seat s on s.person_id = d.person_id
where d.person_id = :me or :scope(s.code) and api.role() = 'ops'
