/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transparent adapter keeps the contract of crypto.h as far as the core can tell: what was sealed opens,
 * every change of an input is noticed, both sides of an agreement find the same, the special keys reach the
 * core's refusals.
 */
#include "bytes.h"
#include "crypto.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const int32_t algs[] = {1, 2, 3, 10, 11, 12, 13, 24, 30, 31, 32, 33, -65534, -65533, -65532};
static const int32_t curves[] = {GOSC_CURVE_P256, GOSC_CURVE_P384, GOSC_CURVE_P521, GOSC_CURVE_X25519,
                                 GOSC_CURVE_ED25519};

static bool say(bool cond, const char *what, int32_t number)
{
    char text[160];
    (void)snprintf(text, sizeof text, "%s %d", what, (int)number);
    return tap_ok(cond, text);
}

static gosc_span chance(size_t len)
{
    uint8_t *room = bytes_room(len);
    for (size_t i = 0; i < len; i++) {
        room[i] = (uint8_t)tap_random(256);
    }
    return gosc_span_of(room, len);
}

static bool all_bytes(gosc_span s, uint8_t value)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != value) {
            return false;
        }
    }
    return true;
}

/* ---- content encryption ---- */

enum {
    KEY,
    NONCE,
    AAD,
    TEXT,
    SEALED,
    N_INPUTS,
};

static gosc_err open_to(const gosc_cipher *cipher, const gosc_span *in, gosc_span *out)
{
    uint8_t *room = bytes_room(in[SEALED].len - cipher->tag_len);
    *out = gosc_span_of(room, in[SEALED].len - cipher->tag_len);
    memset(room, 0xa5, out->len);
    return gosc_crypto_open(cipher, in[KEY].ptr, in[NONCE].ptr, in[AAD], in[SEALED], room);
}

/* Every bit of one input flipped. With a tag: refused and wiped; without: other text, except that AAD is
 * ignored. */
static bool noticed(const gosc_cipher *cipher, const gosc_span *inputs, size_t which)
{
    gosc_span in[N_INPUTS];
    memcpy(in, inputs, sizeof in);
    bool good = true;
    for (size_t bit = 0; bit < 8 * inputs[which].len; bit++) {
        gosc_span out;
        in[which] = bytes_flip(inputs[which], bit);
        gosc_err err = open_to(cipher, in, &out);
        if (cipher->tag_len > 0) {
            good = good && err == GOSC_ERR_DECRYPTION_FAILED && all_bytes(out, 0);
        } else {
            good = good && err == GOSC_OK && gosc_span_equal(out, inputs[TEXT]) == (which == AAD);
        }
        bytes_free(out);
        bytes_free(in[which]);
    }
    return good;
}

static void test_cipher(const gosc_cipher *cipher, size_t aad_len, size_t len)
{
    gosc_span in[N_INPUTS] = {chance(cipher->key_len), chance(cipher->nonce_len), chance(aad_len),
                              chance(len)};
    uint8_t *sealed = bytes_room(len + cipher->tag_len);
    gosc_span out = GOSC_ABSENT;
    in[SEALED] = gosc_span_of(sealed, len + cipher->tag_len);
    bool good = gosc_crypto_seal(cipher, in[KEY].ptr, in[NONCE].ptr, in[AAD], in[TEXT], sealed) == GOSC_OK &&
                open_to(cipher, in, &out) == GOSC_OK && gosc_span_equal(out, in[TEXT]);
    bytes_free(out);
    char what[80];
    (void)snprintf(what, sizeof what, "text %zu, AAD %zu: opens, algorithm", len, aad_len);
    say(good, what, cipher->alg);
    bool all = good;
    for (size_t which = 0; which < N_INPUTS; which++) {
        all = all && (which == TEXT || noticed(cipher, in, which));
    }
    (void)snprintf(what, sizeof what, "text %zu, AAD %zu: each flipped bit is noticed, algorithm", len,
                   aad_len);
    say(all, what, cipher->alg);
    for (size_t i = 0; i < N_INPUTS; i++) {
        bytes_free(in[i]);
    }
}

/* A byte that moves from AAD to plaintext changes the tag; so does another algorithm; a short message is
 * none. */
static void test_borders(void)
{
    static const uint8_t key[32] = {1};
    static const uint8_t text[4] = {1, 2, 3, 4};
    uint8_t a[12], b[11], c[20];
    const gosc_cipher *cipher = gosc_cipher_find(GOSC_ALG_CCM_16_64_128);
    const gosc_cipher *other = gosc_cipher_find(GOSC_ALG_CCM_16_128_128);
    gosc_span none = GOSC_ABSENT;
    bool sealed =
        gosc_crypto_seal(cipher, key, key, none, gosc_span_of(text, 4), a) == GOSC_OK &&
        gosc_crypto_seal(cipher, key, key, gosc_span_of(text, 1), gosc_span_of(text + 1, 3), b) == GOSC_OK &&
        gosc_crypto_seal(other, key, key, none, gosc_span_of(text, 4), c) == GOSC_OK;
    tap_ok(sealed && memcmp(a + 4, b + 3, 8) != 0, "AAD and plaintext do not flow into each other");
    tap_ok(sealed && memcmp(a, c, 12) != 0, "another algorithm gives another message");
    uint8_t out = 0xa5;
    size_t n = 0;
    for (size_t len = 0; len < 8; len++) {
        n += gosc_crypto_open(cipher, key, key, none, gosc_span_of(a, len), &out) ==
             GOSC_ERR_DECRYPTION_FAILED;
    }
    tap_ok(n == 8 && out == 0xa5, "a ciphertext shorter than the tag");
}

/* ---- key derivation ---- */

static void test_hkdf(int32_t hkdf, size_t hash_len)
{
    gosc_span in[3] = {chance(8), chance(16), chance(9)};
    uint8_t okm[64], other[64];
    uint8_t *long_okm = bytes_room(255 * hash_len + 1);
    gosc_buf room = {okm, sizeof okm};
    bool made = gosc_crypto_hkdf(hkdf, in[0], in[1], in[2], room) == GOSC_OK;
    bool differ = made;
    for (size_t which = 0; which < COUNT(in); which++) {
        gosc_span whole = in[which];
        for (size_t bit = 0; bit < 8 * whole.len; bit++) {
            in[which] = bytes_flip(whole, bit);
            differ = differ &&
                     gosc_crypto_hkdf(hkdf, in[0], in[1], in[2], (gosc_buf){other, 16}) == GOSC_OK &&
                     memcmp(okm, other, 16) != 0;
            bytes_free(in[which]);
        }
        in[which] = whole;
    }
    say(differ, "each bit of salt, secret and info makes a difference, algorithm", hkdf);
    bool prefix =
        gosc_crypto_hkdf(hkdf, in[0], in[1], in[2], (gosc_buf){long_okm, 255 * hash_len}) == GOSC_OK &&
        memcmp(long_okm, okm, sizeof okm) == 0;
    say(made && prefix, "shorter output begins longer output, algorithm", hkdf);
    say(made &&
            gosc_crypto_hkdf(hkdf, in[0], in[1], in[2], (gosc_buf){long_okm, 255 * hash_len + 1}) ==
                GOSC_ERR_USAGE &&
            gosc_crypto_hkdf(-12, in[0], in[1], in[2], room) == GOSC_ERR_USAGE,
        "too much output, another KDF, algorithm", hkdf);
    bool same = gosc_crypto_hkdf(hkdf, GOSC_ABSENT, in[1], in[2], room) == GOSC_OK &&
                gosc_crypto_hkdf(hkdf, GOSC_EMPTY, in[1], in[2], (gosc_buf){other, 64}) == GOSC_OK &&
                memcmp(okm, other, sizeof okm) == 0;
    say(same, "an absent salt is an empty one, algorithm", hkdf);
    bytes_free(gosc_span_of(long_okm, 255 * hash_len + 1));
    for (size_t i = 0; i < COUNT(in); i++) {
        bytes_free(in[i]);
    }
}

/* ---- key pairs ---- */

/* A private key and its public key as the adapter defines it. */
typedef struct pair {
    gosc_span private_key;
    gosc_public_key key;
} pair;

static pair pair_make(int32_t curve)
{
    gosc_span private_key = chance(gosc_curve_len(curve));
    uint8_t *x = bytes_room(private_key.len);
    for (size_t i = 0; i < private_key.len; i++) {
        x[i] = private_key.ptr[i] ^ 0x5a;
    }
    return (pair){private_key, {.curve = curve, .x = gosc_span_of(x, private_key.len)}};
}

static void pair_free(pair *p)
{
    bytes_free(p->private_key);
    bytes_free(p->key.x);
}

static void test_pairs(int32_t curve)
{
    pair a = pair_make(curve);
    pair b = pair_make(curve);
    pair c = pair_make(curve);
    say(gosc_crypto_pair_check(a.private_key, &a.key) == GOSC_OK &&
            gosc_crypto_public_check(&a.key) == GOSC_OK,
        "a pair, curve", curve);
    bool apart = gosc_crypto_pair_check(a.private_key, &b.key) == GOSC_ERR_KEY_INVALID &&
                 gosc_crypto_pair_check(gosc_span_of(a.private_key.ptr, 31), &a.key) == GOSC_ERR_KEY_INVALID;
    say(apart, "keys of two pairs, curve", curve);

    uint8_t ab[GOSC_SECRET_MAX], ba[GOSC_SECRET_MAX], ac[GOSC_SECRET_MAX];
    size_t len = gosc_curve_len(curve);
    bool made = gosc_crypto_agree(a.private_key, &b.key, ab) == GOSC_OK &&
                gosc_crypto_agree(b.private_key, &a.key, ba) == GOSC_OK &&
                gosc_crypto_agree(a.private_key, &c.key, ac) == GOSC_OK;
    say(made && memcmp(ab, ba, len) == 0 && memcmp(ab, ac, len) != 0, "both sides find the same, curve",
        curve);

    uint8_t special[GOSC_SECRET_MAX] = {0};
    gosc_public_key key = {.curve = curve, .x = gosc_span_of(special, len)};
    bool zero = gosc_crypto_agree(a.private_key, &key, ab) == GOSC_OK &&
                all_bytes(gosc_span_of(ab, len), 0) && gosc_crypto_public_check(&key) == GOSC_OK;
    say(made && zero, "x of zeros agrees on zeros, curve", curve);
    memset(special, 0xff, len);
    bool off = gosc_crypto_agree(a.private_key, &key, ab) == GOSC_ERR_KEY_INVALID &&
               gosc_crypto_public_check(&key) == GOSC_ERR_KEY_INVALID &&
               gosc_crypto_pair_check(a.private_key, &key) == GOSC_ERR_KEY_INVALID;
    say(made && off, "x of ff is no point, curve", curve);
    pair_free(&a);
    pair_free(&b);
    pair_free(&c);
}

static void test_signature(int32_t alg, int32_t curve)
{
    pair a = pair_make(curve);
    pair b = pair_make(curve);
    gosc_span message = chance(50);
    uint8_t *room = bytes_room(gosc_signature_len(alg));
    gosc_span signature = gosc_span_of(room, gosc_signature_len(alg));
    bool made = gosc_crypto_sign(alg, a.private_key, &a.key, message, room) == GOSC_OK &&
                gosc_crypto_verify(alg, &a.key, message, signature) == GOSC_OK;
    say(made, "signed and verified, algorithm", alg);
    size_t n_wrong = 0;
    for (size_t bit = 0; bit < 8 * signature.len; bit++) {
        gosc_span forged = bytes_flip(signature, bit);
        n_wrong += gosc_crypto_verify(alg, &a.key, message, forged) != GOSC_ERR_SIGNATURE_INVALID;
        bytes_free(forged);
    }
    for (size_t bit = 0; bit < 8 * message.len; bit++) {
        gosc_span other = bytes_flip(message, bit);
        n_wrong += gosc_crypto_verify(alg, &a.key, other, signature) != GOSC_ERR_SIGNATURE_INVALID;
        bytes_free(other);
    }
    for (size_t len = 0; len < signature.len; len++) {
        n_wrong +=
            gosc_crypto_verify(alg, &a.key, message, gosc_span_of(room, len)) != GOSC_ERR_SIGNATURE_INVALID;
    }
    say(made && n_wrong == 0, "flipped bits of signature and message, cut signatures, algorithm", alg);
    bool other = gosc_crypto_verify(alg, &b.key, message, signature) == GOSC_ERR_SIGNATURE_INVALID &&
                 gosc_crypto_sign(alg, b.private_key, &a.key, message, room) == GOSC_OK &&
                 gosc_crypto_verify(alg, &a.key, message, signature) == GOSC_ERR_SIGNATURE_INVALID;
    say(made && other, "the key of another member, public or private, algorithm", alg);
    uint8_t off[GOSC_SECRET_MAX];
    memset(off, 0xff, sizeof off);
    gosc_public_key key = {.curve = curve, .x = gosc_span_of(off, gosc_curve_len(curve))};
    say(made && gosc_crypto_verify(alg, &key, message, signature) == GOSC_ERR_KEY_INVALID,
        "no point, algorithm", alg);
    bool usage = true;
    for (size_t i = 0; i < COUNT(curves); i++) {
        key.curve = curves[i];
        usage = usage && (curves[i] == curve ||
                          (gosc_crypto_sign(alg, a.private_key, &key, message, room) == GOSC_ERR_USAGE &&
                           gosc_crypto_verify(alg, &key, message, signature) == GOSC_ERR_USAGE));
    }
    say(made && usage, "keys of other curves, algorithm", alg);
    bytes_free(message);
    bytes_free(signature);
    pair_free(&a);
    pair_free(&b);
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    if (!tap_ok(gosc_crypto_init() == GOSC_OK, "init")) {
        return tap_done();
    }
    uint8_t secret[5] = {1, 2, 3, 4, 5};
    gosc_crypto_wipe(secret + 1, 3);
    tap_ok(secret[0] == 1 && all_bytes(gosc_span_of(secret + 1, 3), 0) && secret[4] == 5,
           "wipe: these bytes and no others");
    for (size_t i = 0; i < COUNT(algs); i++) {
        test_cipher(gosc_cipher_find(algs[i]), 21, 17);
        test_cipher(gosc_cipher_find(algs[i]), 0, 40);
    }
    test_cipher(gosc_cipher_find(GOSC_ALG_CCM_16_64_128), 1, 0);
    test_cipher(gosc_cipher_find(GOSC_ALG_CCM_16_64_128), 160, 256);
    test_borders();
    test_hkdf(GOSC_ALG_HMAC_256, 32);
    test_hkdf(GOSC_ALG_HMAC_512, 64);
    for (size_t i = 0; i < COUNT(curves); i++) {
        test_pairs(curves[i]);
    }
    test_signature(GOSC_ALG_EDDSA, GOSC_CURVE_ED25519);
    test_signature(GOSC_ALG_ES256, GOSC_CURVE_P256);
    test_signature(GOSC_ALG_ES384, GOSC_CURVE_P384);
    test_signature(GOSC_ALG_ES512, GOSC_CURVE_P521);
    return tap_done();
}
