/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairwise keys: both ends find the same, nobody else does, every input counts, and public keys that lead
 * nowhere are refused. Needs the real adapter: the special points are those of the curves.
 */
#include "pairwise.h"

#include "scene.h"

enum {
    ROOM = 1000,
    CANARY = 0xc5,
};

static scene s;

/* ---- the shared secret ---- */

static gosc_public_key public_of(int32_t curve, gosc_span x, gosc_span y)
{
    return (gosc_public_key){.curve = curve, .x = x, .y = y.len > 0 ? y : GOSC_ABSENT};
}

/* One pair of each curve, both ways. */
static void both_ways(void)
{
    int32_t done = 0;
    for (size_t i = 0; i < COUNT(kat_agrees); i++) {
        if (kat_agrees[i].curve == done) {
            continue;
        }
        done = kat_agrees[i].curve;
        gosc_span in[] = {bytes_hex(kat_agrees[i].a),     bytes_hex(kat_agrees[i].ax),
                          bytes_hex(kat_agrees[i].ay),    bytes_hex(kat_agrees[i].b),
                          bytes_hex(kat_agrees[i].bx),    bytes_hex(kat_agrees[i].by),
                          bytes_hex(kat_agrees[i].secret)};
        const gosc_sender_context a = {
            .present = true, .private_key = in[0], .public_key = public_of(done, in[1], in[2])};
        const gosc_sender_context b = {
            .present = true, .private_key = in[3], .public_key = public_of(done, in[4], in[5])};
        uint8_t at_a[GOSC_SECRET_MAX], at_b[GOSC_SECRET_MAX];
        char text[80];
        (void)snprintf(text, sizeof text,
                       "GO-2.5.1-06 curve %d: both ends find the secret of the known answer", (int)done);
        tap_ok(gosc_pairwise_secret(&a, &b.public_key, at_a) == GOSC_OK &&
                   gosc_pairwise_secret(&b, &a.public_key, at_b) == GOSC_OK &&
                   memcmp(at_a, in[6].ptr, in[6].len) == 0 && memcmp(at_b, in[6].ptr, in[6].len) == 0,
               text);
        for (size_t k = 0; k < COUNT(in); k++) {
            bytes_free(in[k]);
        }
    }
}

/* Alice's key and one that is given; x in hexadecimal. */
static gosc_err secret_with(int32_t curve, const char *x_hex)
{
    gosc_sender_context own = s.members[ALICE].context.sender;
    own.public_key.curve = curve;
    uint8_t secret[GOSC_SECRET_MAX];
    gosc_span x = bytes_hex(x_hex);
    const gosc_public_key other = public_of(curve, x, GOSC_ABSENT);
    gosc_err err = gosc_pairwise_secret(&own, &other, secret);
    bytes_free(x);
    return err;
}

#define ZEROS_30 "000000000000000000000000000000000000000000000000000000000000"
#define ONES_30 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void special_points(void)
{
    static const struct {
        const char *text, *x;
        gosc_err wanted;
    } rows[] = {
        {"GO-2.5.2.1-01 y = 1", "01" ZEROS_30 "00", GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-01 y = 1 with the other sign bit", "01" ZEROS_30 "80", GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-01 y = -1", "ec" ONES_30 "7f", GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-01 y = -1 with the other sign bit", "ec" ONES_30 "ff", GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-02 y = p, that is 0 not below p", "ed" ONES_30 "7f", GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-02 y = p + 1, that is 1 not below p", "ee" ONES_30 "7f", GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-02 y = 2^255 - 1", "ff" ONES_30 "7f", GOSC_ERR_KEY_INVALID},
        {"GO-2.5.1-06 y = 0, of order 4", "00" ZEROS_30 "00", GOSC_ERR_AGREEMENT_ZERO},
        {"GO-2.5.1-06 y = 0 with the other sign bit", "00" ZEROS_30 "80", GOSC_ERR_AGREEMENT_ZERO},
        {"GO-2.5.1-06 a point of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
         GOSC_ERR_AGREEMENT_ZERO},
        {"GO-2.5.1-06 the other y of order 8",
         "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", GOSC_ERR_AGREEMENT_ZERO},
        {"GO-2.5.1-06 the base point",
         "58"
         "66666666666666666666666666666666666666666666666666666666666666",
         GOSC_OK},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        scene_says(secret_with(GOSC_CURVE_ED25519, rows[i].x), rows[i].wanted, rows[i].text);
    }
    /* One byte off the special values is not special: it is a point, or it is none. */
    unsigned n_point = 0, n_none = 0, n_other = 0;
    for (unsigned byte = 0; byte < 32; byte++) {
        for (int minus = 0; minus < 2; minus++) {
            char x[65];
            (void)snprintf(x, sizeof x, "%s", minus != 0 ? "ec" ONES_30 "7f" : "01" ZEROS_30 "00");
            x[2U * byte] = x[2U * byte] == '3' ? '4' : '3';
            gosc_err err = secret_with(GOSC_CURVE_ED25519, x);
            n_point += err == GOSC_OK;
            n_none += err == GOSC_ERR_KEY_INVALID;
            n_other += err != GOSC_OK && err != GOSC_ERR_KEY_INVALID;
        }
    }
    tap_ok(n_point > 10 && n_none > 10 && n_other == 0, "GO-2.5.2.1-01 and nothing beside y = 1 and y = -1");
    scene_says(secret_with(GOSC_CURVE_X25519, "00" ZEROS_30 "00"), GOSC_ERR_AGREEMENT_ZERO,
               "GO-2.5.1-06 X25519 u = 0");
    scene_says(secret_with(GOSC_CURVE_X25519, "01" ZEROS_30 "00"), GOSC_ERR_AGREEMENT_ZERO,
               "GO-2.5.1-06 X25519 u = 1");
    scene_says(secret_with(GOSC_CURVE_X25519, "09" ZEROS_30 "00"), GOSC_OK, "GO-2.5.1-07 X25519 u = 9");
}

static void other_curves(void)
{
    uint8_t secret[GOSC_SECRET_MAX];
    gosc_public_key other = s.members[BOB].context.sender.public_key;
    other.curve = GOSC_CURVE_X25519;
    scene_says(gosc_pairwise_secret(&s.members[ALICE].context.sender, &other, secret),
               GOSC_ERR_CREDENTIAL_MALFORMED, "GO-2.4-04 keys on two curves");
    static scene ec;
    scene_set set = scene_28;
    set.signature = -7;
    scene_init(&ec, &set);
    other = ec.members[BOB].context.sender.public_key;
    scene_says(gosc_pairwise_secret(&ec.members[ALICE].context.sender, &other, secret), GOSC_OK,
               "GO-2.5.1-07 P-256");
    gosc_span wrong = bytes_flip(other.y, 0);
    other.y = wrong;
    scene_says(gosc_pairwise_secret(&ec.members[ALICE].context.sender, &other, secret), GOSC_ERR_KEY_INVALID,
               "GO-14.16-02 a point off its curve");
    bytes_free(wrong);
}

/* ---- the keys ---- */

/* Derived by `who` for another member, into a copy of the Recipient Context. */
static gosc_err derive(scene *of, size_t who, size_t peer, gosc_recipient_context *out)
{
    *out = *gosc_recipient_context_find(&of->members[who].context, of->people[peer].id);
    return gosc_pairwise_derive(&of->members[who].context, out, scene_scratch(of));
}

static bool same_key(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, GOSC_KEY_MAX) == 0;
}

static void two_ends(void)
{
    gosc_recipient_context ab, ba, ac, cb, bc;
    scene_need(derive(&s, ALICE, BOB, &ab), "alice bob");
    scene_need(derive(&s, BOB, ALICE, &ba), "bob alice");
    scene_need(derive(&s, ALICE, CAROL, &ac), "alice carol");
    scene_need(derive(&s, CAROL, BOB, &cb), "carol bob");
    scene_need(derive(&s, BOB, CAROL, &bc), "bob carol");
    tap_ok(same_key(ab.pairwise_sender_key, ba.pairwise_recipient_key) &&
               same_key(ab.pairwise_recipient_key, ba.pairwise_sender_key),
           "GO-2.5.1-02 what one sends with, the other receives with, in both directions");
    tap_ok(!same_key(ab.pairwise_sender_key, ab.pairwise_recipient_key),
           "GO-2.5.1-03 the two directions differ");
    tap_ok(!same_key(ab.pairwise_sender_key, ac.pairwise_sender_key),
           "GO-2.5.1-01 each peer has a key of its own");
    tap_ok(!same_key(ab.pairwise_recipient_key, cb.pairwise_sender_key) &&
               !same_key(ab.pairwise_recipient_key, cb.pairwise_recipient_key) &&
               !same_key(ab.pairwise_sender_key, bc.pairwise_recipient_key),
           "GO-A.2-02 a third member derives none of them");
    tap_ok(!scene_all(ab.pairwise_sender_key + 24, 0, 8) && scene_all(ab.key + 16, 0, 16),
           "GO-2.5.1-04 keys as long as the AEAD's, not the group's");
}

/* IKM and info written by hand: own credential, the other's, secret; ID, Gid, AEAD, "Key", its key length. */
static void by_hand(void)
{
    gosc_recipient_context ab;
    uint8_t ikm[ROOM], key[32];
    scene_need(derive(&s, ALICE, BOB, &ab), "alice bob");
    size_t n = s.people[ALICE].credential_len;
    memcpy(ikm, s.people[ALICE].credential, n);
    memcpy(ikm + n, s.people[BOB].credential, s.people[BOB].credential_len);
    n += s.people[BOB].credential_len;
    scene_need(gosc_pairwise_secret(&s.members[ALICE].context.sender, &ab.public_key, ikm + n), "secret");
    n += 32;
    gosc_span info = bytes_hex("8541a14344616c1818634b65791820");
    gosc_span salt = gosc_span_of(s.members[ALICE].context.sender.key, 16);
    scene_need(gosc_crypto_hkdf(5, salt, gosc_span_of(ikm, n), info, (gosc_buf){key, 32}), "hkdf");
    tap_ok(memcmp(key, ab.pairwise_sender_key, 32) == 0, "GO-2.5.1-05 the sender key, by hand");
    bytes_free(info);
    info = bytes_hex("85404344616c1818634b65791820");
    size_t bob_len = s.people[BOB].credential_len;
    memmove(ikm + bob_len, s.people[ALICE].credential, s.people[ALICE].credential_len);
    memcpy(ikm, s.people[BOB].credential, bob_len);
    scene_need(gosc_crypto_hkdf(5, gosc_span_of(ab.key, 16), gosc_span_of(ikm, n), info, (gosc_buf){key, 32}),
               "hkdf");
    tap_ok(memcmp(key, ab.pairwise_recipient_key, 32) == 0, "GO-2.5.1-05 the recipient key, by hand");
    bytes_free(info);
}

/* Each input changed: both keys are others. */
static void each_input_counts(void)
{
    static const char *const texts[] = {
        "GO-2.5.1-03 the own credential counts",
        "GO-2.5.1-03 the other's credential counts",
        "GO-2.5.1-04 the AEAD Algorithm counts",
        "GO-2.5.4-01 the Sender ID counts",
        "GO-2.5.1-05 the Gid counts",
        "GO-2.5.1-10 the Master Secret counts",
        "GO-2.5.1-10 the Group Encryption Algorithm counts, through the salt"};
    static scene other;
    gosc_recipient_context ab, changed;
    scene_need(derive(&s, ALICE, BOB, &ab), "alice bob");
    for (size_t i = 0; i < COUNT(texts); i++) {
        static const uint8_t secret[16] = {9};
        scene_set set = scene_28;
        set.aead = i == 2 ? 3 : set.aead; /* A256GCM has keys of 32 bytes too */
        set.group_enc = i == 6 ? 30 : set.group_enc;
        scene_people(&other, &set);
        other.people[ALICE].credential[4] ^= i == 0;
        other.people[BOB].credential[4] ^= i == 1;
        other.people[ALICE].id = i == 3 ? gosc_span_of("\xa2", 1) : other.people[ALICE].id;
        other.gid = i == 4 ? GOSC_EMPTY : other.gid;
        gosc_context_params params = scene_params(&other, ALICE);
        params.master_secret = i == 5 ? SPAN(secret) : params.master_secret;
        scene_enter(&other, ALICE, &params);
        scene_know(&other, ALICE);
        scene_need(derive(&other, ALICE, BOB, &changed), "changed");
        bool recipient_too = i == 3 || !same_key(ab.pairwise_recipient_key, changed.pairwise_recipient_key);
        tap_ok(!same_key(ab.pairwise_sender_key, changed.pairwise_sender_key) && recipient_too, texts[i]);
    }
}

/* The inputs stand in scratch for a moment: exactly as much room as they need, and nothing of them stays. */
static void memory(void)
{
    const gosc_security_context *context = &s.members[ALICE].context;
    gosc_recipient_context ab = *gosc_recipient_context_find(context, GOSC_EMPTY);
    gosc_recipient_context want;
    scene_need(derive(&s, ALICE, BOB, &want), "alice bob");
    size_t needed = s.people[ALICE].credential_len + s.people[BOB].credential_len + 32;
    uint8_t room[ROOM];
    bool refused = true;
    for (size_t len = 0; len < needed; len++) {
        memset(room, CANARY, sizeof room);
        gosc_recipient_context copy = ab;
        refused = gosc_pairwise_derive(context, &copy, (gosc_buf){room, len}) == GOSC_ERR_ROOM &&
                  scene_all(room + len, CANARY, sizeof room - len) && refused;
    }
    tap_ok(refused, "GO-2.5.1-03 room for the inputs, one byte too few at most");
    memset(room, CANARY, sizeof room);
    tap_ok(gosc_pairwise_derive(context, &ab, (gosc_buf){room, needed}) == GOSC_OK &&
               same_key(ab.pairwise_sender_key, want.pairwise_sender_key) &&
               scene_all(room + needed, CANARY, sizeof room - needed),
           "GO-2.5.1-03 exactly enough");
    uint8_t secret[GOSC_SECRET_MAX];
    scene_need(gosc_pairwise_secret(&context->sender, &ab.public_key, secret), "secret");
    tap_ok(scene_all(room, 0, needed) && !scene_holds(room, sizeof room, gosc_span_of(secret, 32)),
           "GO-2.5.1-06 and the secret is wiped from it");
}

static void refusals(void)
{
    gosc_recipient_context bob;
    s.members[ALICE].context.sender.present = false;
    scene_says(derive(&s, ALICE, BOB, &bob), GOSC_ERR_SENDER_MISSING,
               "GO-8-03 a silent server has no key to agree with");
    s.members[ALICE].context.sender.present = true;
    scene_says(derive(&s, ALICE, BOB, &bob), GOSC_OK, "GO-8-03 with one it agrees");
    uint8_t one[32] = {1};
    gosc_recipient_context *kept = gosc_recipient_context_find(&s.members[ALICE].context, GOSC_EMPTY);
    kept->public_key.x = SPAN(one);
    scene_says(gosc_pairwise_keys_ready(&s.members[ALICE].context, kept, scene_scratch(&s)),
               GOSC_ERR_KEY_INVALID, "GO-2.5.2.1-01 derivation is aborted");
    tap_ok(!kept->has_pairwise_keys && scene_all(kept->pairwise_sender_key, 0, GOSC_KEY_MAX),
           "GO-2.5.2.1-01 and no key comes of it");
}

int main(void)
{
    scene_init(&s, &scene_28);
    both_ways();
    special_points();
    other_curves();
    two_ends();
    by_hand();
    each_input_counts();
    memory();
    refusals();
    return tap_done();
}
