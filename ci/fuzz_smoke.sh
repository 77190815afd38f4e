#!/bin/sh
# fuzz_smoke.sh DIR [SECONDS]: every fuzz target of DIR/{plain,real} in turn, SECONDS in all (default 60).
set -u
cd "$(dirname "$0")/.." || exit 2
dir=${1:?usage: ci/fuzz_smoke.sh DIR [SECONDS]}
total=${2:-60}
n=$(find "$dir/plain" "$dir/real" -maxdepth 1 -type f | wc -l)
[ "$n" -gt 0 ] || { echo "fuzz_smoke: no target in $dir: run make fuzz-smoke" >&2; exit 1; }
each=$((total / n))
[ "$each" -gt 0 ] || each=1
exec sh ci/fuzz.sh campaign "$dir" "$each"
