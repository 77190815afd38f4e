/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The countersignature: what is signed in each reading, and the keystream over it. Facts about keystreams are
 * those of HMAC, so the real adapter is needed: a salt is a key padded with zeros on the right, hence Partial
 * IVs p, 256 p, ... share one keystream (ambiguity A11), and nobody may demand that they differ.
 */
#include "counter_signature.h"

#include "scene.h"

enum {
    CIPHERTEXT_LEN = 30,
    AAD_ROOM = 600,
};

static scene s;

/* The structure of one message, in the reading of a dialect. */
typedef struct signing {
    gosc_common_context common;
    gosc_aad aad;
    uint8_t room[AAD_ROOM];
    uint8_t signature[GOSC_SIGNATURE_MAX + 1];
} signing;

static void signing_build(signing *g, const gosc_common_context *common, const gosc_dialect *dialect)
{
    g->common = *common;
    g->common.dialect = dialect;
    const gosc_aad_input in = {.request_kid = gosc_span_of("\xa1", 1),
                               .request_piv = gosc_span_of("\x05", 1),
                               .request_kid_context = SPAN(scene_gid),
                               .option = gosc_span_of("\x39\x05\x00\xa1", 4),
                               .sender_cred = scene_credential_of(&s, ALICE)};
    scene_need(gosc_aad_build(&g->common, &in, CIPHERTEXT_LEN, (gosc_buf){g->room, sizeof g->room}, &g->aad),
               "aad");
    for (size_t i = 0; i < CIPHERTEXT_LEN; i++) {
        g->aad.ciphertext[i] = (uint8_t)(0x30 + i);
    }
}

/* What the keystream is made of, beside the Common Context. */
typedef struct mask {
    gosc_span piv, id;
    bool is_request;
} mask;

static const mask usual = {{(const uint8_t *)"\x05", 1}, {(const uint8_t *)"\xa1", 1}, true};

static void make(signing *g, const mask *k)
{
    gosc_security_context context = s.members[ALICE].context;
    context.common = g->common;
    memset(g->signature, 0xc5, sizeof g->signature);
    scene_need(gosc_counter_signature_make(&context, &g->aad, k->piv, k->id, k->is_request, g->signature),
               "sign");
}

static gosc_err verify_by(signing *g, const mask *k, size_t who, const uint8_t *signature)
{
    gosc_span exact = bytes_copy(gosc_span_of(signature, g->common.signature_len));
    gosc_err err = gosc_counter_signature_verify(&g->common, &s.members[who].context.sender.public_key,
                                                 &g->aad, k->piv, k->id, k->is_request, exact);
    bytes_free(exact);
    return err;
}

static gosc_err verify(signing *g, const mask *k)
{
    return verify_by(g, k, ALICE, g->signature);
}

/* ---- keystreams ---- */

static void keystream(const gosc_common_context *common, const mask *k, uint8_t *out)
{
    memset(out, 0, GOSC_SIGNATURE_MAX);
    scene_need(gosc_counter_signature_keystream(common, k->piv, k->id, k->is_request, out), "keystream");
}

static bool same_keystream(const gosc_common_context *common, const char *one_piv, const char *other_piv)
{
    uint8_t a[GOSC_SIGNATURE_MAX], b[GOSC_SIGNATURE_MAX];
    gosc_span one = bytes_hex(one_piv), other = bytes_hex(other_piv);
    mask k = usual;
    k.piv = one;
    keystream(common, &k, a);
    k.piv = other;
    keystream(common, &k, b);
    bytes_free(one);
    bytes_free(other);
    return memcmp(a, b, common->signature_len) == 0;
}

static void keystream_facts(void)
{
    const gosc_common_context *common = &s.members[ALICE].context.common;
    tap_ok(same_keystream(common, "05", "0500") && same_keystream(common, "05", "0500000000"),
           "GO-4.2-02 Partial IVs 5 and 1280 share one keystream: zeros on the right of a salt are padding");
    tap_ok(same_keystream(common, "00", "") && same_keystream(common, "00", "0000"),
           "GO-4.2-02 Partial IV 0 has that of an empty salt");
    tap_ok(!same_keystream(common, "05", "0005"),
           "GO-4.2-02 a zero on the left counts: salts are bytes, not numbers");
    tap_ok(!same_keystream(common, "05", "06"), "GO-4.2-02 another Partial IV, another keystream");
}

/* Each input but the salt, and HKDF over the info array written by hand. */
static void keystream_inputs(void)
{
    gosc_common_context common = s.members[ALICE].context.common;
    uint8_t first[GOSC_SIGNATURE_MAX], other[GOSC_SIGNATURE_MAX];
    mask k = usual;
    keystream(&common, &k, first);
    static const uint8_t info[] = {0x84, 0x41, 0xa1, 0x43, 0x44, 0x61, 0x6c, 0xf5, 0x18, 0x40};
    scene_need(gosc_crypto_hkdf(5, k.piv, gosc_span_of(common.signature_encryption_key, 16), SPAN(info),
                                (gosc_buf){other, 64}),
               "hkdf");
    tap_ok(memcmp(first, other, 64) == 0,
           "GO-4.2-05 HKDF with the Partial IV as salt, the Signature Encryption Key, info");
    k.is_request = false;
    keystream(&common, &k, other);
    tap_ok(memcmp(first, other, 64) != 0, "GO-4.2-08 a response has another keystream than its request");
    k = usual;
    k.id = GOSC_EMPTY;
    keystream(&common, &k, other);
    tap_ok(memcmp(first, other, 64) != 0, "GO-4.2-06 so has the number of another member");
    common.id_context = GOSC_EMPTY;
    keystream(&common, &usual, other);
    tap_ok(memcmp(first, other, 64) != 0, "GO-4.2-07 so has another Gid");
    common = s.members[ALICE].context.common;
    common.signature_encryption_key[15] ^= 1;
    keystream(&common, &usual, other);
    tap_ok(memcmp(first, other, 64) != 0, "GO-4.2-04 so has another key");
    common = s.members[ALICE].context.common;
    common.hkdf = 7;
    keystream(&common, &usual, other);
    tap_ok(memcmp(first, other, 64) != 0, "GO-4.2-01 so has another hash");
    common = s.members[ALICE].context.common;
    common.signature_len = 132;
    keystream(&common, &usual, other);
    tap_ok(memcmp(first, other, 64) != 0 && !scene_all(other + 96, 0, 36),
           "GO-4.2-09 so has another length, and 132 bytes are filled");
}

/* ---- signatures ---- */

/* What goes over the wire, against the adapter's own signature over the structure written once more. */
static void on_the_wire(signing *g, const gosc_dialect *dialect)
{
    uint8_t clear[GOSC_SIGNATURE_MAX], hidden[GOSC_SIGNATURE_MAX] = {0};
    const gosc_sender_context *alice = &s.members[ALICE].context.sender;
    signing_build(g, &s.members[ALICE].context.common, dialect);
    make(g, &usual);
    size_t len = g->common.signature_len;
    gosc_span whole = gosc_aad_countersign_structure(&g->common, &g->aad);
    gosc_span prefix = gosc_span_of(dialect->countersign_prefix, dialect->countersign_prefix_len);
    bool begins = whole.len > prefix.len && memcmp(whole.ptr, prefix.ptr, prefix.len) == 0;
    scene_need(gosc_crypto_sign(g->common.signature, alice->private_key, &alice->public_key, whole, clear),
               "sign");
    if (dialect->has_modes) {
        keystream(&g->common, &usual, hidden);
    }
    bool same = true;
    for (size_t i = 0; i < len; i++) {
        same = same && (clear[i] ^ hidden[i]) == g->signature[i];
    }
    char text[120];
    (void)snprintf(text, sizeof text, "%s %s %s: signature %s", dialect->has_modes ? "GO-4.1-02" : "G02-3-03",
                   dialect->name, dialect->reading, dialect->has_modes ? "xor keystream" : "in clear");
    tap_ok(begins && same && g->signature[len] == 0xc5 && verify(g, &usual) == GOSC_OK, text);
}

/* Signed in one reading, looked at in each of its dialect: only the same one verifies. */
static void readings_apart(const gosc_dialect *const *dialects, size_t n)
{
    static signing made, looked;
    bool apart = true;
    for (size_t i = 0; i < n; i++) {
        signing_build(&made, &s.members[ALICE].context.common, dialects[i]);
        make(&made, &usual);
        for (size_t j = 0; j < n; j++) {
            signing_build(&looked, &s.members[ALICE].context.common, dialects[j]);
            gosc_err err = verify_by(&looked, &usual, ALICE, made.signature);
            apart = apart && err == (i == j ? GOSC_OK : GOSC_ERR_SIGNATURE_INVALID);
        }
    }
    tap_ok(apart, n == 2 ? "GO-3.1-04 CS5 and CS4 do not verify each other"
                         : "G02-3-03 nor do the six readings of -02");
}

static void refusals(signing *g)
{
    signing_build(g, &s.members[ALICE].context.common, &gosc_dialect_group_28);
    make(g, &usual);
    unsigned n_wrong = 0;
    for (size_t bit = 0; bit < 8U * g->common.signature_len; bit++) {
        gosc_span flipped = bytes_flip(gosc_span_of(g->signature, g->common.signature_len), bit);
        n_wrong += verify_by(g, &usual, ALICE, flipped.ptr) != GOSC_ERR_SIGNATURE_INVALID;
        bytes_free(flipped);
    }
    tap_ok(n_wrong == 0, "GO-7.2-10 each flipped bit of the encrypted signature");
    n_wrong = 0;
    for (size_t bit = 0; bit < 8 * CIPHERTEXT_LEN; bit++) {
        g->aad.ciphertext[bit / 8] ^= (uint8_t)(1U << bit % 8);
        n_wrong += verify(g, &usual) != GOSC_ERR_SIGNATURE_INVALID;
        g->aad.ciphertext[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    tap_ok(n_wrong == 0 && verify(g, &usual) == GOSC_OK, "GO-3.1-05 each flipped bit of the ciphertext");
    mask k = usual;
    k.piv = gosc_span_of("\x06", 1);
    bool good = verify(g, &k) == GOSC_ERR_SIGNATURE_INVALID;
    k = usual;
    k.id = gosc_span_of("\xa2", 1);
    good = good && verify(g, &k) == GOSC_ERR_SIGNATURE_INVALID;
    k = usual;
    k.is_request = false;
    tap_ok(good && verify(g, &k) == GOSC_ERR_SIGNATURE_INVALID, "GO-4.2-06 uncovered with another keystream");
    tap_ok(verify_by(g, &usual, BOB, g->signature) == GOSC_ERR_SIGNATURE_INVALID &&
               verify_by(g, &usual, CAROL, g->signature) == GOSC_ERR_SIGNATURE_INVALID,
           "GO-7.2-09 looked at with another member's key");
    static const uint8_t zeros[GOSC_SIGNATURE_MAX];
    uint8_t hidden[GOSC_SIGNATURE_MAX];
    keystream(&g->common, &usual, hidden);
    tap_ok(verify_by(g, &usual, ALICE, zeros) == GOSC_ERR_SIGNATURE_INVALID &&
               verify_by(g, &usual, ALICE, hidden) == GOSC_ERR_SIGNATURE_INVALID,
           "GO-7.2-10 a signature of zeros, on the wire or under the keystream");
    k = usual;
    k.piv = gosc_span_of("\x05\x00", 2);
    tap_ok(verify(g, &k) == GOSC_OK,
           "GO-4.2-02 the keystream alone does not tell 5 from 1280: nonce and AAD do");
}

static void algorithms(signing *g)
{
    static const int32_t signatures[] = {-8, -7, -35, -36};
    for (size_t i = 0; i < COUNT(signatures); i++) {
        scene_set set = scene_28;
        set.signature = signatures[i];
        scene_init(&s, &set);
        signing_build(g, &s.members[ALICE].context.common, &gosc_dialect_group_28);
        make(g, &usual);
        size_t len = g->common.signature_len;
        char text[100];
        (void)snprintf(text, sizeof text,
                       "GO-3.1-07 algorithm %d: %zu bytes, verified by the right key alone",
                       (int)signatures[i], len);
        tap_ok(verify(g, &usual) == GOSC_OK &&
                   verify_by(g, &usual, BOB, g->signature) == GOSC_ERR_SIGNATURE_INVALID &&
                   g->signature[len] == 0xc5 && len == gosc_signature_len(signatures[i]),
               text);
    }
}

int main(void)
{
    static signing g;
    static const gosc_dialect *const both[] = {&gosc_dialect_group_28, &gosc_dialect_group_28_cs4};
    static const gosc_dialect *const six[] = {&gosc_dialect_group_02,      &gosc_dialect_group_02_s2e1,
                                              &gosc_dialect_group_02_s3e1, &gosc_dialect_group_02_s1e0,
                                              &gosc_dialect_group_02_s2e0, &gosc_dialect_group_02_s3e0};
    scene_init(&s, &scene_28);
    keystream_facts();
    keystream_inputs();
    for (size_t i = 0; i < COUNT(both); i++) {
        on_the_wire(&g, both[i]);
    }
    readings_apart(both, COUNT(both));
    refusals(&g);
    algorithms(&g);
    scene_init(&s, &scene_02);
    for (size_t i = 0; i < COUNT(six); i++) {
        on_the_wire(&g, six[i]);
    }
    readings_apart(six, COUNT(six));
    return tap_done();
}
