/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands for the platform when the footprint of the core is measured: crypto adapter and memory functions as
 * empty shells in a section of their own, which is not counted. Never run.
 */
#include "crypto.h"

#define UNCOUNTED __attribute__((section(".harness"), noinline, used))

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

UNCOUNTED void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    (void)from;
    (void)n;
    return to;
}

UNCOUNTED void *memmove(void *to, const void *from, size_t n)
{
    (void)from;
    (void)n;
    return to;
}

UNCOUNTED void *memset(void *to, int byte, size_t n)
{
    (void)byte;
    (void)n;
    return to;
}

UNCOUNTED int memcmp(const void *a, const void *b, size_t n)
{
    (void)n;
    return a != b;
}

UNCOUNTED gosc_err gosc_crypto_init(void)
{
    return GOSC_OK;
}

UNCOUNTED gosc_err gosc_crypto_seal(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce,
                                    gosc_span aad, gosc_span plaintext, uint8_t *out)
{
    (void)cipher;
    (void)key;
    (void)nonce;
    (void)aad;
    (void)plaintext;
    (void)out;
    return GOSC_OK;
}

UNCOUNTED gosc_err gosc_crypto_open(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce,
                                    gosc_span aad, gosc_span ciphertext, uint8_t *out)
{
    (void)cipher;
    (void)key;
    (void)nonce;
    (void)aad;
    (void)ciphertext;
    (void)out;
    return GOSC_OK;
}

UNCOUNTED gosc_err gosc_crypto_hkdf(int32_t hkdf, gosc_span salt, gosc_span ikm, gosc_span info, gosc_buf okm)
{
    (void)hkdf;
    (void)salt;
    (void)ikm;
    (void)info;
    (void)okm;
    return GOSC_OK;
}

UNCOUNTED gosc_err gosc_crypto_sign(int32_t alg, gosc_span private_key, const gosc_public_key *public_key,
                                    gosc_span message, uint8_t *signature)
{
    (void)alg;
    (void)private_key;
    (void)public_key;
    (void)message;
    (void)signature;
    return GOSC_OK;
}

UNCOUNTED gosc_err gosc_crypto_verify(int32_t alg, const gosc_public_key *public_key, gosc_span message,
                                      gosc_span signature)
{
    (void)alg;
    (void)public_key;
    (void)message;
    (void)signature;
    return GOSC_OK;
}

UNCOUNTED gosc_err gosc_crypto_agree(gosc_span private_key, const gosc_public_key *public_key,
                                     uint8_t *secret)
{
    (void)private_key;
    (void)public_key;
    (void)secret;
    return GOSC_OK;
}

UNCOUNTED gosc_err gosc_crypto_public_check(const gosc_public_key *public_key)
{
    (void)public_key;
    return GOSC_OK;
}

UNCOUNTED gosc_err gosc_crypto_pair_check(gosc_span private_key, const gosc_public_key *public_key)
{
    (void)private_key;
    (void)public_key;
    return GOSC_OK;
}

UNCOUNTED void gosc_crypto_wipe(void *ptr, size_t len)
{
    (void)ptr;
    (void)len;
}
