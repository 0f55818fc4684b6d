-- statement: people/get
-- purpose: One person, with place and range.
-- roles: supervisor ops
-- args: person_id bigint
-- rows: one
-- watch: people unit customer
select p.person_id, p.name, p.email, p.lang, p.active, s.role, s.code, s.unit_id,
	u.name as unit, p.hired_on, p.left_on, p.onboarding_mode,
	u.code_lo, u.code_hi,
	(select count(*) from firebreak.customer_state c
	    where c.owner_id = p.person_id and c.org_code = s.code) as customers
from firebreak.person p
	join firebreak.seat s on s.person_id = p.person_id
	join firebreak.org_unit u on u.unit_id = s.unit_id
where p.person_id = :person_id and :scope(s.code)
