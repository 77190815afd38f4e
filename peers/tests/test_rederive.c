/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 8613 Appendix B.2: both ends through the four messages, and what must not work. */
#include "rederive.h"

#include "pair.h"

typedef struct run {
    gosc_rederive client;
    gosc_rederive server;
    pair p; /* buffers and exchanges; its contexts are not used */
} run;

static const uint8_t r1[] = {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11};
static const uint8_t r2[] = {0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22};
static const uint8_t other_r2[] = {0x2f, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22};
static const uint8_t r3[] = {0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33};
static const uint8_t unauthorized[] = {0x64, 0x81, 0x5d, 0x1f, 0x00, 0x00, 0x39, 0x74};

#define SPAN(array) gosc_span_of(array, sizeof(array))

static void start(run *r)
{
    gosc_context_params params = pair_params();
    pair_need(gosc_crypto_init(), "crypto");
    params.sender_id = GOSC_EMPTY;
    gosc_rederive_init(&r->client, &params, SPAN(pair_server_id));
    params.sender_id = SPAN(pair_server_id);
    gosc_rederive_init(&r->server, &params, GOSC_EMPTY);
    gosc_exchange_init(&r->p.asked, r->p.numbers, 2);
    gosc_exchange_init(&r->p.answered, NULL, 0);
}

/* ask protects a GET with the client's candidate. */
static gosc_err ask(run *r)
{
    const gosc_protect_params params = {.kid_context = true};
    gosc_exchange_init(&r->p.asked, r->p.numbers, 2);
    return gosc_protect_request(gosc_rederive_candidate(&r->client), &params, SPAN(pair_get),
                                pair_scratch(&r->p), &r->p.asked, pair_wire(&r->p), &r->p.wire_len);
}

static gosc_err hear(run *r, gosc_span fresh, bool *is_final)
{
    return gosc_rederive_receive(&r->server, pair_sent(&r->p), fresh, pair_scratch(&r->p), &r->p.answered,
                                 &r->p.received, pair_opened(&r->p), is_final);
}

/* answer protects plain with a context of the server. */
static gosc_err answer(run *r, gosc_security_context *context, gosc_span plain, bool first)
{
    const gosc_protect_params params = {.kid_context = first, .own_partial_iv = first};
    return gosc_protect_response(context, &params, &r->p.answered, plain, pair_scratch(&r->p),
                                 pair_wire(&r->p), &r->p.wire_len);
}

static gosc_err continue_run(run *r)
{
    return gosc_rederive_continue(&r->client, &r->p.asked, pair_sent(&r->p), SPAN(r3), pair_scratch(&r->p),
                                  &r->p.received, pair_opened(&r->p));
}

static bool sends_kid_context(const run *r, const char *hex)
{
    gosc_coap_pdu pdu;
    gosc_oscore_option option;
    gosc_span want = bytes_hex(hex);
    pair_need(gosc_coap_pdu_parse(pair_sent(&r->p), &pdu), "parse");
    pair_need(gosc_oscore_option_parse(gosc_option_find(pdu.options, GOSC_OPTION_OSCORE), 0x1f, 0, &option),
              "option");
    bool same = gosc_span_equal(option.kid_context, want);
    bytes_free(want);
    return same;
}

/* first_half: request 1 and response 1; the wire holds response 1. */
static void first_half(run *r)
{
    bool is_final = true;
    pair_need(gosc_rederive_start(&r->client, SPAN(r1)), "start");
    pair_need(ask(r), "request 1");
    pair_need(hear(r, SPAN(r2), &is_final), "receive request 1");
    pair_need(answer(r, gosc_rederive_candidate(&r->server), SPAN(unauthorized), true), "response 1");
}

static void good_run(run *r)
{
    bool is_final = true;
    start(r);
    tap_ok(gosc_rederive_start(&r->client, SPAN(r1)) == GOSC_OK && ask(r) == GOSC_OK &&
               sends_kid_context(r, "481111111111111111"),
           "O-B.2-03 request 1 wraps R1 in a byte string");
    bool is_second = gosc_rederive_is_second(&r->server, pair_sent(&r->p));
    tap_ok(hear(r, SPAN(r2), &is_final) == GOSC_OK && !is_final && !is_second &&
               !gosc_span_present(r->p.received.message) && gosc_rederive_context(&r->server) == NULL,
           "O-B.2-03 request 1 verifies and is not executed");
    tap_ok(answer(r, gosc_rederive_candidate(&r->server), SPAN(unauthorized), true) == GOSC_OK &&
               sends_kid_context(r, "49222222222222222222"),
           "O-B.2-04 response 1 names R2 alone");
    tap_ok(continue_run(r) == GOSC_OK && r->p.received.message.len == 8 &&
               r->p.received.message.ptr[1] == 0x81,
           "O-B.2-04 response 1 verifies under R2 | R1");
    tap_ok(ask(r) == GOSC_OK && sends_kid_context(r, "53222222222222222222"
                                                     "33333333333333333333"),
           "O-B.2-06 request 2 names R2 | R3");
    tap_ok(gosc_rederive_is_second(&r->server, pair_sent(&r->p)) &&
               !gosc_rederive_is_second(&r->client, pair_sent(&r->p)) &&
               !gosc_rederive_is_second(&r->server, GOSC_EMPTY),
           "O-B.2-08 it is known as request 2 by whose R2 it carries");
    tap_ok(hear(r, SPAN(other_r2), &is_final) == GOSC_OK && is_final &&
               gosc_span_present(r->p.received.message) && gosc_rederive_context(&r->server) != NULL,
           "O-B.2-10 request 2 is executed and its context established");
    tap_ok(answer(r, gosc_rederive_context(&r->server), SPAN(pair_content), false) == GOSC_OK &&
               sends_kid_context(r, NULL),
           "O-B.2-10 response 2 has no kid context");
    gosc_security_context *context = gosc_rederive_candidate(&r->client);
    const gosc_context_store store = {&context, 1};
    tap_ok(gosc_unprotect_response(&store, &r->p.asked, pair_sent(&r->p), pair_scratch(&r->p), &r->p.received,
                                   pair_opened(&r->p)) == GOSC_OK,
           "O-B.2-11 response 2 verifies");
    gosc_rederive_establish(&r->client);
    tap_ok(gosc_rederive_context(&r->client) == context, "O-B.2-11 and the client moves over");
}

static void replayed(run *r)
{
    bool is_final = false;
    start(r);
    first_half(r);
    pair_need(continue_run(r), "continue");
    pair_need(ask(r), "request 2");
    uint8_t second[PAIR_ROOM];
    size_t second_len = r->p.wire_len;
    memcpy(second, r->p.wire, second_len);
    pair_need(hear(r, SPAN(other_r2), &is_final), "receive request 2");
    gosc_security_context *in_use = gosc_rederive_context(&r->server);
    memcpy(r->p.wire, second, second_len);
    gosc_err err = hear(r, SPAN(other_r2), &is_final);
    tap_ok(!(err == GOSC_OK && is_final) && !gosc_span_present(r->p.received.message) &&
               gosc_rederive_context(&r->server) == in_use,
           "O-B.2-08 request 2 again is never executed again");
}

static void harmless_failures(run *r)
{
    bool is_final = false;
    start(r);
    first_half(r);
    uint8_t good[PAIR_ROOM];
    size_t good_len = r->p.wire_len;
    memcpy(good, r->p.wire, good_len);
    r->p.wire[good_len - 1] ^= 1;
    tap_ok(continue_run(r) == GOSC_ERR_DECRYPTION_FAILED, "O-B.2-07 a forged response 1 is dropped");
    memcpy(r->p.wire, good, good_len);
    tap_ok(continue_run(r) == GOSC_OK, "O-B.2-07 and the genuine one still counts");
    pair_need(ask(r), "request 2");
    uint8_t last = r->p.wire[r->p.wire_len - 1];
    r->p.wire[r->p.wire_len - 1] ^= 1;
    tap_ok(hear(r, SPAN(other_r2), &is_final) == GOSC_ERR_DECRYPTION_FAILED &&
               gosc_rederive_context(&r->server) == NULL,
           "O-B.2-07 a forged request 2 establishes nothing");
    r->p.wire[r->p.wire_len - 1] = last;
    tap_ok(hear(r, SPAN(other_r2), &is_final) == GOSC_OK && is_final,
           "O-B.2-07 and the genuine one still does");
}

static void limits(run *r)
{
    bool is_final = false;
    uint8_t longest[GOSC_REDERIVE_R_MAX + 1] = {0};
    start(r);
    tap_ok(gosc_rederive_start(&r->client, gosc_span_of(r1, 7)) == GOSC_ERR_USAGE &&
               gosc_rederive_start(&r->client, SPAN(longest)) == GOSC_ERR_USAGE &&
               gosc_rederive_start(&r->client, gosc_span_of(longest, GOSC_REDERIVE_R_MAX)) == GOSC_OK,
           "O-B.2-12 R1 is of 8 to 32 bytes");
    const gosc_protect_params params = {.kid_context = false};
    pair_need(gosc_rederive_start(&r->client, SPAN(r1)), "start");
    pair_need(gosc_protect_request(gosc_rederive_candidate(&r->client), &params, SPAN(pair_get),
                                   pair_scratch(&r->p), &r->p.asked, pair_wire(&r->p), &r->p.wire_len),
              "request without kid context");
    tap_ok(hear(r, SPAN(r2), &is_final) == GOSC_ERR_CONTEXT_NOT_FOUND,
           "O-B.2-03 without kid context there is no run");
}

int main(void)
{
    static run r;
    good_run(&r);
    replayed(&r);
    harmless_failures(&r);
    limits(&r);
    return tap_done();
}
