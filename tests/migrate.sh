#!/bin/sh
# Applies sql/schema to the database of the environment, as a migration does:
# each file once, in order, in a transaction of its own.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
for file in "$root"/sql/schema/*.sql; do
	PGOPTIONS='--client-min-messages=warning' psql -Xq1 \
		-v ON_ERROR_STOP=1 -f "$file" >/dev/null
done
