/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the core needs from a crypto library, by COSE number. One adapter is linked: crypto/mbedtls.c (Mbed TLS for AES,
 * ChaCha20 and the NIST curves, libsodium for HMAC and curve 25519) or crypto/plain.c (transparent, for fuzzing and
 * sanitizers only, never in a peer).
 * No call keeps state between calls; keys are passed as bytes. Lengths were checked by the caller against gosc_cipher_find
 * and gosc_curve_len.
 */
#ifndef GOSC_CRYPTO_H
#define GOSC_CRYPTO_H

#include "cose.h"
#include "credential.h"

enum {
    GOSC_KEY_MAX = 32,        /* bytes of a symmetric key */
    GOSC_NONCE_MAX = 13,      /* bytes */
    GOSC_TAG_MAX = 16,        /* bytes */
    GOSC_SIGNATURE_MAX = 132, /* bytes, ES512 */
    GOSC_SECRET_MAX = 66,     /* bytes, P-521 coordinate */
};

/* gosc_crypto_init prepares the library behind the adapter; call once before anything else. */
GOSC_MUST_USE
gosc_err gosc_crypto_init(void);

/*
 * gosc_crypto_seal encrypts; out takes plaintext.len + cipher->tag_len bytes and must not overlap the inputs.
 * A cipher without tag (AES-CTR: counter block nonce | 00000000) ignores aad.
 *
 * Errors    GOSC_ERR_LIMIT (longer than the library takes), GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_crypto_seal(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce, gosc_span aad,
                          gosc_span plaintext, uint8_t *out);

/*
 * gosc_crypto_open verifies and decrypts; out takes ciphertext.len - cipher->tag_len bytes and must not overlap.
 *
 * Errors    GOSC_ERR_DECRYPTION_FAILED, GOSC_ERR_LIMIT, GOSC_ERR_CRYPTO; out is then wiped
 */
GOSC_MUST_USE
gosc_err gosc_crypto_open(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce, gosc_span aad,
                          gosc_span ciphertext, uint8_t *out);

/* gosc_crypto_hkdf: RFC 5869 extract and expand; hkdf is GOSC_ALG_HMAC_256 or _512; an absent salt is an empty one. */
GOSC_MUST_USE
gosc_err gosc_crypto_hkdf(int32_t hkdf, gosc_span salt, gosc_span ikm, gosc_span info, gosc_buf okm);

/*
 * gosc_crypto_sign makes a signature of gosc_signature_len(alg) bytes: pure Ed25519, or deterministic ECDSA (RFC 6979) as
 * r | s.
 *
 * In        private_key  Ed25519: 32-byte seed; EC: scalar of field size
 *           public_key   of the same pair
 */
GOSC_MUST_USE
gosc_err gosc_crypto_sign(int32_t alg, gosc_span private_key, const gosc_public_key *public_key,
                          gosc_span message, uint8_t *signature);

/* gosc_crypto_verify: GOSC_OK, GOSC_ERR_SIGNATURE_INVALID, GOSC_ERR_KEY_INVALID (no point of the curve). Ed25519: S < L. */
GOSC_MUST_USE
gosc_err gosc_crypto_verify(int32_t alg, const gosc_public_key *public_key, gosc_span message,
                            gosc_span signature);

/*
 * gosc_crypto_agree computes the static-static Diffie-Hellman secret: the shared x-coordinate, gosc_curve_len bytes.
 * Both keys are on the same curve. Ed25519 keys are mapped to X25519 (Group OSCORE -28 section 2.5.1): u = (1 + y) / (1 - y),
 * scalar from SHA-512 of the seed; the caller has refused y = 1 and y = -1 before. Points of small
 * order are not refused: an all-zero result is returned as it is, for the caller to refuse.
 *
 * Errors    GOSC_ERR_KEY_INVALID (point not on the curve), GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_crypto_agree(gosc_span private_key, const gosc_public_key *public_key, uint8_t *secret);

/* gosc_crypto_public_check: GOSC_OK when the key is a point of its curve (EC: x, y below p and on the curve, or x of some
 * point; Ed25519: y below p and of some point; X25519: anything), else GOSC_ERR_KEY_INVALID. */
GOSC_MUST_USE
gosc_err gosc_crypto_public_check(const gosc_public_key *public_key);

/* gosc_crypto_pair_check: GOSC_OK when private_key belongs to public_key, else GOSC_ERR_KEY_INVALID. */
GOSC_MUST_USE
gosc_err gosc_crypto_pair_check(gosc_span private_key, const gosc_public_key *public_key);

/* gosc_crypto_wipe overwrites secrets in a way the compiler keeps. */
void gosc_crypto_wipe(void *ptr, size_t len);

#endif
