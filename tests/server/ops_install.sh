#!/bin/sh
# `make install` into DESTDIR: what a service needs is there and names itself
# as it will lie, whatever the PREFIX.
cd "$(dirname "$0")/../.." || exit 1
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
n=0
result() # NAME STATUS
{
	n=$((n + 1))
	[ "$2" -eq 0 ] && echo "ok $n - $1" || echo "not ok $n - $1"
}
umask 022
make -s B="${B_PLAIN:-build/plain}" DESTDIR="$dest" install >"$dest/log" 2>&1
result 'it installs' $?
at=$dest/usr/local
unit=$at/lib/systemd/system/firebreakd.service
for file in bin/firebreakd bin/firebreakctl bin/firebreak; do
	result "$file" "$([ -x "$at/$file" ]; echo $?)"
done
program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
result 'the unit starts a program that is there' \
	"$([ -n "$program" ] && [ -x "$dest$program" ]; echo $?)"
result 'the unit waits for the daemon to say that it serves' \
	"$(grep -qx Type=notify "$unit"; echo $?)"
result 'only the daemon is told to stop, not its PostgreSQL' \
	"$(grep -qx KillMode=mixed "$unit"; echo $?)"
for page in docs/*.[158]; do
	name=${page#docs/}
	result "$name" "$(cmp -s "$page" \
		"$at/share/man/man${name##*.}/$name"; echo $?)"
done
diff -r server/packs "$at/share/firebreak/packs" >/dev/null
result 'the packs are whole' $?
result 'only their owner writes' \
	"$([ -z "$(find "$at" -perm /022)" ]; echo $?)"
make -s -n B="${B_PLAIN:-build/plain}" DESTDIR="$dest" PREFIX=/opt/fb \
	install 2>/dev/null | grep -q '^sed .*/usr/local,/opt/fb,'
result 'another PREFIX goes into the unit' $?
echo 1..$n
