#!/bin/sh
# minimise.sh BUILD [DIR...]: makes fuzz/corpus anew: what the vectors give, what is there, and what campaigns found in
# DIR/TARGET, reduced by libFuzzer to the inputs that reach something of their own. BUILD is that of VARIANT=fuzz.
# SPDX-License-Identifier: BSD-2-Clause
set -eu
[ $# -ge 1 ] || { echo "usage: fuzz/minimise.sh BUILD [DIR...]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
more=
for d in "$@"; do
    more="$more $(cd "$d" && pwd)"
done
cd "$(dirname "$0")"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 export_corpus.py "$dir/seeds" >"$dir/exported"
sealed="sealed_oscore sealed_pairwise sealed_group sealed_group_02"

# inputs TARGET: the directories that have some
inputs() {
    for d in "$dir/seeds" corpus $more; do
        [ ! -d "$d/$1" ] || echo "$d/$1"
    done
}

# What the sealed targets seal is authentic for the fixed contexts: seeds of unprotect_raw, one set an adapter.
for adapter in plain real; do
    for target in $sealed; do
        # shellcheck disable=SC2046
        FUZZ_EXPORT=$dir/seeds/unprotect_raw "$build/fuzzer/$adapter/$target" -runs=0 $(inputs $target) >"$dir/log" 2>&1 ||
            { tail -n 20 "$dir/log" >&2; exit 1; }
    done
done

for source in targets/*.c; do
    target=$(basename "$source" .c)
    case $target in *_libcbor | *_libcoap) continue ;; esac # they share the corpus of the other
    mkdir -p "$dir/new/$target"
    for adapter in plain real; do
        program=$build/fuzzer/$adapter/$target
        [ -x "$program" ] || continue
        # shellcheck disable=SC2046
        "$program" -merge=1 -max_len="${MAX_LEN:-1500}" "$dir/new/$target" $(inputs "$target") >"$dir/log" 2>&1 ||
            { tail -n 20 "$dir/log" >&2; exit 1; }
    done
    [ ! -d "$dir/seeds/keep/$target" ] || cp "$dir/seeds/keep/$target"/* "$dir/new/$target/"
    mkdir -p corpus
    rm -rf "corpus/$target"
    mv "$dir/new/$target" "corpus/$target"
    printf '%-24s %5d inputs %8d bytes\n' "$target" "$(find "corpus/$target" -type f | wc -l)" \
        "$(cat "corpus/$target"/* | wc -c)"
done
