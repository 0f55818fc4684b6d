#!/bin/sh
# Whatever a stranger or a broken client sends, others are served.
# Freed memory must not count as held: the sanitizer keeps it for a while.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1"
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/strangers"
