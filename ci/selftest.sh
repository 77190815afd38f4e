#!/bin/sh
# selftest.sh: each check of ci/ is shown one thing it must refuse, beside one it must accept. Prints TAP.
set -u
cd "$(dirname "$0")/.." || exit 2
here=$(pwd)
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
n=0 bad=0
unset TALLY

verdict() { # name, 0 when as wanted
    n=$((n + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        sed 's/^/# /' "$dir/log"
        bad=$((bad + 1))
    fi
}

# accepts NAME CMD...; refuses NAME WORDS CMD...: exit status not 0, and WORDS say why
accepts() {
    name=$1
    shift
    "$@" >"$dir/log" 2>&1
    verdict "$name" $?
}

refuses() {
    name=$1 words=$2
    shift 2
    if "$@" >"$dir/log" 2>&1; then
        verdict "$name" 1
    else
        grep -qF -- "$words" "$dir/log"
        verdict "$name" $?
    fi
}

program() { # body of a shell program that plays a test
    printf '#!/bin/sh\n%s\n' "$1" >"$dir/test_x"
    chmod +x "$dir/test_x"
}

tap() {
    sh ci/tally tap x "$dir/test_x"
}

program 'echo 1..2; echo ok 1 - a; echo ok 2 - b'
accepts 'tally: a good program passes' tap
program 'echo ok 1 - a'
refuses 'tally: no plan' 'no plan' tap
program 'echo 1..0'
refuses 'tally: an empty plan' 'nothing ran' tap
program ':'
refuses 'tally: no output' 'no plan' tap
program 'echo 1..2; echo ok 1 - a'
refuses 'tally: fewer than planned' 'planned 2, ran 1' tap
program 'echo 1..2; echo ok 1 - a; kill -9 $$'
refuses 'tally: a program that dies' 'exit status 137' tap
program 'echo 1..1; echo ok 1 - a; exit 1'
refuses 'tally: bad exit status with good lines' 'exit status 1' tap
program 'echo 1..2; echo ok 1 - a; echo not ok 2 - b'
refuses 'tally: not ok' '1 passed, 1 failed' tap
program 'echo 1..1; echo "ok 1 - a # SKIP no time"'
refuses 'tally: everything skipped' 'nothing ran' tap
program 'sleep 5; echo 1..1; echo ok 1'
refuses 'tally: a program that hangs' 'stopped after 1 s' env TALLY_SECONDS=1 sh ci/tally tap x "$dir/test_x"
refuses 'tally: no program at all' 'nothing ran' sh ci/tally programs x
accepts 'tally: a closing line' sh ci/tally count x echo '3 passed, 0 failed, 1 unsupported'
refuses 'tally: a closing line with failures' '3 passed, 1 failed' sh ci/tally count x echo '3 passed, 1 failed'
refuses 'tally: a closing line with nothing' 'nothing ran' sh ci/tally count x echo '0 passed, 0 failed'
refuses 'tally: no closing line' 'no closing line' sh ci/tally count x echo 'all is well'
refuses 'tally: an empty sum' 'nothing ran' env TALLY=/dev/null sh ci/tally sum

# A checkout in small, in which one thing after another goes wrong.
mini=$dir/mini
mkdir -p "$mini/peers/lib" "$mini/peers/tests" "$mini/vectors/requirements" "$mini/harness" "$mini/fuzz" "$mini/.ci"
cp -R ci "$mini/ci"
cp Makefile "$mini/"
cp .ci/run "$mini/.ci/"
cd "$mini" || exit 2
git init -q . && git add -A &&
    git -c user.name=x -c user.email=x@example.org commit -q -m 'all: a checkout in small' || exit 2
spdx='/* SPDX-License-Identifier: BSD-2-Clause */\n'
good=$spdx'#include "one.h"\nint gosc_one(int *to)\n{\n    return *to;\n}\n'
printf '%b' "$good" >peers/lib/one.c
printf '%b' "$spdx"'int gosc_one(int *to);\n' >peers/lib/one.h
printf '%b' "$spdx"'#include "one.h"\n/* O-2-01 */\n' >peers/tests/test_one.c
mkdir peers/lib/crypto
printf '%b' "$spdx"'#include "../one.h"\n' >peers/lib/crypto/plain.c
printf '%b' "$spdx"'#include "one.h"\n' >peers/tests/test_plain.c
printf 'id\tsection\nO-2-01\t2\n' >vectors/requirements/oscore.tsv

layers() {
    rm -f "$dir/lib.a" && gcc -O2 -Ipeers/lib -c peers/lib/one.c -o "$dir/one.o" &&
        ar rcs "$dir/lib.a" "$dir/one.o" && sh ci/layers.sh "$dir/lib.a"
}

# seeded NAME WORDS FILE TEXT CMD...: write TEXT to FILE, expect a refusal, put the file back
seeded() {
    name=$1 words=$2 file=$3 text=$4
    shift 4
    [ ! -e "$file" ] || cp "$file" "$dir/saved"
    printf '%b' "$text" >"$file"
    refuses "$name" "$words" "$@"
    rm "$file"
    [ ! -e "$dir/saved" ] || mv "$dir/saved" "$file"
}

accepts 'layers: a clean core passes' layers
seeded 'layers: the core asks for the time' 'calls time' peers/lib/one.c \
    'long time(long *);\nint gosc_one(int *to);\nint gosc_one(int *to)\n{\n    return (int)time(0) + *to;\n}\n' layers
seeded 'layers: the core keeps state' 'bytes in .bss' peers/lib/one.c \
    'int gosc_one(int *to);\nint gosc_one(int *to)\n{\n    static int kept;\n    return kept += *to;\n}\n' layers
seeded 'layers: the core includes the clock' 'header the core may not use' peers/lib/one.h \
    '#include <time.h>\nint gosc_one(int *to);\n' layers
seeded 'layers: vectors look into the core' 'may not know' vectors/x.c '#include "../peers/lib/one.h"\n' layers
refuses 'layers: an empty library' 'no object' sh -c 'ar rcs "$1" && sh ci/layers.sh "$1"' x "$dir/empty.a"

accepts 'trace: known ids pass' sh ci/trace.sh
seeded 'trace: an id that does not exist' 'O-2-77 is in no catalogue' peers/tests/test_one.c '/* O-2-77 */\n' \
    sh ci/trace.sh
seeded 'trace: a reason for a row that does not exist' 'O-2-88 is in no catalogue' vectors/requirements/untestable.json \
    '{"rows": ["O-2-01", "O-2-''88"]}\n' sh ci/trace.sh
seeded 'trace: nothing is cited' 'no requirement is cited' peers/tests/test_one.c '/* none */\n' sh ci/trace.sh

accepts 'hygiene: clean files pass' sh ci/hygiene.sh
seeded 'hygiene: a space at the end' 'white space' peers/lib/two.h 'int x; \n' sh ci/hygiene.sh
seeded 'hygiene: no licence' 'no licence' peers/lib/two.h 'int x;\n' sh ci/hygiene.sh
seeded 'hygiene: a tab' 'a tab' peers/lib/two.h '\tint x;\n' sh ci/hygiene.sh
seeded 'hygiene: a path of one machine' 'path of one machine' peers/lib/two.h '/* see /ho''me/me/x */\n' sh ci/hygiene.sh
seeded 'hygiene: a package host' 'package registry' peers/lib/two.h '/* deb.deb''ian.org */\n' sh ci/hygiene.sh
seeded 'hygiene: work promised' 'work promised' peers/lib/two.h '/* TO''DO */\n' sh ci/hygiene.sh
seeded 'hygiene: a hidden failure' 'failure that is hidden' ci/two.sh '#!/bin/sh\nfalse |''| true\n' sh ci/hygiene.sh
seeded 'hygiene: a long file' 'over 600 lines' peers/lib/two.h "$(yes 'int x;\n' | head -n 601 | tr -d '\n')" \
    sh ci/hygiene.sh
seeded 'hygiene: a file without a test' 'has no peers/tests' peers/lib/two.c 'int x;\n' sh ci/hygiene.sh
git -c user.name=x -c user.email=x@example.org commit -q --allow-empty -m 'did some things' || exit 2
refuses 'hygiene: a subject without an area' 'a subject' sh ci/hygiene.sh
cd "$here" || exit 2

echo "1..$n"
exit $((bad > 0))
