#!/bin/sh
# The terminal as a person meets it; see pty.c.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${PGDATA:-}" ] || exec sh tests/with-pg.sh sh "$0" "$@"
. tests/tui/company.inc
unset PGOPTIONS # its writes happen now
tui_company
# the plain build: what it measures is what people get
"$B/tests/tui/pty" "${B_PLAIN:-$B}/firebreak" "$company/rep.key" 40 120 || {
	status=$?
	tui_log
	exit $status
}
