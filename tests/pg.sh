#!/bin/sh
# pg.sh kill|start|hang|go: inside tests/with-pg.sh, kills its PostgreSQL as a
# crash would (kill -9 of all its processes, at once) or starts it again.
# `start` returns at once: whoever tests a restart waits for what it expects.
# `hang` stops all its processes where they are, `go` lets them go on.
set -eu
bin=${FB_PG_BIN:-$(pg_config --bindir)}
[ -x "$bin/postgres" ] || bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)

processes()
{
	pid=$(head -n 1 "$PGDATA/postmaster.pid")
	children=$(cat /proc/"$pid"/task/*/children 2>/dev/null || :)
}

case ${1-} in
hang)
	processes
	# the postmaster first, or it would notice, or fork one more
	kill -STOP "$pid"
	processes
	for child in $children; do
		kill -STOP "$child" 2>/dev/null || :
	done
	;;
go)
	[ -f "$PGDATA/postmaster.pid" ] || exit 0
	processes
	for child in $children; do
		kill -CONT "$child" 2>/dev/null || :
	done
	kill -CONT "$pid"
	;;
kill)
	processes
	# the postmaster first, or it would restart its children
	kill -KILL "$pid"
	for child in $children; do
		kill -KILL "$child" 2>/dev/null || :
	done
	;;
start)
	as_owner=
	[ "$(id -u)" -ne 0 ] || as_owner="setpriv --reuid=postgres \
		--regid=postgres --init-groups"
	cd "$PGHOST"
	$as_owner "$bin/postgres" -D "$PGDATA" </dev/null >>"$PGHOST/log" 2>&1 &
	;;
*)
	echo "usage: pg.sh kill|start|hang|go" >&2
	exit 2
	;;
esac
