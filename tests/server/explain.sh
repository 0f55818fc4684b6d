#!/bin/sh
# No list may read or sort a big table as a whole, in any order, for anybody.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/explain"
