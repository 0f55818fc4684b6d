-- Activities: what was done with a customer.

set role firebreak_writer;

-- When an activity may have happened: not ahead of the clock, not before the
-- setting backdate_days.
create function api.check_happened(p_at timestamptz, p_now timestamptz)
returns timestamptz
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
begin
	if p_at is null then
		return p_now;
	elsif p_at > p_now + interval '5 minutes' then
		perform api.refuse('in_future', p_at::text, 'happened_at');
	elsif p_at < p_now - make_interval(days =>
	    api.setting('backdate_days')::int) then
		perform api.refuse('too_long_ago', api.setting('backdate_days'),
		    'happened_at');
	end if;
	return p_at;
end
$$;

-- Keeps the narrow state after an effective interaction; p_key says whether
-- the key fields were confirmed on the occasion.
create function api.interacted(p_customer_id bigint, p_at timestamptz,
    p_key bool, p_count bigint) returns void
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	update firebreak.customer_state s set
	    last_interaction_at = greatest(s.last_interaction_at, p_at),
	    last_key_at = case when p_key
	        then greatest(s.last_key_at, p_at) else s.last_key_at end,
	    interactions = s.interactions + p_count
	where s.customer_id = p_customer_id;
end
$$;

-- The one way an activity comes in.
create function api.activity_add(p_customer_id bigint, p_kind text,
    p_happened_at timestamptz, p_on_site bool, p_effective bool,
    p_photos smallint, p_duration_min bigint, p_attendees text,
    p_summary text, p_opportunity_id bigint, p_confirmed bool,
    out id bigint, out org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_at timestamptz := api.check_happened(p_happened_at, v_now);
	v_me bigint := api.me();
	v_summary text := coalesce(btrim(p_summary), '');
	v_effective bool := coalesce(p_effective, false);
	v_confirmed bool := coalesce(p_confirmed, false);
	v_org bigint;
	v_id bigint;
begin
	select c.org_code into v_org from firebreak.customer c
	where c.customer_id = p_customer_id;
	if v_org is null then
		perform api.refuse('not_found', p_customer_id::text, 'customer_id');
	end if;
	if length(v_summary) > 4000 then
		perform api.refuse('too_long', '4000', 'summary');
	end if;
	if coalesce(p_photos, 0) < 0 or p_photos > 99 then
		perform api.refuse('bad_value', p_photos::text, 'photos');
	end if;
	if coalesce(p_duration_min, 0) < 0 or p_duration_min > 1440 then
		perform api.refuse('bad_value', p_duration_min::text, 'duration_min');
	end if;
	if p_opportunity_id is not null and not exists (
	    select from firebreak.opportunity o
	    where o.customer_id = p_customer_id
	    and o.opportunity_id = p_opportunity_id) then
		perform api.refuse('not_found', p_opportunity_id::text,
		    'opportunity_id');
	end if;
	insert into firebreak.activity (customer_id, happened_at, kind, org_code,
	    person_id, opportunity_id, on_site, effective, duration_s, photos,
	    attendees, summary, recorded_at)
	values (p_customer_id, v_at, p_kind, v_org, v_me, p_opportunity_id,
	    coalesce(p_on_site, false), v_effective, p_duration_min * 60,
	    coalesce(p_photos, 0::smallint), case when btrim(p_attendees) <> ''
	        then to_jsonb(regexp_split_to_array(btrim(p_attendees),
	            '\s*[,，、;；]\s*')) end,
	    v_summary, v_now)
	returning activity_id into v_id;
	if v_effective or v_confirmed then
		perform api.interacted(p_customer_id, v_at, v_confirmed,
		    v_effective::int::bigint);
	end if;
	perform api.audited(v_now, v_org, 'activity', v_id, p_customer_id,
	    'record', null, jsonb_build_object('kind', p_kind, 'happened_at', v_at,
	        'on_site', p_on_site, 'effective', v_effective,
	        'confirmed', v_confirmed, 'summary', v_summary));
	perform api.changed(case p_kind when 'visit' then 'visits'
	    else 'activities' end, v_me, v_org, v_now, p_customer_id, v_me);
	if v_effective then
		perform api.changed('interactions', p_customer_id, v_org, v_now,
		    p_customer_id, v_me);
	end if;
	if v_confirmed then
		perform api.changed('key_changes', p_customer_id, v_org, v_now,
		    p_customer_id, v_me);
	end if;
	id := v_id;
	org_code := v_org;
end
$$;

-- A visit is an effective interaction when somebody was there.
create function api.visit_record(p_customer_id bigint,
    p_happened_at timestamptz, p_on_site bool, p_photos smallint,
    p_duration_min bigint, p_attendees text, p_summary text,
    p_opportunity_id bigint, p_confirmed bool)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	perform api.need_role('rep', 'supervisor', 'technical', 'service');
	return query select a.id, a.org_code from api.activity_add(p_customer_id,
	    'visit', p_happened_at, p_on_site, coalesce(p_on_site, false),
	    p_photos, p_duration_min, p_attendees,
	    api.need_text(p_summary, 'summary', 4000), p_opportunity_id,
	    p_confirmed) a;
end
$$;

-- Everything else one may record by hand: call, mail, demo, meeting, note.
-- p_answered: it was two-way.
create function api.activity_record(p_customer_id bigint, p_kind text,
    p_happened_at timestamptz, p_answered bool, p_duration_min bigint,
    p_attendees text, p_summary text, p_opportunity_id bigint,
    p_confirmed bool)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
begin
	perform api.need_role('rep', 'supervisor', 'technical', 'service',
	    'marketing');
	if p_kind is null or p_kind not in
	    ('call', 'mail', 'demo', 'meeting', 'note') then
		perform api.refuse('bad_value', p_kind, 'kind');
	end if;
	return query select a.id, a.org_code from api.activity_add(p_customer_id,
	    p_kind, p_happened_at, p_kind in ('demo', 'meeting'),
	    p_kind <> 'note' and coalesce(p_answered, p_kind <> 'mail'),
	    0::smallint, p_duration_min, p_attendees,
	    api.need_text(p_summary, 'summary', 4000), p_opportunity_id,
	    p_confirmed) a;
end
$$;

-- Takes back what one recorded oneself within a day: the row stays, marked,
-- and no longer counts.
create function api.activity_retract(p_activity_id bigint,
    p_customer_id bigint)
returns table (id bigint, org_code bigint)
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_column
declare
	v_now timestamptz := clock.now();
	v_me bigint := api.me();
	v_a firebreak.activity;
	v_last timestamptz;
begin
	select a.* into v_a from firebreak.activity a
	where a.customer_id = p_customer_id and a.activity_id = p_activity_id
	for update;
	if v_a.activity_id is null then
		perform api.refuse('not_found', p_activity_id::text, 'activity_id');
	elsif v_a.person_id is distinct from v_me then
		perform api.refuse('not_yours', '', 'activity_id');
	elsif v_a.retracted then
		perform api.refuse('already_done', '', 'activity_id');
	elsif v_a.recorded_at < v_now - interval '24 hours' then
		perform api.refuse('too_late_to_undo', '', 'activity_id');
	end if;
	update firebreak.activity a set retracted = true, effective = false
	where a.customer_id = p_customer_id and a.activity_id = p_activity_id
	and a.happened_at = v_a.happened_at;
	if v_a.effective then
		select max(a.happened_at) into v_last from firebreak.activity a
		where a.customer_id = p_customer_id and a.effective;
		update firebreak.customer_state s set
		    last_interaction_at = coalesce(v_last, s.created_at),
		    interactions = s.interactions - 1
		where s.customer_id = p_customer_id;
		perform api.changed('interactions', p_customer_id, v_a.org_code,
		    v_now, p_customer_id, v_me);
	end if;
	perform api.audited(v_now, v_a.org_code, 'activity', p_activity_id,
	    p_customer_id, 'retract',
	    jsonb_build_object('retracted', false, 'effective', v_a.effective),
	    jsonb_build_object('retracted', true, 'effective', false));
	perform api.changed(case v_a.kind when 'visit' then 'visits'
	    else 'activities' end, v_me, v_a.org_code, v_now, p_customer_id, v_me);
	return query select p_activity_id, v_a.org_code;
end
$$;

revoke execute on all functions in schema api from public;
grant execute on function
    api.visit_record(bigint, timestamptz, bool, smallint, bigint, text, text,
        bigint, bool),
    api.activity_record(bigint, text, timestamptz, bool, bigint, text, text,
        bigint, bool),
    api.activity_retract(bigint, bigint)
    to firebreak_app;

reset role;
