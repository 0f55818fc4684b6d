#!/bin/sh
# Every statement, every role, a person of another region: nothing seen, nothing
# changed.
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/access"
