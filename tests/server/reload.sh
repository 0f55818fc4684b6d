#!/bin/sh
# SIGHUP on the running daemon: settings that may change do, others are named,
# a faulty file changes nothing; and --ready-fd tells when it serves.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh sh tests/server/reload.inc
