#!/bin/sh
# Real exports: what comes in is what their folder says, a second time changes
# nothing, dirt is mapped or rejected with its line, a revert leaves nothing.
data=${FIREBREAK_DATA:-../shared/data}
if [ ! -d "$data/maven_crm" ]; then
	echo "1..0 # SKIP no exports in $data"
	exit 0
fi
exec sh tests/with-pg.sh sh tests/server/import_crm.inc "$data"
