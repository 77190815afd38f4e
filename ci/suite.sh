#!/bin/sh
# suite.sh core|test|nightly [ROOT]: the checks in order, each a named item of ci/tally.
#   core     build, tests and vectors with the usual compiler (what the Debian 13 tree runs)
#   test     everything a change must pass
#   nightly  test, and what takes longer
set -u
mode=${1:-test}
root=${2:-build}
cd "$(dirname "$0")/.." || exit 2
jobs=${JOBS:-$(nproc)}
# Options and variables of the calling make are not ours: every build here says what it wants.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL CC CFLAGS CPPFLAGS LDFLAGS VARIANT BUILD
mkdir -p "$root/suite"
TALLY=$root/suite/$mode.results
export TALLY
: >"$TALLY"
began=$(date +%s)

item() {
    sh ci/tally "$@"
}

# mk BUILD-NAME ARGUMENTS...: make with warnings as errors in a build directory of its own
mk() {
    name=$1
    shift
    make -s -k -j "$jobs" WERROR=1 BUILD="$root/$name" "$@"
}

# variant LABEL BUILD-NAME ARGUMENTS...: build and run the test programs
variant() {
    label=$1 name=$2
    shift 2
    item check "$label: build" make -s -k -j "$jobs" WERROR=1 BUILD="$root/$name" "$@" all tests
    # shellcheck disable=SC2046
    item programs "$label:" $(mk "$name" "$@" list-tests)
}

vectors() {
    item count "$1: vectors" "$root/$2/muster" vectors
}

core() {
    variant gcc debug VARIANT=debug CC=gcc
    vectors gcc debug
    item check 'release: build' make -s -k -j "$jobs" WERROR=1 BUILD="$root/release" VARIANT=release all
    vectors release release
    item count 'release: scenarios' "$root/release/muster" run
    item check 'layers' make -s -j "$jobs" WERROR=1 BUILD="$root" layers
}

sanitizers() {
    variant asan asan VARIANT=asan CC=gcc
    vectors asan asan
    item count 'asan: scenarios' "$root/asan/muster" run
    variant clang debug-clang VARIANT=debug CC=clang
    variant 'm32' m32 VARIANT=m32 CC=gcc
    variant 'msan' msan VARIANT=msan CC=clang
    # What the sanitizers cannot see: uninitialised bytes that pass through the crypto libraries.
    # shellcheck disable=SC2046
    item valgrind 'valgrind:' $(mk debug VARIANT=debug CC=gcc list-tests | grep -E 'test_(mbedtls|rederive|protect)$')
    for v in asan:gcc m32:gcc msan:clang; do
        c=${v#*:} v=${v%:*}
        item check "replay: $v: build" make -s -k -j "$jobs" WERROR=1 BUILD="$root/$v" VARIANT="$v" CC="$c" replays
        item count "replay: $v: corpora and finds" sh ci/fuzz.sh replay "$root/$v/replay"
    done
}

documents() {
    item tap 'vectors: schemas' python3 ci/check_vectors.py
    item tap 'vectors: each value can fail' python3 harness/tests/test_replay.py "$root/debug/muster"
    item tap 'muster: the command' python3 harness/tests/test_cli.py "$root/debug/muster"
    item tap 'mutants: each way to fail' python3 harness/tests/test_mutants.py
    item tap 'muster run: peers, files, logs' python3 harness/tests/run/test_run.py "$root/release/muster"
    item tap 'muster judge: expectations, oracles' python3 harness/tests/run/test_judge.py "$root/release/muster"
    item tap 'muster run: hosts that forbid, full disks, stopped' python3 harness/tests/run/test_host.py "$root/release/muster"
    item tap 'muster bench lab' python3 harness/tests/run/test_bench_lab.py "$root/release/muster"
    item tap 'muster run: reports' python3 harness/tests/run/test_reports.py "$root/release/muster"
    item tap 'muster-peer: the protocol' python3 peers/tests/io/test_peer.py "$root/debug/muster-peer"
    item tap 'peer protocol: selfcheck' python3 interop/tests/test_selfcheck.py "$root/debug/muster-peer"
    item check 'requirement ids exist' sh ci/trace.sh
    item check 'files are clean' sh ci/hygiene.sh
    item tap 'checks can fail' sh ci/selftest.sh
    item check 'footprint' sh ci/footprint.sh "$root/footprint"
}

long() {
    # Every bit of every message of every algorithm, not only a sample.
    item check 'complete sweep' env MUSTER_FULL=1 "$root/debug/peers/tests/test_unprotect_algorithms"
    item check 'format' sh ci/format.sh check
    # Third parties: here and not in every test, since libcoap takes a Debian 13 tree; what differs is in their waivers.
    item check 'interop: stacks' sh ci/interop-deps "$root"
    item tap 'interop: adapters' python3 interop/tests/test_adapters.py
    item count 'interop: aiocoap, smoke' "$root/release/muster" run --peer aiocoap --smoke --waivers interop/aiocoap/waivers.json
    item count 'interop: libcoap' "$root/release/muster" run --peer libcoap --patience 15000 --waivers interop/libcoap/waivers.json '*@oscore*'
    item check 'analyze' make -s BUILD="$root" analyze
    item check 'coverage' make -s -j "$jobs" BUILD="$root" coverage
    TALLY_SECONDS=7200 item check 'fuzz' make -s -j "$jobs" BUILD="$root" FUZZ_SECONDS="${FUZZ_SECONDS:-300}" fuzz
    TALLY_SECONDS=7200 item count 'mutants' make -s mutants
}

core
if [ "$mode" != core ]; then
    sanitizers
    documents
    item count 'debian 13' sh ci/debian.sh build-and-test "$root"
fi
[ "$mode" != nightly ] || long
echo "took $(($(date +%s) - began)) s"
item sum
