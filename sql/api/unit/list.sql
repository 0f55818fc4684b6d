-- statement: unit/list
-- purpose: The organisation as a tree, in the order of its codes.
-- roles: all
-- rows: many
-- key: unit_id
-- sort: code_lo
-- search: name
-- from: u org_unit
-- watch: unit people
select u.unit_id, u.parent_id, u.name, u.kind, u.depth, u.code_lo,
	(select count(*) from firebreak.seat s
	    where s.code between u.code_lo and u.code_hi
	    and s.person_id is not null) as people,
	(select min(p.name) from firebreak.seat s join firebreak.person p
	    on p.person_id = s.person_id
	    where s.unit_id = u.unit_id and s.role = 'supervisor') as supervisor
from firebreak.org_unit u
where :scope(u.code_lo)
