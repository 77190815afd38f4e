/* The client's side of an endpoint. SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint_state.h"

#include <stdlib.h>
#include <string.h>

size_t io_numbers_needed(const io_group *group)
{
    size_t n = 1;
    for (const io_security *one = group->newest; one != NULL; one = one->older) {
        n += one->grant.context->n_recipients + 1;
    }
    return n;
}

/* ---- legs and asks ---- */

static io_leg *leg_new(io_endpoint *endpoint, io_ask *ask)
{
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        if (!endpoint->legs[i].used) {
            endpoint->legs[i] = (io_leg){.used = true, .ask = ask};
            return &endpoint->legs[i];
        }
    }
    return NULL;
}

/* handle_release frees the Token of a leg, unless another leg has it too (registration and cancellation). */
static void handle_release(io_endpoint *endpoint, io_leg *leg)
{
    uint32_t handle = leg->handle;
    bool shared = false;
    leg->handle = 0;
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        shared = shared || (endpoint->legs[i].used && endpoint->legs[i].handle == handle);
    }
    if (handle != 0 && !shared) {
        io_layer_close(&endpoint->layer, handle);
    }
}

static void leg_end(io_endpoint *endpoint, io_leg *leg)
{
    handle_release(endpoint, leg);
    free(leg->exchange.numbers);
    free(leg->body);
    *leg = (io_leg){.used = false};
}

/* ask_settle closes a user's exchange that has no leg left. */
static void ask_settle(io_endpoint *endpoint, io_ask *ask, const char *why)
{
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].ask == ask) {
            return;
        }
    }
    io_event event = io_event_of(IO_EVENT_CLOSED, ask->group);
    event.exchange = ask->name;
    event.text = ask->answered && strcmp(why, "expired") == 0 ? "answered" : why;
    io_event_tell(endpoint, &event);
    free(ask->options);
    free(ask->payload);
    *ask = (io_ask){.used = false};
}

static void leg_close(io_endpoint *endpoint, io_leg *leg, const char *why)
{
    io_ask *ask = leg->ask;
    leg_end(endpoint, leg);
    ask_settle(endpoint, ask, why);
}

/* ask_drop ends all legs of a user's exchange. */
static void ask_drop(io_endpoint *endpoint, io_ask *ask, const char *why)
{
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].ask == ask) {
            leg_end(endpoint, &endpoint->legs[i]);
        }
    }
    ask_settle(endpoint, ask, why);
}

static io_ask *ask_find(io_endpoint *endpoint, const char *name)
{
    for (size_t i = 0; i < IO_ASKS_MAX; i++) {
        if (endpoint->asks[i].used && strcmp(endpoint->asks[i].name, name) == 0) {
            return &endpoint->asks[i];
        }
    }
    return NULL;
}

static io_ask *ask_room(io_endpoint *endpoint)
{
    for (size_t i = 0; i < IO_ASKS_MAX; i++) {
        if (!endpoint->asks[i].used) {
            return &endpoint->asks[i];
        }
    }
    return NULL;
}

void io_client_drop(io_endpoint *endpoint, const io_group *group, const char *why)
{
    for (size_t i = 0; i < IO_ASKS_MAX; i++) {
        if (endpoint->asks[i].used && endpoint->asks[i].group == group) {
            ask_drop(endpoint, &endpoint->asks[i], why);
        }
    }
}

bool io_client_uses(const io_endpoint *endpoint, const gosc_security_context *context)
{
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].exchange.context == context) {
            return true;
        }
    }
    return false;
}

void io_client_scrub(io_endpoint *endpoint, const gosc_security_context *context)
{
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        gosc_exchange *exchange = &endpoint->legs[i].exchange;
        for (size_t j = 0; endpoint->legs[i].used && j < exchange->n_numbers; j++) {
            if (exchange->numbers[j].context == context) {
                exchange->numbers[j] = (gosc_response_number){.context = NULL};
            }
        }
    }
}

bool io_client_grow(io_endpoint *endpoint, const io_group *group)
{
    size_t n = io_numbers_needed(group);
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        gosc_exchange *exchange = &endpoint->legs[i].exchange;
        if (!endpoint->legs[i].used || endpoint->legs[i].ask->group != group || exchange->n_numbers >= n) {
            continue;
        }
        gosc_response_number *numbers = realloc(exchange->numbers, n * sizeof *numbers);
        if (numbers == NULL) {
            return false;
        }
        memset(numbers + exchange->n_numbers, 0, (n - exchange->n_numbers) * sizeof *numbers);
        exchange->numbers = numbers;
        exchange->n_numbers = n;
    }
    return true;
}

/* ---- sending ---- */

/* token_choose opens an exchange under a Token of chance that is not in use. */
static bool token_choose(io_endpoint *endpoint, const io_address *peer, uint8_t token[GOSC_COAP_TOKEN_MAX],
                         size_t *token_len, uint32_t *handle)
{
    *token_len = 4;
    for (int tries = 0; tries < 8; tries++) {
        io_random_fill(endpoint->params.random, (gosc_buf){token, *token_len});
        if (io_layer_open(&endpoint->layer, gosc_span_of(token, *token_len), peer, handle) == GOSC_OK) {
            return true;
        }
    }
    return false;
}

/* body_slice gives the part of the request's payload that goes next, and its Block1 option. */
static gosc_span body_slice(io_leg *leg)
{
    const io_ask *ask = leg->ask;
    io_block *block = &leg->block1;
    size_t size = (size_t)16 << IO_BLOCK_EXPONENT;
    if (!ask->has_payload) {
        return GOSC_ABSENT;
    }
    if (!block->present && (ask->payload_len <= size || leg->multicast)) {
        return gosc_span_of(ask->payload, ask->payload_len);
    }
    if (!block->present) {
        *block = (io_block){.present = true, .size_exponent = IO_BLOCK_EXPONENT};
    }
    size = io_block_size(block);
    size_t begin = block->number * size;
    size_t left = ask->payload_len - begin;
    block->more = left > size;
    return gosc_span_of(ask->payload + begin, block->more ? size : left);
}

/* plain_write makes the unprotected request of a leg. */
static bool plain_write(io_endpoint *endpoint, io_leg *leg, gosc_span token, gosc_span *plain)
{
    const io_ask *ask = leg->ask;
    /* Later blocks of a response are asked for without the payload, but where it is the question (RFC 8132). */
    bool asks_on = leg->block2.present && leg->block2.number > 0;
    gosc_span payload = asks_on && ask->method != GOSC_CODE_FETCH ? GOSC_ABSENT : body_slice(leg);
    io_options options = {.n = 0};
    io_options_add_encoded(&options, gosc_span_of(ask->options, ask->options_len), 0);
    if (ask->has_observe && !asks_on) {
        io_options_add_uint(&options, GOSC_OPTION_OBSERVE, ask->observe);
    }
    if (leg->block2.present) {
        io_options_add_uint(&options, IO_OPTION_BLOCK2, io_block_value(&leg->block2));
    }
    if (leg->block1.present && !asks_on) {
        io_options_add_uint(&options, IO_OPTION_BLOCK1, io_block_value(&leg->block1));
    }
    if (leg->echo_len > 0) {
        io_options_add(&options, GOSC_OPTION_ECHO, gosc_span_of(leg->echo, leg->echo_len));
    }
    const gosc_coap_pdu pdu = {.type = leg->confirmable ? GOSC_COAP_CON : GOSC_COAP_NON,
                               .code = ask->method,
                               .token = token};
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){endpoint->plain, sizeof endpoint->plain});
    gosc_coap_header_write(&writer, &pdu);
    io_options_write(&options, &writer);
    gosc_coap_payload_write(&writer, payload);
    *plain = gosc_writer_span(&writer);
    return !writer.failed;
}

/* target_ready makes a Recipient Context for a member that was never heard, should it be asked in pairwise mode. */
static void target_ready(gosc_security_context *context, const io_leg *leg)
{
    gosc_span target = gosc_id_span(&leg->target);
    gosc_span credential = GOSC_ABSENT;
    if (leg->group_mode || !leg->has_target || context->member_find == NULL ||
        gosc_recipient_context_find(context, target) != NULL) {
        return;
    }
    if (context->member_find(context->member_arg, target, &credential) == GOSC_OK &&
        gosc_recipient_context_add(context, target, credential) != GOSC_OK) {
        return; /* protecting will say what is missing */
    }
}

static const char *protect(io_endpoint *endpoint, io_leg *leg, gosc_span plain, size_t *len)
{
    io_security *security = leg->ask->group->newest;
    gosc_security_context *context = security->grant.context;
    const gosc_dialect *dialect = context->common.dialect;
    const gosc_protect_params params = {
        .group_mode = dialect->group != NULL && leg->group_mode,
        .target = leg->has_target ? gosc_id_span(&leg->target) : GOSC_ABSENT,
        .kid_context = dialect->group == NULL && gosc_span_present(context->common.id_context),
    };
    size_t n = io_numbers_needed(leg->ask->group);
    gosc_response_number *numbers = calloc(n, sizeof *numbers);
    if (numbers == NULL) {
        return "no memory";
    }
    free(leg->exchange.numbers);
    gosc_exchange_init(&leg->exchange, numbers, n);
    target_ready(context, leg);
    gosc_err err = io_ssn_keeper_reserve(&security->keeper, context);
    if (err != GOSC_OK) {
        return "the Sender Sequence Number cannot be made durable";
    }
    err = gosc_protect_request(context, &params, plain, io_scratch(endpoint, plain.len), &leg->exchange,
                               (gosc_buf){endpoint->wire, sizeof endpoint->wire}, len);
    return err == GOSC_OK ? NULL : gosc_err_name(err);
}

/* transmit sends the next request of a leg, in an exchange of its own but for a cancellation. */
static const char *transmit(io_endpoint *endpoint, io_leg *leg, gosc_span token)
{
    uint8_t chosen[GOSC_COAP_TOKEN_MAX];
    size_t chosen_len = 0;
    size_t len = 0;
    gosc_span plain = GOSC_ABSENT;
    if (leg->ask->group->newest == NULL) {
        return "the group lost its Security Context";
    }
    if (leg->handle == 0 && gosc_span_present(token)) {
        if (io_layer_open(&endpoint->layer, token, &leg->path.peer, &leg->handle) != GOSC_OK) {
            return "the Token is in use, or too many are";
        }
    } else if (leg->handle == 0) {
        if (!token_choose(endpoint, &leg->path.peer, chosen, &chosen_len, &leg->handle)) {
            return "too many exchanges are open";
        }
        token = gosc_span_of(chosen, chosen_len);
    }
    if (!plain_write(endpoint, leg, token, &plain)) {
        return "the request is too long";
    }
    const char *fault = protect(endpoint, leg, plain, &len);
    if (fault != NULL) {
        return fault;
    }
    gosc_err err = io_layer_request(&endpoint->layer, leg->handle, &leg->path, leg->confirmable,
                                    (gosc_buf){endpoint->wire, len}, io_random_u32(endpoint->params.random),
                                    endpoint->now_ms);
    leg->echo_len = 0;
    return err == GOSC_OK ? NULL : "the request cannot be sent: too long, or too many are unacknowledged";
}

/* until_of: when a leg's time is over. */
static uint64_t until_of(const io_endpoint *endpoint, const io_leg *leg)
{
    const io_ask *ask = leg->ask;
    uint64_t open_ms = ask->open_ms;
    if (open_ms == 0 && leg->multicast) {
        open_ms = ask->group->params.policy.exchange_ms;
    } else if (open_ms == 0) {
        open_ms = IO_UNICAST_OPEN_MS;
    }
    return open_ms >= IO_NEVER - endpoint->now_ms ? IO_NEVER : endpoint->now_ms + open_ms;
}

static uint8_t *copy_of(gosc_span bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);
    if (copy != NULL && bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    return copy;
}

/* ask_fill keeps what a request is made of. */
static const char *ask_fill(io_endpoint *endpoint, io_ask *ask, const io_send *send)
{
    uint8_t segments[IO_DATAGRAM_MAX];
    gosc_span path = GOSC_EMPTY;
    io_options all = {.n = 0};
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){endpoint->plain, sizeof endpoint->plain});
    if (!io_path_segments(send->path, (gosc_buf){segments, sizeof segments}, &path)) {
        return "the path is none";
    }
    io_options_add_encoded(&all, path, 0);
    for (size_t i = 0; send->options != NULL && i < send->options->n; i++) {
        io_options_add(&all, send->options->items[i].number, send->options->items[i].value);
    }
    io_options_write(&all, &writer);
    if (writer.failed) {
        return "too many options, or too long";
    }
    ask->options_len = gosc_writer_span(&writer).len;
    ask->options = copy_of(gosc_writer_span(&writer));
    ask->has_payload = send->payload.len > 0;
    ask->payload_len = send->payload.len;
    ask->payload = copy_of(send->payload);
    return ask->options == NULL || ask->payload == NULL ? "no memory" : NULL;
}

/* registration_find gives the leg that a cancellation ends: the newest observation of that resource at that server. */
static io_leg *registration_find(io_endpoint *endpoint, const io_ask *ask, const io_send *send)
{
    io_leg *found = NULL;
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        io_leg *one = &endpoint->legs[i];
        if (!one->used || !one->exchange.observe || one->ask->group != send->group ||
            !io_address_equal(&one->path.peer, &send->to)) {
            continue;
        }
        gosc_span token = gosc_span_of(one->exchange.token, one->exchange.token_len);
        bool same = gosc_span_present(send->token)
                        ? gosc_span_equal(token, send->token)
                        : one->ask->options_len == ask->options_len &&
                              memcmp(one->ask->options, ask->options, ask->options_len) == 0;
        if (same && (found == NULL || one->exchange.request_piv_number.number > found->exchange.request_piv_number.number)) {
            found = one;
        }
    }
    return found;
}

static const char *send_check(io_endpoint *endpoint, const io_send *send)
{
    if ((send->group->params.roles & IO_ROLE_CLIENT) == 0) {
        return "not a client in this group";
    }
    if (strlen(send->exchange) >= IO_NAME_MAX || ask_find(endpoint, send->exchange) != NULL) {
        return "an exchange of that name is running, or the name is too long";
    }
    if (send->confirmable && io_address_is_multicast(&send->to)) {
        return "a Confirmable message cannot go to a group";
    }
    return send->target.len > GOSC_KID_MAX ? "the target is no Recipient ID" : NULL;
}

static void leg_set(io_leg *leg, const io_send *send)
{
    leg->path.peer = send->to;
    leg->multicast = io_address_is_multicast(&send->to);
    leg->confirmable = send->confirmable;
    leg->group_mode = send->group_mode;
    leg->has_target = gosc_span_present(send->target);
    leg->target.len = (uint8_t)send->target.len;
    if (leg->has_target) {
        memcpy(leg->target.bytes, send->target.ptr, send->target.len);
    }
}

const char *io_endpoint_send(io_endpoint *endpoint, const io_send *send, uint8_t token[GOSC_COAP_TOKEN_MAX],
                             size_t *token_len)
{
    const char *fault = send_check(endpoint, send);
    io_ask *ask = ask_room(endpoint);
    if (fault != NULL || ask == NULL) {
        return fault != NULL ? fault : "too many exchanges are open";
    }
    *ask = (io_ask){.used = true,
                    .group = send->group,
                    .method = send->method,
                    .has_observe = send->has_observe,
                    .observe = send->observe,
                    .open_ms = send->has_open_ms ? send->open_ms : 0};
    memcpy(ask->name, send->exchange, strlen(send->exchange) + 1);
    bool registers = send->has_observe && send->observe == 0;
    if (!send->has_open_ms && registers) {
        ask->open_ms = IO_NEVER;
    }
    io_leg *leg = leg_new(endpoint, ask);
    fault = leg == NULL ? "too many exchanges are open" : ask_fill(endpoint, ask, send);
    gosc_span use = send->token;
    if (fault == NULL) {
        leg_set(leg, send);
        leg->until_ms = until_of(endpoint, leg);
        const io_leg *registration =
            send->has_observe && !registers ? registration_find(endpoint, ask, send) : NULL;
        if (registration != NULL) {
            leg->handle = registration->handle;
            use = gosc_span_of(registration->exchange.token, registration->exchange.token_len);
        }
        fault = io_local_for(endpoint, send->group, &send->to, &leg->path.local) ? transmit(endpoint, leg, use)
                                                                                 : "no address of that family";
    }
    if (fault == NULL) {
        *token_len = leg->exchange.token_len;
        memcpy(token, leg->exchange.token, leg->exchange.token_len);
        return NULL;
    }
    if (leg != NULL) {
        leg_end(endpoint, leg);
    }
    free(ask->options);
    free(ask->payload);
    *ask = (io_ask){.used = false};
    return fault;
}

const char *io_endpoint_finish(io_endpoint *endpoint, const char *exchange)
{
    io_ask *ask = ask_find(endpoint, exchange);
    if (ask == NULL) {
        return "no running exchange of that name";
    }
    ask_drop(endpoint, ask, "finished");
    return NULL;
}

/* ---- receiving ---- */

/* follow gives the leg that carries on with one server after its response: the same one, unless that goes on itself. */
static io_leg *follow(io_endpoint *endpoint, io_leg *leg, const io_incoming *in, const gosc_received *received)
{
    if (!leg->multicast && !leg->exchange.observe) {
        handle_release(endpoint, leg);
        return leg;
    }
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        io_leg *one = &endpoint->legs[i];
        if (one->used && one->ask == leg->ask && one != leg && io_address_equal(&one->path.peer, &in->path.peer)) {
            return NULL; /* one conversation with a server at a time */
        }
    }
    io_leg *next = leg_new(endpoint, leg->ask);
    if (next != NULL) {
        next->path = in->path;
        next->group_mode = leg->group_mode;
        next->has_target = true;
        next->target = received->sender->id;
        next->confirmable = leg->confirmable;
    }
    return next;
}

/* carry_on sends the next request of a leg; should that fail, the leg has failed. */
static void carry_on(io_endpoint *endpoint, io_leg *leg)
{
    leg->until_ms = leg->multicast ? leg->until_ms : until_of(endpoint, leg);
    const char *fault = transmit(endpoint, leg, GOSC_ABSENT);
    if (fault != NULL) {
        io_event event = io_event_of(IO_EVENT_NOTE, leg->ask->group);
        event.exchange = leg->ask->name;
        event.text = fault;
        io_event_tell(endpoint, &event);
        leg_close(endpoint, leg, "failed");
    }
}

/* challenged answers a challenge: to that server alone, in pairwise mode where that is set up (Group OSCORE -28 section
 * 9, GO-9-12). */
static void challenged(io_endpoint *endpoint, io_leg *leg, const io_incoming *in, const gosc_received *received,
                       gosc_span echo)
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
            leg_close(endpoint, leg, "failed");
        }
        return;
    }
    next->n_challenges = n + 1;
    next->echo_len = echo.len;
    memcpy(next->echo, echo.ptr, echo.len);
    next->block1 = (io_block){.present = false};
    if (common->dialect->has_modes && common->pairwise_mode && gosc_span_present(received->sender->credential)) {
        next->group_mode = false;
        next->has_target = true;
        next->target = received->sender->id;
    }
    carry_on(endpoint, next);
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
    uint8_t *body = realloc(leg->body, leg->body_len + payload.len + 1);
    if (body == NULL) {
        return false;
    }
    if (payload.len > 0) {
        memcpy(body + leg->body_len, payload.ptr, payload.len);
    }
    leg->body = body;
    leg->body_len += payload.len;
    return true;
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
    bool goes_on = leg->exchange.observe && gosc_span_present(gosc_option_find(pdu->options, GOSC_OPTION_OBSERVE));
    if (leg->multicast || goes_on) {
        return;
    }
    uint32_t handle = leg->handle;
    bool cancels = leg->ask->has_observe && leg->ask->observe != 0;
    leg_close(endpoint, leg, "answered");
    for (size_t i = 0; cancels && i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].handle == handle) {
            leg_close(endpoint, &endpoint->legs[i], "finished");
        }
    }
}

/* block2_in takes a response that is a part of one; true: there is more to come. */
static bool block2_in(io_endpoint *endpoint, io_leg **leg, const io_incoming *in, const gosc_received *received,
                      const gosc_coap_pdu *pdu, const io_block *block)
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
        leg_close(endpoint, of, "failed");
        return true;
    }
    *leg = of;
    if (!block->more) {
        return false;
    }
    handle_release(endpoint, of);
    of->block2 = (io_block){.present = true, .number = block->number + 1, .size_exponent = block->size_exponent};
    carry_on(endpoint, of);
    return true;
}

/* verified_in: a response that verified. */
static void verified_in(io_endpoint *endpoint, io_leg *leg, const io_incoming *in, const gosc_received *received)
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
        handle_release(endpoint, leg);
        leg->block1.number++;
        carry_on(endpoint, leg);
        return;
    }
    bool in_parts = block2.present && (block2.more || block2.number > 0);
    if (in_parts && block2_in(endpoint, &leg, in, received, &pdu, &block2)) {
        return;
    }
    leg->body_len = in_parts ? leg->body_len : 0; /* an error in the midst of a transfer stands for itself */
    deliver(endpoint, leg, in, received, &pdu);
}

/* unprotected_in: an error without protection is a hint and changes nothing (RFC 8613 Appendix D.5.3); a success is no
 * answer at all. */
static void unprotected_in(io_endpoint *endpoint, const io_ask *ask, const io_incoming *in)
{
    if (in->news.pdu.code >> 5 == 2) {
        io_rejected(endpoint, in, NULL, ask, gosc_err_name(GOSC_ERR_NOT_OSCORE));
        return;
    }
    io_event event = io_event_of(IO_EVENT_RESPONSE, ask->group);
    event.exchange = ask->name;
    event.from = in->path.peer;
    event.code = in->news.pdu.code;
    event.options = in->news.pdu.options;
    event.payload = in->news.pdu.payload;
    io_event_tell(endpoint, &event);
}

void io_client_receive(io_endpoint *endpoint, const io_incoming *in)
{
    gosc_err furthest = GOSC_OK;
    const io_ask *ask = NULL;
    bool plain = !gosc_span_present(gosc_option_find(in->news.pdu.options, GOSC_OPTION_OSCORE));
    gosc_buf out = {endpoint->opened, sizeof endpoint->opened};
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        io_leg *leg = &endpoint->legs[i];
        if (!leg->used || leg->handle != in->news.owner) {
            continue;
        }
        ask = leg->ask;
        if (plain) {
            break;
        }
        gosc_received received = {.message = GOSC_ABSENT};
        const gosc_context_store store = io_store_of(endpoint, IO_ROLE_CLIENT);
        gosc_err err = gosc_unprotect_response(&store, &leg->exchange, in->datagram,
                                               io_scratch(endpoint, in->datagram.len), &received, out);
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
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].handle == handle) {
            leg_close(endpoint, &endpoint->legs[i], why);
        }
    }
}

void io_client_tick(io_endpoint *endpoint)
{
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].until_ms <= endpoint->now_ms) {
            leg_close(endpoint, &endpoint->legs[i], "expired");
        }
    }
}

uint64_t io_client_next_ms(const io_endpoint *endpoint)
{
    uint64_t next = IO_NEVER;
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].until_ms < next) {
            next = endpoint->legs[i].until_ms;
        }
    }
    return next;
}
