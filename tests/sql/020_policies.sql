-- Who sees what, and who may write it.
begin;
\ir fixture.psql
select plan(27);

create function t.names(p_who text) returns text
language sql as $$
	select t.ask(p_who, 'select coalesce(string_agg(name, '','' order by name),'
	    ' ''-'') from firebreak.customer')
$$;

select is(t.names('Ann'), 'Ann One,Ann Two', 'a rep sees the own seat');
select is(t.names('Bob'), 'Bob One', 'another rep the other');
select is(t.names('Tom'), 'Ann One,Ann Two,Bob One', 'a supervisor the team');
select is(t.names('Sue'), 'Ann One,Ann Two,Bob One,Cid One', 'the region');
select is(t.names('Dora'), 'Ann One,Ann Two,Bob One,Cid One,Fay One',
    'the company');
select is(t.names('Mia'), 'Fay One', 'other roles see their unit');
select is(t.names(null), '-', 'without settings nobody sees anything');

-- The same on every table under the policies.
create function t.foreign_rows(p_who text) returns bigint
language plpgsql as $$
declare
	v_table regclass;
	v_n bigint := 0;
begin
	for v_table in select c.oid from pg_class c
	    where c.relnamespace = 'firebreak'::regnamespace and c.relrowsecurity
	    and not c.relispartition and c.relkind in ('r', 'p')
	    and has_table_privilege('firebreak_app', c.oid, 'select')
	loop
		v_n := v_n + t.ask(p_who, format('select count(*) from %s'
		    ' where org_code not between %s and %s', v_table,
		    coalesce((select lo from firebreak.scope_of(t.id(p_who))), 0),
		    coalesce((select hi from firebreak.scope_of(t.id(p_who))), 0)))
		    ::bigint;
	end loop;
	return v_n;
end
$$;
select is(t.foreign_rows('Ann'), 0::bigint, 'no table shows a rep foreign rows');
select is(t.foreign_rows('Wes'), 0::bigint, 'nor a region those of another');
select is(t.foreign_rows(null), 0::bigint, 'nor anything to nobody');

-- A second range.
insert into firebreak.deputy (person_id, lo, hi, from_at, until_at, reason)
values (t.id('Ann'), t.code('Fay'), t.code('Fay'), clock.now(),
    clock.now() + interval '3 days', 'holiday');
select is(t.names('Ann'), 'Ann One,Ann Two,Fay One', 'a second range adds');
select is(t.ask('Ann', $$select id::text from api.customer_update($$
    || t.id('Fay One') || $$, 1, null, null, null, 'Xi''an', null, null, null,
    null, 'visit_made', null)$$), t.id('Fay One')::text,
    'a deputy for one seat edits what is in it');
select set_config('firebreak.now', '2026-03-14 10:00+08', true) \g /dev/null
select is(t.names('Ann'), 'Ann One,Ann Two', 'and ends by itself');

-- Plain SQL under the daemon's role changes nothing.
select is(left(t.ask('Ann', $$update firebreak.customer set city = 'x'$$), 5),
    '42501', 'app: no update');
select is(left(t.ask('Ann', 'delete from firebreak.activity'), 5), '42501',
    'app: no delete');
select is(left(t.ask('Ann', $$insert into firebreak.suspension (person_id)
    values (1)$$), 5), '42501', 'app: no insert');
select is(left(t.ask('Ann', 'select count(*) from firebreak.request_result'), 5),
    '42501', 'app: request results are closed');
select is(left(t.ask('Ann', 'select secret_hash from firebreak.invite'), 5),
    '42501', 'app: invite secrets are closed');
select is(left(t.ask('Ann', $$select api.changed('x', 1, 1, clock.now())$$), 5),
    '42501', 'app: helpers are closed');

-- The writer is under the same policies.
select is(t.ask('Ann', $$with u as (update firebreak.customer
    set city = 'x' returning 1) select count(*) from u$$, 'firebreak_writer'),
    '2', 'writer: updates what is in range only');
select is(left(t.ask('Ann', format($$update firebreak.customer
    set org_code = %s where customer_id = %s$$, t.code('Fay'),
    t.id('Ann One')), 'firebreak_writer'), 5), '42501',
    'writer: may not push a row out of range');

-- A foreign record is not there, by whatever function.
select is(t.ask('Fay', format('select id from api.visit_record(%s, null, true,'
    ' 3::smallint, 30, null, ''x'', null, null)', t.id('Ann One'))),
    'FB001 not_found', 'no visit with a foreign customer');
select is(t.ask('Fay', format($$select id from api.customer_update(%s, 1, 'N',
    null, null, null, null, null, null, null, 'visit_made', null)$$,
    t.id('Ann One'))), 'FB001 not_found', 'no change of a foreign customer');
select is(t.ask('Sue', format($$select id from api.customer_transfer(%s, %s,
    'r')$$, t.id('Ann One'), t.id('Fay'))), 'FB001 out_of_range',
    'no transfer out of one''s range');
select is(t.ask('Ann', format($$select id from api.customer_transfer(%s, %s,
    'r')$$, t.id('Ann One'), t.id('Bob'))), 'FB001 not_your_role',
    'a rep transfers nothing');
select is(t.ask('Sue', format($$select old_org_code || '>' || org_code
    from api.customer_transfer(%s, %s, 'r')$$, t.id('Ann One'), t.id('Cid'))),
    t.code('Ann') || '>' || t.code('Cid'), 'a supervisor does');
select is(t.names('Cid'), 'Ann One,Cid One', 'and the row has moved');

select * from finish();
rollback;
