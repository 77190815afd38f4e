#!/bin/sh
# format.sh check|write: the C sources against .clang-format. Only version 14 decides: others differ in details.
set -u
cd "$(dirname "$0")/.." || exit 2
tool=
for t in clang-format-14 clang-format; do
    if command -v $t >/dev/null && $t --version | grep -q 'version 14\.'; then
        tool=$t
        break
    fi
done
if [ -z "$tool" ]; then
    echo 'format: clang-format 14 is missing: run ci/deps full on Debian 12' >&2
    exit 3
fi
files=$(find peers vectors fuzz harness ci -name '*.[ch]' | sort)
[ -n "$files" ] || exit 1
case ${1-} in
write) option='-i' ;;
check) option='--dry-run -Werror' ;;
*)
    echo 'usage: ci/format.sh check|write' >&2
    exit 2
    ;;
esac
# shellcheck disable=SC2086
$tool $option $files
