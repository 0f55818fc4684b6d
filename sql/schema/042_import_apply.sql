-- Comparing what is staged with what is there; inserting and updating in sets.

set role firebreak_owner;

-- Columns that an import fills when it inserts and leaves alone afterwards:
-- who owns a row is decided in the program from then on.
create table firebreak.import_once (col text primary key);
insert into firebreak.import_once values ('org_code'), ('owner_id'),
    ('person_id'), ('customer_id'), ('unit_id'), ('assigned_to'), ('status'),
    ('source'), ('origin'), ('created_at'), ('name_grams'), ('happened_at'),
    ('stage_entered_at'), ('stage_position'), ('valid'), ('valid_at'),
    ('number');

-- What stands where a row to be inserted has nothing, if the column's own
-- default will not do.
create table firebreak.import_blank (col text primary key, value text not null);
insert into firebreak.import_blank values
    ('created_at', 'clock.now()'), ('opened_at', 'clock.now()'),
    ('stage_entered_at', 'coalesce(r.closed_at, clock.now())'),
    ('expected_close', 'clock.today()'), ('due_at', 'clock.now()');

create function staging.columns(p_entity text)
returns table (col text, once bool, value text, plain text)
language sql stable
as $$
	select a.attname::text, o.col is not null,
	    case when b.value is not null
	        then format('coalesce(r.%I, %s)', a.attname, b.value)
	        when d.oid is not null then format('coalesce(r.%I, %s)', a.attname,
	            pg_get_expr(d.adbin, d.adrelid))
	        else format('r.%I', a.attname) end,
	    case when a.attcollation <> 0 then ' collate "C"' else '' end
	from firebreak.import_entity e
	join pg_attribute v on v.attrelid = to_regclass('staging.ready_' || e.entity)
	    and v.attnum > 0
	join pg_attribute a on a.attrelid = ('firebreak.' || e.relation)::regclass
	    and a.attname = v.attname
	left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
	left join firebreak.import_once o on o.col = a.attname
	left join firebreak.import_blank b on b.col = a.attname
	where e.entity = p_entity
	order by v.attnum
$$;

-- Which staged rows are there already.
create function staging.match(p_entity text) returns void
language plpgsql
as $$
begin
	truncate staging.matched;
	if p_entity = 'customer' then
		insert into staging.matched
		select s.line, k.customer_id, k.customer_id, true
		from staging.customer s join firebreak.customer_key k
		on k.kind = current_setting('import.source') and k.key = s.key;
		insert into staging.matched
		select distinct on (k.customer_id) s.line, k.customer_id,
		    k.customer_id, false
		from staging.customer s join firebreak.customer_key k
		on k.kind = 'name' and k.key = coalesce(s.folded,
		    lower(normalize(btrim(s.name), NFKC)))
		where not exists (select from staging.matched m where m.line = s.line)
		and not exists (select from staging.matched m
		    where m.id = k.customer_id) -- two, because `or` cannot be hashed
		order by k.customer_id, s.line;
	else
		execute format('insert into staging.matched'
		    ' select s.line, k.id, k.customer_id, true from staging.%I s'
		    ' join staging.known k on k.entity = %L and k.key = s.key',
		    p_entity, p_entity);
	end if;
	analyze staging.matched;
end
$$;

-- Of several rows with one key the last counts; the others are rejects unless
-- they say the same.
create function staging.repeats(p_entity text) returns bigint
language plpgsql
as $$
declare
	v_same bigint;
begin
	execute format('insert into staging.reject select s.line,'
	    ' ''the key "'' || s.key || ''" comes again on line '' || l.line'
	    ' from staging.%1$I s join (select distinct on (key) * from'
	    ' staging.%1$I order by key, line desc) l on l.key = s.key'
	    ' where s.line < l.line and to_jsonb(s) - ''line'' - ''id'''
	    ' <> to_jsonb(l) - ''line'' - ''id''', p_entity);
	execute format('with gone as (delete from staging.%1$I s using'
	    ' staging.%1$I l where l.key = s.key and s.line < l.line returning'
	    ' s.line) select count(distinct line) from gone', p_entity)
	into v_same;
	return v_same;
end
$$;

-- After the rows: what else belongs to them.
create function staging.after_customer() returns void
language plpgsql
as $$
begin
	insert into firebreak.customer_key (kind, key, customer_id)
	select current_setting('import.source'), s.key, s.id
	from staging.customer s left join staging.matched m using (line)
	where m.line is null
	union all
	select current_setting('import.source'), s.key, m.id
	from staging.customer s join staging.matched m using (line)
	where not m.by_key;
	insert into firebreak.customer_key (kind, key, customer_id)
	select 'name', coalesce(s.folded, lower(normalize(btrim(s.name), NFKC))),
	    s.id
	from staging.customer s left join staging.matched m using (line)
	where m.line is null
	order by 2 -- the index grows at one end: three times as fast
	on conflict do nothing;
	insert into firebreak.customer_state (customer_id, org_code, owner_id,
	    grade, created_at, last_interaction_at, last_key_at, name)
	select c.customer_id, c.org_code, c.owner_id, c.grade, c.created_at,
	    c.created_at, c.created_at, c.name
	from staging.customer s left join staging.matched m using (line)
	join firebreak.customer c on c.customer_id = s.id
	where m.line is null;
	update firebreak.customer_state t set name = c.name, grade = c.grade
	from staging.matched m join firebreak.customer c on c.customer_id = m.id
	where t.customer_id = m.id
	and (t.name, t.grade) is distinct from (c.name, c.grade);
	update firebreak.customer c set name_grams = firebreak.grams(c.name)
	from firebreak.import_old o
	where o.import_id = current_setting('import.id')::bigint
	and o.entity = 'customer' and o.id = c.customer_id and o.old ? 'name';
end
$$;

create function staging.after_opportunity() returns void
language plpgsql
as $$
begin
	-- one that was there: its stage may have changed
	update firebreak.opportunity_stage_history h set left_at = clock.now()
	from firebreak.import_old o
	where o.import_id = current_setting('import.id')::bigint
	and o.entity = 'opportunity' and o.old ? 'stage'
	and h.customer_id = o.customer_id and h.opportunity_id = o.id
	and h.left_at is null;
	update firebreak.opportunity t set stage_position = f.position,
	    stage_entered_at = clock.now(), valid = t.valid or f.valid_from_here,
	    valid_at = case when t.valid then t.valid_at
	        when f.valid_from_here then clock.now() end
	from firebreak.import_old o, firebreak.stage_def f
	where o.import_id = current_setting('import.id')::bigint
	and o.entity = 'opportunity' and o.old ? 'stage'
	and t.customer_id = o.customer_id and t.opportunity_id = o.id
	and f.pipeline = t.pipeline and f.stage = t.stage;
	insert into firebreak.opportunity_stage_history (customer_id,
	    opportunity_id, org_code, from_stage, to_stage, entered_at, person_id,
	    recorded_at)
	select t.customer_id, t.opportunity_id, t.org_code, o.old ->> 'stage',
	    t.stage, t.stage_entered_at, t.owner_id, clock.now()
	from staging.opportunity s left join staging.matched m using (line)
	join firebreak.opportunity t on t.opportunity_id = coalesce(m.id, s.id)
	left join firebreak.import_old o on o.entity = 'opportunity'
	    and o.import_id = current_setting('import.id')::bigint
	    and o.id = t.opportunity_id
	where m.line is null or o.old ? 'stage';
end
$$;

create function staging.after_activity() returns void
language sql
as $$
	update firebreak.customer_state t set
	    last_interaction_at = greatest(t.last_interaction_at, a.last),
	    interactions = t.interactions + a.count
	from (select a.customer_id, max(a.happened_at) as last, count(*)
	    from staging.activity s left join staging.matched m using (line)
	    join firebreak.activity a on a.activity_id = s.id
	        and a.happened_at = s.happened_at
	    where m.line is null and a.effective group by 1) a
	where t.customer_id = a.customer_id
$$;

-- People and units get their places from the functions that give codes out;
-- there are few of them.
create function staging.apply_unit(out inserted bigint, out updated bigint,
    out unchanged bigint)
language plpgsql
as $$
declare
	s staging.unit;
	v_up bigint;
	v_id bigint;
begin
	inserted := 0;
	updated := 0;
	unchanged := 0;
	for s in select * from staging.unit order by line loop
		select k.id into v_id from staging.known k
		where k.entity = 'unit' and k.key = s.key;
		if v_id is not null then
			unchanged := unchanged + 1;
			continue;
		end if;
		select case when s.parent is null then (select unit_id
		    from firebreak.org_unit where parent_id is null)
		    else (select k.id from staging.known k
		    where k.entity = 'unit' and k.key = s.parent) end into v_up;
		if v_up is null then
			insert into staging.reject values (s.line, case when s.parent
			    is null then 'there is no company yet: firebreakctl init'
			    else staging.unknown('unit', s.parent) end);
			continue;
		end if;
		select unit_id into v_id from firebreak.org_unit
		where parent_id = v_up and name = s.name;
		if v_id is null then
			v_id := firebreak.unit_add(v_up, s.name, s.kind);
			insert into firebreak.import_made values
			    (current_setting('import.id')::bigint, 'unit', v_id);
			inserted := inserted + 1;
		else
			unchanged := unchanged + 1;
		end if;
		insert into firebreak.external_key (entity, source, key, id)
		values ('unit', current_setting('import.source'), s.key, v_id);
	end loop;
end
$$;

create function staging.apply_person(out inserted bigint, out updated bigint,
    out unchanged bigint)
language plpgsql
as $$
declare
	s staging.person;
	v_unit bigint;
	v_id bigint;
begin
	inserted := 0;
	updated := 0;
	unchanged := 0;
	for s in select * from staging.person order by line loop
		select k.id into v_id from staging.known k
		where k.entity = 'person' and k.key = s.key;
		if v_id is not null then
			unchanged := unchanged + 1;
			continue;
		end if;
		select case when s.unit is null then (select unit_id
		    from firebreak.org_unit where parent_id is null)
		    else (select k.id from staging.known k
		    where k.entity = 'unit' and k.key = s.unit) end into v_unit;
		if v_unit is null then
			insert into staging.reject values (s.line,
			    staging.unknown('unit', s.unit));
			continue;
		end if;
		select p.person_id into v_id from firebreak.person p
		where p.email = s.email;
		if v_id is null then
			v_id := firebreak.person_add(s.name, s.email,
			    coalesce(s.lang, 'zh'), s.hired_on);
			perform firebreak.seat_add(v_unit, coalesce(s.role, 'rep'), v_id);
			insert into firebreak.import_made values
			    (current_setting('import.id')::bigint, 'person', v_id);
			inserted := inserted + 1;
		else
			unchanged := unchanged + 1;
		end if;
		insert into firebreak.external_key (entity, source, key, id)
		values ('person', current_setting('import.source'), s.key, v_id);
	end loop;
end
$$;

-- Customers that stand in where a row names none that is known: one for each
-- owner, so that its rows stay with them.  What was named is kept in extra.
create function firebreak.import_stand_in(p_entity text, p_name text,
    p_owner text) returns bigint
language plpgsql
as $$
declare
	v_count bigint;
	v_none bigint;
	v_extra bool := exists (select from firebreak.import_field
	    where entity = p_entity and field = 'extra');
begin
	execute format('create temp table import_lost on commit drop as'
	    ' select s.line, s.%I as owner from staging.%I s where not exists'
	    ' (select from firebreak.customer_key k where k.kind ='
	    ' current_setting(''import.source'') and k.key = s.customer)',
	    p_owner, p_entity);
	select count(*) into v_count from import_lost;
	if v_count > 0 then
		truncate staging.customer;
		insert into staging.customer (line, key, name, owner)
		select min(l.line), p_name || '/' || coalesce(l.owner, ''),
		    p_name || coalesce(' ' || min(p.name), ''), l.owner
		from import_lost l
		left join staging.known k on k.entity = 'person' and k.key = l.owner
		left join firebreak.person p on p.person_id = k.id
		group by l.owner;
		perform firebreak.import_apply('customer', false);
		-- for whom there is none: said here, or they would lack a customer
		-- that nobody named
		execute format('with gone as (delete from staging.%I s'
		    ' using import_lost l where l.line = s.line and not exists'
		    ' (select from staging.known_customer k where k.key ='
		    ' %L || ''/'' || coalesce(l.owner, '''')) returning l.*)'
		    ' insert into staging.reject select line, case when owner is'
		    ' null then ''nobody owns it: map an owner, or import with'
		    ' --owner'' else staging.unknown(''person'', owner) end'
		    ' from gone', p_entity, p_name);
		get diagnostics v_none = row_count;
		v_count := v_count - v_none;
		execute format('update staging.%I s set customer = %L || ''/'' ||'
		    ' coalesce(l.owner, '''') %s from import_lost l'
		    ' where l.line = s.line', p_entity, p_name, case when v_extra
		    then ', extra = case when s.customer is null then s.extra else'
		    ' coalesce(s.extra, ''{}'') || jsonb_build_object(''customer'','
		    ' s.customer) end' else '' end);
		execute format('analyze staging.%I', p_entity);
	end if;
	drop table import_lost;
	return v_count;
end
$$;

-- The tables whose indexes a first load builds at its end, which takes a third
-- of the time: those of an entity, if there is no row of it yet and many come.
create function staging.first_load(p_entity text) returns text[]
language plpgsql
as $$
declare
	v_tables text[] := case p_entity
	    when 'customer' then '{customer,customer_state,customer_key}'
	    when 'contact' then '{contact}'
	    when 'opportunity' then '{opportunity}' else '{}' end;
	v_few bool;
begin
	if v_tables = '{}' then
		return v_tables;
	end if;
	execute format('select count(*) < 10000 or exists (select from'
	    ' firebreak.%I) from (select from staging.%I limit 10000) s',
	    p_entity, p_entity)
	into v_few;
	return case when v_few then '{}' else v_tables end;
end
$$;

-- Takes the indexes and references of these tables away, for nobody but this
-- transaction; unique ones stay.
create function staging.indexes_drop(p_tables text[]) returns void
language plpgsql
as $$
declare
	v_do text;
begin
	for v_do in select format('lock table firebreak.%I in access exclusive'
	    ' mode', t) from unnest(p_tables) t
	loop
		execute v_do;
	end loop;
	create temp table import_index on commit drop as
	select pg_get_indexdef(i.indexrelid) as make,
	    format('drop index %s', i.indexrelid::regclass) as take
	from unnest(p_tables) t join pg_index i
	    on i.indrelid = ('firebreak.' || t)::regclass and not i.indisunique
	union all
	select format('alter table %s add constraint %I %s', c.conrelid::regclass,
	        c.conname, pg_get_constraintdef(c.oid)),
	    format('alter table %s drop constraint %I', c.conrelid::regclass,
	        c.conname)
	from unnest(p_tables) t join pg_constraint c
	    on c.conrelid = ('firebreak.' || t)::regclass and c.contype = 'f';
	for v_do in select take from import_index loop
		execute v_do;
	end loop;
end
$$;

create function staging.indexes_make(p_tables text[]) returns void
language plpgsql
set maintenance_work_mem = '256MB'
as $$
declare
	v_do text;
begin
	for v_do in select make from import_index
	    union all select format('analyze firebreak.%I', t)
	    from unnest(p_tables) t
	loop
		execute v_do;
	end loop;
	drop table import_index;
end
$$;

-- The generic part: compares, rejects, inserts, updates what differs.
create function firebreak.import_apply(p_entity text, p_repeats bool,
    out inserted bigint, out updated bigint, out unchanged bigint,
    out repeated bigint)
language plpgsql
set jit = off
set work_mem = '64MB'
as $$
declare
	e firebreak.import_entity;
	v_import bigint := current_setting('import.id')::bigint;
	v_differs text;
	v_old text;
	v_set text;
	v_columns text;
	v_values text;
	v_first text[];
begin
	select * into e from firebreak.import_entity x where x.entity = p_entity;
	execute format('analyze staging.%I', p_entity);
	repeated := 0;
	if p_repeats then
		repeated := staging.repeats(p_entity);
	end if;
	if to_regproc('staging.apply_' || p_entity) is not null then
		execute format('select * from staging.apply_%I()', p_entity)
		into inserted, updated, unchanged;
		return;
	end if;
	if p_entity = 'activity' then
		perform firebreak.partition_ensure(min(s.happened_at)::date,
		    (least(600, extract(epoch from max(s.happened_at)
		    - min(s.happened_at)) / 2419200) + 2)::int)
		from staging.activity s having count(*) > 0;
	end if;
	execute format('insert into staging.reject select line, why from'
	    ' staging.%I where why is not null', 'ready_' || p_entity);
	execute format('delete from staging.%I s using staging.reject j'
	    ' where j.line = s.line', p_entity);
	perform staging.match(p_entity);
	v_first := staging.first_load(p_entity);
	if v_first <> '{}' then
		perform staging.indexes_drop(v_first);
	end if;
	select string_agg(format('r.%1$I is not null and r.%1$I%2$s is'
	        ' distinct from t.%1$I%2$s', c.col, c.plain),
	        ' or ') filter (where not c.once and c.col <> 'extra')
	    || coalesce(max(' or not t.extra @> r.extra')
	        filter (where c.col = 'extra'), ''),
	    string_agg(format('case when r.%1$I is not null and r.%1$I%2$s'
	        ' is distinct from t.%1$I%2$s then'
	        ' jsonb_build_object(%1$L, t.%1$I) else ''{}'' end',
	        c.col, c.plain), ' || ') filter (where not c.once),
	    string_agg(case when c.col = 'extra'
	        then 'extra = t.extra || coalesce(r.extra, ''{}'')'
	        else format('%1$I = coalesce(r.%1$I, t.%1$I)', c.col) end, ', ')
	        filter (where not c.once),
	    string_agg(format('%I', c.col), ', '),
	    string_agg(c.value, ', ')
	into v_differs, v_old, v_set, v_columns, v_values
	from staging.columns(p_entity) c;
	execute format('insert into firebreak.import_old'
	    ' (import_id, entity, id, customer_id, old)'
	    ' select %s, %L, m.id, m.customer_id, %s from staging.%I r'
	    ' join staging.matched m using (line) join firebreak.%I t'
	    ' on t.%I = m.id%s where %s on conflict do nothing',
	    v_import, p_entity, v_old, 'ready_' || p_entity, e.relation,
	    e.id_column, staging.same_customer(e.entity), v_differs);
	execute format('update firebreak.%I t set %s%s from staging.%I r'
	    ' join staging.matched m using (line)'
	    ' where t.%I = m.id%s and (%s)', e.relation, v_set,
	    case when e.has_version then ', version = t.version + 1,'
	        ' updated_at = clock.now()' else '' end,
	    'ready_' || p_entity, e.id_column, staging.same_customer(e.entity),
	    v_differs);
	get diagnostics updated = row_count;
	execute format('insert into firebreak.%I (%I, %s%s%s, recorded_at)'
	    ' select r.id, %s%s%s, clock.now() from staging.%I r'
	    ' left join staging.matched m using (line) where m.line is null',
	    e.relation, e.id_column, v_columns,
	    case when e.has_import_id then ', import_id' else '' end,
	    case when e.has_version then ', updated_at' else '' end, v_values,
	    case when e.has_import_id then ', ' || v_import else '' end,
	    case when e.has_version then ', clock.now()' else '' end,
	    'ready_' || p_entity);
	get diagnostics inserted = row_count;
	if not e.has_import_id then
		execute format('insert into firebreak.import_made select %s, %L, s.id'
		    ' from staging.%I s left join staging.matched m using (line)'
		    ' where m.line is null', v_import, p_entity, p_entity);
	end if;
	if p_entity <> 'customer' then
		execute format('insert into firebreak.external_key select %L,'
		    ' current_setting(''import.source''), r.key, r.id%s'
		    ' from staging.%I r left join staging.matched m using (line)'
		    ' where m.line is null on conflict do nothing', p_entity,
		    case when staging.same_customer(p_entity) = '' then ', null'
		    else ', r.customer_id' end, 'ready_' || p_entity);
	end if;
	if to_regproc('staging.after_' || p_entity) is not null then
		execute format('select staging.after_%I()', p_entity);
	end if;
	if v_first <> '{}' then
		perform staging.indexes_make(v_first);
	end if;
	unchanged := (select count(*) from staging.matched) - updated;
	-- the next import, and every list, plans before autovacuum comes by
	if inserted >= 1000 then
		execute format('analyze firebreak.%I', e.relation);
		if p_entity = 'customer' then
			analyze firebreak.customer_key, firebreak.customer_state;
		end if;
	end if;
end
$$;

-- The part of a join that the keys of customers' own tables begin with.
create function staging.same_customer(p_entity text) returns text
language sql immutable
as $$ select case when p_entity in ('contact', 'opportunity', 'activity',
	'order', 'ticket') then ' and t.customer_id = m.customer_id' else '' end $$;

-- Begins an import: one at a time.
create function firebreak.import_begin(p_file text, p_mapping text,
    p_source text, p_owner bigint) returns bigint
language plpgsql
as $$
declare
	v_id bigint;
begin
	perform pg_advisory_xact_lock(hashtext('firebreak.import'));
	insert into firebreak.import_run (file, mapping, person_id, started_at)
	values (p_file, p_mapping, p_owner, clock.now())
	returning import_id into v_id;
	perform set_config('import.id', v_id::text, true),
	    set_config('import.source', p_source, true),
	    set_config('import.owner', coalesce(p_owner::text, ''), true),
	    set_config('timezone', (select value from firebreak.setting
	        where name = 'zone'), true);
	truncate staging.reject;
	return v_id;
end
$$;

-- Ends it: counts, one audit row, one change-queue row for each source.
create function firebreak.import_end(p_rows bigint, p_inserted bigint,
    p_updated bigint, p_unchanged bigint, p_rejected bigint,
    p_reject_file text, p_entities text[]) returns void
language plpgsql
as $$
declare
	v_id bigint := current_setting('import.id')::bigint;
	v_now timestamptz := clock.now();
	v_root bigint := (select code_lo from firebreak.org_unit
	    where parent_id is null);
begin
	update firebreak.import_run set status = 'done', finished_at = v_now,
	    rows_in = p_rows, inserted = p_inserted, updated = p_updated,
	    unchanged = p_unchanged, rejected = p_rejected,
	    reject_file = p_reject_file
	where import_id = v_id;
	insert into firebreak.audit_open (at, person_id, org_code, entity,
	    entity_id, action, cause, new)
	select v_now, r.person_id, v_root, 'import', v_id, 'import', 'import',
	    jsonb_build_object('file', r.file, 'mapping', r.mapping, 'inserted',
	        p_inserted, 'updated', p_updated, 'rejected', p_rejected)
	from firebreak.import_run r where r.import_id = v_id;
	if p_inserted + p_updated > 0 then
		insert into firebreak.change_queue (source, org_code, person_id, at)
		select distinct e.source, v_root, r.person_id, v_now
		from firebreak.import_entity e, firebreak.import_run r
		where e.entity = any (p_entities) and e.source <> ''
		and r.import_id = v_id;
	end if;
end
$$;

reset role;
