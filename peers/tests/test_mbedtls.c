/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real crypto adapter: content encryption and key derivation. Published vectors, answers of other
 * implementations (crypto_kat.h), every single-bit forgery, limits, failures in a row, threads. Keys and
 * signatures: test_mbedtls_keys.c.
 */
#include <pthread.h>

#include "crypto_try.h"

static const int32_t algs[] = {1, 2, 3, 10, 11, 12, 13, 24, 30, 31, 32, 33, -65534, -65533, -65532};

static const char *alg_id(int32_t alg)
{
    return alg == GOSC_ALG_CCM_16_64_128 ? "O-5-01" : alg == GOSC_ALG_A128CTR ? "GO-10-03" : "GO-2.1.7-01";
}

/* All inputs of one sealing, in memory of exactly their size. */
typedef struct sealing {
    const gosc_cipher *cipher;
    gosc_span key, nonce, aad, plaintext, sealed;
} sealing;

static gosc_err seal(sealing *s)
{
    uint8_t *out = bytes_room(s->plaintext.len + s->cipher->tag_len);
    s->sealed = gosc_span_of(out, s->plaintext.len + s->cipher->tag_len);
    return gosc_crypto_seal(s->cipher, s->key.ptr, s->nonce.ptr, s->aad, s->plaintext, out);
}

/* Opens `ciphertext`. GOSC_ERR_USAGE says that the adapter broke the contract about what it leaves in out. */
static gosc_err open_as(const sealing *s, gosc_span key, gosc_span nonce, gosc_span aad, gosc_span ciphertext)
{
    size_t len = ciphertext.len - s->cipher->tag_len;
    uint8_t *out = bytes_room(len);
    memset(out, 0xa5, len);
    gosc_err err = gosc_crypto_open(s->cipher, key.ptr, nonce.ptr, aad, ciphertext, out);
    bool good = err == GOSC_OK ? gosc_span_equal(gosc_span_of(out, len), s->plaintext) : try_zero(out, len);
    bytes_free(gosc_span_of(out, len));
    return good ? err : GOSC_ERR_USAGE;
}

static gosc_err open_sealed(const sealing *s)
{
    return open_as(s, s->key, s->nonce, s->aad, s->sealed);
}

static void sealing_free(sealing *s)
{
    bytes_free(s->key);
    bytes_free(s->nonce);
    bytes_free(s->aad);
    bytes_free(s->plaintext);
    bytes_free(s->sealed);
}

static sealing sealing_of(int32_t alg, uint64_t seed, size_t aad_len, size_t len)
{
    sealing s = {gosc_cipher_find(alg), GOSC_ABSENT, GOSC_ABSENT, GOSC_ABSENT, GOSC_ABSENT, GOSC_ABSENT};
    s.key = try_filled(seed, s.cipher->key_len);
    s.nonce = try_filled(seed + 1, s.cipher->nonce_len);
    s.aad = try_filled(seed + 2, aad_len);
    s.plaintext = try_filled(seed + 3, len);
    return s;
}

/* ---- content encryption ---- */

static const struct {
    const char *text;
    int32_t alg;
    const char *key, *nonce, *aad, *plaintext, *sealed;
} published[] = {
    {"O-5-01 RFC 3610 packet vector 1", 10, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000003020100a0a1a2a3a4a5",
     "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
     "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"},
    {"O-5-01 RFC 3610 packet vector 2", 10, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000004030201a0a1a2a3a4a5",
     "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916"},
    {"O-5-01 RFC 3610 packet vector 3", 10, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000005040302a0a1a2a3a4a5",
     "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
     "51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5"},
    {"O-5-01 RFC 3610 packet vector 4", 10, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000006050403a0a1a2a3a4a5",
     "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e",
     "a28c6865939a9a79faaa5c4c2a9d4a91cdac8c96c861b9c9e61ef1"},
    {"GO-2.1.7-01 GCM test case 2", 1, "00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {"GO-2.1.7-01 GCM test case 4", 1, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf"
     "5aa0de657"
     "ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b3"
     "96a0aac97"
     "3d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {"GO-2.1.7-01 GCM test case 16", 3, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf"
     "5aa0de657"
     "ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6"
     "393ba7a0a"
     "bcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
    {"GO-2.1.7-01 RFC 8439 section 2.8.2", 24,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c6"
     "4206f6666"
     "657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642"
     "062652069"
     "742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0"
     "a9e060b29"
     "05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26"
     "586cec64b"
     "61161ae10b594f09e26a7e902ecbd0600691"},
    {"O-5-01 RFC 8613 C.4", 10, "f0910ed7295e6ad4b54fc793154302ff", "4622d4dd6d944168eefb549868",
     "8368456e63727970743040488501810a40411440", "01b3747631", "612f1092f1776f1c1668b3825e"},
    {"O-5-01 RFC 8613 C.5", 10, "321b26943253c7ffb6003b0b64d74041", "bf35ae297d2dace910c52e99ed",
     "8368456e63727970743040498501810a4100411440", "01b3747631", "4ed339a5a379b0b8bc731fffb0"},
    {"O-5-01 RFC 8613 C.6", 10, "af2a1300a5e95788b356336eeecd2b92", "2ca58fb85ff1b81c0b7181b84a",
     "8368456e63727970743040488501810a40411440", "01b3747631", "72cd7273fd331ac45cffbe55c3"},
    {"O-8.3-02 RFC 8613 C.7", 10, "ffb14e093c94c9cac9471648b4f98710", "4622d4dd6d944168eefb549868",
     "8368456e63727970743040488501810a40411440", "45ff48656c6c6f20576f726c6421",
     "dbaad1e9a7e7b2a813d3c31524378303cdafae119106"},
    {"O-8.3-02 RFC 8613 C.8", 10, "ffb14e093c94c9cac9471648b4f98710", "4722d4dd6d944169eefb54987c",
     "8368456e63727970743040488501810a40411440", "45ff48656c6c6f20576f726c6421",
     "4d4c13669384b67354b2b6175ff4b8658c666a6cf88e"},
};

static void test_published(void)
{
    for (size_t i = 0; i < TRY_COUNT(published); i++) {
        sealing s = {gosc_cipher_find(published[i].alg), bytes_hex(published[i].key),
                     bytes_hex(published[i].nonce),      bytes_hex(published[i].aad),
                     bytes_hex(published[i].plaintext),  GOSC_ABSENT};
        bool good = seal(&s) == GOSC_OK && bytes_equal_hex(s.sealed, published[i].sealed);
        tap_ok(good && open_sealed(&s) == GOSC_OK, published[i].text);
        sealing_free(&s);
    }
}

static void test_answers(void)
{
    for (size_t i = 0; i < TRY_COUNT(kat_seals); i++) {
        const struct kat_seal *k = &kat_seals[i];
        sealing s = sealing_of(k->alg, k->seed, k->aad_len, k->len);
        bool good = seal(&s) == GOSC_OK && kat_hash(s.sealed.ptr, s.sealed.len) == k->hash &&
                    bytes_equal_hex(gosc_span_of(s.sealed.ptr, strlen(k->head) / 2), k->head) &&
                    open_sealed(&s) == GOSC_OK;
        char what[80];
        (void)snprintf(what, sizeof what, "OpenSSL agrees on %u bytes with %u of AAD", (unsigned)k->len,
                       (unsigned)k->aad_len);
        if (!try_say(good, alg_id(k->alg), what, k->alg)) {
            tap_note("sealed, row", i, s.sealed.ptr, s.sealed.len < 64 ? s.sealed.len : 64);
        }
        sealing_free(&s);
    }
}

/* Every bit of one input inverted: how many forgeries gave the wanted result, out wiped. */
typedef enum input {
    KEY,
    NONCE,
    AAD,
    SEALED,
} input;

static size_t n_refused(const sealing *s, input which)
{
    gosc_span in[] = {s->key, s->nonce, s->aad, s->sealed};
    gosc_span whole = in[which];
    size_t n = 0;
    for (size_t bit = 0; bit < 8 * whole.len; bit++) {
        in[which] = bytes_flip(whole, bit);
        gosc_err err = open_as(s, in[KEY], in[NONCE], in[AAD], in[SEALED]);
        n += err == GOSC_ERR_DECRYPTION_FAILED;
        bytes_free(in[which]);
        in[which] = whole;
    }
    return n;
}

static void test_forgeries(int32_t alg)
{
    sealing s = sealing_of(alg, 4711, 21, 17);
    bool control = seal(&s) == GOSC_OK && open_sealed(&s) == GOSC_OK;
    try_say(control && n_refused(&s, SEALED) == 8 * s.sealed.len, "O-8.2-05",
            "each bit of ciphertext and tag flipped", alg);
    try_say(control && n_refused(&s, AAD) == 8 * s.aad.len, "O-8.2-05", "each bit of AAD flipped", alg);
    try_say(control && n_refused(&s, NONCE) == 8 * s.nonce.len, "O-8.2-05", "each bit of nonce flipped", alg);
    try_say(control && n_refused(&s, KEY) == 8 * s.key.len, "O-8.2-05", "each bit of key flipped", alg);

    size_t n = 0;
    for (size_t len = s.cipher->tag_len; len < s.sealed.len; len++) {
        gosc_span cut = bytes_copy(gosc_span_of(s.sealed.ptr, len));
        n += open_as(&s, s.key, s.nonce, s.aad, cut) == GOSC_ERR_DECRYPTION_FAILED;
        bytes_free(cut);
    }
    uint8_t untouched = 0xa5;
    for (size_t len = 0; len < s.cipher->tag_len; len++) {
        n += gosc_crypto_open(s.cipher, s.key.ptr, s.nonce.ptr, s.aad, gosc_span_of(s.sealed.ptr, len),
                              &untouched) == GOSC_ERR_DECRYPTION_FAILED;
    }
    try_say(control && n == s.sealed.len && untouched == 0xa5, "O-8.2-05", "cut at each length", alg);

    gosc_span shorter = bytes_copy(gosc_span_of(s.aad.ptr, s.aad.len - 1));
    bool refused = open_as(&s, s.key, s.nonce, shorter, s.sealed) == GOSC_ERR_DECRYPTION_FAILED &&
                   open_as(&s, s.key, s.nonce, GOSC_ABSENT, s.sealed) == GOSC_ERR_DECRYPTION_FAILED;
    try_say(control && refused, "O-8.2-05", "other or no AAD", alg);
    bytes_free(shorter);
    sealing_free(&s);
}

static void test_ctr(int32_t alg)
{
    sealing s = sealing_of(alg, 4712, 21, 40);
    bool good = seal(&s) == GOSC_OK && open_sealed(&s) == GOSC_OK;
    try_say(good && open_as(&s, s.key, s.nonce, GOSC_ABSENT, s.sealed) == GOSC_OK, "GO-10-04",
            "AAD is ignored", alg);

    /* A flipped bit of ciphertext is the same flipped bit of plaintext: nothing is authenticated. */
    gosc_span flipped = bytes_flip(s.sealed, 123);
    gosc_span expected = bytes_flip(s.plaintext, 123);
    uint8_t out[40];
    bool through = gosc_crypto_open(s.cipher, s.key.ptr, s.nonce.ptr, s.aad, flipped, out) == GOSC_OK &&
                   gosc_span_equal(gosc_span_of(out, sizeof out), expected);
    try_say(good && through, "GO-2.1.7-01", "a flipped bit goes through", alg);
    bytes_free(flipped);
    bytes_free(expected);

    /* Counters 0, 1, 2: GCM seals its first block with counter 2 (SP 800-38D), so block 2 of the stream is
     * known. */
    const gosc_cipher *gcm = gosc_cipher_find(alg - GOSC_ALG_A128CTR + GOSC_ALG_A128GCM);
    static const uint8_t zeros[48];
    uint8_t stream[48];
    uint8_t sealed[16 + 16];
    gosc_span no = GOSC_ABSENT;
    bool counted =
        gosc_crypto_seal(s.cipher, s.key.ptr, s.nonce.ptr, no, gosc_span_of(zeros, 48), stream) == GOSC_OK &&
        gosc_crypto_seal(gcm, s.key.ptr, s.nonce.ptr, no, gosc_span_of(zeros, 16), sealed) == GOSC_OK;
    try_say(counted && memcmp(stream + 32, sealed, 16) == 0, "GO-2.1.7-05", "the first counter is 0", alg);
    sealing_free(&s);
}

/* Lengths at which CCM changes its encoding or ends; refused is refused on both sides, with nothing left
 * behind. */
static void test_limits(int32_t alg)
{
    static const struct {
        size_t aad_len, len;
    } rows[] = {{65279, 1}, {65280, 1}, {0, 65535}, {0, 65536}};
    for (size_t i = 0; i < TRY_COUNT(rows); i++) {
        sealing s = sealing_of(alg, 4713 + i, rows[i].aad_len, rows[i].len);
        bool ccm = alg >= GOSC_ALG_CCM_16_64_128 && alg != GOSC_ALG_CHACHA20_POLY1305;
        bool refused =
            ccm && (rows[i].aad_len >= 0xff00 || (rows[i].len > 0xffff && s.cipher->nonce_len == 13));
        gosc_err err = seal(&s);
        bool good = err == GOSC_OK && open_sealed(&s) == GOSC_OK;
        bool none =
            err == GOSC_ERR_LIMIT && try_zero(s.sealed.ptr, rows[i].len) && open_sealed(&s) == GOSC_ERR_LIMIT;
        char what[80];
        (void)snprintf(what, sizeof what, "%s: AAD %zu, text %zu", refused ? "refused" : "taken",
                       rows[i].aad_len, rows[i].len);
        try_say(refused ? none : good, alg_id(alg), what, alg);
        sealing_free(&s);
    }
}

/* ---- key derivation ---- */

static gosc_err derive(int32_t hkdf, gosc_span salt, gosc_span ikm, gosc_span info, size_t len,
                       gosc_span *okm)
{
    uint8_t *room = bytes_room(len);
    *okm = gosc_span_of(room, len);
    return gosc_crypto_hkdf(hkdf, salt, ikm, info, (gosc_buf){room, len});
}

static const struct {
    const char *text;
    const char *salt, *ikm, *info, *okm;
} derivations[] = {
    {"O-3.2.1-01 RFC 5869 A.1", "000102030405060708090a0b0c", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "f0f1f2f3f4f5f6f7f8f9",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"O-3.2.1-01 RFC 5869 A.2",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f9091929"
     "394959697"
     "98999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323"
     "334353637"
     "38393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e"
     "3e4e5e6e7"
     "e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da32756"
     "00c2f09b8"
     "367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"GO-2.3-05 RFC 5869 A.3", "", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    {"O-3.2.1-02 RFC 8613 C.1 sender key", "9e7ca92223786340", "0102030405060708090a0b0c0d0e0f10",
     "8540f60a634b657910", "f0910ed7295e6ad4b54fc793154302ff"},
    {"O-3.2.1-02 RFC 8613 C.1 common IV", "9e7ca92223786340", "0102030405060708090a0b0c0d0e0f10",
     "8540f60a6249560d", "4622d4dd6d944168eefb54987c"},
    {"O-3.2-02 RFC 8613 C.2 sender key, no salt", NULL, "0102030405060708090a0b0c0d0e0f10",
     "854100f60a634b657910", "321b26943253c7ffb6003b0b64d74041"},
    {"O-3.2.1-02 RFC 8613 C.3 sender key", "9e7ca92223786340", "0102030405060708090a0b0c0d0e0f10",
     "85404837cbf3210017a2d30a634b657910", "af2a1300a5e95788b356336eeecd2b92"},
};

static void test_derivations(void)
{
    for (size_t i = 0; i < TRY_COUNT(derivations); i++) {
        gosc_span salt = bytes_hex(derivations[i].salt);
        gosc_span ikm = bytes_hex(derivations[i].ikm);
        gosc_span info = bytes_hex(derivations[i].info);
        gosc_span okm;
        gosc_err err = derive(GOSC_ALG_HMAC_256, salt, ikm, info, strlen(derivations[i].okm) / 2, &okm);
        tap_ok(err == GOSC_OK && bytes_equal_hex(okm, derivations[i].okm), derivations[i].text);
        bytes_free(salt);
        bytes_free(ikm);
        bytes_free(info);
        bytes_free(okm);
    }
}

static void test_hkdf_answers(void)
{
    for (size_t i = 0; i < TRY_COUNT(kat_hkdfs); i++) {
        const struct kat_hkdf *k = &kat_hkdfs[i];
        gosc_span salt = try_filled(k->seed, k->salt_len);
        gosc_span ikm = try_filled(k->seed + 1, k->ikm_len);
        gosc_span info = try_filled(k->seed + 2, k->info_len);
        gosc_span okm;
        bool good = derive(k->alg, salt, ikm, info, k->okm_len, &okm) == GOSC_OK &&
                    kat_hash(okm.ptr, okm.len) == k->hash &&
                    bytes_equal_hex(gosc_span_of(okm.ptr, strlen(k->head) / 2), k->head);
        char what[96];
        (void)snprintf(what, sizeof what, "HKDF salt %u, secret %u, info %u, out %u", (unsigned)k->salt_len,
                       (unsigned)k->ikm_len, (unsigned)k->info_len, (unsigned)k->okm_len);
        try_say(good, k->alg == GOSC_ALG_HMAC_256 ? "GO-10-01" : "GO-4.2-01", what, k->alg);
        bytes_free(salt);
        bytes_free(ikm);
        bytes_free(info);
        bytes_free(okm);
    }
}

static void test_hkdf_limits(int32_t hkdf, size_t hash_len)
{
    gosc_span secret = try_filled(5, 16);
    gosc_span absent, empty = GOSC_ABSENT, other, most, over = GOSC_ABSENT;
    bool same = derive(hkdf, GOSC_ABSENT, secret, GOSC_ABSENT, 40, &absent) == GOSC_OK &&
                derive(hkdf, GOSC_EMPTY, secret, GOSC_EMPTY, 40, &empty) == GOSC_OK &&
                gosc_span_equal(absent, empty);
    try_say(same, "GO-2.3-05", "an absent salt is an empty one", hkdf);
    bool differ =
        derive(hkdf, secret, secret, GOSC_ABSENT, 40, &other) == GOSC_OK && !gosc_span_equal(absent, other);
    try_say(differ, "O-3.2.1-02", "a salt makes a difference", hkdf);
    bool prefix = derive(hkdf, GOSC_ABSENT, secret, GOSC_ABSENT, 255 * hash_len, &most) == GOSC_OK &&
                  memcmp(most.ptr, absent.ptr, absent.len) == 0;
    try_say(prefix &&
                derive(hkdf, GOSC_ABSENT, secret, GOSC_ABSENT, 255 * hash_len + 1, &over) == GOSC_ERR_USAGE,
            "O-3.2.1-01", "255 blocks and not a byte more", hkdf);
    uint8_t byte = 0;
    try_say(gosc_crypto_hkdf(-12, GOSC_ABSENT, secret, GOSC_ABSENT, (gosc_buf){&byte, 1}) == GOSC_ERR_USAGE &&
                byte == 0 &&
                gosc_crypto_hkdf(hkdf, GOSC_ABSENT, secret, GOSC_ABSENT, (gosc_buf){&byte, 0}) == GOSC_OK &&
                byte == 0,
            "GO-2.1.2-01", "AES-based HKDF is refused, length 0 writes nothing", hkdf);
    gosc_span all[] = {secret, absent, empty, other, most, over};
    for (size_t i = 0; i < TRY_COUNT(all); i++) {
        bytes_free(all[i]);
    }
}

/* ---- many calls ---- */

static void test_failures(void)
{
    bool refused = true;
    for (size_t i = 0; i < TRY_COUNT(algs) - 3; i++) {
        sealing s = sealing_of(algs[i], 4714, 21, 16);
        refused = seal(&s) == GOSC_OK && refused;
        gosc_span forged = bytes_flip(s.sealed, 8 * s.sealed.len - 1);
        for (int n = 0; n < 1000; n++) {
            refused = open_as(&s, s.key, s.nonce, s.aad, forged) == GOSC_ERR_DECRYPTION_FAILED && refused;
        }
        refused = open_sealed(&s) == GOSC_OK && refused;
        bytes_free(forged);
        sealing_free(&s);
    }
    tap_ok(refused, "O-8.2-05 1,000 forgeries in a row for each AEAD, then a good message");
}

/* Seals, opens and derives over and over; the answers are those of crypto_kat.h. */
static void *work(void *row)
{
    const struct kat_seal *k = &kat_seals[*(size_t *)row];
    const struct kat_hkdf *h = &kat_hkdfs[*(size_t *)row % TRY_COUNT(kat_hkdfs)];
    size_t n_wrong = 0;
    for (int n = 0; n < 1000; n++) {
        sealing s = sealing_of(k->alg, k->seed, k->aad_len, k->len);
        n_wrong += seal(&s) != GOSC_OK || kat_hash(s.sealed.ptr, s.sealed.len) != k->hash ||
                   open_sealed(&s) != GOSC_OK;
        sealing_free(&s);
        gosc_span in[] = {try_filled(h->seed, h->salt_len), try_filled(h->seed + 1, h->ikm_len),
                          try_filled(h->seed + 2, h->info_len), GOSC_ABSENT};
        n_wrong += derive(h->alg, in[0], in[1], in[2], h->okm_len, &in[3]) != GOSC_OK ||
                   kat_hash(in[3].ptr, in[3].len) != h->hash;
        for (size_t i = 0; i < TRY_COUNT(in); i++) {
            bytes_free(in[i]);
        }
    }
    return n_wrong == 0 ? NULL : row;
}

static void test_threads(void)
{
    /* The second row (no AAD, 16 bytes) of GCM, CCM, ChaCha20-Poly1305, CTR. */
    static const int32_t mixed[] = {GOSC_ALG_A128GCM, GOSC_ALG_CCM_16_64_128, GOSC_ALG_CHACHA20_POLY1305,
                                    GOSC_ALG_A128CTR};
    size_t rows[TRY_COUNT(mixed)];
    pthread_t threads[TRY_COUNT(mixed)];
    size_t n_started = 0;
    size_t n_good = 0;
    for (size_t i = 0; i < TRY_COUNT(mixed); i++) {
        rows[i] = 1;
        while (rows[i] + 1 < TRY_COUNT(kat_seals) && kat_seals[rows[i] - 1].alg != mixed[i]) {
            rows[i]++;
        }
        n_started += n_started == i && pthread_create(&threads[i], NULL, work, &rows[i]) == 0;
    }
    for (size_t i = 0; i < n_started; i++) {
        void *result = NULL;
        n_good += pthread_join(threads[i], &result) == 0 && result == NULL;
    }
    tap_ok(n_good == TRY_COUNT(mixed), "four threads at once find what one finds alone");
}

int main(void)
{
    if (!tap_ok(gosc_crypto_init() == GOSC_OK && gosc_crypto_init() == GOSC_OK, "init, and once more")) {
        return tap_done();
    }
    uint8_t secret[5] = {1, 2, 3, 4, 5};
    gosc_crypto_wipe(secret + 1, 3);
    tap_ok(secret[0] == 1 && try_zero(secret + 1, 3) && secret[4] == 5, "wipe: these bytes and no others");
    test_published();
    test_answers();
    for (size_t i = 0; i < TRY_COUNT(algs); i++) {
        if (gosc_cipher_find(algs[i])->tag_len > 0) {
            test_forgeries(algs[i]);
        } else {
            test_ctr(algs[i]);
        }
        test_limits(algs[i]);
    }
    test_derivations();
    test_hkdf_answers();
    test_hkdf_limits(GOSC_ALG_HMAC_256, 32);
    test_hkdf_limits(GOSC_ALG_HMAC_512, 64);
    test_failures();
    test_threads();
    return tap_done();
}
