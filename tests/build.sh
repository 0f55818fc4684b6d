#!/bin/sh
# build.sh MAKE-ARGUMENTS: make, as a test of one.
echo 1..1
if make -s -j2 "$@"; then
	echo "ok 1 - make $*"
else
	echo "not ok 1 - make $*"
fi
