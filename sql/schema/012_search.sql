-- Looking for names past the policies; each function checks for itself what its
-- caller may have.

set role firebreak_owner;

-- Customers, contacts and opportunities whose name contains the text, two
-- letters or more, within the asker's ranges.  Trigram and pattern indexes
-- are closed to whoever is under policies; this function is not, and applies
-- the ranges itself.
create function firebreak.search(p_text text, p_most int default 50)
returns table (rank bigint, kind text, id bigint, customer_id bigint,
    name text, detail text, org_code bigint)
language plpgsql stable security definer
set search_path = firebreak, pg_temp set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
	v_grams text[] := firebreak.grams(btrim(p_text));
	v_low text := lower(normalize(btrim(p_text), NFKC));
	v_lo bigint := nullif(current_setting('firebreak.lo', true), '')::bigint;
	v_hi bigint := nullif(current_setting('firebreak.hi', true), '')::bigint;
	v_lo2 bigint := nullif(current_setting('firebreak.lo2', true), '')::bigint;
	v_hi2 bigint := nullif(current_setting('firebreak.hi2', true), '')::bigint;
begin
	if v_lo is null or coalesce(v_grams, '{}') = '{}' then
		return;
	end if;
	return query
	with found as (
		(select 'customer'::text as kind, c.customer_id as id, c.customer_id,
		    c.name::text as name, c.city as detail, c.org_code, 1 as place
		from firebreak.customer c
		where c.name_grams @> v_grams
		    and (c.org_code between v_lo and v_hi
		        or c.org_code between v_lo2 and v_hi2)
		    and strpos(lower(normalize(c.name, NFKC)), v_low) > 0
		limit p_most)
		union all
		(select 'contact', k.contact_id, k.customer_id, k.name::text, k.title,
		    k.org_code, 2
		from firebreak.contact k
		where k.name_grams @> v_grams
		    and (k.org_code between v_lo and v_hi
		        or k.org_code between v_lo2 and v_hi2)
		    and strpos(lower(normalize(k.name, NFKC)), v_low) > 0
		limit p_most)
		union all
		(select 'opportunity', o.opportunity_id, o.customer_id, o.name::text,
		    o.stage, o.org_code, 3
		from firebreak.opportunity o
		where o.name_grams @> v_grams
		    and (o.org_code between v_lo and v_hi
		        or o.org_code between v_lo2 and v_hi2)
		    and strpos(lower(normalize(o.name, NFKC)), v_low) > 0
		limit p_most)
	)
	select row_number() over (
	    order by strpos(lower(normalize(f.name, NFKC)), v_low) > 1, f.place,
	        length(f.name), f.name, f.id), f.kind, f.id, f.customer_id,
	    f.name, f.detail, f.org_code
	from found f
	order by 1 limit p_most;
end
$$;

-- Who has a customer of this name or tax number already, anywhere in the
-- company: enough to go and ask, and no more of it.
create function firebreak.duplicates(p_name text, p_tax_no text)
returns table (rank bigint, what text, name text, owner text,
    customer_id bigint)
language sql stable security definer set search_path = firebreak, pg_temp
as $$
	select row_number() over (order by k.kind desc), k.kind, c.name::text,
	    p.name::text, case when
	        c.org_code between
	            nullif(current_setting('firebreak.lo', true), '')::bigint and
	            nullif(current_setting('firebreak.hi', true), '')::bigint
	        or c.org_code between
	            nullif(current_setting('firebreak.lo2', true), '')::bigint and
	            nullif(current_setting('firebreak.hi2', true), '')::bigint
	        then c.customer_id end
	from firebreak.customer_key k
	    join firebreak.customer c on c.customer_id = k.customer_id
	    left join firebreak.person p on p.person_id = c.owner_id
	where (k.kind, k.key) in (
	    ('name', lower(normalize(btrim(p_name), NFKC))),
	    ('tax_no', lower(normalize(btrim(p_tax_no), NFKC))))
$$;

revoke execute on all functions in schema firebreak from public;
grant execute on function firebreak.search(text, int),
    firebreak.duplicates(text, text) to firebreak_app;

reset role;
