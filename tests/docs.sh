#!/bin/sh
# The papers: mandoc has nothing to say about any page, firebreakctl(8) has
# every command and no other, and what docs/tour.md names is there.
n=0
result()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
	fi
}

for page in docs/*.[158]; do
	result "$page" "$(mandoc -Tlint -W warning "$page" 2>&1)"
done

# The words before the first argument: "unit add NAME --kind" is "unit add".
commands()
{
	sed -n "s/$1\\([a-z][a-z ]*[a-z]\\)\\($\\| .*\\)/\\1/p" | sort -u
}
ctl=${B_PLAIN:-build/plain}/firebreakctl
if [ -x "$ctl" ]; then
	"$ctl" --lang en help | commands '^  ' >"${TMPDIR:-/tmp}/ctl.$$"
	result 'firebreakctl(8) and firebreakctl help name the same commands' \
		"$(commands '^\.It Ic ' <docs/firebreakctl.8 |
			diff - "${TMPDIR:-/tmp}/ctl.$$")"
	rm -f "${TMPDIR:-/tmp}/ctl.$$"
else
	n=$((n + 1))
	echo "ok $n - firebreakctl(8) # SKIP $ctl is not built"
fi

# In the tour every file is there and every function() is defined somewhere:
# in C at the start of a line, in SQL behind its schema.
missing=$(grep -o '`[A-Za-z0-9_./]*`' docs/tour.md | tr -d '`' | sort -u |
	grep / | while read -r path; do
		[ -e "$path" ] || [ -e "sql/api/$path.sql" ] ||
			echo "no file $path"
	done
	grep -o '`[a-z_.]*()`' docs/tour.md | tr -d '`()' | sort -u |
	while read -r name; do
		grep -qsE "^$name\(|function $name\(" common/*.c tui/*.c \
			server/*.c server/*/*.c sql/schema/*.sql ||
			echo "no function $name"
	done)
result 'docs/tour.md names what is there' "$missing"
echo 1..$n
