-- The rules of the schema, read from PostgreSQL's own catalogue: a new table
-- or function is held to them without a new test.
begin;
\ir fixture.psql
select plan(20);

create view t.tables as
select c.oid, n.nspname || '.' || c.relname as name, c.relrowsecurity,
    c.relforcerowsecurity, c.relkind, c.relispartition, c.relowner
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('firebreak', 'api', 'clock') and c.relkind in ('r', 'p', 'v');

select isnt_empty('select 1 from t.tables', 'there are tables to look at');
select is_empty($$
	select t.name, p.priv from t.tables t,
	    unnest(array['insert', 'update', 'delete', 'truncate', 'references',
	        'trigger']) p (priv)
	where has_table_privilege('firebreak_app', t.oid, p.priv)
	union all
	select t.name || '.' || a.attname, p.priv
	from t.tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0
	    and not a.attisdropped,
	    unnest(array['insert', 'update']) p (priv)
	where has_column_privilege('firebreak_app', t.oid, a.attnum, p.priv)
$$, 'the daemon''s role writes no table and no column');
select is_empty($$
	select name from t.tables where relkind <> 'v' and not relrowsecurity
	and exists (select from pg_attribute a where a.attrelid = tables.oid
	    and a.attname = 'org_code' and not a.attisdropped)
	and name <> 'firebreak.change_queue'
$$, 'every table with org_code is under row security (the queue is closed)');
select ok(not has_table_privilege('firebreak_app', 'firebreak.change_queue',
    'select') and not has_table_privilege('firebreak_writer',
    'firebreak.change_queue', 'select'), 'nobody reads the queue');
select is_empty($$
	select t.name from t.tables t where t.relkind in ('r', 'p')
	and t.relrowsecurity and not t.relispartition
	and exists (select from unnest(array['firebreak_app',
	        'firebreak_writer']::regrole[]) r
	    where has_table_privilege(r, t.oid, case r::text
	        when 'firebreak_app' then 'select' else 'insert, update, delete' end)
	    and not exists (
	        select from pg_policy p where p.polrelid = t.oid
	        and r = any (p.polroles)))
$$, 'a table under row security has a policy for whoever reads or writes it');
select is_empty($$
	select t.name, p.polname from pg_policy p
	join t.tables t on t.oid = p.polrelid
	where p.polcmd = '*' and p.polwithcheck is null
$$, 'what may write has a check, too');
select is_empty($$
	select t.name from pg_policy p join t.tables t on t.oid = p.polrelid
	where pg_get_expr(p.polqual, p.polrelid) ~* 'select'
	or pg_get_expr(p.polwithcheck, p.polrelid) ~* 'select'
$$, 'no policy has a subquery');
select is_empty('select name from t.tables where relforcerowsecurity',
    'row security is never forced');
select is_empty($$
	select t.name from t.tables t
	where t.relispartition and (has_table_privilege('firebreak_app', t.oid,
	    'select') or has_table_privilege('firebreak_writer', t.oid,
	    'select,insert,update,delete'))
$$, 'partitions are reached through their parent only');
select is_empty($$
	select t.name, g.tgname from pg_trigger g join t.tables t
	on t.oid = g.tgrelid where not g.tgisinternal
$$, 'no triggers');
select is_empty($$
	select t.name, a.attname, format_type(a.atttypid, a.atttypmod)
	from t.tables t join pg_attribute a on a.attrelid = t.oid
	where a.attnum > 0 and not a.attisdropped
	and a.atttypid in ('numeric'::regtype, 'float4'::regtype,
	    'money'::regtype, 'timestamp'::regtype)
$$, 'no numeric, no time without a zone');
select is_empty($$
	select t.name, a.attname from t.tables t
	join pg_attribute a on a.attrelid = t.oid
	where a.attnum > 0 and a.attname ~ '(_id|_by|_to)$'
	and not a.attisdropped
	and a.atttypid not in ('int8'::regtype, 'text'::regtype, 'uuid'::regtype,
	    'bool'::regtype)
$$, 'ids are bigint');
select is_empty($$
	select n.nspname, y.typname from pg_type y join pg_namespace n
	on n.oid = y.typnamespace
	where n.nspname in ('firebreak', 'api', 'clock') and y.typtype in ('e', 'd')
$$, 'no enums, no domains');
select is_empty($$
	select t.name from t.tables t
	where t.name in ('firebreak.customer', 'firebreak.customer_state',
	    'firebreak.contact', 'firebreak.opportunity', 'firebreak.activity',
	    'firebreak.opportunity_stage_history', 'firebreak.orders',
	    'firebreak.order_line', 'firebreak.order_cost', 'firebreak.ticket')
	and not exists (select from pg_index i join pg_attribute a
	    on a.attrelid = t.oid and a.attnum = i.indkey[0]
	    where i.indrelid = t.oid and i.indisprimary
	    and a.attname = 'customer_id')
$$, 'the key of what belongs to a customer begins with customer_id');

create view t.functions as
select p.oid, n.nspname, p.oid::regprocedure::text as name, p.prosecdef,
    p.proowner::regrole::text as owner, p.proconfig, p.prosrc
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('firebreak', 'api', 'clock');

select is_empty($$
	select name from t.functions where nspname = 'api'
	and (not prosecdef or owner <> 'firebreak_writer'
	    or not coalesce(array_to_string(proconfig, ' '), '')
	        like '%search_path=firebreak, pg_temp%')
$$, 'functions of api are security definer, writer''s, with a search_path');
select is_empty($$
	select name from t.functions where nspname = 'firebreak' and prosecdef
	and not coalesce(array_to_string(proconfig, ' '), '')
	    like '%search_path=firebreak, pg_temp%'
$$, 'so have the owner''s security definer functions');
select is_empty($$
	select f.name from t.functions f join pg_proc p on p.oid = f.oid
	where p.proacl is null or exists (select from aclexplode(p.proacl) x
	    where x.grantee = 0)
$$, 'no function is open to public');
select is_empty($$
	select name from t.functions where nspname in ('api', 'firebreak')
	and prosrc ~* '\m(now|clock_timestamp|statement_timestamp)\s*\('
	and prosrc !~* 'clock\.now'
$$, 'nobody asks another clock');
select is_empty($$
	select r.rolname from pg_roles r where r.rolname in ('firebreak_owner',
	    'firebreak_writer', 'firebreak_app')
	and (r.rolsuper or r.rolbypassrls or r.rolcreaterole
	    or r.rolcanlogin <> (r.rolname = 'firebreak_app'))
$$, 'the three roles have no powers of their own');
select is_empty($$
	select m.roleid::regrole from pg_auth_members m
	where m.member in ('firebreak_app'::regrole, 'firebreak_writer'::regrole)
$$, 'app and writer are members of nothing');

select * from finish();
rollback;
