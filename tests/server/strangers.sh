#!/bin/sh
# Whatever a stranger or a broken client sends, others are served.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/strangers"
