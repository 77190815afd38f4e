/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening requests over several messages: windows, members heard for the first time, tables that are full,
 * contexts with equal Gids, insiders. After each refusal the whole state is compared.
 */
#include "unprotect.h"

#include "shapes.h"

enum {
    N_GROUPS = 3,
    CANARY = 0xc5,
};

static scene s;
static scene_member before;

static void remember(size_t who)
{
    memcpy(&before, &s.members[who], sizeof before);
}

/* A refusal for that reason, after which nothing has moved and nothing is handed out. */
static bool refused(size_t who, gosc_span datagram, gosc_err wanted, const char *text)
{
    remember(who);
    s.received.message = SPAN(scene_secret);
    gosc_err err = scene_hear(&s, who, datagram, 0);
    return tap_ok(scene_is(err, wanted) && scene_same(&before, &s.members[who]) &&
                      !gosc_span_present(s.received.message),
                  text);
}

/* `who` asks with a Sender Sequence Number; the message is in wire. */
static void say(size_t who, uint64_t ssn, const gosc_protect_params *how)
{
    s.members[who].context.sender.ssn = ssn;
    scene_need(scene_ask(&s, who, how, SPAN(scene_post)), "protect");
}

static gosc_recipient_context *at_bob(size_t who)
{
    return gosc_recipient_context_find(&s.members[BOB].context, s.people[who].id);
}

/* ---- windows ---- */

static void window_of(const scene_set *set, const gosc_protect_params *how, const char *id, const char *name)
{
    static const struct {
        uint64_t ssn;
        gosc_err wanted;
    } steps[] = {{100, GOSC_OK},
                 {100, GOSC_ERR_REPLAY},
                 {99, GOSC_OK},
                 {99, GOSC_ERR_REPLAY},
                 {69, GOSC_OK},
                 {68, GOSC_ERR_REPLAY},
                 {132, GOSC_OK},
                 {100, GOSC_ERR_REPLAY},
                 {101, GOSC_OK},
                 {0, GOSC_ERR_REPLAY},
                 {UINT64_C(1) << 32, GOSC_OK},
                 {132, GOSC_ERR_REPLAY},
                 {256, GOSC_ERR_REPLAY},
                 {GOSC_PARTIAL_IV_LIMIT, GOSC_OK},
                 {GOSC_PARTIAL_IV_LIMIT, GOSC_ERR_REPLAY},
                 {GOSC_PARTIAL_IV_LIMIT - 31, GOSC_OK},
                 {GOSC_PARTIAL_IV_LIMIT - 32, GOSC_ERR_REPLAY}};
    bool good = true;
    scene_init(&s, set);
    for (size_t i = 0; i < COUNT(steps); i++) {
        say(ALICE, steps[i].ssn, how);
        remember(BOB);
        gosc_err err = scene_hear(&s, BOB, scene_sent(&s), 0);
        good = good && err == steps[i].wanted && (err == GOSC_OK) == !scene_same(&before, &s.members[BOB]) &&
               (err == GOSC_OK) == gosc_span_present(s.received.message);
        if (!good) {
            tap_note("number", steps[i].ssn, NULL, 0);
            break;
        }
    }
    char text[120];
    (void)snprintf(text, sizeof text, "%s %s: numbers in and out of the window", id, name);
    tap_ok(good, text);
}

/* Each sender has a window of its own, and one for both modes. */
static void windows(void)
{
    const gosc_protect_params in_group = {.group_mode = true}, to_bob = {.target = GOSC_EMPTY};
    window_of(&scene_oscore, &to_bob, "O-7.4-03", "oscore");
    window_of(&scene_02, &in_group, "G02-4.2-06", "group-02");
    window_of(&scene_28, &in_group, "GO-5.3-06", "group-28 group mode");
    window_of(&scene_28, &to_bob, "GO-5.3-06", "group-28 pairwise mode");
    static const scene_set *const sets[] = {&scene_02, &scene_28};
    for (size_t i = 0; i < COUNT(sets); i++) {
        scene_init(&s, sets[i]);
        say(ALICE, 1000, &in_group);
        scene_need(scene_hear(&s, BOB, scene_sent(&s), 0), "alice");
        say(CAROL, 0, &in_group);
        tap_ok(scene_hear(&s, BOB, scene_sent(&s), 0) == GOSC_OK && at_bob(ALICE)->window.highest == 1000 &&
                   at_bob(CAROL)->window.highest == 0,
               "GO-5.3-03 Carol's number 0 after Alice's 1000");
    }
    scene_init(&s, &scene_28);
    say(ALICE, 7, &in_group);
    scene_need(scene_hear(&s, BOB, scene_sent(&s), 0), "group mode");
    say(ALICE, 7, &to_bob);
    scene_need(gosc_pairwise_keys_ready(&s.members[BOB].context, at_bob(ALICE), scene_scratch(&s)), "keys");
    refused(BOB, scene_sent(&s), GOSC_ERR_REPLAY,
            "GO-5.3-04 a number used in group mode is used in pairwise mode too");
    say(ALICE, 8, &to_bob);
    scene_need(scene_hear(&s, BOB, scene_sent(&s), 0), "pairwise mode");
    say(ALICE, 8, &in_group);
    refused(BOB, scene_sent(&s), GOSC_ERR_REPLAY, "GO-5.3-04 and the other way round");
}

/* ---- insiders ---- */

/* Carol writes as Alice, with all keys of the group but Alice's private one. */
static void forgeries(const scene_set *set, const char *id)
{
    const gosc_protect_params in_group = {.group_mode = true};
    gosc_security_context forger;
    char text[120];
    scene_init(&s, set);
    scene_forger(&s, CAROL, ALICE, &forger);
    forger.sender.ssn = GOSC_PARTIAL_IV_LIMIT;
    gosc_exchange exchange;
    gosc_exchange_init(&exchange, NULL, 0);
    scene_need(gosc_protect_request(&forger, &in_group, SPAN(scene_post), scene_scratch(&s), &exchange,
                                    (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len),
               "forge");
    (void)snprintf(text, sizeof text, "%s a high number forged by an insider moves no window", id);
    memset(s.scratch, CANARY, sizeof s.scratch);
    memset(s.opened, CANARY, sizeof s.opened);
    refused(BOB, scene_sent(&s), GOSC_ERR_SIGNATURE_INVALID, text);
    (void)snprintf(text, sizeof text, "%s what was decrypted meanwhile is nowhere any more", id);
    tap_ok(!scene_holds(s.scratch, sizeof s.scratch, gosc_span_of("lamp", 4)) &&
               !scene_holds(s.opened, sizeof s.opened, gosc_span_of("lamp", 4)) &&
               (scene_all(s.opened, CANARY, sizeof s.opened) || scene_all(s.opened, 0, sizeof s.opened)),
           text);
    say(ALICE, 0, &in_group);
    (void)snprintf(text, sizeof text, "%s and Alice's own number 0 still counts", id);
    scene_says(scene_hear(&s, BOB, scene_sent(&s), 0), GOSC_OK, text);
}

/* Pairwise: the other member of the pair cannot be written for, nor can a message be moved to another pair.
 */
static void pairwise_forgeries(void)
{
    scene_init(&s, &scene_28);
    for (size_t i = 0; i < 2; i++) {
        scene_need(gosc_pairwise_keys_ready(&s.members[CAROL].context, &s.members[CAROL].table[i],
                                            scene_scratch(&s)),
                   "keys");
        scene_need(
            gosc_pairwise_keys_ready(&s.members[BOB].context, &s.members[BOB].table[i], scene_scratch(&s)),
            "keys");
    }
    const gosc_protect_params to_bob = {.target = GOSC_EMPTY};
    say(ALICE, 5, &to_bob);
    refused(CAROL, scene_sent(&s), GOSC_ERR_DECRYPTION_FAILED,
            "GO-8.4-09 Alice's message to Bob, opened by Carol");
    /* Carol sends to Bob under Alice's kid, with her own pairwise key. */
    gosc_security_context forger = s.members[CAROL].context;
    forger.sender.id = s.members[ALICE].context.sender.id;
    forger.sender.credential = scene_credential_of(&s, ALICE);
    gosc_exchange exchange;
    gosc_exchange_init(&exchange, NULL, 0);
    scene_need(gosc_protect_request(&forger, &to_bob, SPAN(scene_post), scene_scratch(&s), &exchange,
                                    (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len),
               "forge");
    refused(BOB, scene_sent(&s), GOSC_ERR_DECRYPTION_FAILED, "GO-A.2-02 Carol under Alice's kid, to Bob");
    say(ALICE, 6, &to_bob);
    scene_says(scene_hear(&s, BOB, scene_sent(&s), 0), GOSC_OK, "GO-8.4-09 Alice herself");
    refused(ALICE, scene_sent(&s), GOSC_ERR_OWN_KID, "GO-8.4-07 her own message comes back to her");
}

/* ---- members heard for the first time ---- */

/* Bob knows nobody; `n_slots` of his table may be used. */
static void stranger(const scene_set *set, size_t n_slots)
{
    scene_init(&s, set);
    gosc_context_params params = scene_params(&s, BOB);
    params.n_recipients = n_slots;
    scene_enter(&s, BOB, &params);
    s.n_lookups = 0;
}

static void first_message(const scene_set *set, const char *id)
{
    const gosc_protect_params in_group = {.group_mode = true};
    char text[120];
    stranger(set, 2);
    say(ALICE, 50, &in_group);
    gosc_span genuine = bytes_copy(scene_sent(&s));
    gosc_span flipped = bytes_flip(genuine, 8 * genuine.len - 80);
    (void)snprintf(text, sizeof text, "%s a forged first message leaves no Recipient Context", id);
    refused(BOB, flipped,
            set->dialect->signature_first ? GOSC_ERR_SIGNATURE_INVALID : GOSC_ERR_DECRYPTION_FAILED, text);
    (void)snprintf(text, sizeof text, "%s and costs one look-up", id);
    tap_ok(s.n_lookups == 1, text);
    (void)snprintf(text, sizeof text, "%s the genuine one is delivered, its window valid", id);
    tap_ok(scene_hear(&s, BOB, genuine, 0) == GOSC_OK && at_bob(ALICE) != NULL &&
               at_bob(ALICE)->window.valid && s.n_lookups == 2 && s.received.sender == at_bob(ALICE),
           text);
    (void)snprintf(text, sizeof text, "%s from then on nobody is looked up for her", id);
    refused(BOB, genuine, GOSC_ERR_REPLAY, text);
    (void)refused(BOB, flipped, GOSC_ERR_REPLAY, text);
    tap_ok(s.n_lookups == 2, text);
    bytes_free(genuine);
    bytes_free(flipped);
}

/* What is refused before the sender matters looks nobody up. */
static void look_ups(void)
{
    const gosc_protect_params in_group = {.group_mode = true};
    stranger(&scene_28, 2);
    say(ALICE, 51, &in_group);
    uint8_t *gid = s.wire + 6 + 1 + 1 + 1 + 1;
    gid[0] ^= 1;
    refused(BOB, scene_sent(&s), GOSC_ERR_CONTEXT_NOT_FOUND, "GO-7.2-01 another Gid");
    gid[0] ^= 1;
    s.members[BOB].context.common.signature_len = 0;
    refused(BOB, scene_sent(&s), GOSC_ERR_MODE_UNSUPPORTED, "GO-6-05 group mode is not set up");
    s.members[BOB].context.common.signature_len = 64;
    s.wire[7] ^= 0x40; /* flags */
    refused(BOB, scene_sent(&s), GOSC_ERR_OPTION_MALFORMED, "GO-7.2-15 an option that cannot be decoded");
    s.wire[7] ^= 0x40;
    tap_ok(s.n_lookups == 0, "GO-7.2-03 nobody was looked up for any of them");
    gid[3] ^= 0x40; /* the kid */
    refused(BOB, scene_sent(&s), GOSC_ERR_RECIPIENT_UNKNOWN, "GO-7.2-04 a kid nobody has");
    tap_ok(s.n_lookups == 1, "GO-7.2-03 which is found out by one look-up");
    gid[3] ^= 0x40;
    s.people[ALICE].id = gosc_span_of("moved", 5);
    refused(BOB, scene_sent(&s), GOSC_ERR_RECIPIENT_UNKNOWN, "GO-7.2-04 a kid nobody has any more");
}

/* A table of one: whoever is heard pushes the other out, and what was captured meanwhile is never delivered.
 */
static void full_table(const scene_set *set, const char *id)
{
    const gosc_protect_params in_group = {.group_mode = true};
    char text[120];
    stranger(set, 1);
    say(ALICE, 50, &in_group);
    gosc_span captured = bytes_copy(scene_sent(&s));
    scene_need(scene_hear(&s, BOB, captured, 0), "alice");
    say(CAROL, 9, &in_group);
    gosc_span carols = bytes_copy(scene_sent(&s));
    gosc_span forged = bytes_flip(carols, 8 * carols.len - 80);
    (void)snprintf(text, sizeof text, "%s a forged message pushes nobody out", id);
    refused(BOB, forged,
            set->dialect->signature_first ? GOSC_ERR_SIGNATURE_INVALID : GOSC_ERR_DECRYPTION_FAILED, text);
    (void)snprintf(text, sizeof text, "%s Carol makes Alice go, and must show freshness", id);
    tap_ok(scene_hear(&s, BOB, carols, 0) == GOSC_ERR_ECHO_REQUIRED && at_bob(ALICE) == NULL &&
               at_bob(CAROL) != NULL && !at_bob(CAROL)->window.valid &&
               !gosc_span_present(s.received.message) && s.received.sender == at_bob(CAROL),
           text);
    (void)snprintf(text, sizeof text, "%s Alice's captured message meets no fresh window", id);
    tap_ok(scene_hear(&s, BOB, captured, 0) == GOSC_ERR_ECHO_REQUIRED &&
               !gosc_span_present(s.received.message) && !at_bob(ALICE)->window.valid,
           text);
    (void)snprintf(text, sizeof text, "%s however often it comes", id);
    tap_ok(scene_hear(&s, BOB, captured, 0) == GOSC_ERR_ECHO_REQUIRED &&
               !gosc_span_present(s.received.message),
           text);
    bytes_free(captured);
    bytes_free(carols);
    bytes_free(forged);
}

/* ---- equal Gids ---- */

/* Three groups of unsynchronised managers that gave out the same Gid and the same kids: other secrets. */
static struct groups {
    scene scenes[N_GROUPS];
    gosc_security_context *contexts[N_GROUPS];
} g;

static void groups_init(const scene_set *set)
{
    static uint8_t secrets[N_GROUPS][16];
    for (size_t i = 0; i < N_GROUPS; i++) {
        memset(secrets[i], (int)(0x10 + i), sizeof secrets[i]);
        scene_people(&g.scenes[i], set);
        for (size_t who = 0; who < SCENE_PEOPLE; who++) {
            gosc_context_params params = scene_params(&g.scenes[i], who);
            params.master_secret = SPAN(secrets[i]);
            scene_enter(&g.scenes[i], who, &params);
        }
    }
}

/* Opens with n contexts, that of scene `first` first. */
static gosc_err groups_hear_in(gosc_span datagram, size_t first, size_t n, gosc_buf scratch)
{
    for (size_t i = 0; i < n; i++) {
        g.contexts[i] = &g.scenes[(first + i) % N_GROUPS].members[BOB].context;
    }
    const gosc_context_store store = {g.contexts, n};
    return gosc_unprotect_request(&store, datagram, 0, scratch, &s.members[BOB].answered, &s.received,
                                  (gosc_buf){s.opened, sizeof s.opened});
}

static gosc_err groups_hear(gosc_span datagram, size_t first)
{
    return groups_hear_in(datagram, first, N_GROUPS, scene_scratch(&s));
}

static void equal_gids(const scene_set *set, const char *id)
{
    static scene_member copies[N_GROUPS];
    const gosc_protect_params in_group = {.group_mode = set->dialect->group != NULL, .target = GOSC_EMPTY};
    bool found = true, others_kept = true, forged_kept = true;
    scene_init(&s, set);
    for (size_t first = 0; first < N_GROUPS; first++) {
        groups_init(set);
        for (size_t i = 0; i < N_GROUPS; i++) {
            scene *of = &g.scenes[i];
            if (set->dialect->group == NULL) {
                scene_know(of, ALICE);
                scene_know(of, BOB);
            }
            of->members[ALICE].context.sender.ssn = 10 * (i + 1);
            scene_need(scene_ask(of, ALICE, &in_group, SPAN(scene_post)), "ask");
            for (size_t k = 0; k < N_GROUPS; k++) {
                memcpy(&copies[k], &g.scenes[k].members[BOB], sizeof copies[k]);
            }
            gosc_span forged = bytes_flip(scene_sent(of), 8 * of->wire_len - 75);
            gosc_err err = groups_hear(forged, first);
            for (size_t k = 0; k < N_GROUPS; k++) {
                forged_kept = forged_kept && err >= GOSC_ERR_DECRYPTION_FAILED &&
                              err <= GOSC_ERR_SIGNATURE_INVALID &&
                              scene_same(&copies[k], &g.scenes[k].members[BOB]);
            }
            bytes_free(forged);
            found = found && groups_hear(scene_sent(of), first) == GOSC_OK &&
                    s.received.context == &of->members[BOB].context;
            for (size_t k = 0; k < N_GROUPS; k++) {
                others_kept = others_kept && scene_same(&copies[k], &g.scenes[k].members[BOB]) == (k != i);
            }
        }
    }
    char text[120];
    (void)snprintf(text, sizeof text, "%s of three contexts that fit, the one that verifies", id);
    tap_ok(found, text);
    (void)snprintf(text, sizeof text, "%s the tries before it and behind it move nothing", id);
    tap_ok(others_kept, text);
    (void)snprintf(text, sizeof text, "%s nor does a message that none verifies", id);
    tap_ok(forged_kept, text);
}

/* What one try needs of scratch is enough for all: each begins anew. */
static void scratch_of_tries(const scene_set *set, const char *text)
{
    const gosc_protect_params in_group = {.group_mode = true};
    scene_init(&s, set);
    groups_init(set);
    scene *of = &g.scenes[N_GROUPS - 1];
    scene_need(scene_ask(of, ALICE, &in_group, SPAN(scene_post)), "ask");
    memcpy(&before, &of->members[BOB], sizeof before);
    gosc_span datagram = scene_sent(of);
    size_t needed = 0;
    while (needed < sizeof s.scratch &&
           groups_hear_in(datagram, N_GROUPS - 1, 1, (gosc_buf){s.scratch, needed}) == GOSC_ERR_ROOM) {
        needed++;
    }
    bool alone = s.received.context == &of->members[BOB].context;
    memcpy(&of->members[BOB], &before, sizeof before);
    scene_says(groups_hear_in(datagram, 0, N_GROUPS, (gosc_buf){s.scratch, needed}), GOSC_OK, text);
    tap_ok(alone && needed > 60 && s.received.context == &of->members[BOB].context, text);
}

/* The refusal that came furthest is told; an empty store knows nobody. */
static void told(void)
{
    const gosc_protect_params in_group = {.group_mode = true};
    scene_init(&s, &scene_28);
    groups_init(&scene_28);
    g.scenes[1].members[BOB].context.common.id_context = gosc_span_of("other", 5);
    g.scenes[1].members[BOB].context.common.wire_id_context = gosc_span_of("other", 5);
    scene *of = &g.scenes[0];
    scene_need(scene_ask(of, ALICE, &in_group, SPAN(scene_post)), "ask");
    of->wire[of->wire_len - 1] ^= 0x20;
    for (size_t first = 0; first < N_GROUPS; first++) {
        scene_says(groups_hear(scene_sent(of), first), GOSC_ERR_SIGNATURE_INVALID,
                   "GO-14.6-01 the refusal that came furthest is told, in every order");
    }
    of->wire[of->wire_len - 1] ^= 0x20;
    const gosc_context_store none = {NULL, 0};
    s.received.message = SPAN(scene_secret);
    scene_says(gosc_unprotect_request(&none, scene_sent(of), 0, scene_scratch(&s), &s.members[BOB].answered,
                                      &s.received, (gosc_buf){s.opened, sizeof s.opened}),
               GOSC_ERR_CONTEXT_NOT_FOUND, "G02-4.2-02 without any context");
    tap_ok(!gosc_span_present(s.received.message), "G02-4.2-02 nor a message from before");
}

/* Plain OSCORE beside a group with the same IDs: the Group Flag and the kid context tell them apart. */
static void beside_oscore(void)
{
    static scene pair;
    const gosc_protect_params in_group = {.group_mode = true},
                              to_bob = {.target = GOSC_EMPTY, .kid_context = true};
    scene_init(&s, &scene_28);
    scene_init(&pair, &scene_oscore);
    gosc_security_context *contexts[] = {&pair.members[BOB].context, &s.members[BOB].context};
    for (size_t order = 0; order < 2; order++) {
        const gosc_context_store store = {contexts, 2};
        scene_need(scene_ask(&s, ALICE, &in_group, SPAN(scene_post)), "group");
        gosc_err err =
            gosc_unprotect_request(&store, scene_sent(&s), 0, scene_scratch(&s), &s.members[BOB].answered,
                                   &s.received, (gosc_buf){s.opened, sizeof s.opened});
        tap_ok(err == GOSC_OK && s.received.context == &s.members[BOB].context && s.received.group_mode,
               "GO-6-01 a group message is none of plain OSCORE");
        scene_need(scene_ask(&pair, ALICE, &to_bob, SPAN(scene_post)), "pair");
        err =
            gosc_unprotect_request(&store, scene_sent(&pair), 0, scene_scratch(&s), &s.members[BOB].answered,
                                   &s.received, (gosc_buf){s.opened, sizeof s.opened});
        tap_ok(err == GOSC_OK && s.received.context == &pair.members[BOB].context && !s.received.group_mode,
               "GO-6-08 nor the other way round");
        gosc_security_context *swap = contexts[0];
        contexts[0] = contexts[1];
        contexts[1] = swap;
    }
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    windows();
    forgeries(&scene_02, "G02-4.2-05");
    forgeries(&scene_28, "GO-7.2-10");
    pairwise_forgeries();
    first_message(&scene_02, "G02-4.2-01");
    first_message(&scene_28, "GO-7.2-19");
    look_ups();
    full_table(&scene_02, "G02-2-09");
    full_table(&scene_28, "GO-2.6.1.2-01");
    equal_gids(&scene_oscore, "O-3.3-04");
    equal_gids(&scene_02, "G02-C-06");
    equal_gids(&scene_28, "GO-14.6-01");
    scratch_of_tries(&scene_02, "G02-C-06 three tries need no more scratch than one");
    scratch_of_tries(&scene_28, "GO-14.6-01 three tries need no more scratch than one");
    told();
    beside_oscore();
    return tap_done();
}
