-- Sealing the audit, and walking the chain of its seals.

set role firebreak_owner;

-- The text of an audit row that its seal hashes; every column is in it.
create function firebreak.audit_canonical(a firebreak.audit) returns text
language sql immutable
as $$
	select jsonb_build_array(a.audit_id,
	    (extract(epoch from a.at) * 1000000)::bigint, a.person_id,
	    a.device_id, a.org_code, a.entity, a.entity_id, a.customer_id,
	    a.action, a.cause, a.activity_id, a.old, a.new, a.request,
	    a.seal_id)::text
$$;

create function firebreak.seal_hash(p_seal bigint, p_at timestamptz,
    p_rows bigint, p_before bytea) returns bytea
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select sha256(coalesce(p_before, '') || convert_to(
	    p_seal || ' ' || (extract(epoch from p_at) * 1000000)::bigint || ' '
	        || p_rows || E'\n' || coalesce(string_agg(
	            firebreak.audit_canonical(a), E'\n' order by a.audit_id), ''),
	    'UTF8'))
	from firebreak.audit a where a.seal_id = p_seal
$$;

-- Moves up to p_most committed rows from audit_open under a new seal, which
-- hashes the seal before and the rows.  Returns how many rows were sealed.
create function firebreak.seal_batch(p_most int default 5000) returns bigint
language plpgsql security definer set search_path = firebreak, pg_temp
as $$
declare
	v_now timestamptz := clock.real();
	v_last firebreak.seal;
	v_seal bigint;
	v_rows bigint;
begin
	perform pg_advisory_xact_lock(hashtextextended('firebreak.seal', 0));
	select s.* into v_last from firebreak.seal s
	order by s.seal_id desc limit 1;
	v_seal := coalesce(v_last.seal_id, 0) + 1;
	with moved as (
		delete from firebreak.audit_open o where o.audit_id = any (array(
		    select i.audit_id from firebreak.audit_open i
		    order by i.audit_id limit p_most))
		returning o.*
	)
	insert into firebreak.audit (audit_id, at, person_id, device_id, org_code,
	    entity, entity_id, customer_id, action, cause, activity_id, old, new,
	    request, seal_id)
	select m.audit_id, m.at, m.person_id, m.device_id, m.org_code, m.entity,
	    m.entity_id, m.customer_id, m.action, m.cause, m.activity_id, m.old,
	    m.new, m.request, v_seal
	from moved m;
	get diagnostics v_rows = row_count;
	if v_rows > 0 then
		insert into firebreak.seal (seal_id, at, rows, hash)
		values (v_seal, v_now, v_rows,
		    firebreak.seal_hash(v_seal, v_now, v_rows, v_last.hash));
	end if;
	return v_rows;
end
$$;

-- Walks the chain.  ok is false at the first fault; then bad_seal and, where
-- it can be told, bad_row say where, and what says what.  head is the hash of
-- the last seal: whoever notes it elsewhere can prove that no seal was cut off
-- at the end.
create function firebreak.audit_verify()
returns table (ok bool, seals bigint, rows bigint, unsealed bigint,
    bad_seal bigint, bad_row bigint, what text, head text)
language plpgsql stable security definer set search_path = firebreak, pg_temp
as $$
#variable_conflict use_variable
declare
	v_seal firebreak.seal;
	v_before bytea;
	v_count bigint;
begin
	ok := true;
	seals := 0;
	rows := 0;
	select count(*) into unsealed from firebreak.audit_open;
	for v_seal in select s.* from firebreak.seal s order by s.seal_id loop
		seals := seals + 1;
		select count(*) into v_count from firebreak.audit a
		where a.seal_id = v_seal.seal_id;
		rows := rows + v_count;
		if v_seal.seal_id <> seals then
			what := 'seal missing';
			bad_seal := seals;
		elsif v_count <> v_seal.rows then
			what := 'rows missing or added';
			bad_seal := v_seal.seal_id;
		elsif v_seal.hash <> firebreak.seal_hash(v_seal.seal_id, v_seal.at,
		    v_seal.rows, v_before) then
			what := 'seal and rows disagree';
			bad_seal := v_seal.seal_id;
		end if;
		if what is not null then
			ok := false;
			return next;
			return;
		end if;
		v_before := v_seal.hash;
	end loop;
	select min(a.audit_id) into bad_row from firebreak.audit a
	where not exists (select from firebreak.seal s
	    where s.seal_id = a.seal_id);
	if bad_row is not null then
		ok := false;
		what := 'row without a seal';
	end if;
	head := encode(v_before, 'hex');
	return next;
end
$$;

-- Sealed or not yet: the audit as one list, under the reader's policies.
create view firebreak.audit_all with (security_invoker = true) as
	select a.audit_id, a.at, a.person_id, a.device_id, a.org_code, a.entity,
	    a.entity_id, a.customer_id, a.action, a.cause, a.activity_id, a.old,
	    a.new, a.request, a.seal_id
	from firebreak.audit a
	union all
	select o.audit_id, o.at, o.person_id, o.device_id, o.org_code, o.entity,
	    o.entity_id, o.customer_id, o.action, o.cause, o.activity_id, o.old,
	    o.new, o.request, null::bigint
	from firebreak.audit_open o;
grant select on firebreak.audit_all to firebreak_app, firebreak_writer;

revoke execute on all functions in schema firebreak from public;
grant execute on function firebreak.seal_batch(int), firebreak.audit_verify()
    to firebreak_app;

reset role;
