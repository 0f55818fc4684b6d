-- A stop of new leads holds inside the database: for dispatch, for taking by
-- hand, through a second range, and for plain SQL.
begin;
\ir fixture.psql
select plan(26);

create function t.lead(p_who text, p_unit text) returns bigint
language sql as $$
	select t.ask(p_who, format($w$select id from api.lead_create('L', 'Lead %s',
	    null, null, null, %s)$w$, gen_random_uuid(), t.id(p_unit)))::bigint
$$;
create function t.give(p_who text, p_lead bigint, p_to text) returns text
language sql as $$
	select t.ask(p_who, format('select org_code from api.lead_dispatch(%s, %s)',
	    p_lead, t.id(p_to)))
$$;
create function t.take(p_who text, p_lead bigint) returns text
language sql as $$
	select t.ask(p_who, format('select org_code from api.lead_take(%s)', p_lead))
$$;
create table t.lead_id as select n, t.lead('Sue', 'T1') as id
from generate_series(1, 6) n;
create function t.l(p_n int) returns bigint language sql as $$
	select id from t.lead_id where n = p_n $$;

select is(t.give('Tom', t.l(1), 'Ann'), t.code('Ann')::text, 'dispatch works');
select is(t.take('Ann', t.l(2)), t.code('Ann')::text, 'taking works');
select is(t.take('Bob', t.l(2)), 'FB001 lead_taken', 'one lead, one taker');
select is(t.ask('Cid', 'select count(*) from firebreak.lead_pool()'), '0',
    'the pool of another team is not seen');
select is(t.take('Cid', t.l(3)), 'FB001 lead_taken', 'nor taken from');
select is(t.ask('Ann', 'select count(*) from firebreak.lead_pool()'), '4',
    'the own is');

-- Taken by mistake: back it goes.
create function t.untake(p_who text, p_lead bigint) returns text
language sql as $$
	select t.ask(p_who, format('select org_code from api.lead_untake(%s)',
	    p_lead))
$$;
select is(t.untake('Ann', t.l(1)), 'FB001 changed_since',
    'what was given to one is not given back');
select is(t.untake('Bob', t.l(2)), 'FB001 changed_since',
    'nor what another took');
select is(t.untake('Ann', t.l(2)), (select code_lo::text
    from firebreak.org_unit where unit_id = t.id('T1')), 'the own is');
select is(t.untake('Ann', t.l(2)), 'FB001 changed_since', 'once');
select is(t.take('Bob', t.l(2)), t.code('Bob')::text, 'for somebody else');

insert into firebreak.suspension (person_id, org_code, what, since, rule_id,
    recorded_at)
values (t.id('Ann'), t.code('Ann'), 'lead_dispatch', clock.now(),
    'zero-yield-visits', clock.now());

select is(t.give('Tom', t.l(3), 'Ann'), 'FB001 suspended', 'no dispatch');
select is(t.give('Dora', t.l(3), 'Ann'), 'FB001 suspended', 'by nobody');
select is(t.take('Ann', t.l(3)), 'FB001 suspended', 'no taking');
select is(left(t.ask('Ann', format($$update firebreak.lead set assigned_to = %s,
    status = 'accepted' where lead_id = %s$$, t.id('Ann'), t.l(1))), 5),
    '42501', 'no plain SQL');
select is(left(t.ask('Ann', format('select firebreak.lead_claim(%s, %s, null)',
    t.l(3), t.id('Ann'))), 5), '42501', 'no helper');
select is(left(t.ask('Ann', 'update firebreak.suspension set lifted_at = since'),
    5), '42501', 'no lifting it by hand');
-- The stop's row may lie under another code than the person's, after a move.
update firebreak.suspension set org_code = t.code('Fay');
select is(t.give('Tom', t.l(3), 'Ann'), 'FB001 suspended',
    'a stop out of the supervisor''s sight still holds');
update firebreak.suspension set org_code = t.code('Ann');
select is(t.give('Tom', t.l(3), 'Bob'), t.code('Bob')::text,
    'others get leads');

-- Half open: a few may pass.
update firebreak.suspension set allowance = 1;
select is(t.give('Tom', t.l(4), 'Ann'), t.code('Ann')::text, 'one may pass');
select is(t.give('Tom', t.l(5), 'Ann'), 'FB001 suspended', 'not two');

select is(t.ask('Ann', format($$select id from api.suspension_override(%s,
    'x')$$, t.id('Ann'))), 'FB001 not_your_role', 'nobody frees himself');
select is(t.ask('Tom', format($$select id from api.suspension_override(%s,
    ' ')$$, t.id('Ann'))), 'FB001 missing', 'an override has a reason');
select is(t.ask('Wes', format($$select id from api.suspension_override(%s,
    'x')$$, t.id('Ann'))), 'FB001 not_suspended', 'and is the own unit''s');
select is(t.ask('Tom', format($$select person_id from
    api.suspension_override(%s, 'spoke with her')$$, t.id('Ann'))),
    t.id('Ann')::text, 'a supervisor may, with a reason');
select is(t.give('Tom', t.l(5), 'Ann'), t.code('Ann')::text,
    'and leads flow again');

select * from finish();
rollback;
