#!/bin/sh
# trace.sh [--uncovered]: requirement ids and their evidence.
# Every id cited in code, tests, vectors, fuzz targets and harness must be a row of vectors/requirements;
# with --uncovered, list the rows that no test, vector or scenario cites.
set -u
cd "$(dirname "$0")/.." || exit 2
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT

if ! ls vectors/requirements/*.tsv >"$dir/tsv" 2>&1; then
    echo 'trace: no catalogue in vectors/requirements' >&2
    exit 1
fi
# The catalogues hold nothing but plain names, so word splitting is safe here.
# shellcheck disable=SC2046
cut -f 1 $(cat "$dir/tsv") | grep -v '^id$' | sort >"$dir/all"
uniq -d "$dir/all" >"$dir/twice"
if [ -s "$dir/twice" ]; then
    echo "trace: ids that stand in the catalogues twice: $(tr '\n' ' ' <"$dir/twice")" >&2
    exit 1
fi

# cited PATH...: lines `file:id`
cited() {
    grep -rIHoE --include='*.[ch]' --include='*.json' --include='*.py' --include='*.sh' --include='*.md' \
        --include='*.patch' --exclude-dir=requirements --exclude-dir=__pycache__ \
        '(^|[^A-Za-z0-9_-])(O|GO|G02|E|GC|AG)-[A-Z0-9][A-Z0-9.]*(-[A-Z0-9][A-Z0-9.]*)*-[0-9]+' "$@" |
        sed -E 's/^([^:]*):[^A-Z]?/\1:/' | sort -u
}

rooms=
for r in peers vectors fuzz harness interop; do
    [ ! -d $r ] || rooms="$rooms $r"
done
# shellcheck disable=SC2086
cited $rooms >"$dir/cited"
if [ ! -s "$dir/cited" ]; then
    echo 'trace: no requirement is cited anywhere' >&2
    exit 1
fi
awk -F: 'NR == FNR { known[$1]; next } !($2 in known) { print $1 ": " $2 " is in no catalogue"; n++ }
         END { exit n > 0 }' "$dir/all" "$dir/cited" || exit 1

# Reasons why a row has no evidence are about rows that exist.
reasons=vectors/requirements/untestable.json
if [ -f $reasons ]; then
    grep -oE '"[A-Z0-9]+-[A-Z0-9][A-Z0-9.]*-[^"]*"' $reasons | tr -d '"' >"$dir/reasons"
    awk -v file=$reasons 'NR == FNR { known[$1]; next } !($1 in known) { print file ": " $1 " is in no catalogue"; n++ }
         END { exit n > 0 }' "$dir/all" "$dir/reasons" || exit 1
fi

grep -v '^vectors/schema/' "$dir/cited" | grep -E '^(peers/tests|vectors/[a-z0-9-]*/.*\.json|harness/scenarios|harness/tests|fuzz/targets)' |
    cut -d: -f 2 | sort -u >"$dir/evidence"
comm -23 "$dir/all" "$dir/evidence" >"$dir/uncovered"
[ "${1-}" != --uncovered ] || cat "$dir/uncovered"
echo "trace: $(wc -l <"$dir/evidence") of $(wc -l <"$dir/all") requirements are cited by a test or vector"
