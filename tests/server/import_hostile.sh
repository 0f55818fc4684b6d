#!/bin/sh
# Files that nobody would wish for: each ends in a sentence with its place, and
# nothing is half applied.
exec sh tests/with-pg.sh sh tests/server/import_hostile.inc
