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

reset role;
