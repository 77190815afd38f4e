#!/bin/sh
# check_libs.sh CC...: are the libraries of the command there? One line for each that is missing.
# Mbed TLS 2.28 has no .pc file on Debian 12, so every library is asked by linking a call to it.
set -u
cc="$*"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
missing=0

need() { # what, package, header, call, library
    printf '#include <%s>\nint main(void) { return %s ? 0 : 1; }\n' "$3" "$4" >"$dir/x.c"
    # shellcheck disable=SC2086
    if ! $cc ${CPPFLAGS-} ${CFLAGS-} -o "$dir/x" "$dir/x.c" ${LDFLAGS-} "$5" >"$dir/log" 2>&1; then
        echo "missing: $1 ($3, $5; Debian package $2): run ci/deps run" >&2
        missing=1
    fi
}

if ! command -v "${cc%% *}" >/dev/null; then
    echo "missing: the compiler ${cc%% *}: run ci/deps run, or ci/deps test for clang" >&2
    exit 1
fi
need 'Mbed TLS' libmbedtls-dev psa/crypto.h 'psa_crypto_init() == 0' -lmbedcrypto
need libsodium libsodium-dev sodium.h 'sodium_init() >= 0' -lsodium
need jansson libjansson-dev jansson.h 'json_null()' -ljansson
need SQLite libsqlite3-dev sqlite3.h 'sqlite3_libversion_number()' -lsqlite3
exit $missing
