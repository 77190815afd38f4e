#!/bin/sh
# layers.sh LIBRARY: who knows whom.
# 1. peers/lib calls nothing but memory functions, the crypto adapter and what the compiler adds.
# 2. peers/lib has no static RAM: every .data, .bss and thread-local section is empty.
# 3. each room includes only what the design lets it know.
set -u
lib=$1
cd "$(dirname "$0")/.." || exit 2
status=0
objects=$(ar t "$lib" | wc -l)
if [ "$objects" -eq 0 ]; then
    echo "layers: $lib holds no object" >&2
    exit 1
fi

# Undefined symbols that no object of the library defines. __*_chk and __stack_chk_fail come from
# _FORTIFY_SOURCE and -fstack-protector, _GLOBAL_OFFSET_TABLE_ from -fPIE.
calls=$(nm -A "$lib" | awk '
    { name = $NF; type = $(NF - 1); split($1, a, ":") }
    type == "U" { used[name] = used[name] " " a[2]; next }
    type ~ /^[A-Z]$/ { defined[name] }
    END {
        for (n in used)
            if (!(n in defined) && n !~ /^gosc_crypto_[a-z0-9_]+$/ && n !~ /^mem(cpy|move|set|cmp)$/ &&
                n !~ /^__mem(cpy|move|set)_chk$/ && n != "__stack_chk_fail" && n != "_GLOBAL_OFFSET_TABLE_")
                print "layers: peers/lib calls " n ", from" used[n]
    }')
if [ -n "$calls" ]; then
    echo "$calls" >&2
    status=1
fi

ram=$(size -A -d "$lib" | awk '
    $2 == ":" || / *:$/ { object = $1 }
    $1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
        print "layers: " object " keeps " $2 " bytes in " $1
    }')
if [ -n "$ram" ]; then
    echo "$ram" >&2
    status=1
fi

# room FILES-REGEX ALLOWED-REGEX [PATH]: each include in quotes, looked up as the Makefile does, must be allowed.
seen=0
room() {
    set -- "$1" "$2" "${3-}"
    # shellcheck disable=SC2086
    for f in $(sources | grep -E "$1"); do
        seen=$((seen + 1))
        for i in $(sed -nE 's/^[ \t]*#[ \t]*include[ \t]*"([^"]+)".*/\1/p' "$f"); do
            target=
            for d in "$(dirname "$f")" $3 peers/lib .; do
                if [ -z "$target" ] && [ -e "$d/$i" ]; then
                    target=$(realpath -m --relative-to=. "$d/$i")
                fi
            done
            if ! printf '%s\n' "${target:-nowhere}" | grep -qE "$2"; then
                echo "layers: $f includes $i (${target:-not found}), which its room may not know" >&2
                status=1
            fi
        done
    done
}

sources() {
    find peers vectors fuzz harness -name '*.[ch]' 2>&1 | sort
}

harness='vectors harness harness/lab harness/observe harness/adversary harness/runner harness/report'
room '^peers/lib/[^/]*$' '^peers/lib/[^/]*\.h$'
room '^peers/lib/crypto/' '^peers/lib/([^/]*|crypto/[^/]*)\.h$'
room '^peers/io/' '^peers/(lib|io)/[^/]*\.h$'
room '^peers/bin/' '^(peers/(lib|io|bin/[^/]*)|vectors)/[^/]*\.h$' 'peers/io vectors'
room '^peers/tests/[^/]*$' '^peers/(lib|tests)/[^/]*\.h$' peers/tests
room '^peers/tests/plain/' '^peers/(lib|tests|tests/plain)/[^/]*\.h$' peers/tests
room '^peers/tests/io/' '^peers/(lib|io|tests|tests/io)/[^/]*\.h$' 'peers/tests peers/io'
room '^vectors/' '^(peers/lib/gosc\.h|vectors/[^/]*\.h)$'
room '^fuzz/' '^(peers/lib/[^/]*\.h|fuzz/.*\.h)$' fuzz
room '^harness/(cli|lab|observe|adversary|runner|report|mutants)/' '^(peers/lib/gosc\.h|vectors/[^/]*\.h|harness/.*\.h)$' "$harness"
room '^harness/tests/' '^(peers/lib/gosc\.h|peers/tests/[^/]*\.h|vectors/[^/]*\.h|harness/.*\.h)$' "$harness peers/tests"
if [ "$seen" -eq 0 ]; then
    echo 'layers: no source file was looked at' >&2
    exit 1
fi

# The core needs no more of the C library than a freestanding compiler has, and mem*.
system=$(grep -nE '^[ \t]*#[ \t]*include[ \t]*<' peers/lib/*.[ch] |
    grep -vE '<(assert|limits|stdbool|stddef|stdint|string)\.h>')
if [ -n "$system" ]; then
    printf 'layers: a header the core may not use: %s\n' "$system" >&2
    status=1
fi
[ $status -ne 0 ] || echo "layers: $objects objects, $seen source files, nothing out of place"
exit $status
