-- People, units, seats, devices: what operations staff administer from a
-- terminal.  Reference tables have no policies, so each function checks the
-- role and the range.

set role firebreak_owner;

-- Everything of one seat goes to another: owners now, codes in the background
-- (restamp_step), and until then the heir sees the old code as second range.
create function firebreak.hand_over(p_from_person bigint, p_from_code bigint,
    p_to_person bigint, p_to_code bigint) returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.now();
begin
	if p_from_person <> p_to_person then
		update firebreak.customer set owner_id = p_to_person,
		    version = version + 1
		where owner_id = p_from_person;
		update firebreak.customer_state set owner_id = p_to_person
		where org_code = p_from_code and owner_id = p_from_person;
		update firebreak.opportunity set owner_id = p_to_person
		where org_code = p_from_code and owner_id = p_from_person
		and state = 'open';
		update firebreak.task set person_id = p_to_person
		where person_id = p_from_person and state = 0;
		update firebreak.lead set assigned_to = p_to_person
		where assigned_to = p_from_person
		and status in ('dispatched', 'accepted');
	end if;
	insert into firebreak.restamp (person_id, from_code, to_code, started_at)
	values (p_to_person, p_from_code, p_to_code, v_now);
	insert into firebreak.deputy (person_id, lo, hi, from_at, until_at, reason)
	values (p_to_person, p_from_code, p_from_code, v_now,
	    v_now + interval '7 days', 'handover');
end
$$;
revoke execute on function firebreak.hand_over(bigint, bigint, bigint, bigint)
    from public;
grant execute on function firebreak.hand_over(bigint, bigint, bigint, bigint)
    to firebreak_writer;

reset role;

set role firebreak_writer;

-- A person's seat, within the asker's range; refuses otherwise.
create function api.seat_of(p_person_id bigint) returns firebreak.seat
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
declare
	v_seat firebreak.seat;
begin
	select s.* into v_seat from firebreak.seat s
	where s.person_id = p_person_id;
	if v_seat.seat_id is null or not api.in_range(v_seat.code) then
		perform api.refuse('out_of_range', p_person_id::text, 'person_id');
	end if;
	return v_seat;
end
$$;

create function api.unit_in_range(p_unit_id bigint) returns firebreak.org_unit
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
declare
	v_unit firebreak.org_unit;
begin
	select u.* into v_unit from firebreak.org_unit u
	where u.unit_id = p_unit_id;
	if v_unit.unit_id is null or not (api.in_range(v_unit.code_lo)
	    and api.in_range(v_unit.code_hi)) then
		perform api.refuse('out_of_range', p_unit_id::text, 'unit_id');
	end if;
	return v_unit;
end
$$;

create function api.check_seat_role(p_role text) returns text
language plpgsql immutable security definer set search_path = firebreak, pg_temp
as $$
begin
	if p_role is null or p_role not in ('rep', 'supervisor', 'ops', 'finance',
	    'technical', 'service', 'marketing', 'supply') then
		perform api.refuse('bad_value', p_role, 'role');
	end if;
	return p_role;
end
$$;

create function api.unit_create(p_parent_id bigint, p_name text, p_kind text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_name text := api.need_text(p_name, 'name', 80);
	v_id bigint;
	v_lo bigint;
begin
	perform api.need_role('ops');
	perform api.unit_in_range(p_parent_id);
	if p_kind is null or p_kind not in ('region', 'area', 'team') then
		perform api.refuse('bad_value', p_kind, 'kind');
	end if;
	v_id := firebreak.unit_add(p_parent_id, v_name, p_kind);
	select u.code_lo into v_lo from firebreak.org_unit u
	where u.unit_id = v_id;
	perform api.audited(v_now, v_lo, 'unit', v_id, null, 'create', null,
	    jsonb_build_object('name', v_name, 'kind', p_kind,
	        'parent_id', p_parent_id));
	return query select v_id, v_lo;
end
$$;

create function api.unit_rename(p_unit_id bigint, p_name text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_unit firebreak.org_unit;
	v_name text := api.need_text(p_name, 'name', 80);
begin
	perform api.need_role('ops');
	v_unit := api.unit_in_range(p_unit_id);
	update firebreak.org_unit u set name = v_name where u.unit_id = p_unit_id;
	perform api.audited(clock.now(), v_unit.code_lo, 'unit', p_unit_id, null,
	    'rename', jsonb_build_object('name', v_unit.name),
	    jsonb_build_object('name', v_name));
	return query select v_unit.unit_id, v_unit.code_lo;
exception when unique_violation then
	perform api.refuse('name_taken', p_name, 'name');
end
$$;

create function api.people_create(p_name text, p_email text, p_lang text,
    p_unit_id bigint, p_role text, p_hired_on date)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_name text := api.need_text(p_name, 'name', 80);
	v_role text := api.check_seat_role(p_role);
	v_person bigint;
	v_code bigint;
begin
	perform api.need_role('ops');
	perform api.unit_in_range(p_unit_id);
	if coalesce(p_lang, 'zh') not in ('zh', 'en') then
		perform api.refuse('bad_value', p_lang, 'lang');
	end if;
	v_person := firebreak.person_add(v_name, p_email, p_lang, p_hired_on);
	perform firebreak.seat_add(p_unit_id, v_role, v_person);
	select s.code into v_code from firebreak.seat s
	where s.person_id = v_person;
	perform api.audited(v_now, v_code, 'person', v_person, null, 'create',
	    null, jsonb_build_object('name', v_name, 'role', v_role,
	        'unit_id', p_unit_id));
	return query select v_person, v_code;
end
$$;

create function api.people_update(p_person_id bigint, p_name text,
    p_email text, p_lang text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_seat firebreak.seat;
	v_was firebreak.person;
begin
	perform api.need_role('ops');
	v_seat := api.seat_of(p_person_id);
	if p_lang not in ('zh', 'en') then
		perform api.refuse('bad_value', p_lang, 'lang');
	end if;
	select p.* into v_was from firebreak.person p
	where p.person_id = p_person_id for update;
	update firebreak.person p set
	    name = coalesce(nullif(btrim(p_name), ''), p.name),
	    email = case when p_email is null then p.email
	        else nullif(btrim(p_email), '') end,
	    lang = coalesce(p_lang, p.lang)
	where p.person_id = p_person_id;
	perform api.audited(clock.now(), v_seat.code, 'person', p_person_id, null,
	    'update', jsonb_build_object('name', v_was.name,
	        'email', v_was.email, 'lang', v_was.lang),
	    jsonb_build_object('name', p_name, 'email', p_email,
	        'lang', p_lang));
	return query select p_person_id, v_seat.code;
exception when unique_violation then
	perform api.refuse('email_taken', p_email, 'email');
end
$$;

-- To a new seat in another unit, or to another role.  p_take: what is the
-- person's goes along; otherwise it stays with the old seat, and nobody may
-- leave a seat with customers in it.
create function api.people_move(p_person_id bigint, p_unit_id bigint,
    p_role text, p_take bool)
returns table (id bigint, org_code bigint, old_org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_was firebreak.seat;
	v_role text;
	v_code bigint;
begin
	perform api.need_role('ops');
	v_was := api.seat_of(p_person_id);
	v_role := api.check_seat_role(coalesce(p_role, v_was.role));
	perform api.unit_in_range(p_unit_id);
	if v_was.unit_id = p_unit_id and v_was.role = v_role then
		perform api.refuse('nothing_changed', '', 'unit_id');
	elsif not coalesce(p_take, true) and exists (select
	    from firebreak.customer c where c.org_code = v_was.code) then
		perform api.refuse('still_owns', '', 'person_id');
	end if;
	update firebreak.seat s set person_id = null
	where s.seat_id = v_was.seat_id;
	perform firebreak.seat_add(p_unit_id, v_role, p_person_id);
	select s.code into v_code from firebreak.seat s
	where s.person_id = p_person_id;
	perform firebreak.hand_over(p_person_id, v_was.code, p_person_id, v_code);
	perform api.audited(v_now, v_code, 'person', p_person_id, null, 'move',
	    jsonb_build_object('unit_id', v_was.unit_id, 'role', v_was.role,
	        'code', v_was.code),
	    jsonb_build_object('unit_id', p_unit_id, 'role', v_role,
	        'code', v_code));
	perform api.changed('people', p_person_id, v_code, v_now, null,
	    p_person_id, p_person_id);
	return query select p_person_id, v_code, v_was.code;
end
$$;

-- The person is gone: devices revoked, seat empty, all handed to the heir.
create function api.people_leave(p_person_id bigint, p_heir_id bigint,
    p_left_on date)
returns table (id bigint, org_code bigint, old_org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_was firebreak.seat;
	v_heir firebreak.seat;
begin
	perform api.need_role('ops');
	v_was := api.seat_of(p_person_id);
	if p_heir_id is not null then
		if p_heir_id = p_person_id then
			perform api.refuse('bad_value', '', 'heir_id');
		end if;
		v_heir := api.seat_of(p_heir_id);
		if v_heir.role not in ('rep', 'supervisor') then
			perform api.refuse('bad_value', v_heir.role, 'heir_id');
		end if;
		perform firebreak.hand_over(p_person_id, v_was.code, p_heir_id,
		    v_heir.code);
	elsif exists (select from firebreak.customer c
	    where c.owner_id = p_person_id) then
		perform api.refuse('still_owns', '', 'heir_id');
	end if;
	update firebreak.person p set active = false,
	    left_on = coalesce(p_left_on, clock.today())
	where p.person_id = p_person_id;
	update firebreak.seat s set person_id = null
	where s.seat_id = v_was.seat_id;
	update firebreak.device d set revoked_at = clock.real(),
	    revoked_by = api.me()
	where d.person_id = p_person_id and d.revoked_at is null;
	perform api.audited(v_now, v_was.code, 'person', p_person_id, null,
	    'leave', jsonb_build_object('code', v_was.code),
	    jsonb_build_object('heir_id', p_heir_id));
	perform api.changed('people', p_person_id, v_was.code, v_now, null,
	    p_heir_id, p_person_id);
	return query select p_person_id, coalesce(v_heir.code, v_was.code),
	    v_was.code;
end
$$;

-- p_deputy_id sees and edits what is p_person_id's until a time.
create function api.people_deputy(p_person_id bigint, p_deputy_id bigint,
    p_until timestamptz, p_reason text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_reason text := api.need_text(p_reason, 'reason', 500);
	v_seat firebreak.seat;
	v_lo bigint;
	v_hi bigint;
	v_id bigint;
begin
	perform api.need_role('ops', 'supervisor');
	v_seat := api.seat_of(p_person_id);
	perform api.seat_of(p_deputy_id);
	if p_until is null or p_until <= v_now
	    or p_until > v_now + interval '92 days' then
		perform api.refuse('bad_value', p_until::text, 'until');
	elsif p_person_id = p_deputy_id then
		perform api.refuse('bad_value', '', 'deputy_id');
	end if;
	select x.lo, x.hi into v_lo, v_hi
	from firebreak.scope_of(p_person_id) x;
	-- Nobody gives away more than he may see himself.
	if not (api.in_range(v_lo) and api.in_range(v_hi)) then
		perform api.refuse('out_of_range', '', 'person_id');
	end if;
	insert into firebreak.deputy as d (person_id, lo, hi, from_at, until_at,
	    reason, by_person)
	values (p_deputy_id, v_lo, v_hi, v_now, p_until, v_reason, api.me())
	returning d.deputy_id into v_id;
	perform api.audited(v_now, v_seat.code, 'person', p_person_id, null,
	    'deputy', null, jsonb_build_object('deputy_id', p_deputy_id,
	        'until', p_until, 'reason', v_reason));
	return query select v_id, v_seat.code;
end
$$;

create function api.people_deputy_end(p_deputy_row bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_row firebreak.deputy;
begin
	perform api.need_role('ops', 'supervisor');
	select d.* into v_row from firebreak.deputy d
	where d.deputy_id = p_deputy_row for update;
	if v_row.deputy_id is null or not api.in_range(v_row.lo)
	    or not api.in_range(v_row.hi) then
		perform api.refuse('not_found', p_deputy_row::text, 'deputy_id');
	end if;
	delete from firebreak.deputy d where d.deputy_id = p_deputy_row;
	perform api.audited(v_now, v_row.lo, 'person', v_row.person_id, null,
	    'deputy_end', jsonb_build_object('until', v_row.until_at,
	        'reason', v_row.reason), null);
	return query select v_row.deputy_id, v_row.lo;
end
$$;

-- Operations staff revoke any device within their range, everybody the own.
create function api.device_revoke(p_device_id bigint)
returns table (id bigint, org_code bigint, person_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_person bigint;
	v_done timestamptz;
	v_code bigint;
begin
	select d.person_id, d.revoked_at into v_person, v_done
	from firebreak.device d where d.device_id = p_device_id for update;
	if v_person is null then
		perform api.refuse('not_found', p_device_id::text, 'device_id');
	elsif v_person <> api.me() then
		perform api.need_role('ops');
	end if;
	v_code := (api.seat_of(v_person)).code;
	if v_done is not null then
		perform api.refuse('already_done', '', 'device_id');
	end if;
	update firebreak.device d set revoked_at = clock.real(),
	    revoked_by = api.me()
	where d.device_id = p_device_id;
	perform api.audited(v_now, v_code, 'device', p_device_id, null, 'revoke',
	    null, jsonb_build_object('person_id', v_person));
	return query select p_device_id, v_code, v_person;
end
$$;

revoke execute on all functions in schema api from public;
grant execute on function
    api.unit_create(bigint, text, text), api.unit_rename(bigint, text),
    api.people_create(text, text, text, bigint, text, date),
    api.people_update(bigint, text, text, text),
    api.people_move(bigint, bigint, text, bool),
    api.people_leave(bigint, bigint, date),
    api.people_deputy(bigint, bigint, timestamptz, text),
    api.people_deputy_end(bigint), api.device_revoke(bigint)
    to firebreak_app;

reset role;
