#!/bin/sh
# Every screen of three roles as text, in English and Chinese, in 80x24 and
# 120x40, against tests/tui/golden/ROLE.txt.  Each must also stay within a
# terminal of 40x10 and of one cell.
#
#     screens.sh [--regenerate]     accepts what is drawn now
#
# devices, health, people and audit show the machine's own clock and are only
# asked to appear.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${PGDATA:-}" ] || exec sh tests/with-pg.sh sh "$0" "$@"
. tests/tui/company.inc
screens=server/packs/standard/screens

shot() # ROLE LANG SIZE SCREEN [KEYS]
{
	echo "== $4 ${5-} $2 $3"
	"$B/firebreak" --key "$company/$1.key" --lang "$2" --size "$3" \
		--clock $CLOCK --dump "$4" --keys "${5-}" 2>&1
}

# A record's screen is opened from its list; forms by the key that leads there.
keys_for()
{
	case $1 in
	customer) echo 'customers:Enter' ;;
	customer_edit) echo 'customers:Enter e' ;;
	customer_history) echo 'customers:Enter H' ;;
	opportunity) echo 'opportunities:Enter' ;;
	opportunity_close) echo 'opportunities:x' ;;
	task_done) echo 'tasks:x' ;;
	unit_new) echo 'people:Tab o' ;;
	unit_rename) echo 'people:Tab r' ;;
	visit) echo 'customers:v' ;;
	activity) echo 'customers:c' ;;
	*) echo "$1:" ;;
	esac
}

role_screens()
{
	for file in "$screens"/*.yaml; do
		name=$(basename "$file" .yaml)
		case $name in devices | health | people | audit) continue ;; esac
		grep -Eq "^for:.*\<(all|$1)\>" "$file" && echo "$name"
	done
}

role_all()
{
	for name in $(role_screens $1); do
		way=$(keys_for "$name")
		list=${way%%:*} press=${way#*:}
		for size in 80x24 120x40; do
			shot $1 en $size "$list" "$press"
			shot $1 zh $size "$list" "$press"
		done
	done | sed 's/ *$//'
	shot $1 zh 40x10 customers | sed 's/ *$//'
	[ $1 = ops ] || for lang in en zh; do
		# forms that no screen has
		shot $1 $lang 80x24 customers f
		shot $1 $lang 80x24 customers 'f Esc'
		shot $1 $lang 80x24 customers 'f 合 同 Enter'
		shot $1 $lang 80x24 customers 'v F1'
	done | sed 's/ *$//'
	[ $1 != supervisor ] || shot $1 en 80x24 customers t | sed 's/ *$//'
}

# What is wrong with screens in small terminals: they fail, or do not fill the
# size exactly.
role_small()
{
	for name in $(role_screens $1); do
		way=$(keys_for "$name")
		list=${way%%:*} press=${way#*:}
		for size in 40x10 9x3 1x1; do
			shot $1 zh $size "$list" "$press" >"$company/small" ||
				echo "$name in $size: ended with $?"
			lines=$(sed 1d "$company/small" | wc -l)
			[ "$lines" -eq "${size#*x}" ] ||
				echo "$name in $size: $lines lines"
		done
	done
}

# Alerts and what waits to be judged, once there are any.
tui_judged()
{
	psql -XAtqc "select coalesce(nullif(count(*), 0)::text,
		clock_timestamp()::text), (select count(*)
		from firebreak.change_queue) from firebreak.alert"
}

tui_company
# judged once by the rules, and then nothing moves any more
judged=
until [ "$judged" = "$(tui_judged)" ]; do
	judged=$(tui_judged)
	timeout 1 tail -f /dev/null || :
done
n=0
for role in rep supervisor ops; do
	golden=tests/tui/golden/$role.txt
	role_all $role >"$company/$role.txt"
	if [ "${1-}" = --regenerate ]; then
		mkdir -p tests/tui/golden
		cp "$company/$role.txt" $golden
		continue
	fi
	n=$((n + 1))
	if diff -u $golden "$company/$role.txt" >"$company/diff"; then
		echo "ok $n - screens of $role"
	else
		echo "not ok $n - screens of $role"
		sed 's/^/# /' "$company/diff" | head -n 60
		echo "# when they are right: sh tests/tui/screens.sh --regenerate"
	fi
	n=$((n + 1))
	role_small $role >"$company/smalls"
	if [ -s "$company/smalls" ]; then
		echo "not ok $n - small terminals of $role"
		sed 's/^/# /' "$company/smalls"
	else
		echo "ok $n - small terminals of $role"
	fi
done
[ "${1-}" != --regenerate ] || exit 0
for name in devices health people audit; do
	n=$((n + 1))
	title=$(sed -n 's/^title: .*en: \(.*\) }.*/\1/p' "$screens/$name.yaml")
	if shot ops en 80x24 $name | grep -Fq -- "-- $title" ||
	    shot ops en 80x24 $name | grep -Fq -- ">- $title"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
	fi
done
echo "1..$n"
