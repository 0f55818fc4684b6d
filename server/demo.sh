#!/bin/sh
# demo.sh ROLE BUILD: the demonstration.  A company in a cluster of its own, the
# daemon, a field force that works through the real protocol, and a terminal
# for ROLE: supervisor, rep or ops.  Everything started here ends with it; the
# data stays, so that the next start takes seconds.  FIREBREAK_DEMO names
# another directory, FIREBREAK_DEMO_DUMP a screen to print instead of opening
# the terminal.
set -eu

role=${1:-supervisor}
build=${2:-build/plain}
root=$(cd "$(dirname "$0")/.." && pwd)
case $build in /*) ;; *) build=$root/$build ;; esac
case $role in
supervisor | ops | rep) ;;
*)
	echo "demo: AS is supervisor, rep or ops, not \"$role\"" >&2
	exit 2
	;;
esac

# PostgreSQL will not run as root and must reach the directory as its own user.
if [ "$(id -u)" = 0 ]; then
	dir=${FIREBREAK_DEMO:-/var/tmp/firebreak-demo}
else
	dir=${FIREBREAK_DEMO:-${XDG_CACHE_HOME:-$HOME/.cache}/firebreak-demo}
fi
keys=$dir/keys
conf=$dir/firebreakd.yaml
ctl="$build/firebreakctl --config $conf"
daemon= force= terminal=

finish() {
	trap - EXIT INT TERM HUP
	for pid in $terminal $force $daemon; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in $force $daemon; do
		wait "$pid" 2>/dev/null || true
	done
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

say() {
	printf '%s\n' "$*" >&2
}

prepare() {
	rm -rf "$dir.new" "$dir"
	mkdir -p "$keys"
	chmod 755 "$dir"
	chmod 700 "$keys"
	cat > "$conf" <<-EOF
	data: $dir/data
	listen: [ "$dir/socket" ]
	address: "unix:$dir/socket"
	metrics: ""
	fsync: no
	packs: [ "$root/server/packs/standard" ]
	EOF
	say "初始化 · setting up the database"
	$ctl init --company 长风实业 >"$dir/init.log" 2>&1 ||
	    { cat "$dir/init.log" >&2; exit 1; }
	say "生成公司 · making the company (200 reps, 20,000 customers)"
	$ctl demo >"$dir/company.log" 2>&1 ||
	    { cat "$dir/company.log" >&2; exit 1; }
	$ctl demo --roster 30 > "$dir/people.csv"
	$ctl invite --csv "$dir/people.csv" --days 7 > "$dir/invites.csv"
	chmod 600 "$dir/invites.csv"
}

# Returns when the daemon serves; a pipe that ends says that it is gone.
start_daemon() {
	rm -f "$dir/socket" "$dir/started"
	mkfifo -m 600 "$dir/started"
	"$build/firebreakd" --config "$conf" --ready-fd 3 \
	    3>"$dir/started" >"$dir/daemon.log" 2>&1 &
	daemon=$!
	started=
	read -r started <"$dir/started" || :
	rm -f "$dir/started"
	[ "$started" = ready ] || { tail -5 "$dir/daemon.log" >&2; exit 1; }
}

start_force() {
	invites=$dir/field.csv
	sed 2,4d "$dir/invites.csv" > "$invites"
	"$build/fieldforce" "$keys" "$invites" 3 >"$dir/field.log" 2>&1 &
	force=$!
}

join() {
	[ -e "$keys/$1.key" ] && return
	invite=$(sed -n "$2p" "$dir/invites.csv" | sed 's/.*,//')
	"$build/firebreak" --key "$keys/$1.key" --no-passphrase \
	    --name "demo $1" join "$invite" >/dev/null
}

# `ready` holds what the data was made from
made_from=$(cat "$root"/sql/schema/*.sql "$root"/sql/demo.sql | cksum)
if [ -e "$dir/ready" ] && [ "$(cat "$dir/ready")" != "$made_from" ]; then
	say "数据模型已变,重建演示公司 ·" \
	    "the data model has changed: the company is made anew"
	rm -f "$dir/ready"
fi
[ -e "$dir/ready" ] || prepare
start_daemon
join supervisor 2
join ops 3
join rep 4
echo "$made_from" >"$dir/ready"
start_force
if [ -n "${FIREBREAK_DEMO_DUMP:-}" ]; then
	"$build/firebreak" --key "$keys/$role.key" --dump "$FIREBREAK_DEMO_DUMP"
else
	# in the background, so that a hangup reaches the traps above
	exec 3<&0
	"$build/firebreak" --key "$keys/$role.key" <&3 &
	terminal=$!
	wait "$terminal" || say "see $dir/daemon.log"
	terminal=
fi
