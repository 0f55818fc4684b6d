#!/bin/sh
# The terminal as a person meets it; see pty.c.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${PGDATA:-}" ] || exec sh tests/with-pg.sh sh "$0" "$@"
. tests/tui/company.inc
unset PGOPTIONS # its writes happen now
tui_company

stage() # [NAME]
{
	# the plain build: what it measures is what people get
	"$B/tests/tui/pty" "${B_PLAIN:-$B}/firebreak" "$company/${key:-rep}.key" 40 120 \
		"$@" || {
		status=$?
		tui_log
		exit $status
	}
}

n=0
ok() # NAME COMMAND...
{
	name=$1
	n=$((n + 1))
	shift
	"$@" && echo "ok $n - $name" || echo "not ok $n - $name"
}

written()
{
	[ "$(psql -XAtc "select count(*) from firebreak.activity
		where summary = 'written without a daemon'")" = "$1" ]
}

confirmed()
{
	[ "$(psql -XAtc "select count(*) from firebreak.audit_all
		where action = 'confirm' and cause = '$1'")" = "$2" ]
}

empty_or_gone()
{
	for file in "$company/rep.key.queue" "$company/rep.key.screens" \
	    "$company/rep.key.rows" "$company/rep.key.drafts"; do
		[ ! -s "$file" ] || { echo "# $file" && return 1; }
	done
}

stage
stage hostile
stage terms
company_stop
stage offline
ok 'nothing was written meanwhile' written 0
company_daemon
stage back
ok 'what waited was written once' written 1
ok 'and confirmed for the reason that was picked' \
	confirmed complaint_handled 1
ok 'as was what was confirmed online' confirmed data_confirmed 1
cp "$company/rep.key" "$company/locked.key"
"$B/tests/tui/pin" "$company/locked.key" "$address" "$server_key" right
key=locked
stage locked
key=rep
company_stop
psql -Xqc "update firebreak.device set revoked_at = now()"
company_daemon
stage revoked
ok 'nothing is left beside the key' empty_or_gone
echo "1..$n"
