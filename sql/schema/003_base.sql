-- What every write function uses: who asks, refusing, audit, change queue,
-- the pieces of names that search looks up.
--
-- They are plpgsql, which keeps its plans; PostgreSQL 15 plans a function in
-- SQL that it cannot inline anew at every call.
--
-- Functions of schema api belong to firebreak_writer and are under the
-- policies; functions of schema firebreak belong to firebreak_owner and are
-- not, so each of them checks for itself.

set role firebreak_owner;

-- The two-letter pieces of a text, for search: 'Acme' -> {ac,cm,me}.  In
-- plpgsql, which costs an eighth of a query per row.
create function firebreak.grams(p_text text) returns text[]
language plpgsql immutable parallel safe
as $$
declare
	v_letters text[] := string_to_array(lower(normalize(p_text, NFKC)), null);
	v_grams text[] := '{}';
begin
	for i in 1 .. coalesce(array_length(v_letters, 1), 0) - 1 loop
		v_grams[i] := v_letters[i] || v_letters[i + 1];
	end loop;
	return v_grams;
end
$$;
grant execute on function firebreak.grams(text)
    to firebreak_writer, firebreak_app;

reset role;

set role firebreak_writer;

create function api.refuse(p_code text, p_detail text default '',
    p_arg text default '') returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	raise exception using errcode = 'FB001', message = p_code,
	    detail = coalesce(p_detail, ''), column = coalesce(p_arg, '');
end
$$;

-- Somebody else was faster: SQLSTATE FB003.
create function api.conflict(p_detail text default '') returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	raise exception using errcode = 'FB003', message = 'conflict',
	    detail = coalesce(p_detail, '');
end
$$;

create function api.me() returns bigint
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
begin
	return (select nullif(current_setting('firebreak.person', true), '')::bigint);
end
$$;

-- The role of whoever asks; null without one.
create function api.role() returns text
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
begin
	return (
	select s.role from firebreak.seat s
	where s.person_id =
	    nullif(current_setting('firebreak.person', true), '')::bigint);
end
$$;

create function api.need_role(variadic p_roles text[]) returns text
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
declare
	v_role text := api.role();
begin
	if v_role is null or not (v_role = any (p_roles)) then
		perform api.refuse('not_your_role', v_role);
	end if;
	return v_role;
end
$$;

-- Is a code in the ranges of whoever asks?
create function api.in_range(p_code bigint) returns bool
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
begin
	return (
	select coalesce(p_code between
	    nullif(current_setting('firebreak.lo', true), '')::bigint and
	    nullif(current_setting('firebreak.hi', true), '')::bigint, false)
	or coalesce(p_code between
	    nullif(current_setting('firebreak.lo2', true), '')::bigint and
	    nullif(current_setting('firebreak.hi2', true), '')::bigint, false));
end
$$;

create function api.setting(p_name text) returns text
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
begin
	return (select value from firebreak.setting where name = p_name);
end
$$;

create function api.audited(p_at timestamptz, p_org_code bigint,
    p_entity text, p_entity_id bigint, p_customer_id bigint, p_action text,
    p_old jsonb default null, p_new jsonb default null,
    p_cause text default null, p_activity_id bigint default null)
returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_id bigint;
	-- firebreakctl's transactions: no person did it, a login of the system
	v_console text := nullif(current_setting('firebreak.console', true), '');
begin
	insert into firebreak.audit_open (at, person_id, org_code, entity,
	    entity_id, customer_id, action, cause, activity_id, old, new)
	values (p_at, case when v_console is null then
	    nullif(current_setting('firebreak.person', true), '')::bigint end,
	    p_org_code, p_entity, p_entity_id, p_customer_id, p_action,
	    coalesce(p_cause, case when v_console is not null then 'console' end),
	    p_activity_id, p_old, case when v_console is null then p_new
	    else coalesce(p_new, '{}') || jsonb_build_object('console', v_console)
	    end)
	returning audit_id into v_id;
	return v_id;
end
$$;

create function api.changed(p_source text, p_subject bigint,
    p_org_code bigint, p_at timestamptz, p_customer_id bigint default null,
    p_person_id bigint default null, p_old_subject bigint default null)
returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	insert into firebreak.change_queue (source, old_subject, subject,
	    customer_id, org_code, person_id, at)
	values (p_source, p_old_subject, p_subject, p_customer_id, p_org_code,
	    p_person_id, p_at);
end
$$;

-- Trims, refuses what is empty or longer than p_most.
create function api.need_text(p_value text, p_arg text, p_most integer)
returns text
language plpgsql immutable security definer set search_path = firebreak, pg_temp
as $$
begin
	if coalesce(btrim(p_value), '') = '' then
		perform api.refuse('missing', p_arg, p_arg);
	elsif length(p_value) > p_most then
		perform api.refuse('too_long', p_most::text, p_arg);
	end if;
	return btrim(p_value);
end
$$;

-- The part of p_new that differs from p_old, and what it was before.
create function api.difference(p_old jsonb, p_new jsonb,
    out old jsonb, out new jsonb)
language sql immutable security definer set search_path = firebreak, pg_temp
as $$
	select coalesce(jsonb_object_agg(n.key, p_old -> n.key), '{}'),
	    coalesce(jsonb_object_agg(n.key, n.value), '{}')
	from jsonb_each(p_new) n
	where p_old -> n.key is distinct from n.value
$$;

-- An audit row of the asker's own work, which an undo takes back.
create function api.own_audit(p_audit_id bigint, p_entity text,
    p_customer_id bigint, p_actions text[], out entity_id bigint,
    out old jsonb, out new jsonb, out cause text)
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
declare
	v_person bigint;
begin
	select a.person_id, a.entity_id, a.old, a.new, a.cause
	into v_person, entity_id, old, new, cause
	from firebreak.audit_all a
	where a.audit_id = p_audit_id and a.entity = p_entity
	and a.customer_id is not distinct from p_customer_id
	and a.action = any (p_actions);
	if entity_id is null then
		perform api.refuse('not_found', p_audit_id::text, 'audit_id');
	elsif v_person is distinct from api.me() then
		perform api.refuse('not_yours', '', 'audit_id');
	end if;
end
$$;

revoke execute on all functions in schema api from public;
grant execute on all functions in schema api to firebreak_owner;
-- Statements may look at these two; the rest is for write functions.
grant execute on function api.me(), api.role(), api.setting(text)
    to firebreak_app;

reset role;

set role firebreak_owner;
revoke execute on all functions in schema firebreak from public;
reset role;
