#!/bin/sh
# Migrations in an empty database.
exec sh tests/with-pg.sh sh -c 'createdb -T template0 empty &&
	FIREBREAK_PG="host=$PGHOST user=postgres dbname=empty" exec "$0"' \
	"${B:-build/asan}/tests/server/migrate"
