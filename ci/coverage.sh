#!/bin/sh
# coverage.sh BUILD: run test programs and vectors built with --coverage, print branch coverage of peers/lib.
set -u
build=$1
cd "$(dirname "$0")/.." || exit 2
find "$build" -name '*.gcda' -exec rm -f {} +
for p in $(make -s VARIANT=coverage BUILD="$build" list-tests); do
    "$p" >"$build/log" 2>&1 || echo "coverage: $p failed" >&2
done
"$build/muster" vectors >"$build/log" 2>&1 || echo 'coverage: muster vectors failed' >&2

for c in peers/lib/*.c; do
    gcov -b -n -o "$build/peers/lib" "$c" 2>"$build/log" | awk -v want="$c" '
        /^File / { gsub(/\047/, "", $2); here = $2 == want }
        here && /^Lines executed/ { split($0, a, /[:% ]+/); lines = a[3]; n_lines = a[5] }
        here && /^Taken at least once/ { split($0, a, /[:% ]+/); taken = a[5]; n = a[7] }
        END { printf "%s %s %d %s %d\n", want, lines + 0, n_lines, taken + 0, n }'
done | awk '
    { printf "%6.1f%% of %4d lines %6.1f%% of %4d branches  %s\n", $2, $3, $4, $5, $1
      lines += $2 * $3 / 100; n_lines += $3; taken += $4 * $5 / 100; n += $5 }
    END { if (!n_lines) { print "coverage: nothing measured"; exit 1 }
          printf "%6.1f%% of %4d lines %6.1f%% of %4d branches  in all\n",
                 100 * lines / n_lines, n_lines, n ? 100 * taken / n : 0, n }'
