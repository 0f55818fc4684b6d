#!/bin/sh
# run.sh [NAME...]: builds and runs every test, or the suites whose name has
# one of NAME in it ("unit/", "sql", "fuzz/yaml"); tests/README.md lists the
# kinds.  The last line is "N passed, M failed, K skipped"; exit 1 if M > 0.
#
# A suite prints TAP.  A missing or broken plan, a crash and a suite that does
# not end (SUITE_SECONDS, 300) are failures.  Two suites run at a time.
set -u
cd "$(dirname "$0")/.." || exit 1

export TEST_BUILD="${TEST_BUILD:-build}" CMOCKA_MESSAGE_OUTPUT=TAP
export B="$TEST_BUILD/asan" B_PLAIN="$TEST_BUILD/plain" LC_ALL=C.UTF-8
export ASAN_OPTIONS="${ASAN_OPTIONS-detect_leaks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS-print_stacktrace=1}"
unset MAKEFLAGS MFLAGS MAKELEVEL

# Counts a suite's TAP and says what went wrong; first line "ok bad skip".
count_tap()
{
	awk -v status="$1" '
	function fault(text) { bad++; notes = notes "    " text "\n" }
	/^ *[0-9]+\.\.[0-9]+/ && !/^ / {
		plans++
		split($1, p, /\.\./)
		planned += p[2]
		if (p[2] == 0) skip++
	}
	/^ok / || /^not ok / {
		seen++
		keep = 0
		if (/# *[Ss][Kk][Ii][Pp]/) { skip++; next }
		if (/^ok /) { ok++; next }
		keep = 1
		fault($0)
		next
	}
	/^Bail out!/ { fault($0) }
	/^#/ && keep && lines++ < 40 { notes = notes "      " $0 "\n" }
	END {
		if (!plans) fault("no plan")
		else if (seen != planned)
			fault("planned " planned " tests, saw " seen + 0)
		if (status == 124 || status == 137) fault("ran out of time")
		else if (status != 0 && !bad) fault("ended with status " status)
		printf "%d %d %d\n%s", ok, bad, skip, notes
	}'
}

# Runs one suite: name, command.  Its line is printed when it ends.
run_suite()
{
	name=$1
	shift
	out=$WORK/$(echo "$name" | tr / .)
	begin=$(date +%s%3N)
	timeout -k 10 "${SUITE_SECONDS:-300}" "$@" </dev/null >"$out.log" 2>&1
	status=$?
	count_tap $status <"$out.log" >"$out.count"
	read -r ok bad skip <"$out.count"
	took=$(($(date +%s%3N) - begin))
	line=$(printf '%-4s %-28s %4d passed' \
		"$([ "$bad" -eq 0 ] && echo ok || echo FAIL)" "$name" "$ok")
	[ "$bad" -eq 0 ] || line="$line, $bad failed"
	[ "$skip" -eq 0 ] || line="$line, $skip skipped"
	printf '%s  (%d.%01d s)\n' "$line" $((took / 1000)) $((took / 100 % 10))
	[ "$bad" -gt 0 ] || return 0
	sed 1d "$out.count"
	# a crash speaks after the last test, or before the first
	grep -v -E '^(ok|not ok|[0-9]+\.\.)' "$out.log" | tail -n 40 |
		sed 's/^/    | /'
}

# In one PostgreSQL: every pgTAP file in a copy of the migrated database.
run_sql()
{
	for file; do
		copy=test_$(basename "$file" .sql)
		createdb -T firebreak "$copy" && psql -Xqd "$copy" \
			-c 'create extension if not exists pgtap' || :
		run_suite "sql/$(basename "$file" .sql)" env PGDATABASE="$copy" \
			PGOPTIONS=--client-min-messages=warning \
			psql -XAtq -v ON_ERROR_STOP=1 -f "$file"
		dropdb --if-exists "$copy"
	done
}

# The commands by kind of suite; what a suite is called says how it is run.
run_named()
{
	case $1 in
	build/plain) run_suite "$1" sh tests/build.sh V=plain B="$B_PLAIN" all ;;
	build/asan) run_suite "$1" sh tests/build.sh V=asan B="$B" tests ;;
	build/fuzz)
		run_suite "$1" sh tests/build.sh V=fuzz \
			B="$TEST_BUILD/fuzz" fuzzers ;;
	lint) run_suite "$1" sh tests/lint.sh ;;
	docs) run_suite "$1" sh tests/docs.sh ;;
	unit/*) run_suite "$1" "$B/tests/$1_test" ;;
	fuzz/*) run_suite "$1" sh tests/fuzz/run.sh "${1#fuzz/}" ;;
	sql) sh tests/with-pg.sh sh tests/run.sh --sql $SQL_FILES ||
		run_suite sql false ;;
	server/*_test) run_suite "$1" sh tests/with-pg.sh "$B/tests/$1" ;;
	*_test) run_suite "$1" "$B/tests/$1" ;;
	*) run_suite "$1" sh "tests/$1.sh" ;;
	esac
}

names()
{
	for path; do
		[ ! -e "$path" ] || { path=${path#tests/}; echo "${path%.*}"; }
	done
}

# Longest first, so that the end is not spent waiting for one of them.
list_suites()
{
	names tests/fault/*.sh
	names tests/fuzz/*_fuzz.c | sed 's/_fuzz$//'
	echo lint
	[ -z "$SQL_FILES" ] || echo sql
	names tests/server/*.sh tests/proto/*.sh tests/rules/*.sh tests/tui/*.sh
	names tests/server/*_test.c tests/proto/*_test.c tests/rules/*_test.c \
		tests/tui/*_test.c
	names tests/unit/*_test.c | sed 's/_test$//'
	echo docs
}

wanted()
{
	[ -n "$WANTED" ] || { cat; return; }
	while read -r suite; do
		for word in $WANTED; do
			case $suite in *"$word"*) echo "$suite"; break ;; esac
		done
	done
}

case ${1-} in
--sql) shift; run_sql "$@"; exit 0 ;;
--suite) run_named "$2"; exit 0 ;;
esac

WANTED="$*"
SQL_FILES=$(ls tests/sql/*.sql 2>/dev/null)
if [ -n "$WANTED" ]; then
	SQL_FILES=$(names $SQL_FILES | wanted | sed 's/.*/tests\/&.sql/')
fi
SQL_FILES=$(echo $SQL_FILES)
WORK=$(mktemp -d /tmp/firebreak-run.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export WORK SQL_FILES

{
	list_suites | wanted
	# "sql/NAME" has chosen its files above
	[ -z "$SQL_FILES" ] || echo sql
} | awk '!seen[$0]++' >"$WORK/list"

# The programs first.  What does not build is a failure; the rest still runs.
if grep -q / "$WORK/list"; then
	run_named build/plain
	run_named build/asan
	! grep -q ^fuzz/ "$WORK/list" || run_named build/fuzz
fi
xargs -r -P 2 -n 1 sh tests/run.sh --suite <"$WORK/list"

cat "$WORK"/*.count 2>/dev/null | awk '
	/^[0-9]+ [0-9]+ [0-9]+$/ { ok += $1; bad += $2; skip += $3 }
	END {
		if (!ok && !bad && !skip) { print "no such suite"; bad = 1 }
		printf "%d passed, %d failed, %d skipped\n", ok, bad, skip
		exit bad > 0
	}'
