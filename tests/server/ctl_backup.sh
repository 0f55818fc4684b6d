#!/bin/sh
# A backup restored into an empty database is the same company with the same
# key; into a full one it is refused, and nothing changes.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh sh tests/server/ctl_backup.inc
