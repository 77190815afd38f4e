/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any datagram into the verification of requests and responses, in each dialect: a refusal changes nothing,
 * what is accepted is a message, and is accepted once.
 */
#include "common.h"
#include "lanes.h"
#include "model.h"

enum {
    NOW_MS = 1000,
};

static fuzz_state before;
static gosc_response_number numbers[2];

/* A request the client has sent: Token, Partial IV and Observe from the settings. */
static void open_exchange(fuzz_input *in, fuzz_kind kind, fuzz_lane *lane, gosc_exchange *exchange)
{
    const uint8_t piv[] = {fuzz_u8(in)};
    gosc_span token = fuzz_bytes(in, fuzz_u8(in) % (GOSC_COAP_TOKEN_MAX + 1));
    bool group_mode = kind == FUZZ_GROUP || kind == FUZZ_GROUP_02;
    fuzz_exchange_open(lane, group_mode, fuzz_bool(in), token, gosc_span_of(piv, 1), numbers, exchange);
}

/* The endpoint is a member of two groups, whose managers have given out one Gid. */
static gosc_err open_datagram(fuzz_lane *const lanes[2], bool response, gosc_span datagram,
                              gosc_exchange *exchange, gosc_received *received)
{
    size_t end = response ? FUZZ_CLIENT : FUZZ_SERVER;
    gosc_security_context *contexts[] = {&lanes[0]->ends->end[end].context,
                                         &lanes[1]->ends->end[end].context};
    const gosc_context_store store = {contexts, 2};
    gosc_buf out = fuzz_room(datagram.len + 16);
    gosc_buf scratch = fuzz_room(gosc_scratch_len(datagram.len, FUZZ_CREDENTIAL_MAX));
    *received = (gosc_received){.message = GOSC_ABSENT};
    return response ? gosc_unprotect_response(&store, exchange, datagram, scratch, received, out)
                    : gosc_unprotect_request(&store, datagram, NOW_MS, scratch, exchange, received, out);
}

void fuzz_target(fuzz_input *in)
{
    static model_message model;
    fuzz_kind kind = (fuzz_kind)(fuzz_u8(in) % FUZZ_N_KINDS);
    size_t pick = fuzz_u8(in);
    fuzz_lane *const lanes[] = {fuzz_lane_open(kind, pick), fuzz_lane_open(kind, pick + 1)};
    fuzz_lane *lane = lanes[0];
    bool response = fuzz_bool(in);
    gosc_exchange exchange;
    gosc_received received;
    gosc_exchange_init(&exchange, NULL, 0);
    if (response) {
        open_exchange(in, kind, lane, &exchange);
    }
    lane->ends->end[FUZZ_SERVER].recipients[0].window.valid = !fuzz_bool(in);
    gosc_span datagram = fuzz_rest(in);
    fuzz_state_save(lane, &exchange, &before);
    gosc_err err = open_datagram(lanes, response, datagram, &exchange, &received);
    bool echo = err == GOSC_ERR_ECHO_REQUIRED;
    fuzz_count(lane->name,
               err == GOSC_OK || echo || err == GOSC_ERR_INNER_MALFORMED || err == GOSC_ERR_INNER_OBSERVE);
    FUZZ_CHECK(err != GOSC_ERR_ROOM && err != GOSC_ERR_USAGE && err != GOSC_ERR_CRYPTO,
               "the promised room is enough");
    FUZZ_CHECK((err == GOSC_OK) == (received.message.ptr != NULL),
               "a message is handed over exactly when all is well");
    if (err != GOSC_OK) {
        FUZZ_CHECK(echo || fuzz_state_same(lane, &exchange, &before), "a refusal changes nothing");
        return;
    }
    FUZZ_CHECK(model_message_parse(received.message, &model), "what is handed over is a CoAP message");
    FUZZ_CHECK(model_count(&model, GOSC_OPTION_OSCORE) == 0, "without OSCORE option");
    /* Of several contexts the refusal that came furthest is told: the replay, or that of the other group. */
    err = open_datagram(lanes, response, datagram, &exchange, &received);
    bool refused = err == GOSC_ERR_REPLAY || err == GOSC_ERR_RESPONSE_REPLAY ||
                   err == GOSC_ERR_DECRYPTION_FAILED || err == GOSC_ERR_SIGNATURE_INVALID;
    FUZZ_CHECK(refused && received.message.ptr == NULL, "it is accepted once");
}
