#!/bin/sh
# headers.sh TREE CC...: every header of ours compiles alone, twice included.
set -eu
tree=$1
shift
cd "$tree"

failed=0
n=0
for header in $(git ls-files '*.h'); do
	n=$((n + 1))
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
	    "$@" -x c -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
		-fsyntax-only -I. - || {
		echo "$header does not compile alone"
		failed=1
	}
done
echo "$n headers"
test "$n" -gt 0 && exit $failed
