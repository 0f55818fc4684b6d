-- Codes, logins, invites, moves, leavers.
begin;
\ir fixture.psql
select plan(30);

select is_empty($$
	select a.name, b.name from firebreak.org_unit a
	join firebreak.org_unit b on a.unit_id < b.unit_id
	where a.code_lo <= b.code_hi and b.code_lo <= a.code_hi
	and not (a.code_lo <= b.code_lo and a.code_hi >= b.code_hi)
$$, 'units are nested or apart');
select is_empty($$
	select a.name, b.name from firebreak.org_unit a, firebreak.org_unit b
	where (a.code_lo <= b.code_lo and a.code_hi >= b.code_hi)
	<> exists (select from firebreak.org_closure c
	    where c.ancestor = a.unit_id and c.descendant = b.unit_id)
$$, 'the closure says the same as the ranges');
select is_empty($$
	select s.code from firebreak.seat s
	join firebreak.org_unit u on s.code between u.code_lo and u.code_hi
	where u.parent_id = s.unit_id or s.code = u.code_lo
$$, 'no seat lies in a unit below its own, nor on a pool');
select is(t.ask('Ann', format($$select id from api.unit_create(%s, 'X',
    'team')$$, t.id('T1'))), 'FB001 not_your_role', 'reps make no units');
select is(t.ask('Olga', format($$select id from api.unit_create(%s, 'T1',
    'team')$$, t.id('East'))), 'FB001 name_taken', 'names differ in a unit');

-- Fill a narrow unit: refused when full, never beyond.
do $$
begin
	insert into t.name values ('D3', firebreak.unit_add(t.id('T1'), 'D3',
	    'team'));
	insert into t.name values ('D4', firebreak.unit_add(t.id('D3'), 'D4',
	    'team'));
	insert into t.name values ('D5', firebreak.unit_add(t.id('D4'), 'D5',
	    'team'));
end
$$;
select throws_ok($$select firebreak.unit_add(t.id('D5'), 'D6', 'team')$$,
    'FB001', 'unit_full', 'the tree is six deep');
select is((select count(firebreak.seat_add(t.id('D5'), 'rep'))
    from generate_series(1, 31)), 31::bigint, 'the narrowest unit seats 31');
select throws_ok($$select firebreak.seat_add(t.id('D5'), 'rep')$$, 'FB001',
    'unit_full', 'and no more');

-- Invites and logins.
select isnt(firebreak.invite_add(sha256('s1'), t.id('Ann'),
    clock.real() + interval '1 day'), null, 'an invite');
select is(firebreak.invite_add(sha256('s2'), t.id('Ann'),
    clock.real() - interval '1 day') is null, false, 'one that is over');
select is(t.ask(null, $$select person_id from firebreak.join(sha256('s1'),
    sha256('key'), 'laptop')$$), t.id('Ann')::text, 'joining binds the key');
select is(t.ask(null, $$select person_id from firebreak.join(sha256('s1'),
    sha256('key'), 'laptop')$$), t.id('Ann')::text,
    'the same once more does no harm');
select is(t.ask(null, $$select person_id from firebreak.join(sha256('s1'),
    sha256('key2'), 'x')$$), 'FB001 invite_used', 'another key is refused');
select is(t.ask(null, $$select person_id from firebreak.join(sha256('s2'),
    sha256('key2'), 'x')$$), 'FB001 invite_expired', 'an old invite, too');
select is(t.ask(null, $$select person_id from firebreak.join(sha256('s3'),
    sha256('key2'), 'x')$$), 'FB001 unknown_device', 'and an invented one');
select results_eq($$select name, role, place, lo, hi, lo2, revoked
    from firebreak.login(sha256('key'))$$, $$values ('Ann'::text,
    'rep', 'T1', t.code('Ann'), t.code('Ann'), null::bigint,
    false)$$, 'the key logs Ann in, with her seat as range');
select ok(seen_due, 'a key that was never seen is to be noted')
    from firebreak.login(sha256('key'));
select firebreak.device_seen(device_id) from firebreak.device;
select ok(not seen_due, 'and not again within the minute')
    from firebreak.login(sha256('key'));
select is_empty($$select 1 from firebreak.login(sha256('key2'))$$,
    'an unknown key is nobody');
select is(t.ask('Bob', $$select id from api.device_revoke(
    (select device_id from firebreak.device))$$), 'FB001 not_your_role',
    'others'' devices are revoked by ops');

insert into t.name values ('the old seat', t.code('Ann'));

-- A move: the old code is the second range until all is restamped.
select is(t.ask('Olga', format($$select old_org_code from api.people_move(%s,
    %s, null, true)$$, t.id('Ann'), t.id('West'))),
    t.id('the old seat')::text, 'ops moves Ann west');
select is(t.ask('Ann', 'select count(*) from firebreak.customer'), '2',
    'she sees her customers before the restamp');
select is(t.ask('Wes', 'select count(*) from firebreak.customer'), '1',
    'the new supervisor not yet');
select is((select sum(firebreak.restamp_step(3)) > 3
    from generate_series(1, 20)), true, 'restamped in steps');
select is(firebreak.restamp_step(3), 0::bigint, 'until nothing is left');
select is(t.ask('Wes', 'select count(*) from firebreak.customer'), '3',
    'now the new supervisor sees them');
select is(t.ask('Tom', 'select count(*) from firebreak.customer'), '1',
    'and the old one no more');

-- A leaver.
select is(t.ask('Olga', format('select id from api.people_leave(%s, null, null)',
    t.id('Ann'))), 'FB001 still_owns', 'nobody leaves with customers');
select is(t.ask('Olga', format('select id from api.people_leave(%s, %s, null)',
    t.id('Ann'), t.id('Fay'))), t.id('Ann')::text, 'with an heir one does');
select results_eq(
    $$select revoked, (select count(*) from firebreak.customer
    where owner_id = t.id('Fay')) from firebreak.login(sha256('key'))$$,
    $$values (true, 3::bigint)$$, 'the key is dead, the heir owns all');

select * from finish();
rollback;
