#!/bin/sh
# Every key of every screen, for each role that somebody has; see keys.c.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${PGDATA:-}" ] || exec sh tests/with-pg.sh sh "$0" "$@"
. tests/tui/company.inc
unset PGOPTIONS # its writes happen now
tui_company

for role in rep supervisor ops finance technical service marketing supply; do
	company_keys 1 $role
	[ "$(psql -XAtc "select count(*) from firebreak.device
		where public_key = '\\x$(cat "$company/public")'")" = 1 ] ||
		continue
	mv "$company/keys/1" "$company/$role.key"
	"$B/tests/tui/pin" "$company/$role.key" "$address" "$server_key"
	"$B/tests/tui/keys" "$company/$role.key" >"$company/out" 2>&1 || {
		sed "s/^/# /" "$company/out" >&2
		tui_log >&2
		exit 1
	}
	grep -v '^1\.\.' "$company/out" | sed "s/^\(.*ok [12]\) - /\1 - $role: /"
done >"$company/all"
grep '^#' "$company/all" || :
grep 'ok [0-9]' "$company/all" | awk '{ sub(/ok [0-9]+/, "ok " NR); print }
	END { print "1.." NR }'
