/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real crypto adapter: signatures. Published vectors, answers of other
 * implementations (crypto_kat.h), forgeries, threads.
 */
#include <pthread.h>

#include "crypto_try.h"

static gosc_err verify(const try_signing *s, gosc_span signature)
{
    return gosc_crypto_verify(s->alg, &s->key, s->message, signature);
}

/* Makes the expected signature, and takes it with the whole and with the compressed key. */
static bool signs(const try_signing *s)
{
    gosc_public_key small = try_compressed(&s->key);
    uint8_t *made = bytes_room(gosc_signature_len(s->alg));
    gosc_span signature = gosc_span_of(made, gosc_signature_len(s->alg));
    bool good = gosc_crypto_sign(s->alg, s->private_key, &s->key, s->message, made) == GOSC_OK &&
                gosc_span_equal(signature, s->signature) && verify(s, signature) == GOSC_OK &&
                gosc_crypto_verify(s->alg, &small, s->message, signature) == GOSC_OK;
    bytes_free(signature);
    return good && gosc_crypto_pair_check(s->private_key, &s->key) == GOSC_OK &&
           gosc_crypto_public_check(&s->key) == GOSC_OK && gosc_crypto_public_check(&small) == GOSC_OK;
}

#define P256_D "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define P256_X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define P256_Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define P384_D                                                                                               \
    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5"
#define P384_X                                                                                               \
    "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
#define P384_Y                                                                                               \
    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"
#define P521_D                                                                                               \
    "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6" \
    "d8fbec67db89"                                                                                           \
    "ec0c08b0e996b83538"
#define P521_X                                                                                               \
    "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38" \
    "ffa16d2bd761"                                                                                           \
    "dcac474b9a2f5023a4"
#define P521_Y                                                                                               \
    "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faa" \
    "fbd4d33f81ea"                                                                                           \
    "66956dfeaa2bfdfcf5"

static const struct {
    const char *text;
    int32_t alg, curve;
    const char *private_key, *x, *y;
    const char *message; /* hexadecimal */
    const char *signature;
} published[] = {
    {"G02-2-06 RFC 8032 test 1", -8, 6, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f"
     "0595bbe24655"
     "141438e7a100b"},
    {"G02-2-06 RFC 8032 test 2", -8, 6, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
     "eb4302aeeb00"
     "d291612bb0c00"},
    {"G02-2-06 RFC 8032 test 3", -8, 6, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e"
     "9716ed28dc02"
     "7beceea1ec40a"},
    {"GO-10-05 RFC 6979 A.2.5 P-256 sample", -7, 1, P256_D, P256_X, P256_Y, "73616d706c65",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900d"
     "bb9aff4064dc"
     "4ab2f843acda8"},
    {"GO-10-05 RFC 6979 A.2.5 P-256 test", -7, 1, P256_D, P256_X, P256_Y, "74657374",
     "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e6"
     "0d3814b4c0cc"
     "84250e46f0083"},
    {"GO-3.1-07 RFC 6979 A.2.6 P-384 sample", -35, 2, P384_D, P384_X, P384_Y, "73616d706c65",
     "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
     "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"},
    {"GO-3.1-07 RFC 6979 A.2.6 P-384 test", -35, 2, P384_D, P384_X, P384_Y, "74657374",
     "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db"
     "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5"},
    {"GO-3.1-07 RFC 6979 A.2.7 P-521 sample", -36, 3, P521_D, P521_X, P521_Y, "73616d706c65",
     "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d"
     "4e8455cc91f9"
     "b15bf05ec36e377fa"
     "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f"
     "8ccb1dccc439"
     "97f1ee0e44da4a67a"},
    {"GO-3.1-07 RFC 6979 A.2.7 P-521 test", -36, 3, P521_D, P521_X, P521_Y, "74657374",
     "013e99020abf5cee7525d16b69b229652ab6bdf2affcaef38773b4b7d08725f10cdb93482fdcc54edcee91eca4166b2a7c6265e"
     "f0ce2bd7051b"
     "7cef945babd47ee6d"
     "01fbd0013c674aa79cb39849527916ce301c66ea7ce8b80682786ad60f98f7e78a19ca69eff5c57400e3b3a0ad66ce0978214d1"
     "3baf4e9ac607"
     "52f7b155e2de4dce3"},
};

static void test_signatures(void)
{
    for (size_t i = 0; i < TRY_COUNT(published); i++) {
        try_signing s =
            try_signing_of(published[i].alg, published[i].curve, published[i].private_key, published[i].x,
                           published[i].y, bytes_hex(published[i].message), published[i].signature);
        tap_ok(signs(&s), published[i].text);
        try_free(&s);
    }
    for (size_t i = 0; i < TRY_COUNT(kat_signs); i++) {
        try_signing s = try_kat_signing(&kat_signs[i]);
        try_say(signs(&s), s.alg == GOSC_ALG_EDDSA ? "G02-2-06" : "GO-10-07",
                "another implementation signs alike, row", (int32_t)i);
        try_free(&s);
    }
}

static const char *alg_id(int32_t alg)
{
    return alg == GOSC_ALG_EDDSA ? "G02-2-06" : alg == GOSC_ALG_ES256 ? "GO-10-05" : "GO-3.1-07";
}

static void test_forgeries(int32_t alg, size_t step)
{
    try_signing s = try_sample(alg);
    bool control = verify(&s, s.signature) == GOSC_OK;
    size_t n_wrong = 0;
    for (size_t bit = 0; bit < 8 * s.signature.len; bit += step) {
        gosc_span forged = bytes_flip(s.signature, bit);
        n_wrong += verify(&s, forged) != GOSC_ERR_SIGNATURE_INVALID;
        bytes_free(forged);
    }
    try_say(control && n_wrong == 0, alg_id(alg), "flipped bits of the signature, algorithm", alg);
    for (size_t bit = 0; bit < 8 * s.message.len; bit += 16 * step) {
        gosc_span other = bytes_flip(s.message, bit);
        n_wrong += gosc_crypto_verify(alg, &s.key, other, s.signature) != GOSC_ERR_SIGNATURE_INVALID;
        bytes_free(other);
    }
    n_wrong += gosc_crypto_verify(alg, &s.key, GOSC_ABSENT, s.signature) != GOSC_ERR_SIGNATURE_INVALID;
    try_say(control && n_wrong == 0, alg_id(alg), "another message, algorithm", alg);
    for (size_t len = 0; len < s.signature.len; len += 9) {
        gosc_span cut = bytes_copy(gosc_span_of(s.signature.ptr, len));
        n_wrong += verify(&s, cut) != GOSC_ERR_SIGNATURE_INVALID;
        bytes_free(cut);
    }
    uint8_t *longer = bytes_room(s.signature.len + 1);
    memcpy(longer, s.signature.ptr, s.signature.len);
    longer[s.signature.len] = 0;
    n_wrong += verify(&s, gosc_span_of(longer, s.signature.len + 1)) != GOSC_ERR_SIGNATURE_INVALID;
    bytes_free(gosc_span_of(longer, s.signature.len + 1));
    uint8_t *zero = bytes_room(s.signature.len);
    memset(zero, 0, s.signature.len);
    n_wrong += verify(&s, gosc_span_of(zero, s.signature.len)) != GOSC_ERR_SIGNATURE_INVALID;
    bytes_free(gosc_span_of(zero, s.signature.len));
    try_say(control && n_wrong == 0, "GO-3.1-07", "short, long and all-zero signatures, algorithm", alg);

    for (size_t i = 0; i < TRY_COUNT(kat_signs); i++) {
        try_signing other = try_kat_signing(&kat_signs[i]);
        if (other.alg == alg && !gosc_span_equal(other.x, s.x)) {
            n_wrong +=
                gosc_crypto_verify(alg, &other.key, s.message, s.signature) != GOSC_ERR_SIGNATURE_INVALID;
            n_wrong += gosc_crypto_pair_check(s.private_key, &other.key) != GOSC_ERR_KEY_INVALID;
        }
        try_free(&other);
    }
    try_say(control && n_wrong == 0, "GO-3.1-02", "the key of another member, algorithm", alg);
    try_free(&s);
}

/* S + L verifies wherever S is not compared with L (RFC 8032 section 5.1.7). */
static void test_large_s(void)
{
    gosc_span order = bytes_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    size_t n_refused = 0;
    size_t n_rows = 0;
    for (size_t i = 0; i < TRY_COUNT(kat_signs); i++) {
        try_signing s = try_kat_signing(&kat_signs[i]);
        if (s.alg == GOSC_ALG_EDDSA) {
            uint8_t *raw = bytes_room(s.signature.len);
            memcpy(raw, s.signature.ptr, s.signature.len);
            for (int times = 1; times <= 15; times++) { /* S + 15 L still fits in 32 bytes */
                unsigned carry = 0;
                for (size_t b = 0; b < 32; b++) {
                    carry += (unsigned)raw[32 + b] + order.ptr[b];
                    raw[32 + b] = (uint8_t)carry;
                    carry >>= 8;
                }
                n_rows++;
                n_refused += carry == 0 && verify(&s, gosc_span_of(raw, 64)) == GOSC_ERR_SIGNATURE_INVALID;
            }
            bytes_free(gosc_span_of(raw, s.signature.len));
        }
        try_free(&s);
    }
    tap_ok(n_rows == 60 && n_refused == n_rows, "G02-2-06 S + L to S + 15 L");
    bytes_free(order);
}

/* DER where r | s belongs; r and s of 0 and n; r and s exchanged. */
static void test_ecdsa_forms(void)
{
    static const struct {
        const char *text, *signature;
    } rows[] = {
        {"GO-3.1-07 DER form", "3045022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022"
                               "100f7cb1c942d657c41d436c7a1b6e29f65f3"
                               "e900dbb9aff4064dc4ab2f843acda8"},
        {"GO-10-05 r and s exchanged", "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
                                       "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"},
        {"GO-10-05 r is 0", "0000000000000000000000000000000000000000000000000000000000000000"
                            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {"GO-10-05 s is 0", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                            "0000000000000000000000000000000000000000000000000000000000000000"},
        {"GO-10-05 r is n", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
                            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {"GO-10-05 s is n", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"},
    };
    try_signing s =
        try_signing_of(-7, 1, P256_D, P256_X, P256_Y, bytes_hex("73616d706c65"), rows[1].signature);
    for (size_t i = 0; i < TRY_COUNT(rows); i++) {
        gosc_span forged = bytes_hex(rows[i].signature);
        tap_ok(verify(&s, forged) == GOSC_ERR_SIGNATURE_INVALID, rows[i].text);
        bytes_free(forged);
    }
    try_free(&s);
}

/* An algorithm with a key of another curve: the lengths would not fit. */
static void test_usage(void)
{
    static const int32_t sign_algs[] = {GOSC_ALG_EDDSA, GOSC_ALG_ES256, GOSC_ALG_ES384, GOSC_ALG_ES512,
                                        GOSC_ALG_NONE};
    static const int32_t curves[] = {0, 1, 2, 3, 4, 5, 6, 7};
    size_t n_usage = 0;
    uint8_t out[GOSC_SIGNATURE_MAX] = {0};
    try_signing s = try_sample(GOSC_ALG_ES256);
    for (size_t a = 0; a < TRY_COUNT(sign_algs); a++) {
        for (size_t c = 0; c < TRY_COUNT(curves); c++) {
            gosc_public_key key = try_key(curves[c], s.x, s.y);
            n_usage +=
                !gosc_signature_fits(sign_algs[a], curves[c]) &&
                gosc_crypto_sign(sign_algs[a], s.private_key, &key, s.message, out) == GOSC_ERR_USAGE &&
                gosc_crypto_verify(sign_algs[a], &key, s.message, s.signature) == GOSC_ERR_USAGE;
        }
    }
    tap_ok(n_usage == 36 && try_zero(out, sizeof out),
           "G02-2-04 an algorithm takes keys of its own curve only");
    gosc_public_key none = try_key(5, s.x, s.y);
    tap_ok(gosc_crypto_agree(s.private_key, &none, out) == GOSC_ERR_USAGE &&
               gosc_crypto_public_check(&none) == GOSC_ERR_USAGE &&
               gosc_crypto_pair_check(s.private_key, &none) == GOSC_ERR_USAGE && try_zero(out, sizeof out),
           "GO-10-10 a curve that is not offered");
    try_free(&s);
}

/* ---- many calls ---- */

static void test_failures(void)
{
    try_signing s = try_sample(GOSC_ALG_ES256);
    uint8_t out[GOSC_SIGNATURE_MAX];
    gosc_public_key wrong = s.key;
    wrong.x = bytes_flip(s.x, 0);
    size_t n = 0;
    for (int i = 0; i < 1000; i++) {
        n += gosc_crypto_verify(s.alg, &wrong, s.message, s.signature) == GOSC_ERR_KEY_INVALID &&
             gosc_crypto_agree(s.private_key, &wrong, out) == GOSC_ERR_KEY_INVALID &&
             gosc_crypto_sign(s.alg, gosc_span_of(s.private_key.ptr, 31), &s.key, s.message, out) ==
                 GOSC_ERR_KEY_INVALID;
    }
    tap_ok(n == 1000 && signs(&s), "GO-10-05 1,000 bad keys in a row, then a good one");
    bytes_free(wrong.x);
    try_free(&s);
}

static void *work(void *row)
{
    size_t n_wrong = 0;
    for (int i = 0; i < 8; i++) {
        try_signing s = try_kat_signing(&kat_signs[*(size_t *)row]);
        n_wrong += !signs(&s);
        try_free(&s);
    }
    return n_wrong == 0 ? NULL : row;
}

static void test_threads(void)
{
    size_t rows[] = {0, 4, 5, 8};
    pthread_t threads[TRY_COUNT(rows)];
    size_t n_started = 0;
    size_t n_good = 0;
    for (size_t i = 0; i < TRY_COUNT(rows); i++) {
        n_started += n_started == i && pthread_create(&threads[i], NULL, work, &rows[i]) == 0;
    }
    for (size_t i = 0; i < n_started; i++) {
        void *result = NULL;
        n_good += pthread_join(threads[i], &result) == 0 && result == NULL;
    }
    tap_ok(n_good == TRY_COUNT(rows), "four threads sign and verify at once");
}

int main(void)
{
    if (!tap_ok(gosc_crypto_init() == GOSC_OK, "init")) {
        return tap_done();
    }
    test_signatures();
    test_forgeries(GOSC_ALG_EDDSA, 1);
    test_forgeries(GOSC_ALG_ES256, 7);
    test_forgeries(GOSC_ALG_ES384, 31);
    test_forgeries(GOSC_ALG_ES512, 61);
    test_large_s();
    test_ecdsa_forms();
    test_usage();
    test_failures();
    test_threads();
    return tap_done();
}
