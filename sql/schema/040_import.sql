-- Imports: rows come by COPY into an unlogged staging table of their entity;
-- a view makes of each what the target wants (references looked up, a reason
-- where it cannot be); one function compares the view with the target and
-- inserts and updates in sets.
--
-- Everything here belongs to owner and is for firebreakctl alone: no right on
-- any of it is given away.  One import runs at a time, in one transaction; the
-- settings import.id and import.source say which and under what name the keys
-- of the other system are kept.

set role firebreak_owner;

create schema staging;

-- How other systems call what is no customer (customers: customer_key).
create table firebreak.external_key (
	entity text not null,
	source text not null,
	key text not null,
	id bigint not null,
	customer_id bigint,
	primary key (entity, source, key)
);
create index external_key_id on firebreak.external_key (entity, id);

-- For revert: what an import changed, and what it made in tables that have no
-- import_id of their own.
create table firebreak.import_old (
	import_id bigint not null,
	entity text not null,
	id bigint not null,
	customer_id bigint,
	old jsonb not null,
	primary key (import_id, entity, id)
);
create index import_old_row on firebreak.import_old (entity, id);
create table firebreak.import_made (
	import_id bigint not null,
	entity text not null,
	id bigint not null,
	primary key (import_id, entity, id)
);

-- The entities a mapping may name, in the order in which they depend on one
-- another, with what the generic function needs to know of them.
create table firebreak.import_entity (
	entity text primary key,
	position smallint not null unique,
	relation text not null,
	id_column text not null,
	has_import_id bool not null,
	has_version bool not null,
	source text not null default '',
	zh text not null,
	en text not null
);
comment on column firebreak.import_entity.source is
    'of the change queue; empty: the rules do not look at it';

insert into firebreak.import_entity (position, entity, relation, id_column,
    has_import_id, has_version, source, zh, en) values
    (1, 'unit', 'org_unit', 'unit_id', false, false, '', '组织', 'units'),
    (2, 'person', 'person', 'person_id', false, false, '', '人员', 'people'),
    (3, 'product', 'product', 'product_id', false, false, '', '产品',
        'products'),
    (4, 'customer', 'customer', 'customer_id', true, true, 'customers',
        '客户', 'customers'),
    (5, 'contact', 'contact', 'contact_id', true, true, 'customers',
        '联系人', 'contacts'),
    (6, 'opportunity', 'opportunity', 'opportunity_id', true, true,
        'opportunities', '商机', 'opportunities'),
    (7, 'activity', 'activity', 'activity_id', true, false, 'activities',
        '活动', 'activities'),
    (8, 'order', 'orders', 'order_id', true, false, 'orders', '订单',
        'orders'),
    (9, 'task', 'task', 'task_id', false, false, 'tasks', '任务', 'tasks'),
    (10, 'ticket', 'ticket', 'ticket_id', true, false, '', '工单',
        'tickets'),
    (11, 'lead', 'lead', 'lead_id', true, false, 'leads', '线索', 'leads');

-- The fields a mapping may fill.  type ref:<entity> is the other system's key
-- of such a row.
create table firebreak.import_field (
	entity text not null references firebreak.import_entity,
	field text not null,
	type text not null,
	required bool not null default false,
	choices text[],
	primary key (entity, field)
);

insert into firebreak.import_field (entity, field, type, required, choices)
values
    ('unit', 'name', 'text', true, null),
    ('unit', 'kind', 'text', true, '{region,area,team}'),
    ('unit', 'parent', 'ref:unit', false, null),
    ('person', 'name', 'text', true, null),
    ('person', 'email', 'text', false, null),
    ('person', 'role', 'text', false, '{rep,supervisor,ops,finance,technical,service,marketing,supply}'),
    ('person', 'unit', 'ref:unit', false, null),
    ('person', 'lang', 'text', false, '{zh,en}'),
    ('person', 'hired_on', 'date', false, null),
    ('product', 'name', 'text', true, null),
    ('product', 'code', 'text', false, null),
    ('product', 'series', 'text', false, null),
    ('product', 'price', 'money', false, null),
    ('product', 'extra', 'extra', false, null),
    ('customer', 'name', 'text', true, null),
    ('customer', 'owner', 'ref:person', false, null),
    ('customer', 'grade', 'text', false, '{KA,A,B,C,D}'),
    ('customer', 'industry', 'text', false, null),
    ('customer', 'city', 'text', false, null),
    ('customer', 'phone', 'text', false, null),
    ('customer', 'website', 'text', false, null),
    ('customer', 'tax_no', 'text', false, null),
    ('customer', 'address', 'text', false, null),
    ('customer', 'parent_name', 'text', false, null),
    ('customer', 'employees', 'int', false, null),
    ('customer', 'revenue', 'money', false, null),
    ('customer', 'currency', 'text', false, null),
    ('customer', 'founded', 'int', false, null),
    ('customer', 'created_at', 'time', false, null),
    ('customer', 'extra', 'extra', false, null),
    ('contact', 'customer', 'ref:customer', false, null),
    ('contact', 'owner', 'ref:person', false, null),
    ('contact', 'name', 'text', true, null),
    ('contact', 'title', 'text', false, null),
    ('contact', 'department', 'text', false, null),
    ('contact', 'phone', 'text', false, null),
    ('contact', 'email', 'text', false, null),
    ('contact', 'is_key', 'bool', false, null),
    ('contact', 'created_at', 'time', false, null),
    ('contact', 'extra', 'extra', false, null),
    ('opportunity', 'customer', 'ref:customer', false, null),
    ('opportunity', 'owner', 'ref:person', false, null),
    ('opportunity', 'name', 'text', false, null),
    ('opportunity', 'stage', 'text', true, null),
    ('opportunity', 'product', 'ref:product', false, null),
    ('opportunity', 'amount', 'money', false, null),
    ('opportunity', 'currency', 'text', false, null),
    ('opportunity', 'created_at', 'time', false, null),
    ('opportunity', 'closed_at', 'time', false, null),
    ('opportunity', 'expected_close', 'date', false, null),
    ('opportunity', 'loss_reason', 'text', false, null),
    ('opportunity', 'extra', 'extra', false, null),
    ('activity', 'customer', 'ref:customer', false, null),
    ('activity', 'contact', 'ref:contact', false, null),
    ('activity', 'person', 'ref:person', false, null),
    ('activity', 'kind', 'text', true, '{visit,call,mail,demo,meeting,note,download}'),
    ('activity', 'happened_at', 'time', true, null),
    ('activity', 'on_site', 'bool', false, null),
    ('activity', 'effective', 'bool', false, null),
    ('activity', 'duration_s', 'int', false, null),
    ('activity', 'summary', 'text', false, null),
    ('order', 'customer', 'ref:customer', false, null),
    ('order', 'owner', 'ref:person', false, null),
    ('order', 'number', 'text', true, null),
    ('order', 'ordered_at', 'time', true, null),
    ('order', 'amount', 'money', true, null),
    ('order', 'status', 'text', false, '{open,delivered,paid,returned,cancelled}'),
    ('order', 'delivered_at', 'time', false, null),
    ('order', 'due_on', 'date', false, null),
    ('order', 'paid_at', 'time', false, null),
    ('order', 'extra', 'extra', false, null),
    ('task', 'customer', 'ref:customer', false, null),
    ('task', 'contact', 'ref:contact', false, null),
    ('task', 'person', 'ref:person', false, null),
    ('task', 'kind', 'text', false, '{todo,visit,call,mail,talk,intervene,review}'),
    ('task', 'what', 'text', true, null),
    ('task', 'due_at', 'time', false, null),
    ('task', 'done', 'bool', false, null),
    ('task', 'created_at', 'time', false, null),
    ('ticket', 'customer', 'ref:customer', false, null),
    ('ticket', 'contact', 'ref:contact', false, null),
    ('ticket', 'number', 'text', false, null),
    ('ticket', 'kind', 'text', false, '{service,complaint,question,custom}'),
    ('ticket', 'title', 'text', true, null),
    ('ticket', 'body', 'text', false, null),
    ('ticket', 'status', 'text', false, '{open,waiting,solved,closed}'),
    ('ticket', 'priority', 'int', false, null),
    ('ticket', 'opened_at', 'time', false, null),
    ('ticket', 'solved_at', 'time', false, null),
    ('lead', 'name', 'text', true, null),
    ('lead', 'company', 'text', false, null),
    ('lead', 'phone', 'text', false, null),
    ('lead', 'source', 'text', false, null),
    ('lead', 'score', 'int', false, null),
    ('lead', 'person', 'ref:person', false, null),
    ('lead', 'created_at', 'time', false, null),
    ('lead', 'extra', 'extra', false, null);

-- One staging table an entity: line, id (from the target's own sequence), key,
-- the fields, and for texts that are searched their grams and comparison form.
do $$
declare
	e firebreak.import_entity;
	v_columns text;
begin
	for e in select * from firebreak.import_entity loop
		select string_agg(format('%I %s', field, case type
		    when 'int' then 'bigint' when 'money' then 'bigint'
		    when 'time' then 'timestamptz' when 'extra' then 'jsonb'
		    when 'date' then 'date' when 'bool' then 'bool'
		    else 'text collate "C"' end), ', ' order by field)
		into v_columns
		from firebreak.import_field f where f.entity = e.entity;
		execute format('create unlogged table staging.%I (line bigint not null,'
		    ' id bigint not null default nextval(%L), key text collate "C"'
		    ' not null, grams text[], folded text collate "C", %s)', e.entity,
		    pg_get_serial_sequence('firebreak.' || e.relation, e.id_column),
		    v_columns);
	end loop;
end
$$;
create unlogged table staging.reject (line bigint not null, why text not null);

-- Rows of staging that are there already: key or another sign says so.
create unlogged table staging.matched (
	line bigint not null, id bigint not null, customer_id bigint,
	by_key bool not null);

-- What a key of the source stands for.
create view staging.known as
select entity, key, id, customer_id from firebreak.external_key
where source = current_setting('import.source');
create view staging.known_customer as
select k.key, k.customer_id, c.org_code, c.owner_id
from firebreak.customer_key k join firebreak.customer c using (customer_id)
where k.kind = current_setting('import.source');
create view staging.known_person as
select k.key, k.id as person_id, s.code, s.unit_id
from staging.known k join firebreak.seat s on s.person_id = k.id
where k.entity = 'person';
create view staging.pool as
select code_lo from firebreak.org_unit where parent_id is null;

create function staging.unknown(p_what text, p_key text) returns text
language sql immutable
as $$ select case when coalesce(p_key, '') = '' then p_what || ' is missing'
	else 'no ' || p_what || ' "' || p_key || '"' end $$;

-- The views: line, id, key, why (null: fine), then the target's columns by
-- their names.  A null leaves what is stored, or takes the default.
create view staging.ready_product as
select s.line, s.id, s.key, null::text as why, coalesce(s.code, s.key) as code,
    s.name, s.series, s.price, s.extra
from staging.product s;

create view staging.ready_customer as
select s.line, s.id, s.key,
    case when s.owner is not null and p.person_id is null
        then staging.unknown('person', s.owner)
        when coalesce(p.person_id, o.person_id) is null and k.key is null
            then 'nobody owns it: map an owner, or import with --owner'
        when s.founded not between 0 and 32767 then 'founded is no year'
        end as why,
    coalesce(p.code, o.code) as org_code,
    coalesce(p.person_id, o.person_id) as owner_id, s.name, s.grade,
    s.industry, s.city, s.phone, s.website, s.tax_no, s.address, s.parent_name,
    s.employees, s.revenue, s.currency, s.founded::smallint, s.extra,
    coalesce(s.grams, firebreak.grams(s.name)) as name_grams,
    current_setting('import.source') as source, s.created_at
from staging.customer s
left join staging.known_person p on p.key = s.owner
left join firebreak.customer_key k on k.key = s.key
    and k.kind = current_setting('import.source')
left join (select code, person_id from firebreak.seat
    where person_id = nullif(current_setting('import.owner', true), '')::bigint) o
    on true;

create view staging.ready_contact as
select s.line, s.id, s.key, case when c.customer_id is null
        then staging.unknown('customer', s.customer) end as why,
    c.customer_id, c.org_code, s.name, s.title, s.department, s.phone, s.email,
    s.is_key, coalesce(s.grams, firebreak.grams(s.name)) as name_grams,
    s.extra, s.created_at
from staging.contact s left join staging.known_customer c on c.key = s.customer;

create view staging.ready_opportunity as
select s.line, s.id, s.key, case
        when c.customer_id is null then staging.unknown('customer', s.customer)
        when s.owner is not null and p.person_id is null
            then staging.unknown('person', s.owner)
        when s.product is not null and d.id is null
            then staging.unknown('product', s.product)
        when f.stage is null then 'no stage "' || s.stage || '"'
        when s.amount < 0 then 'the amount is negative' end as why,
    c.customer_id, coalesce(p.code, c.org_code) as org_code,
    coalesce(p.person_id, c.owner_id) as owner_id,
    coalesce(s.name, s.key) as name, f.stage, f.position as stage_position,
    case when f.kind <> 'open' then coalesce(s.closed_at, s.created_at)
        else s.created_at end as stage_entered_at,
    f.kind as state, f.valid_from_here as valid,
    case when f.valid_from_here then s.created_at end as valid_at,
    d.id as product_id, s.amount, s.currency,
    coalesce(s.expected_close, (s.closed_at at time zone
        current_setting('timezone'))::date) as expected_close,
    case when f.kind <> 'open' then coalesce(s.closed_at, s.created_at) end
        as closed_at,
    s.loss_reason, current_setting('import.source') as source,
    coalesce(s.grams, firebreak.grams(coalesce(s.name, s.key))) as name_grams,
    s.extra, s.created_at
from staging.opportunity s
left join staging.known_customer c on c.key = s.customer
left join staging.known_person p on p.key = s.owner
left join staging.known d on d.entity = 'product' and d.key = s.product
left join firebreak.stage_def f on f.pipeline = 'standard'
    and f.stage = s.stage;

create view staging.ready_activity as
select s.line, s.id, s.key, case
        when c.customer_id is null then staging.unknown('customer',
            coalesce(s.customer, s.contact))
        when s.person is not null and p.person_id is null
            then staging.unknown('person', s.person)
        when s.happened_at > clock.now() + interval '1 day'
            then 'it lies in the future' end as why,
    c.customer_id, s.happened_at, s.kind, coalesce(p.code, c.org_code)
        as org_code,
    coalesce(p.person_id, c.owner_id) as person_id,
    coalesce(s.on_site, s.kind in ('visit', 'demo', 'meeting')) as on_site,
    coalesce(s.effective, s.kind in ('visit', 'demo', 'meeting'))
        as effective, s.duration_s, s.summary
from staging.activity s
left join staging.known t on t.entity = 'contact' and t.key = s.contact
left join staging.known_customer k on k.key = s.customer
left join firebreak.customer c
    on c.customer_id = coalesce(k.customer_id, t.customer_id)
left join staging.known_person p on p.key = s.person;

create view staging.ready_order as
select s.line, s.id, s.key, case
        when c.customer_id is null then staging.unknown('customer', s.customer)
        when s.owner is not null and p.person_id is null
            then staging.unknown('person', s.owner) end as why,
    c.customer_id, coalesce(p.code, c.org_code) as org_code,
    coalesce(p.person_id, c.owner_id) as owner_id, s.number, s.ordered_at,
    s.amount, s.status, s.delivered_at, s.due_on, s.paid_at, s.extra
from staging."order" s
left join staging.known_customer c on c.key = s.customer
left join staging.known_person p on p.key = s.owner;

create view staging.ready_task as
select s.line, s.id, s.key, case
        when p.person_id is null and c.customer_id is null
            then staging.unknown('person', s.person) end as why,
    c.customer_id, coalesce(p.code, c.org_code) as org_code,
    coalesce(p.person_id, c.owner_id) as person_id, s.kind, s.what,
    coalesce(s.due_at, s.created_at) as due_at,
    case when s.done then 1::smallint when not s.done then 0::smallint end
        as state, s.created_at,
    current_setting('import.source') as origin
from staging.task s
left join staging.known t on t.entity = 'contact' and t.key = s.contact
left join staging.known_customer k on k.key = s.customer
left join firebreak.customer c
    on c.customer_id = coalesce(k.customer_id, t.customer_id)
left join staging.known_person p on p.key = s.person;

create view staging.ready_ticket as
select s.line, s.id, s.key, case
        when c.customer_id is null then staging.unknown('customer',
            coalesce(s.customer, s.contact))
        when s.priority not between 1 and 3 then 'priority is 1, 2 or 3'
        end as why,
    c.customer_id, c.org_code, coalesce(s.number, s.key) as number, s.kind,
    s.title, s.body, s.status, s.priority::smallint, s.opened_at, s.solved_at
from staging.ticket s
left join staging.known t on t.entity = 'contact' and t.key = s.contact
left join staging.known_customer k on k.key = s.customer
left join firebreak.customer c
    on c.customer_id = coalesce(k.customer_id, t.customer_id);

create view staging.ready_lead as
select s.line, s.id, s.key, case
        when s.person is not null and p.person_id is null
            then staging.unknown('person', s.person)
        when s.score not between 0 and 100 then 'score is 0 to 100' end as why,
    coalesce(p.code, u.code_lo) as org_code, u.unit_id, s.name, s.company,
    s.phone, coalesce(s.source, current_setting('import.source')) as source,
    s.score::smallint,
    case when p.person_id is null then 'pool' else 'accepted' end as status,
    p.person_id as assigned_to, s.extra, s.created_at
from staging.lead s
left join staging.known_person p on p.key = s.person
join firebreak.org_unit u on u.unit_id = coalesce(p.unit_id,
    (select unit_id from firebreak.org_unit where parent_id is null));

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

-- Rows of a customer that somebody touched after the import: they stay.
create function staging.touched(p_import bigint, p_entity text)
returns table (id bigint)
language sql stable
as $$
	with since as (
		select coalesce(max(a.audit_id), 0) as audit_id from (
			select audit_id from firebreak.audit
			where entity = 'import' and entity_id = p_import
			union all
			select audit_id from firebreak.audit_open
			where entity = 'import' and entity_id = p_import) a),
	later as (
		select entity, entity_id, customer_id from firebreak.audit
		where audit_id > (select audit_id from since)
		union all
		select entity, entity_id, customer_id from firebreak.audit_open
		where audit_id > (select audit_id from since))
	select entity_id from later where entity = p_entity
	union
	select customer_id from later where p_entity = 'customer'
	and customer_id is not null
	union
	select o.id from firebreak.import_old o
	where o.import_id > p_import and o.entity = p_entity
$$;

-- Takes an import back: what it changed gets its old values, what it made is
-- removed, unless it has changed since or something new hangs on it.
create function firebreak.import_revert(p_import bigint)
returns table (entity text, deleted bigint, restored bigint, kept bigint)
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
		kept := 0;
		create temp table import_keep on commit drop as
		select t.id from staging.touched(p_import, e.entity) t;
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
			select count(*) into kept from firebreak.import_old o
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
		select count(*) into v_made from import_gone;
		delete from import_gone g where g.id in (select id from import_keep);
		perform staging.free_for_removal(e.entity);
		select kept + v_made - count(*), count(*) into kept, deleted
		from import_gone;
		perform staging.remove_what_belongs(e.entity);
		execute format('delete from firebreak.%I t using import_gone g'
		    ' where t.%I = g.id', e.relation, e.id_column);
		delete from firebreak.external_key k using import_gone g
		where k.entity = e.entity and k.id = g.id;
		drop table import_gone;
		drop table import_keep;
		if deleted + restored + kept > 0 then
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
