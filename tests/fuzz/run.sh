#!/bin/sh
# fuzz/run.sh [NAME...]: first each fuzzer's corpus (a regression test), then
# FUZZ_SECONDS (20) of new inputs, two fuzzers at a time.  Prints TAP.
#
# tests/fuzz/corpus/NAME is only read: what is found on the way is kept in the
# build directory, and an input that breaks something as crash-NAME-* there;
# once mended, copy it to the corpus.
cd "$(dirname "$0")/../.." || exit 1
build=${TEST_BUILD:-build}/fuzz
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

run_one()
{
	name=$1
	program=$build/tests/fuzz/${name}_fuzz
	corpus=tests/fuzz/corpus/$name
	mkdir -p "$build/corpus/$name"
	dict=tests/fuzz/$name.dict
	common="-timeout=10 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1
		-artifact_prefix=$build/crash-$name-"
	[ ! -f "$dict" ] || common="$common -dict=$dict"
	log=$(mktemp)
	if ! "$program" $common -runs=0 "$corpus" >"$log" 2>&1; then
		echo "not ok - $name: corpus"
		echo "ok - $name: not fuzzed # SKIP its corpus fails"
		tail -n 40 "$log" | sed 's/^/# /'
	else
		echo "ok - $name: corpus of $(ls "$corpus" | wc -l)"
		"$program" $common -max_total_time="${FUZZ_SECONDS:-20}" \
			"$build/corpus/$name" "$corpus" >"$log" 2>&1 &&
			result=ok || result='not ok'
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "$result - $name: ${FUZZ_SECONDS:-20} s, ${runs:-?} inputs"
		[ "$result" = ok ] || tail -n 40 "$log" | sed 's/^/# /'
	fi
	rm -f "$log"
}

if [ "${1-}" = --one ]; then
	# one write each, so that two at a time do not mix their lines
	text=$(run_one "$2")
	printf '%s\n' "$text"
	exit 0
fi
if [ $# -eq 0 ]; then
	make -s -j2 V=fuzz B="$build" fuzzers >&2 || exit 1
	set -- $(ls tests/fuzz/*_fuzz.c | sed 's,.*/\(.*\)_fuzz.c,\1,')
fi
echo 1..$(($# * 2))
printf '%s\n' "$@" | xargs -P 2 -n 1 sh tests/fuzz/run.sh --one
