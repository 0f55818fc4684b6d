-- Exactly once: request ids, their age, what is kept.
begin;
\ir fixture.psql
select plan(11);

create function t.request(p_age interval, p_n int) returns uuid
language sql as $$
	select (lpad(to_hex((extract(epoch from clock.real() - p_age)
	    * 1000)::bigint), 12, '0') || lpad(to_hex(p_n), 20, '0'))::uuid
$$;

-- As the gateway sends it.
create function t.write(p_who text, p_request uuid) returns text
language sql as $$
	select t.ask(p_who, format($w$select w.id || ' ' ||
	    (firebreak.keep(%s, %L, to_jsonb(w)) ->> 'org_code')
	    from (select id, org_code from api.visit_record(%s, null, true,
	    1::smallint, null, null, 'was there', null, null)) w$w$,
	    t.id('Ann'), p_request, t.id('Ann One')))
$$;

select alike(t.write('Ann', t.request('0', 1)), '% ' || t.code('Ann'),
    'a write is kept with its row');
select is((select count(*) from firebreak.activity), 1::bigint, 'and done');
select is(left(t.write('Ann', t.request('0', 1)), 5), '23505',
    'a repeat is a unique violation');
select is((select count(*) from firebreak.activity), 1::bigint,
    'and nothing is done twice');
select is(t.ask('Ann', format('select firebreak.kept(%s, %L) ->> ''id''',
    t.id('Ann'), t.request('0', 1))),
    (select activity_id::text from firebreak.activity),
    'the stored row answers the repeat');
select is(t.ask('Bob', format('select firebreak.kept(%s, %L) ->> ''id''',
    t.id('Bob'), t.request('0', 1))), null, 'a person''s ids are his own');
select is(t.write('Ann', t.request('31 days', 2)), 'FB002 too_old',
    'what was queued too long is refused');
select is(t.write('Ann', t.request('-2 days', 3)), 'FB002 too_old',
    'so is an id from the future');
select is((select count(*) from firebreak.activity), 1::bigint,
    'with nothing done');

insert into firebreak.request_result values (1, t.request('33 days', 4),
    clock.real() - interval '33 days', '{}');
select is(firebreak.prune(), 1::bigint, 'old results are forgotten');
select is((select count(*) from firebreak.request_result), 1::bigint,
    'the others not');

select * from finish();
rollback;
