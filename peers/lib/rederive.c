/* SPDX-License-Identifier: BSD-2-Clause */
#include "rederive.h"

#include <string.h>

#include "cbor.h"

void gosc_rederive_init(gosc_rederive *state, const gosc_context_params *params, gosc_span recipient_id)
{
    *state = (gosc_rederive){.base = *params, .recipient_id = recipient_id};
}

gosc_security_context *gosc_rederive_context(gosc_rederive *state)
{
    return state->established ? &state->slots[state->in_use].context : NULL;
}

static gosc_rederive_slot *candidate(gosc_rederive *state)
{
    return &state->slots[state->established ? 1 - state->in_use : 0];
}

gosc_security_context *gosc_rederive_candidate(gosc_rederive *state)
{
    return &candidate(state)->context;
}

void gosc_rederive_establish(gosc_rederive *state)
{
    state->in_use = state->established ? (uint8_t)(1 - state->in_use) : 0;
    state->established = true;
    state->r_len = 0;
}

/* derive fills the candidate for ID Context first | second; the kid context it sends wraps the first wire_len bytes. */
static gosc_err derive(gosc_rederive *state, gosc_span first, gosc_span second, size_t wire_len)
{
    gosc_rederive_slot *slot = candidate(state);
    uint8_t id[GOSC_REDERIVE_ID_MAX]; /* the parts may lie in the slot */
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){id, sizeof id});
    gosc_write_bytes(&writer, first);
    gosc_write_bytes(&writer, second);
    if (writer.failed) {
        return GOSC_ERR_USAGE;
    }
    gosc_span id_context = gosc_writer_span(&writer);
    memcpy(slot->id, id, id_context.len);
    id_context.ptr = slot->id;
    gosc_writer_init(&writer, (gosc_buf){slot->wire, sizeof slot->wire});
    gosc_cbor_write_bstr(&writer, gosc_span_of(slot->id, wire_len));

    gosc_context_params params = state->base;
    params.id_context = id_context;
    params.wire_id_context = gosc_writer_span(&writer);
    params.recipients = &slot->recipient;
    params.n_recipients = 1;
    params.ssn = 0;
    gosc_err err = gosc_security_context_init(&params, &slot->context);
    return err == GOSC_OK ? gosc_recipient_context_add(&slot->context, state->recipient_id, GOSC_ABSENT)
                          : err;
}

/* is_random_part: long enough to be unpredictable, short enough to be kept. */
static bool is_random_part(gosc_span r)
{
    return r.len >= GOSC_REDERIVE_R_MIN && r.len <= GOSC_REDERIVE_R_MAX;
}

/* remember keeps the random part of this end for the next step. */
static void remember(gosc_rederive *state, gosc_span r)
{
    memcpy(state->r, r.ptr, r.len);
    state->r_len = (uint8_t)r.len;
}

gosc_err gosc_rederive_start(gosc_rederive *state, gosc_span r1)
{
    if (!is_random_part(r1)) {
        return GOSC_ERR_USAGE;
    }
    remember(state, r1);
    return derive(state, r1, GOSC_EMPTY, r1.len);
}

/* kid_context_unwrap gives the byte string in the kid context of a message (GOSC_ERR_CONTEXT_NOT_FOUND: there is none). */
static gosc_err kid_context_unwrap(gosc_span datagram, gosc_span *inner)
{
    gosc_coap_pdu pdu;
    gosc_oscore_option option;
    gosc_reader reader;
    gosc_err err = gosc_coap_pdu_parse(datagram, &pdu);
    if (err == GOSC_OK) {
        gosc_span value = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
        err = gosc_oscore_option_parse(value, gosc_dialect_oscore.flags_allowed, 0, &option);
    }
    if (err != GOSC_OK) {
        return err;
    }
    gosc_reader_init(&reader, option.kid_context);
    *inner = gosc_cbor_read_bstr(&reader);
    bool whole = !reader.failed && gosc_reader_left(&reader) == 0 && inner->len > 0;
    return whole ? GOSC_OK : GOSC_ERR_CONTEXT_NOT_FOUND;
}

gosc_err gosc_rederive_continue(gosc_rederive *state, gosc_exchange *exchange, gosc_span datagram,
                                gosc_span r3, gosc_buf scratch, gosc_received *received, gosc_buf out)
{
    gosc_span r2;
    gosc_err err = kid_context_unwrap(datagram, &r2);
    if (err != GOSC_OK) {
        return err;
    }
    if (r2.len > GOSC_REDERIVE_R_MAX || !is_random_part(r3)) {
        return GOSC_ERR_USAGE;
    }
    err = derive(state, r2, gosc_span_of(state->r, state->r_len), r2.len);
    if (err == GOSC_OK) {
        gosc_security_context *context = gosc_rederive_candidate(state);
        const gosc_context_store store = {&context, 1};
        err = gosc_unprotect_response(&store, exchange, datagram, scratch, received, out);
    }
    return err == GOSC_OK ? derive(state, r2, r3, r2.len + r3.len) : err;
}

/* is_second: the ID Context begins with the outstanding R2, so this answers the challenge. */
static bool is_second(const gosc_rederive *state, gosc_span id)
{
    return state->r_len > 0 && id.len > state->r_len && gosc_secret_equal(id.ptr, state->r, state->r_len);
}

bool gosc_rederive_is_second(const gosc_rederive *state, gosc_span datagram)
{
    gosc_span id;
    return kid_context_unwrap(datagram, &id) == GOSC_OK && is_second(state, id);
}

gosc_err gosc_rederive_receive(gosc_rederive *state, gosc_span datagram, gosc_span r2, gosc_buf scratch,
                               gosc_exchange *exchange, gosc_received *received, gosc_buf out, bool *is_final)
{
    gosc_span id;
    gosc_err err = kid_context_unwrap(datagram, &id);
    if (err != GOSC_OK) {
        return err;
    }
    if (!is_random_part(r2) || id.len + r2.len > GOSC_REDERIVE_ID_MAX) {
        return GOSC_ERR_USAGE;
    }
    bool second = is_second(state, id);
    err = derive(state, id, GOSC_EMPTY, id.len);
    if (err == GOSC_OK) {
        gosc_security_context *context = gosc_rederive_candidate(state);
        gosc_context_store store = {&context, 1};
        err = gosc_unprotect_request(&store, datagram, 0, scratch, exchange, received, out);
    }
    if (err != GOSC_OK) {
        return err;
    }
    *is_final = second;
    if (second) {
        gosc_rederive_establish(state);
        return GOSC_OK;
    }
    gosc_crypto_wipe(out.ptr, out.len);
    received->message = GOSC_ABSENT;
    remember(state, r2);
    return derive(state, r2, id, r2.len);
}
