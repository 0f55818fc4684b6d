#!/bin/sh
# PostgreSQL hangs, dies and comes back under the gateway's feet.
cd "$(dirname "$0")/../.." || exit 1
export B="${B:-build/asan}"
# whatever became of the program, nothing may stay stopped
exec sh tests/with-pg.sh sh -c '"$B/tests/server/outage"
	status=$?
	sh tests/pg.sh go
	exit $status'
