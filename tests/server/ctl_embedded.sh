#!/bin/sh
# The embedded PostgreSQL saved and restored into another data directory, by
# the programs alone: nothing of PostgreSQL is in PATH.
cd "$(dirname "$0")/../.." || exit 1
set -u
B=${B:-build/asan}
work=$(mktemp -d /tmp/firebreak-embedded.XXXXXX)
chmod 755 "$work"
daemon=
trap '[ -z "$daemon" ] || { kill "$daemon"; wait "$daemon"; }
	rm -rf "$work"' EXIT
PATH=/usr/bin:/bin
export LC_ALL=C.UTF-8
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

ctl() # HOUSE COMMAND...
{
	conf=$work/$1.yaml
	shift
	"$B/firebreakctl" --config "$conf" --lang "${lang:-en}" "$@" \
		2>"$work/err"
}

for house in old new third; do
	cat >"$work/$house.yaml" <<-YAML
	data: $work/$house
	listen: [$work/socket]
	address: "unix:$work/socket"
	metrics: ""
	fsync: no
	YAML
done

serve() # HOUSE
{
	mkfifo "$work/ready"
	"$B/firebreakd" --config "$work/$1.yaml" --ready-fd 3 \
		3>"$work/ready" 2>"$work/log" >/dev/null &
	daemon=$!
	said=
	read -r said <"$work/ready"
	rm "$work/ready"
}

ctl old init --company Acme >/dev/null
is 'a company is made' "$? $(cat "$work/err")" '0 '
ctl old unit add North --kind region --under Acme >/dev/null
ctl old person add Ann --role rep --unit North >/dev/null
serve old
is 'its daemon serves' "$said" ready
"$B/firebreak" join "$(ctl old invite Ann)" --key "$work/ann" \
	--no-passphrase >/dev/null
is 'and has a device' "$?" 0
ctl old backup "$work/backup" >/dev/null
is 'it is saved meanwhile' "$? $(cat "$work/err")" '0 '
ctl old restore "$work/backup"
is 'a full one is not restored into' "$?" 1
kill "$daemon"
wait "$daemon"
daemon=

# What is no backup leaves no trace
mkdir "$work/half"
cp "$work/backup/server.key" "$work/half"
ctl new restore "$work/half"
is 'half a backup is refused' "$? $(cat "$work/err")" "1 firebreakctl: \
$work/half is no whole backup: $work/half/database.dump: No such file or directory"
is 'before anything is made' "$(ls -d "$work/new" 2>/dev/null)" ''
cp -r "$work/backup" "$work/cut"
size=$(wc -c <"$work/backup/database.dump")
head -c $((size / 2)) "$work/backup/database.dump" >"$work/cut/database.dump"
ctl new restore "$work/cut"
is 'a damaged dump is refused' "$?" 1
is "with pg_restore's words" \
	"$(grep -c 'pg_restore failed (status 1): pg_restore: error: .' \
		"$work/err") $(grep -c . "$work/err")" '1 1'
is 'and without its key' "$(ls "$work/new/server.key" 2>/dev/null)" ''
lang=zh ctl new restore "$work/cut"
is 'in Chinese too' "$(grep -c '失败.*pg_restore: error: .' "$work/err")" 1

# The whole of it, into the same directory
ctl new restore "$work/backup" >/dev/null
is 'the whole one is restored' "$? $(cat "$work/err")" '0 '
is 'with the same units' "$(ctl new unit list)" "$(ctl old unit list)"
is 'people' "$(ctl new person list)" "$(ctl old person list)"
is 'devices' "$(ctl new device list)" "$(ctl old device list)"
is 'and packs' "$(diff -r "$work/old/packs" "$work/new/packs")" ''
is 'its audit is good' "$(ctl new audit verify | sed 's/:.*//; q')" good
serve new
is 'its daemon serves' "$said" ready
mkfifo "$work/words"
"$B/tests/server/ctl_session" "$work/ann" >"$work/words" &
exec 4<"$work/words"
read -r word <&4
is 'and the device needs no new invite' "$word" 'welcome Ann'
kill "$daemon"
wait "$daemon"
is 'and it stops in peace' "$?" 0
daemon=
is 'and PostgreSQL with it' \
	"$(ls "$work/new/pg/postmaster.pid" "$work/old/pg/postmaster.pid" \
		2>/dev/null)" ''

# A long command that is told to stop
ctl third init >/dev/null
: >"$work/third/pg.log"
"$B/firebreakctl" --config "$work/third.yaml" --lang en demo \
	>/dev/null 2>"$work/err" &
busy=$!
tail -n +1 -f --pid=$busy "$work/third/pg.log" |
	grep -q 'ready to accept connections'
kill -TERM $busy
wait $busy
is 'it ends' "$? $(cat "$work/err")" '1 firebreakctl: interrupted'
is 'and leaves no PostgreSQL running' \
	"$(ls "$work/third/pg/postmaster.pid" 2>/dev/null)" ''
is 'and nothing half done' "$(ctl third person list | grep -c .)" 2
echo 1..$n
