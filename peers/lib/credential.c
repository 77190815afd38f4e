/* SPDX-License-Identifier: BSD-2-Clause */
/* The public key of an authentication credential. */
#include "credential.h"

#include "cbor.h"
#include "der.h"

enum {
    CLAIM_CNF = 8, /* RFC 8747 */
    CNF_COSE_KEY = 1,
    KTY_OKP = 1,
    KTY_EC2 = 2,
    CBOR_FALSE = 0xf4,
    CBOR_TRUE = 0xf5,
    POINT_EVEN = 2, /* SEC 1 section 2.3.3 */
    POINT_ODD = 3,
    POINT_WHOLE = 4,
    ALGORITHM_MAX = 19, /* bytes */
};

/* Labels of a COSE_Key (RFC 9052 section 7.1, RFC 9053 section 7), and where their values are kept. */
enum {
    KTY,
    ALG,
    CRV,
    X,
    Y,
    D,
    N_LABELS
};
static const uint8_t key_labels[N_LABELS] = {GOSC_CBOR_KEY(1),  GOSC_CBOR_KEY(3),  GOSC_CBOR_KEY(-1),
                                             GOSC_CBOR_KEY(-2), GOSC_CBOR_KEY(-3), GOSC_CBOR_KEY(-4)};

size_t gosc_curve_len(int32_t curve)
{
    static const uint8_t lens[] = {0, 32, 48, 66, 32, 0, 32}; /* by COSE number */
    return curve >= 0 && curve < (int32_t)sizeof lens ? lens[curve] : 0;
}

static bool is_okp(int32_t curve)
{
    return curve == GOSC_CURVE_ED25519 || curve == GOSC_CURVE_X25519;
}

/* An encoded integer of 32 bits; false when it is something else. */
static bool int32_take(const gosc_span *item, int32_t *value)
{
    gosc_reader reader;
    gosc_reader_init(&reader, *item);
    int64_t number = gosc_cbor_read_int(&reader);
    *value = (int32_t)number;
    return !reader.failed && number == *value;
}

/* The contents of an encoded byte string of that length; absent when it is something else. */
static gosc_span coordinate_take(const gosc_span *item, size_t len)
{
    gosc_reader reader;
    gosc_reader_init(&reader, *item);
    gosc_span bytes = gosc_cbor_read_bstr(&reader);
    return bytes.len == len ? bytes : GOSC_ABSENT;
}

gosc_err gosc_cose_key_parse(gosc_span cose_key, gosc_public_key *key)
{
    gosc_span values[N_LABELS];
    gosc_public_key parsed = {.curve = 0};
    int32_t kty;
    if (gosc_cbor_check(cose_key) != GOSC_OK) {
        return GOSC_ERR_COSE_MALFORMED;
    }
    (void)gosc_cbor_map_pick(cose_key, key_labels, N_LABELS, values);
    const gosc_span *y = &values[Y];
    bool good = int32_take(&values[KTY], &kty) && int32_take(&values[CRV], &parsed.curve) &&
                (values[ALG].ptr == NULL || int32_take(&values[ALG], &parsed.alg)) && values[D].ptr == NULL;
    size_t len = gosc_curve_len(parsed.curve);
    parsed.x = coordinate_take(&values[X], len);
    parsed.y_odd = y->len == 1 && y->ptr[0] == CBOR_TRUE;
    if (!good || len == 0 || parsed.x.ptr == NULL || kty != (is_okp(parsed.curve) ? KTY_OKP : KTY_EC2)) {
        return GOSC_ERR_COSE_MALFORMED;
    }
    /* OKP has no y; EC2 has it as bytes, or as the sign of a compressed point. */
    if (kty == KTY_EC2 && !parsed.y_odd && !(y->len == 1 && y->ptr[0] == CBOR_FALSE)) {
        parsed.y = coordinate_take(y, len);
        good = parsed.y.ptr != NULL;
    }
    if (!good || (kty == KTY_OKP && y->ptr != NULL)) {
        return GOSC_ERR_COSE_MALFORMED;
    }
    *key = parsed;
    return GOSC_OK;
}

/* The COSE_Key of a claims set, absent when it has none. */
static gosc_span claims_key(gosc_span claims)
{
    static const uint8_t labels[] = {GOSC_CBOR_KEY(CLAIM_CNF), GOSC_CBOR_KEY(CNF_COSE_KEY)};
    gosc_span found = GOSC_ABSENT;
    if (gosc_cbor_check(claims) == GOSC_OK) {
        (void)gosc_cbor_map_pick(claims, &labels[0], 1, &found);
        (void)gosc_cbor_map_pick(found, &labels[1], 1, &found);
    }
    return found;
}

/* The payload of an untagged COSE_Sign1 (RFC 9052 section 4.2), absent when it is none. */
static gosc_span sign1_payload(gosc_span sign1)
{
    gosc_reader reader;
    gosc_reader_init(&reader, sign1);
    if (gosc_cbor_check(sign1) != GOSC_OK || gosc_cbor_read_array(&reader) != 4) {
        return GOSC_ABSENT;
    }
    /* The protected header is empty or one map, in a byte string. */
    gosc_span header = gosc_cbor_read_bstr(&reader);
    bool good =
        header.len == 0 || (gosc_cbor_check(header) == GOSC_OK && header.ptr[0] >> 5 == GOSC_CBOR_MAP);
    good = gosc_cbor_peek_major(&reader) == GOSC_CBOR_MAP && good;
    (void)gosc_cbor_skip(&reader);
    gosc_span payload = gosc_cbor_read_bstr(&reader);
    (void)gosc_cbor_read_bstr(&reader);
    return good && !reader.failed ? payload : GOSC_ABSENT;
}

/* AlgorithmIdentifiers: RFC 8410 section 3, RFC 5480 section 2.1.1 (id-ecPublicKey with a named curve). */
#define EC_PUBLIC_KEY 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
static const struct {
    uint8_t curve;
    uint8_t len;
    uint8_t bytes[ALGORITHM_MAX];
} algorithms[] = {
    {GOSC_CURVE_ED25519, 5, {0x06, 0x03, 0x2b, 0x65, 0x70}},
    {GOSC_CURVE_X25519, 5, {0x06, 0x03, 0x2b, 0x65, 0x6e}},
    {GOSC_CURVE_P256, 19, {EC_PUBLIC_KEY, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}},
    {GOSC_CURVE_P384, 16, {EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}},
    {GOSC_CURVE_P521, 16, {EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23}},
};

static int32_t curve_of(gosc_span algorithm)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (gosc_span_equal(algorithm, gosc_span_of(algorithms[i].bytes, algorithms[i].len))) {
            return algorithms[i].curve;
        }
    }
    return 0;
}

static gosc_err x509_parse(gosc_span certificate, gosc_public_key *key)
{
    gosc_span algorithm;
    gosc_span point;
    if (gosc_der_spki(certificate, &algorithm, &point) != GOSC_OK) {
        return GOSC_ERR_CREDENTIAL_MALFORMED;
    }
    int32_t curve = curve_of(algorithm);
    size_t len = gosc_curve_len(curve);
    size_t at = is_okp(curve) ? 0 : 1; /* of x */
    uint8_t form = at == 0 ? POINT_EVEN : point.len > 0 ? point.ptr[0] : 0;
    bool whole = form == POINT_WHOLE;
    if (len == 0 || point.len != at + len + (whole ? len : 0) || form < POINT_EVEN || form > POINT_WHOLE) {
        return GOSC_ERR_CREDENTIAL_MALFORMED;
    }
    *key = (gosc_public_key){.curve = curve, .x = {point.ptr + at, len}, .y_odd = form == POINT_ODD};
    if (whole) {
        key->y = (gosc_span){point.ptr + at + len, len};
    }
    return GOSC_OK;
}

gosc_err gosc_credential_parse(gosc_credential_format format, gosc_span credential, gosc_public_key *key)
{
    if (format == GOSC_CREDENTIAL_X509) {
        return x509_parse(credential, key);
    }
    gosc_span claims = credential;
    if (format == GOSC_CREDENTIAL_CWT) {
        claims = sign1_payload(credential);
    } else if (format != GOSC_CREDENTIAL_CCS) {
        return GOSC_ERR_CREDENTIAL_MALFORMED;
    }
    return gosc_cose_key_parse(claims_key(claims), key) == GOSC_OK ? GOSC_OK : GOSC_ERR_CREDENTIAL_MALFORMED;
}
