/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the message of an application, protected at one end and verified at the other: what comes out
 * is what the option classes say, and what cannot be protected is refused for its reason without taking a
 * number.
 */
#include <string.h>

#include "common.h"
#include "lanes.h"
#include "model.h"

typedef struct trip {
    fuzz_lane *lane;
    gosc_protect_params params;
    bool response, asked_observe;
    gosc_exchange client, server;
    gosc_response_number numbers[2];
    gosc_span protected_message;
    gosc_received received;
} trip;

static gosc_err protect(trip *t, bool response, gosc_span plain, gosc_span *protected_message)
{
    gosc_security_context *context = &t->lane->ends->end[response ? FUZZ_SERVER : FUZZ_CLIENT].context;
    gosc_buf out = fuzz_room(2 * plain.len + 600);
    gosc_buf scratch = fuzz_room(gosc_scratch_len(plain.len, FUZZ_CREDENTIAL_MAX));
    size_t len = 0;
    gosc_err err = response
                       ? gosc_protect_response(context, &t->params, &t->server, plain, scratch, out, &len)
                       : gosc_protect_request(context, &t->params, plain, scratch, &t->client, out, &len);
    *protected_message = err == GOSC_OK ? fuzz_exact(gosc_span_of(out.ptr, len)) : GOSC_ABSENT;
    return err;
}

static gosc_err unprotect(trip *t, bool response, gosc_span datagram)
{
    gosc_security_context *contexts[] = {&t->lane->ends->end[response ? FUZZ_CLIENT : FUZZ_SERVER].context};
    const gosc_context_store store = {contexts, 1};
    gosc_buf out = fuzz_room(datagram.len + 16);
    gosc_buf scratch = fuzz_room(gosc_scratch_len(datagram.len, FUZZ_CREDENTIAL_MAX));
    return response ? gosc_unprotect_response(&store, &t->client, datagram, scratch, &t->received, out)
                    : gosc_unprotect_request(&store, datagram, 0, scratch, &t->server, &t->received, out);
}

/* A small request there, so that a response can come back. */
static void go_there(trip *t)
{
    static const uint8_t plain[] = {0x42, 0x01, 0x00, 0x01, 0xca, 0xfe, 0x60};
    gosc_span request;
    FUZZ_CHECK(protect(t, false, fuzz_exact(gosc_span_of(plain, t->asked_observe ? 7 : 6)), &request) ==
                   GOSC_OK,
               "a plain request is protected");
    FUZZ_CHECK(unprotect(t, false, request) == GOSC_OK, "and verified");
}

static gosc_err expect(const trip *t, bool parsed, bool cuts, const model_message *plain, uint64_t ssn)
{
    uint8_t code_class = plain->code >> 5;
    bool fits = t->response ? code_class == 2 || code_class == 4 || code_class == 5
                            : code_class == 0 && plain->code != 0;
    if (!parsed || !fits) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    if (model_count(plain, GOSC_OPTION_OSCORE) > 0) {
        return GOSC_ERR_ALREADY_PROTECTED;
    }
    if ((!t->response || t->params.own_partial_iv) && ssn > GOSC_PARTIAL_IV_LIMIT) {
        return GOSC_ERR_SSN_EXHAUSTED;
    }
    return cuts ? GOSC_OK : GOSC_ERR_COAP_MALFORMED;
}

static void check_outer(const trip *t, const model_message *plain, const model_message *opened)
{
    static model_message outer;
    FUZZ_CHECK(model_message_parse(t->protected_message, &outer), "what is protected is a CoAP message");
    bool observe = model_count(plain, GOSC_OPTION_OBSERVE) > 0;
    FUZZ_CHECK(outer.code == (t->response ? observe ? 0x45 : 0x44
                              : observe   ? 0x05
                                          : 0x02),
               "the outer code tells nothing");
    size_t n_outside = 1; /* the OSCORE option */
    for (size_t i = 0; i < opened->n_options; i++) {
        n_outside +=
            model_is_u(opened->options[i].number) || opened->options[i].number == GOSC_OPTION_OBSERVE;
    }
    FUZZ_CHECK(outer.n_options == n_outside, "all of class U are outside");
    for (size_t i = 0; i < outer.n_options; i++) {
        uint32_t number = outer.options[i].number;
        FUZZ_CHECK(model_is_u(number) || number == GOSC_OPTION_OBSERVE, "no option of class E is outside");
    }
}

static void check_arrival(trip *t, const model_message *plain, const model_message *opened)
{
    static model_message got;
    gosc_err err = unprotect(t, t->response, t->protected_message);
    bool unasked = t->response && !t->asked_observe && model_count(plain, GOSC_OPTION_OBSERVE) > 0;
    FUZZ_RESULT(err, unasked ? GOSC_ERR_INNER_OBSERVE : GOSC_OK, "what was protected verifies");
    if (err == GOSC_OK) {
        FUZZ_CHECK(model_message_parse(t->received.message, &got), "a CoAP message arrives");
        FUZZ_CHECK(model_equal(opened, &got, true), "it is the one that was sent");
        FUZZ_CHECK(t->received.group_mode == t->params.group_mode, "in the mode it was sent in");
    }
}

static void take_settings(trip *t, fuzz_input *in)
{
    fuzz_kind kind = (fuzz_kind)(fuzz_u8(in) % FUZZ_N_KINDS);
    uint8_t set = fuzz_u8(in);
    memset(t, 0, sizeof *t);
    t->lane = fuzz_lane_open(kind, fuzz_u8(in));
    t->response = (set & 1) != 0;
    t->asked_observe = (set & 2) != 0;
    t->params.group_mode = kind == FUZZ_GROUP || kind == FUZZ_GROUP_02;
    t->params.target = t->params.group_mode ? GOSC_ABSENT : fuzz_lane_id(t->lane, FUZZ_SERVER);
    t->params.own_partial_iv = (set & 4) != 0;
    t->params.kid = (set & 8) != 0;
    t->params.kid_context = (set & 16) != 0;
    gosc_exchange_init(&t->client, t->numbers, 2);
    gosc_exchange_init(&t->server, NULL, 0);
    if (t->response) {
        go_there(t);
    }
}

void fuzz_target(fuzz_input *in)
{
    static trip t;
    static model_message plain, opened;
    static fuzz_state before;
    take_settings(&t, in);
    gosc_security_context *from = &t.lane->ends->end[t.response ? FUZZ_SERVER : FUZZ_CLIENT].context;
    gosc_exchange *exchange = t.response ? &t.server : &t.client;
    uint64_t ssn = fuzz_number(in, 5) + fuzz_u8(in) % 2;
    from->sender.ssn = ssn;
    gosc_span message = fuzz_rest(in);
    bool parsed = model_message_parse(message, &plain);
    bool cuts = parsed && model_opened(&plain, !t.response, fuzz_room(message.len), &opened);
    if (parsed) {
        /* As if the request had this Token. */
        memcpy(t.client.token, plain.token.ptr, plain.token.len);
        t.client.token_len = (uint8_t)plain.token.len;
    }
    fuzz_state_save(t.lane, exchange, &before);
    gosc_err err = protect(&t, t.response, message, &t.protected_message);
    FUZZ_RESULT(err, expect(&t, parsed, cuts, &plain, ssn), "protected, or refused for the reason there is");
    fuzz_count(t.lane->name, err == GOSC_OK);
    if (err != GOSC_OK) {
        FUZZ_CHECK(fuzz_state_same(t.lane, exchange, &before), "a refusal changes nothing");
        return;
    }
    FUZZ_CHECK(from->sender.ssn == ssn + (!t.response || t.params.own_partial_iv),
               "a number is taken when one is used");
    check_outer(&t, &plain, &opened);
    check_arrival(&t, &plain, &opened);
}
