#!/bin/sh
# with-pg.sh [--fsync] COMMAND...: runs COMMAND with a PostgreSQL of its own
# and removes it afterwards, whatever happened.
#
# COMMAND finds in its environment PGHOST, PGUSER=postgres, PGDATABASE=firebreak
# (migrated, empty) and FIREBREAK_PG, the same as a libpq line; PGDATA is the
# cluster's directory: `sh tests/pg.sh kill` and `start` for those who kill it.
#
# The cluster is a copy of a template in build/, made once for the files in
# sql/schema.  Unix socket only, fsync off unless --fsync.  The server is a
# child that dies with this script, even if that is killed with -9.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
fsync=off
if [ "${1-}" = --fsync ]; then
	fsync=on
	shift
fi
[ $# -gt 0 ] || { echo "usage: with-pg.sh [--fsync] COMMAND..." >&2; exit 2; }

bin=${FB_PG_BIN:-$(pg_config --bindir)}
[ -x "$bin/postgres" ] || bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
templates=$root/build/pgtemplate

# root cannot run PostgreSQL; everybody else runs it as himself
if [ "$(id -u)" -eq 0 ]; then
	owner=postgres
	as_owner="setpriv --reuid=postgres --regid=postgres --init-groups"
else
	owner=$(id -un)
	as_owner="setpriv"
fi

export PGUSER=postgres PGDATABASE=firebreak LC_ALL=C.UTF-8
unset PGPORT PGPASSWORD PGSERVICE PGOPTIONS PGHOSTADDR 2>/dev/null || :

work=$(mktemp -d /tmp/firebreak-pg.XXXXXX)
chmod 755 "$work"
export PGHOST="$work" PGDATA="$work/data"
export FIREBREAK_PG="host=$work user=postgres dbname=firebreak"
export PGCONNECT_TIMEOUT=10
server= command=

# Returns when it takes connections.  What it says goes through a pipe into the
# log; that the pipe ends says that it is gone.
start()
{
	# cd: the server must be able to read its working directory
	cat >"$PGDATA/postgresql.auto.conf" <<-END
	listen_addresses = ''
	unix_socket_directories = '$work'
	fsync = $fsync
	full_page_writes = $fsync
	max_connections = 120
	shared_buffers = 64MB
	max_wal_size = 512MB
	autovacuum_naptime = 5s
	timezone = UTC
	log_timezone = UTC
	jit = off
	END
	mkfifo "$work/says"
	(cd "$work" && exec $as_owner --pdeathsig INT "$bin/postgres" \
		-D "$PGDATA") >"$work/says" 2>&1 &
	server=$!
	exec 8<"$work/says"
	rm "$work/says"
	ready=
	while [ -z "$ready" ] && read -r line <&8; do
		echo "$line" >>"$work/log"
		case $line in *'ready to accept connections'*) ready=1 ;; esac
	done
	if [ -z "$ready" ]; then
		echo "with-pg.sh: PostgreSQL does not start:" >&2
		tail -n 20 "$work/log" >&2
		exit 1
	fi
	cat <&8 >>"$work/log" &
	exec 8<&-
}

# COMMAND may have restarted the server: then it is no child to wait for.
stop()
{
	[ -f "$PGDATA/postmaster.pid" ] || return 0
	pid=$(head -n 1 "$PGDATA/postmaster.pid" 2>/dev/null) || return 0
	if [ "$pid" = "$server" ]; then
		kill -INT "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
		return 0
	fi
	for how in fast immediate; do
		(cd "$work" && $as_owner "$bin/pg_ctl" -s -D "$PGDATA" -m $how \
			-t 20 stop) >>"$work/log" 2>&1 && return 0
	done
	kill -KILL "$pid" 2>/dev/null || :
}

cleanup()
{
	status=$?
	trap - EXIT INT TERM HUP
	[ -z "$command" ] || kill "$command" 2>/dev/null || :
	stop
	rm -rf "$work"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# An empty, migrated cluster in $1, by way of $PGDATA.
make_template()
{
	mkdir "$PGDATA"
	chown "$owner" "$work" "$PGDATA"
	(cd "$work" && $as_owner "$bin/initdb" -D "$PGDATA" -U postgres \
		-A trust -E UTF8 --locale=C --no-sync) >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		exit 1
	}
	start
	"$bin/createdb" firebreak
	sh "$root/tests/migrate.sh"
	"$bin/psql" -Xqc 'checkpoint'
	stop
	rm -f "$PGDATA/postmaster.pid" "$PGDATA/postmaster.opts"
	rm -rf "$1".new
	cp -a "$PGDATA" "$1".new
	mv "$1".new "$1"
	# earlier ones serve nobody
	find "$templates" -mindepth 1 -maxdepth 1 -type d -mmin +60 \
		! -path "$1" -exec rm -rf {} + 2>/dev/null || :
	rm -rf "$PGDATA"
}

key=$({ "$bin/postgres" --version; id -u
	cat "$root"/sql/schema/*.sql "$root/tests/migrate.sh" "$0"; } |
	sha256sum | cut -c 1-16)
template=$templates/$key
if [ ! -d "$template" ]; then
	mkdir -p "$templates"
	exec 9>"$templates/lock"
	flock 9
	[ -d "$template" ] || make_template "$template"
	exec 9>&-
fi

cp -a --reflink=auto "$template" "$PGDATA"
chown "$owner" "$work"
start
setpriv --pdeathsig TERM "$@" <&0 &
command=$!
set +e
wait "$command"
status=$?
command=
exit $status
