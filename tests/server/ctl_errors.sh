#!/bin/sh
# Every command of firebreakctl with everything that people do wrong: one
# sentence in the language of the locale, a status, and nothing half done.
cd "$(dirname "$0")/../.." || exit 1
exec sh tests/with-pg.sh sh tests/server/ctl_errors.inc
