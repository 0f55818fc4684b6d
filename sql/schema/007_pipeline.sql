-- Opportunities and their stages.

set role firebreak_owner;

create index opportunity_owner_valid on firebreak.opportunity
    (owner_id, valid_at) where valid;

reset role;

set role firebreak_writer;

create function api.opportunity_json(o firebreak.opportunity) returns jsonb
language sql immutable security definer set search_path = firebreak, pg_temp
as $$
	select jsonb_build_object('name', o.name, 'amount', o.amount,
	    'expected_close', o.expected_close, 'product_id', o.product_id,
	    'stage', o.stage, 'stage_position', o.stage_position,
	    'stage_entered_at', o.stage_entered_at, 'state', o.state,
	    'valid', o.valid, 'valid_at', o.valid_at, 'closed_at', o.closed_at,
	    'loss_reason', o.loss_reason)
$$;

create function api.opportunity_row(p_customer_id bigint,
    p_opportunity_id bigint, p_version bigint) returns firebreak.opportunity
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_row firebreak.opportunity;
begin
	perform api.need_role('rep', 'supervisor');
	select o.* into v_row from firebreak.opportunity o
	where o.customer_id = p_customer_id
	and o.opportunity_id = p_opportunity_id for no key update;
	if v_row.opportunity_id is null then
		perform api.refuse('not_found', p_opportunity_id::text,
		    'opportunity_id');
	elsif not api.owns(v_row.owner_id, v_row.org_code) then
		perform api.refuse('not_owner', (select p.name from firebreak.person p
		    where p.person_id = v_row.owner_id), 'opportunity_id');
	elsif v_row.version <> p_version then
		perform api.conflict(v_row.version::text);
	end if;
	return v_row;
end
$$;

create function api.stage_row(p_pipeline text, p_stage text)
returns firebreak.stage_def
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
declare
	v_row firebreak.stage_def;
begin
	select d.* into v_row from firebreak.stage_def d
	where d.pipeline = p_pipeline and d.stage = p_stage;
	if v_row.stage is null then
		perform api.refuse('bad_stage', p_stage, 'stage');
	end if;
	return v_row;
end
$$;

create function api.opportunity_create(p_customer_id bigint, p_name text,
    p_amount bigint, p_expected_close date, p_product_id bigint,
    p_pipeline text, p_stage text)
returns table (id bigint, org_code bigint, customer_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_c firebreak.customer;
	v_name text := api.need_text(p_name, 'name', 200);
	v_stage firebreak.stage_def;
	v_new firebreak.opportunity;
begin
	perform api.need_role('rep', 'supervisor');
	v_c := api.customer_row(p_customer_id, true);
	if coalesce(p_amount, 0) < 0 then
		perform api.refuse('bad_value', p_amount::text, 'amount');
	elsif p_expected_close is null then
		perform api.refuse('missing', 'expected_close', 'expected_close');
	elsif p_product_id is not null and not exists (
	    select from firebreak.product p where p.product_id = p_product_id) then
		perform api.refuse('not_found', p_product_id::text, 'product_id');
	end if;
	select d.* into v_stage from firebreak.stage_def d
	where d.pipeline = coalesce(p_pipeline, 'standard') and d.kind = 'open'
	and (p_stage is null or d.stage = p_stage)
	order by d.position limit 1;
	if v_stage.stage is null then
		perform api.refuse('bad_stage', p_stage, 'stage');
	end if;
	insert into firebreak.opportunity as o (customer_id, org_code, owner_id,
	    name, pipeline, stage, stage_position, stage_entered_at, valid,
	    valid_at, product_id, amount, currency, expected_close, name_grams,
	    created_at, updated_at, recorded_at)
	values (p_customer_id, v_c.org_code, v_c.owner_id, v_name,
	    v_stage.pipeline, v_stage.stage, v_stage.position, v_now,
	    v_stage.valid_from_here,
	    case when v_stage.valid_from_here then v_now end, p_product_id,
	    coalesce(p_amount, 0), v_c.currency, p_expected_close,
	    firebreak.grams(v_name), v_now, v_now, v_now)
	returning o.* into v_new;
	insert into firebreak.opportunity_stage_history (customer_id,
	    opportunity_id, org_code, to_stage, entered_at, person_id, recorded_at)
	values (p_customer_id, v_new.opportunity_id, v_c.org_code, v_stage.stage,
	    v_now, api.me(), v_now);
	perform api.audited(v_now, v_c.org_code, 'opportunity',
	    v_new.opportunity_id, p_customer_id, 'create', null,
	    api.opportunity_json(v_new));
	perform api.changed('opportunities', v_new.opportunity_id, v_c.org_code,
	    v_now, p_customer_id, v_new.owner_id);
	perform api.changed('new_opps', v_new.owner_id, v_c.org_code, v_now,
	    p_customer_id, v_new.owner_id);
	return query select v_new.opportunity_id, v_c.org_code, p_customer_id;
end
$$;

-- Writes p_set (keys as in opportunity_json) over an opportunity, with audit
-- and change rows.  Returns the audit id.
create function api.opportunity_put(o firebreak.opportunity, p_set jsonb,
    p_action text, p_now timestamptz) returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_new firebreak.opportunity := jsonb_populate_record(o, p_set);
	v_d record;
begin
	select * into v_d from api.difference(api.opportunity_json(o), p_set);
	if v_d.new = '{}' then
		perform api.refuse('nothing_changed');
	end if;
	update firebreak.opportunity t set name = v_new.name,
	    amount = v_new.amount, expected_close = v_new.expected_close,
	    product_id = v_new.product_id, stage = v_new.stage,
	    stage_position = v_new.stage_position,
	    stage_entered_at = v_new.stage_entered_at, state = v_new.state,
	    valid = v_new.valid, valid_at = v_new.valid_at,
	    closed_at = v_new.closed_at, loss_reason = v_new.loss_reason,
	    name_grams = firebreak.grams(v_new.name),
	    version = t.version + 1, updated_at = p_now
	where t.customer_id = o.customer_id
	and t.opportunity_id = o.opportunity_id;
	perform api.changed('opportunities', o.opportunity_id, o.org_code, p_now,
	    o.customer_id, o.owner_id);
	if v_new.valid <> o.valid then
		perform api.changed('new_opps', o.owner_id, o.org_code, p_now,
		    o.customer_id, o.owner_id);
	end if;
	return api.audited(p_now, o.org_code, 'opportunity', o.opportunity_id,
	    o.customer_id, p_action, v_d.old, v_d.new);
end
$$;

-- The row of the history for a stage entered now.
create function api.stage_enter(o firebreak.opportunity, p_stage text,
    p_now timestamptz) returns void
language sql security definer set search_path = firebreak, pg_temp
as $$
	update firebreak.opportunity_stage_history h set left_at = p_now
	where h.customer_id = o.customer_id
	and h.opportunity_id = o.opportunity_id and h.left_at is null;
	insert into firebreak.opportunity_stage_history (customer_id,
	    opportunity_id, org_code, from_stage, to_stage, entered_at,
	    person_id, recorded_at)
	values (o.customer_id, o.opportunity_id, o.org_code, o.stage, p_stage,
	    p_now, api.me(), p_now);
$$;

create function api.opportunity_update(p_customer_id bigint,
    p_opportunity_id bigint, p_version bigint, p_name text, p_amount bigint,
    p_expected_close date, p_product_id bigint)
returns table (id bigint, org_code bigint, version bigint, audit_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_was firebreak.opportunity :=
	    api.opportunity_row(p_customer_id, p_opportunity_id, p_version);
begin
	if v_was.state <> 'open' then
		perform api.refuse('already_closed', '', 'opportunity_id');
	elsif p_amount < 0 then
		perform api.refuse('bad_value', p_amount::text, 'amount');
	elsif p_product_id is not null and not exists (
	    select from firebreak.product p where p.product_id = p_product_id) then
		perform api.refuse('not_found', p_product_id::text, 'product_id');
	end if;
	if p_name is not null then
		p_name := api.need_text(p_name, 'name', 200);
	end if;
	audit_id := api.opportunity_put(v_was, jsonb_strip_nulls(
	    jsonb_build_object('name', p_name, 'amount', p_amount,
	        'expected_close', p_expected_close, 'product_id', p_product_id)),
	    'update', v_now);
	id := p_opportunity_id;
	org_code := v_was.org_code;
	version := v_was.version + 1;
	return next;
end
$$;

-- Forward to a later open stage of the same pipeline.
create function api.opportunity_advance(p_customer_id bigint,
    p_opportunity_id bigint, p_version bigint, p_stage text)
returns table (id bigint, org_code bigint, version bigint, audit_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_was firebreak.opportunity :=
	    api.opportunity_row(p_customer_id, p_opportunity_id, p_version);
	v_stage firebreak.stage_def;
	v_set jsonb;
begin
	if v_was.state <> 'open' then
		perform api.refuse('already_closed', '', 'opportunity_id');
	end if;
	if p_stage is null then
		select d.stage into p_stage from firebreak.stage_def d
		where d.pipeline = v_was.pipeline and d.kind = 'open'
		and d.position > v_was.stage_position order by d.position limit 1;
	end if;
	v_stage := api.stage_row(v_was.pipeline, p_stage);
	if v_stage.kind <> 'open' or v_stage.position <= v_was.stage_position then
		perform api.refuse('bad_stage', p_stage, 'stage');
	end if;
	v_set := jsonb_build_object('stage', v_stage.stage,
	    'stage_position', v_stage.position, 'stage_entered_at', v_now);
	if v_stage.valid_from_here and not v_was.valid and not v_was.rejected then
		v_set := v_set || jsonb_build_object('valid', true, 'valid_at', v_now);
	end if;
	audit_id := api.opportunity_put(v_was, v_set, 'advance', v_now);
	perform api.stage_enter(v_was, v_stage.stage, v_now);
	id := p_opportunity_id;
	org_code := v_was.org_code;
	version := v_was.version + 1;
	return next;
end
$$;

create function api.opportunity_close(p_customer_id bigint,
    p_opportunity_id bigint, p_version bigint, p_won bool, p_amount bigint,
    p_loss_reason text)
returns table (id bigint, org_code bigint, version bigint, audit_id bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_was firebreak.opportunity :=
	    api.opportunity_row(p_customer_id, p_opportunity_id, p_version);
	v_stage firebreak.stage_def;
	v_set jsonb;
begin
	if v_was.state <> 'open' then
		perform api.refuse('already_closed', '', 'opportunity_id');
	elsif p_won is null then
		perform api.refuse('missing', 'won', 'won');
	elsif p_amount < 0 then
		perform api.refuse('bad_value', p_amount::text, 'amount');
	elsif not p_won and not exists (select from firebreak.loss_reason r
	    where r.code = p_loss_reason) then
		perform api.refuse('loss_reason', p_loss_reason, 'loss_reason');
	end if;
	select d.* into v_stage from firebreak.stage_def d
	where d.pipeline = v_was.pipeline
	and d.kind = case when p_won then 'won' else 'lost' end
	order by d.position limit 1;
	v_set := jsonb_build_object('stage', v_stage.stage,
	    'stage_position', v_stage.position, 'stage_entered_at', v_now,
	    'state', v_stage.kind, 'closed_at', v_now,
	    'amount', coalesce(p_amount, v_was.amount),
	    'loss_reason', case when p_won then '' else p_loss_reason end);
	if p_won and not v_was.valid and not v_was.rejected then
		v_set := v_set || jsonb_build_object('valid', true, 'valid_at', v_now);
	end if;
	audit_id := api.opportunity_put(v_was, v_set, 'close', v_now);
	perform api.stage_enter(v_was, v_stage.stage, v_now);
	id := p_opportunity_id;
	org_code := v_was.org_code;
	version := v_was.version + 1;
	return next;
end
$$;

-- Takes back one's own last update, advance or close.
create function api.opportunity_restore(p_customer_id bigint,
    p_audit_id bigint)
returns table (id bigint, org_code bigint, version bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_now timestamptz := clock.now();
	v_a record;
	v_was firebreak.opportunity;
begin
	v_a := api.own_audit(p_audit_id, 'opportunity', p_customer_id,
	    '{update,advance,close}');
	v_was := api.opportunity_row(p_customer_id, v_a.entity_id, null);
	if not api.opportunity_json(v_was) @> v_a.new then
		perform api.refuse('changed_since', '', 'audit_id');
	end if;
	perform api.opportunity_put(v_was, v_a.old, 'restore', v_now);
	if v_a.new ? 'stage' then
		delete from firebreak.opportunity_stage_history h
		where h.customer_id = p_customer_id
		and h.opportunity_id = v_a.entity_id and h.left_at is null;
		update firebreak.opportunity_stage_history h set left_at = null
		where h.customer_id = p_customer_id and h.history_id = (
		    select max(x.history_id)
		    from firebreak.opportunity_stage_history x
		    where x.customer_id = p_customer_id
		    and x.opportunity_id = v_a.entity_id);
	end if;
	id := v_a.entity_id;
	org_code := v_was.org_code;
	version := v_was.version + 1;
	return next;
end
$$;

revoke execute on all functions in schema api from public;
grant execute on function
    api.opportunity_create(bigint, text, bigint, date, bigint, text, text),
    api.opportunity_update(bigint, bigint, bigint, text, bigint, date, bigint),
    api.opportunity_advance(bigint, bigint, bigint, text),
    api.opportunity_close(bigint, bigint, bigint, bool, bigint, text),
    api.opportunity_restore(bigint, bigint)
    to firebreak_app;

reset role;
