#!/bin/sh
# The embedded PostgreSQL when things die around it: a cluster that a killed
# daemon left is taken over, the remains of a killed one are waited for, and
# one that cannot start says why.
cd "$(dirname "$0")/../.." || exit 1
set -u
B=${B:-build/asan}
work=$(mktemp -d /tmp/firebreak-cluster.XXXXXX)
chmod 755 "$work"
daemon=
pg=$work/data/pg
cleanup()
{
	[ -z "$daemon" ] || { kill "$daemon" 2>/dev/null; wait "$daemon"; }
	[ ! -f "$pg/postmaster.pid" ] || kill -QUIT "$(postmaster)" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
export LC_ALL=C.UTF-8 PGHOST="$work/data/run" PGUSER=firebreak_admin
export PGDATABASE=firebreak
n=0

is() # NAME GOT WANT
{
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		printf 'not ok %d - %s\n# got:  %s\n# want: %s\n' \
			"$n" "$1" "$2" "$3"
	fi
}

postmaster()
{
	head -n 1 "$pg/postmaster.pid" 2>/dev/null
}

ctl()
{
	"$B/firebreakctl" --config "$work/conf" --lang en "$@" 2>"$work/err"
}

serve()
{
	mkfifo "$work/ready"
	"$B/firebreakd" --config "$work/conf" --ready-fd 3 \
		3>"$work/ready" 2>"$work/log" >/dev/null &
	daemon=$!
	said=
	read -r said <"$work/ready"
	rm "$work/ready"
}

cat >"$work/conf" <<-YAML
data: $work/data
listen: [$work/socket]
metrics: ""
fsync: no
YAML

ctl health
is 'without init there is nothing' "$? $(cat "$work/err")" "1 firebreakctl: \
$work/data holds no database yet: run \`firebreakctl init\`"
is 'and nothing is made' "$(ls -d "$work/data" 2>/dev/null)" ''
ctl init >/dev/null
is 'a cluster is made' "$? $(cat "$work/err")" '0 '
is 'and stopped with the last who used it' "$(postmaster)" ''
serve
is 'the daemon starts it' "$said" ready
first=$(postmaster)
ctl unit list >/dev/null
is 'firebreakctl uses the same' "$? $(postmaster)" "0 $first"

# a daemon that is killed
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
serve
is 'the next daemon takes it over' "$said $(postmaster)" "ready $first"

# everything is killed, and one backend does not go
mkfifo "$work/sql" "$work/backend"
psql -XAtq <"$work/sql" >/dev/null 2>&1 &
exec 7>"$work/sql"
echo "\\o $work/backend
select pg_backend_pid();
\\o" >&7
read -r backend <"$work/backend"
kill -STOP "$backend"
kill -9 "$daemon" "$first"
wait "$daemon" 2>/dev/null
daemon=
: >"$work/data/pg.log"
ctl unit list >"$work/units" &
waits=$!
tail -n +1 -f --pid=$waits "$work/data/pg.log" | grep -q 'still in use'
is 'PostgreSQL will not start beside what a killed one left' "$?" 0
kill -CONT "$backend"
exec 7>&-
wait "$waits"
is 'it is waited for, and then all is well' "$? $(cat "$work/err")
$(grep -c company "$work/units")" '0 
1'

# one whose settings are wrong
serve
echo 'no_such_setting = 1' >"$pg/local.conf"
ctl health >/dev/null
is 'who only joins does not care for its settings' "$?" 0
kill "$daemon"
wait "$daemon"
daemon=
ctl unit list >/dev/null
is 'one that cannot start' "$?" 1
is 'is reported in its own words' \
	"$(grep -c 'postgres failed (status 1): .*unrecognized configuration parameter "no_such_setting"' \
		"$work/err")" 1
rm "$pg/local.conf"
ctl unit list >/dev/null
is 'and does when that is mended' "$? $(cat "$work/err")" '0 '
is 'nothing is left running' "$(postmaster)" ''

# a terminal that closes sends more than one signal
serve
kill -TERM "$daemon"
kill -HUP "$daemon" 2>/dev/null
kill -HUP "$daemon" 2>/dev/null
wait "$daemon"
is 'signals while it stops do not hurry it' "$? $(postmaster)" '0 '
serve
kill -TERM "$daemon"
tail -n +1 -f --pid="$daemon" "$work/log" | grep -q stopping
kill -HUP "$daemon" 2>/dev/null
wait "$daemon"
is 'nor do they later' "$? $(postmaster)" '0 '
daemon=

# a start that fails
echo 'bogus: [' >"$work/data/packs/standard/phrases.yaml"
serve
wait "$daemon"
is 'a daemon that cannot start' "$said $?" ' 1'
is 'leaves nothing running either' "$(postmaster)" ''
daemon=
echo 1..$n
