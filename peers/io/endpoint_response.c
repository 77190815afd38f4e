/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's side of an endpoint: responses. */
#include "endpoint_state.h"

#include <string.h>

/* follow gives the leg that carries on with one server after its response: the same one, unless that goes on
 * itself. */
static io_leg *follow(io_endpoint *endpoint, io_leg *leg, const io_incoming *in,
                      const gosc_received *received)
{
    if (!leg->multicast && !leg->exchange.observe) {
        io_leg_release(endpoint, leg);
        return leg;
    }
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        io_leg *one = &endpoint->legs[i];
        if (one->used && one->ask == leg->ask && one != leg &&
            io_address_equal(&one->path.peer, &in->path.peer)) {
            return NULL; /* one conversation with a server at a time */
        }
    }
    io_leg *next = io_leg_new(endpoint, leg->ask);
    if (next != NULL) {
        next->path = in->path;
        next->group_mode = leg->group_mode;
        next->has_target = true;
        next->target = received->sender->id;
        next->confirmable = leg->confirmable;
    }
    return next;
}

void io_leg_carry_on(io_endpoint *endpoint, io_leg *leg)
{
    leg->until_ms = leg->multicast ? leg->until_ms : io_leg_until(endpoint, leg);
    const char *fault = io_leg_transmit(endpoint, leg, GOSC_ABSENT);
    if (fault != NULL) {
        io_event event = io_event_of(IO_EVENT_NOTE, leg->ask->group);
        event.exchange = leg->ask->name;
        event.text = fault;
        io_event_tell(endpoint, &event);
        io_leg_close(endpoint, leg, "failed");
    }
}

/* challenged answers a challenge: to that server alone, in pairwise mode where that is set up (Group OSCORE
 * -28 section 9, GO-9-12). */
static void challenged(io_endpoint *endpoint, io_leg *leg, const io_incoming *in,
                       const gosc_received *received, gosc_span echo)
{
    io_event event = io_event_of(IO_EVENT_CHALLENGED, leg->ask->group);
    event.exchange = leg->ask->name;
    io_event_received(&event, received, &in->path.peer);
    io_event_tell(endpoint, &event);
    const gosc_common_context *common = &received->context->common;
    bool retry = leg->ask->group->params.policy.retry_echo && leg->n_challenges < IO_CHALLENGES_MAX;
    uint32_t n = leg->multicast ? 0 : leg->n_challenges;
    io_leg *next = retry ? follow(endpoint, leg, in, received) : NULL;
    if (next == NULL) {
        if (!leg->multicast) {
            io_leg_close(endpoint, leg, "failed");
        }
        return;
    }
    next->n_challenges = n + 1;
    next->echo_len = echo.len;
    memcpy(next->echo, echo.ptr, echo.len);
    next->block1 = (io_block){.present = false};
    if (common->dialect->has_modes && common->pairwise_mode &&
        gosc_span_present(received->sender->credential)) {
        next->group_mode = false;
        next->has_target = true;
        next->target = received->sender->id;
    }
    io_leg_carry_on(endpoint, next);
}

/* body_add appends a block of a response; false: it does not continue what is there. */
static bool body_add(io_leg *leg, const io_block *block, gosc_span etag, gosc_span payload)
{
    if (block->number * io_block_size(block) != leg->body_len || leg->body_len + payload.len > IO_BODY_MAX ||
        etag.len > sizeof leg->etag) {
        return false;
    }
    if (leg->body_len == 0) {
        leg->etag_len = etag.len;
        if (etag.len > 0) {
            memcpy(leg->etag, etag.ptr, etag.len);
        }
    } else if (etag.len != leg->etag_len || (etag.len > 0 && memcmp(etag.ptr, leg->etag, etag.len) != 0)) {
        return false; /* E-3.8-01: another representation */
    }
    if (leg->body == NULL) {
        leg->body = io_body_new();
    }
    if (leg->body == NULL) {
        return false;
    }
    if (payload.len > 0) {
        memcpy(leg->body + leg->body_len, payload.ptr, payload.len);
    }
    leg->body_len += payload.len;
    return true;
}

/* registrations_end ends what a cancellation cancels: the same request in the same Token. */
static void registrations_end(io_endpoint *endpoint, const io_leg *cancellation)
{
    const io_ask *ask = cancellation->ask;
    gosc_span options = gosc_span_of(ask->options, ask->options_len);
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        io_leg *one = &endpoint->legs[i];
        if (one->used && one != cancellation && one->handle == cancellation->handle &&
            gosc_span_equal(gosc_span_of(one->ask->options, one->ask->options_len), options)) {
            io_leg_close(endpoint, one, "finished");
        }
    }
}

/* echo_keep keeps the Echo of an answer for the next request to the same server: it saves that one a challenge
 * (E-2.3-07). */
static void echo_keep(io_group *group, const io_address *server, gosc_span echo)
{
    if (echo.len > 0 && echo.len <= GOSC_ECHO_MAX) {
        group->echo_of = *server;
        group->echo_len = echo.len;
        memcpy(group->echo, echo.ptr, echo.len);
    }
}

/* deliver hands a whole response to the application and ends what it answers. */
static void deliver(io_endpoint *endpoint, io_leg *leg, const io_incoming *in, const gosc_received *received,
                    const gosc_coap_pdu *pdu)
{
    io_event event = io_event_of(IO_EVENT_RESPONSE, leg->ask->group);
    event.exchange = leg->ask->name;
    io_event_received(&event, received, &in->path.peer);
    event.code = pdu->code;
    event.options = pdu->options;
    event.payload = leg->body_len > 0 ? gosc_span_of(leg->body, leg->body_len) : pdu->payload;
    io_event_tell(endpoint, &event);
    leg->ask->answered = true;
    echo_keep(leg->ask->group, &in->path.peer, gosc_option_find(pdu->options, GOSC_OPTION_ECHO));
    bool goes_on =
        leg->exchange.observe && gosc_span_present(gosc_option_find(pdu->options, GOSC_OPTION_OBSERVE));
    if (leg->multicast || goes_on) {
        return;
    }
    if (leg->ask->has_observe && leg->ask->observe != 0) {
        registrations_end(endpoint, leg);
    }
    io_leg_close(endpoint, leg, "answered");
}

/* block2_in takes a response that is a part of one; true: there is more to come. */
static bool block2_in(io_endpoint *endpoint, io_leg **leg, const io_incoming *in,
                      const gosc_received *received, const gosc_coap_pdu *pdu, const io_block *block)
{
    io_leg *of = *leg;
    if (block->more && block->number == 0) {
        of = follow(endpoint, *leg, in, received);
        if (of == NULL) {
            return true;
        }
        of->body_len = 0;
    }
    if (!body_add(of, block, gosc_option_find(pdu->options, GOSC_OPTION_ETAG), pdu->payload)) {
        io_rejected(endpoint, in, NULL, of->ask, "block-mismatch");
        io_leg_close(endpoint, of, "failed");
        return true;
    }
    *leg = of;
    if (!block->more) {
        return false;
    }
    io_leg_release(endpoint, of);
    of->block2 =
        (io_block){.present = true, .number = block->number + 1, .size_exponent = block->size_exponent};
    io_leg_carry_on(endpoint, of);
    return true;
}

/* verified_in: a response that verified. */
static void verified_in(io_endpoint *endpoint, io_leg *leg, const io_incoming *in,
                        const gosc_received *received)
{
    gosc_coap_pdu pdu;
    io_block block1;
    io_block block2;
    if (gosc_coap_pdu_parse(received->message, &pdu) != GOSC_OK) {
        return;
    }
    gosc_span echo = gosc_option_find(pdu.options, GOSC_OPTION_ECHO);
    if ((pdu.code == GOSC_CODE_UNAUTHORIZED || pdu.code == GOSC_CODE_FORBIDDEN) && echo.len > 0 &&
        echo.len <= GOSC_ECHO_MAX) {
        challenged(endpoint, leg, in, received, echo);
        return;
    }
    if (!io_block_find(pdu.options, IO_OPTION_BLOCK1, &block1) ||
        !io_block_find(pdu.options, IO_OPTION_BLOCK2, &block2)) {
        io_rejected(endpoint, in, NULL, leg->ask, "block-malformed");
        return;
    }
    if (pdu.code == IO_CODE_CONTINUE && leg->block1.present && leg->block1.more) {
        io_leg_release(endpoint, leg);
        leg->block1.number++;
        io_leg_carry_on(endpoint, leg);
        return;
    }
    /* Who asks for blocks by hand gets them by hand. */
    gosc_span asked = gosc_span_of(leg->ask->options, leg->ask->options_len);
    bool in_parts = block2.present && (block2.more || block2.number > 0) &&
                    !gosc_span_present(gosc_option_find(asked, IO_OPTION_BLOCK2));
    if (in_parts && block2_in(endpoint, &leg, in, received, &pdu, &block2)) {
        return;
    }
    leg->body_len = in_parts ? leg->body_len : 0; /* an error in the midst of a transfer stands for itself */
    deliver(endpoint, leg, in, received, &pdu);
}

static void tell_plain(io_endpoint *endpoint, const io_ask *ask, const io_incoming *in)
{
    io_event event = io_event_of(IO_EVENT_RESPONSE, ask->group);
    event.exchange = ask->name;
    event.from = in->path.peer;
    event.code = in->news.pdu.code;
    event.options = in->news.pdu.options;
    event.payload = in->news.pdu.payload;
    io_event_tell(endpoint, &event);
}

/* unprotected_in: an error without protection is a hint and changes nothing (RFC 8613 Appendix D.5.3); a
 * success is no answer at all. */
static void unprotected_in(io_endpoint *endpoint, const io_ask *ask, const io_incoming *in)
{
    if (in->news.pdu.code >> 5 == 2) {
        io_rejected(endpoint, in, NULL, ask, gosc_err_name(GOSC_ERR_NOT_OSCORE));
        return;
    }
    tell_plain(endpoint, ask, in);
}

/* answered_plain: the answer to a request that went without protection. One with OSCORE is none (O-2-08). */
static void answered_plain(io_endpoint *endpoint, io_leg *leg, const io_incoming *in, bool plain)
{
    if (!plain) {
        io_rejected(endpoint, in, NULL, leg->ask, "oscore-unasked");
        return;
    }
    tell_plain(endpoint, leg->ask, in);
    leg->ask->answered = true;
    io_leg_close(endpoint, leg, "answered");
}

/*
 * is_other_kid: in a long exchange the first kid of a server, known by its credential, stands for it until the end
 * (GO-7.4-13, GO-7.4-14). Response Numbers are kept in the order of first responses, for each kid its own; so that of
 * the first kid has not moved.
 */
static bool is_other_kid(const io_leg *leg, const gosc_received *received)
{
    const gosc_exchange *exchange = &leg->exchange;
    for (size_t i = 0; gosc_exchange_is_long(exchange) && i < exchange->n_numbers; i++) {
        const gosc_response_number *one = &exchange->numbers[i];
        const gosc_recipient_context *known =
            one->context == NULL ? NULL : gosc_recipient_context_find(one->context, gosc_id_span(&one->kid));
        if (known != NULL && gosc_span_present(known->credential) &&
            gosc_span_equal(known->credential, received->sender->credential)) {
            return !gosc_span_equal(gosc_id_span(&one->kid), gosc_id_span(&received->sender->id));
        }
    }
    return false;
}

void io_client_receive(io_endpoint *endpoint, const io_incoming *in)
{
    gosc_err furthest = GOSC_OK;
    const io_ask *ask = NULL;
    bool plain = !gosc_span_present(gosc_option_find(in->news.pdu.options, GOSC_OPTION_OSCORE));
    gosc_buf out = {endpoint->opened, sizeof endpoint->opened};
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        io_leg *leg = &endpoint->legs[i];
        if (!leg->used || leg->handle != in->news.owner) {
            continue;
        }
        ask = leg->ask;
        if (ask->plain) {
            answered_plain(endpoint, leg, in, plain);
            return;
        }
        if (plain) {
            break;
        }
        gosc_received received = {.message = GOSC_ABSENT};
        if (leg->run_step > 0) {
            bool is_final = false;
            gosc_err run_err = io_run_response(endpoint, leg, in, &received, &is_final);
            if (run_err == GOSC_OK && is_final) {
                verified_in(endpoint, leg, in, &received);
            }
            if (run_err == GOSC_OK) {
                return;
            }
            furthest = run_err > furthest ? run_err : furthest;
            continue;
        }
        const gosc_context_store store = io_store_of(endpoint, IO_ROLE_CLIENT);
        gosc_err err = gosc_unprotect_response(&store, &leg->exchange, in->datagram,
                                               io_scratch(endpoint, in->datagram.len), &received, out);
        if (err == GOSC_OK && is_other_kid(leg, &received)) {
            io_rejected(endpoint, in, NULL, ask, "kid-changed");
            return;
        }
        if (err == GOSC_OK) {
            verified_in(endpoint, leg, in, &received);
            return;
        }
        furthest = err > furthest ? err : furthest;
    }
    if (ask != NULL && plain) {
        unprotected_in(endpoint, ask, in);
    } else if (ask != NULL) {
        io_rejected(endpoint, in, NULL, ask, gosc_err_name(furthest));
    }
}

void io_client_failed(io_endpoint *endpoint, uint32_t handle, const char *why)
{
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].handle == handle) {
            io_leg_close(endpoint, &endpoint->legs[i], why);
        }
    }
}

/* renew registers an observation once more, in its Token; what comes from then on answers that request (GO-5.2-01). */
static void renew(io_endpoint *endpoint, io_leg *leg)
{
    const gosc_exchange registration = leg->exchange;
    leg->renew_ms = endpoint->now_ms + IO_RENEW_MS;
    leg->block1 = (io_block){.present = false};
    leg->block2 = (io_block){.present = false};
    if (io_leg_transmit(endpoint, leg, gosc_span_of(registration.token, registration.token_len)) != NULL) {
        io_leg_close(endpoint, leg, "failed");
    }
}

void io_client_tick(io_endpoint *endpoint)
{
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        io_leg *leg = &endpoint->legs[i];
        if (leg->used && leg->until_ms <= endpoint->now_ms) {
            io_leg_close(endpoint, leg, "expired");
        } else if (leg->used && leg->renew_ms != 0 && leg->renew_ms <= endpoint->now_ms) {
            renew(endpoint, leg);
        }
    }
}

uint64_t io_client_next_ms(const io_endpoint *endpoint)
{
    uint64_t next = IO_NEVER;
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        const io_leg *leg = &endpoint->legs[i];
        uint64_t due_ms = leg->renew_ms != 0 && leg->renew_ms < leg->until_ms ? leg->renew_ms : leg->until_ms;
        if (leg->used && due_ms < next) {
            next = due_ms;
        }
    }
    return next;
}
