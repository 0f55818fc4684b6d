#!/bin/sh
# firebreakctl beside daemons that run: invites that were used or have expired,
# a device revoked while it is connected, two daemons on one database.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh sh tests/server/ctl_live.inc
