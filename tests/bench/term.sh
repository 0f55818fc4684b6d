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

terminal()
{
	mkdir -p "$company/term" "$company/keys"
	company_stop
	TCP=${BENCH_PORT:-127.0.0.1:7461}
	company_daemon
	address=$TCP
	term_key rep 1
	term_key supervisor 2
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
	TCP=
}
