#!/bin/sh
# make bench: one line a figure, `name value unit`, and what was compared with
# what in lines that begin with #.  Everything runs on this machine at once:
# PostgreSQL, the daemon and the load share its processors.
#
#     BENCH_CUSTOMERS=100000 BENCH_REPS=1000 BENCH_DAYS=90  the company
#     BENCH_RUNS=5 BENCH_SECONDS=3       medians of so many runs of so long
#     BENCH_TERMINALS=64 BENCH_IDLE=10000
#     BENCH_EVENT="20000"                companies for event_to_screen; the
#                                        full table: "20000 1000000"
#     BENCH_EVENTS=100                   visits for each
#     BENCH_IMPORT=1000000               customers that are imported
#     BENCH_ONLY="import read point write heavy overhead logins term idle event engine"
#     BENCH_FSYNC=off                    no fsync in PostgreSQL
set -eu
B=${B:-build/plain}
export B
if [ -z "${BENCH_INSIDE:-}" ]; then
	make -s B="$B" all "$B/tests/bench/load" "$B/tests/bench/event" "$B/tests/bench/script" \
		"$B/tests/bench/direct" "$B/tests/bench/term" "$B/tests/tui/pin" >&2
	export BENCH_INSIDE=1
	[ "${BENCH_FSYNC:-on}" = on ] && fsync=--fsync || fsync=
	exec sh tests/with-pg.sh $fsync sh "$0"
fi
. tests/bench/company.sh

customers=${BENCH_CUSTOMERS:-100000} reps=${BENCH_REPS:-1000}
days=${BENCH_DAYS:-90} runs=${BENCH_RUNS:-5} seconds=${BENCH_SECONDS:-3}
terminals=${BENCH_TERMINALS:-64} idle=${BENCH_IDLE:-10000}
only=${BENCH_ONLY:-import read point write heavy overhead logins term idle event engine}
pool=8 # pool.light of the configuration
load=$B/tests/bench/load
out=$company/out

is_wanted() { case " $only " in *" $1 "*) ;; *) return 1 ;; esac; }

# The middle one of the numbers on stdin.
median()
{
	sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

busy() { echo "# load average of the machine $1: $(cut -d' ' -f1-3 /proc/loadavg)"; }

# say NAME UNIT: the median of the numbers on stdin
say() { printf '%s %s %s\n' "$1" "$(median)" "$2"; }

# figure NAME: that line of the last load run
figure() { awk -v n="$1" '$1 == n { print $2 }' "$out"; }

load_run()
{
	"$load" run "$address" "$server_key" "$company/keys" "$@" >"$out" ||
		{ cat "$out" >&2; exit 1; }
}

# The company's pgbench scripts: eight people each, their customers at random.
# ----------------------------------------------------------------------------

# statement WHAT: its text with pgbench's variables
statement()
{
	case $1 in
	read) set -- customer/list limit=50 ;;
	point) set -- customer/get customer_id=:customer ;;
	write) set -- visit/record customer_id=:customer on_site=true "summary='bench'" \
		"request=('$(printf '%012x' "$(date +%s)000" |
		sed 's/........$/-&/;s/-\(....\)\(....\)/\1-\2/')' ||
		right(gen_random_uuid()::text, 23))" ;;
	esac
	"$B/tests/bench/script" "host=$PGHOST dbname=$PGDATABASE user=firebreak_app" \
		"$@" me=@me@ lo=@lo@ hi=@hi@
}

# scripts WHAT: $company/pgbench/WHAT.N and, in a pipeline, WHAT.N.p
scripts()
{
	mkdir -p "$company/pgbench"
	statement "$1" >"$company/pgbench/text"
	psql -XAtF' ' -c "select s.person_id, s.code, s.code,
		'\\set customer case ' || string_agg('when :n = ' || c.n ||
		' then ' || c.customer_id, ' ' order by c.n) || ' end'
		from (select distinct d.person_id from firebreak.device d
		    where d.name = 'bench' order by 1) d
		join firebreak.seat s on s.person_id = d.person_id
		    and s.role = 'rep'
		cross join lateral (select customer_id,
			row_number() over (order by customer_id) - 1 as n
		    from firebreak.customer_state c where c.org_code = s.code
		    order by customer_id limit 50) c
		group by 1, 2 having count(*) = 50 order by 1 limit 8" \
		>"$company/pgbench/people"
	number=0
	while read -r me lo hi choice; do
		number=$((number + 1))
		f=$company/pgbench/$1.$number
		{
			echo '\set n random(0, 49)'
			echo "$choice"
			echo 'BEGIN;'
			echo "SET LOCAL firebreak.person = $me;"
			echo "SET LOCAL firebreak.lo = $lo;"
			echo "SET LOCAL firebreak.hi = $hi;"
			sed "s/@me@/$me/g;s/@lo@/$lo/g;s/@hi@/$hi/g" \
				"$company/pgbench/text"
			echo 'COMMIT;'
		} >"$f"
		sed 's/^BEGIN;/\\startpipeline\n&/;s/^COMMIT;/&\n\\endpipeline/' \
			"$f" >"$f.p"
	done <"$company/pgbench/people"
	[ $number -gt 0 ] || { echo "nobody has 50 customers" >&2; exit 1; }
}

# tps WHAT CONNECTIONS SUFFIX: of pgbench, with the settings of the daemon's
# connections
tps()
{
	set -- "$1" "$2" "${3:-}" # SUFFIX may be missing
	files=
	for i in $(seq $number); do
		files="$files -f $company/pgbench/$1.$i$3"
	done
	# shellcheck disable=SC2086
	PGOPTIONS='-c plan_cache_mode=force_generic_plan -c jit=off
	    -c max_parallel_workers_per_gather=0' \
		pgbench -U firebreak_app -n -M prepared -c "$2" -j 1 \
		-T "$seconds" $files 2>"$company/pgbench/log" |
		awk '/^tps/ { print $3 }' >"$company/pgbench/tps"
	[ -s "$company/pgbench/tps" ] ||
		{ tail -n 5 "$company/pgbench/log" >&2; exit 1; }
	cat "$company/pgbench/tps"
}

# Figures --------------------------------------------------------------------

# ratio NAME MODE: of `load run MODE` to both pgbenches, run in turns so that
# what else the machine does hits all three
ratio()
{
	scripts "$1"
	for i in $(seq "$runs"); do
		load_run "$terminals" "$2" "$seconds"
		echo "$(figure "$2_per_s") $(figure "$2_p99_ms")" \
			"$(tps "$1" $pool) $(tps "$1" $pool .p)"
	done >"$company/ratio"
	awk '{ print $1 }' "$company/ratio" | say "$1_per_s" 1/s
	awk '{ print $3 }' "$company/ratio" | say "$1_pgbench_per_s" 1/s
	awk '{ print $4 }' "$company/ratio" | say "$1_pgbench_pipelined_per_s" 1/s
	awk '{ print $1 / $3 }' "$company/ratio" | say "$1_ratio" x
	awk '{ print $1 / $4 }' "$company/ratio" | say "$1_ratio_pipelined" x
	awk '{ print $2 }' "$company/ratio" | say "$1_p99_ms" ms
}

# heavy NAME MODE: the same with a list of 0.4 s among 2,000 requests
heavy()
{
	for i in $(seq "$runs"); do
		load_run "$terminals" "$2" "$seconds" 2000
		figure "$2_p99_ms"
	done | say "$1_p99_heavy_ms" ms
}

# One terminal beside one client of libpq that sends the same statements in one
# pipeline: what the daemon, the channel and the terminal's protocol add to a
# request.
overhead()
{
	scripts point
	read -r me lo hi choice <"$company/pgbench/people"
	ids=$(echo "$choice" | grep -o 'then [0-9]*' | cut -d' ' -f2)
	{
		echo 'BEGIN'
		echo "SET LOCAL firebreak.person = $me"
		echo "SET LOCAL firebreak.lo = $lo"
		echo "SET LOCAL firebreak.hi = $hi"
		sed "s/@me@/$me/g;s/@lo@/$lo/g;s/@hi@/$hi/g;s/:customer/\$1/g" \
			"$company/pgbench/text" | tr '\n' ' '
		printf '\nCOMMIT\n'
	} >"$company/pgbench/direct"
	for i in $(seq "$runs"); do
		load_run 1 point "$seconds"
		# shellcheck disable=SC2086
		PGOPTIONS='-c plan_cache_mode=force_generic_plan -c jit=off' \
			"$B/tests/bench/direct" "host=$PGHOST dbname=$PGDATABASE
			user=firebreak_app" "$seconds" $ids \
			<"$company/pgbench/direct" >"$company/direct"
		echo "$(figure point_per_s) $(cut -d' ' -f2 "$company/direct")"
	done >"$company/overhead"
	awk '{ print 1e6 / $1 }' "$company/overhead" | say one_terminal_us us
	awk '{ print 1e6 / $2 }' "$company/overhead" | say one_libpq_us us
	awk '{ print 1e6 / $1 - 1e6 / $2 }' "$company/overhead" | say overhead_us us
}

logins()
{
	for i in $(seq "$runs"); do
		"$load" login "$address" "$server_key" "$company/keys" \
			"$terminals" "$seconds" >"$out"
		figure logins_per_s
	done | say logins_per_s 1/s
}

sessions()
{
	ulimit -Hn 65536 2>/dev/null || :
	ulimit -n "$(ulimit -Hn)"
	most=$(($(ulimit -n) - 200))
	[ "$idle" -le "$most" ] || idle=$most
	# without rules: what the engine's first walk gave back to malloc would
	# hold the sessions, and they would seem to cost nothing
	company_stop
	cp -r server/packs "$company/quiet"
	rm -f "$company"/quiet/standard/rules/*.yaml
	was=$packs packs=$company/quiet/standard
	company_daemon
	packs=$was
	# all sessions are of the same few people, which costs the daemon the same
	company_keys "$terminals" # the terminal's bench took some away
	mkdir -p "$company/many"
	for i in $(seq "$idle"); do
		echo "$(((i - 1) % terminals + 1)) $i"
	done | while read -r from to; do
		ln -s "../keys/$from" "$company/many/$to"
	done
	"$load" idle "$address" "$server_key" "$company/many" "$idle" "$daemon" \
		>"$out" || { cat "$out" >&2; exit 1; }
	echo "# sessions: $(figure sessions); the daemon's private memory with" \
		"them: $(figure daemon_kib) KiB"
	figure sessions_kib | say sessions_10k_kib KiB
}

# events SIZE: a company of so many customers and its own database
events()
{
	company_stop
	company_db=event_$1
	company_build $(($1 / 400)) "$1" 60
	company_day_rule
	company_daemon
	company_pair
	company_judged
	timeout 300 "$B/tests/bench/event" "$address" "$server_key" "$company/pair" \
		"${BENCH_EVENTS:-100}" >"$out" || { cat "$out" >&2; return 0; }
	figure event_to_screen_p50_ms | say "event_to_screen_p50_ms_$1" ms
	figure event_to_screen_p99_ms | say "event_to_screen_p99_ms_$1" ms
}

busy 'before'
echo "# $(nproc) processors, $customers customers, $reps reps," \
	"$terminals terminals, fsync $(psql -XAtc 'show fsync')"
if is_wanted import; then
	. tests/bench/import.sh
	imports
	[ "$only" != import ] || exit 0
fi
company_build "$reps" "$customers" "$days"
company_keys "$terminals"
company_daemon
company_judged
for f in read:list point:point write:write; do
	is_wanted ${f%:*} && ratio ${f%:*} ${f#*:}
done
is_wanted overhead && overhead
is_wanted logins && logins
if is_wanted heavy; then
	company_slow
	heavy read list
	heavy write write
fi
if is_wanted term; then
	. tests/bench/term.sh
	terminal
fi
if is_wanted engine; then
	. tests/bench/engine.sh
	engine
fi
is_wanted idle && sessions
if is_wanted event; then
	for size in ${BENCH_EVENT:-20000}; do
		events "$size"
	done
fi
busy 'after'
