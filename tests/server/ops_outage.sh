#!/bin/sh
# A PostgreSQL that goes and comes back is two lines in the log, however many
# terminals try meanwhile.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh sh tests/server/ops_outage.inc
