#!/bin/sh
# The shipped statements, screens and phrases, held against one another.
exec sh tests/with-pg.sh "${B:-build/asan}/tests/server/texts"
