-- Contacts of customers, under the rules of 006.

set role firebreak_writer;

create function api.contact_json(k firebreak.contact) returns jsonb
language sql immutable security definer set search_path = firebreak, pg_temp
as $$
	select jsonb_build_object('name', k.name, 'title', k.title,
	    'department', k.department, 'phone', k.phone, 'email', k.email,
	    'wechat', k.wechat, 'influence', k.influence, 'stance', k.stance,
	    'is_key', k.is_key, 'left_at', k.left_at)
$$;

create function api.contact_create(p_customer_id bigint, p_name text,
    p_title text, p_department text, p_phone text, p_email text,
    p_influence smallint, p_is_key bool, p_cause text, p_activity_id bigint)
returns table (id bigint, org_code bigint, audit_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_c firebreak.customer := api.customer_row(p_customer_id, true);
	v_name text := api.need_text(p_name, 'name', 100);
	v_new firebreak.contact;
begin
	perform api.may_edit(p_cause, p_activity_id, p_customer_id);
	if p_influence not between 0 and 10 then
		perform api.refuse('bad_value', p_influence::text, 'influence');
	end if;
	insert into firebreak.contact as k (customer_id, org_code, name, title,
	    department, phone, email, influence, is_key, name_grams, created_at,
	    updated_at, recorded_at)
	values (p_customer_id, v_c.org_code, v_name, coalesce(p_title, ''),
	    coalesce(p_department, ''), coalesce(p_phone, ''),
	    coalesce(p_email, ''), coalesce(p_influence, 0::smallint),
	    coalesce(p_is_key, false), firebreak.grams(v_name), v_now, v_now,
	    v_now)
	returning k.* into v_new;
	audit_id := api.audited(v_now, v_c.org_code, 'contact', v_new.contact_id,
	    p_customer_id, 'create', null, api.contact_json(v_new), p_cause,
	    p_activity_id);
	perform api.key_kept(v_c, v_now);
	id := v_new.contact_id;
	org_code := v_c.org_code;
	return next;
end
$$;

create function api.contact_put(k firebreak.contact, p_set jsonb,
    p_now timestamptz) returns firebreak.contact
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_new firebreak.contact := jsonb_populate_record(k, p_set);
begin
	update firebreak.contact t set name = v_new.name, title = v_new.title,
	    department = v_new.department, phone = v_new.phone,
	    email = v_new.email, wechat = v_new.wechat,
	    influence = v_new.influence, stance = v_new.stance,
	    is_key = v_new.is_key, left_at = v_new.left_at,
	    name_grams = firebreak.grams(v_new.name),
	    version = t.version + 1, updated_at = p_now
	where t.customer_id = k.customer_id and t.contact_id = k.contact_id
	returning t.* into v_new;
	return v_new;
end
$$;

create function api.contact_row(p_customer_id bigint, p_contact_id bigint)
returns firebreak.contact
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_row firebreak.contact;
begin
	select k.* into v_row from firebreak.contact k
	where k.customer_id = p_customer_id and k.contact_id = p_contact_id
	for no key update;
	if v_row.contact_id is null then
		perform api.refuse('not_found', p_contact_id::text, 'contact_id');
	end if;
	return v_row;
end
$$;

create function api.contact_update(p_customer_id bigint, p_contact_id bigint,
    p_version bigint, p_name text, p_title text, p_department text,
    p_phone text, p_email text, p_influence smallint, p_stance smallint,
    p_is_key bool, p_gone bool, p_cause text, p_activity_id bigint)
returns table (id bigint, org_code bigint, version bigint, audit_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_c firebreak.customer := api.customer_row(p_customer_id, true);
	v_was firebreak.contact := api.contact_row(p_customer_id, p_contact_id);
	v_set jsonb;
	v_d record;
	v_new firebreak.contact;
begin
	perform api.may_edit(p_cause, p_activity_id, p_customer_id);
	if p_name is not null then
		p_name := api.need_text(p_name, 'name', 100);
	end if;
	if p_influence not between 0 and 10 then
		perform api.refuse('bad_value', p_influence::text, 'influence');
	elsif p_stance not between -1 and 1 then
		perform api.refuse('bad_value', p_stance::text, 'stance');
	elsif v_was.version <> p_version then
		perform api.conflict(v_was.version::text);
	end if;
	v_set := jsonb_strip_nulls(jsonb_build_object('name', p_name,
	    'title', p_title, 'department', p_department, 'phone', p_phone,
	    'email', p_email, 'influence', p_influence, 'stance', p_stance,
	    'is_key', p_is_key));
	if p_gone is not null and p_gone <> (v_was.left_at is not null) then
		v_set := v_set || jsonb_build_object('left_at',
		    case when p_gone then v_now end);
	end if;
	select * into v_d from api.difference(api.contact_json(v_was), v_set);
	if v_d.new = '{}' then
		perform api.refuse('nothing_changed');
	end if;
	v_new := api.contact_put(v_was, v_d.new, v_now);
	audit_id := api.audited(v_now, v_c.org_code, 'contact', p_contact_id,
	    p_customer_id, 'update', v_d.old, v_d.new, p_cause, p_activity_id);
	perform api.key_kept(v_c, v_now);
	id := p_contact_id;
	org_code := v_c.org_code;
	version := v_new.version;
	return next;
end
$$;

create function api.contact_restore(p_customer_id bigint, p_audit_id bigint)
returns table (id bigint, org_code bigint, version bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_c firebreak.customer := api.customer_row(p_customer_id, true);
	v_a record;
	v_was firebreak.contact;
	v_new firebreak.contact;
begin
	v_a := api.own_audit(p_audit_id, 'contact', p_customer_id, '{update}');
	v_was := api.contact_row(p_customer_id, v_a.entity_id);
	if not api.contact_json(v_was) @> v_a.new then
		perform api.refuse('changed_since', '', 'audit_id');
	end if;
	v_new := api.contact_put(v_was, v_a.old, v_now);
	perform api.audited(v_now, v_c.org_code, 'contact', v_a.entity_id,
	    p_customer_id, 'restore', v_a.new, v_a.old, v_a.cause);
	perform api.changed('key_changes', p_customer_id, v_c.org_code, v_now,
	    p_customer_id, v_c.owner_id);
	id := v_a.entity_id;
	org_code := v_c.org_code;
	version := v_new.version;
	return next;
end
$$;

-- A contact entered by mistake within the last day.
create function api.contact_remove(p_customer_id bigint, p_contact_id bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_c firebreak.customer := api.customer_row(p_customer_id, true);
	v_was firebreak.contact := api.contact_row(p_customer_id, p_contact_id);
begin
	perform api.need_role('rep', 'supervisor');
	if v_was.recorded_at < v_now - interval '24 hours' then
		perform api.refuse('too_late_to_undo', '', 'contact_id');
	elsif v_was.version <> 1 then
		perform api.refuse('changed_since', '', 'contact_id');
	end if;
	delete from firebreak.contact k
	where k.customer_id = p_customer_id and k.contact_id = p_contact_id;
	perform api.audited(v_now, v_c.org_code, 'contact', p_contact_id,
	    p_customer_id, 'remove', api.contact_json(v_was), null);
	return query select p_contact_id, v_c.org_code;
end
$$;

revoke execute on all functions in schema api from public;
grant execute on function
    api.contact_create(bigint, text, text, text, text, text, smallint, bool,
        text, bigint),
    api.contact_update(bigint, bigint, bigint, text, text, text, text, text,
        smallint, smallint, bool, bool, text, bigint),
    api.contact_restore(bigint, bigint),
    api.contact_remove(bigint, bigint)
    to firebreak_app;

reset role;
