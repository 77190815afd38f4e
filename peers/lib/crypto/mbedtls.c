/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real crypto adapter: Mbed TLS (2.28 and 3.6) for AES, ChaCha20-Poly1305 and the NIST curves, libsodium
 * for curve 25519, HMAC and wiping.
 *
 * Why local contexts and not PSA keys. In 2.28 the table of PSA keys has no lock: three threads that import,
 * use and destroy a key each crash within seconds. It is also slower, for a 64-byte plaintext with 21 bytes
 * of AAD and a key that is new for every message: CCM 368 ns through PSA and 248 ns here, GCM 544 and 424,
 * ChaCha20-Poly1305 400 and 295, CTR 242 and 102. ECDSA and ECDH cost the same either way. The AEAD of
 * libsodium (381 ns) wins only above some 200 bytes of plaintext. CCM written out over AES blocks gains 15 ns
 * at 64 bytes and loses 750 at 1,024. HKDF (8-byte salt, 16-byte secret, 16 bytes out): PSA 1655 ns,
 * mbedtls_hkdf 1537, HMAC of libsodium 1421; for SHA-512 2557, 2336 and 1858. X25519: PSA 529 us,
 * libsodium 30.
 *
 * Nothing is kept between calls: they are independent in many threads once gosc_crypto_init has returned.
 */
#include "crypto.h"

#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/ccm.h>
#include <mbedtls/chachapoly.h>
#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>
#include <sodium.h>

enum {
    OKP_LEN = 32,
    HASH_MAX = 64,
    EXPAND_BLOCKS_MAX = 255, /* RFC 5869 section 2.3 */
    BLOCK_LEN = 16,
};

/* The libraries declare pointers non-null even where the length is 0. */
static const uint8_t *bytes(gosc_span s)
{
    return s.len > 0 ? s.ptr : (const uint8_t *)"";
}

gosc_err gosc_crypto_init(void)
{
    /* The first key schedule fills the AES tables and notes what the processor can do: before any thread. */
    static const uint8_t zero[BLOCK_LEN];
    mbedtls_aes_context aes;
    mbedtls_aes_init(&aes);
    int failed = mbedtls_aes_setkey_enc(&aes, zero, 8 * BLOCK_LEN);
    mbedtls_aes_free(&aes);
    return failed == 0 && sodium_init() >= 0 ? GOSC_OK : GOSC_ERR_CRYPTO;
}

void gosc_crypto_wipe(void *ptr, size_t len)
{
    sodium_memzero(ptr, len);
}

/* ---- content encryption: one function a mode, tag is written when sealing and compared when opening ---- */

typedef struct job {
    const gosc_cipher *cipher;
    const uint8_t *key;
    const uint8_t *nonce;
    gosc_span aad;
    gosc_span in; /* without tag */
    uint8_t *out;
    uint8_t *tag;            /* sealing: room; opening: NULL */
    const uint8_t *received; /* opening: the tag */
} job;

/* AAD of 65,280 bytes and more needs the long length field of RFC 3610 section 2.2: Mbed TLS refuses it, as it does
 * messages longer than the nonce leaves room for; both as bad input (GOSC_ERR_LIMIT). */
static int ccm(const job *j)
{
    mbedtls_ccm_context ctx;
    mbedtls_ccm_init(&ctx);
    int rc = mbedtls_ccm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, j->key, 8U * j->cipher->key_len);
    if (rc == 0 && j->tag != NULL) {
        rc = mbedtls_ccm_encrypt_and_tag(&ctx, j->in.len, j->nonce, j->cipher->nonce_len, bytes(j->aad),
                                         j->aad.len, bytes(j->in), j->out, j->tag, j->cipher->tag_len);
    } else if (rc == 0) {
        rc = mbedtls_ccm_auth_decrypt(&ctx, j->in.len, j->nonce, j->cipher->nonce_len, bytes(j->aad),
                                      j->aad.len, bytes(j->in), j->out, j->received, j->cipher->tag_len);
    }
    mbedtls_ccm_free(&ctx);
    return rc;
}

static int gcm(const job *j)
{
    mbedtls_gcm_context ctx;
    mbedtls_gcm_init(&ctx);
    int rc = mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, j->key, 8U * j->cipher->key_len);
    if (rc == 0 && j->tag != NULL) {
        rc = mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_ENCRYPT, j->in.len, j->nonce, j->cipher->nonce_len,
                                       bytes(j->aad), j->aad.len, bytes(j->in), j->out, j->cipher->tag_len,
                                       j->tag);
    } else if (rc == 0) {
        rc = mbedtls_gcm_auth_decrypt(&ctx, j->in.len, j->nonce, j->cipher->nonce_len, bytes(j->aad),
                                      j->aad.len, j->received, j->cipher->tag_len, bytes(j->in), j->out);
    }
    mbedtls_gcm_free(&ctx);
    return rc;
}

static int chacha(const job *j)
{
    mbedtls_chachapoly_context ctx;
    mbedtls_chachapoly_init(&ctx);
    int rc = mbedtls_chachapoly_setkey(&ctx, j->key);
    if (rc == 0 && j->tag != NULL) {
        rc = mbedtls_chachapoly_encrypt_and_tag(&ctx, j->in.len, j->nonce, bytes(j->aad), j->aad.len,
                                                bytes(j->in), j->out, j->tag);
    } else if (rc == 0) {
        rc = mbedtls_chachapoly_auth_decrypt(&ctx, j->in.len, j->nonce, bytes(j->aad), j->aad.len,
                                             j->received, bytes(j->in), j->out);
    }
    mbedtls_chachapoly_free(&ctx);
    return rc;
}

/* RFC 9459 as Group OSCORE -28 section 2.1.7 uses it: the first counter block is nonce | 00000000
 * (GO-2.1.7-05). */
static int ctr(const job *j)
{
    uint8_t counter[BLOCK_LEN] = {0};
    uint8_t keystream[BLOCK_LEN];
    size_t offset = 0;
    memcpy(counter, j->nonce, j->cipher->nonce_len);
    mbedtls_aes_context ctx;
    mbedtls_aes_init(&ctx);
    int rc = mbedtls_aes_setkey_enc(&ctx, j->key, 8U * j->cipher->key_len);
    if (rc == 0) {
        rc = mbedtls_aes_crypt_ctr(&ctx, j->in.len, &offset, counter, keystream, bytes(j->in), j->out);
    }
    mbedtls_aes_free(&ctx);
    sodium_memzero(keystream, sizeof keystream);
    return rc;
}

static gosc_err run(const job *j)
{
    int rc = 0;
    if (j->cipher->tag_len == 0) {
        rc = ctr(j);
    } else if (j->cipher->alg == GOSC_ALG_CHACHA20_POLY1305) {
        rc = chacha(j);
    } else if (j->cipher->alg <= GOSC_ALG_A256GCM) {
        rc = gcm(j);
    } else {
        rc = ccm(j);
    }
    if (rc == 0) {
        return GOSC_OK;
    }
    sodium_memzero(j->out, j->in.len);
    bool forged = rc == MBEDTLS_ERR_CCM_AUTH_FAILED || rc == MBEDTLS_ERR_GCM_AUTH_FAILED ||
                  rc == MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
    if (forged) {
        return GOSC_ERR_DECRYPTION_FAILED;
    }
    return rc == MBEDTLS_ERR_CCM_BAD_INPUT ? GOSC_ERR_LIMIT : GOSC_ERR_CRYPTO;
}

gosc_err gosc_crypto_seal(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce, gosc_span aad,
                          gosc_span plaintext, uint8_t *out)
{
    job j = {cipher, key, nonce, aad, plaintext, out, out + plaintext.len, NULL};
    return run(&j);
}

gosc_err gosc_crypto_open(const gosc_cipher *cipher, const uint8_t *key, const uint8_t *nonce, gosc_span aad,
                          gosc_span ciphertext, uint8_t *out)
{
    if (ciphertext.len < cipher->tag_len) {
        return GOSC_ERR_DECRYPTION_FAILED;
    }
    gosc_span body = {ciphertext.ptr, ciphertext.len - cipher->tag_len};
    job j = {cipher, key, nonce, aad, body, out, NULL, bytes(ciphertext) + body.len};
    return run(&j);
}

/* ---- HKDF ---- */

typedef union hmac {
    crypto_auth_hmacsha256_state sha256;
    crypto_auth_hmacsha512_state sha512;
} hmac;

/* One step of the HMAC that `wide` tells: init, update, final. */
#define HMAC(step, state, ...)                                                                               \
    (wide ? crypto_auth_hmacsha512_##step(&(state)->sha512, __VA_ARGS__)                                     \
          : crypto_auth_hmacsha256_##step(&(state)->sha256, __VA_ARGS__))

gosc_err gosc_crypto_hkdf(int32_t hkdf, gosc_span salt, gosc_span ikm, gosc_span info, gosc_buf okm)
{
    const bool wide = hkdf == GOSC_ALG_HMAC_512;
    const size_t hash_len = wide ? 64 : 32;
    if ((!wide && hkdf != GOSC_ALG_HMAC_256) || okm.len > EXPAND_BLOCKS_MAX * hash_len) {
        return GOSC_ERR_USAGE;
    }
    hmac keyed; /* with the pseudorandom key: copied for every block instead of hashing the key again */
    hmac state;
    uint8_t block[HASH_MAX];
    HMAC(init, &state, bytes(salt), salt.len);
    HMAC(update, &state, bytes(ikm), ikm.len);
    HMAC(final, &state, block);
    HMAC(init, &keyed, block, hash_len);
    uint8_t number = 1;
    for (size_t done = 0; done < okm.len; done += hash_len, number++) {
        state = keyed;
        HMAC(update, &state, block, number == 1 ? 0 : hash_len);
        HMAC(update, &state, bytes(info), info.len);
        HMAC(update, &state, &number, 1);
        HMAC(final, &state, block);
        memcpy(okm.ptr + done, block, okm.len - done < hash_len ? okm.len - done : hash_len);
    }
    sodium_memzero(&keyed, sizeof keyed);
    sodium_memzero(&state, sizeof state);
    sodium_memzero(block, sizeof block);
    return GOSC_OK;
}

/* ---- NIST curves ---- */

/* A curve and its one signature algorithm: only so does the algorithm tell the length of a signature. */
typedef struct ec_row {
    int32_t curve;
    int32_t alg;
    mbedtls_ecp_group_id group;
    mbedtls_md_type_t hash;
} ec_row;

static const ec_row ec_rows[] = {
    {GOSC_CURVE_P256, GOSC_ALG_ES256, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_MD_SHA256},
    {GOSC_CURVE_P384, GOSC_ALG_ES384, MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_MD_SHA384},
    {GOSC_CURVE_P521, GOSC_ALG_ES512, MBEDTLS_ECP_DP_SECP521R1, MBEDTLS_MD_SHA512},
    {GOSC_CURVE_ED25519, GOSC_ALG_EDDSA, MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_MD_NONE}, /* for its prime only */
};

static const ec_row *ec_find(int32_t curve)
{
    for (size_t i = 0; i < sizeof ec_rows / sizeof ec_rows[0]; i++) {
        if (ec_rows[i].curve == curve) {
            return &ec_rows[i];
        }
    }
    return NULL;
}

/* An operation: what it is given, and what has to be released after it (mbedtls_mpi_free wipes). */
typedef struct ec {
    const gosc_public_key *key;
    gosc_span private_key;
    gosc_span message;
    gosc_span signature;
    uint8_t *out;
    const ec_row *row;
    size_t len; /* bytes of a coordinate */
    mbedtls_ecp_group group;
    mbedtls_ecp_point point, own;
    mbedtls_mpi d, r, s;
} ec;

static int blinding(void *unused, unsigned char *out, size_t len)
{
    (void)unused;
    randombytes_buf(out, len);
    return 0;
}

/*
 * The y of a compressed point (SEC 1 section 2.3.4), into y. All three primes are 3 mod 4, so a square root
 * of v is v^((p+1)/4), if there is one; if not, or if x >= p, the point is refused as not on the curve by
 * whoever checks it. PSA of 2.28 takes no compressed points. All is public: variable time is fine.
 */
static gosc_err ec_decompress(ec *e, uint8_t *y)
{
    const mbedtls_mpi *p = &e->group.P;
    mbedtls_mpi *t = &e->d;
    mbedtls_mpi *v = &e->r;
    mbedtls_mpi *root = &e->s;
    /* v = (x^2 - 3) x + b; the library leaves a = -3 implicit */
    if (mbedtls_mpi_read_binary(t, e->key->x.ptr, e->len) != 0 || mbedtls_mpi_mul_mpi(v, t, t) != 0 ||
        mbedtls_mpi_sub_int(v, v, 3) != 0 || mbedtls_mpi_mul_mpi(v, v, t) != 0 ||
        mbedtls_mpi_add_mpi(v, v, &e->group.B) != 0 || mbedtls_mpi_mod_mpi(v, v, p) != 0 ||
        mbedtls_mpi_add_int(t, p, 1) != 0 || mbedtls_mpi_shift_r(t, 2) != 0 ||
        mbedtls_mpi_exp_mod(root, v, t, p, NULL) != 0) {
        return GOSC_ERR_CRYPTO;
    }
    if ((mbedtls_mpi_get_bit(root, 0) == 1) != e->key->y_odd && mbedtls_mpi_sub_mpi(root, p, root) != 0) {
        return GOSC_ERR_CRYPTO;
    }
    return mbedtls_mpi_write_binary(root, y, e->len) == 0 ? GOSC_OK : GOSC_ERR_CRYPTO;
}

/* The public key as a point known to lie on the curve; the cofactor is 1, so its order is right too. */
static gosc_err ec_point(ec *e)
{
    const gosc_public_key *key = e->key;
    uint8_t raw[1 + 2 * GOSC_SECRET_MAX] = {0x04}; /* SEC 1: uncompressed */
    bool whole = gosc_span_present(key->y);
    if (key->x.len != e->len || (whole && key->y.len != e->len)) {
        return GOSC_ERR_KEY_INVALID;
    }
    memcpy(raw + 1, key->x.ptr, e->len);
    if (whole) {
        memcpy(raw + 1 + e->len, key->y.ptr, e->len);
    } else {
        gosc_err err = ec_decompress(e, raw + 1 + e->len);
        if (err != GOSC_OK) {
            return err;
        }
    }
    if (mbedtls_ecp_point_read_binary(&e->group, &e->point, raw, 1 + 2 * e->len) != 0) {
        return GOSC_ERR_CRYPTO;
    }
    int rc = mbedtls_ecp_check_pubkey(&e->group, &e->point);
    return rc == 0 ? GOSC_OK : rc == MBEDTLS_ERR_ECP_INVALID_KEY ? GOSC_ERR_KEY_INVALID : GOSC_ERR_CRYPTO;
}

/* A private scalar in 1 .. n-1. */
static gosc_err ec_scalar(ec *e)
{
    if (e->private_key.len != e->len) {
        return GOSC_ERR_KEY_INVALID;
    }
    if (mbedtls_mpi_read_binary(&e->d, e->private_key.ptr, e->len) != 0) {
        return GOSC_ERR_CRYPTO;
    }
    return mbedtls_ecp_check_privkey(&e->group, &e->d) == 0 ? GOSC_OK : GOSC_ERR_KEY_INVALID;
}

static gosc_err ec_agree(ec *e)
{
    return mbedtls_ecdh_compute_shared(&e->group, &e->r, &e->point, &e->d, blinding, NULL) == 0 &&
                   mbedtls_mpi_write_binary(&e->r, e->out, e->len) == 0
               ? GOSC_OK
               : GOSC_ERR_CRYPTO;
}

static gosc_err ec_pair(ec *e)
{
    if (mbedtls_ecp_mul(&e->group, &e->own, &e->d, &e->group.G, blinding, NULL) != 0) {
        return GOSC_ERR_CRYPTO;
    }
    return mbedtls_ecp_point_cmp(&e->own, &e->point) == 0 ? GOSC_OK : GOSC_ERR_KEY_INVALID;
}

static gosc_err ec_sign(ec *e)
{
    uint8_t hash[HASH_MAX];
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(e->row->hash);
    return mbedtls_md(md, bytes(e->message), e->message.len, hash) == 0 &&
                   mbedtls_ecdsa_sign_det_ext(&e->group, &e->r, &e->s, &e->d, hash, mbedtls_md_get_size(md),
                                              e->row->hash, blinding, NULL) == 0 &&
                   mbedtls_mpi_write_binary(&e->r, e->out, e->len) == 0 &&
                   mbedtls_mpi_write_binary(&e->s, e->out + e->len, e->len) == 0
               ? GOSC_OK
               : GOSC_ERR_CRYPTO;
}

static gosc_err ec_verify(ec *e)
{
    uint8_t hash[HASH_MAX];
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(e->row->hash);
    if (e->signature.len != 2 * e->len) {
        return GOSC_ERR_SIGNATURE_INVALID;
    }
    if (mbedtls_md(md, bytes(e->message), e->message.len, hash) != 0 ||
        mbedtls_mpi_read_binary(&e->r, e->signature.ptr, e->len) != 0 ||
        mbedtls_mpi_read_binary(&e->s, e->signature.ptr + e->len, e->len) != 0) {
        return GOSC_ERR_CRYPTO;
    }
    int rc = mbedtls_ecdsa_verify(&e->group, hash, mbedtls_md_get_size(md), &e->point, &e->r, &e->s);
    if (rc == MBEDTLS_ERR_ECP_VERIFY_FAILED) {
        return GOSC_ERR_SIGNATURE_INVALID;
    }
    return rc == 0 ? GOSC_OK : GOSC_ERR_CRYPTO;
}

/*
 * The X25519 form of an Ed25519 key: u = (1 + y) / (1 - y) mod p (GO-2.5.2.1-02). The map of libsodium also
 * refuses points of small order, which the contract hands to the caller as an all-zero secret (reading A9),
 * and points outside the prime-order subgroup, which the text accepts; looking for those costs it 35 us where
 * this takes 32.
 */
static gosc_err ed25519_map(ec *e)
{
    uint8_t y[OKP_LEN];
    memcpy(y, e->key->x.ptr, OKP_LEN);
    y[OKP_LEN - 1] &= 0x7f; /* the sign of x */
    const mbedtls_mpi *p = &e->group.P;
    if (mbedtls_mpi_read_binary_le(&e->r, y, OKP_LEN) != 0) {
        return GOSC_ERR_CRYPTO;
    }
    if (mbedtls_mpi_cmp_int(&e->r, 1) == 0) {
        return GOSC_ERR_KEY_INVALID; /* the neutral element has no image */
    }
    return mbedtls_mpi_sub_mpi(&e->s, p, &e->r) == 0 && mbedtls_mpi_add_int(&e->s, &e->s, 1) == 0 &&
                   mbedtls_mpi_inv_mod(&e->s, &e->s, p) == 0 && mbedtls_mpi_add_int(&e->r, &e->r, 1) == 0 &&
                   mbedtls_mpi_mul_mpi(&e->r, &e->r, &e->s) == 0 &&
                   mbedtls_mpi_mod_mpi(&e->r, &e->r, p) == 0 &&
                   mbedtls_mpi_write_binary_le(&e->r, e->out, OKP_LEN) == 0
               ? GOSC_OK
               : GOSC_ERR_CRYPTO;
}

/* Checks the keys and runs an operation on them; the point first, because decompression borrows d, r, s. */
static gosc_err ec_run(ec *e, gosc_err (*operation)(ec *))
{
    mbedtls_ecp_group_init(&e->group);
    mbedtls_ecp_point_init(&e->point);
    mbedtls_ecp_point_init(&e->own);
    mbedtls_mpi_init(&e->d);
    mbedtls_mpi_init(&e->r);
    mbedtls_mpi_init(&e->s);
    e->row = ec_find(e->key->curve);
    gosc_err err = e->row == NULL ? GOSC_ERR_USAGE : GOSC_OK;
    if (err == GOSC_OK && mbedtls_ecp_group_load(&e->group, e->row->group) != 0) {
        err = GOSC_ERR_CRYPTO;
    }
    e->len = (e->group.pbits + 7) / 8;
    if (err == GOSC_OK && operation != ec_sign && operation != ed25519_map) {
        err = ec_point(e);
    }
    if (err == GOSC_OK && gosc_span_present(e->private_key)) {
        err = ec_scalar(e);
    }
    if (err == GOSC_OK && operation != NULL) {
        err = operation(e);
    }
    mbedtls_ecp_group_free(&e->group);
    mbedtls_ecp_point_free(&e->point);
    mbedtls_ecp_point_free(&e->own);
    mbedtls_mpi_free(&e->d);
    mbedtls_mpi_free(&e->r);
    mbedtls_mpi_free(&e->s);
    return err;
}

/* ---- curve 25519 ---- */

/*
 * RFC 8032 section 5.1.3. Adding the neutral element fails only for what is not on the curve, and gives the
 * one right encoding: y >= p, or a sign where x is 0 (y = 1 or -1), come out as other bytes.
 */
static bool ed25519_decodes(const uint8_t *x)
{
    static const uint8_t neutral[OKP_LEN] = {1};
    uint8_t same[OKP_LEN];
    return crypto_core_ed25519_add(same, x, neutral) == 0 && memcmp(same, x, OKP_LEN) == 0;
}

static gosc_err ed25519_sign(gosc_span seed, gosc_span x, gosc_span message, uint8_t *signature)
{
    uint8_t pair[2 * OKP_LEN]; /* what libsodium calls the secret key: seed | public key */
    if (seed.len != OKP_LEN || x.len != OKP_LEN) {
        return GOSC_ERR_KEY_INVALID;
    }
    memcpy(pair, seed.ptr, OKP_LEN);
    memcpy(pair + OKP_LEN, x.ptr, OKP_LEN);
    int rc = crypto_sign_detached(signature, NULL, bytes(message), message.len, pair);
    sodium_memzero(pair, sizeof pair);
    return rc == 0 ? GOSC_OK : GOSC_ERR_CRYPTO;
}

/*
 * libsodium refuses S >= L (RFC 8032 section 5.1.7), a key with y >= p, and a key or an R of small order;
 * then it compares the encoding of S B - h A with R byte for byte, without multiplying by the cofactor. Where
 * RFC 8032 leaves a choice (cofactor, small order) peers may differ without being wrong: reading R24 of the
 * 2018 draft makes such cases informational. Whether the key is a point at all is asked only after a failure:
 * good messages do not pay for it.
 */
static gosc_err ed25519_verify(gosc_span x, gosc_span message, gosc_span signature)
{
    if (x.len != OKP_LEN) {
        return GOSC_ERR_KEY_INVALID;
    }
    if (signature.len == crypto_sign_BYTES &&
        crypto_sign_verify_detached(signature.ptr, bytes(message), message.len, x.ptr) == 0) {
        return GOSC_OK;
    }
    return ed25519_decodes(x.ptr) ? GOSC_ERR_SIGNATURE_INVALID : GOSC_ERR_KEY_INVALID;
}

/* libsodium clamps the scalar; it fails just when the result is all zero, and may leave it unwritten. */
static void x25519(const uint8_t *scalar, const uint8_t *u, uint8_t *secret)
{
    if (crypto_scalarmult_curve25519(secret, scalar, u) != 0) {
        memset(secret, 0, OKP_LEN);
    }
}

static gosc_err ed25519_agree(gosc_span seed, const gosc_public_key *key, uint8_t *secret)
{
    uint8_t u[OKP_LEN];
    uint8_t expanded[HASH_MAX];
    ec e = {.key = key, .out = u};
    gosc_err err = ed25519_decodes(key->x.ptr) ? ec_run(&e, ed25519_map) : GOSC_ERR_KEY_INVALID;
    if (err == GOSC_OK) {
        crypto_hash_sha512(expanded, seed.ptr, OKP_LEN); /* its first half is the scalar (GO-2.5.2.1-03) */
        x25519(expanded, u, secret);
        sodium_memzero(expanded, sizeof expanded);
    }
    return err;
}

static gosc_err okp_pair(gosc_span private_key, const gosc_public_key *key)
{
    uint8_t own[OKP_LEN];
    uint8_t pair[2 * OKP_LEN];
    if (key->curve == GOSC_CURVE_X25519) {
        crypto_scalarmult_curve25519_base(own, private_key.ptr);
    } else {
        crypto_sign_seed_keypair(own, pair, private_key.ptr);
        sodium_memzero(pair, sizeof pair);
    }
    return memcmp(own, key->x.ptr, OKP_LEN) == 0 ? GOSC_OK : GOSC_ERR_KEY_INVALID;
}

/* ---- by algorithm and curve ---- */

static bool alg_fits(int32_t alg, int32_t curve)
{
    const ec_row *row = ec_find(curve);
    return row != NULL && row->alg == alg;
}

static bool is_okp(const gosc_public_key *key)
{
    return key->curve == GOSC_CURVE_X25519 || key->curve == GOSC_CURVE_ED25519;
}

gosc_err gosc_crypto_sign(int32_t alg, gosc_span private_key, const gosc_public_key *public_key,
                          gosc_span message, uint8_t *signature)
{
    if (!alg_fits(alg, public_key->curve)) {
        return GOSC_ERR_USAGE;
    }
    if (alg == GOSC_ALG_EDDSA) {
        return ed25519_sign(private_key, public_key->x, message, signature);
    }
    ec e = {.key = public_key, .private_key = private_key, .message = message, .out = signature};
    return ec_run(&e, ec_sign);
}

gosc_err gosc_crypto_verify(int32_t alg, const gosc_public_key *public_key, gosc_span message,
                            gosc_span signature)
{
    if (!alg_fits(alg, public_key->curve)) {
        return GOSC_ERR_USAGE;
    }
    if (alg == GOSC_ALG_EDDSA) {
        return ed25519_verify(public_key->x, message, signature);
    }
    ec e = {.key = public_key, .message = message, .signature = signature};
    return ec_run(&e, ec_verify);
}

gosc_err gosc_crypto_agree(gosc_span private_key, const gosc_public_key *public_key, uint8_t *secret)
{
    if (!is_okp(public_key)) {
        ec e = {.key = public_key, .private_key = private_key, .out = secret};
        return ec_run(&e, ec_agree);
    }
    if (private_key.len != OKP_LEN || public_key->x.len != OKP_LEN) {
        return GOSC_ERR_KEY_INVALID;
    }
    if (public_key->curve == GOSC_CURVE_ED25519) {
        return ed25519_agree(private_key, public_key, secret);
    }
    x25519(private_key.ptr, public_key->x.ptr, secret);
    return GOSC_OK;
}

gosc_err gosc_crypto_public_check(const gosc_public_key *public_key)
{
    if (!is_okp(public_key)) {
        ec e = {.key = public_key};
        return ec_run(&e, NULL);
    }
    bool point = public_key->x.len == OKP_LEN &&
                 (public_key->curve == GOSC_CURVE_X25519 || ed25519_decodes(public_key->x.ptr));
    return point ? GOSC_OK : GOSC_ERR_KEY_INVALID;
}

gosc_err gosc_crypto_pair_check(gosc_span private_key, const gosc_public_key *public_key)
{
    if (!is_okp(public_key)) {
        ec e = {.key = public_key, .private_key = private_key};
        return ec_run(&e, ec_pair);
    }
    bool sized = private_key.len == OKP_LEN && public_key->x.len == OKP_LEN;
    return sized ? okp_pair(private_key, public_key) : GOSC_ERR_KEY_INVALID;
}
