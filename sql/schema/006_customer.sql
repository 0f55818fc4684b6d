-- Customers.  A change of master data names the business action
-- behind it, is made by the owner, and states the version it was made on.

set role firebreak_writer;

-- The owner, or whoever stands in for exactly this seat.
create function api.owns(p_owner bigint, p_org_code bigint) returns bool
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select coalesce(p_owner = nullif(
	    current_setting('firebreak.person', true), '')::bigint, false)
	or coalesce(p_org_code =
	    nullif(current_setting('firebreak.lo2', true), '')::bigint and
	    p_org_code =
	    nullif(current_setting('firebreak.hi2', true), '')::bigint, false)
$$;

-- A customer row, locked, that the asker may see; p_edit: and own.
create function api.customer_row(p_customer_id bigint, p_edit bool)
returns firebreak.customer
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_row firebreak.customer;
begin
	select c.* into v_row from firebreak.customer c
	where c.customer_id = p_customer_id for no key update;
	if v_row.customer_id is null then
		perform api.refuse('not_found', p_customer_id::text, 'customer_id');
	elsif p_edit and not api.owns(v_row.owner_id, v_row.org_code) then
		perform api.refuse('not_owner', (select p.name from firebreak.person p
		    where p.person_id = v_row.owner_id), 'customer_id');
	end if;
	return v_row;
end
$$;

-- The freshness rule: a business action from the list, and if an activity is
-- named, one with this customer.
create function api.need_cause(p_cause text, p_activity_id bigint,
    p_customer_id bigint) returns text
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
begin
	if not exists (select from firebreak.cause c
	    where c.code = p_cause and c.active) then
		perform api.refuse('freshness_cause', p_cause, 'cause');
	end if;
	if p_activity_id is not null and not exists (
	    select from firebreak.activity a where a.customer_id = p_customer_id
	    and a.activity_id = p_activity_id and not a.retracted) then
		perform api.refuse('freshness_activity', p_activity_id::text,
		    'activity_id');
	end if;
	return p_cause;
end
$$;

-- The opening of every change of master data.
create function api.may_edit(p_cause text, p_activity_id bigint,
    p_customer_id bigint) returns void
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
begin
	perform api.need_role('rep', 'supervisor');
	perform api.need_cause(p_cause, p_activity_id, p_customer_id);
end
$$;

-- The seat of somebody within range who may own customers and leads.
create function api.heir_code(p_person_id bigint) returns bigint
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
declare
	v_code bigint;
begin
	select s.code into v_code from firebreak.seat s
	    join firebreak.person p on p.person_id = s.person_id and p.active
	where s.person_id = p_person_id and s.role in ('rep', 'supervisor');
	if v_code is null or not api.in_range(v_code) then
		perform api.refuse('out_of_range', p_person_id::text, 'person_id');
	end if;
	return v_code;
end
$$;

-- Takes a key that must be unique in the company, or refuses.
create function api.key_take(p_kind text, p_key text, p_customer_id bigint)
returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_key text := lower(normalize(btrim(p_key), NFKC));
begin
	if coalesce(v_key, '') = '' then
		return;
	end if;
	insert into firebreak.customer_key (kind, key, customer_id)
	values (p_kind, v_key, p_customer_id);
exception when unique_violation then
	perform api.refuse('duplicate_' || p_kind, p_key, p_kind);
end
$$;

create function api.key_drop(p_kind text, p_key text, p_customer_id bigint)
returns void
language sql security definer set search_path = firebreak, pg_temp
as $$
	delete from firebreak.customer_key
	where kind = p_kind and key = lower(normalize(btrim(p_key), NFKC))
	and customer_id = p_customer_id
$$;

-- What of a customer people edit, as audit and undo keep it.
create function api.customer_json(c firebreak.customer) returns jsonb
language sql immutable security definer set search_path = firebreak, pg_temp
as $$
	select jsonb_build_object('name', c.name, 'grade', c.grade,
	    'industry', c.industry, 'city', c.city, 'phone', c.phone,
	    'website', c.website, 'tax_no', c.tax_no, 'address', c.address,
	    'extra', c.extra)
$$;

-- Key fields were looked after: narrow state and rules know.  Returns when
-- they were before.
create function api.key_kept(c firebreak.customer, p_now timestamptz)
returns timestamptz
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_before timestamptz;
begin
	select s.last_key_at into v_before from firebreak.customer_state s
	where s.customer_id = c.customer_id for no key update;
	update firebreak.customer_state s
	set last_key_at = greatest(v_before, p_now)
	where s.customer_id = c.customer_id;
	perform api.changed('key_changes', c.customer_id, c.org_code, p_now,
	    c.customer_id, c.owner_id);
	return v_before;
end
$$;

create function api.check_grade(p_grade text) returns text
language plpgsql immutable security definer set search_path = firebreak, pg_temp
as $$
begin
	if p_grade not in ('KA', 'A', 'B', 'C', 'D') then
		perform api.refuse('bad_value', p_grade, 'grade');
	end if;
	return p_grade;
end
$$;

create function api.customer_create(p_name text, p_grade text,
    p_industry text, p_city text, p_phone text, p_website text,
    p_tax_no text, p_address text, p_cause text)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_me bigint := api.me();
	v_name text := api.need_text(p_name, 'name', 200);
	v_grade text := api.check_grade(coalesce(p_grade, 'C'));
	v_org bigint;
	v_new firebreak.customer;
begin
	perform api.may_edit(p_cause, null, null);
	select s.code into v_org from firebreak.seat s where s.person_id = v_me;
	insert into firebreak.customer (org_code, owner_id, name, grade, industry,
	    city, phone, website, tax_no, address, name_grams, created_at,
	    updated_at, recorded_at)
	values (v_org, v_me, v_name, v_grade, coalesce(p_industry, ''),
	    coalesce(p_city, ''), coalesce(p_phone, ''), coalesce(p_website, ''),
	    coalesce(btrim(p_tax_no), ''), coalesce(p_address, ''),
	    firebreak.grams(v_name), v_now, v_now, v_now)
	returning * into v_new;
	perform api.key_take('name', v_name, v_new.customer_id);
	perform api.key_take('tax_no', p_tax_no, v_new.customer_id);
	insert into firebreak.customer_state (customer_id, org_code, owner_id,
	    grade, created_at, last_interaction_at, last_key_at, name)
	values (v_new.customer_id, v_org, v_me, v_grade, v_now, v_now, v_now,
	    v_name);
	perform api.audited(v_now, v_org, 'customer', v_new.customer_id,
	    v_new.customer_id, 'create', null, api.customer_json(v_new), p_cause);
	perform api.changed('customers', v_new.customer_id, v_org, v_now,
	    v_new.customer_id, v_me);
	return query select v_new.customer_id, v_org;
end
$$;

-- Writes the values of p_set (keys as in customer_json) over a customer, with
-- unique keys, search pieces and narrow state.
create function api.customer_put(c firebreak.customer, p_set jsonb,
    p_now timestamptz) returns firebreak.customer
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_new firebreak.customer := jsonb_populate_record(c, p_set);
begin
	if v_new.name is distinct from c.name then
		perform api.key_drop('name', c.name, c.customer_id);
		perform api.key_take('name', v_new.name, c.customer_id);
	end if;
	if v_new.tax_no is distinct from c.tax_no then
		perform api.key_drop('tax_no', c.tax_no, c.customer_id);
		perform api.key_take('tax_no', v_new.tax_no, c.customer_id);
	end if;
	update firebreak.customer k set name = v_new.name, grade = v_new.grade,
	    industry = v_new.industry, city = v_new.city, phone = v_new.phone,
	    website = v_new.website, tax_no = v_new.tax_no,
	    address = v_new.address, extra = v_new.extra,
	    name_grams = firebreak.grams(v_new.name),
	    version = k.version + 1, updated_at = p_now
	where k.customer_id = c.customer_id
	returning k.* into v_new;
	update firebreak.customer_state s set name = v_new.name,
	    grade = v_new.grade
	where s.customer_id = c.customer_id
	and (s.name, s.grade) is distinct from (v_new.name, v_new.grade);
	return v_new;
end
$$;

-- A null leaves a field as it is.
create function api.customer_update(p_customer_id bigint, p_version bigint,
    p_name text, p_grade text, p_industry text, p_city text, p_phone text,
    p_website text, p_tax_no text, p_address text, p_cause text,
    p_activity_id bigint)
returns table (id bigint, org_code bigint, version bigint, audit_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_was firebreak.customer := api.customer_row(p_customer_id, true);
	v_key timestamptz;
	v_d record;
	v_new firebreak.customer;
begin
	perform api.may_edit(p_cause, p_activity_id, p_customer_id);
	if p_name is not null then
		p_name := api.need_text(p_name, 'name', 200);
	end if;
	perform api.check_grade(p_grade);
	if v_was.version <> p_version then
		perform api.conflict(v_was.version::text);
	end if;
	select * into v_d from api.difference(api.customer_json(v_was),
	    jsonb_strip_nulls(jsonb_build_object('name', p_name, 'grade', p_grade,
	        'industry', p_industry, 'city', p_city, 'phone', p_phone,
	        'website', p_website, 'tax_no', btrim(p_tax_no),
	        'address', p_address)));
	if v_d.new = '{}' then
		perform api.refuse('nothing_changed');
	end if;
	v_new := api.customer_put(v_was, v_d.new, v_now);
	v_key := api.key_kept(v_was, v_now);
	audit_id := api.audited(v_now, v_was.org_code, 'customer', p_customer_id,
	    p_customer_id, 'update',
	    v_d.old || jsonb_build_object('last_key_at', v_key),
	    v_d.new || jsonb_build_object('last_key_at', v_now), p_cause,
	    p_activity_id);
	id := p_customer_id;
	org_code := v_was.org_code;
	version := v_new.version;
	return next;
end
$$;

-- Puts back what one's own update replaced, if nobody changed it since.
create function api.customer_restore(p_customer_id bigint, p_audit_id bigint)
returns table (id bigint, org_code bigint, version bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_was firebreak.customer := api.customer_row(p_customer_id, true);
	v_a record;
	v_new firebreak.customer;
begin
	v_a := api.own_audit(p_audit_id, 'customer', p_customer_id,
	    '{update,confirm}');
	if not api.customer_json(v_was) @> (v_a.new - 'last_key_at') then
		perform api.refuse('changed_since', '', 'audit_id');
	end if;
	v_new := api.customer_put(v_was, v_a.old - 'last_key_at', v_now);
	update firebreak.customer_state s
	set last_key_at = (v_a.old ->> 'last_key_at')::timestamptz
	where s.customer_id = p_customer_id
	and s.last_key_at = (v_a.new ->> 'last_key_at')::timestamptz;
	perform api.audited(v_now, v_was.org_code, 'customer', p_customer_id,
	    p_customer_id, 'restore', v_a.new, v_a.old, v_a.cause);
	perform api.changed('key_changes', p_customer_id, v_was.org_code, v_now,
	    p_customer_id, v_was.owner_id);
	id := p_customer_id;
	org_code := v_was.org_code;
	version := v_new.version;
	return next;
end
$$;

-- The key fields were checked with the customer and are right.
create function api.customer_confirm(p_customer_id bigint, p_cause text,
    p_activity_id bigint)
returns table (id bigint, org_code bigint, audit_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_was firebreak.customer := api.customer_row(p_customer_id, true);
	v_key timestamptz;
begin
	perform api.may_edit(p_cause, p_activity_id, p_customer_id);
	v_key := api.key_kept(v_was, v_now);
	audit_id := api.audited(v_now, v_was.org_code, 'customer', p_customer_id,
	    p_customer_id, 'confirm', jsonb_build_object('last_key_at', v_key),
	    jsonb_build_object('last_key_at', v_now), p_cause, p_activity_id);
	id := p_customer_id;
	org_code := v_was.org_code;
	return next;
end
$$;

-- Moves a customer and all that is his to another seat.
create function api.customer_move(p_customer_id bigint, p_org_code bigint,
    p_owner bigint) returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_table text;
begin
	foreach v_table in array array['contact', 'opportunity_stage_history',
	    'activity', 'orders', 'order_line', 'order_cost', 'ticket', 'alert']
	loop
		execute format('update firebreak.%I set org_code = $1'
		    ' where customer_id = $2', v_table)
		using p_org_code, p_customer_id;
	end loop;
	update firebreak.opportunity set org_code = p_org_code,
	    owner_id = case state when 'open' then p_owner else owner_id end
	where customer_id = p_customer_id;
	update firebreak.task set org_code = p_org_code, person_id = p_owner
	where customer_id = p_customer_id and state = 0
	and person_id = (select c.owner_id from firebreak.customer c
	    where c.customer_id = p_customer_id);
	update firebreak.customer_state set org_code = p_org_code,
	    owner_id = p_owner
	where customer_id = p_customer_id;
	update firebreak.customer set org_code = p_org_code, owner_id = p_owner,
	    version = version + 1
	where customer_id = p_customer_id;
end
$$;

create function api.customer_handed(c firebreak.customer, p_org_code bigint,
    p_owner bigint, p_action text, p_reason text, p_now timestamptz)
returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	perform api.customer_move(c.customer_id, p_org_code, p_owner);
	perform api.audited(p_now, p_org_code, 'customer', c.customer_id,
	    c.customer_id, p_action,
	    jsonb_build_object('owner_id', c.owner_id, 'org_code', c.org_code),
	    jsonb_build_object('owner_id', p_owner, 'org_code', p_org_code,
	        'reason', p_reason), 'handover');
	perform api.changed('customers', c.customer_id, p_org_code, p_now,
	    c.customer_id, p_owner, c.customer_id);
	perform api.changed('new_opps', p_owner, p_org_code, p_now, c.customer_id,
	    p_owner, c.owner_id);
end
$$;

create function api.customer_transfer(p_customer_id bigint,
    p_person_id bigint, p_reason text)
returns table (id bigint, org_code bigint, old_org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_was firebreak.customer := api.customer_row(p_customer_id, false);
	v_reason text := api.need_text(p_reason, 'reason', 500);
	v_code bigint;
begin
	perform api.need_role('supervisor', 'ops');
	v_code := api.heir_code(p_person_id);
	if v_was.owner_id = p_person_id and v_was.org_code = v_code then
		perform api.refuse('nothing_changed', '', 'person_id');
	end if;
	perform api.customer_handed(v_was, v_code, p_person_id, 'transfer',
	    v_reason, v_now);
	return query select p_customer_id, v_code, v_was.org_code;
end
$$;

-- Back into the pool of the unit; whoever releases answers for it until it is
-- given out again.
create function api.customer_release(p_customer_id bigint, p_reason text)
returns table (id bigint, org_code bigint, old_org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_was firebreak.customer := api.customer_row(p_customer_id, false);
	v_reason text := api.need_text(p_reason, 'reason', 500);
	v_code bigint;
begin
	perform api.need_role('supervisor', 'ops');
	select u.code_lo into v_code from firebreak.org_unit u
	where v_was.org_code between u.code_lo and u.code_hi
	order by u.depth desc limit 1;
	if not api.in_range(v_code) then
		perform api.refuse('out_of_range', '', 'customer_id');
	elsif v_was.org_code = v_code then
		perform api.refuse('nothing_changed', '', 'customer_id');
	end if;
	perform api.customer_handed(v_was, v_code, api.me(), 'release', v_reason,
	    v_now);
	return query select p_customer_id, v_code, v_was.org_code;
end
$$;

revoke execute on all functions in schema api from public;
grant execute on function
    api.customer_create(text, text, text, text, text, text, text, text, text),
    api.customer_update(bigint, bigint, text, text, text, text, text, text,
        text, text, text, bigint),
    api.customer_restore(bigint, bigint),
    api.customer_confirm(bigint, text, bigint),
    api.customer_transfer(bigint, bigint, text),
    api.customer_release(bigint, text)
    to firebreak_app;

reset role;
