#!/usr/bin/env bash
# run.sh BUILD SECONDS: every libFuzzer target for so long, two at a time.
# What it finds stays in BUILD/corpus/TARGET; what is kept for good lies in
# tests/fuzz/corpus/TARGET. Fails if any target does, or if there is none.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$1
seconds=$2

fuzz_one() {
	local target=$1 name=${1##*/fuzz_} corpus dict=()
	corpus=$build/corpus/$name
	mkdir -p "$corpus" "$here/corpus/$name" "$build/found"
	[ -f "$here/$name.dict" ] && dict=("-dict=$here/$name.dict")
	"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -artifact_prefix="$build/found/$name-" \
	    "${dict[@]}" "$corpus" "$here/corpus/$name" \
	    >"$build/fuzz-$name.log" 2>&1
	local status=$?
	printf '%s: exit %d, %s runs, coverage %s\n' "$name" $status \
	    "$(sed -n 's/^stat::number_of_executed_units: *//p' \
		"$build/fuzz-$name.log")" \
	    "$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' \
		"$build/fuzz-$name.log" | tail -n 1)"
	if [ $status != 0 ]; then
		tail -n 40 "$build/fuzz-$name.log"
		return 1
	fi
}

failed=0
n=0
running=()
for target in "$build"/tests/fuzz/fuzz_*; do
	[ -f "$target" ] && [ -x "$target" ] || continue
	n=$((n + 1))
	fuzz_one "$target" &
	running+=($!)
	if [ ${#running[@]} -ge 2 ]; then
		wait "${running[0]}" || failed=$((failed + 1))
		running=("${running[@]:1}")
	fi
done
for pid in "${running[@]}"; do
	wait "$pid" || failed=$((failed + 1))
done
echo "check: $n targets, $seconds s each, $failed failed"
[ $n -gt 0 ] && [ $failed = 0 ]
