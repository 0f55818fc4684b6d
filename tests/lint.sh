#!/bin/sh
# lint.sh [RULE...]: the rules of the house that a program can check.  Prints
# TAP, one test per rule; offenders as file:line: text.
cd "$(dirname "$0")/.." || exit 1
build=${TEST_BUILD:-build}
export LC_ALL=C.UTF-8

code=$(git ls-files -co --exclude-standard \
	'common/*.[ch]' 'server/*.[ch]' 'tui/*.[ch]')
tests=$(git ls-files -co --exclude-standard 'tests/*.[ch]')
sql=$(git ls-files -co --exclude-standard 'sql/*.sql')
# a file that was just removed is still listed
exists() { for f; do [ ! -f "$f" ] || echo "$f"; done; }
code=$(exists $code) tests=$(exists $tests) sql=$(exists $sql)

# One library, one place: header, then who may include it.
libraries='
libpq-fe.h	server/db.c server/db/*
sodium.h	common/noise*.c common/keyfile.c common/secret.[ch]
yaml.h	common/yaml.c
cbor	common/codec.c
cbor.h	common/codec.c
utf8proc.h	common/text.c
curses.h	tui/terminal.c tui/term.c tui/curses.c tui/screen.c
ncurses.h	none
ncursesw/curses.h	tui/terminal.c tui/term.c tui/curses.c tui/screen.c
term.h	tui/terminal.c tui/term.c tui/curses.c tui/screen.c
event2	common/loop.c common/stream.c common/listen.c server/metrics.c
uchardet	server/import/encoding.c
csv.h	server/import/csvfile.c
'

# Code without comments and the insides of strings, as file:line:text, so that
# a rule neither trips over a word in a sentence nor misses a call.
strip_c()
{
	awk '
	FNR == 1 { comment = 0 }
	{
		s = $0; out = ""
		while (s != "") {
			if (comment) {
				i = index(s, "*/")
				if (!i) { s = ""; break }
				s = substr(s, i + 2); comment = 0; continue
			}
			if (match(s, /^"([^"\\]|\\.)*"/)) {
				out = out "\"\""; s = substr(s, RLENGTH + 1)
			} else if (match(s, /^\x27([^\x27\\]|\\.)*\x27/)) {
				out = out "0"; s = substr(s, RLENGTH + 1)
			} else if (substr(s, 1, 2) == "/*") {
				comment = 1; s = substr(s, 3)
			} else if (substr(s, 1, 2) == "//") {
				s = ""
			} else {
				out = out substr(s, 1, 1); s = substr(s, 2)
			}
		}
		if (out ~ /[^ \t]/) print FILENAME ":" FNR ":" out
	}' "$@" /dev/null
}

# SQL without comments; strings stay, because functions are strings.
strip_sql()
{
	awk '{ sub(/--.*/, "") } /[^ \t]/ { print FILENAME ":" FNR ":" $0 }' \
		"$@" /dev/null
}

rule_layers()
{
	grep -n '#include "server/' $(echo "$code" | grep -E '^(tui|common)/')
	grep -n '#include "tui/' $(echo "$code" | grep -E '^(server|common)/')
	grep -n '#include "tests/' $code
}

rule_libraries()
{
	echo "$libraries" | while IFS='	' read -r header places; do
		[ -n "$header" ] || continue
		grep -n "#include <$header[/>]*" $code |
			grep -E "<$header(/|>)" |
		while IFS= read -r hit; do
			set -f
			good=
			for place in $places; do
				case ${hit%%:*} in $place) good=1 ;; esac
			done
			set +f
			[ -n "$good" ] || echo "$hit"
		done
	done
}

rule_functions()
{
	strip_c $code | grep -E '[^a-z_A-Z0-9](strcpy|strcat|sprintf|vsprintf|gets|system|popen|cbor_load|sleep|usleep|nanosleep|alloca|strtok)[[:space:]]*\('
}

rule_unfinished()
{
	grep -n -w -E 'TO''DO|FIX''ME|XX''X' $code $tests $sql Makefile README.md \
		tests/*.sh docs/* 2>/dev/null
}

rule_paths()
{
	git grep -n -I -E "/wo""rk/|/ho""me/" -- . ':!docs/*.txt'
}

rule_guards()
{
	for f in $(echo "$code" "$tests" | tr ' ' '\n' | grep '\.h$'); do
		guard=$(echo "$f" | tr 'a-z/.-' 'A-Z___')
		grep -q "^#ifndef $guard\$" "$f" &&
			grep -q "^#define $guard\$" "$f" ||
			echo "$f:1: the guard is to be $guard"
	done
}

# What the terminal says is in tables: lang.c, keys.c.
rule_inline_text()
{
	LC_ALL=C.UTF-8 grep -n -P '"[^"]*\p{Han}' tui/*.c |
		grep -v -E '^tui/(lang|keys|pinyin)\.c:'
}

rule_file_length()
{
	# Rooms already too large may not grow until they are divided.
	wc -l $code $tests | awk '
	BEGIN {
		most["server/engine/check.c"] = 675
		most["server/engine/expr.c"] = 700
		most["tests/server/strangers.c"] = 630
	}
	$2 != "total" && $1 > ($2 in most ? most[$2] : 600) {
		print $2 ":" $1 ": more than " \
		    ($2 in most ? most[$2] : 600) " lines" }'
}

# A body begins with "{" and ends with "}" in column one.
rule_function_length()
{
	awk '
	FNR == 1 { begin = 0 }
	/^{/ { begin = FNR; name = last }
	/^}/ && begin {
		if (FNR - begin > 100)
			print FILENAME ":" begin ": " name " has " \
			    FNR - begin " lines"
		begin = 0
	}
	{ if ($0 !~ /^[ \t]/) last = $0 }' \
		$(echo "$code" "$tests" | tr ' ' '\n' | grep '\.c$') /dev/null
}

rule_format()
{
	clang-format --dry-run -Werror $code $tests 2>&1 |
		grep -E '^[^ ].*error:' | head -n 30
}

rule_sql_triggers()
{
	strip_sql $sql | grep -i -E 'create( or replace)?( constraint)? trigger|force row level|bypassrls|[^a-z_.]notify[^a-z_]|pg_notify'
}

# The one clock is clock.now(); only schema clock may ask the machine, and the
# demo, which measures how long it takes.
rule_sql_clock()
{
	awk '
	{ line = $0; sub(/--.*/, "", line); line = tolower(line) }
	line ~ /create (or replace )?function/ {
		inside = line ~ /function clock\./ }
	FILENAME == "sql/demo.sql" { gsub(/clock_timestamp\(\)/, "", line) }
	!inside && line ~ /(^|[^a-z_.])(now|clock_timestamp|transaction_timestamp|statement_timestamp)\(\)|(^|[^a-z_.])(current_timestamp|current_date|localtimestamp)([^a-z_]|$)/ {
		print FILENAME ":" FNR ":" $0 }' $sql /dev/null
}

rule_sql_types()
{
	strip_sql $(echo "$sql" | grep '^sql/schema/') | grep -i -E \
		':[[:space:]]+[a-z_]+[[:space:]]+(numeric|decimal|money|real|serial|bigserial|smallserial)([^a-z_]|$)|as enum|:[[:space:]]+([a-z_]+_)?id[[:space:]]+(int|integer|int4|smallint)([^a-z_]|$)'
}

rule_sql_headers()
{
	for f in $(echo "$sql" | grep '^sql/api/'); do
		name=${f#sql/api/}
		head -n 1 "$f" | grep -q "^-- statement: ${name%.sql}\$" ||
			echo "$f:1: not \"-- statement: ${name%.sql}\""
		for key in purpose roles rows; do
			sed '/^--/!q' "$f" | grep -q "^-- $key:" ||
				echo "$f:1: no \"-- $key:\" in its header"
		done
	done
}

rule_shell()
{
	for f in $(git ls-files -co --exclude-standard '*.sh'); do
		[ ! -f "$f" ] || sh -n "$f" 2>&1
	done
}

# Each file once; it is looked at again when it, a header or the rules change.
# Shallow is five times as quick; TIDY=deep follows every path.
rule_tidy()
{
	command -v clang-tidy >/dev/null || { echo 'clang-tidy: missing'; return; }
	mkdir -p "$build/tidy"
	flags="-std=c11 -I. -D_GNU_SOURCE -DFB_VERSION=\"\" -DFB_PG_BIN=\"\"
		-DFB_SHARE=\"\" $(pkg-config --cflags libpq 2>/dev/null)"
	[ "${TIDY-}" = deep ] || flags="$flags
		-Xclang -analyzer-config -Xclang mode=shallow"
	base=$(echo "${TIDY-}" | cat - .clang-tidy $(echo "$code" "$tests" | tr ' ' '\n' |
		grep '\.h$') | cksum)
	for f in $(echo "$code" | grep '\.c$'); do
		stamp=$build/tidy/$(echo "$base" | cat - "$f" | sha256sum |
			cut -c 1-32)
		[ -e "$stamp" ] || printf '%s %s\n' "$f" "$stamp"
	done | FLAGS=$flags xargs -r -P 2 -L 1 sh -c '
		said=$(clang-tidy --quiet "$0" -- $FLAGS 2>/dev/null |
			grep -E "(error|warning):" | sed "s,^$PWD/,,")
		if [ -n "$said" ]; then printf "%s\n" "$said"
		else : >"$1"; fi'
}

rules='layers libraries functions unfinished paths guards inline_text file_length
function_length format sql_triggers sql_clock sql_types sql_headers shell tidy'
[ $# -eq 0 ] || rules=$*
echo 1..$(echo $rules | wc -w)
for rule in $rules; do
	said=$(rule_$rule </dev/null)
	if [ -z "$said" ]; then
		echo "ok - $rule"
	else
		echo "not ok - $rule"
		printf '%s\n' "$said" | head -n 40 | sed 's/^/# /'
	fi
done
