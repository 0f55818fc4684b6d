-- statement: lead/list
-- purpose: Leads in your care.
-- roles: rep supervisor ops marketing
-- args: status text?
-- rows: many
-- key: lead_id
-- sort: created_at score
-- search: name
-- from: l lead
-- watch: lead people unit
select l.lead_id, l.name, l.company, l.phone, l.source, l.score, l.status,
	l.assigned_to, p.name as person, u.name as unit, l.dispatched_at,
	l.customer_id, l.created_at
from firebreak.lead l
	join firebreak.org_unit u on u.unit_id = l.unit_id
	left join firebreak.person p on p.person_id = l.assigned_to
where :scope(l.org_code)
	and (:status::text is null or l.status = :status)
