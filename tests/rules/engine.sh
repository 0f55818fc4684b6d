#!/bin/sh
# The engine on a database of its own, on a clock that the test moves.
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/engine_check"
