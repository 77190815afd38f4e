/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials of a group: which key serves which algorithms, and whether the own private key belongs to the
 * own credential.
 */
#include "group.h"

#include "scene.h"

enum {
    CREDENTIAL_ROOM = 600,
};

/* Group mode with a Signature Algorithm, or (signature 0) pairwise mode alone; lengths as common_check fills
 * them. */
static gosc_common_context common_of(int32_t signature)
{
    gosc_common_context common = {.dialect = &gosc_dialect_group_28,
                                  .hkdf = 5,
                                  .aead = 10,
                                  .group_enc = signature != 0 ? 10 : 0,
                                  .signature = signature,
                                  .agreement = -27,
                                  .credential_format = GOSC_CREDENTIAL_CCS,
                                  .id_context = SPAN(scene_gid),
                                  .gm_credential = SPAN(scene_manager)};
    scene_need(common.dialect->common_check(&common), "common context");
    return common;
}

/* A CCS around a COSE_Key in hexadecimal; `[ ]` is a byte string. */
static gosc_span ccs_of(const char *key_entries)
{
    char text[CREDENTIAL_ROOM + 40];
    (void)snprintf(text, sizeof text, "a1 08 a1 01 %s", key_entries);
    return bytes_nested(text);
}

/* The entries of a key: kty, optional alg, curve, x, and y as a byte string, `f4`, `f5` or none. */
static void key_of(char *out, int32_t curve, const char *alg, const char *x, const char *y)
{
    bool okp = curve == GOSC_CURVE_X25519 || curve == GOSC_CURVE_ED25519;
    unsigned n = 3U + (*alg != '\0') + (*y != '\0');
    bool sign = strcmp(y, "f4") == 0 || strcmp(y, "f5") == 0;
    (void)snprintf(out, CREDENTIAL_ROOM, "a%u 01 0%d %s%s 20 0%d 21 [%s] %s %s%s%s", n, okp ? 1 : 2,
                   *alg != '\0' ? "03" : "", alg, (int)curve, x, *y != '\0' ? "22" : "",
                   sign || *y == '\0' ? "" : "[", y, sign || *y == '\0' ? "" : "]");
}

/* The first key pair of a curve; those of X25519 are any bytes. */
static const char *x_of(int32_t curve, const char **y)
{
    *y = "";
    for (size_t i = 0; i < COUNT(kat_signs); i++) {
        if (kat_signs[i].curve == curve) {
            *y = kat_signs[i].y;
            return kat_signs[i].x;
        }
    }
    return "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
}

static gosc_err check(const gosc_common_context *common, int32_t curve, const char *alg, const char *x,
                      const char *y)
{
    char entries[CREDENTIAL_ROOM];
    gosc_public_key key;
    key_of(entries, curve, alg, x, y);
    gosc_span credential = ccs_of(entries);
    gosc_err err = gosc_group_credential_check(common, credential, &key);
    if (err == GOSC_OK && (key.curve != curve || !bytes_equal_hex(key.x, x))) {
        err = GOSC_ERR_USAGE;
    }
    bytes_free(credential);
    return err;
}

/* Every curve under every Signature Algorithm, and under a key agreement alone. */
static void curves(void)
{
    static const struct {
        int32_t signature, curve;
    } fits[] = {
        {-8, GOSC_CURVE_ED25519}, {-7, GOSC_CURVE_P256}, {-35, GOSC_CURVE_P384}, {-36, GOSC_CURVE_P521}};
    static const int32_t all[] = {GOSC_CURVE_P256, GOSC_CURVE_P384, GOSC_CURVE_P521, GOSC_CURVE_X25519,
                                  GOSC_CURVE_ED25519};
    char text[100];
    for (size_t i = 0; i < COUNT(fits); i++) {
        const gosc_common_context common = common_of(fits[i].signature);
        bool good = true;
        for (size_t c = 0; c < COUNT(all); c++) {
            const char *y, *x = x_of(all[c], &y);
            gosc_err wanted = all[c] == fits[i].curve ? GOSC_OK : GOSC_ERR_CREDENTIAL_MALFORMED;
            good = check(&common, all[c], "", x, y) == wanted && good;
        }
        (void)snprintf(text, sizeof text, "GO-2.4-04 Signature Algorithm %d: its own curve and no other",
                       (int)fits[i].signature);
        tap_ok(good, text);
    }
    const gosc_common_context pairwise = common_of(0);
    for (size_t c = 0; c < COUNT(all); c++) {
        const char *y, *x = x_of(all[c], &y);
        (void)snprintf(text, sizeof text, "GO-2.4-04 pairwise mode alone: curve %d", (int)all[c]);
        scene_says(check(&pairwise, all[c], "", x, y), GOSC_OK, text);
    }
}

static void algs(void)
{
    static const struct {
        const char *text;
        int32_t signature;
        const char *alg;
        gosc_err wanted;
    } rows[] = {
        {"GO-2.4-04 alg is the Signature Algorithm", -8, "27", GOSC_OK},
        {"GO-2.4-04 alg is another Signature Algorithm", -8, "26", GOSC_ERR_CREDENTIAL_MALFORMED},
        {"GO-2.4-04 alg is the key agreement, in a group that signs", -8, "381a",
         GOSC_ERR_CREDENTIAL_MALFORMED},
        {"GO-2.4-04 alg is the key agreement, in a group that does not", 0, "381a", GOSC_OK},
        {"GO-2.4-04 alg is a signature, in a group that does not sign", 0, "27",
         GOSC_ERR_CREDENTIAL_MALFORMED},
        {"GO-2.4-04 alg is the other key agreement", 0, "381b", GOSC_ERR_CREDENTIAL_MALFORMED},
    };
    const char *y, *x = x_of(GOSC_CURVE_ED25519, &y);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const gosc_common_context common = common_of(rows[i].signature);
        scene_says(check(&common, GOSC_CURVE_ED25519, rows[i].alg, x, y), rows[i].wanted, rows[i].text);
    }
}

/* Points: one byte of y changed is off the curve; an x that no point has; a coordinate not below p. */
static void points(void)
{
    const gosc_common_context common = common_of(-7);
    const char *y, *x = x_of(GOSC_CURVE_P256, &y);
    char wrong[CREDENTIAL_ROOM];
    (void)snprintf(wrong, sizeof wrong, "%s", y);
    wrong[63] = wrong[63] == '0' ? '1' : '0';
    scene_says(check(&common, GOSC_CURVE_P256, "", x, wrong), GOSC_ERR_KEY_INVALID,
               "GO-14.16-02 off the curve");
    unsigned last = bytes_digit(y[63]);
    scene_says(check(&common, GOSC_CURVE_P256, "", x, (last & 1) != 0 ? "f5" : "f4"), GOSC_OK,
               "GO-14.16-02 the same point, compressed");
    /* x = 5 + i: about every second number is the x of no point. */
    unsigned n_points = 0, n_none = 0, n_other = 0;
    for (unsigned i = 0; i < 8; i++) {
        (void)snprintf(wrong, sizeof wrong, "%064x", 5 + i);
        gosc_err err = check(&common, GOSC_CURVE_P256, "", wrong, "f4");
        n_points += err == GOSC_OK;
        n_none += err == GOSC_ERR_KEY_INVALID;
        n_other += err != GOSC_OK && err != GOSC_ERR_KEY_INVALID;
    }
    tap_ok(n_points > 0 && n_none > 0 && n_other == 0, "GO-14.16-02 an x that no point has, compressed");
    const gosc_common_context ed = common_of(-8);
    const gosc_common_context pairwise = common_of(0);
    memset(wrong, 'f', 64);
    wrong[64] = '\0';
    scene_says(check(&common, GOSC_CURVE_P256, "", wrong, "f4"), GOSC_ERR_KEY_INVALID,
               "GO-14.16-02 x beyond p");
    scene_says(check(&ed, GOSC_CURVE_ED25519, "", wrong, ""), GOSC_OK,
               "GO-14.16-02 an Ed25519 key is looked at when it verifies or agrees");
    scene_says(check(&pairwise, GOSC_CURVE_X25519, "", wrong, ""), GOSC_OK,
               "GO-2.5.1-07 an X25519 key is any bytes");
}

static void formats(void)
{
    gosc_common_context common = common_of(-8);
    char entries[CREDENTIAL_ROOM], text[CREDENTIAL_ROOM + 40];
    gosc_public_key key;
    const char *y, *x = x_of(GOSC_CURVE_ED25519, &y);
    key_of(entries, GOSC_CURVE_ED25519, "27", x, y);
    (void)snprintf(text, sizeof text, "84 40 a0 [a1 08 a1 01 %s] 41 00", entries);
    gosc_span cwt = bytes_nested(text);
    scene_says(gosc_group_credential_check(&common, cwt, &key), GOSC_ERR_CREDENTIAL_MALFORMED,
               "GO-2.4-01 a CWT in a group of CCSs");
    common.credential_format = GOSC_CREDENTIAL_CWT;
    scene_says(gosc_group_credential_check(&common, cwt, &key), GOSC_OK, "GO-2.4-01 and in one of CWTs");
    common.credential_format = GOSC_CREDENTIAL_X509;
    scene_says(gosc_group_credential_check(&common, cwt, &key), GOSC_ERR_CREDENTIAL_MALFORMED,
               "GO-2.4-01 and in one of certificates");
    bytes_free(cwt);
}

static void own_keys(void)
{
    static const int32_t signatures[] = {-8, -7, -35, -36};
    static scene s;
    for (size_t i = 0; i < COUNT(signatures); i++) {
        char text[100];
        scene_set set = scene_28;
        set.signature = signatures[i];
        scene_people(&s, &set);
        gosc_security_context context = {.common = common_of(signatures[i])};
        gosc_span credential = scene_credential_of(&s, ALICE);
        gosc_span own = gosc_span_of(s.people[ALICE].private_key, s.people[ALICE].key_len);
        gosc_span other = gosc_span_of(s.people[BOB].private_key, s.people[BOB].key_len);
        (void)snprintf(text, sizeof text, "GO-2.5-01 algorithm %d: own key and own credential",
                       (int)signatures[i]);
        scene_says(gosc_group_own_key_set(&context, credential, own), GOSC_OK, text);
        tap_ok(gosc_span_equal(context.sender.credential, credential) &&
                   context.sender.private_key.ptr == own.ptr &&
                   gosc_span_equal(context.sender.public_key.x, gosc_span_of(s.people[ALICE].x, own.len)),
               text);
        (void)snprintf(text, sizeof text, "GO-2.5-01 algorithm %d: another member's private key",
                       (int)signatures[i]);
        scene_says(gosc_group_own_key_set(&context, credential, other), GOSC_ERR_KEY_INVALID, text);
        (void)snprintf(text, sizeof text, "GO-2.5-01 algorithm %d: a private key cut short",
                       (int)signatures[i]);
        scene_says(gosc_group_own_key_set(&context, credential, gosc_span_of(own.ptr, own.len - 1)),
                   GOSC_ERR_KEY_INVALID, text);
        (void)snprintf(text, sizeof text, "GO-2.5-01 algorithm %d: no key, no credential",
                       (int)signatures[i]);
        tap_ok(gosc_group_own_key_set(&context, credential, GOSC_ABSENT) == GOSC_ERR_CONTEXT_INVALID &&
                   gosc_group_own_key_set(&context, GOSC_ABSENT, own) == GOSC_ERR_CONTEXT_INVALID,
               text);
    }
}

static void common_rules(void)
{
    gosc_common_context common = common_of(-8);
    tap_ok(gosc_group_common_check(&common) == GOSC_OK, "GO-2.1.5-01 what every group has");
    for (int format = 0; format <= 4; format++) {
        char text[60];
        common.credential_format = (gosc_credential_format)format;
        (void)snprintf(text, sizeof text, "GO-2.1.5-01 format of credentials %d", format);
        scene_says(gosc_group_common_check(&common),
                   format >= 1 && format <= 3 ? GOSC_OK : GOSC_ERR_CONTEXT_INVALID, text);
    }
    common.signature = -9;
    scene_says(gosc_group_common_check(&common), GOSC_ERR_ALGORITHM_UNKNOWN,
               "GO-2.4-03 an unknown Signature Algorithm is told before a bad format");
}

int main(void)
{
    scene_need(gosc_crypto_init(), "crypto");
    curves();
    algs();
    points();
    formats();
    own_keys();
    common_rules();
    return tap_done();
}
