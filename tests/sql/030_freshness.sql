-- Customer master data: a cause for every change, one owner, no lost updates.
begin;
\ir fixture.psql
select plan(25);

create function t.city(p_who text, p_version bigint, p_city text, p_cause text,
    p_activity bigint default null) returns text
language sql as $$
	select t.ask(p_who, format('select id || '' '' || version from'
	    ' api.customer_update(%s, %s, null, null, null, %L, null, null, null,'
	    ' null, %L, %L)', t.id('Ann One'), p_version, p_city, p_cause,
	    p_activity))
$$;

select is(t.city('Ann', 1, 'Wuxi', null), 'FB001 freshness_cause',
    'no change without a business action');
select is(t.city('Ann', 1, 'Wuxi', 'because'), 'FB001 freshness_cause',
    'nor with an invented one');
select is(t.city('Ann', 1, 'Wuxi', 'visit_made', 4711),
    'FB001 freshness_activity', 'nor with an activity that is not his');
select is(t.city('Tom', 1, 'Wuxi', 'visit_made'), 'FB001 not_owner',
    'the supervisor is not the owner');
select is((select city from firebreak.customer
    where customer_id = t.id('Ann One')), '', 'nothing was changed so far');
select is((select count(*) from firebreak.audit_open where action = 'update'),
    0::bigint, 'and nothing audited');

select set_config('firebreak.now', '2026-03-12 10:00+08', true) \g /dev/null
select is(t.city('Ann', 1, 'Wuxi', 'contract_signed'), t.id('Ann One') || ' 2',
    'with a cause it is changed');
select is((select a.cause || ' ' || (a.old ->> 'city') || '>' ||
    (a.new ->> 'city') || ' ' || (a.person_id = t.id('Ann'))
    from firebreak.audit_open a where a.action = 'update'),
    'contract_signed >Wuxi true', 'audit: who, why, before, after');
select is((select a.at from firebreak.audit_open a where a.action = 'update'),
    '2026-03-12 10:00+08'::timestamptz, 'audit: when, by the one clock');
select is((select s.last_key_at from firebreak.customer_state s
    where s.customer_id = t.id('Ann One')), clock.now(),
    'the narrow state knows');
select results_eq($$select source, subject, customer_id, org_code, at
    from firebreak.change_queue order by change_id desc limit 1$$,
    $$values ('key_changes', t.id('Ann One'), t.id('Ann One'), t.code('Ann'),
    clock.now())$$, 'so do the rules');
select is(t.city('Ann', 1, 'Suzhou', 'visit_made'), 'FB003 conflict',
    'a change based on what was read before is refused');
select is(t.city('Ann', 2, 'Wuxi', 'visit_made'), 'FB001 nothing_changed',
    'a change of nothing is none');
select is(t.ask('Bob', $$select id from api.customer_create(' ann ONE ', null,
    null, null, null, null, null, null, 'visit_made')$$),
    'FB001 duplicate_name', 'a name is unique in the company');
select is(t.ask('Bob', $$select id from api.customer_create('', null,
    null, null, null, null, null, null, 'visit_made')$$), 'FB001 missing',
    'and not empty');
select is(t.ask('Bob', $$select id from api.customer_create('New', null,
    null, null, null, null, null, null, null)$$), 'FB001 freshness_cause',
    'a new customer has a cause, too');

-- Undo puts back values, light of day and all.
select is(t.ask('Bob', format('select id from api.customer_restore(%s, %s)',
    t.id('Ann One'), (select audit_id from firebreak.audit_open
    where action = 'update'))), 'FB001 not_found', 'no undo of others'' work');
select is(t.ask('Ann', format('select version from api.customer_restore(%s, %s)',
    t.id('Ann One'), (select audit_id from firebreak.audit_open
    where action = 'update'))), '3', 'one''s own change is undone');
select results_eq(format($$select c.city, s.last_key_at
    from firebreak.customer c join firebreak.customer_state s
    using (customer_id) where customer_id = %s$$, t.id('Ann One')),
    $$values ('', '2026-03-10 10:00+08'::timestamptz)$$,
    'with the values of before');
select is(t.ask('Ann', format('select version from api.customer_restore(%s, %s)',
    t.id('Ann One'), (select audit_id from firebreak.audit_open
    where action = 'update'))), 'FB001 changed_since', 'but not twice');

-- Contacts are master data.
select is(t.ask('Ann', format($$select id from api.contact_create(%s, 'Mr Wang',
    'GM', null, null, null, 9::smallint, true, null, null)$$,
    t.id('Ann One'))), 'FB001 freshness_cause', 'a contact needs a cause');
select is(t.ask('Bob', format($$select id from api.contact_create(%s, 'Mr Wang',
    'GM', null, null, null, 9::smallint, true, 'demo_given', null)$$,
    t.id('Ann One'))), 'FB001 not_found', 'and the owner');
select isnt(t.ask('Ann', format($$select id from api.contact_create(%s,
    'Mr Wang', 'GM', null, null, null, 9::smallint, true, 'demo_given',
    null)$$, t.id('Ann One'))), null, 'then it is there');
select is(t.ask('Ann', format($$select version from api.contact_update(%s,
    %s, 1, null, 'CEO', null, null, null, null, null, null, null, null,
    null)$$, t.id('Ann One'), (select contact_id from firebreak.contact))),
    'FB001 freshness_cause', 'a new title needs a cause');
select is(t.ask('Ann', format($$select version from api.contact_update(%s,
    %s, 1, null, 'CEO', null, null, null, null, null, null, null,
    'mail_received', null)$$, t.id('Ann One'),
    (select contact_id from firebreak.contact))), '2', 'and has one');

select * from finish();
rollback;
