-- Leads and promises.

set role firebreak_owner;

-- Leads of the asker's own unit and of the units above it that nobody has yet.
-- A rep's range is the own seat and does not contain them.
create function firebreak.lead_pool()
returns table (lead_id bigint, name text, company text, source text,
    score smallint, unit text, created_at timestamptz)
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select l.lead_id, l.name, l.company, l.source, l.score, u.name,
	    l.created_at
	from firebreak.seat s
	    join firebreak.org_closure c on c.descendant = s.unit_id
	    join firebreak.org_unit u on u.unit_id = c.ancestor
	    join firebreak.lead l on l.org_code = u.code_lo
	        and l.status = 'pool'
	where s.person_id =
	    nullif(current_setting('firebreak.person', true), '')::bigint
$$;

-- Gives a lead from that pool to the asker's own seat; null when it is gone.
create function firebreak.lead_claim(p_lead bigint, p_person bigint,
    p_now timestamptz) returns firebreak.lead
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_lead firebreak.lead;
begin
	select l.* into v_lead from firebreak.lead l
	where l.lead_id = p_lead and l.status = 'pool'
	and exists (select from firebreak.seat s
	    join firebreak.org_closure c on c.descendant = s.unit_id
	    where s.person_id = p_person and c.ancestor = l.unit_id)
	for update skip locked;
	if v_lead.lead_id is null then
		return null;
	end if;
	update firebreak.lead l set status = 'accepted', assigned_to = p_person,
	    dispatched_at = p_now, dispatched_by = p_person,
	    org_code = (select s.code from firebreak.seat s
	        where s.person_id = p_person)
	where l.lead_id = p_lead;
	return v_lead;
end
$$;

-- Puts a lead that somebody took from the pool back there; null when it is not
-- so any more.
create function firebreak.lead_unclaim(p_lead bigint, p_person bigint)
returns firebreak.lead
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_lead firebreak.lead;
begin
	select l.* into v_lead from firebreak.lead l
	where l.lead_id = p_lead and l.status = 'accepted'
	and l.assigned_to = p_person and l.dispatched_by = p_person
	for update;
	update firebreak.lead l set status = 'pool', assigned_to = null,
	    dispatched_at = null, dispatched_by = null,
	    org_code = (select u.code_lo from firebreak.org_unit u
	        where u.unit_id = l.unit_id)
	where l.lead_id = v_lead.lead_id;
	return v_lead;
end
$$;

-- Open leads a person holds, and how many were taken since p_since.
create function firebreak.lead_count(p_person bigint, p_since timestamptz,
    out held bigint, out taken bigint)
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select count(*) filter (where l.status in ('dispatched', 'accepted')),
	    count(*) filter (where l.dispatched_at >= p_since
	        and l.dispatched_by = p_person)
	from firebreak.lead l where l.assigned_to = p_person
$$;

revoke execute on all functions in schema firebreak from public;
grant execute on function firebreak.lead_pool()
    to firebreak_app, firebreak_writer;
grant execute on function
    firebreak.lead_claim(bigint, bigint, timestamptz),
    firebreak.lead_unclaim(bigint, bigint),
    firebreak.lead_count(bigint, timestamptz) to firebreak_writer;

reset role;

set role firebreak_writer;

-- A lead in the asker's range, locked, in one of these states.
create function api.lead_row(p_lead_id bigint, p_states text[])
returns firebreak.lead
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_row firebreak.lead;
begin
	select l.* into v_row from firebreak.lead l
	where l.lead_id = p_lead_id for update;
	if v_row.lead_id is null then
		perform api.refuse('not_found', p_lead_id::text, 'lead_id');
	elsif not v_row.status = any (p_states) then
		perform api.refuse('already_closed', v_row.status, 'lead_id');
	end if;
	return v_row;
end
$$;

create function api.lead_create(p_name text, p_company text, p_phone text,
    p_source text, p_score smallint, p_unit_id bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_unit firebreak.org_unit;
	v_id bigint;
begin
	perform api.need_role('marketing', 'supervisor', 'ops');
	select u.* into v_unit from firebreak.org_unit u
	where u.unit_id = coalesce(p_unit_id, (select s.unit_id
	    from firebreak.seat s where s.person_id = api.me()));
	if v_unit.unit_id is null or not api.in_range(v_unit.code_lo) then
		perform api.refuse('out_of_range', p_unit_id::text, 'unit_id');
	elsif p_score not between 0 and 100 then
		perform api.refuse('bad_value', p_score::text, 'score');
	end if;
	insert into firebreak.lead as l (org_code, unit_id, name, company, phone,
	    source, score, created_at, recorded_at)
	values (v_unit.code_lo, v_unit.unit_id, api.need_text(p_name, 'name', 100),
	    coalesce(p_company, ''), coalesce(p_phone, ''),
	    coalesce(nullif(p_source, ''), 'manual'),
	    coalesce(p_score, 0::smallint), v_now, v_now)
	returning l.lead_id into v_id;
	perform api.audited(v_now, v_unit.code_lo, 'lead', v_id, null, 'create',
	    null, jsonb_build_object('name', p_name, 'company', p_company));
	return query select v_id, v_unit.code_lo;
end
$$;

-- May this person be given one more lead?  The breaker first: nobody is asked
-- whether by hand or by rule.
create function api.lead_gate(p_person bigint, p_now timestamptz)
returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_n record;
begin
	if not firebreak.pass(p_person, 'lead_dispatch') then
		perform api.refuse('suspended', (select p.name from firebreak.person p
		    where p.person_id = p_person), 'person_id');
	end if;
	select * into v_n from firebreak.lead_count(p_person,
	    p_now - interval '24 hours');
	if v_n.held >= api.setting('lead_capacity')::bigint then
		perform api.refuse('capacity', v_n.held::text, 'person_id');
	end if;
	if p_person = api.me() and
	    v_n.taken >= api.setting('lead_picks_per_day')::bigint then
		perform api.refuse('pick_limit', v_n.taken::text, 'lead_id');
	end if;
end
$$;

create function api.lead_dispatch(p_lead_id bigint, p_person_id bigint)
returns table (id bigint, org_code bigint, old_org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_was firebreak.lead;
	v_code bigint;
begin
	perform api.need_role('supervisor', 'ops', 'marketing');
	v_was := api.lead_row(p_lead_id, '{pool,dispatched,accepted}');
	if v_was.assigned_to = p_person_id then
		perform api.refuse('nothing_changed', '', 'person_id');
	end if;
	v_code := api.heir_code(p_person_id);
	perform api.lead_gate(p_person_id, v_now);
	update firebreak.lead l set status = 'dispatched',
	    assigned_to = p_person_id, dispatched_at = v_now,
	    dispatched_by = api.me(), org_code = v_code
	where l.lead_id = p_lead_id;
	perform api.audited(v_now, v_code, 'lead', p_lead_id, null, 'dispatch',
	    jsonb_build_object('assigned_to', v_was.assigned_to,
	        'org_code', v_was.org_code),
	    jsonb_build_object('assigned_to', p_person_id, 'org_code', v_code));
	perform api.changed('leads', p_person_id, v_code, v_now, null,
	    p_person_id, v_was.assigned_to);
	return query select p_lead_id, v_code, v_was.org_code;
end
$$;

create function api.lead_take(p_lead_id bigint)
returns table (id bigint, org_code bigint, old_org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_me bigint := api.me();
	v_was firebreak.lead;
	v_code bigint;
begin
	perform api.need_role('rep');
	perform api.lead_gate(v_me, v_now);
	v_was := firebreak.lead_claim(p_lead_id, v_me, v_now);
	if v_was.lead_id is null then
		perform api.refuse('lead_taken', p_lead_id::text, 'lead_id');
	end if;
	select s.code into v_code from firebreak.seat s where s.person_id = v_me;
	perform api.audited(v_now, v_code, 'lead', p_lead_id, null, 'take',
	    jsonb_build_object('org_code', v_was.org_code),
	    jsonb_build_object('assigned_to', v_me, 'org_code', v_code));
	perform api.changed('leads', v_me, v_code, v_now, null, v_me);
	return query select p_lead_id, v_code, v_was.org_code;
end
$$;

-- Takes back one's own taking within a day.  The breaker's allowance that it
-- used up does not come back.
create function api.lead_untake(p_lead_id bigint)
returns table (id bigint, org_code bigint, old_org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_me bigint := api.me();
	v_was firebreak.lead;
	v_code bigint;
begin
	perform api.need_role('rep');
	v_was := firebreak.lead_unclaim(p_lead_id, v_me);
	if v_was.lead_id is null then
		perform api.refuse('changed_since', p_lead_id::text, 'lead_id');
	elsif v_was.dispatched_at < v_now - interval '24 hours' then
		perform api.refuse('too_late_to_undo', '', 'lead_id');
	end if;
	select u.code_lo into v_code from firebreak.org_unit u
	where u.unit_id = v_was.unit_id;
	-- under the own code: the pool's is out of a rep's range
	perform api.audited(v_now, v_was.org_code, 'lead', p_lead_id, null,
	    'untake', jsonb_build_object('assigned_to', v_me,
	        'org_code', v_was.org_code),
	    jsonb_build_object('org_code', v_code));
	perform api.changed('leads', v_me, v_was.org_code, v_now, null, v_me,
	    v_me);
	return query select p_lead_id, v_code, v_was.org_code;
end
$$;

-- Back to the pool of its unit, by whoever gave it out.
create function api.lead_recall(p_lead_id bigint)
returns table (id bigint, org_code bigint, old_org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_was firebreak.lead;
	v_code bigint;
begin
	perform api.need_role('supervisor', 'ops', 'marketing');
	v_was := api.lead_row(p_lead_id, '{dispatched,accepted}');
	select u.code_lo into v_code from firebreak.org_unit u
	where u.unit_id = v_was.unit_id;
	if not api.in_range(v_code) then
		perform api.refuse('out_of_range', '', 'lead_id');
	end if;
	update firebreak.lead l set status = 'pool', assigned_to = null,
	    dispatched_at = null, dispatched_by = null, org_code = v_code
	where l.lead_id = p_lead_id;
	perform api.audited(v_now, v_code, 'lead', p_lead_id, null, 'recall',
	    jsonb_build_object('assigned_to', v_was.assigned_to,
	        'org_code', v_was.org_code),
	    jsonb_build_object('org_code', v_code));
	perform api.changed('leads', v_was.assigned_to, v_code, v_now, null,
	    v_was.assigned_to, v_was.assigned_to);
	return query select p_lead_id, v_code, v_was.org_code;
end
$$;

-- A lead becomes a customer of whoever holds it.
create function api.lead_convert(p_lead_id bigint)
returns table (id bigint, org_code bigint, customer_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_was firebreak.lead;
	v_new record;
begin
	perform api.need_role('rep', 'supervisor');
	v_was := api.lead_row(p_lead_id, '{dispatched,accepted}');
	if v_was.assigned_to is distinct from api.me() then
		perform api.refuse('not_owner', '', 'lead_id');
	end if;
	select * into v_new from api.customer_create(
	    coalesce(nullif(v_was.company, ''), v_was.name), null, null, null,
	    v_was.phone, null, null, null, 'lead_accepted');
	update firebreak.lead l set status = 'converted',
	    customer_id = v_new.id
	where l.lead_id = p_lead_id;
	perform api.audited(v_now, v_was.org_code, 'lead', p_lead_id, v_new.id,
	    'convert', jsonb_build_object('status', v_was.status),
	    jsonb_build_object('status', 'converted'), 'lead_accepted');
	perform api.changed('leads', v_was.assigned_to, v_was.org_code, v_now,
	    v_new.id, v_was.assigned_to);
	return query select p_lead_id, v_was.org_code, v_new.id::bigint;
end
$$;

-- Commitments ---------------------------------------------------------------------

-- The Monday on which the fortnight of a day begins.
create function api.fortnight(p_day date) returns date
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select p_day - ((p_day - api.setting('commitment_epoch')::date) % 14)
$$;

create function api.commitment_set(p_amount bigint, p_day date)
returns table (id bigint, org_code bigint, audit_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_me bigint := api.me();
	v_start date := api.fortnight(coalesce(p_day, clock.today()));
	v_code bigint;
	v_old bigint;
begin
	perform api.need_role('rep', 'supervisor');
	if p_amount is null or p_amount < 0 then
		perform api.refuse('bad_value', p_amount::text, 'amount');
	elsif v_start + 14 <= clock.today() then
		perform api.refuse('too_long_ago', v_start::text, 'day');
	end if;
	select s.code into v_code from firebreak.seat s where s.person_id = v_me;
	select m.amount into v_old from firebreak.commitment m
	where m.person_id = v_me and m.starts_on = v_start for update;
	insert into firebreak.commitment as m (person_id, starts_on, org_code,
	    amount, currency, recorded_at)
	values (v_me, v_start, v_code, p_amount, api.setting('currency'), v_now)
	on conflict (person_id, starts_on) do update
	set amount = excluded.amount, recorded_at = excluded.recorded_at;
	return query select v_me, v_code, api.audited(v_now, v_code, 'commitment',
	    v_me, null, 'set',
	    jsonb_build_object('amount', v_old, 'starts_on', v_start),
	    jsonb_build_object('amount', p_amount, 'starts_on', v_start));
end
$$;

-- Back to what one had promised before, or to nothing.
create function api.commitment_restore(p_audit_id bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_me bigint := api.me();
	v_a record;
	v_code bigint;
begin
	v_a := api.own_audit(p_audit_id, 'commitment', null, '{set}');
	select m.org_code into v_code from firebreak.commitment m
	where m.person_id = v_me
	and m.starts_on = (v_a.new ->> 'starts_on')::date
	and m.amount = (v_a.new ->> 'amount')::bigint for update;
	if v_code is null then
		perform api.refuse('changed_since', '', 'audit_id');
	elsif v_a.old ->> 'amount' is null then
		delete from firebreak.commitment m where m.person_id = v_me
		and m.starts_on = (v_a.new ->> 'starts_on')::date;
	else
		update firebreak.commitment m
		set amount = (v_a.old ->> 'amount')::bigint, recorded_at = v_now
		where m.person_id = v_me
		and m.starts_on = (v_a.new ->> 'starts_on')::date;
	end if;
	perform api.audited(v_now, v_code, 'commitment', v_me, null, 'restore',
	    v_a.new, v_a.old);
	return query select v_me, v_code;
end
$$;

revoke execute on all functions in schema api from public;
grant execute on function
    api.lead_create(text, text, text, text, smallint, bigint),
    api.lead_dispatch(bigint, bigint), api.lead_take(bigint),
    api.lead_untake(bigint), api.lead_recall(bigint),
    api.lead_convert(bigint), api.commitment_set(bigint, date),
    api.commitment_restore(bigint), api.fortnight(date)
    to firebreak_app;

reset role;
