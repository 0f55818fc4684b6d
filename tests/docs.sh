#!/bin/sh
# The manual pages: mandoc has nothing to say about any of them.
pages=$(ls docs/*.[158] 2>/dev/null)
[ -n "$pages" ] || { echo '1..0 # SKIP no manual pages'; exit 0; }
echo 1..$(echo $pages | wc -w)
for page in $pages; do
	if said=$(mandoc -Tlint -W warning "$page" 2>&1); then
		echo "ok - $page"
	else
		echo "not ok - $page"
		echo "$said" | sed 's/^/# /'
	fi
done
