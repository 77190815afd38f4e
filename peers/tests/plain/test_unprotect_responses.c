/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening responses over several messages: order and replay in long exchanges, several servers, parallel
 * requests, responders that were not asked, and a rekey between request and response.
 */
#include "unprotect.h"

#include "shapes.h"

static scene s;
static scene_member before;

/* A response refused for that reason, after which nothing has moved and nothing is handed out. */
static bool refused(gosc_span datagram, gosc_err wanted, const char *text)
{
    memcpy(&before, &s.members[ALICE], sizeof before);
    s.received.message = SPAN(scene_secret);
    gosc_err err = scene_get(&s, ALICE, datagram);
    return tap_ok(scene_is(err, wanted) && scene_same(&before, &s.members[ALICE]) &&
                      !gosc_span_present(s.received.message),
                  text);
}

static bool accepted(gosc_span datagram, const char *text)
{
    return scene_says(scene_get(&s, ALICE, datagram), GOSC_OK, text);
}

/* Alice asks; those who are meant hear it. */
static void ask(const gosc_protect_params *how, gosc_span plain)
{
    scene_member *alice = &s.members[ALICE];
    gosc_exchange_init(&alice->asked, alice->numbers, SCENE_NUMBERS);
    scene_need(scene_ask(&s, ALICE, how, plain), "ask");
    scene_need(scene_hear(&s, BOB, scene_sent(&s), 0), "bob hears");
    if (how->group_mode) {
        scene_need(scene_hear(&s, CAROL, scene_sent(&s), 0), "carol hears");
    }
}

/* A server's answer, in exact memory; number UINT64_MAX for the request's nonce. */
static gosc_span answer(size_t who, bool group_mode, uint64_t number, gosc_span plain)
{
    const gosc_protect_params how = {.group_mode = group_mode, .own_partial_iv = number != UINT64_MAX};
    if (how.own_partial_iv) {
        s.members[who].context.sender.ssn = number;
    } else {
        s.members[who].answered.answered = false; /* what a server with a fault would do */
    }
    scene_need(scene_answer(&s, who, &how, plain), "answer");
    return bytes_copy(scene_sent(&s));
}

/* ---- long exchanges ---- */

enum {
    WITHOUT = -1, /* the request's nonce */
};

/* Notifications of one server: by number, without one; and what becomes of each. */
static void ordered(const scene_set *set, bool asked_in_group, bool group_mode, bool observe, const char *id,
                    const char *name)
{
    static const struct {
        int number;
        gosc_err wanted;
    } steps[] = {{WITHOUT, GOSC_OK},
                 {WITHOUT, GOSC_ERR_RESPONSE_REPLAY},
                 {300, GOSC_OK},
                 {300, GOSC_ERR_RESPONSE_REPLAY},
                 {299, GOSC_ERR_RESPONSE_OLD},
                 {301, GOSC_OK},
                 {300, GOSC_ERR_RESPONSE_OLD},
                 {301, GOSC_ERR_RESPONSE_REPLAY},
                 {WITHOUT, GOSC_ERR_RESPONSE_REPLAY},
                 {65536, GOSC_OK},
                 {256, GOSC_ERR_RESPONSE_OLD}};
    char text[160];
    bool good = true;
    scene_init(&s, set);
    const gosc_protect_params how = {.group_mode = asked_in_group, .target = s.people[BOB].id};
    ask(&how, observe ? SPAN(scene_observe) : SPAN(scene_post));
    for (size_t i = 0; i < COUNT(steps) && good; i++) {
        uint64_t number = steps[i].number == WITHOUT ? UINT64_MAX : (uint64_t)steps[i].number;
        gosc_span datagram =
            answer(BOB, group_mode, number, observe ? SPAN(scene_notice) : SPAN(scene_content));
        if (i == 0 && !asked_in_group && set->dialect->has_modes) { /* keys are a cache */
            gosc_recipient_context *bob =
                gosc_recipient_context_find(&s.members[ALICE].context, s.people[BOB].id);
            scene_need(gosc_pairwise_keys_ready(&s.members[ALICE].context, bob, scene_scratch(&s)), "keys");
        }
        memcpy(&before, &s.members[ALICE], sizeof before);
        gosc_err err = scene_get(&s, ALICE, datagram);
        good = err == steps[i].wanted && (err == GOSC_OK) == !scene_same(&before, &s.members[ALICE]) &&
               (err == GOSC_OK) == gosc_span_present(s.received.message) &&
               (err != GOSC_OK || s.received.has_partial_iv == (steps[i].number != WITHOUT));
        if (!good) {
            printf("# step %zu: %s\n", i, gosc_err_name(err));
        }
        bytes_free(datagram);
    }
    (void)snprintf(text, sizeof text, "%s %s: each number once, older ones dropped", id, name);
    tap_ok(good, text);
    ask(&how, observe ? SPAN(scene_observe) : SPAN(scene_post));
    bytes_free(answer(BOB, group_mode, 70000, observe ? SPAN(scene_notice) : SPAN(scene_content)));
    (void)snprintf(text, sizeof text, "%s %s: after one with a number, one without is old", id, name);
    tap_ok(scene_get(&s, ALICE, scene_sent(&s)) == GOSC_OK, text);
    bytes_free(answer(BOB, group_mode, UINT64_MAX, observe ? SPAN(scene_notice) : SPAN(scene_content)));
    refused(scene_sent(&s), GOSC_ERR_RESPONSE_OLD, text);
}

static void once(const scene_set *set, bool group_mode, const char *text)
{
    scene_init(&s, set);
    const gosc_protect_params how = {.group_mode = set->dialect->group != NULL && !set->dialect->has_modes,
                                     .target = s.people[BOB].id};
    ask(&how, SPAN(scene_post));
    gosc_span first = answer(BOB, group_mode, UINT64_MAX, SPAN(scene_content));
    gosc_span second = answer(BOB, group_mode, 9, SPAN(scene_content));
    accepted(first, text);
    refused(second, GOSC_ERR_RESPONSE_REPLAY, text);
    refused(first, GOSC_ERR_RESPONSE_REPLAY, text);
    bytes_free(first);
    bytes_free(second);
}

/* ---- several servers ---- */

static void servers(const scene_set *set, const char *id)
{
    char text[120];
    const gosc_protect_params in_group = {.group_mode = true};
    scene_init(&s, set);
    ask(&in_group, SPAN(scene_post));
    gosc_span bobs = answer(BOB, true, UINT64_MAX, SPAN(scene_content));
    gosc_span carols = answer(CAROL, true, UINT64_MAX, SPAN(scene_content));
    s.members[ALICE].asked.n_numbers = 1;
    (void)snprintf(text, sizeof text, "%s a forged response takes no slot", id);
    gosc_span forged = bytes_flip(bobs, 8 * bobs.len - 75);
    refused(forged, set->dialect->signature_first ? GOSC_ERR_SIGNATURE_INVALID : GOSC_ERR_DECRYPTION_FAILED,
            text);
    (void)snprintf(text, sizeof text, "%s Carol's takes the only one", id);
    accepted(carols, text);
    (void)snprintf(text, sizeof text, "%s then there is none for Bob", id);
    refused(bobs, GOSC_ERR_ROOM, text);
    s.members[ALICE].asked.n_numbers = 2;
    (void)snprintf(text, sizeof text, "%s with two slots he is heard too", id);
    tap_ok(scene_get(&s, ALICE, bobs) == GOSC_OK &&
               s.received.sender->credential.ptr == s.people[BOB].credential,
           text);
    (void)snprintf(text, sizeof text, "%s and each of them once", id);
    refused(carols, GOSC_ERR_RESPONSE_REPLAY, text);
    refused(bobs, GOSC_ERR_RESPONSE_REPLAY, text);
    bytes_free(forged);
    bytes_free(bobs);
    bytes_free(carols);
}

/* A server that Alice has not heard before: found by its kid, kept when its response verified. */
static void new_server(const scene_set *set, const char *id)
{
    char text[120];
    const gosc_protect_params in_group = {.group_mode = true};
    scene_init(&s, set);
    gosc_context_params params = scene_params(&s, ALICE);
    scene_enter(&s, ALICE, &params);
    ask(&in_group, SPAN(scene_post));
    s.n_lookups = 0;
    gosc_span carols = answer(CAROL, true, UINT64_MAX, SPAN(scene_content));
    gosc_span forged = bytes_flip(carols, 8 * carols.len - 75);
    (void)snprintf(text, sizeof text, "%s a forged first response leaves no Recipient Context", id);
    refused(forged, set->dialect->signature_first ? GOSC_ERR_SIGNATURE_INVALID : GOSC_ERR_DECRYPTION_FAILED,
            text);
    (void)snprintf(text, sizeof text, "%s the genuine one does; two look-ups in all", id);
    tap_ok(scene_get(&s, ALICE, carols) == GOSC_OK && s.n_lookups == 2 &&
               s.received.sender ==
                   gosc_recipient_context_find(&s.members[ALICE].context, s.people[CAROL].id),
           text);
    s.members[ALICE].context.member_find = NULL;
    gosc_span bobs = answer(BOB, true, UINT64_MAX, SPAN(scene_content));
    (void)snprintf(text, sizeof text, "%s nobody is looked up where that is not configured", id);
    refused(bobs, GOSC_ERR_RECIPIENT_UNKNOWN, text);
    bytes_free(forged);
    bytes_free(bobs);
    bytes_free(carols);
}

/* ---- binding ---- */

/* Two requests under way; the answers are given to the wrong exchange, with its Token. */
static void swapped(const scene_set *set, bool group_mode, const char *text)
{
    static gosc_exchange first_asked, first_answered;
    static const uint8_t other[] = {0x52, 0x02, 0x7d, 0x42, 0x99, 0x99, 0xb4,
                                    'l',  'a',  'm',  'p',  0xff, 'o',  'n'};
    static gosc_response_number numbers[SCENE_NUMBERS];
    scene_init(&s, set);
    const gosc_protect_params how = {.group_mode = group_mode, .target = s.people[BOB].id};
    ask(&how, SPAN(scene_post));
    first_asked = s.members[ALICE].asked;
    first_asked.numbers = numbers;
    memset(numbers, 0, sizeof numbers);
    first_answered = s.members[BOB].answered;
    ask(&how, SPAN(other));
    gosc_span second = answer(BOB, group_mode, 20, SPAN(scene_content));
    s.members[BOB].answered = first_answered;
    gosc_span first = answer(BOB, group_mode, 21, SPAN(scene_content));
    gosc_err wanted =
        group_mode && set->dialect->signature_first ? GOSC_ERR_SIGNATURE_INVALID : GOSC_ERR_DECRYPTION_FAILED;
    refused(first, GOSC_ERR_TOKEN_MISMATCH, text);
    uint8_t *token = s.wire + 4;
    memcpy(token, other + 4, 2);
    refused(scene_sent(&s), wanted, text);
    memcpy(s.wire, second.ptr, second.len);
    memcpy(token, other + 4, 2);
    accepted(scene_sent(&s), text);
    s.members[ALICE].asked = first_asked;
    accepted(first, text);
    bytes_free(first);
    bytes_free(second);
}

/* Responses of somebody else than the member that was asked. */
static void not_asked(void)
{
    scene_init(&s, &scene_28);
    for (size_t i = 0; i < 2; i++) {
        scene_need(gosc_pairwise_keys_ready(&s.members[ALICE].context, &s.members[ALICE].table[i],
                                            scene_scratch(&s)),
                   "keys");
    }
    const gosc_protect_params to_bob = scene_to(&s, BOB);
    ask(&to_bob, SPAN(scene_post));
    /* Carol has overheard the request; she answers in group mode with her own kid, and without one. */
    s.members[CAROL].answered = s.members[BOB].answered;
    s.members[CAROL].answered.context = &s.members[CAROL].context;
    gosc_protect_params how = {.group_mode = true, .kid = true, .own_partial_iv = true};
    scene_need(scene_answer(&s, CAROL, &how, SPAN(scene_content)), "carol");
    refused(scene_sent(&s), GOSC_ERR_RESPONDER_MISMATCH,
            "GO-7.4-09 another member in group mode, with its kid");
    how.kid = false;
    scene_need(scene_answer(&s, CAROL, &how, SPAN(scene_content)), "carol");
    refused(scene_sent(&s), GOSC_ERR_SIGNATURE_INVALID,
            "GO-7.4-08 and without: the key of the one asked does not fit");
    how.group_mode = false;
    scene_need(scene_answer(&s, CAROL, &how, SPAN(scene_content)), "carol");
    refused(scene_sent(&s), GOSC_ERR_DECRYPTION_FAILED, "GO-8.6-02 another member in pairwise mode");
    /* Alice's own ID comes back. */
    gosc_security_context mirror = s.members[ALICE].context;
    gosc_exchange exchange = s.members[BOB].answered;
    exchange.context = &mirror;
    how = (gosc_protect_params){.group_mode = true, .kid = true, .own_partial_iv = true};
    scene_need(gosc_protect_response(&mirror, &how, &exchange, SPAN(scene_content), scene_scratch(&s),
                                     (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len),
               "mirror");
    refused(scene_sent(&s), GOSC_ERR_OWN_KID, "GO-7.2-20 the own kid in a response");
    s.members[CAROL].context.common.pairwise_mode = true;
    gosc_span bobs = answer(BOB, false, UINT64_MAX, SPAN(scene_content));
    accepted(bobs, "GO-8.6-01 Bob himself is still heard");
    bytes_free(bobs);
}

/* ---- what is inside ---- */

static void inner_observe(const scene_set *set, bool group_mode, const char *text)
{
    scene_init(&s, set);
    const gosc_protect_params how = {.group_mode = group_mode, .target = s.people[BOB].id};
    static const uint8_t cancel[] = {0x52, 0x01, 0x7d, 0x41, 0x86, 0x31, 0x61,
                                     0x01, 0x54, 'l',  'a',  'm',  'p'};
    for (size_t i = 0; i < 2; i++) {
        ask(&how, i == 0 ? SPAN(scene_post) : SPAN(cancel));
        bytes_free(answer(BOB, group_mode, 5, SPAN(scene_notice)));
        refused(scene_sent(&s), GOSC_ERR_INNER_OBSERVE, text);
        bytes_free(answer(BOB, group_mode, 6, SPAN(scene_content)));
        accepted(scene_sent(&s), text);
    }
}

/* ---- a rekey between request and response ---- */

/* The context of the next epoch, for one member: other secret, other Gid. */
static struct epoch {
    gosc_security_context context;
    gosc_recipient_context table[SCENE_TABLE];
} next[SCENE_PEOPLE];

static const uint8_t next_secret[16] = {0x77};
static const uint8_t next_gid[] = {0x44, 0x61, 0x6d, 0x01};

static void rekey(void)
{
    for (size_t i = 0; i < SCENE_PEOPLE; i++) {
        gosc_context_params params = scene_params(&s, i);
        params.master_secret = SPAN(next_secret);
        params.id_context = SPAN(next_gid);
        params.recipients = next[i].table;
        scene_need(gosc_security_context_init(&params, &next[i].context), "next epoch");
        for (size_t k = 0; s.set.dialect->group == NULL && k < SCENE_PEOPLE; k++) {
            if (k != i) {
                scene_need(gosc_recipient_context_add(&next[i].context, s.people[k].id, GOSC_ABSENT), "peer");
            }
        }
    }
}

/* Alice opens with the contexts that are given, newest first. */
static gosc_err get_with(gosc_security_context *newer, gosc_security_context *older)
{
    gosc_security_context *contexts[] = {newer, older};
    const gosc_context_store store = {contexts, older != NULL ? 2 : 1};
    return gosc_unprotect_response(&store, &s.members[ALICE].asked, scene_sent(&s), scene_scratch(&s),
                                   &s.received, (gosc_buf){s.opened, sizeof s.opened});
}

/* Bob answers with the newest context. */
static gosc_err answer_newest(size_t who, const gosc_protect_params *how)
{
    return gosc_protect_response(&next[who].context, how, &s.members[who].answered, SPAN(scene_content),
                                 scene_scratch(&s), (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len);
}

static bool names_gid(gosc_span gid)
{
    gosc_coap_pdu pdu;
    gosc_oscore_option option;
    scene_need(gosc_coap_pdu_parse(scene_sent(&s), &pdu), "parse");
    gosc_span value = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
    scene_need(gosc_oscore_option_parse(value, 0x3f, 0, &option), "option");
    return gosc_span_equal(option.kid_context, gid);
}

static void rekey_28(bool asked_in_group, bool group_mode, const char *name)
{
    char text[160];
    gosc_security_context *old = &s.members[ALICE].context;
    scene_init(&s, &scene_28);
    gosc_protect_params how = {.group_mode = asked_in_group, .target = s.people[BOB].id};
    ask(&how, SPAN(scene_post));
    if (asked_in_group) {
        bytes_free(answer(BOB, group_mode, 10, SPAN(scene_content)));
        scene_need(get_with(old, NULL), "before the rekey");
    }
    rekey();
    how = (gosc_protect_params){.group_mode = group_mode};
    gosc_recipient_context *alice = NULL;
    if (!group_mode) {
        scene_need(gosc_recipient_context_add(&next[BOB].context, s.people[ALICE].id,
                                              scene_credential_of(&s, ALICE)),
                   "alice");
        alice = &next[BOB].table[0];
    }
    memcpy(&before, &s.members[BOB], sizeof before);
    (void)snprintf(text, sizeof text, "GO-7.3-04 %s: without own Partial IV it is refused", name);
    tap_ok(answer_newest(BOB, &how) == GOSC_ERR_NONCE_REUSE && next[BOB].context.sender.ssn == 0 &&
               scene_same(&before, &s.members[BOB]),
           text);
    how.own_partial_iv = true;
    (void)snprintf(text, sizeof text, "GO-7.3-06 %s: the response names the new Gid, its number starts at 0",
                   name);
    tap_ok(answer_newest(BOB, &how) == GOSC_OK && names_gid(SPAN(next_gid)) &&
               next[BOB].context.sender.ssn == 1 && (alice == NULL || alice->has_pairwise_keys),
           text);
    memcpy(&before, &s.members[ALICE], sizeof before);
    (void)snprintf(text, sizeof text, "GO-7.4-20 %s: a client without the new context drops it", name);
    tap_ok(get_with(old, NULL) == GOSC_ERR_CONTEXT_NOT_FOUND && scene_same(&before, &s.members[ALICE]), text);
    (void)snprintf(text, sizeof text, "GO-7.4-18 %s: with it, the number 0 is new again", name);
    tap_ok(get_with(&next[ALICE].context, old) == GOSC_OK && s.received.context == &next[ALICE].context &&
               s.received.has_partial_iv && s.received.partial_iv.number == 0,
           text);
    (void)snprintf(text, sizeof text, "GO-5.3.1-10 %s: and seen from then on", name);
    tap_ok(get_with(&next[ALICE].context, old) == GOSC_ERR_RESPONSE_REPLAY, text);
    (void)snprintf(text, sizeof text,
                   "GO-3.4-10 %s: bound to the old Gid: with another request_kid_context it fails", name);
    how = (gosc_protect_params){.group_mode = group_mode, .own_partial_iv = true};
    scene_need(answer_newest(BOB, &how), "again");
    s.members[ALICE].asked.request_kid_context = SPAN(next_gid);
    if (asked_in_group) {
        tap_ok(get_with(&next[ALICE].context, old) ==
                   (group_mode ? GOSC_ERR_SIGNATURE_INVALID : GOSC_ERR_DECRYPTION_FAILED),
               text);
    }
}

/* oscore and group-02 finish a running exchange under the context of its request. */
static void rekey_others(const scene_set *set, const char *id)
{
    char text[120];
    scene_init(&s, set);
    const gosc_protect_params ask_how = {.group_mode = set->dialect->group != NULL,
                                         .target = s.people[BOB].id};
    ask(&ask_how, SPAN(scene_post));
    rekey();
    gosc_protect_params how = {.group_mode = ask_how.group_mode};
    uint64_t ssn = s.members[BOB].context.sender.ssn;
    (void)snprintf(text, sizeof text, "%s the first response still takes the request's nonce", id);
    tap_ok(answer_newest(BOB, &how) == GOSC_OK && next[BOB].context.sender.ssn == 0 &&
               s.members[BOB].context.sender.ssn == ssn,
           text);
    (void)snprintf(text, sizeof text, "%s and verifies under the old context", id);
    tap_ok(get_with(&next[ALICE].context, &s.members[ALICE].context) == GOSC_OK &&
               s.received.context == &s.members[ALICE].context,
           text);
    (void)snprintf(text, sizeof text,
                   "%s a second one may not take it, and takes a number of the old context", id);
    gosc_err again = answer_newest(BOB, &how);
    how.own_partial_iv = true;
    tap_ok(again == GOSC_ERR_NONCE_REUSE && answer_newest(BOB, &how) == GOSC_OK &&
               next[BOB].context.sender.ssn == 0 && s.members[BOB].context.sender.ssn == ssn + 1,
           text);
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    ordered(&scene_oscore, false, false, true, "O-7.4.1-03", "oscore, Observe");
    ordered(&scene_02, true, true, true, "G02-A.2-02", "group-02, Observe");
    ordered(&scene_28, true, true, false, "GO-5.3.1-06", "group-28, group mode");
    ordered(&scene_28, true, true, true, "GO-5.3.1-06", "group-28, group mode, Observe");
    ordered(&scene_28, false, false, true, "GO-8.6-05", "group-28, pairwise mode, Observe");
    once(&scene_oscore, false, "O-7.4-07 oscore: one response");
    once(&scene_02, true, "G02-A.2-02 group-02: one response of a server");
    once(&scene_28, false, "GO-5.3.1-11 group-28, pairwise request: one response, in pairwise mode");
    once(&scene_28, true, "GO-5.3.1-11 group-28, pairwise request: one response, in group mode");
    servers(&scene_02, "G02-4.4-05");
    servers(&scene_28, "GO-A.1-01");
    new_server(&scene_02, "G02-4.4-01");
    new_server(&scene_28, "GO-7.4-17");
    swapped(&scene_oscore, false, "O-7.1-01 oscore: two requests under way");
    swapped(&scene_02, true, "G02-4.3-02 group-02: two requests under way");
    swapped(&scene_28, true, "GO-5-01 group-28 group mode: two requests under way");
    swapped(&scene_28, false, "GO-5-01 group-28 pairwise mode: two requests under way");
    not_asked();
    inner_observe(&scene_oscore, false, "O-4.1.3.5.2-06 oscore: Inner Observe not asked for");
    inner_observe(&scene_02, true, "O-4.1.3.5.2-06 group-02: Inner Observe not asked for");
    inner_observe(&scene_28, true, "O-4.1.3.5.2-06 group-28: Inner Observe not asked for");
    rekey_28(true, true, "group request, group response");
    rekey_28(true, false, "group request, pairwise response");
    rekey_28(false, false, "pairwise request, pairwise response");
    rekey_28(false, true, "pairwise request, group response");
    rekey_others(&scene_oscore, "O-8.3-03 oscore:");
    rekey_others(&scene_02, "G02-4.3-03 group-02:");
    return tap_done();
}
