-- statement: customer/history
-- purpose: Who changed what of a customer, and for which business action.
-- roles: all
-- args: customer_id bigint
-- rows: many
-- key: audit_id
-- sort: audit_id
-- watch: audit people
select a.audit_id, a.at, a.person_id, p.name as person, a.entity, a.entity_id,
	a.action, a.cause, a.old, a.new
from firebreak.audit_all a
	left join firebreak.person p on p.person_id = a.person_id
where :scope(a.org_code) and a.customer_id = :customer_id
