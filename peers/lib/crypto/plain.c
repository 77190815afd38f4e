/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transparent crypto adapter: it PROTECTS NOTHING and is never linked into a peer. It stands in for the
 * real one where libraries are in the way: fuzzing, memory sanitizer, 32-bit builds. Anyone can compute
 * everything in it.
 *
 * What it keeps, so that mutated messages still mean something: tag, signature and derived bytes depend on
 * every byte of every input and on where one input ends and the next begins; a wrong key gives other
 * plaintext. What it is made of:
 *
 *   hash           FNV-1a, 64 bits: a change of one byte always changes it
 *   seal           plaintext xor hash(key, nonce), then hash(key, nonce, AAD, plaintext)
 *   HKDF           hash(salt, secret), expanded with info; shorter output is a prefix of longer
 *   key pair       public x = each private byte xor 0x5a; y is ignored
 *   signature      hash(algorithm, x, message)
 *   agreement      hash(the smaller x, the larger x), so both sides find the same
 *
 * Two public keys are special, so that the core's refusals can be reached: x of ff bytes is no point of any
 * curve, and an x of zeros agrees with everyone on zeros, as a point of small order does.
 */
#include "crypto.h"

#include <string.h>

enum {
    WORD_LEN = 8,
    PAIR_MASK = 0x5a,
};

/* FNV-1a with the length in front of each part. */
static uint64_t hash_bytes(uint64_t hash, const uint8_t *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    uint8_t raw[WORD_LEN];
    for (size_t i = 0; i < WORD_LEN; i++) {
        raw[i] = (uint8_t)(number >> (8 * i));
    }
    return hash_bytes(hash, raw, sizeof raw);
}

static uint64_t hash_part(uint64_t hash, gosc_span part)
{
    return hash_bytes(hash_number(hash, part.len), part.ptr, part.len);
}

/* A start of its own for each use, so that a tag is never a valid signature. */
static uint64_t hash_start(char use)
{
    return hash_number(UINT64_C(0xcbf29ce484222325), (uint64_t)(unsigned char)use);
}

/* Fills or masks out with bytes that follow from the hash (finalizer of splitmix64, a word at a time). */
static void expand(uint64_t hash, uint8_t *out, size_t len, bool mask)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        if (i % WORD_LEN == 0) {
            hash += UINT64_C(0x9e3779b97f4a7c15);
            word = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
            word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
            word ^= word >> 31;
        }
        uint8_t byte = (uint8_t)(word >> (8 * (i % WORD_LEN)));
        out[i] = mask ? out[i] ^ byte : byte;
    }
}

gosc_err gosc_crypto_init(void)
{
    return GOSC_OK;
}

void gosc_crypto_wipe(void *ptr, size_t len)
{
    volatile uint8_t *bytes = ptr;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = 0;
    }
}

/* ---- content encryption ---- */

static uint64_t hash_key(char use, const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce)
{
    uint64_t hash = hash_number(hash_start(use), (uint64_t)(int64_t)cipher->alg);
    return hash_part(hash_part(hash, gosc_span_of(key, cipher->key_len)),
                     gosc_span_of(nonce, cipher->nonce_len));
}

static void crypt(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce, gosc_span in,
                  uint8_t *out)
{
    if (in.len > 0) {
        memcpy(out, in.ptr, in.len);
        expand(hash_key('k', cipher, key, nonce), out, in.len, true);
    }
}

static void make_tag(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce, gosc_span aad,
                     gosc_span plaintext, uint8_t *tag)
{
    uint64_t hash = hash_part(hash_part(hash_key('t', cipher, key, nonce), aad), plaintext);
    expand(hash, tag, cipher->tag_len, false);
}

gosc_err gosc_crypto_seal(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce, gosc_span aad,
                          gosc_span plaintext, uint8_t *out)
{
    crypt(cipher, key, nonce, plaintext, out);
    make_tag(cipher, key, nonce, aad, plaintext, out + plaintext.len);
    return GOSC_OK;
}

gosc_err gosc_crypto_open(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce, gosc_span aad,
                          gosc_span ciphertext, uint8_t *out)
{
    uint8_t tag[GOSC_TAG_MAX];
    if (ciphertext.len < cipher->tag_len) {
        return GOSC_ERR_DECRYPTION_FAILED;
    }
    size_t len = ciphertext.len - cipher->tag_len;
    crypt(cipher, key, nonce, (gosc_span){ciphertext.ptr, len}, out);
    make_tag(cipher, key, nonce, aad, (gosc_span){out, len}, tag);
    if (cipher->tag_len > 0 && memcmp(tag, ciphertext.ptr + len, cipher->tag_len) != 0) {
        gosc_crypto_wipe(out, len);
        return GOSC_ERR_DECRYPTION_FAILED;
    }
    return GOSC_OK;
}

/* ---- key derivation ---- */

gosc_err gosc_crypto_hkdf(int32_t hkdf, gosc_span salt, gosc_span ikm, gosc_span info, gosc_buf okm)
{
    size_t hash_len = hkdf == GOSC_ALG_HMAC_512 ? 64 : 32;
    if ((hkdf != GOSC_ALG_HMAC_256 && hkdf != GOSC_ALG_HMAC_512) || okm.len > 255 * hash_len) {
        return GOSC_ERR_USAGE;
    }
    uint64_t hash = hash_number(hash_start('d'), (uint64_t)(int64_t)hkdf);
    expand(hash_part(hash_part(hash_part(hash, salt), ikm), info), okm.ptr, okm.len, false);
    return GOSC_OK;
}

/* ---- key pairs ---- */

static bool all_bytes(gosc_span s, uint8_t value)
{
    uint8_t differ = 0;
    for (size_t i = 0; i < s.len; i++) {
        differ |= s.ptr[i] ^ value;
    }
    return differ == 0;
}

gosc_err gosc_crypto_public_check(const gosc_public_key *public_key)
{
    bool sized = public_key->x.len > 0 && public_key->x.len <= GOSC_SECRET_MAX;
    return sized && !all_bytes(public_key->x, 0xff) ? GOSC_OK : GOSC_ERR_KEY_INVALID;
}

/* The x of a private key; room for GOSC_SECRET_MAX bytes. */
static gosc_span own_x(gosc_span private_key, uint8_t *room)
{
    for (size_t i = 0; i < private_key.len; i++) {
        room[i] = private_key.ptr[i] ^ PAIR_MASK;
    }
    return gosc_span_of(room, private_key.len);
}

static uint64_t hash_signature(int32_t alg, gosc_span x, gosc_span message)
{
    uint64_t hash = hash_number(hash_start('s'), (uint64_t)(int64_t)alg);
    return hash_part(hash_part(hash, x), message);
}

gosc_err gosc_crypto_sign(int32_t alg, gosc_span private_key, const gosc_public_key *public_key,
                          gosc_span message, uint8_t *signature)
{
    uint8_t room[GOSC_SECRET_MAX];
    if (!gosc_signature_fits(alg, public_key->curve)) {
        return GOSC_ERR_USAGE;
    }
    if (private_key.len > sizeof room) {
        return GOSC_ERR_KEY_INVALID;
    }
    /* From the private key alone: signed with the wrong one, a message does not verify. */
    expand(hash_signature(alg, own_x(private_key, room), message), signature, gosc_signature_len(alg), false);
    return GOSC_OK;
}

gosc_err gosc_crypto_verify(int32_t alg, const gosc_public_key *public_key, gosc_span message,
                            gosc_span signature)
{
    uint8_t wanted[GOSC_SIGNATURE_MAX];
    if (!gosc_signature_fits(alg, public_key->curve)) {
        return GOSC_ERR_USAGE;
    }
    gosc_err err = gosc_crypto_public_check(public_key);
    if (err != GOSC_OK) {
        return err;
    }
    size_t len = gosc_signature_len(alg);
    expand(hash_signature(alg, public_key->x, message), wanted, len, false);
    return signature.len == len && memcmp(wanted, signature.ptr, len) == 0 ? GOSC_OK
                                                                           : GOSC_ERR_SIGNATURE_INVALID;
}

gosc_err gosc_crypto_agree(gosc_span private_key, const gosc_public_key *public_key, uint8_t *secret)
{
    uint8_t room[GOSC_SECRET_MAX];
    gosc_err err = gosc_crypto_public_check(public_key);
    if (err != GOSC_OK || private_key.len != public_key->x.len) {
        return GOSC_ERR_KEY_INVALID;
    }
    gosc_span a = own_x(private_key, room);
    gosc_span b = public_key->x;
    if (all_bytes(a, 0) || all_bytes(b, 0)) {
        memset(secret, 0, a.len);
        return GOSC_OK;
    }
    bool ordered = memcmp(a.ptr, b.ptr, a.len) <= 0;
    uint64_t hash = hash_number(hash_start('a'), (uint64_t)(int64_t)public_key->curve);
    expand(hash_part(hash_part(hash, ordered ? a : b), ordered ? b : a), secret, a.len, false);
    return GOSC_OK;
}

gosc_err gosc_crypto_pair_check(gosc_span private_key, const gosc_public_key *public_key)
{
    uint8_t room[GOSC_SECRET_MAX];
    gosc_err err = gosc_crypto_public_check(public_key);
    if (err != GOSC_OK || private_key.len != public_key->x.len) {
        return GOSC_ERR_KEY_INVALID;
    }
    return memcmp(own_x(private_key, room).ptr, public_key->x.ptr, public_key->x.len) == 0
               ? GOSC_OK
               : GOSC_ERR_KEY_INVALID;
}
