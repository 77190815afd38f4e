#!/bin/sh
# fuzz.sh replay DIR            replay corpus and finds of every target in DIR/{plain,real}
# fuzz.sh campaign DIR SECONDS  fuzz every target in DIR/{plain,real} for so long (libFuzzer)
# plain and real name the crypto adapter. Inputs: fuzz/corpus/TARGET, fuzz/finds/TARGET, fuzz/dict/TARGET.dict.
set -u
mode=$1 dir=$2 seconds=${3:-10}
cd "$(dirname "$0")/.." || exit 2
passed=0 failed=0
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT

inputs() { # directories of a target that exist; X_libcoap and X_libcbor share those of X
    shared=${1%_libcoap}
    for d in "fuzz/corpus/$1" "fuzz/finds/$1" "fuzz/corpus/${shared%_libcbor}" "fuzz/finds/${shared%_libcbor}"; do
        [ ! -d "$d" ] || echo "$d"
    done | sort -u
}

replay() { # program, target
    dirs=$(inputs "$2")
    [ -z "$dirs" ] && echo "no corpus for $2" >"$log" && return 1
    # shellcheck disable=SC2086
    n=$(find $dirs -type f | wc -l)
    [ "$n" -eq 0 ] && echo "empty corpus for $2" >"$log" && return 1
    note="$n inputs"
    # shellcheck disable=SC2086
    find $dirs -type f -print0 | sort -z | timeout 300 xargs -0 "$1" >"$log" 2>&1
}

campaign() { # program, target
    # What a campaign learns stays in the build directory; a find is named there and copied by hand.
    work=$dir/work/$3/$2
    mkdir -p "$work/corpus" "$work/finds"
    dict=fuzz/dict/$2.dict
    # shellcheck disable=SC2046
    "$1" -max_total_time="$seconds" -max_len="${FUZZ_MAX_LEN:-1500}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$work/finds/" $([ ! -f "$dict" ] || echo "-dict=$dict") \
        "$work/corpus" $(inputs "$2") >"$log" 2>&1
    result=$?
    note="$(sed -n 's/^stat::average_exec_per_sec: */executions per second: /p' "$log"), $(
        sed -nE 's/.*(DONE +)?(cov: [0-9]+ ft: [0-9]+).*/\2/p' "$log" | tail -n 1)$(
        # What the target counted: inputs past authentication, and how many went through a core in a second.
        awk '/^authenticated [0-9]+ of/ { a += $2; n += $4 } /^inputs per CPU second/ { s = $5 }
            END { if (n > 0) printf ", %.1f%% authenticated, %d per core and second", 100 * a / n, s }' "$log")"
    return $result
}

for program in "$dir"/plain/* "$dir"/real/*; do
    case $program in *.d | */\*) continue ;; esac
    target=$(basename "$program")
    adapter=$(basename "$(dirname "$program")")
    note=
    if "$mode" "$program" "$target" "$adapter"; then
        passed=$((passed + 1))
        printf 'ok    %-30s %s\n' "$target ($adapter)" "$note"
    else
        failed=$((failed + 1))
        printf 'FAIL  %-30s %s\n' "$target ($adapter)" "$note"
        tail -n 40 "$log" | sed 's/^/      | /'
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
