#!/bin/sh
# What is written from the console has an audit row of its own actor: no
# person, the cause "console", the login of the system.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh sh tests/server/ctl_audit.inc
