/* SPDX-License-Identifier: BSD-2-Clause */
/* COSE: the algorithms of OSCORE and the uncompressed COSE_Encrypt0. */
#include "cose.h"

#include "cbor.h"
#include "credential.h"
#include "oscore_option.h"

enum {
    LABEL_KID = 4,
    LABEL_PARTIAL_IV = 6,
    LABEL_KID_CONTEXT = 10,
    N_LABELS = 4, /* with the countersignature's */
};

/* RFC 9053 section 4; AES-CTR: RFC 9459 with the 12-byte nonce of Group OSCORE -28 section 2.1.7
 * (GO-2.1.7-04). */
static const gosc_cipher ciphers[] = {
    {GOSC_ALG_CCM_16_64_128, 16, 13, 8},   {GOSC_ALG_A128GCM, 16, 12, 16},
    {GOSC_ALG_A192GCM, 24, 12, 16},        {GOSC_ALG_A256GCM, 32, 12, 16},
    {GOSC_ALG_CCM_16_64_256, 32, 13, 8},   {GOSC_ALG_CCM_64_64_128, 16, 7, 8},
    {GOSC_ALG_CCM_64_64_256, 32, 7, 8},    {GOSC_ALG_CHACHA20_POLY1305, 32, 12, 16},
    {GOSC_ALG_CCM_16_128_128, 16, 13, 16}, {GOSC_ALG_CCM_16_128_256, 32, 13, 16},
    {GOSC_ALG_CCM_64_128_128, 16, 7, 16},  {GOSC_ALG_CCM_64_128_256, 32, 7, 16},
    {GOSC_ALG_A128CTR, 16, 12, 0},         {GOSC_ALG_A192CTR, 24, 12, 0},
    {GOSC_ALG_A256CTR, 32, 12, 0},
};

const gosc_cipher *gosc_cipher_find(int32_t alg)
{
    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
        if (ciphers[i].alg == alg) {
            return &ciphers[i];
        }
    }
    return NULL;
}

/* The curve decides the length: r and s, or R and S, of a coordinate's size each. */
static int32_t signature_curve(int32_t alg)
{
    switch (alg) {
    case GOSC_ALG_EDDSA:
        return GOSC_CURVE_ED25519;
    case GOSC_ALG_ES256:
        return GOSC_CURVE_P256;
    case GOSC_ALG_ES384:
        return GOSC_CURVE_P384;
    case GOSC_ALG_ES512:
        return GOSC_CURVE_P521;
    default:
        return 0;
    }
}

size_t gosc_signature_len(int32_t alg)
{
    return 2 * gosc_curve_len(signature_curve(alg));
}

bool gosc_signature_fits(int32_t alg, int32_t curve)
{
    return curve != 0 && signature_curve(alg) == curve;
}

void gosc_cose_encrypt0_write(gosc_writer *writer, const gosc_cose_encrypt0 *object,
                              int32_t countersign_label)
{
    bool before_context = countersign_label < LABEL_KID_CONTEXT;
    const int32_t third = before_context ? countersign_label : LABEL_KID_CONTEXT;
    const int32_t fourth = before_context ? LABEL_KID_CONTEXT : countersign_label;
    const int32_t labels[N_LABELS] = {LABEL_KID, LABEL_PARTIAL_IV, third, fourth};
    const gosc_span *values[N_LABELS] = {
        &object->kid,
        &object->partial_iv,
        before_context ? &object->countersignature : &object->kid_context,
        before_context ? &object->kid_context : &object->countersignature,
    };
    uint64_t n_pairs = 0;
    for (size_t i = 0; i < N_LABELS; i++) {
        n_pairs += values[i]->ptr != NULL;
    }
    gosc_cbor_write_head(writer, GOSC_CBOR_ARRAY, 3);
    gosc_cbor_write_bstr(writer, GOSC_EMPTY);
    gosc_cbor_write_head(writer, GOSC_CBOR_MAP, n_pairs);
    for (size_t i = 0; i < N_LABELS; i++) {
        if (values[i]->ptr != NULL) {
            gosc_cbor_write_int(writer, labels[i]);
            gosc_cbor_write_bstr(writer, *values[i]);
        }
    }
    gosc_cbor_write_bstr(writer, object->ciphertext);
}

gosc_err gosc_cose_encrypt0_parse(gosc_span bytes, int32_t countersign_label, gosc_cose_encrypt0 *object)
{
    gosc_cose_encrypt0 parsed = {.kid = GOSC_ABSENT};
    gosc_reader reader;
    gosc_reader_init(&reader, bytes);
    bool good = gosc_cbor_read_array(&reader) == 3;
    good = gosc_cbor_read_bstr(&reader).len == 0 && good;
    for (size_t n_left = gosc_cbor_read_map(&reader); good && n_left > 0; n_left--) {
        int64_t label = gosc_cbor_read_int(&reader);
        gosc_span value = gosc_cbor_read_bstr(&reader);
        gosc_span *place = label == LABEL_KID           ? &parsed.kid
                           : label == LABEL_PARTIAL_IV  ? &parsed.partial_iv
                           : label == LABEL_KID_CONTEXT ? &parsed.kid_context
                           : label == countersign_label ? &parsed.countersignature
                                                        : NULL;
        good = place != NULL && place->ptr == NULL; /* no other header, none twice */
        if (good) {
            *place = value;
        }
    }
    parsed.ciphertext = gosc_cbor_read_bstr(&reader);
    const gosc_span *piv = &parsed.partial_iv;
    if (!good || reader.failed || gosc_reader_left(&reader) > 0 || parsed.kid.len > GOSC_KID_MAX ||
        piv->len > GOSC_PARTIAL_IV_MAX || (piv->ptr != NULL && piv->len == 0) || parsed.ciphertext.len == 0) {
        return GOSC_ERR_COSE_MALFORMED;
    }
    *object = parsed;
    return GOSC_OK;
}
