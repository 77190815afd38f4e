/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COSE_Key: what is read is written anew with nothing else, and gives the same key; wrapped in a claims set,
 * and that in a token, it is the same key again.
 */
#include "common.h"

static bool same_key(const gosc_public_key *a, const gosc_public_key *b)
{
    return a->curve == b->curve && a->alg == b->alg && gosc_span_equal(a->x, b->x) &&
           gosc_span_equal(a->y, b->y) && a->y_odd == b->y_odd;
}

static gosc_span key_write(const gosc_public_key *key)
{
    bool okp = key->curve == GOSC_CURVE_X25519 || key->curve == GOSC_CURVE_ED25519;
    gosc_writer w;
    gosc_writer_init(&w, fuzz_room(200));
    gosc_cbor_write_head(&w, GOSC_CBOR_MAP, 3U + !okp + (key->alg != 0));
    gosc_cbor_write_int(&w, 1);
    gosc_cbor_write_int(&w, okp ? 1 : 2);
    if (key->alg != 0) {
        gosc_cbor_write_int(&w, 3);
        gosc_cbor_write_int(&w, key->alg);
    }
    gosc_cbor_write_int(&w, -1);
    gosc_cbor_write_int(&w, key->curve);
    gosc_cbor_write_int(&w, -2);
    gosc_cbor_write_bstr(&w, key->x);
    if (!okp) {
        gosc_cbor_write_int(&w, -3);
        if (key->y.ptr == NULL) {
            gosc_cbor_write_bool(&w, key->y_odd);
        } else {
            gosc_cbor_write_bstr(&w, key->y);
        }
    }
    FUZZ_CHECK(!w.failed, "room for a key");
    return gosc_writer_span(&w);
}

/* {8: {1: COSE_Key}} */
static gosc_span claims_write(gosc_span key)
{
    gosc_writer w;
    gosc_writer_init(&w, fuzz_room(key.len + 8));
    gosc_write_bytes(&w, gosc_span_of("\xa1\x08\xa1\x01", 4));
    gosc_write_bytes(&w, key);
    return fuzz_exact(gosc_writer_span(&w));
}

/* [h'', {}, claims, h''] */
static gosc_span token_write(gosc_span claims)
{
    gosc_writer w;
    gosc_writer_init(&w, fuzz_room(claims.len + 16));
    gosc_write_bytes(&w, gosc_span_of("\x84\x40\xa0", 3));
    gosc_cbor_write_bstr(&w, claims);
    gosc_cbor_write_bstr(&w, GOSC_EMPTY);
    return fuzz_exact(gosc_writer_span(&w));
}

/* What must not stand in a key that was accepted: a private part, or y beside a curve without. */
static void check_strangers(gosc_span bytes, const gosc_public_key *key)
{
    static const uint8_t keys[] = {GOSC_CBOR_KEY(-3), GOSC_CBOR_KEY(-4)};
    gosc_span values[2];
    bool okp = key->curve == GOSC_CURVE_X25519 || key->curve == GOSC_CURVE_ED25519;
    (void)gosc_cbor_map_pick(bytes, keys, 2, values);
    FUZZ_CHECK(values[1].ptr == NULL, "a private key has no place in a public one");
    FUZZ_CHECK((values[0].ptr == NULL) == okp, "EC2 has y, OKP has none");
}

void fuzz_target(fuzz_input *in)
{
    gosc_span bytes = fuzz_rest(in);
    gosc_public_key key;
    gosc_public_key other;
    gosc_err err = gosc_cose_key_parse(bytes, &key);
    gosc_span claims = claims_write(bytes);
    gosc_span token = token_write(claims);
    gosc_err as_claims = gosc_credential_parse(GOSC_CREDENTIAL_CCS, claims, &other);
    FUZZ_CHECK(err == GOSC_OK || err == GOSC_ERR_COSE_MALFORMED, "the reason is the only one there is");
    /* Two levels more may be too deep, and more bytes take more time. */
    FUZZ_CHECK(err == GOSC_OK || as_claims == GOSC_ERR_CREDENTIAL_MALFORMED,
               "what is no key is none in a claims set");
    FUZZ_CHECK((gosc_credential_parse(GOSC_CREDENTIAL_CWT, token, &other) == GOSC_OK) ==
                   (as_claims == GOSC_OK),
               "a claims set is the same in a token");
    if (err != GOSC_OK) {
        return;
    }
    size_t len = gosc_curve_len(key.curve);
    FUZZ_CHECK(len > 0 && key.x.len == len && (key.y.ptr == NULL || key.y.len == len),
               "coordinates fit the curve");
    check_strangers(bytes, &key);
    FUZZ_CHECK(fuzz_inside(key.x, bytes) && fuzz_inside(key.y, bytes), "what is read lies in the key");
    FUZZ_CHECK(gosc_cose_key_parse(key_write(&key), &other) == GOSC_OK && same_key(&key, &other),
               "written anew it is the same key");
    if (as_claims == GOSC_OK) {
        FUZZ_CHECK(gosc_credential_parse(GOSC_CREDENTIAL_CCS, claims, &other) == GOSC_OK &&
                       same_key(&key, &other),
                   "in a claims set it is the same key");
    }
}
