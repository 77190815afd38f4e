/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COSE structures of OSCORE: what is authenticated, what is signed, and the uncompressed object that the
 * OSCORE option stands for (RFC 9052 sections 5.3, 3; RFC 9338; RFC 8613 section 5).
 */
#ifndef GOSC_COSE_H
#define GOSC_COSE_H

#include "span.h"

/* COSE algorithm numbers. 0 is not assigned: it stands for "not set" throughout the library. */
enum {
    GOSC_ALG_NONE = 0,
    GOSC_ALG_A128GCM = 1,
    GOSC_ALG_A192GCM = 2,
    GOSC_ALG_A256GCM = 3,
    GOSC_ALG_HMAC_256 = 5, /* names HKDF SHA-256 */
    GOSC_ALG_HMAC_512 = 7, /* names HKDF SHA-512 */
    GOSC_ALG_CCM_16_64_128 = 10,
    GOSC_ALG_CCM_16_64_256 = 11,
    GOSC_ALG_CCM_64_64_128 = 12,
    GOSC_ALG_CCM_64_64_256 = 13,
    GOSC_ALG_CHACHA20_POLY1305 = 24,
    GOSC_ALG_CCM_16_128_128 = 30,
    GOSC_ALG_CCM_16_128_256 = 31,
    GOSC_ALG_CCM_64_128_128 = 32,
    GOSC_ALG_CCM_64_128_256 = 33,
    GOSC_ALG_A128CTR = -65534,
    GOSC_ALG_A192CTR = -65533,
    GOSC_ALG_A256CTR = -65532,
    GOSC_ALG_EDDSA = -8,
    GOSC_ALG_ES256 = -7,
    GOSC_ALG_ES384 = -35,
    GOSC_ALG_ES512 = -36,
    GOSC_ALG_ECDH_SS_256 = -27,
    GOSC_ALG_ECDH_SS_512 = -28,
};

/* A content encryption algorithm. */
typedef struct gosc_cipher {
    int32_t alg;
    uint8_t key_len;   /* bytes */
    uint8_t nonce_len; /* bytes */
    uint8_t tag_len;   /* bytes; 0: encryption only (AES-CTR), no AAD */
} gosc_cipher;

/* gosc_cipher_find gives the row of an algorithm, NULL for a number that is no content encryption of OSCORE.
 */
const gosc_cipher *gosc_cipher_find(int32_t alg);

/* gosc_signature_len: bytes of a signature (64, 64, 96, 132); 0 for a number that is no Signature Algorithm.
 */
size_t gosc_signature_len(int32_t alg);
/* gosc_signature_fits: whether a key on this curve serves this Signature Algorithm. */
bool gosc_signature_fits(int32_t alg, int32_t curve);

/* An uncompressed COSE_Encrypt0 as OSCORE forms it; absent members are not in the unprotected map. */
typedef struct gosc_cose_encrypt0 {
    gosc_span kid;              /* label 4 */
    gosc_span partial_iv;       /* label 6 */
    gosc_span kid_context;      /* label 10 */
    gosc_span countersignature; /* label 9 (-02) or 12 (-28) */
    gosc_span ciphertext;       /* always present */
} gosc_cose_encrypt0;

/* gosc_cose_encrypt0_write appends the object, map entries in ascending order of label as given by
 * countersign_label among 4, 6, 10. */
void gosc_cose_encrypt0_write(gosc_writer *writer, const gosc_cose_encrypt0 *object,
                              int32_t countersign_label);

/*
 * gosc_cose_encrypt0_parse reads an untagged COSE_Encrypt0 with empty protected header and no other header
 * than those above.
 *
 * Errors    GOSC_ERR_COSE_MALFORMED
 */
GOSC_MUST_USE
gosc_err gosc_cose_encrypt0_parse(gosc_span bytes, int32_t countersign_label, gosc_cose_encrypt0 *object);

#endif
