#!/bin/sh
# build.sh MAKE-ARGUMENTS: make, as a test of one; -k builds all that can be.
echo 1..1
if make -s -k -j2 "$@"; then
	echo "ok 1 - make $*"
else
	echo "not ok 1 - make $*"
fi
