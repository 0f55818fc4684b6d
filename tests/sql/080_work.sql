-- Activities and narrow state, opportunities, tasks, alerts, search.
begin;
\ir fixture.psql
select plan(45);

create function t.visit(p_who text, p_at timestamptz, p_on_site bool,
    p_confirmed bool default false) returns text
language sql as $$
	select t.ask(p_who, format($w$select id from api.visit_record(%s, %L, %L,
	    3::smallint, 30, 'Wang, Li', 'talked', null, %L)$w$,
	    t.id('Ann One'), p_at, p_on_site, p_confirmed))
$$;
create function t.state() returns text
language sql as $$
	select to_char(last_interaction_at at time zone 'Asia/Shanghai',
	    'MM-DD HH24') || ' ' || to_char(last_key_at
	    at time zone 'Asia/Shanghai', 'MM-DD HH24') || ' ' || interactions
	from firebreak.customer_state where customer_id = t.id('Ann One')
$$;

select is(firebreak.partition_ensure('2026-03-01', 2), 2::bigint,
    'two months are made');
select is(firebreak.partition_ensure('2026-03-01', 3), 1::bigint,
    'only what is missing is made');
select is(t.state(), '03-10 10 03-10 10 0', 'a new customer is fresh');
select set_config('firebreak.now', '2026-04-09 10:00+08', true) \g /dev/null
select is(t.visit('Ann', '2026-04-09 12:00+08', true), 'FB001 in_future',
    'no visit ahead of the clock');
select is(t.visit('Ann', '2026-02-01 12:00+08', true), 'FB001 too_long_ago',
    'nor long ago');
select is(t.visit('Ann', '2026-04-09 09:00+08', false) ~ '^\d+$', true,
    'a visit that was a phone call');
select is(t.state(), '03-10 10 03-10 10 0', 'does not count');
select is(t.visit('Ann', '2026-04-09 09:00+08', true) ~ '^\d+$', true,
    'a visit on site');
select is(t.state(), '04-09 09 03-10 10 1', 'counts');
select is(t.visit('Ann', '2026-04-08 09:00+08', true, true) ~ '^\d+$', true,
    'an earlier one, with the key fields confirmed');
select is(t.state(), '04-09 09 04-08 09 2', 'moves nothing back');
select results_eq($$select source, subject, at from firebreak.change_queue
    order by change_id desc limit 3$$, $$values
    ('key_changes', t.id('Ann One'), clock.now()),
    ('interactions', t.id('Ann One'), clock.now()),
    ('visits', t.id('Ann'), clock.now())$$,
    'the rules hear of it, at the instant it was recorded');
select is((select attendees from firebreak.activity order by activity_id
    limit 1), '["Wang", "Li"]', 'attendees are kept apart');
select is(t.ask('Tom', format('select id from api.activity_retract(%s, %s)',
    (select max(activity_id) - 1 from firebreak.activity), t.id('Ann One'))),
    'FB001 not_yours', 'one takes back one''s own only');
select is(t.ask('Ann', format('select org_code from api.activity_retract(%s, %s)',
    (select max(activity_id) - 1 from firebreak.activity), t.id('Ann One'))),
    t.code('Ann')::text, 'the visit is taken back');
select is(t.state(), '04-08 09 04-08 09 1', 'and no longer counts');
select is((select count(*) from firebreak.activity), 3::bigint,
    'but it is not gone');

-- Opportunities.
select is(t.ask('Ann', format($$select org_code from api.opportunity_create(%s,
    'Line 3', 5000000, '2026-06-30', null, null, null)$$, t.id('Ann One'))),
    t.code('Ann')::text, 'a new opportunity');
create function t.deal(p_call text) returns text
language sql as $$
	select t.ask('Ann', format('select version from api.opportunity_' || p_call,
	    t.id('Ann One'), (select opportunity_id from firebreak.opportunity)))
$$;
create function t.deal_state() returns text
language sql as $$
	select o.stage || ' ' || o.state || ' ' || o.valid || ' ' || (
	    select count(*) || '/' || count(*) filter (where left_at is null)
	    from firebreak.opportunity_stage_history)
	from firebreak.opportunity o
$$;
select is(t.deal_state(), 'prospecting open false 1/1', 'begins at the first stage');
select is(t.deal('advance(%s, %s, 7, null)'), 'FB003 conflict',
    'a stale version is refused');
select is(t.deal('advance(%s, %s, 1, ''won'')'), 'FB001 bad_stage',
    'won is not a stage one advances to');
select is(t.deal('advance(%s, %s, 1, null)'), '2', 'to the next stage');
select is(t.deal_state(), 'needs open true 2/1', 'which makes it valid');
select is(t.deal('close(%s, %s, 2, false, null, null)'), 'FB001 loss_reason',
    'a loss has a reason');
select is(t.deal('close(%s, %s, 2, false, null, ''price'')'), '3', 'lost');
select is(t.deal_state(), 'lost lost true 3/1', 'and closed');
select is(t.deal('restore(%s, ' || (select max(audit_id)
    from firebreak.audit_open where action = 'close') || ')'), '4',
    'taken back');
select is(t.deal_state(), 'needs open true 2/1', 'with its history');

-- Promises, and taking them back.
create function t.promise(p_amount bigint) returns bigint
language sql as $$
	select t.ask('Ann', format('select audit_id from api.commitment_set(%s,'
	    ' null)', p_amount))::bigint
$$;
create function t.unpromise(p_who text, p_audit bigint) returns text
language sql as $$
	select t.ask(p_who, format('select org_code from'
	    ' api.commitment_restore(%s)', p_audit))
$$;
create table t.audit as select t.promise(500) as first;
alter table t.audit add second bigint;
update t.audit set second = t.promise(700);
select is(t.unpromise('Bob', (select second from t.audit)), 'FB001 not_found',
    'nobody takes back another''s promise');
select is(t.unpromise('Tom', (select second from t.audit)), 'FB001 not_yours',
    'nor does the supervisor');
select is(t.unpromise('Ann', (select first from t.audit)),
    'FB001 changed_since', 'nor is an earlier one taken back');
select is(t.unpromise('Ann', (select second from t.audit)),
    t.code('Ann')::text, 'the last one is');
select is((select amount from firebreak.commitment), 500::bigint,
    'and what was before stands');
select is(t.unpromise('Ann', (select first from t.audit)),
    t.code('Ann')::text, 'then the first');
select is((select count(*) from firebreak.commitment), 0::bigint,
    'and nothing is promised');
select is(t.unpromise('Ann', (select first from t.audit)),
    'FB001 changed_since', 'once');

-- Tasks and alerts.
insert into firebreak.task (org_code, person_id, what, due_at, outcomes,
    created_at, recorded_at)
values (t.code('Tom'), t.id('Tom'), 'step in', clock.now(),
    array['help', 'release'], clock.now(), clock.now());
select is(t.ask('Tom', format('select id from api.task_done(%s, ''none'', null)',
    (select task_id from firebreak.task))), 'FB001 outcome',
    'a task asks for one of its outcomes');
select is(t.ask('Tom', format('select id from api.task_done(%s, ''help'', null)',
    (select task_id from firebreak.task))),
    (select task_id::text from firebreak.task), 'and takes it');
insert into firebreak.alert (rule_id, level, title, text_zh, text_en,
    subject_kind, subject_id, org_code, person_id, opened_at, changed_at,
    recorded_at)
values ('r', 3, 'T', 'z', 'e', 'customer', t.id('Ann One'), t.code('Ann'),
    t.id('Ann'), clock.now(), clock.now(), clock.now());
create function t.alert(p_who text, p_call text) returns text
language sql as $$
	select t.ask(p_who, format('select org_code from api.alert_' || p_call,
	    (select alert_id from firebreak.alert)))
$$;
select is(t.alert('Wes', 'ack(%s, null)'), 'FB001 not_found',
    'foreign alerts are not there');
select is(t.alert('Tom', 'ack(%s, ''on it'')'), t.code('Ann')::text,
    'a supervisor answers');
select is(t.alert('Sue', 'ack(%s, null)'), 'FB001 already_acked', 'once');
select is(t.alert('Tom', 'escalate(%s, null)'), t.code('Ann')::text,
    'an alert is escalated');
select is((select escalated_to from firebreak.alert), t.id('Sue'),
    'one step up');

-- Search.
select is(t.ask('Ann', $$select string_agg(name, ',' order by rank)
    from firebreak.search('ne')$$), 'Ann One,Line 3',
    'two letters find what is in range');
select is(t.ask('Fay', $$select count(*) from firebreak.search('Ann')$$), '0',
    'and nothing out of it');

select * from finish();
rollback;
