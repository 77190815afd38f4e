/* SPDX-License-Identifier: BSD-2-Clause */
/* The real crypto adapter: points that are none, points of small order, key agreement, private keys. */
#include "crypto_try.h"

/* ---- keys that are no points ---- */

/* Every call that takes a public key must find the same about it. */
static bool refused(const gosc_public_key *key, gosc_span private_key, int32_t alg)
{
    uint8_t out[GOSC_SECRET_MAX];
    static const uint8_t zeros[GOSC_SIGNATURE_MAX];
    gosc_span signature = gosc_span_of(zeros, gosc_signature_len(alg));
    return gosc_crypto_public_check(key) == GOSC_ERR_KEY_INVALID &&
           gosc_crypto_verify(alg, key, GOSC_EMPTY, signature) == GOSC_ERR_KEY_INVALID &&
           gosc_crypto_agree(private_key, key, out) == GOSC_ERR_KEY_INVALID &&
           gosc_crypto_pair_check(private_key, key) == GOSC_ERR_KEY_INVALID;
}

static void test_off_curve(int32_t alg, const char *prime)
{
    try_signing s = try_sample(alg);
    size_t len = s.x.len;
    uint8_t *x = bytes_room(len);
    gosc_public_key key = try_key(s.key.curve, gosc_span_of(x, len), s.y);
    memcpy(x, s.x.ptr, len);
    bool control = gosc_crypto_public_check(&key) == GOSC_OK;
    x[len - 1] ^= 1;
    try_say(control && refused(&key, s.private_key, alg), "off curve:", "a point beside the curve, algorithm",
            alg);
    memset(x, 0xff, len);
    bool top = refused(&key, s.private_key, alg);
    key.y = GOSC_ABSENT;
    try_say(control && top && refused(&key, s.private_key, alg), "off curve:", "x of ff, algorithm", alg);
    memset(x, 0, len);
    key.y = gosc_span_of(x, len);
    try_say(control && refused(&key, s.private_key, alg), "off curve:", "(0, 0), algorithm", alg);

    gosc_public_key other = s.key;
    other.x = gosc_span_of(s.x.ptr, len - 1);
    bool sized = refused(&other, s.private_key, alg);
    other.x = s.x;
    other.y = gosc_span_of(s.y.ptr, len - 1);
    try_say(control && sized && refused(&other, s.private_key, alg),
            "off curve:", "x or y too short, algorithm", alg);

    /* Half of all x belong to a point, for either sign; x + p never does. */
    gosc_span p = bytes_hex(prime);
    key.y = GOSC_ABSENT;
    size_t n_points = 0;
    size_t n_wrong = 0;
    for (unsigned small = 1; small <= 40; small++) {
        memset(x, 0, len);
        x[len - 1] = (uint8_t)small;
        key.y_odd = small % 2 == 0;
        bool point = gosc_crypto_public_check(&key) == GOSC_OK;
        n_points += point;
        n_wrong += !point && !refused(&key, s.private_key, alg);
        unsigned carry = small;
        for (size_t b = len; b-- > 0;) {
            carry += p.ptr[b];
            x[b] = (uint8_t)carry;
            carry >>= 8;
        }
        n_wrong += carry != 0 || !refused(&key, s.private_key, alg);
    }
    try_say(n_points > 8 && n_points < 32 && n_wrong == 0, "off curve:", "x of no point, x + p, algorithm",
            alg);
    bytes_free(p);
    bytes_free(gosc_span_of(x, len));
    try_free(&s);
}

/* RFC 8032 section 5.1.3: what does not decode. */
static void test_ed25519_encodings(void)
{
    static const struct {
        const char *text, *x;
    } rows[] = {
        {"GO-2.5.2.1-02 y = 2, no point", "0200000000000000000000000000000000000000000000000000000000000000"},
        {"GO-2.5.2.1-02 y = 7, no point, with sign",
         "0700000000000000000000000000000000000000000000000000000000000080"},
        {"GO-2.5.2.1-02 y = p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {"GO-2.5.2.1-02 y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {"GO-2.5.2.1-02 y = p + 3", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {"GO-2.5.2.1-02 y = p + 18, with sign",
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
        {"GO-2.5.2.1-01 y = 1 with sign", "0100000000000000000000000000000000000000000000000000000000000080"},
        {"GO-2.5.2.1-01 y = -1 with sign",
         "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    };
    try_signing s = try_sample(GOSC_ALG_EDDSA);
    gosc_public_key shorter = s.key;
    shorter.x.len = 31;
    tap_ok(refused(&shorter, s.private_key, GOSC_ALG_EDDSA), "GO-2.5.2.1-02 x of 31 bytes");
    for (size_t i = 0; i < TRY_COUNT(rows); i++) {
        gosc_span x = bytes_hex(rows[i].x);
        gosc_public_key key = try_key(GOSC_CURVE_ED25519, x, GOSC_ABSENT);
        tap_ok(refused(&key, s.private_key, GOSC_ALG_EDDSA), rows[i].text);
        bytes_free(x);
    }
    try_free(&s);
}

/*
 * Points of small order decode, so they are keys; what a verifier makes of them is informational (readings
 * R24, A9). Here the signature R = key, S = 0 on a point of order n would hold for one message in n without
 * the refusal.
 */
static void test_small_order(void)
{
    static const char *const rows[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    };
    try_signing s = try_sample(GOSC_ALG_EDDSA);
    for (size_t i = 0; i < TRY_COUNT(rows); i++) {
        gosc_span x = bytes_hex(rows[i]);
        gosc_public_key key = try_key(GOSC_CURVE_ED25519, x, GOSC_ABSENT);
        uint8_t signature[64] = {0};
        uint8_t secret[32];
        memcpy(signature, x.ptr, 32);
        memset(secret, 0xa5, sizeof secret);
        size_t n_taken = 0;
        for (unsigned char n = 0; n < 64; n++) {
            n_taken += gosc_crypto_verify(GOSC_ALG_EDDSA, &key, gosc_span_of(&n, 1),
                                          gosc_span_of(signature, 64)) != GOSC_ERR_SIGNATURE_INVALID;
        }
        tap_note("small order, signatures of 64 taken", n_taken, x.ptr, x.len);
        gosc_err err = gosc_crypto_agree(s.private_key, &key, secret);
        /* y = 1 has no image; y = -1 maps to u = 0; both are refused by the caller before. */
        bool agreed =
            i == 0 ? err == GOSC_ERR_KEY_INVALID : err == GOSC_OK && try_zero(secret, sizeof secret);
        try_say(gosc_crypto_public_check(&key) == GOSC_OK && n_taken == 0 && agreed,
                i < 2 ? "GO-2.5.2.1-01" : "R24, A9:",
                "point of small order: a key, no signature, secret of zeros, row", (int32_t)i);
        bytes_free(x);
    }
    try_free(&s);
}

/* ---- agreement ---- */

static bool agrees(int32_t curve, gosc_span private_key, gosc_span x, gosc_span y, const char *secret)
{
    gosc_public_key key = try_key(curve, x, y);
    gosc_public_key small = try_compressed(&key);
    uint8_t *out = bytes_room(gosc_curve_len(curve));
    gosc_span made = gosc_span_of(out, gosc_curve_len(curve));
    bool good = gosc_crypto_agree(private_key, &key, out) == GOSC_OK && bytes_equal_hex(made, secret) &&
                gosc_crypto_agree(private_key, &small, out) == GOSC_OK && bytes_equal_hex(made, secret);
    bytes_free(made);
    return good;
}

static void test_agreements(void)
{
    for (size_t i = 0; i < TRY_COUNT(kat_agrees); i++) {
        const struct kat_agree *k = &kat_agrees[i];
        gosc_span in[] = {bytes_hex(k->a),  bytes_hex(k->b),  bytes_hex(k->ax),
                          bytes_hex(k->ay), bytes_hex(k->bx), bytes_hex(k->by)};
        gosc_public_key a = try_key(k->curve, in[2], in[3]);
        gosc_public_key b = try_key(k->curve, in[4], in[5]);
        bool good = agrees(k->curve, in[0], in[4], in[5], k->secret) &&
                    agrees(k->curve, in[1], in[2], in[3], k->secret) &&
                    gosc_crypto_pair_check(in[0], &a) == GOSC_OK &&
                    gosc_crypto_pair_check(in[1], &b) == GOSC_OK;
        bool apart = gosc_crypto_pair_check(in[0], &b) == GOSC_ERR_KEY_INVALID &&
                     gosc_crypto_pair_check(in[1], &a) == GOSC_ERR_KEY_INVALID;
        if (gosc_span_present(a.y)) { /* -Q has the x of Q, so the same secret, yet is not this pair */
            gosc_public_key negative = try_compressed(&a);
            negative.y_odd = !negative.y_odd;
            apart = gosc_crypto_pair_check(in[0], &negative) == GOSC_ERR_KEY_INVALID && apart;
        }
        try_say(good && apart,
                k->curve == GOSC_CURVE_ED25519  ? "GO-2.5.2.1-03"
                : k->curve == GOSC_CURVE_X25519 ? "GO-2.5.1-07"
                                                : "GO-2.5.1-06",
                "both sides agree as other implementations do, row", (int32_t)i);
        for (size_t n = 0; n < TRY_COUNT(in); n++) {
            bytes_free(in[n]);
        }
    }
    for (size_t i = 0; i < TRY_COUNT(kat_mixeds); i++) {
        gosc_span private_key = bytes_hex(kat_mixeds[i].private_key);
        gosc_span x = bytes_hex(kat_mixeds[i].x);
        try_say(agrees(GOSC_CURVE_ED25519, private_key, x, GOSC_ABSENT, kat_mixeds[i].secret), "GO-2.5.1-08",
                "a key outside the prime-order subgroup is mapped, row", (int32_t)i);
        bytes_free(private_key);
        bytes_free(x);
    }
}

static void test_rfc7748(void)
{
    static const struct {
        const char *text, *scalar, *u, *secret;
    } rows[] = {
        {"GO-2.5.1-07 RFC 7748 section 5.2, first",
         "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
         "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
        {"GO-2.5.1-07 RFC 7748 section 5.2, second (high bit of u set)",
         "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
         "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
         "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
        {"GO-2.5.1-07 RFC 7748 section 6.1",
         "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
         "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
        {"GO-2.5.1-07 X25519 u = 0", "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "0000000000000000000000000000000000000000000000000000000000000000",
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {"GO-2.5.1-07 X25519 u = 1, not reduced",
         "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {"GO-2.5.1-07 X25519 u of order 8",
         "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
         "0000000000000000000000000000000000000000000000000000000000000000"},
    };
    for (size_t i = 0; i < TRY_COUNT(rows); i++) {
        gosc_span scalar = bytes_hex(rows[i].scalar);
        gosc_span u = bytes_hex(rows[i].u);
        tap_ok(agrees(GOSC_CURVE_X25519, scalar, u, GOSC_ABSENT, rows[i].secret), rows[i].text);
        bytes_free(scalar);
        bytes_free(u);
    }
}

static void test_private_keys(int32_t alg, const char *order)
{
    try_signing s = try_sample(alg);
    uint8_t out[GOSC_SIGNATURE_MAX];
    gosc_span n = bytes_hex(order);
    uint8_t *zero = bytes_room(n.len);
    memset(zero, 0, n.len);
    gosc_span bad[] = {gosc_span_of(zero, n.len), n, gosc_span_of(s.private_key.ptr, n.len - 1)};
    bool control = gosc_crypto_sign(alg, s.private_key, &s.key, s.message, out) == GOSC_OK;
    bool refused_all = true;
    for (size_t i = 0; i < TRY_COUNT(bad); i++) {
        refused_all = refused_all &&
                      gosc_crypto_sign(alg, bad[i], &s.key, s.message, out) == GOSC_ERR_KEY_INVALID &&
                      gosc_crypto_agree(bad[i], &s.key, out) == GOSC_ERR_KEY_INVALID &&
                      gosc_crypto_pair_check(bad[i], &s.key) == GOSC_ERR_KEY_INVALID;
    }
    try_say(control && refused_all, "GO-2.5.1-06",
            "scalars 0, n, and too short are no private keys, algorithm", alg);
    bytes_free(bad[0]);
    bytes_free(n);
    try_free(&s);
}

int main(void)
{
    if (!tap_ok(gosc_crypto_init() == GOSC_OK, "init")) {
        return tap_done();
    }
    test_off_curve(GOSC_ALG_ES256, "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    test_off_curve(
        GOSC_ALG_ES384,
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff");
    test_off_curve(
        GOSC_ALG_ES512,
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffffffffffff");
    test_ed25519_encodings();
    test_small_order();
    test_agreements();
    test_rfc7748();
    test_private_keys(GOSC_ALG_ES256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    test_private_keys(
        GOSC_ALG_ES384,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973");
    test_private_keys(
        GOSC_ALG_ES512,
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d0"
        "3bb5c9b8899c47aebb6fb71e91386409");
    return tap_done();
}
