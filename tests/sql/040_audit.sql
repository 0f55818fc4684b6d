-- The audit: append-only, sealed, and any tampering found.
begin;
\ir fixture.psql

create function t.verdict() returns text
language sql as $$
	select ok || ' ' || coalesce(bad_seal, 0) || ' ' || coalesce(what, '')
	from firebreak.audit_verify()
$$;

-- Does verify find what a statement did?  Its work is undone afterwards.
create function t.found_after(variadic p_sql text[]) returns bool
language plpgsql as $$
declare
	v_sql text;
	v_ok bool;
	v_rows bigint;
begin
	begin
		foreach v_sql in array p_sql loop
			execute v_sql;
			get diagnostics v_rows = row_count;
			if v_rows = 0 then
				raise exception 'nothing tampered with: %', v_sql;
			end if;
		end loop;
		select ok into v_ok from firebreak.audit_verify();
		raise exception using errcode = 'ZZ001', message = v_ok::text;
	exception when sqlstate 'ZZ001' then
		return not sqlerrm::bool;
	end;
end
$$;

create view t.columns as
select a.attname::text as name, case
    when a.atttypid = 'text'::regtype then quote_literal('tampered')
    when a.atttypid = 'jsonb'::regtype then $$'{"tampered": 1}'$$
    when a.atttypid = 'uuid'::regtype
        then $$'00000000-0000-0000-0000-000000000001'$$
    when a.atttypid = 'timestamptz'::regtype
        then $$at + interval '1 microsecond'$$
    else format('coalesce(%I, 0) + 1000000', a.attname) end as value
from pg_attribute a
where a.attrelid = 'firebreak.audit'::regclass and a.attnum > 0
and not a.attisdropped;

select plan(24 + (select count(*)::int from t.columns));

select is(t.verdict(), 'true 0 ', 'an empty chain is whole');
select is(firebreak.seal_batch(2), 2::bigint, 'a batch is as large as asked');
select is(firebreak.seal_batch(2), 2::bigint, 'the next');
select is(firebreak.seal_batch(100), 1::bigint, 'the rest');
select is(firebreak.seal_batch(100), 0::bigint, 'nothing left');
select is((select count(*) from firebreak.seal), 3::bigint, 'three seals');
select is((select count(*) from firebreak.audit_open), 0::bigint,
    'nothing unsealed');
select is(t.verdict(), 'true 0 ', 'the chain is whole');
select is((select head from firebreak.audit_verify()),
    (select encode(hash, 'hex') from firebreak.seal where seal_id = 3),
    'its head is the last seal');

-- Every column of a sealed row.
select ok(t.found_after(format('update firebreak.audit set %I = %s
    where audit_id = (select min(audit_id) + 1 from firebreak.audit)',
    c.name, c.value)), 'tampering with ' || c.name || ' is found')
from t.columns c;
-- A null made into a value and a value into a null.
select ok(t.found_after($$update firebreak.audit set new = null
    where audit_id = (select min(audit_id) from firebreak.audit)$$),
    'a value removed is found');
select ok(t.found_after($$delete from firebreak.audit
    where audit_id = (select max(audit_id) from firebreak.audit)$$),
    'a row removed is found');
select ok(t.found_after($$insert into firebreak.audit (audit_id, at, org_code,
    entity, entity_id, action, seal_id) values (900000, clock.now(), 1, 'x', 1,
    'x', 2)$$), 'a row added is found');
select ok(t.found_after($$insert into firebreak.audit (audit_id, at, org_code,
    entity, entity_id, action, seal_id) values (900000, clock.now(), 1, 'x', 1,
    'x', 99)$$), 'a row without a seal is found');
select ok(t.found_after('delete from firebreak.seal where seal_id = 1'),
    'the first seal removed is found');
select ok(t.found_after('delete from firebreak.seal where seal_id = 2'),
    'a seal in the middle removed is found');
select ok(t.found_after('delete from firebreak.seal where seal_id = 3'),
    'the last seal removed is found');
select ok(t.found_after($$update firebreak.seal set at = at
    - interval '1 second' where seal_id = 2$$), 'a seal dated back is found');
select ok(t.found_after($$update firebreak.seal set hash = sha256('x')
    where seal_id = 3$$), 'a hash replaced is found');
select ok(t.found_after('delete from firebreak.audit where seal_id = 2',
    'delete from firebreak.seal where seal_id = 2',
    'update firebreak.audit set seal_id = 2 where seal_id = 3',
    'update firebreak.seal set seal_id = 2 where seal_id = 3'),
    'a whole batch removed is found');

-- Nobody but owner could have tried.
select is(left(t.ask('Olga', 'update firebreak.audit set cause = null'), 5),
    '42501', 'app does not update the audit');
select is(left(t.ask('Olga', 'delete from firebreak.audit_open',
    'firebreak_writer'), 5), '42501', 'writer does not delete open rows');
select is(left(t.ask('Olga', 'update firebreak.audit_open set cause = null',
    'firebreak_writer'), 5), '42501', 'writer does not update open rows');
select is(left(t.ask('Olga', 'delete from firebreak.audit',
    'firebreak_writer'), 5), '42501', 'writer does not delete sealed rows');
select is(left(t.ask('Olga', $$insert into firebreak.seal values
    (9, clock.now(), 0, '')$$, 'firebreak_writer'), 5), '42501',
    'writer does not seal');

select * from finish();
rollback;
