#!/bin/sh
# The gateway against a PostgreSQL of its own, with real clients.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/gateway"
