-- Taking an import back.

set role firebreak_owner;

-- Rows that somebody or a later import touched since: they stay.  What was done
-- with something of a customer's was done to the customer.
create function staging.touched(p_import bigint, p_entity text)
returns table (id bigint, who text)
language sql stable
as $$
	with since as (
		select coalesce(max(a.audit_id), 0) as audit_id
		from firebreak.audit_all a
		where a.entity = 'import' and a.entity_id = p_import),
	later as (
		select a.entity, a.entity_id, a.customer_id, p.name
		from firebreak.audit_all a
		left join firebreak.person p on p.person_id = a.person_id
		where a.audit_id > (select audit_id from since))
	select t.id, coalesce(max(t.who), 'firebreakctl') from (
		select entity_id as id, name as who from later
		where entity = p_entity
		union all
		select customer_id, name from later
		where p_entity = 'customer' and customer_id is not null
		union all
		select o.id, 'import ' || o.import_id from firebreak.import_old o
		where o.import_id > p_import and o.entity = p_entity) t
	group by 1
$$;

-- Takes an import back: what it changed gets its old values, what it made is
-- removed, unless it has changed since or something new hangs on it.  Says how
-- many were left for either reason, and some of those that changed: which, who.
create function firebreak.import_revert(p_import bigint)
returns table (entity text, deleted bigint, restored bigint, changed bigint,
    held bigint, examples text)
language plpgsql
as $$
#variable_conflict use_column
declare
	e firebreak.import_entity;
	v_run firebreak.import_run;
	v_set text;
	v_from text;
	v_made bigint;
	v_now timestamptz := clock.now();
begin
	perform pg_advisory_xact_lock(hashtext('firebreak.import'));
	select * into v_run from firebreak.import_run r
	where r.import_id = p_import for update;
	if v_run.status is distinct from 'done' then
		raise exception using errcode = 'FB001', message = 'not_done',
		    detail = coalesce(v_run.status, 'no such import');
	end if;
	for e in select * from firebreak.import_entity x order by position desc
	loop
		entity := e.entity;
		changed := 0;
		create temp table import_keep on commit drop as
		select t.id, t.who from staging.touched(p_import, e.entity) t;
		-- old values
		select string_agg(format('%I = j.%I', c.col, c.col), ', ')
		into v_set from staging.columns(e.entity) c
		where not c.once and to_regclass('staging.ready_' || e.entity)
		    is not null;
		restored := 0;
		if v_set is not null then
			execute format('update firebreak.%I t set (%s) = (select %s from'
			    ' jsonb_populate_record(t, o.old) j)%s from'
			    ' firebreak.import_old o where o.import_id = %s and'
			    ' o.entity = %L and o.id = t.%I%s and t.%I not in'
			    ' (select id from import_keep)', e.relation,
			    (select string_agg(format('%I', c.col), ', ')
			    from staging.columns(e.entity) c where not c.once),
			    (select string_agg(format('j.%I', c.col), ', ')
			    from staging.columns(e.entity) c where not c.once),
			    case when e.has_version then ', version = t.version + 1,'
			        ' updated_at = clock.now()' else '' end,
			    p_import, e.entity, e.id_column,
			    case when staging.same_customer(e.entity) = '' then ''
			    else ' and t.customer_id = o.customer_id' end, e.id_column);
			get diagnostics restored = row_count;
			select count(*) into changed from firebreak.import_old o
			where o.import_id = p_import and o.entity = e.entity
			and o.id in (select id from import_keep);
		end if;
		-- what was made
		execute format('create temp table import_gone on commit drop as'
		    ' select t.%I as id from firebreak.%I t where %s', e.id_column,
		    e.relation, case when e.has_import_id
		    then format('t.import_id = %s', p_import)
		    else format('t.%I in (select m.id from firebreak.import_made m'
		        ' where m.import_id = %s and m.entity = %L)', e.id_column,
		        p_import, e.entity) end);
		delete from import_keep k where k.id not in (select id from import_gone)
		and not exists (select from firebreak.import_old o
		    where o.import_id = p_import and o.entity = e.entity
		    and o.id = k.id);
		select coalesce(string_agg(format('%s (%s)', k.id, k.who), ', '
		    order by k.id), '') into examples
		from (select * from import_keep order by id limit 5) k;
		delete from import_gone g using import_keep k where k.id = g.id;
		get diagnostics v_made = row_count;
		changed := changed + v_made;
		select count(*) into v_made from import_gone;
		perform staging.free_for_removal(e.entity);
		select v_made - count(*), count(*) into held, deleted
		from import_gone;
		perform staging.remove_what_belongs(e.entity);
		execute format('delete from firebreak.%I t using import_gone g'
		    ' where t.%I = g.id', e.relation, e.id_column);
		delete from firebreak.external_key k using import_gone g
		where k.entity = e.entity and k.id = g.id;
		drop table import_gone;
		drop table import_keep;
		if deleted + restored + changed + held > 0 then
			return next;
		end if;
	end loop;
	delete from firebreak.import_old o where o.import_id = p_import;
	update firebreak.import_run r set status = 'reverted',
	    reverted_at = v_now where r.import_id = p_import;
	insert into firebreak.audit_open (at, person_id, org_code, entity,
	    entity_id, action, cause)
	select v_now, null, u.code_lo, 'import', p_import, 'revert', 'import'
	from firebreak.org_unit u where u.parent_id is null;
	insert into firebreak.change_queue (source, org_code, at)
	select distinct x.source, u.code_lo, v_now
	from firebreak.import_entity x, firebreak.org_unit u
	where x.source <> '' and u.parent_id is null;
end
$$;

-- Takes out of import_gone what others still hang on.
create function staging.free_for_removal(p_entity text) returns void
language plpgsql
as $$
begin
	case p_entity
	when 'customer' then
		delete from import_gone g where exists (select from
		    firebreak.contact x where x.customer_id = g.id)
		or exists (select from firebreak.opportunity x
		    where x.customer_id = g.id)
		or exists (select from firebreak.activity x
		    where x.customer_id = g.id)
		or exists (select from firebreak.orders x
		    where x.customer_id = g.id)
		or exists (select from firebreak.ticket x
		    where x.customer_id = g.id);
	when 'person' then
		delete from import_gone g where exists (select from
		    firebreak.device x where x.person_id = g.id)
		or exists (select from firebreak.invite x where x.person_id = g.id)
		or exists (select from firebreak.customer x where x.owner_id = g.id)
		or exists (select from firebreak.opportunity x
		    where x.owner_id = g.id)
		or exists (select from firebreak.activity x
		    where x.person_id = g.id);
	when 'unit' then
		with recursive held (unit_id) as (
			select s.unit_id from firebreak.seat s
			union
			select u.unit_id from firebreak.org_unit u
			where u.unit_id not in (select id from import_gone)
			union
			select u.parent_id from held h
			join firebreak.org_unit u using (unit_id)
			where u.parent_id is not null)
		delete from import_gone g using held h where h.unit_id = g.id;
	when 'product' then
		delete from import_gone g where exists (select from
		    firebreak.opportunity x where x.product_id = g.id)
		or exists (select from firebreak.order_line x
		    where x.product_id = g.id);
	else
		null;
	end case;
end
$$;

create function staging.remove_what_belongs(p_entity text) returns void
language plpgsql
as $$
begin
	case p_entity
	when 'customer' then
		delete from firebreak.customer_state t using import_gone g
		where t.customer_id = g.id;
		delete from firebreak.customer_key t using import_gone g
		where t.customer_id = g.id;
		update firebreak.alert t set closed_at = clock.now()
		from import_gone g
		where t.customer_id = g.id and t.closed_at is null;
	when 'opportunity' then
		delete from firebreak.opportunity_stage_history t
		using import_gone g where t.opportunity_id = g.id;
	when 'person' then
		delete from firebreak.seat t using import_gone g
		where t.person_id = g.id;
	when 'unit' then
		delete from firebreak.org_closure t using import_gone g
		where t.ancestor = g.id or t.descendant = g.id;
	when 'product' then
		delete from firebreak.product_stage t using import_gone g
		where t.product_id = g.id;
	else
		null;
	end case;
end
$$;

reset role;
