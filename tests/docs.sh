#!/bin/sh
# The papers: mandoc has nothing to say about any page, the pages of the three
# programs have every command and option and no other, and what docs/tour.md
# names is there.
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
	# what is installed here is not what is judged
	result "$page" "$(mandoc -Tlint "$page" 2>&1 | grep -v \
		-e 'referenced manual not found' -e 'outdated mandoc.db')"
done

# The words before the first argument: "unit add NAME --kind" is "unit add".
commands()
{
	sed -n "s/$1\\([a-z][a-z ]*[a-z]\\)\\($\\| .*\\)/\\1/p" | sort -u
}
# "unit add --kind" of `help`, or of a page, a line each
ctl_help_options()
{
	awk '/^  [a-z]/ {
		name = ""
		for (i = 1; i <= NF && $i ~ /^[a-z]+$/; i++)
			name = name $i " "
		while (match($0, /--[a-z][a-z-]*/)) {
			print name substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH)
		}
	}' | sort -u
}
ctl_page_options()
{
	awk '/^\.It Ic / {
		name = ""
		for (i = 3; i <= NF && $i ~ /^[a-z]+$/; i++)
			name = name $i " "
		for (; i <= NF; i++)
			if ($i ~ /^-[a-z]/)
				print name "-" $i
	}' | sort -u
}
help_options()
{
	grep -o -e '--[a-z][a-z-]*' | sort -u
}
page_options()
{
	sed -n '/^\.Sh SYN/,/^\.Sh DESC/p' "$1" |
		grep -o -e ' -[a-z][a-z-]*' | sed 's/ /-/' | sort -u
}
compare() # NAME HAVE WANT
{
	echo "$2" >"$work/have"
	echo "$3" >"$work/want"
	result "$1" "$(diff "$work/have" "$work/want")"
}

bin=${B_PLAIN:-build/plain}
if [ -x "$bin/firebreakctl" ] && [ -x "$bin/firebreak" ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	page=docs/firebreakctl.8
	"$bin/firebreakctl" --lang en help >"$work/help"
	compare 'firebreakctl(8) has the commands of help' \
		"$(commands '^\.It Ic ' <$page)" \
		"$(commands '^  ' <"$work/help")"
	compare 'and their options' "$(ctl_page_options <$page)" \
		"$(ctl_help_options <"$work/help")"
	for page in firebreak.1 firebreakd.8; do
		compare "$page has the options of --help" \
			"$(page_options docs/$page)" \
			"$("$bin/${page%.*}" --help | help_options)"
	done
else
	n=$((n + 1))
	echo "ok $n - the programs' options # SKIP $bin is not built"
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
