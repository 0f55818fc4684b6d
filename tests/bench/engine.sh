# Figures of the engine, sourced by tests/bench/run.sh: a walk over a copy of
# its company, and then changes of 2,000 of its customers.

# engine_wait QUERY: returns when it answers t
engine_wait()
{
	until [ "$(psql -XAtc "$1")" = t ]; do
		kill -0 $daemon || { cat "$company/log" >&2; exit 1; }
		timeout 0.05 tail -f /dev/null || :
	done
}

# engine_walk FROM: seconds of a walk over a copy of FROM, WAL bytes
engine_walk()
{
	company_db=engine_walk
	PGDATABASE=postgres
	psql -Xqc "drop database if exists $company_db" 2>/dev/null
	createdb -T "$1" "$company_db"
	export PGDATABASE=$company_db
	psql -Xq -c 'truncate firebreak.engine, firebreak.rule_state,
		firebreak.transition, firebreak.alert_comment, firebreak.alert' \
		-c "delete from firebreak.task where origin like 'rule:%'" \
		-c 'update firebreak.customer_state set light = 0 where light > 0' \
		-c 'vacuum full' -c 'analyze' -c 'checkpoint'
	lsn=$(psql -XAtc 'select pg_current_wal_lsn()')
	company_daemon
	engine_wait "select count(*) >= 2 from firebreak.engine"
	psql -XAtF' ' -c "select extract(epoch from max(seen) - min(seen)),
		pg_current_wal_lsn() - '$lsn' from firebreak.transition where subject_kind = 'customer'"
}

# engine_changes: microseconds a customer, from the news to the judgement
engine_changes()
{
	psql -XAt <<-'SQL' >"$company/began"
	insert into firebreak.change_queue (source, customer_id, org_code, at)
	select 'customers', customer_id, org_code, now()
	from firebreak.customer_state order by customer_id limit 2000;
	notify firebreak_change;
	select extract(epoch from clock_timestamp());
	SQL
	engine_wait 'select not exists (select from firebreak.change_queue)'
	psql -XAtc "select (extract(epoch from clock_timestamp())
		- $(grep '^[0-9.]*$' "$company/began")) * 1e6 / 2000"
}

engine()
{
	company_stop
	was=$PGDATABASE
	for i in $(seq "$runs"); do
		[ -z "$daemon" ] || company_stop
		engine_walk "$was"
	done >"$company/walks"
	awk -v n="$customers" '{ print $1 * 100000 / n }' "$company/walks" |
		say engine_walk_100k_s s
	awk -v n="$customers" '{ print $2 / n }' "$company/walks" |
		say engine_walk_wal_bytes B
	for i in $(seq "$runs"); do
		engine_changes
	done | say engine_change_us us
	company_stop
	company_db=$was
	export PGDATABASE="$was"
	company_daemon
}
