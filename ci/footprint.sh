#!/bin/sh
# footprint.sh OUT: what the core costs on a Cortex-M4, without cryptography. Exit 1 when a limit is passed.
#   code    text and read-only data, per file and in all; and of a program that speaks only `oscore`
#   RAM     .data and .bss, which must be empty
#   stack   worst path of every public function (ci/stack.py)
set -u
out=${1:-build/footprint}
cd "$(dirname "$0")/.." || exit 2
all_limit=16383
oscore_limit=9499
stack_limit=2047
cc=arm-none-eabi-gcc
if ! command -v $cc >/dev/null; then
    echo "footprint: $cc is missing: run ci/deps test" >&2
    exit 3
fi
flags='-Os -mcpu=cortex-m4 -mthumb -ffunction-sections -fdata-sections -std=c11 -ffreestanding -fbuiltin
    -DNDEBUG -Ici/freestanding -Ipeers/lib'
rm -rf "$out"
mkdir -p "$out" || exit 2

# bytes FILE: "code ram" from the sections of an object or program; .harness is ours
bytes() {
    arm-none-eabi-size -A -d "$1" | awk '
        $1 ~ /^\.(text|rodata)/ { code += $2 }
        $1 ~ /^\.(data|bss|tdata|tbss)/ { ram += $2 }
        END { print code + 0, ram + 0 }'
}

n=0 code=0 ram=0
for c in peers/lib/*.c; do
    o=$out/$(basename "$c" .c).o
    # shellcheck disable=SC2086
    $cc $flags -fstack-usage -fcallgraph-info=su -c "$c" -o "$o" || exit 1
    # shellcheck disable=SC2046
    set -- $(bytes "$o")
    printf '%7d  %s\n' "$1" "$c"
    code=$((code + $1))
    ram=$((ram + $2))
    n=$((n + 1))
done
[ "$n" -gt 0 ] || exit 1

# Software floating point, a C library or anything else the core must not need would show here.
arm-none-eabi-ld -r -o "$out/core.o" "$out"/*.o || exit 1
foreign=$(arm-none-eabi-nm -u "$out/core.o" | awk '{ print $NF }' |
    grep -vE '^(gosc_crypto_[a-z0-9_]+|mem(cpy|move|set|cmp)|__aeabi_(u?(i|l)div(mod)?|lmul|llsl|llsr|lasr|ulcmp|lcmp))$')

status=0
judge() { # what, measured, limit
    verdict=ok
    if [ "$2" -gt "$3" ]; then
        verdict='TOO MUCH'
        status=1
    fi
    printf '%7d  %-52s limit %5d  %s\n' "$2" "$1" "$3" "$verdict"
}

# linked NAME: code and RAM of the core in a program that calls what ci/footprint_NAME.c calls
linked() {
    # shellcheck disable=SC2046,SC2086
    $cc $flags -nostdlib -Wl,--gc-sections -Wl,-e,footprint_main -Wl,--no-warn-rwx-segments -o "$out/$1.elf" \
        "ci/footprint_$1.c" ci/footprint_stubs.c $(find "$out" -name '*.o' ! -name core.o | sort) -lgcc || exit 1
    bytes "$out/$1.elf"
}
printf '%7d  all files, with the names and sentences of errors\n' "$code"
all=$(linked all) && oscore=$(linked oscore) || exit 1
# shellcheck disable=SC2086
set -- $all $oscore
[ $# -eq 4 ] || exit 1
judge 'bytes of code, every dialect and reading, as linked' "$1" $all_limit
judge 'bytes of code, linked with oscore only' "$3" $oscore_limit
judge 'bytes of static RAM' $((ram + $2 + $4)) 0
python3 ci/stack.py "$out" $stack_limit || status=1
if [ -n "$foreign" ]; then
    echo "footprint: the core needs $(echo "$foreign" | tr '\n' ' ')" >&2
    status=1
fi
exit $status
