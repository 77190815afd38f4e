/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's side of an endpoint: exchanges, and what is sent in them. */
#include "endpoint_state.h"

#include <stdlib.h>
#include <string.h>

static size_t numbers_needed(const io_group *group)
{
    size_t n = 1;
    for (const io_security *one = group->newest; one != NULL; one = one->older) {
        n += one->grant.context->n_recipients + 1;
    }
    return n;
}

/* ---- legs and asks ---- */

io_leg *io_leg_new(io_endpoint *endpoint, io_ask *ask)
{
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        if (!endpoint->legs[i].used) {
            endpoint->legs[i] = (io_leg){.used = true, .ask = ask};
            endpoint->n_legs++;
            return &endpoint->legs[i];
        }
    }
    return NULL;
}

/* io_leg_release frees the Token of a leg, unless another leg has it too (registration and cancellation). */
void io_leg_release(io_endpoint *endpoint, io_leg *leg)
{
    uint32_t handle = leg->handle;
    bool shared = false;
    leg->handle = 0;
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        shared = shared || (endpoint->legs[i].used && endpoint->legs[i].handle == handle);
    }
    if (handle != 0 && !shared) {
        io_layer_close(&endpoint->layer, handle);
    }
}

static void leg_end(io_endpoint *endpoint, io_leg *leg)
{
    io_leg_release(endpoint, leg);
    free(leg->exchange.numbers);
    free(leg->body);
    free(leg->sent);
    io_outer_end(&leg->outer);
    *leg = (io_leg){.used = false};
    endpoint->n_legs--;
}

/* ask_settle closes a user's exchange that has no leg left. */
static void ask_settle(io_endpoint *endpoint, io_ask *ask, const char *why)
{
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
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

void io_leg_close(io_endpoint *endpoint, io_leg *leg, const char *why)
{
    io_ask *ask = leg->ask;
    leg_end(endpoint, leg);
    ask_settle(endpoint, ask, why);
}

/* ask_drop ends all legs of a user's exchange. */
static void ask_drop(io_endpoint *endpoint, io_ask *ask, const char *why)
{
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
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
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        if (endpoint->legs[i].used && endpoint->legs[i].exchange.context == context) {
            return true;
        }
    }
    return false;
}

void io_client_scrub(io_endpoint *endpoint, const gosc_security_context *context)
{
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
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
    size_t n = numbers_needed(group);
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
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
    /* Later blocks of a response are asked for without the payload, but where it is the question (RFC 8132).
     */
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
    const gosc_coap_pdu pdu = {
        .type = leg->confirmable ? GOSC_COAP_CON : GOSC_COAP_NON, .code = ask->method, .token = token};
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){endpoint->plain, sizeof endpoint->plain});
    gosc_coap_header_write(&writer, &pdu);
    io_options_write(&options, &writer);
    gosc_coap_payload_write(&writer, payload);
    *plain = gosc_writer_span(&writer);
    return !writer.failed;
}

/* target_ready makes a Recipient Context for a member that was never heard, should it be asked in pairwise
 * mode. */
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

/* leave_plain: a request that is to go without protection is ready as it is. */
static const char *leave_plain(io_endpoint *endpoint, io_leg *leg, gosc_span plain, size_t *len)
{
    gosc_coap_pdu pdu;
    if (gosc_coap_pdu_parse(plain, &pdu) != GOSC_OK) {
        return "the request is none";
    }
    memcpy(endpoint->wire, plain.ptr, plain.len);
    *len = plain.len;
    gosc_exchange_init(&leg->exchange, NULL, 0);
    leg->exchange.token_len = (uint8_t)pdu.token.len;
    if (pdu.token.len > 0) {
        memcpy(leg->exchange.token, pdu.token.ptr, pdu.token.len);
    }
    return NULL;
}

static const char *protect(io_endpoint *endpoint, io_leg *leg, gosc_span plain, size_t *len)
{
    if (leg->ask->plain) {
        return leave_plain(endpoint, leg, plain, len);
    }
    io_security *security = leg->ask->group->newest;
    size_t n = numbers_needed(leg->ask->group);
    gosc_response_number *numbers = calloc(n, sizeof *numbers);
    if (numbers == NULL) {
        return "no memory";
    }
    free(leg->exchange.numbers);
    gosc_exchange_init(&leg->exchange, numbers, n);
    if (security == NULL) {
        return io_run_protect(endpoint, leg, plain, len);
    }
    gosc_security_context *context = security->grant.context;
    const gosc_dialect *dialect = context->common.dialect;
    const gosc_protect_params params = {
        .group_mode = dialect->group != NULL && leg->group_mode,
        .target = leg->has_target ? gosc_id_span(&leg->target) : GOSC_ABSENT,
        .kid_context = dialect->group == NULL && gosc_span_present(context->common.id_context),
    };
    target_ready(context, leg);
    gosc_err err = io_ssn_keeper_reserve(&security->keeper, context);
    if (err != GOSC_OK) {
        return "the Sender Sequence Number cannot be made durable";
    }
    err = gosc_protect_request(context, &params, plain, io_scratch(endpoint, plain.len), &leg->exchange,
                               (gosc_buf){endpoint->wire, sizeof endpoint->wire}, len);
    return err == GOSC_OK ? NULL : gosc_err_name(err);
}

static uint8_t *copy_of(gosc_span bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);
    if (copy != NULL && bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    return copy;
}

/* sent_keep: a response in outer blocks has to be asked for with the request that brought the first one. */
static void sent_keep(io_leg *leg, gosc_span datagram)
{
    free(leg->sent);
    leg->sent = leg->multicast ? NULL : copy_of(datagram);
    leg->sent_len = datagram.len;
    io_outer_end(&leg->outer);
}

/* io_leg_transmit sends the next request of a leg, in an exchange of its own but for a cancellation. */
const char *io_leg_transmit(io_endpoint *endpoint, io_leg *leg, gosc_span token)
{
    uint8_t chosen[GOSC_COAP_TOKEN_MAX];
    size_t chosen_len = 0;
    size_t len = 0;
    gosc_span plain = GOSC_ABSENT;
    bool is_run = leg->ask->group->newest == NULL && leg->ask->group->run != NULL;
    if (leg->ask->group->newest == NULL && !is_run) {
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
    sent_keep(leg, gosc_span_of(endpoint->wire, len));
    gosc_err err = io_layer_request(&endpoint->layer, leg->handle, &leg->path, leg->confirmable,
                                    (gosc_buf){endpoint->wire, len}, io_random_u32(endpoint->params.random),
                                    endpoint->now_ms);
    leg->echo_len = 0;
    return err == GOSC_OK ? NULL : "the request cannot be sent: too long, or too many are unacknowledged";
}

/* io_leg_until: when a leg's time is over. */
uint64_t io_leg_until(const io_endpoint *endpoint, const io_leg *leg)
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

/* registration_find gives the leg that a cancellation ends: the newest observation of that resource at that
 * server. */
static io_leg *registration_find(io_endpoint *endpoint, const io_ask *ask, const io_send *send)
{
    io_leg *found = NULL;
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
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
        if (same && (found == NULL ||
                     one->exchange.request_piv_number.number > found->exchange.request_piv_number.number)) {
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
    io_group *group = send->group;
    if (group->echo_len > 0 && io_address_equal(&group->echo_of, &send->to)) {
        leg->echo_len = group->echo_len;
        memcpy(leg->echo, group->echo, group->echo_len);
        group->echo_len = 0;
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
                    .plain = send->plain,
                    .has_observe = send->has_observe,
                    .observe = send->observe,
                    .open_ms = send->has_open_ms ? send->open_ms : 0};
    memcpy(ask->name, send->exchange, strlen(send->exchange) + 1);
    bool registers = send->has_observe && send->observe == 0;
    if (!send->has_open_ms && registers) {
        ask->open_ms = IO_NEVER;
    }
    io_leg *leg = io_leg_new(endpoint, ask);
    fault = leg == NULL ? "too many exchanges are open" : ask_fill(endpoint, ask, send);
    gosc_span use = send->token;
    if (fault == NULL) {
        leg_set(leg, send);
        leg->until_ms = io_leg_until(endpoint, leg);
        leg->renew_ms = registers ? endpoint->now_ms + IO_RENEW_MS : 0;
        const io_leg *registration =
            send->has_observe && !registers ? registration_find(endpoint, ask, send) : NULL;
        if (registration != NULL) {
            leg->handle = registration->handle;
            use = gosc_span_of(registration->exchange.token, registration->exchange.token_len);
        }
        fault = io_local_for(endpoint, send->group, &send->to, &leg->path.local)
                    ? io_leg_transmit(endpoint, leg, use)
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
