#!/bin/sh
# deps.sh run|check: installs what firebreak needs to run (and to be checked)
# and is not there yet.  Debian and its relatives: with apt-get, as root or
# through sudo; elsewhere it prints the list.  Quick when nothing is missing.
set -eu

run='gcc git make pkgconf libc6-dev libpq-dev libsodium-dev libyaml-dev
libevent-dev libcbor-dev libncurses-dev libutf8proc-dev libcsv-dev
libuchardet-dev postgresql-15'
check='clang clang-format clang-tidy libclang-rt-14-dev libcmocka-dev
libvterm-dev libjansson-dev postgresql-15-pgtap mandoc valgrind'

case ${1-} in
run) wanted=$run ;;
check) wanted="$run $check" ;;
list) echo $run $check; exit 0 ;;
*) echo "usage: deps.sh run|check|list" >&2; exit 2 ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	# not Debian: what a compiler can tell is all that can be checked
	pkg-config --exists libpq libsodium yaml-0.1 libevent ncursesw \
		2>/dev/null && exit 0
	echo "firebreak needs these (Debian's names of the packages):" >&2
	echo $wanted | fmt -w 72 >&2
	exit 1
fi

missing()
{
	LC_ALL=C dpkg-query -W -f '${Package} ${db:Status-Status}\n' $1 \
		2>/dev/null | awk -v wanted="$1" '
		$2 == "installed" { have[$1] = 1 }
		END {
			n = split(wanted, w, /[ \n]+/)
			for (i = 1; i <= n; i++)
				if (w[i] != "" && !have[w[i]])
					printf "%s ", w[i]
		}'
}

lacking=$(missing "$wanted")
[ -n "$lacking" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null && { sudo -n true 2>/dev/null ||
		{ [ -t 0 ] && sudo true; }; }; then
		as_root=sudo
	else
		echo "These packages are missing.  As root, run:" >&2
		echo "    apt-get update && apt-get install --no-install-recommends $lacking" >&2
		exit 1
	fi
fi

# Debian's postgresql would create and start a cluster; firebreak has its own.
# The setting is there while we install, and the file as it was afterwards.
conf=/etc/postgresql-common/createcluster.conf
forbidden=
forbid_cluster()
{
	case " $lacking" in *' postgresql-15 '*) ;; *) return 0 ;; esac
	$as_root mkdir -p "${conf%/*}"
	forbidden=yes
	[ ! -e $conf ] || $as_root cp -p $conf $conf.firebreak
	echo 'create_main_cluster = false' | $as_root tee -a $conf >/dev/null
}
restore_cluster()
{
	[ -n "$forbidden" ] || return 0
	for was in $conf.firebreak $conf.ucf-dist $conf.dpkg-dist; do
		[ ! -e $was ] || { $as_root mv $was $conf; break; }
	done
}

echo "installing: $lacking"
install_missing()
{
	$as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -y \
		-o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
		install --no-install-recommends $lacking </dev/null >"$log" 2>&1
}
log=$(mktemp)
trap 'rm -f "$log"; restore_cluster' EXIT
trap 'exit 1' INT TERM
forbid_cluster
# a fresh machine has no package lists; an old one may have stale ones
if ! install_missing; then
	$as_root apt-get -qq update </dev/null >"$log" 2>&1 &&
		install_missing || {
		tail -n 20 "$log" >&2
		echo "apt-get could not install: $lacking" >&2
		exit 1
	}
fi
lacking=$(missing "$wanted")
if [ -n "$lacking" ]; then
	echo "still missing: $lacking" >&2
	exit 1
fi
