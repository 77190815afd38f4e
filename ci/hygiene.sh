#!/bin/sh
# hygiene.sh: what must not stand in a committed file, and what must stand beside another.
# Patterns are written so that they do not match themselves.
set -u
cd "$(dirname "$0")/.." || exit 2
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
status=0

if ! git ls-files -co --exclude-standard >"$dir/listed" 2>"$dir/log"; then
    echo "hygiene: needs the git checkout: $(head -n 1 "$dir/log")" >&2
    exit 1
fi
# Files removed but not yet committed are listed too; binary inputs of the fuzzers are not text.
while IFS= read -r f; do
    [ ! -f "$f" ] || printf '%s\n' "$f"
done <"$dir/listed" >"$dir/files"
grep -vE '^fuzz/(corpus|finds)/|\.(pcap|pcapng|png|der|bin)$' "$dir/files" >"$dir/text"
if [ ! -s "$dir/text" ]; then
    echo 'hygiene: no file to look at' >&2
    exit 1
fi

complain() { # what, file with the places
    [ -s "$2" ] || return 0
    status=1
    echo "hygiene: $1" >&2
    head -n 20 "$2" | cut -c 1-160 | sed 's/^/    /' >&2
}

# search WHAT FILES-REGEX PATTERN
search() {
    grep -E "$2" "$dir/text" | tr '\n' '\0' | xargs -0 -r grep -nIE -- "$3" /dev/null >"$dir/found"
    complain "$1" "$dir/found"
}

code='\.(c|h|py|sh|awk)$|^ci/|^\.ci/'
tab=$(printf '\t')
search 'a host of a package registry' . \
    '(deb|security|ftp|snapshot)[.]debian|archive[.]ubuntu|pypi[.]org|pythonhosted[.]|npmjs[.]|crates[.]io|maven[.]org|proxy[.]golang'
search 'a path of one machine' . '(^|[^A-Za-z0-9_.$}])/(wor[k]|tm[p]|roo[t]|hom[e]|far[m])/'
search 'words about how the work is organised' . 'subagen[t]|bash_job[s]|before-sto[p]|[Cc]laud[e]|[Aa]nthropi[c]|[Cc]hat[Gg]P[T]|[Cc]opilo[t]'
search 'work promised instead of done' "$code" '(TOD[O]|FIXM[E]|XX[X])([^A-Za-z]|$)'
# An empty line of context in a patch is a space.
search 'white space at the end of a line' '([^h]|[^c]h)$' '[[:blank:]]$'
search 'a carriage return' . "$(printf '\r')"
search 'a tab' '\.(c|h|py|sh|json|yml)$' "$tab"
search 'a failure that is hidden' "$code|^Makefile$" '[|][|] *(tru[e]|:)( |$|;|\))'

# The licence is the first line of a C source, so that tools find it.
grep -E '\.(c|h)$' "$dir/text" | while IFS= read -r f; do
    [ "$(head -n 1 "$f")" = '/* SPDX-License-Identifier: BSD-2-Clause */' ] || echo "$f"
done >"$dir/found"
complain 'no licence' "$dir/found"

limit() { # what, files regex, lines
    grep -E "$2" "$dir/text" | while IFS= read -r f; do
        n=$(wc -l <"$f")
        [ "$n" -le "$3" ] || echo "$f: $n lines"
    done >"$dir/found"
    complain "$1 over $3 lines" "$dir/found"
}
limit 'the Makefile' '^Makefile$' 250
limit 'sources' '\.(c|h)$' 600
limit 'scripts' '\.(sh|awk)$|^ci/[a-z]*$' 600
limit 'Python sources' '\.py$' 2500
while IFS= read -r f; do
    n=$(wc -c <"$f")
    [ "$n" -le 2000000 ] || echo "$f: $n bytes"
done <"$dir/files" >"$dir/found"
complain 'files over 2 MB' "$dir/found"

grep -E '\.sh$|^ci/[a-z]*$|^\.ci/run$' "$dir/text" | while IFS= read -r f; do
    head -n 1 "$f" | grep -q '^#!/bin/sh' || continue
    sh -n "$f" 2>&1
done >"$dir/found"
complain 'a script the shell cannot read' "$dir/found"
for f in ci/start ci/test ci/deps ci/tally .ci/run; do
    [ -x $f ] || echo "$f"
done >"$dir/found"
complain 'not executable' "$dir/found"

# One test program per library file.
for f in peers/lib/*.c peers/lib/crypto/*.c; do
    name=$(basename "$f" .c)
    [ -n "$(find peers/tests -name "test_$name.c")" ] || echo "$f has no peers/tests/**/test_$name.c"
done >"$dir/found"
complain 'a library file without its test' "$dir/found"

# The newest subject only: what is pushed stays.
git log -1 --no-merges --format=%s >"$dir/subject"
grep -vE '^[a-z0-9][a-z0-9/._, -]*: [^ ].{0,70}$' "$dir/subject" >"$dir/found"
awk 'length($0) > 72' "$dir/subject" >>"$dir/found"
complain 'a subject that is not `area: what it does` in 72 characters' "$dir/found"

[ $status -ne 0 ] || echo "hygiene: $(wc -l <"$dir/files") files, nothing to complain about"
exit $status
