#!/bin/sh
# Every write against every read: what changes an answer shares its topic.
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/topics"
