# A company under load, for the shell: sourced under tests/with-pg.sh.
#
#     company_build REPS CUSTOMERS DAYS   the synthetic company in PGDATABASE
#     company_keys COUNT [ROLE]           COUNT devices of different people
#     company_daemon                      firebreakd on $company/socket
#
# $company is a directory of its own, removed at the end; $server_key the
# daemon's public key in hex; $daemon its process.
set -eu
B=${B:-build/plain}
company=$(mktemp -d /tmp/firebreak-company.XXXXXX)
daemon=
company_end()
{
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || :
	[ -z "$daemon" ] || wait "$daemon" 2>/dev/null || :
	rm -rf "$company"
}
trap company_end EXIT
trap 'exit 1' INT TERM

company_stop()
{
	kill $daemon
	wait $daemon || :
	daemon=
}

company_build()
{
	createdb "${company_db:=company}"
	export PGDATABASE="$company_db"
	company_daemon # brings the schema
	company_stop
	psql -Xqf sql/demo.sql
	psql -Xqc "select demo.build(reps => $1, customers => $2, days => $3)" \
		>/dev/null
	psql -Xqc 'drop schema demo cascade' 2>/dev/null
	# the engine saw an empty company; its marks come back with this one's
	psql -Xqc 'truncate firebreak.engine'
	psql -Xqc 'vacuum analyze'
}

# Key number n belongs to the n-th person of the role, in order of seats.
company_keys()
{
	mkdir -p "$company/keys"
	"$B/tests/bench/load" keys "$company/keys" "$1" >"$company/public"
	nl -s, -w1 "$company/public" >"$company/public.csv"
	psql -Xq -v role="${2:-rep}" <<-SQL
	create temp table k (n bigint, key text);
	\copy k from '$company/public.csv' csv
	insert into firebreak.device (person_id, public_key, name, created_at)
	select s.person_id, decode(k.key, 'hex'), 'bench', now()
	from k join (select person_id, row_number() over (order by code) as n,
		count(*) over () as c
		from firebreak.seat where role = :'role' and person_id is not null
	) s on s.n = (k.n - 1) % s.c + 1;
	SQL
}

# Two devices for tests/bench/event: key 1 of a supervisor, key 2 of the rep of that
# unit with the most customers.  company_day_rule comes first.
company_pair()
{
	mkdir -p "$company/pair"
	"$B/tests/bench/load" keys "$company/pair" 2 >"$company/public"
	psql -Xq -v boss="$(sed -n 1p "$company/public")" \
		-v rep="$(sed -n 2p "$company/public")" <<-'SQL'
	create temp table pair as
	select b.person_id as boss, r.person_id as rep
	from firebreak.seat r
	    join firebreak.org_unit u on u.unit_id = r.unit_id
	    join firebreak.seat b on b.unit_id = u.unit_id
		and b.role = 'supervisor' and b.person_id is not null
	where r.role = 'rep' and r.person_id is not null
	order by (select count(*) from firebreak.customer_state c
	    where c.org_code = r.code) desc, r.code limit 1;
	insert into firebreak.device (person_id, public_key, name, created_at)
	select boss, decode(:'boss', 'hex'), 'bench', now() from pair
	union all select rep, decode(:'rep', 'hex'), 'bench', now() from pair;
	SQL
}

# Returns when the engine has judged everybody once: until then it takes a
# processor, and the rows that it marks are locked for visits.
company_judged()
{
	tail -n +1 -f --pid=$daemon "$company/log" | grep -q 'subjects judged' ||
		{ cat "$company/log" >&2; exit 1; }
}

# A rule under which a visit raises a blue alert at once, in packs of its own.
company_day_rule()
{
	cp -r server/packs "$company/packs"
	packs=$company/packs/standard
	cat >"$packs/rules/bench.yaml" <<-'YAML'
	firebreak: 1
	rules:
	- rule: seen-today
	  title: { zh: 今日已访, en: seen today }
	  owner: sales_ops
	  engine: warning
	  for_each: customer
	  let:
	    seen: count(interactions where valid) over 1d
	  when:
	    blue: seen >= 1
	  do:
	    on blue:
	    - notify: owner
	  say:
	    zh: "{subject}: 今日互动 {seen} 次"
	    en: "{subject}: {seen} interactions today"
	YAML
}

# search/all takes 0.4 s of a processor from now on, for `load run`.
company_slow()
{
	psql -Xq <<-'SQL'
	create or replace function firebreak.search(p_text text,
	    p_most int default 50)
	returns table (rank bigint, kind text, id bigint, customer_id bigint,
	    name text, detail text, org_code bigint)
	language plpgsql stable security definer
	set search_path = firebreak, pg_temp
	as $$
	declare
		v_end timestamptz := clock_timestamp() + interval '0.4 s';
	begin
		while clock_timestamp() < v_end loop
			perform count(*) from generate_series(1, 1000);
		end loop;
	end $$;
	SQL
}

company_daemon()
{
	mkdir -p "$company/data"
	[ -e "$company/data/server.key" ] || {
		server_key=$("$B/tests/bench/load" keys "$company/data" 1)
		mv "$company/data/1" "$company/data/server.key"
	}
	cat >"$company/firebreakd.yaml" <<-YAML
	data: $company/data
	database: host=$PGHOST dbname=$PGDATABASE user=firebreak_app
	listen: [$company/socket${TCP:+, "$TCP"}]
	metrics: "${METRICS-}"
	packs: [${packs:=$PWD/server/packs/standard}]
	database_admin: host=$PGHOST dbname=$PGDATABASE user=postgres
	log_level: info
	limits: { sessions: 20000, sessions_per_device: 1000 }
	YAML
	rm -f "$company/socket" "$company/ready"
	mkfifo "$company/ready"
	"$B/firebreakd" --config "$company/firebreakd.yaml" --ready-fd 3 \
		3>"$company/ready" 2>"$company/log" &
	daemon=$!
	address=unix:$company/socket
	said=
	read -r said <"$company/ready" || :
	[ "$said" = ready ] || { cat "$company/log" >&2; exit 1; }
	# it serves with one connection; what is measured has all eight light ones
	until [ "$(psql -XAtc "select count(*) from pg_stat_activity
		where usename = 'firebreak_app'
		and query like 'select set_config%'")" -ge 8 ]; do
		kill -0 $daemon 2>/dev/null || { cat "$company/log" >&2; exit 1; }
	done
}
