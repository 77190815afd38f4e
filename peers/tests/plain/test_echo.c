/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echo: when a client must show freshness, how a value is judged and used up, and what a challenge says.
 * Whole rounds run in all dialects and both modes.
 */
#include "echo.h"

#include "scene.h"

static scene s;

static const uint8_t value[] = {0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7};
/* What the answer to a challenge is made with. */
static const gosc_coap_pdu header = {
    .type = GOSC_COAP_NON, .message_id = 0x60b1, .token = {scene_post + 4, 2}};

/* ---- judging ---- */

static void due(void)
{
    for (unsigned i = 0; i < 8; i++) {
        bool valid = (i & 1) != 0, policy = (i & 2) != 0, fresh = (i & 4) != 0;
        const gosc_security_context context = {.freshness_ms = policy ? 1000 : 0};
        const gosc_recipient_context client = {.window = {.valid = valid}, .echo = {.fresh = fresh}};
        char text[100];
        (void)snprintf(text, sizeof text, "GO-9-20 window %s, %s policy, freshness %s",
                       valid ? "valid" : "invalid", policy ? "with" : "no", fresh ? "shown" : "not shown");
        tap_ok(gosc_echo_is_due(&context, &client) == (!valid || (policy && !fresh)), text);
    }
}

/* The value stored, with lengths and bytes around it; each check leaves the client as it was. */
static void judged(void)
{
    const gosc_security_context context = {.freshness_ms = 1000};
    gosc_recipient_context client = {.echo = {.len = sizeof value, .sent_ms = 5000}};
    memcpy(client.echo.value, value, sizeof value);
    gosc_recipient_context before;
    memcpy(&before, &client, sizeof before);
    uint8_t longer[GOSC_ECHO_MAX + 1] = {0};
    memcpy(longer, value, sizeof value);
    tap_ok(gosc_echo_check(&context, &client, SPAN(value), 5000) == GOSC_OK, "GO-9-15 the value, at once");
    tap_ok(gosc_echo_check(&context, &client, SPAN(value), 5999) == GOSC_OK,
           "E-2.3-14 a millisecond before the limit");
    scene_says(gosc_echo_check(&context, &client, SPAN(value), 6000), GOSC_ERR_ECHO_EXPIRED,
               "E-2.3-14 at the limit");
    scene_says(gosc_echo_check(&context, &client, SPAN(value), UINT64_MAX), GOSC_ERR_ECHO_EXPIRED,
               "E-2.3-14 much later");
    scene_says(gosc_echo_check(&context, &client, GOSC_ABSENT, 5000), GOSC_ERR_ECHO_REQUIRED,
               "GO-9-16 no Echo at all");
    scene_says(gosc_echo_check(&context, &client, GOSC_EMPTY, 5000), GOSC_ERR_ECHO_MISMATCH,
               "GO-9-16 an empty one");
    bool apart = true;
    for (size_t len = 0; len <= sizeof longer; len++) {
        gosc_span exact = bytes_copy(gosc_span_of(longer, len));
        gosc_err err = gosc_echo_check(&context, &client, exact, 5000);
        apart = apart && err == (len == sizeof value ? GOSC_OK : GOSC_ERR_ECHO_MISMATCH);
        bytes_free(exact);
    }
    tap_ok(apart, "GO-9-15 every prefix of the value, and the value with zeros behind it");
    apart = true;
    for (size_t bit = 0; bit < 8 * sizeof value; bit++) {
        gosc_span other = bytes_flip(SPAN(value), bit);
        apart = apart && gosc_echo_check(&context, &client, other, 5000) == GOSC_ERR_ECHO_MISMATCH;
        bytes_free(other);
    }
    tap_ok(apart, "GO-9-15 every bit of the value");
    gosc_span wrong = bytes_flip(SPAN(value), 3);
    scene_says(gosc_echo_check(&context, &client, wrong, 9999), GOSC_ERR_ECHO_MISMATCH,
               "GO-9-16 wrong and late: wrong");
    bytes_free(wrong);
    tap_ok(memcmp(&before, &client, sizeof before) == 0,
           "GO-9-16 judging moves nothing, so the right value still counts");
    const gosc_security_context no_policy = {.freshness_ms = 0};
    tap_ok(gosc_echo_check(&no_policy, &client, SPAN(value), UINT64_MAX) == GOSC_OK,
           "E-2.3-11 without policy never late");
    client.echo.len = 0;
    scene_says(gosc_echo_check(&context, &client, SPAN(value), 5000), GOSC_ERR_ECHO_REQUIRED,
               "GO-9-14 nothing is outstanding: asked for, whatever Echo says");
}

static void commits(void)
{
    static const struct {
        const char *text;
        const gosc_dialect *dialect;
        bool valid, restarts;
    } rows[] = {
        {"GO-9-18 group-28, invalid window: the number is the lower limit", &gosc_dialect_group_28, false,
         true},
        {"GO-9-19 group-28, valid window: it stays", &gosc_dialect_group_28, true, false},
        {"O-B.1.2-03 oscore, invalid window", &gosc_dialect_oscore, false, true},
        {"O-B.1.2-03 oscore, valid window: it stays", &gosc_dialect_oscore, true, false},
        {"G02-E.3-10 group-02, invalid window", &gosc_dialect_group_02, false, true},
        {"G02-E.3-10 group-02, valid window: set too", &gosc_dialect_group_02, true, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const gosc_security_context context = {.common = {.dialect = rows[i].dialect}};
        gosc_recipient_context client = {.echo = {.len = 8}};
        gosc_replay_window_init(&client.window, 32, rows[i].valid);
        gosc_echo_commit(&context, &client, (gosc_partial_iv){100});
        bool below = gosc_replay_window_check(&client.window, (gosc_partial_iv){99}) == GOSC_OK;
        bool above = gosc_replay_window_check(&client.window, (gosc_partial_iv){101}) == GOSC_OK;
        tap_ok(client.window.valid && above && below == !rows[i].restarts && client.echo.len == 0 &&
                   client.echo.fresh,
               rows[i].text);
    }
}

/* ---- challenges ---- */

/* The set-up of a round: Bob lost his state, or wants freshness. */
static void begin(const scene_set *set, bool lost, uint32_t freshness_ms)
{
    scene_init(&s, set);
    gosc_context_params params = scene_params(&s, BOB);
    params.windows_invalid = lost;
    params.freshness_ms = freshness_ms;
    scene_enter(&s, BOB, &params);
    scene_know(&s, BOB);
}

static gosc_err challenge(gosc_span echo, bool group_mode, uint64_t now_ms)
{
    scene_member *bob = &s.members[BOB];
    return gosc_echo_challenge(&bob->context, &bob->answered, echo, now_ms, &header, group_mode,
                               scene_scratch(&s), (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len);
}

/* A request of Alice's with an Inner Echo, NULL for none; gives what Bob makes of it. */
static gosc_err ask(const gosc_protect_params *how, const uint8_t *echo, size_t echo_len, uint64_t now_ms)
{
    uint8_t plain[100];
    uint16_t previous = 0;
    gosc_writer w;
    gosc_writer_init(&w, (gosc_buf){plain, sizeof plain});
    gosc_write_bytes(&w, gosc_span_of(scene_post, 6));
    gosc_option_write(&w, &previous, GOSC_OPTION_URI_PATH, gosc_span_of("lamp", 4));
    if (echo != NULL) {
        gosc_option_write(&w, &previous, GOSC_OPTION_ECHO, gosc_span_of(echo, echo_len));
    }
    scene_member *alice = &s.members[ALICE];
    gosc_exchange_init(&alice->asked, alice->numbers, SCENE_NUMBERS);
    scene_need(scene_ask(&s, ALICE, how, gosc_writer_span(&w)), "protect");
    return scene_hear(&s, BOB, scene_sent(&s), now_ms);
}

/* The recipient's state of Alice at Bob. */
static gosc_recipient_context *alice_at_bob(void)
{
    return gosc_recipient_context_find(&s.members[BOB].context, s.people[ALICE].id);
}

/* Whether the message opened by Alice is the challenge: its code, and Echo alone. */
static bool is_challenge(uint8_t code)
{
    gosc_coap_pdu pdu;
    if (gosc_coap_pdu_parse(s.received.message, &pdu) != GOSC_OK) {
        return false;
    }
    gosc_span echo = gosc_option_find(pdu.options, GOSC_OPTION_ECHO);
    return pdu.code == code && gosc_span_equal(echo, SPAN(value)) && pdu.options.len == 2 + sizeof value &&
           !gosc_span_present(pdu.payload) && pdu.message_id == 0x60b1;
}

/* Request, challenge, request with Echo: delivered once. */
static void round_of(const scene_set *set, const gosc_protect_params *how, bool lost, const char *id,
                     const char *name)
{
    char text[160];
    begin(set, lost, lost ? 0 : 1000);
    uint64_t ssn = s.members[BOB].context.sender.ssn;
    (void)snprintf(text, sizeof text, "%s %s: the first request is asked for Echo, not delivered", id, name);
    tap_ok(scene_is(ask(how, NULL, 0, 4000), GOSC_ERR_ECHO_REQUIRED) &&
               !gosc_span_present(s.received.message) && scene_all(s.opened, 0, sizeof s.opened),
           text);
    (void)snprintf(text, sizeof text,
                   "%s %s: the challenge verifies, holds Echo alone, under an own Partial IV", id, name);
    tap_ok(challenge(SPAN(value), how->group_mode, 5000) == GOSC_OK &&
               s.members[BOB].context.sender.ssn == ssn + 1 &&
               scene_get(&s, ALICE, scene_sent(&s)) == GOSC_OK && is_challenge(set->dialect->echo_code) &&
               s.received.has_partial_iv,
           text);
    uint8_t wrong[8] = {0};
    (void)snprintf(text, sizeof text, "%s %s: a wrong value is told so, and the right one still counts", id,
                   name);
    gosc_replay_window window;
    memcpy(&window, &alice_at_bob()->window, sizeof window);
    s.received.sender = NULL;
    gosc_err err = ask(how, wrong, 8, 5100);
    tap_ok(err == GOSC_ERR_ECHO_MISMATCH && memcmp(&window, &alice_at_bob()->window, sizeof window) == 0 &&
               s.received.sender == alice_at_bob() && !gosc_span_present(s.received.message),
           text);
    if (!lost) {
        (void)snprintf(text, sizeof text, "%s %s: a late value is told so", id, name);
        scene_says(ask(how, value, sizeof value, 6000), GOSC_ERR_ECHO_EXPIRED, text);
        scene_need(challenge(SPAN(value), how->group_mode, 6500), "another challenge");
    }
    (void)snprintf(text, sizeof text, "%s %s: the right value is delivered", id, name);
    scene_says(ask(how, value, sizeof value, lost ? 5200 : 7499), GOSC_OK, text);
    (void)snprintf(text, sizeof text, "%s %s: the same bytes again are a replay, the value is used up", id,
                   name);
    tap_ok(scene_hear(&s, BOB, scene_sent(&s), 7500) == GOSC_ERR_REPLAY && alice_at_bob()->echo.len == 0 &&
               alice_at_bob()->window.valid,
           text);
    (void)snprintf(text, sizeof text, "%s %s: from then on requests are delivered, with any Echo or none", id,
                   name);
    tap_ok(ask(how, NULL, 0, 9000) == GOSC_OK && ask(how, wrong, 8, 9100) == GOSC_OK, text);
}

/* The kid rule of section 3.2, and that a value lost on its way costs nothing. */
static void challenge_details(void)
{
    begin(&scene_28, true, 0);
    const gosc_protect_params to_bob = scene_to(&s, BOB);
    (void)ask(&to_bob, NULL, 0, 0);
    scene_member before;
    memcpy(&before, &s.members[BOB], sizeof before);
    tap_ok(challenge(GOSC_EMPTY, false, 0) == GOSC_ERR_USAGE && scene_same(&before, &s.members[BOB]),
           "E-2.2.1-01 an empty Echo is none");
    uint8_t longest[GOSC_ECHO_MAX + 1] = {7};
    tap_ok(challenge(SPAN(longest), false, 0) == GOSC_ERR_USAGE && scene_same(&before, &s.members[BOB]),
           "E-2.2.1-01 nor is one of 41 bytes");
    scene_member *bob = &s.members[BOB];
    size_t n = 0;
    tap_ok(gosc_echo_challenge(&bob->context, &bob->answered, SPAN(value), 0, &header, false,
                               scene_scratch(&s), (gosc_buf){s.wire, 20}, &n) == GOSC_ERR_ROOM &&
               scene_same(&before, &s.members[BOB]),
           "GO-9-06 a challenge that has no room is not remembered");
    tap_ok(challenge(gosc_span_of(longest, GOSC_ECHO_MAX), false, 0) == GOSC_OK &&
               scene_get(&s, ALICE, scene_sent(&s)) == GOSC_OK,
           "E-2.2.1-01 forty bytes are the most");
    scene_need(challenge(SPAN(value), false, 10), "second challenge");
    tap_ok(ask(&to_bob, longest, GOSC_ECHO_MAX, 20) == GOSC_ERR_ECHO_MISMATCH &&
               ask(&to_bob, value, sizeof value, 30) == GOSC_OK,
           "GO-9-17 a newer value takes the place of the older");
    (void)gosc_recipient_context_delete(&bob->context, s.people[ALICE].id);
    scene_says(challenge(SPAN(value), false, 40), GOSC_ERR_USAGE,
               "GO-9-06 a client that is not known any more");
}

/* Values are kept for each client, and modes may be mixed. */
static void bound_to_client(void)
{
    begin(&scene_28, true, 0);
    gosc_protect_params in_group = scene_group_mode(&s);
    gosc_protect_params to_bob = scene_to(&s, BOB);
    (void)ask(&in_group, NULL, 0, 0);
    scene_need(challenge(SPAN(value), true, 0), "challenge");
    scene_need(scene_get(&s, ALICE, scene_sent(&s)), "challenge verifies");
    scene_member *carol = &s.members[CAROL];
    uint8_t plain[] = {0x52, 0x02, 0x7d, 0x41, 0x86, 0x31, 0xd8, 0xef, 0, 0, 0, 0, 0, 0, 0, 0};
    memcpy(plain + 8, value, sizeof value);
    scene_need(gosc_protect_request(&carol->context, &in_group, SPAN(plain), scene_scratch(&s), &carol->asked,
                                    (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len),
               "carol");
    scene_says(scene_hear(&s, BOB, scene_sent(&s), 0), GOSC_ERR_ECHO_REQUIRED,
               "E-2.3-09 Alice's value says nothing about Carol");
    scene_says(ask(&to_bob, value, sizeof value, 0), GOSC_OK,
               "GO-9-09 challenged in group mode, repeated in pairwise mode");
    scene_says(ask(&in_group, NULL, 0, 0), GOSC_OK, "GO-5.3-04 which counts for both modes");
}

/* An Echo outside, where everybody can put it, shows nothing. */
static void outer(void)
{
    begin(&scene_oscore, true, 0);
    const gosc_protect_params how = {.kid_context = true};
    (void)ask(&how, NULL, 0, 0);
    scene_need(challenge(SPAN(value), false, 0), "challenge");
    scene_need(scene_ask(&s, ALICE, &how, SPAN(scene_post)), "protect");
    gosc_coap_pdu pdu;
    scene_need(gosc_coap_pdu_parse(scene_sent(&s), &pdu), "parse");
    uint8_t options[100], edited[200];
    uint16_t previous = GOSC_OPTION_OSCORE;
    gosc_writer w;
    gosc_writer_init(&w, (gosc_buf){options, sizeof options});
    gosc_write_bytes(&w, pdu.options);
    gosc_option_write(&w, &previous, GOSC_OPTION_ECHO, SPAN(value));
    pdu.options = gosc_writer_span(&w);
    gosc_writer_init(&w, (gosc_buf){edited, sizeof edited});
    gosc_coap_pdu_write(&w, &pdu);
    scene_says(scene_hear(&s, BOB, gosc_writer_span(&w), 0), GOSC_ERR_ECHO_REQUIRED,
               "GO-9-23 an Outer Echo is not looked at");
    tap_ok(!alice_at_bob()->window.valid && alice_at_bob()->echo.len == sizeof value,
           "O-B.1.2-04 and initialises no window");
}

/* Whose number a challenge takes when another context than that of the exchange is given, as after a rekey. */
static void after_rekey(const scene_set *set, const gosc_protect_params *how, bool takes_given,
                        const char *text)
{
    begin(set, true, 0);
    (void)ask(how, NULL, 0, 0);
    scene_member *bob = &s.members[BOB];
    static gosc_security_context newer;
    memcpy(&newer, &bob->context, sizeof newer);
    newer.sender.ssn += 100;
    if (!takes_given) {
        newer.n_recipients = 0; /* nor is the client looked for there */
    }
    uint64_t given = newer.sender.ssn, old = bob->context.sender.ssn;
    gosc_err err = gosc_echo_challenge(&newer, &bob->answered, SPAN(value), 0, &header, how->group_mode,
                                       scene_scratch(&s), (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len);
    tap_ok(scene_is(err, GOSC_OK) && newer.sender.ssn == given + takes_given &&
               bob->context.sender.ssn == old + !takes_given,
           text);
}

int main(void)
{
    due();
    judged();
    commits();
    const gosc_protect_params oscore = {.kid_context = true}, group = {.group_mode = true};
    round_of(&scene_oscore, &oscore, true, "O-B.1.2-01", "oscore, lost window");
    round_of(&scene_oscore, &oscore, false, "E-2.3-02", "oscore, freshness policy");
    round_of(&scene_02, &group, true, "G02-E.3-01", "group-02, lost window");
    round_of(&scene_02, &group, false, "G02-E.3-09", "group-02, freshness policy");
    round_of(&scene_28, &group, true, "GO-9-01", "group-28 group mode, lost window");
    round_of(&scene_28, &group, false, "GO-9-16", "group-28 group mode, freshness policy");
    const gosc_protect_params to_bob = {.target = GOSC_EMPTY};
    round_of(&scene_28, &to_bob, true, "GO-9-02", "group-28 pairwise mode, lost window");
    round_of(&scene_28, &to_bob, false, "GO-9-16", "group-28 pairwise mode, freshness policy");
    after_rekey(&scene_28, &group, true,
                "GO-9-06 group-28: the challenge is protected with the newer context");
    after_rekey(&scene_02, &group, false, "G02-E.3-01 group-02: with that of the request");
    after_rekey(&scene_oscore, &oscore, false, "O-8.3-03 oscore: with that of the request");
    challenge_details();
    bound_to_client();
    outer();
    return tap_done();
}
