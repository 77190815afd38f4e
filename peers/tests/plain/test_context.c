/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security Contexts: what set-up refuses and leaves behind, wiping, and the table of Recipient Contexts
 * against a naive list of who was heard when.
 */
#include "context.h"

#include "scene.h"

enum {
    N_MODEL_IDS = 7,
    N_STEPS = 60,
    N_ROUNDS = 200,
};

static scene s;

/* A security context in which nothing but the lent table is left. */
static bool is_wiped(const gosc_security_context *context, gosc_recipient_context *table, size_t n)
{
    gosc_security_context copy;
    memcpy(&copy, context, sizeof copy);
    bool lent = copy.recipients == table && copy.n_recipients == n;
    copy.recipients = NULL;
    copy.n_recipients = 0;
    return lent && scene_all(&copy, 0, sizeof copy) && scene_all(table, 0, n * sizeof table[0]);
}

/* ---- set-up ---- */

/* Each changes one thing of parameters that are good. */
static void no_change(gosc_context_params *p)
{
    (void)p;
}
static void other_hash(gosc_context_params *p)
{
    p->hkdf = 6;
}
static void no_secret(gosc_context_params *p)
{
    p->master_secret = GOSC_ABSENT;
}
static void empty_secret(gosc_context_params *p)
{
    p->master_secret = GOSC_EMPTY;
}
static void long_gid(gosc_context_params *p)
{
    static const uint8_t gid[GOSC_ID_CONTEXT_MAX + 1];
    p->id_context = SPAN(gid);
}
static void wide_window(gosc_context_params *p)
{
    p->window_size = GOSC_REPLAY_WINDOW_MAX + 1;
}
static void long_id(gosc_context_params *p)
{
    p->sender_id = gosc_span_of("12345678", 8);
}
static void no_aead(gosc_context_params *p)
{
    p->aead = 0;
}
static void no_credential(gosc_context_params *p)
{
    p->sender_credential = GOSC_ABSENT;
}
static void no_private_key(gosc_context_params *p)
{
    p->private_key = GOSC_ABSENT;
}
static void cut_credential(gosc_context_params *p)
{
    p->sender_credential.len--;
}
static void other_private_key(gosc_context_params *p)
{
    p->private_key = gosc_span_of(s.people[CAROL].private_key, s.people[CAROL].key_len);
}
static void no_gid(gosc_context_params *p)
{
    p->id_context = GOSC_ABSENT;
}

static const struct {
    const char *text;
    const scene_set *set;
    void (*change)(gosc_context_params *p);
    gosc_err wanted;
} setups[] = {
    {"O-3.2-01 oscore, all that is needed", &scene_oscore, no_change, GOSC_OK},
    {"O-3.2.1-01 oscore, a hash that is none", &scene_oscore, other_hash, GOSC_ERR_ALGORITHM_UNKNOWN},
    {"O-3.2-01 oscore, no Master Secret", &scene_oscore, no_secret, GOSC_ERR_CONTEXT_INVALID},
    {"O-3.2-01 oscore, an empty Master Secret", &scene_oscore, empty_secret, GOSC_ERR_CONTEXT_INVALID},
    {"O-3.3-05 oscore, an ID Context beyond the limit", &scene_oscore, long_gid, GOSC_ERR_CONTEXT_INVALID},
    {"O-3.3-05 oscore, no ID Context", &scene_oscore, no_gid, GOSC_OK},
    {"O-7.4-03 oscore, a window wider than its word", &scene_oscore, wide_window, GOSC_ERR_CONTEXT_INVALID},
    {"O-3.3-02 oscore, Sender ID of eight bytes", &scene_oscore, long_id, GOSC_ERR_CONTEXT_INVALID},
    {"O-3.2-02 oscore, no AEAD", &scene_oscore, no_aead, GOSC_ERR_CONTEXT_INVALID},
    {"O-3.2-01 oscore, credentials are not asked for", &scene_oscore, no_credential, GOSC_OK},
    {"G02-2-07 group-02, all that is needed", &scene_02, no_change, GOSC_OK},
    {"G02-2-02 group-02, no Gid", &scene_02, no_gid, GOSC_ERR_CONTEXT_INVALID},
    {"G02-2-08 group-02, no own credential", &scene_02, no_credential, GOSC_ERR_CONTEXT_INVALID},
    {"G02-2-08 group-02, no private key", &scene_02, no_private_key, GOSC_ERR_CONTEXT_INVALID},
    {"G02-2-08 group-02, somebody else's private key", &scene_02, other_private_key, GOSC_ERR_KEY_INVALID},
    {"GO-2-03 group-28, all that is needed", &scene_28, no_change, GOSC_OK},
    {"GO-2-03 group-28, without AEAD there is group mode", &scene_28, no_aead, GOSC_OK},
    {"GO-2.4-03 group-28, an unreadable credential", &scene_28, cut_credential,
     GOSC_ERR_CREDENTIAL_MALFORMED},
    {"GO-2.5-01 group-28, no private key", &scene_28, no_private_key, GOSC_ERR_CONTEXT_INVALID},
    {"GO-2.5-01 group-28, somebody else's private key", &scene_28, other_private_key, GOSC_ERR_KEY_INVALID},
    {"GO-2.2-02 group-28, Sender ID of eight bytes", &scene_28, long_id, GOSC_ERR_CONTEXT_INVALID},
};

/* A refused set-up leaves neither keys nor what stood there before. */
static void setup_rows(void)
{
    for (size_t i = 0; i < COUNT(setups); i++) {
        scene_people(&s, setups[i].set);
        gosc_security_context *context = &s.members[ALICE].context;
        gosc_context_params params = scene_params(&s, ALICE);
        setups[i].change(&params);
        memset(&s.members[ALICE], 0xa5, sizeof s.members[ALICE]);
        gosc_err err = gosc_security_context_init(&params, context);
        bool clean = err == GOSC_OK ? context->sender.present &&
                                          scene_all(params.recipients, 0, sizeof s.members[0].table)
                                    : is_wiped(context, params.recipients, SCENE_TABLE);
        scene_says(clean ? err : GOSC_ERR_USAGE, setups[i].wanted, setups[i].text);
    }
}

/* Both sides of every limit on the length of an ID, for Sender and Recipient IDs. */
static void id_limits(void)
{
    static const struct {
        const char *text;
        scene_set set;
        size_t max;
    } rows[] = {
        {"O-3.3-02 oscore, nonce of 7", {&gosc_dialect_oscore, 5, 12, 0, 0, 0}, 1},
        {"O-3.3-02 oscore, nonce of 12", {&gosc_dialect_oscore, 5, 24, 0, 0, 0}, 6},
        {"O-3.3-02 oscore, nonce of 13", {&gosc_dialect_oscore, 5, 10, 0, 0, 0}, 7},
        {"G02-3-14 group-02, nonce of 7", {&gosc_dialect_group_02, 5, 33, 0, -8, 0}, 1},
        {"GO-2.2-02 group-28, 7 and 13", {&gosc_dialect_group_28, 5, 12, 10, -8, -27}, 1},
        {"GO-2.2-02 group-28, 13 and 12", {&gosc_dialect_group_28, 7, 10, -65532, -8, -28}, 6},
        {"GO-2.2-02 group-28, 13 alone", {&gosc_dialect_group_28, 5, 0, 10, -8, 0}, 7},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        scene_people(&s, &rows[i].set);
        gosc_security_context *context = &s.members[ALICE].context;
        gosc_context_params params = scene_params(&s, ALICE);
        gosc_span credential =
            rows[i].set.dialect->group != NULL ? scene_credential_of(&s, BOB) : GOSC_ABSENT;
        bool good = true;
        for (size_t len = 0; len <= 9; len++) {
            params.sender_id = gosc_span_of("ssssssssss", len);
            gosc_err err = gosc_security_context_init(&params, context);
            good = good && err == (len <= rows[i].max ? GOSC_OK : GOSC_ERR_CONTEXT_INVALID);
        }
        params.sender_id = gosc_span_of("s", 1);
        for (size_t len = 0; len <= 9; len++) {
            scene_need(gosc_security_context_init(&params, context), "context");
            gosc_err err = gosc_recipient_context_add(context, gosc_span_of("rrrrrrrrrr", len), credential);
            good = good && err == (len <= rows[i].max ? GOSC_OK : GOSC_ERR_CONTEXT_INVALID) &&
                   (err == GOSC_OK || scene_all(params.recipients, 0, sizeof s.members[0].table));
        }
        tap_ok(good, rows[i].text);
    }
}

static void settings(void)
{
    scene_people(&s, &scene_28);
    gosc_security_context *context = &s.members[ALICE].context;
    gosc_context_params params = scene_params(&s, ALICE);
    params.ssn = 77;
    params.freshness_ms = 5000;
    scene_need(gosc_security_context_init(&params, context), "context");
    tap_ok(context->sender.ssn == 77 && context->window_size == 32 && context->freshness_ms == 5000 &&
               context->n_verified == 0 && !context->new_windows_invalid && context->common.pairwise_mode,
           "O-3.2-02 numbers as given, a window of 32 by default");
    tap_ok(gosc_span_equal(context->common.wire_id_context, SPAN(scene_gid)),
           "GO-3.2-03 the Gid is what is sent");
    params.wire_id_context = gosc_span_of("wire", 4);
    params.sender_id = GOSC_ABSENT;
    params.sender_credential = GOSC_ABSENT;
    params.private_key = GOSC_ABSENT;
    scene_need(gosc_security_context_init(&params, context), "silent server");
    tap_ok(!context->sender.present && !context->common.pairwise_mode &&
               scene_all(context->sender.key, 0, GOSC_KEY_MAX),
           "GO-8-03 a silent server has no Sender Context, hence no pairwise mode");
    tap_ok(gosc_recipient_context_add(context, GOSC_EMPTY, scene_credential_of(&s, BOB)) == GOSC_OK,
           "G02-1.1-02 nor an ID of its own that others could not have");
    tap_ok(gosc_span_equal(context->common.wire_id_context, gosc_span_of("wire", 4)),
           "O-B.2-03 a kid context of its own, where one is given");
    for (unsigned size = 1; size <= 64; size += 63) {
        params.window_size = (uint8_t)size;
        scene_need(gosc_security_context_init(&params, context), "window");
        scene_need(gosc_recipient_context_add(context, GOSC_EMPTY, scene_credential_of(&s, BOB)), "bob");
        tap_ok(s.members[ALICE].table[0].window.size == size && s.members[ALICE].table[0].window.valid,
               size == 1 ? "GO-14.12-01 a window of 1" : "O-7.4-03 a window of 64");
    }
}

/* Each key of a full context, gone after the wipe, and nothing else but the table kept. */
static void wiping(void)
{
    static const scene_set *const sets[] = {&scene_oscore, &scene_02, &scene_28};
    for (size_t i = 0; i < COUNT(sets); i++) {
        scene_init(&s, sets[i]);
        scene_member *m = &s.members[ALICE];
        if (sets[i]->dialect->has_modes) {
            scene_need(gosc_pairwise_keys_ready(&m->context, &m->table[0], scene_scratch(&s)), "pairwise");
        }
        uint8_t keys[4][GOSC_KEY_MAX];
        memcpy(keys[0], m->context.sender.key, GOSC_KEY_MAX);
        memcpy(keys[1], m->table[0].key, GOSC_KEY_MAX);
        memcpy(keys[2], m->table[0].pairwise_sender_key, GOSC_KEY_MAX);
        memcpy(keys[3], m->context.common.signature_encryption_key, GOSC_KEY_MAX);
        bool there = !scene_all(keys[0], 0, 16) && !scene_all(keys[1], 0, 16) &&
                     scene_all(keys[2], 0, 16) == !sets[i]->dialect->has_modes &&
                     scene_all(keys[3], 0, 16) == !sets[i]->dialect->has_modes;
        gosc_security_context_wipe(&m->context);
        char text[100];
        (void)snprintf(text, sizeof text, "GO-2.5.1-09 %s: no byte of a key is left", sets[i]->dialect->name);
        tap_ok(there && is_wiped(&m->context, m->table, SCENE_TABLE), text);
        gosc_context_params params = scene_params(&s, ALICE);
        (void)snprintf(text, sizeof text, "GO-2.6.3.2-04 %s: and the memory serves a new context",
                       sets[i]->dialect->name);
        tap_ok(gosc_security_context_init(&params, &m->context) == GOSC_OK &&
                   memcmp(m->context.sender.key, keys[0], GOSC_KEY_MAX) == 0 &&
                   gosc_recipient_context_find(&m->context, GOSC_ABSENT) == NULL,
               text);
    }
}

/* ---- the table ---- */

static void table_refusals(void)
{
    scene_people(&s, &scene_28);
    gosc_context_params params = scene_params(&s, ALICE);
    params.n_recipients = 2;
    scene_enter(&s, ALICE, &params);
    scene_member *m = &s.members[ALICE];
    gosc_span bob = scene_credential_of(&s, BOB);
    gosc_span cut = gosc_span_of(bob.ptr, bob.len - 1);
    scene_says(gosc_recipient_context_add(&m->context, s.people[ALICE].id, bob), GOSC_ERR_CONTEXT_INVALID,
               "O-3.3-01 the own ID is no Recipient ID");
    scene_says(gosc_recipient_context_add(&m->context, GOSC_EMPTY, cut), GOSC_ERR_CREDENTIAL_MALFORMED,
               "GO-2.4-03 a credential that cannot be read");
    tap_ok(scene_all(m->table, 0, sizeof m->table), "GO-2.4-03 and its slot is free again");
    scene_says(gosc_recipient_context_add(&m->context, GOSC_EMPTY, bob), GOSC_OK, "O-3.3-03 the empty ID");
    gosc_recipient_context before;
    memcpy(&before, &m->table[0], sizeof before);
    scene_says(gosc_recipient_context_add(&m->context, GOSC_EMPTY, scene_credential_of(&s, CAROL)),
               GOSC_ERR_CONTEXT_INVALID, "GO-2.2-01 the same ID again");
    tap_ok(memcmp(&before, &m->table[0], sizeof before) == 0, "GO-2.2-01 and the first one stays as it was");
    scene_says(gosc_recipient_context_add(&m->context, gosc_span_of("\0", 1), GOSC_ABSENT), GOSC_OK,
               "O-3.3-03 a zero byte is another ID than none, and its credential may come later");
    scene_says(gosc_recipient_context_add(&m->context, gosc_span_of("x", 1), bob), GOSC_ERR_ROOM,
               "GO-2.2-04 a full table takes no more by hand");
    tap_ok(scene_all(&m->table[2], 0, sizeof m->table[2]), "GO-2.2-04 nor does it grow beyond what was lent");
    tap_ok(gosc_recipient_context_find(&m->context, GOSC_EMPTY) == &m->table[0] &&
               gosc_recipient_context_find(&m->context, gosc_span_of("\0", 1)) == &m->table[1] &&
               gosc_recipient_context_find(&m->context, gosc_span_of("\0\0", 2)) == NULL &&
               gosc_recipient_context_find(&m->context, GOSC_ABSENT) == &m->table[0],
           "O-8.2-03 found by all bytes of the ID; the first one by none");
}

static void deletion(void)
{
    scene_init(&s, &scene_28);
    scene_member *m = &s.members[ALICE];
    tap_ok(!gosc_recipient_context_delete(&m->context, gosc_span_of("x", 1)) &&
               !m->context.new_windows_invalid,
           "GO-2.6.1.2-01 nobody by that ID, nothing deleted");
    gosc_recipient_context *bob = gosc_recipient_context_find(&m->context, GOSC_EMPTY);
    gosc_recipient_context *carol = gosc_recipient_context_find(&m->context, s.people[CAROL].id);
    scene_need(gosc_pairwise_keys_ready(&m->context, bob, scene_scratch(&s)), "pairwise");
    tap_ok(gosc_recipient_context_delete(&m->context, GOSC_EMPTY) && scene_all(bob, 0, sizeof *bob) &&
               gosc_recipient_context_find(&m->context, GOSC_EMPTY) == NULL,
           "GO-8.4-05 a deleted Recipient Context leaves no key");
    tap_ok(carol->window.valid, "GO-2.6.1.2-01 those that are there stay valid");
    scene_need(gosc_recipient_context_add(&m->context, GOSC_EMPTY, scene_credential_of(&s, BOB)),
               "bob again");
    tap_ok(!gosc_recipient_context_find(&m->context, GOSC_EMPTY)->window.valid,
           "GO-2.6.1.2-01 new ones start with an invalid window");
    gosc_context_params params = scene_params(&s, ALICE);
    params.windows_invalid = true;
    scene_enter(&s, ALICE, &params);
    scene_know(&s, ALICE);
    tap_ok(!m->table[0].window.valid && !m->table[1].window.valid,
           "GO-2.6.1-01 so do all after a loss of state");
}

/* ---- provisional ones, and who makes way ---- */

/* Everybody whose kid is one byte below 'g' is a member; 'm' is one whose credential is not known. */
static gosc_err by_letter(void *arg, gosc_span kid, gosc_span *credential)
{
    scene *of = (scene *)arg;
    of->n_lookups++;
    if (kid.len != 1 || (kid.ptr[0] >= 'g' && kid.ptr[0] != 'm')) {
        return GOSC_ERR_RECIPIENT_UNKNOWN;
    }
    *credential =
        kid.ptr[0] == 'm' ? GOSC_ABSENT : scene_credential_of(of, kid.ptr[0] == 'f' ? SCENE_PEOPLE - 1 : BOB);
    return GOSC_OK;
}

static void enter_by_letter(size_t n_slots)
{
    scene_people(&s, &scene_28);
    gosc_context_params params = scene_params(&s, ALICE);
    params.member_find = by_letter;
    params.n_recipients = n_slots;
    scene_enter(&s, ALICE, &params);
}

static void provisional(void)
{
    gosc_recipient_context guest, *found = NULL;
    enter_by_letter(2);
    scene_member *m = &s.members[ALICE];
    gosc_security_context *context = &m->context;
    tap_ok(gosc_recipient_context_provisional(context, gosc_span_of("a", 1), &guest, &found) == GOSC_OK &&
               found == &guest && guest.window.valid && s.n_lookups == 1 &&
               scene_all(m->table, 0, sizeof m->table),
           "GO-7.2-03 a member heard for the first time is looked up, and not kept yet");
    tap_ok(gosc_recipient_context_keep(context, found) == &m->table[0] &&
               scene_all(&guest, 0, sizeof guest) && m->table[0].used && m->table[0].last_used == 1 &&
               context->n_verified == 1,
           "GO-7.2-03 kept when its message verified; no key is left behind");
    tap_ok(gosc_recipient_context_provisional(context, gosc_span_of("a", 1), &guest, &found) == GOSC_OK &&
               found == &m->table[0] && s.n_lookups == 1,
           "G02-2-09 then found without a look-up");
    tap_ok(gosc_recipient_context_keep(context, found) == &m->table[0] && m->table[0].last_used == 2,
           "GO-2.6.3-02 and marked as used last");
    scene_says(gosc_recipient_context_provisional(context, gosc_span_of("x", 1), &guest, &found),
               GOSC_ERR_RECIPIENT_UNKNOWN, "GO-7.2-04 no member by that kid");
    tap_ok(gosc_recipient_context_provisional(context, gosc_span_of("m", 1), &guest, &found) == GOSC_OK &&
               !gosc_span_present(found->credential),
           "GO-2.2-03 a member whose credential is not at hand");
    context->member_find = NULL;
    scene_says(gosc_recipient_context_provisional(context, gosc_span_of("b", 1), &guest, &found),
               GOSC_ERR_RECIPIENT_UNKNOWN, "GO-7.2-04 nobody is looked up where that is not configured");
    enter_by_letter(0);
    scene_says(gosc_recipient_context_provisional(context, gosc_span_of("a", 1), &guest, &found),
               GOSC_ERR_RECIPIENT_UNKNOWN, "GO-2.2-04 nor where nothing could be kept");
    tap_ok(s.n_lookups == 0, "GO-2.2-04 which costs no look-up");
}

/* The model: when each letter was last kept, 0 when it is not in the table. */
typedef struct model {
    uint64_t last[N_MODEL_IDS];
    uint64_t now;
    size_t n_slots;
    bool evicted; /* at some time */
} model;

static size_t model_count(const model *m)
{
    size_t n = 0;
    for (size_t i = 0; i < N_MODEL_IDS; i++) {
        n += m->last[i] != 0;
    }
    return n;
}

/* model_keep marks a letter; gives the one that makes way, N_MODEL_IDS for none. */
static size_t model_keep(model *m, size_t letter)
{
    size_t out = N_MODEL_IDS;
    if (m->last[letter] == 0 && model_count(m) == m->n_slots) {
        for (size_t i = 0; i < N_MODEL_IDS; i++) {
            if (m->last[i] != 0 && (out == N_MODEL_IDS || m->last[i] < m->last[out])) {
                out = i;
            }
        }
        m->last[out] = 0;
        m->evicted = true;
    }
    m->last[letter] = ++m->now;
    return out;
}

static bool same_members(const gosc_security_context *context, const model *m)
{
    for (size_t i = 0; i < N_MODEL_IDS; i++) {
        uint8_t letter = (uint8_t)('a' + i);
        if ((gosc_recipient_context_find(context, gosc_span_of(&letter, 1)) != NULL) != (m->last[i] != 0)) {
            tap_note("member", i, &letter, 1);
            return false;
        }
    }
    return context->new_windows_invalid == m->evicted;
}

/* One message of a member: it verifies, or it was forged and its provisional context is dropped. */
static bool step(gosc_security_context *context, model *m, size_t i, bool forged)
{
    uint8_t letter = (uint8_t)('a' + i);
    gosc_recipient_context guest, *found = NULL;
    bool was_there = m->last[i] != 0;
    bool trusted = !m->evicted && model_count(m) < m->n_slots;
    if (gosc_recipient_context_provisional(context, gosc_span_of(&letter, 1), &guest, &found) != GOSC_OK ||
        (found != &guest) != was_there || (!was_there && found->window.valid != trusted)) {
        return false;
    }
    if (forged) {
        return same_members(context, m);
    }
    gosc_recipient_context *kept = gosc_recipient_context_keep(context, found);
    (void)model_keep(m, i);
    return kept >= context->recipients && kept < context->recipients + context->n_recipients &&
           gosc_span_equal(gosc_id_span(&kept->id), gosc_span_of(&letter, 1)) && same_members(context, m);
}

static void who_makes_way(size_t n_slots)
{
    bool good = true;
    for (int round = 0; round < N_ROUNDS && good; round++) {
        model m = {.n_slots = n_slots};
        enter_by_letter(n_slots);
        for (int i = 0; i < N_STEPS && good; i++) {
            good = step(&s.members[ALICE].context, &m, tap_random(6), tap_random(4) == 0);
        }
    }
    char text[120];
    (void)snprintf(text, sizeof text,
                   "GO-2.2-04 table of %zu: the one unheard longest makes way, new windows invalid", n_slots);
    tap_ok(good, text);
}

/* ---- pairwise keys ---- */

static void pairwise(void)
{
    scene_init(&s, &scene_28);
    scene_member *m = &s.members[ALICE];
    gosc_recipient_context *bob = &m->table[0];
    const gosc_buf none = {s.scratch, 0};
    scene_says(gosc_pairwise_keys_ready(&m->context, bob, none), GOSC_ERR_ROOM,
               "GO-2.5.1-01 no room for the inputs");
    tap_ok(!bob->has_pairwise_keys, "GO-2.5.1-01 and no keys then");
    scene_says(gosc_pairwise_keys_ready(&m->context, bob, scene_scratch(&s)), GOSC_OK,
               "GO-2.5.1-01 with room");
    uint8_t key[GOSC_KEY_MAX];
    memcpy(key, bob->pairwise_sender_key, sizeof key);
    tap_ok(bob->has_pairwise_keys && gosc_pairwise_keys_ready(&m->context, bob, none) == GOSC_OK &&
               memcmp(key, bob->pairwise_sender_key, sizeof key) == 0,
           "GO-2.5.1-01 derived once, then there");
    m->table[1].credential = GOSC_ABSENT;
    scene_says(gosc_pairwise_keys_ready(&m->context, &m->table[1], scene_scratch(&s)),
               GOSC_ERR_CREDENTIAL_MISSING, "GO-8.1-01 without the other's credential");
    scene_set alone = scene_28;
    alone.agreement = 0;
    scene_init(&s, &alone);
    scene_says(gosc_pairwise_keys_ready(&m->context, bob, scene_scratch(&s)), GOSC_ERR_MODE_UNSUPPORTED,
               "GO-2.1.10-01 without Pairwise Key Agreement Algorithm");
    scene_init(&s, &scene_02);
    scene_says(gosc_pairwise_keys_ready(&m->context, bob, scene_scratch(&s)), GOSC_ERR_MODE_UNSUPPORTED,
               "G02-4.1-01 group-02 has no pairwise keys");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    setup_rows();
    id_limits();
    settings();
    wiping();
    table_refusals();
    deletion();
    provisional();
    for (size_t n = 1; n <= SCENE_TABLE; n++) {
        who_makes_way(n);
    }
    pairwise();
    return tap_done();
}
