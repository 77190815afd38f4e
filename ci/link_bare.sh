#!/bin/sh
# link_bare.sh BUILD 'LINK COMMAND' 'ARCHIVES' TEST...: link the test programs that need no cryptography.
# A program may fail to link for one reason only: it calls gosc_crypto_*. Anything else is an error, and
# so is a run that linked nothing.
set -u
build=$1 link=$2 archives=$3
shift 3
rm -rf "$build/bare"
n=0
left=
for t in "$@"; do
    out=$build/bare/$t
    mkdir -p "$(dirname "$out")" || exit 1
    # shellcheck disable=SC2086
    if $link -o "$out" "$build/$t.o" $archives 2>"$build/bare/log"; then
        n=$((n + 1))
    elif grep -q 'undefined reference' "$build/bare/log" &&
        ! grep 'undefined reference' "$build/bare/log" | grep -qv 'gosc_crypto_'; then
        left="$left ${t##*/test_}"
    else
        cat "$build/bare/log" >&2
        exit 1
    fi
done
echo "  linked without cryptography: $n programs; need the real adapter:${left:- none}"
[ "$n" -gt 0 ] || [ $# -eq 0 ]
