# Imports beside psql \copy, in a database of their own; sourced by run.sh,
# where `say`, $company and $B come from.
#
#     BENCH_IMPORT=1000000    customers
#
# What is compared: `firebreakctl import` of a CSV file from its start to its
# end, and \copy of the same customers, all columns of firebreak.customer as
# the import made them, back into that table, emptied, under the same indexes
# and constraints.  The import fills two more tables and their indexes.
import_work=$company/import

# import_file WHERE CITY: every tenth customer of the file lives in CITY
import_file()
{
	mkdir -p "$import_work/$1"
	psql -Xq <<-SQL
	\\copy (select i as id, (array['华东','宏远','Northern ','Alpine '])[1 + i % 4] || upper(left(md5(i::text), 8)) || (array['科技',' Trading','贸易'])[1 + i % 3] as name, (array['KA','A','B','C','D'])[1 + i % 5] as grade, (array['机械','software','retail'])[1 + i % 3] as industry, case when i % 10 = 0 then '$2' else '上海' end as city, '+86 21 ' || 10000000 + i as phone, i % 900 || ' Harbour Road' as address, i % 3000 as employees, date '2021-01-01' + i % 1800 as created_at from generate_series(1, $import_rows) i) to '$import_work/$1/customers.csv' csv header
	SQL
}

import_files()
{
	mkdir -p "$import_work"
	cat >"$import_work/bench.yaml" <<-'YAML'
	mapping: bench
	title: { zh: 测速, en: bench }
	files:
	- file: customers.csv
	  into:
	  - customer:
	      key: id
	      fields:
	        name: name
	        grade: grade
	        industry: industry
	        city: city
	        phone: phone
	        address: address
	        employees: employees
	        created_at: created_at
	YAML
	cat >"$import_work/firebreakd.yaml" <<-YAML
	data: $import_work
	database: host=$PGHOST dbname=$PGDATABASE user=firebreak_app
	database_admin: host=$PGHOST dbname=$PGDATABASE user=postgres
	packs: [$PWD/server/packs/standard]
	YAML
	import_file first Leeds
	import_file later Lyon
}

# timed COMMAND...: $seconds_taken; its output is shown only if it fails
timed()
{
	psql -Xqc checkpoint
	begin=$(date +%s%3N)
	"$@" >"$import_work/out" 2>&1 || { cat "$import_work/out" >&2; exit 1; }
	took=$(($(date +%s%3N) - begin))
	seconds_taken=$(echo "$took" | awk '{ print $1 / 1000 }')
}

import_ctl()
{
	"$B/firebreakctl" --config "$import_work/firebreakd.yaml" --lang en \
		import "$@"
}

import_count() { psql -XAtc "select $1 from firebreak.customer"; }

# expect GOT WANT: a figure of work that was not done is none
expect()
{
	[ "$1" = "$2" ] ||
		{ echo "import: $1 where $2 was expected" >&2; exit 1; }
}

imports()
(
	import_rows=${BENCH_IMPORT:-1000000}
	createdb import
	export PGDATABASE=import
	import_files
	"$B/firebreakctl" --config "$import_work/firebreakd.yaml" migrate >&2
	psql -XAtqc "select firebreak.seat_add(firebreak.unit_add(null, 'Co',
		'company'), 'rep', firebreak.person_add('Own Er', 'o@example.org',
		'en', '2020-01-01'))" >/dev/null
	set -- --owner o@example.org --mapping "$import_work/bench.yaml"
	timed import_ctl "$@" "$import_work/first"
	expect "$(import_count 'count(*)')" "$import_rows"
	import_s=$seconds_taken
	echo "$import_s" | say import_s s
	psql -Xqc "\\copy firebreak.customer to '$import_work/rows'"
	timed import_ctl "$@" "$import_work/later"
	expect "$(import_count "count(*) filter (where city = 'Lyon')")" \
		$((import_rows / 10))
	echo "$seconds_taken" | say import_update_s s
	timed import_ctl --revert 2
	expect "$(import_count "count(*) filter (where city = 'Lyon')")" 0
	echo "$seconds_taken" | say import_revert_update_s s
	timed import_ctl --revert 1
	expect "$(import_count 'count(*)')" 0
	echo "$seconds_taken" | say import_revert_s s
	psql -Xqc 'truncate firebreak.customer cascade' 2>/dev/null
	timed psql -Xqc "\\copy firebreak.customer from '$import_work/rows'"
	expect "$(import_count 'count(*)')" "$import_rows"
	echo "$seconds_taken" | say import_copy_s s
	echo "$seconds_taken $import_s" | awk '{ print $1 / $2 }' |
		say import_copy_ratio x
	dropdb import
	rm -rf "$import_work"
)
