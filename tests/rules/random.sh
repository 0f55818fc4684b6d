#!/bin/sh
# Random events, restarts in the middle, two engines: the same steps.
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/engine_random"
