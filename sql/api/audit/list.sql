-- statement: audit/list
-- purpose: Every change: who, when, what, and for which business action.
-- roles: ops
-- args: entity text?, person_id bigint?
-- rows: many
-- key: audit_id
-- sort: audit_id
-- from: a audit_all
-- watch: audit people
select a.audit_id, a.at, a.person_id, p.name as person, a.entity, a.entity_id,
	a.customer_id, a.action, a.cause, a.old, a.new, a.seal_id
from firebreak.audit_all a
	left join firebreak.person p on p.person_id = a.person_id
where :scope(a.org_code)
	and (:entity::text is null or a.entity = :entity)
	and (:person_id::bigint is null or a.person_id = :person_id)
