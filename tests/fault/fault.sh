#!/bin/sh
# Writers through twenty faults: PostgreSQL and the daemon killed with -9, the
# link cut, stalled and repeating itself (tests/fault/fault.c).  Then the
# database is asked whether it kept its word.  The PostgreSQL is the daemon's
# own, with fsync, so that the daemon is what starts it again.
#
# FAULT_CLIENTS (50) and FAULT_ROUNDS (20) make it longer or shorter.
set -eu
B=${B:-build/asan}
clients=${FAULT_CLIENTS:-50}
rounds=${FAULT_ROUNDS:-20}
test=$((rounds + 1))
echo "1..$((rounds + 8))"

work=$(mktemp -d /tmp/firebreak-fault.XXXXXX)
chmod 755 "$work"
daemon=
fault_end()
{
	status=$?
	daemon_stop
	# what a failed run leaves: the postmaster goes with its directory
	if [ -f "$work/data/pg/postmaster.pid" ]; then
		kill -QUIT "$(head -n 1 "$work/data/pg/postmaster.pid")" \
			2>/dev/null || :
	fi
	rm -rf "$work"
	exit $status
}
daemon_stop()
{
	[ -n "$daemon" ] || return 0
	kill "$daemon" 2>/dev/null || :
	wait "$daemon" 2>/dev/null || :
	daemon=
}
trap fault_end EXIT
trap 'exit 1' INT TERM

bail()
{
	echo "Bail out! $1"
	sed 's/^/# /' "$work/log" | tail -n 40
	exit 1
}

# Returns when it takes connections.
daemon_start()
{
	mkfifo "$work/ready"
	"$B/firebreakd" --config "$work/firebreakd.yaml" --ready-fd 3 \
		3>"$work/ready" >>"$work/log" 2>&1 &
	daemon=$!
	said=
	read -r said <"$work/ready" || :
	rm "$work/ready"
	[ "$said" = ready ] || bail "firebreakd does not start"
}

check() # TEXT WANTED FOUND
{
	test=$((test + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $test - $1"
	else
		echo "not ok $test - $1"
		echo "# wanted $2, found $3"
		failed=1
	fi
}

ask()
{
	psql -XAtq -v ON_ERROR_STOP=1 -c "$1"
}

cat >"$work/firebreakd.yaml" <<-YAML
data: $work/data
listen: [$work/socket]
metrics: ""
packs: [$PWD/server/packs/standard]
log_level: warn
YAML
# init keeps a key that is there
mkdir -p "$work/data"
server_key=$("$B/tests/bench/load" keys "$work/data" 1)
mv "$work/data/1" "$work/data/server.key"
export PGHOST="$work/data/run" PGUSER=firebreak_admin PGDATABASE=firebreak
"$B/firebreakctl" --config "$work/firebreakd.yaml" init >"$work/log" 2>&1 ||
	bail "firebreakctl init"

# The company, and a key for each of as many people.
daemon_start
psql -Xqf sql/demo.sql 2>>"$work/log" || bail "demo.sql"
ask "select demo.build(reps => $clients + 20, customers => $clients * 20,
	days => 10)" >/dev/null || bail "demo.build"
ask 'drop schema demo cascade' 2>/dev/null
mkdir "$work/keys"
"$B/tests/bench/load" keys "$work/keys" "$clients" >"$work/public"
nl -s, -w1 "$work/public" >"$work/public.csv"
psql -Xq -v ON_ERROR_STOP=1 <<-SQL || bail "devices"
create temp table k (n bigint, key text);
\copy k from '$work/public.csv' csv
insert into firebreak.device (person_id, public_key, name, created_at)
select s.person_id, decode(k.key, 'hex'), 'fault', now()
from k join (select person_id, row_number() over (order by code) as n
	from firebreak.seat where role = 'rep' and person_id in (
	select c.owner_id from firebreak.customer c)) s using (n);
SQL
daemon_stop

failed=0
"$B/tests/fault/fault" "$work/socket" "$server_key" "$work/keys" "$clients" \
	"$rounds" "$B/firebreakd" "$work/firebreakd.yaml" \
	"$work/data/pg/postmaster.pid" "$work/acks" 2>>"$work/log" || failed=1

# What the clients were told, against what is there.
daemon_start
psql -Xq -v ON_ERROR_STOP=1 <<-SQL || bail "acks"
create table public.acks (summary text primary key);
\copy public.acks from '$work/acks'
create table public.found as select a.activity_id, a.person_id, a.summary
from firebreak.activity a where a.summary like 'fault %';
SQL
check "there are acknowledged writes" t \
	"$(ask "select count(*) >= $rounds * 150 from public.acks")"
check "every acknowledged write is there" 0 \
	"$(ask 'select count(*) from public.acks k where not exists
	(select from public.found f where f.summary = k.summary)')"
check "no write is there twice" 0 \
	"$(ask 'select count(*) - count(distinct summary) from public.found')"
check "every write is there because its result is kept, once" 0 \
	"$(ask "select count(*) from public.found f where 1 <> (
	select count(*) from firebreak.request_result r
	where r.person_id = f.person_id
	and r.result @> jsonb_build_object('id', f.activity_id))")"
check "every kept result names a write that is there" 0 \
	"$(ask "select count(*) from firebreak.request_result r
	where not exists (select from public.found f
	where f.person_id = r.person_id
	and f.activity_id = (r.result ->> 'id')::bigint)")"
check "every write left one line in the audit" 0 \
	"$(ask "select count(*) from public.found f where 1 <> (
	select count(*) from firebreak.audit_all a
	where a.entity = 'activity' and a.entity_id = f.activity_id)")"
until [ "$(ask 'select firebreak.seal_batch()')" = 0 ]; do :; done
check "the audit is whole" "t 0" \
	"$(ask "select ok || ' ' || unsealed from firebreak.audit_verify()" |
	sed 's/^true/t/')"
daemon_stop
if grep -q 'Sanitizer' "$work/log"; then
	failed=1
fi
[ $failed = 0 ] || grep -v "database is away" "$work/log" | sed 's/^/# /' | tail -n 60
exit $failed
