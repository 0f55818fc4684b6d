# The terminal's figures; sourced by run.sh, where company.sh, `say`, $runs,
# $reps, $customers and $days come from.
#
#     terminal    the company in PGDATABASE is built; a daemon runs
term_probe="$B/tests/bench/term"

# term_key ROLE COUNT: $company/term/ROLE.N, told where the daemon is
term_key()
{
	rm -f "$company/keys/1" "$company/keys/2"
	company_keys "$2" "$1"
	for i in $(seq "$2"); do
		mv "$company/keys/$i" "$company/term/$1.$i"
		"$B/tests/tui/pin" "$company/term/$1.$i" "$address" \
			"$server_key"
	done
}

# term_runs SUFFIX ARGUMENTS...: five runs; a median for each line they print
term_runs()
{
	suffix=$1
	shift
	for i in $(seq "$runs"); do
		"$term_probe" "$@"
	done >"$company/term/out"
	for name in $(awk '!seen[$1]++ { print $1 }' "$company/term/out"); do
		case $name in
		*_ms) unit=ms ;;
		*_mib) unit=MiB ;;
		*) unit=B ;;
		esac
		awk -v n="$name" '$1 == n { print $2 }' "$company/term/out" |
			say "${name%_ms}$suffix${unit:+$(
				[ $unit = ms ] && echo _ms || :)}" $unit
	done
}

# A database of its own with a million customers more, which only have names;
# without rules: nobody judges them.
term_inflate()
{
	company_stop
	term_db=$PGDATABASE
	createdb -T "$term_db" million
	export PGDATABASE=million
	psql -XAtq <<-'SQL'
	set session_replication_role = replica;
	set maintenance_work_mem = '256MB';
	-- of the indexes only what this walk goes along comes back
	select format('drop index firebreak.%I;', indexname) from pg_indexes
	where tablename in ('customer', 'customer_state')
	    and indexname not like '%_pkey' \gexec
	with seats as (select row_number() over (order by code) - 1 as i, code,
	    person_id, count(*) over () as n
	    from firebreak.seat where role = 'rep' and person_id is not null),
	new as (insert into firebreak.customer (org_code, owner_id, name,
	    created_at, updated_at, recorded_at)
	    select s.code, s.person_id, '客户 ' || lpad(g::text, 7, '0') || ' Ltd',
		now(), now(), now()
	    from generate_series(1, 1000000) g
	    join seats s on s.i = g % s.n
	    returning *)
	insert into firebreak.customer_state (customer_id, org_code, owner_id,
	    created_at, last_interaction_at, last_key_at, name)
	select customer_id, org_code, owner_id, created_at,
	    created_at - customer_id * interval '1 s', created_at, name from new;
	create index on firebreak.customer_state
	    (last_interaction_at, customer_id);
	vacuum analyze firebreak.customer;
	vacuum analyze firebreak.customer_state;
	SQL
	cp -r server/packs "$company/still"
	rm -f "$company"/still/standard/rules/*.yaml
	term_packs=$packs packs=$company/still/standard
	company_daemon
}

term_deflate()
{
	company_stop
	dropdb million
	export PGDATABASE="$term_db"
	packs=$term_packs
	company_daemon
}

terminal()
{
	mkdir -p "$company/term" "$company/keys"
	company_stop
	TCP=${BENCH_PORT:-127.0.0.1:7461}
	company_daemon
	address=$TCP
	term_key rep 1
	term_key supervisor 1
	fire=$B/firebreak
	rep=$company/term/rep.1 boss=$company/term/supervisor.1
	# once without figures: the screens are kept then, as on any second day
	"$term_probe" start "$fire" "$rep" 'Actions of today 1/' >/dev/null
	"$term_probe" start "$fire" "$boss" '!!RED' >/dev/null
	term_runs '' start "$fire" "$rep" 'Actions of today 1/'
	term_runs '' keys "$fire" "$rep" 'Actions of today 1/'
	term_runs '' pages "$fire" "$boss" '!!RED' 100
	mkfifo "$company/term/ready"
	"$term_probe" alerts "$boss" 200 >"$company/term/ready" &
	alerts=$!
	exec 8<"$company/term/ready"
	read -r _ <&8
	term_runs _alerts keys "$fire" "$boss" '!!RED'
	kill $alerts
	read -r line <&8 && echo "# $line: changes made meanwhile"
	exec 8<&-
	wait $alerts || :
	term_inflate
	cp "$boss" "$company/term/locked" # sees the whole company
	"$B/tests/tui/pin" "$company/term/locked" "$address" "$server_key" right
	runs=1 term_runs '' million "$fire" "$company/term/locked" \
		'Alert wall' 0777777
	term_deflate
	TCP=
}
