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

company_build()
{
	createdb company
	export PGDATABASE=company
	company_daemon # brings the schema
	kill $daemon
	wait $daemon || :
	daemon=
	psql -Xqf sql/demo.sql
	psql -Xqc "select demo.build(reps => $1, customers => $2, days => $3)" \
		>/dev/null
	psql -Xqc 'drop schema demo cascade' 2>/dev/null
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
	listen: [$company/socket]
	metrics: ""
	packs: [$PWD/server/packs/standard]
	database_admin: host=$PGHOST dbname=$PGDATABASE user=postgres
	log_level: warn
	limits: { sessions: 20000, sessions_per_device: 64 }
	YAML
	rm -f "$company/socket"
	"$B/firebreakd" --config "$company/firebreakd.yaml" 2>"$company/log" &
	daemon=$!
	address=unix:$company/socket
	tries=0
	until [ -S "$company/socket" ]; do
		kill -0 $daemon 2>/dev/null || { cat "$company/log" >&2; exit 1; }
		tries=$((tries + 1))
		[ $tries -lt 600 ] || { cat "$company/log"; echo "firebreakd does not start" >&2; exit 1; }
		read -r _ </proc/uptime # a turn of the wheel, then look again
		timeout 0.1 tail -f /dev/null || :
	done
}
