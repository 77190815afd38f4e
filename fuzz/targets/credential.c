/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials of the three formats: the key lies in the bytes and fits its curve; a prefix is none, nor is
 * one with a byte behind it; bytes are never two formats at once.
 */
#include <string.h>

#include "common.h"

static void check_key(gosc_span bytes, const gosc_public_key *key)
{
    size_t len = gosc_curve_len(key->curve);
    bool okp = key->curve == GOSC_CURVE_X25519 || key->curve == GOSC_CURVE_ED25519;
    FUZZ_CHECK(len > 0 && key->x.len == len, "x fits the curve");
    FUZZ_CHECK(key->y.ptr == NULL || (!okp && key->y.len == len), "y fits the curve");
    FUZZ_CHECK(!okp || !key->y_odd, "an OKP key has no y");
    FUZZ_CHECK(fuzz_inside(key->x, bytes) && fuzz_inside(key->y, bytes), "the key lies in the credential");
}

void fuzz_target(fuzz_input *in)
{
    size_t cut = (size_t)fuzz_number(in, 2);
    uint8_t behind = fuzz_u8(in);
    gosc_span bytes = fuzz_rest(in);
    int n_formats = 0;
    for (int format = GOSC_CREDENTIAL_CCS; format <= GOSC_CREDENTIAL_X509; format++) {
        gosc_public_key key;
        gosc_public_key other;
        gosc_err err = gosc_credential_parse((gosc_credential_format)format, bytes, &key);
        if (err != GOSC_OK) {
            FUZZ_CHECK(err == GOSC_ERR_CREDENTIAL_MALFORMED, "the reason is the only one there is");
            continue;
        }
        n_formats++;
        check_key(bytes, &key);
        gosc_span prefix = fuzz_exact(gosc_span_of(bytes.ptr, cut % bytes.len));
        gosc_buf longer = fuzz_room(bytes.len + 1);
        memcpy(longer.ptr, bytes.ptr, bytes.len);
        longer.ptr[bytes.len] = behind;
        FUZZ_CHECK(gosc_credential_parse((gosc_credential_format)format, prefix, &other) != GOSC_OK,
                   "a prefix is none");
        FUZZ_CHECK(gosc_credential_parse((gosc_credential_format)format, gosc_span_of(longer.ptr, longer.len),
                                         &other) != GOSC_OK,
                   "nor is one with a byte behind it");
        FUZZ_CHECK(gosc_crypto_public_check(&key) != GOSC_ERR_USAGE, "the adapter takes what was read");
    }
    FUZZ_CHECK(n_formats <= 1, "no bytes are two formats");
}
