-- What needs to see past the policies: the organisation's codes, logins and
-- invites, request results, month partitions, breakers, moves, health.
-- Each function checks for itself what its caller may have.

set role firebreak_owner;

-- Organisation -----------------------------------------------------------------

-- The company is 2^50 codes wide, and each unit is divided into 512 slots:
-- slot 0 for its own pool and seats, the others for units below.  A unit too
-- narrow to be divided has only seats.
create function firebreak.slot_width(p_lo bigint, p_hi bigint) returns bigint
language sql immutable parallel safe
as $$ select (p_hi - p_lo + 1) / 512 $$;

create function firebreak.unit_add(p_parent bigint, p_name text, p_kind text)
returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_up firebreak.org_unit;
	v_width bigint;
	v_lo bigint;
	v_id bigint;
begin
	if p_parent is null then
		if exists (select from firebreak.org_unit where parent_id is null) then
			perform api.refuse('bad_value', 'parent_id', 'parent_id');
		end if;
		v_lo := 0;
		v_width := 1::bigint << 50;
	else
		select u.* into v_up from firebreak.org_unit u
		where u.unit_id = p_parent for update;
		if v_up.unit_id is null then
			perform api.refuse('not_found', p_parent::text, 'parent_id');
		end if;
		v_width := firebreak.slot_width(v_up.code_lo, v_up.code_hi);
		if v_width < 32 then
			perform api.refuse('unit_full', v_up.name, 'parent_id');
		end if;
		if exists (select from firebreak.org_unit u
		    where u.parent_id = p_parent and u.name = p_name) then
			perform api.refuse('name_taken', p_name, 'name');
		end if;
		select coalesce(max(u.code_hi) + 1, v_up.code_lo + v_width) into v_lo
		from firebreak.org_unit u where u.parent_id = p_parent;
		if v_lo + v_width - 1 > v_up.code_hi then
			perform api.refuse('unit_full', v_up.name, 'parent_id');
		end if;
	end if;
	insert into firebreak.org_unit (parent_id, name, kind, depth, code_lo,
	    code_hi)
	values (p_parent, p_name, p_kind, coalesce(v_up.depth + 1, 0), v_lo,
	    v_lo + v_width - 1)
	returning unit_id into v_id;
	insert into firebreak.org_closure (ancestor, descendant, distance)
	select c.ancestor, v_id, c.distance + 1 from firebreak.org_closure c
	where c.descendant = p_parent
	union all select v_id, v_id, 0;
	return v_id;
end
$$;

create function firebreak.seat_add(p_unit bigint, p_role text,
    p_person bigint default null) returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_unit firebreak.org_unit;
	v_width bigint;
	v_code bigint;
	v_id bigint;
begin
	select u.* into v_unit from firebreak.org_unit u
	where u.unit_id = p_unit for update;
	if v_unit.unit_id is null then
		perform api.refuse('not_found', p_unit::text, 'unit_id');
	end if;
	v_width := firebreak.slot_width(v_unit.code_lo, v_unit.code_hi);
	if v_width < 32 then
		v_width := v_unit.code_hi - v_unit.code_lo + 1;
	end if;
	select coalesce(max(s.code), v_unit.code_lo) + 1 into v_code
	from firebreak.seat s where s.unit_id = p_unit;
	if v_code >= v_unit.code_lo + v_width then
		perform api.refuse('unit_full', v_unit.name, 'unit_id');
	end if;
	insert into firebreak.seat (unit_id, code, person_id, role, since)
	values (p_unit, v_code, p_person, p_role, clock.now())
	returning seat_id into v_id;
	return v_id;
end
$$;

create function firebreak.person_add(p_name text, p_email text, p_lang text,
    p_hired_on date default null) returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_id bigint;
begin
	insert into firebreak.person (name, email, lang, hired_on, recorded_at)
	values (p_name, nullif(btrim(p_email), ''), coalesce(p_lang, 'zh'),
	    p_hired_on, clock.now())
	returning person_id into v_id;
	return v_id;
exception when unique_violation then
	perform api.refuse('email_taken', p_email, 'email');
end
$$;

-- Devices -----------------------------------------------------------------------

-- Who is behind a device's key: no row when nobody, revoked when the device
-- was revoked, the person left or has no seat.  A rep's range is the own seat,
-- everybody else's the unit of the seat.
create function firebreak.login(p_public_key bytea)
returns table (person_id bigint, name text, role text, place text, lang text,
    device_id bigint, lo bigint, hi bigint, lo2 bigint, hi2 bigint,
    revoked bool, seen_due bool)
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
begin
	return query select p.person_id, p.name, s.role, u.name, p.lang, d.device_id,
	    case s.role when 'rep' then s.code else u.code_lo end,
	    case s.role when 'rep' then s.code else u.code_hi end,
	    x.lo, x.hi,
	    d.revoked_at is not null or not p.active or s.seat_id is null,
	    d.last_seen is null
	        or d.last_seen < clock.real() - interval '1 minute'
	from firebreak.device d
	    join firebreak.person p on p.person_id = d.person_id
	    left join firebreak.seat s on s.person_id = p.person_id
	    left join firebreak.org_unit u on u.unit_id = s.unit_id
	    left join lateral (select y.lo, y.hi from firebreak.deputy y
	        where y.person_id = p.person_id
	        and clock.now() >= y.from_at and clock.now() < y.until_at
	        order by y.hi - y.lo desc, y.deputy_id limit 1) x on true
	where d.public_key = p_public_key;
end
$$;

-- The same ranges for a person, for daemons' own work and tests.
create function firebreak.scope_of(p_person bigint)
returns table (role text, lo bigint, hi bigint, lo2 bigint, hi2 bigint)
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select s.role,
	    case s.role when 'rep' then s.code else u.code_lo end,
	    case s.role when 'rep' then s.code else u.code_hi end,
	    x.lo, x.hi
	from firebreak.seat s
	    join firebreak.org_unit u on u.unit_id = s.unit_id
	    left join lateral (select y.lo, y.hi from firebreak.deputy y
	        where y.person_id = s.person_id
	        and clock.now() >= y.from_at and clock.now() < y.until_at
	        order by y.hi - y.lo desc, y.deputy_id limit 1) x on true
	where s.person_id = p_person
$$;

-- Binds a device's key to the invited person.  A second call with the same
-- secret and key succeeds, so that a lost answer does no harm.
create function firebreak.join(p_secret_hash bytea, p_public_key bytea,
    p_device_name text)
returns table (person_id bigint, device_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_invite firebreak.invite;
	v_device firebreak.device;
begin
	select i.* into v_invite from firebreak.invite i
	where i.secret_hash = p_secret_hash for update;
	select d.* into v_device from firebreak.device d
	where d.public_key = p_public_key;
	if v_invite.invite_id is null then
		perform api.refuse('unknown_device');
	elsif v_invite.used_at is not null then
		if v_device.device_id is distinct from v_invite.device_id then
			perform api.refuse('invite_used');
		end if;
		return query select v_device.person_id, v_device.device_id;
		return;
	elsif v_invite.expires_at < clock.real() then
		perform api.refuse('invite_expired');
	elsif v_device.device_id is not null then
		-- A key that is known already cannot be bound once more.
		perform api.refuse('unknown_device');
	end if;
	insert into firebreak.device (person_id, public_key, name, created_at)
	values (v_invite.person_id, p_public_key, left(p_device_name, 64),
	    clock.real())
	returning * into v_device;
	update firebreak.invite i set used_at = v_device.created_at,
	    device_id = v_device.device_id
	where i.invite_id = v_invite.invite_id;
	return query select v_device.person_id, v_device.device_id;
end
$$;

create function firebreak.invite_add(p_secret_hash bytea, p_person bigint,
    p_expires_at timestamptz) returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_id bigint;
	v_console text := nullif(current_setting('firebreak.console', true), '');
begin
	if not exists (select from firebreak.person p
	    where p.person_id = p_person and p.active) then
		perform api.refuse('not_found', p_person::text, 'person_id');
	end if;
	insert into firebreak.invite (secret_hash, person_id, created_at,
	    expires_at)
	values (p_secret_hash, p_person, clock.real(), p_expires_at)
	returning invite_id into v_id;
	-- not api.audited: it is under the policies, and whoever invites need
	-- not have a range
	insert into firebreak.audit_open (at, person_id, org_code, entity,
	    entity_id, action, cause, new)
	values (clock.now(), case when v_console is null then
	    nullif(current_setting('firebreak.person', true), '')::bigint end,
	    coalesce((select s.code from firebreak.seat s
		where s.person_id = p_person), 0), 'invite', v_id, 'create',
	    case when v_console is not null then 'console' end,
	    jsonb_strip_nulls(jsonb_build_object('person_id', p_person,
		'expires_at', p_expires_at, 'console', v_console)));
	return v_id;
end
$$;

-- Only when login said that it is due: most logins write nothing.
create function firebreak.device_seen(p_device bigint) returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	update firebreak.device set last_seen = clock.real()
	where device_id = p_device
	and (last_seen is null or last_seen < clock.real() - interval '1 minute');
end
$$;

-- Exactly once --------------------------------------------------------------------

-- Stores a write's row under (person, request).  A request id begins with its
-- milliseconds since 1970: one that is too old to be known any more, or from
-- the future, is refused with FB002; a repeat is a unique_violation.
create function firebreak.keep(p_person bigint, p_request uuid, p_result jsonb)
returns jsonb
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.real();
	v_at timestamptz := to_timestamp(('x' ||
	    left(replace(p_request::text, '-', ''), 12))::bit(48)::bigint / 1000.0);
begin
	if v_at < v_now - interval '30 days' or v_at > v_now + interval '1 day' then
		raise exception using errcode = 'FB002', message = 'too_old',
		    detail = v_at::text;
	end if;
	insert into firebreak.request_result (person_id, request_id, at, result)
	values (p_person, p_request, v_now, p_result);
	return p_result;
end
$$;

create function firebreak.kept(p_person bigint, p_request uuid) returns jsonb
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select r.result from firebreak.request_result r
	where r.person_id = p_person and r.request_id = p_request
$$;

-- Forgets results nobody may ask for any more; two days longer than keep()
-- refuses, so that no id is both accepted and forgotten.
create function firebreak.prune() returns bigint
language sql security definer set search_path = firebreak, pg_temp
as $$
	with gone as (
		delete from firebreak.request_result
		where at < clock.real() - interval '32 days' returning 1
	) select count(*) from gone
$$;

-- Partitions ------------------------------------------------------------------------

-- Makes the months [p_from, p_from + p_months) of firebreak.activity that are
-- missing; rows waiting in the default partition move over.  Returns how many
-- were made.
create function firebreak.partition_ensure(p_from date, p_months int)
returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_lo timestamptz;
	v_hi timestamptz;
	v_name text;
	v_made bigint := 0;
begin
	for i in 0 .. p_months - 1 loop
		v_lo := (date_trunc('month', p_from::timestamp)
		    + make_interval(months => i)) at time zone 'UTC';
		v_hi := (date_trunc('month', p_from::timestamp)
		    + make_interval(months => i + 1)) at time zone 'UTC';
		v_name := 'activity_' || to_char(v_lo at time zone 'UTC', 'YYYYMM');
		continue when to_regclass('firebreak.' || v_name) is not null;
		execute format('create table firebreak.%I'
		    ' (like firebreak.activity including defaults'
		    ' including constraints)', v_name);
		execute format('with moved as (delete from firebreak.activity_default'
		    ' where happened_at >= %L and happened_at < %L returning *)'
		    ' insert into firebreak.%I select * from moved',
		    v_lo, v_hi, v_name);
		execute format('alter table firebreak.activity attach partition'
		    ' firebreak.%I for values from (%L) to (%L)', v_name, v_lo, v_hi);
		execute format('alter table firebreak.%I enable row level security',
		    v_name);
		v_made := v_made + 1;
	end loop;
	return v_made;
end
$$;

-- Breakers -----------------------------------------------------------------------

-- May one more of `what` pass to this person?  While half open it uses up the
-- allowance.  Looks at the person wherever the asker stands, so that no second
-- range and no move opens a way around.
create function firebreak.pass(p_person bigint, p_what text) returns bool
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.now();
	v_row firebreak.suspension;
begin
	for v_row in select s.* from firebreak.suspension s
	    where s.person_id = p_person and s.what = p_what
	    and s.lifted_at is null and s.since <= v_now
	    and (s.until is null or s.until > v_now)
	    order by s.suspension_id for update
	loop
		if coalesce(v_row.allowance, 0) <= 0 then
			return false;
		end if;
		update firebreak.suspension s set allowance = s.allowance - 1
		where s.suspension_id = v_row.suspension_id;
	end loop;
	return true;
end
$$;

-- Moves ---------------------------------------------------------------------------

-- Gives up to p_most rows of a moved person their new code, table by table.
-- Returns how many rows were changed; 0 means that no move is under way.
create function firebreak.restamp_step(p_most int default 10000)
returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_move firebreak.restamp;
	v_left bigint := p_most;
	v_done bigint;
	v_spec text[];
begin
	select r.* into v_move from firebreak.restamp r
	where r.finished_at is null order by r.restamp_id limit 1
	for update skip locked;
	if v_move.restamp_id is null then
		return 0;
	end if;
	foreach v_spec slice 1 in array array[
	    ['customer_state', 'customer_id'], ['customer', 'customer_id'],
	    ['opportunity', 'opportunity_id'], ['contact', 'contact_id'],
	    ['opportunity_stage_history', 'history_id'],
	    ['activity', 'activity_id'], ['orders', 'order_id'],
	    ['order_line', 'line_id'], ['order_cost', 'cost_id'],
	    ['ticket', 'ticket_id'], ['lead', 'lead_id'], ['task', 'task_id'],
	    ['commitment', 'person_id'], ['suspension', 'suspension_id'],
	    ['training', 'training_id'], ['alert', 'alert_id'],
	    ['alert_comment', 'comment_id']]
	loop
		exit when v_left <= 0;
		execute format('update firebreak.%1$I t set org_code = $1'
		    ' where t.org_code = $2 and t.%2$I in (select x.%2$I'
		    ' from firebreak.%1$I x where x.org_code = $2 limit $3)',
		    v_spec[1], v_spec[2])
		using v_move.to_code, v_move.from_code, v_left;
		get diagnostics v_done = row_count;
		v_left := v_left - v_done;
	end loop;
	if v_left > 0 then
		update firebreak.restamp set finished_at = clock.now()
		where restamp_id = v_move.restamp_id;
		update firebreak.deputy set until_at = greatest(clock.now(),
		    from_at + interval '1 second')
		where person_id = v_move.person_id and lo = v_move.from_code
		and hi = v_move.from_code and until_at > clock.now();
	end if;
	return p_most - v_left;
end
$$;

-- Health --------------------------------------------------------------------------

create function firebreak.health()
returns table (database_bytes bigint, queue bigint, oldest_queued timestamptz,
    unsealed bigint, oldest_unsealed timestamptz, seals bigint,
    last_seal timestamptz, connections bigint, results bigint,
    restamps bigint, partitions bigint, server_version text,
    started_at timestamptz)
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select pg_database_size(current_database()),
	    (select count(*) from firebreak.change_queue),
	    (select min(at) from firebreak.change_queue),
	    (select count(*) from firebreak.audit_open),
	    (select min(at) from firebreak.audit_open),
	    (select coalesce(max(seal_id), 0) from firebreak.seal),
	    (select max(at) from firebreak.seal),
	    (select count(*) from pg_stat_activity
	        where datname = current_database()),
	    (select greatest(reltuples, 0)::bigint from pg_class
	        where oid = 'firebreak.request_result'::regclass),
	    (select count(*) from firebreak.restamp where finished_at is null),
	    (select count(*) from pg_inherits
	        where inhparent = 'firebreak.activity'::regclass),
	    current_setting('server_version'), pg_postmaster_start_time()
$$;

revoke execute on all functions in schema firebreak from public;
grant execute on function firebreak.login(bytea),
    firebreak.scope_of(bigint), firebreak.join(bytea, bytea, text),
    firebreak.device_seen(bigint),
    firebreak.keep(bigint, uuid, jsonb), firebreak.kept(bigint, uuid),
    firebreak.prune(), firebreak.partition_ensure(date, int),
    firebreak.restamp_step(int),
    firebreak.health()
    to firebreak_app;
grant execute on function firebreak.unit_add(bigint, text, text),
    firebreak.seat_add(bigint, text, bigint),
    firebreak.person_add(text, text, text, date),
    firebreak.pass(bigint, text), firebreak.scope_of(bigint)
    to firebreak_writer;

reset role;
