-- Tasks, suspensions, alerts.

set role firebreak_owner;

-- The first supervisor above a seat code, other than p_not.
create function firebreak.superior(p_code bigint, p_not bigint)
returns bigint
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
begin
	-- from the unit upward, no further than the first who is found
	return (select s.person_id
	from (select u.unit_id, u.depth from firebreak.org_unit u
	    where p_code between u.code_lo and u.code_hi
	    and u.depth <= coalesce((select x.depth
	        from firebreak.seat y join firebreak.org_unit x
	            on x.unit_id = y.unit_id
	        where y.person_id = p_not and y.role = 'supervisor'), 99)
	    order by u.depth desc offset 0) u
	cross join lateral (select s.person_id
	    from firebreak.seat s
	    join firebreak.person p on p.person_id = s.person_id and p.active
	    where s.unit_id = u.unit_id and s.role = 'supervisor'
	    and s.person_id is distinct from p_not
	    order by s.code limit 1) s
	order by u.depth desc limit 1);
end
$$;
revoke execute on function firebreak.superior(bigint, bigint) from public;
grant execute on function firebreak.superior(bigint, bigint)
    to firebreak_writer;

reset role;

set role firebreak_writer;

create function api.task_row(p_task_id bigint) returns firebreak.task
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_row firebreak.task;
begin
	select t.* into v_row from firebreak.task t
	where t.task_id = p_task_id for update;
	if v_row.task_id is null then
		perform api.refuse('not_found', p_task_id::text, 'task_id');
	end if;
	return v_row;
end
$$;

-- For oneself, or for somebody within one's unit.
create function api.task_create(p_kind text, p_what text,
    p_due_at timestamptz, p_person_id bigint, p_customer_id bigint,
    p_opportunity_id bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_me bigint := api.me();
	v_who bigint := coalesce(p_person_id, api.me());
	v_what text := api.need_text(p_what, 'what', 500);
	v_code bigint;
	v_id bigint;
begin
	if coalesce(p_kind, 'todo') not in
	    ('todo', 'visit', 'call', 'mail', 'talk', 'intervene', 'review') then
		perform api.refuse('bad_value', p_kind, 'kind');
	elsif p_due_at is null then
		perform api.refuse('missing', 'due_at', 'due_at');
	end if;
	select s.code into v_code from firebreak.seat s where s.person_id = v_who;
	if v_code is null or not api.in_range(v_code) then
		perform api.refuse('out_of_range', v_who::text, 'person_id');
	elsif v_who <> v_me then
		perform api.need_role('supervisor', 'ops');
	end if;
	if p_customer_id is not null then
		perform api.customer_row(p_customer_id, false);
	end if;
	insert into firebreak.task as t (org_code, person_id, customer_id,
	    opportunity_id, kind, what, due_at, created_by, created_at, recorded_at)
	values (v_code, v_who, p_customer_id, p_opportunity_id,
	    coalesce(p_kind, 'todo'), v_what, p_due_at, v_me, v_now, v_now)
	returning t.task_id into v_id;
	perform api.audited(v_now, v_code, 'task', v_id, p_customer_id, 'create',
	    null, jsonb_build_object('what', v_what, 'due_at', p_due_at,
	        'person_id', v_who));
	perform api.changed('tasks', v_who, v_code, v_now, p_customer_id, v_who);
	return query select v_id, v_code;
end
$$;

create function api.task_put(t firebreak.task, p_state smallint,
    p_outcome text, p_note text, p_action text) returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.now();
begin
	update firebreak.task x set state = p_state, outcome = p_outcome,
	    note = p_note, done_at = case when p_state = 0 then null else v_now end,
	    done_by = case when p_state = 0 then null else api.me() end
	where x.task_id = t.task_id;
	perform api.audited(v_now, t.org_code, 'task', t.task_id, t.customer_id,
	    p_action, jsonb_build_object('state', t.state, 'outcome', t.outcome,
	        'note', t.note),
	    jsonb_build_object('state', p_state, 'outcome', p_outcome,
	        'note', p_note));
	perform api.changed('tasks', t.person_id, t.org_code, v_now,
	    t.customer_id, t.person_id);
end
$$;

-- Whoever the task is for, or a supervisor over him.
create function api.task_check(t firebreak.task) returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	if t.person_id is distinct from api.me() then
		perform api.need_role('supervisor', 'ops');
	end if;
end
$$;

create function api.task_done(p_task_id bigint, p_outcome text, p_note text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_was firebreak.task := api.task_row(p_task_id);
begin
	perform api.task_check(v_was);
	if v_was.state <> 0 then
		perform api.refuse('already_done', '', 'task_id');
	elsif v_was.outcomes <> '{}' and (p_outcome is null
	    or not p_outcome = any (v_was.outcomes)) then
		perform api.refuse('outcome',
		    array_to_string(v_was.outcomes, ', '), 'outcome');
	elsif length(p_note) > 2000 then
		perform api.refuse('too_long', '2000', 'note');
	end if;
	perform api.task_put(v_was, 1::smallint, coalesce(p_outcome, ''),
	    coalesce(p_note, ''), 'done');
	return query select v_was.task_id, v_was.org_code;
end
$$;

create function api.task_reopen(p_task_id bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_was firebreak.task := api.task_row(p_task_id);
begin
	perform api.task_check(v_was);
	if v_was.state = 0 then
		perform api.refuse('not_done', '', 'task_id');
	elsif v_was.done_by is distinct from api.me() then
		perform api.refuse('not_yours', '', 'task_id');
	end if;
	perform api.task_put(v_was, 0::smallint, '', '', 'reopen');
	return query select v_was.task_id, v_was.org_code;
end
$$;

-- Only what a person wrote down himself; what a rule asks for stays.
create function api.task_drop(p_task_id bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_was firebreak.task := api.task_row(p_task_id);
begin
	if v_was.created_by is distinct from api.me() then
		perform api.refuse('not_yours', '', 'task_id');
	elsif v_was.state <> 0 then
		perform api.refuse('already_done', '', 'task_id');
	end if;
	perform api.task_put(v_was, 2::smallint, '', '', 'drop');
	return query select v_was.task_id, v_was.org_code;
end
$$;

-- Suspensions ---------------------------------------------------------------------

create function api.suspension_trip(p_person_id bigint, p_what text,
    p_days bigint, p_reason text)
returns table (id bigint, org_code bigint, person_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_reason text := api.need_text(p_reason, 'reason', 500);
	v_what text := coalesce(p_what, 'lead_dispatch');
	v_code bigint;
	v_id bigint;
begin
	perform api.need_role('supervisor');
	if v_what <> 'lead_dispatch' then
		perform api.refuse('bad_value', v_what, 'what');
	elsif p_days < 1 or p_days > 90 then
		perform api.refuse('bad_value', p_days::text, 'days');
	end if;
	select s.code into v_code from firebreak.seat s
	where s.person_id = p_person_id;
	if v_code is null or not api.in_range(v_code) then
		perform api.refuse('out_of_range', p_person_id::text, 'person_id');
	end if;
	insert into firebreak.suspension as s (person_id, org_code, what, since,
	    until, rule_id, reason, recorded_at)
	values (p_person_id, v_code, v_what, v_now,
	    v_now + make_interval(days => p_days::int), 'manual', v_reason, v_now)
	returning s.suspension_id into v_id;
	perform api.audited(v_now, v_code, 'suspension', v_id, null, 'trip', null,
	    jsonb_build_object('person_id', p_person_id, 'what', v_what,
	        'reason', v_reason, 'days', p_days));
	perform api.changed('suspensions', p_person_id, v_code, v_now, null,
	    p_person_id);
	return query select v_id, v_code, p_person_id;
end
$$;

-- Ends every suspension of a person's, with a reason.  Not one's own.
create function api.suspension_override(p_person_id bigint, p_reason text)
returns table (id bigint, org_code bigint, person_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_me bigint := api.me();
	v_reason text := api.need_text(p_reason, 'reason', 500);
	v_row firebreak.suspension;
	v_last firebreak.suspension;
begin
	perform api.need_role('supervisor');
	if p_person_id = v_me then
		perform api.refuse('not_your_role', '', 'person_id');
	end if;
	for v_row in select s.* from firebreak.suspension s
	    where s.person_id = p_person_id and s.lifted_at is null
	    and (s.until is null or s.until > v_now) for update
	loop
		update firebreak.suspension s set lifted_at = v_now,
		    lifted_by = v_me, lift_reason = v_reason
		where s.suspension_id = v_row.suspension_id;
		perform api.audited(v_now, v_row.org_code, 'suspension',
		    v_row.suspension_id, null, 'override',
		    jsonb_build_object('person_id', p_person_id,
		        'what', v_row.what),
		    jsonb_build_object('reason', v_reason));
		v_last := v_row;
	end loop;
	if v_last.suspension_id is null then
		perform api.refuse('not_suspended', '', 'person_id');
	end if;
	perform api.changed('suspensions', p_person_id, v_last.org_code, v_now,
	    null, p_person_id);
	return query select v_last.suspension_id, v_last.org_code, p_person_id;
end
$$;

-- Alerts --------------------------------------------------------------------------

-- Open alerts are answered by supervisors and by whoever they concern.
create function api.alert_row(p_alert_id bigint) returns firebreak.alert
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_row firebreak.alert;
begin
	select a.* into v_row from firebreak.alert a
	where a.alert_id = p_alert_id for update;
	if v_row.alert_id is null then
		perform api.refuse('not_found', p_alert_id::text, 'alert_id');
	elsif v_row.closed_at is not null then
		perform api.refuse('already_closed', '', 'alert_id');
	elsif v_row.person_id is distinct from api.me() then
		perform api.need_role('supervisor', 'ops');
	end if;
	return v_row;
end
$$;

-- What a change of an alert leaves behind: a new seq, and audit.
create function api.alert_touched(a firebreak.alert, p_action text,
    p_new jsonb, p_now timestamptz) returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	update firebreak.alert x set seq = nextval('firebreak.alert_seq')
	where x.alert_id = a.alert_id;
	perform api.audited(p_now, a.org_code, 'alert', a.alert_id,
	    a.customer_id, p_action, jsonb_build_object('acked_by', a.acked_by,
	        'ack_note', a.ack_note, 'escalated_to', a.escalated_to,
	        'muted_until', a.muted_until), p_new);
	perform api.changed('alerts', a.alert_id, a.org_code, p_now,
	    a.customer_id, a.person_id);
end
$$;

create function api.alert_ack(p_alert_id bigint, p_note text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.now();
	v_was firebreak.alert := api.alert_row(p_alert_id);
begin
	if v_was.acked_at is not null then
		perform api.refuse('already_acked', (select p.name
		    from firebreak.person p where p.person_id = v_was.acked_by),
		    'alert_id');
	elsif length(p_note) > 1000 then
		perform api.refuse('too_long', '1000', 'note');
	end if;
	update firebreak.alert a set acked_by = api.me(), acked_at = v_now,
	    ack_note = coalesce(p_note, '')
	where a.alert_id = p_alert_id;
	perform api.alert_touched(v_was, 'ack',
	    jsonb_build_object('acked_by', api.me(), 'ack_note', p_note), v_now);
	return query select v_was.alert_id, v_was.org_code;
end
$$;

create function api.alert_unack(p_alert_id bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.now();
	v_was firebreak.alert := api.alert_row(p_alert_id);
begin
	if v_was.acked_at is null then
		perform api.refuse('not_acked', '', 'alert_id');
	elsif v_was.acked_by is distinct from api.me() then
		perform api.refuse('not_yours', '', 'alert_id');
	end if;
	update firebreak.alert a set acked_by = null, acked_at = null,
	    ack_note = ''
	where a.alert_id = p_alert_id;
	perform api.alert_touched(v_was, 'unack',
	    jsonb_build_object('acked_by', null), v_now);
	return query select v_was.alert_id, v_was.org_code;
end
$$;

create function api.alert_comment(p_alert_id bigint, p_body text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_was firebreak.alert := api.alert_row(p_alert_id);
	v_body text := api.need_text(p_body, 'body', 2000);
	v_id bigint;
begin
	insert into firebreak.alert_comment as c (alert_id, org_code, person_id,
	    at, body)
	values (p_alert_id, v_was.org_code, api.me(), v_now, v_body)
	returning c.comment_id into v_id;
	perform api.alert_touched(v_was, 'comment',
	    jsonb_build_object('body', v_body), v_now);
	return query select v_id, v_was.org_code;
end
$$;

-- One step up: to the supervisor above whoever has it now.
create function api.alert_escalate(p_alert_id bigint, p_note text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.now();
	v_was firebreak.alert := api.alert_row(p_alert_id);
	v_to bigint;
begin
	v_to := firebreak.superior(v_was.org_code,
	    coalesce(v_was.escalated_to, api.me()));
	if v_to is null or v_to = v_was.escalated_to then
		perform api.refuse('no_superior', '', 'alert_id');
	end if;
	update firebreak.alert a set escalated_at = v_now, escalated_to = v_to
	where a.alert_id = p_alert_id;
	if btrim(p_note) <> '' then
		insert into firebreak.alert_comment (alert_id, org_code, person_id,
		    at, body)
		values (p_alert_id, v_was.org_code, api.me(), v_now, p_note);
	end if;
	perform api.alert_touched(v_was, 'escalate',
	    jsonb_build_object('escalated_to', v_to, 'note', p_note), v_now);
	return query select v_was.alert_id, v_was.org_code;
end
$$;

-- Quiet, but still shown, for up to 14 days; hours null or 0 ends it.
create function api.alert_mute(p_alert_id bigint, p_hours bigint,
    p_reason text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.now();
	v_was firebreak.alert := api.alert_row(p_alert_id);
	v_until timestamptz;
begin
	if coalesce(p_hours, 0) > 0 then
		if p_hours > 14 * 24 then
			perform api.refuse('mute_too_long', p_hours::text, 'hours');
		elsif coalesce(btrim(p_reason), '') = '' then
			perform api.refuse('reason', '', 'reason');
		end if;
		v_until := v_now + make_interval(hours => p_hours::int);
	end if;
	update firebreak.alert a set muted_until = v_until
	where a.alert_id = p_alert_id;
	perform api.alert_touched(v_was, case when v_until is null
	    then 'unmute' else 'mute' end, jsonb_build_object(
	    'muted_until', v_until, 'reason', p_reason), v_now);
	return query select v_was.alert_id, v_was.org_code;
end
$$;

revoke execute on all functions in schema api from public;
grant execute on function
    api.task_create(text, text, timestamptz, bigint, bigint, bigint),
    api.task_done(bigint, text, text), api.task_reopen(bigint),
    api.task_drop(bigint),
    api.suspension_trip(bigint, text, bigint, text),
    api.suspension_override(bigint, text),
    api.alert_ack(bigint, text), api.alert_unack(bigint),
    api.alert_comment(bigint, text), api.alert_escalate(bigint, text),
    api.alert_mute(bigint, bigint, text)
    to firebreak_app;

reset role;
