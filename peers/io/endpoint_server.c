/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's side of an endpoint. */
#include "endpoint_state.h"

#include <string.h>

/* A verified request on its way through the application. */
typedef struct work {
    const io_incoming *in;
    io_group *group;
    gosc_exchange *exchange;
    gosc_received *received;
    gosc_coap_pdu pdu; /* the request, unprotected */
    char path[IO_PATH_MAX];
    io_block block1;
    io_block block2;
    gosc_span body; /* of the request, put together */
} work;

static const io_policy *policy_of(const io_group *group)
{
    return &group->params.policy;
}

/* ---- responses ---- */

/* is_suppressed: the client asked for silence (RFC 7967), or the server keeps silent towards groups. */
static bool is_suppressed(const work *w, uint8_t code)
{
    uint32_t unwanted = 0;
    unsigned class = code >> 5;
    gosc_span no_response = gosc_option_find(w->pdu.options, GOSC_OPTION_NO_RESPONSE);
    if (gosc_span_present(no_response) && no_response.len <= 1 && io_option_uint(no_response, &unwanted)) {
        return (unwanted >> (class - 1) & 1U) != 0;
    }
    bool spoken_to = !w->in->news.multicast;
    return !spoken_to && (policy_of(w->group)->suppress >> class & 1U) != 0;
}

/* delay_response keeps a response for later; false: no room. */
static bool delay_response(io_endpoint *endpoint, const work *w, gosc_span plain, uint32_t delay_ms)
{
    for (size_t i = 0; i < IO_DELAYED_MAX; i++) {
        io_delayed *slot = &endpoint->delayed[i];
        if (slot->used) {
            continue;
        }
        slot->used = true;
        endpoint->n_delayed++;
        slot->due_ms = endpoint->now_ms + delay_ms;
        slot->request = w->in->news.request;
        slot->group = w->group;
        slot->path = w->in->path;
        slot->exchange = *w->exchange;
        slot->len = plain.len;
        memcpy(slot->plain, plain.ptr, plain.len);
        io_layer_postpone(&endpoint->layer, slot->request);
        return true;
    }
    return false;
}

/* answer protects and sends what plain says, now or later. */
static void answer(io_endpoint *endpoint, const work *w, gosc_span plain, bool own_partial_iv,
                   uint32_t delay_ms)
{
    uint32_t request = w->in->news.request;
    if (!gosc_span_present(plain)) {
        io_layer_drop(&endpoint->layer, request);
        return;
    }
    if (delay_ms > 0 && delay_response(endpoint, w, plain, delay_ms)) {
        return;
    }
    size_t len = io_response_protect(endpoint, w->group, w->exchange, plain, own_partial_iv);
    io_response_send(endpoint, w->group, &w->in->path, request, len);
}

static gosc_span token_of(const work *w)
{
    return gosc_span_of(w->exchange->token, w->exchange->token_len);
}

/* answer_code answers with a code alone (and a Block1 option, where blocks are being put together). */
static void answer_code(io_endpoint *endpoint, const work *w, uint8_t code)
{
    io_options options = {.n = 0};
    if (w->block1.present) {
        io_options_add_uint(&options, IO_OPTION_BLOCK1, io_block_value(&w->block1));
    }
    if (is_suppressed(w, code)) {
        io_layer_drop(&endpoint->layer, w->in->news.request);
        return;
    }
    answer(endpoint, w, io_response_write(endpoint, token_of(w), code, &options, GOSC_ABSENT), false, 0);
}

/* ---- Observe (RFC 7641) ---- */

/* options_digest is equal for requests whose options are, but for Observe, ETag (O-4.1.3.5-06) and Echo. */
static uint64_t options_digest(gosc_span options)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        if (option.number == GOSC_OPTION_OBSERVE || option.number == GOSC_OPTION_ETAG ||
            option.number == GOSC_OPTION_ECHO) {
            continue;
        }
        digest = (digest ^ option.number) * UINT64_C(0x100000001b3);
        digest = (digest ^ option.value.len) * UINT64_C(0x100000001b3);
        for (size_t i = 0; i < option.value.len; i++) {
            digest = (digest ^ option.value.ptr[i]) * UINT64_C(0x100000001b3);
        }
    }
    return digest;
}

/* observer_is: registered with this Token, and the same request otherwise: another one in that Token changes
 * nothing (O-4.1.3.5-03, O-4.1.3.5-04). */
static bool observer_is(const io_observer *one, const work *w)
{
    const gosc_exchange *exchange = &one->exchange;
    return one->owner != 0 && one->group == w->group && one->options == options_digest(w->pdu.options) &&
           io_address_equal(&one->path.peer, &w->in->path.peer) &&
           gosc_span_equal(gosc_span_of(exchange->token, exchange->token_len), token_of(w)) &&
           gosc_span_equal(gosc_id_span(&exchange->request_kid), gosc_id_span(&w->exchange->request_kid));
}

/* observer_remove gives when the client was last asked to acknowledge: a registration anew does not begin the day of
 * GC-3.7-05 again. */
static uint64_t observer_remove(io_endpoint *endpoint, const work *w)
{
    uint64_t asked_ms = endpoint->now_ms;
    for (size_t i = 0; i < IO_OBSERVERS_MAX; i++) {
        if (observer_is(&endpoint->observers[i], w)) {
            io_layer_cancel(&endpoint->layer, endpoint->observers[i].owner);
            endpoint->observers[i].owner = 0;
            asked_ms = endpoint->observers[i].asked_ms;
        }
    }
    return asked_ms;
}

/* observer_add registers a client; one with the same Token takes its own place. NULL: no room. */
static io_observer *observer_add(io_endpoint *endpoint, const work *w)
{
    uint64_t asked_ms = observer_remove(endpoint, w);
    for (size_t i = 0; i < IO_OBSERVERS_MAX; i++) {
        io_observer *slot = &endpoint->observers[i];
        if (slot->owner != 0) {
            continue;
        }
        slot->path = w->in->path;
        if (w->in->news.multicast && !io_local_for(endpoint, w->group, &slot->path.peer, &slot->path.local)) {
            return NULL;
        }
        slot->owner = IO_OWNER_BIT | w->in->news.request;
        slot->asked_ms = asked_ms;
        slot->group = w->group;
        slot->confirmable = w->in->news.pdu.type == GOSC_COAP_CON;
        slot->options = options_digest(w->pdu.options);
        memcpy(slot->resource, w->path, sizeof slot->resource);
        slot->exchange = *w->exchange;
        return slot;
    }
    return NULL;
}

void io_server_gone(io_endpoint *endpoint, uint32_t owner)
{
    for (size_t i = 0; i < IO_OBSERVERS_MAX; i++) {
        if (endpoint->observers[i].owner == owner) {
            endpoint->observers[i].owner = 0;
        }
    }
}

/* ---- the application's answer ---- */

/* etag_of is a value that another representation, or another server's, hardly has (GC-3.2.2-03). */
static void etag_of(const io_group *group, gosc_span payload, uint8_t etag[8])
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    const gosc_security_context *context = io_group_context(group);
    const gosc_span parts[] = {context == NULL ? GOSC_EMPTY : gosc_id_span(&context->sender.id), payload};
    for (size_t part = 0; part < 2; part++) {
        for (size_t i = 0; i < parts[part].len; i++) {
            digest = (digest ^ parts[part].ptr[i]) * UINT64_C(0x100000001b3);
        }
    }
    for (size_t i = 0; i < 8; i++) {
        etag[i] = (uint8_t)(digest >> 8 * i);
    }
}

/* block2_cut cuts the part of a long payload that was asked for; false: there is no such part. */
static bool block2_cut(const work *w, io_options *options, uint8_t etag[8], gosc_span *payload)
{
    io_block block = w->block2;
    size_t most = (size_t)16 << IO_BLOCK_EXPONENT;
    if (!block.present && payload->len <= most) {
        return true;
    }
    if (!block.present || block.size_exponent > IO_BLOCK_EXPONENT) {
        block.number = block.present ? block.number << (block.size_exponent - IO_BLOCK_EXPONENT) : 0;
        block.size_exponent = IO_BLOCK_EXPONENT;
        block.present = true;
    }
    size_t size = io_block_size(&block);
    size_t begin = block.number * size;
    if (begin >= payload->len && begin > 0) {
        return false;
    }
    block.more = payload->len - begin > size;
    etag_of(w->group, *payload, etag);
    io_options_add(options, GOSC_OPTION_ETAG, gosc_span_of(etag, 8));
    io_options_add_uint(options, IO_OPTION_BLOCK2, io_block_value(&block));
    *payload = gosc_span_of(payload->ptr + begin, block.more ? size : payload->len - begin);
    return true;
}

/* answer_plain makes the response of the application's answer, unprotected; absent: it does not fit. */
static gosc_span answer_plain(io_endpoint *endpoint, const work *w, const io_app_answer *said, bool observed)
{
    io_options options = {.n = 0};
    uint8_t etag[8];
    gosc_span payload = said->payload;
    uint8_t code = said->code;
    if (said->has_format) {
        io_options_add_uint(&options, IO_OPTION_CONTENT_FORMAT, said->format);
    }
    if (said->has_max_age) {
        io_options_add_uint(&options, GOSC_OPTION_MAX_AGE, said->max_age);
    }
    if (gosc_span_present(said->etag)) {
        io_options_add(&options, GOSC_OPTION_ETAG, said->etag);
    }
    if (w->block1.present) {
        io_options_add_uint(&options, IO_OPTION_BLOCK1, io_block_value(&w->block1));
    }
    if (gosc_span_present(payload) && code >> 5 == 2 && !block2_cut(w, &options, etag, &payload)) {
        options.n = 0;
        code = IO_CODE_BAD_OPTION;
        payload = GOSC_ABSENT;
    }
    if (observed) {
        io_options_add_uint(&options, GOSC_OPTION_OBSERVE, endpoint->observe_number++ & 0xffffffU);
    }
    return io_response_write(endpoint, token_of(w), code, &options, payload);
}

static void app_call(io_endpoint *endpoint, const work *w, io_app_answer *said)
{
    const gosc_security_context *context = io_group_context(w->group);
    const io_app_request request = {
        .code = w->pdu.code,
        .path = w->path,
        .options = w->pdu.options,
        .payload = w->body,
        .in_group = w->exchange->context->common.dialect->group != NULL,
        .group = w->group->params.name,
        .own_id =
            context != NULL && context->sender.present ? gosc_id_span(&context->sender.id) : GOSC_ABSENT,
    };
    *said = (io_app_answer){.code = IO_CODE_NOT_FOUND};
    endpoint->params.app(endpoint->params.arg, &request, said);
}

/* tell_delivered: the application has the request from here on. */
static void tell_delivered(io_endpoint *endpoint, const work *w)
{
    io_event event = io_event_of(IO_EVENT_DELIVERED, w->group);
    io_event_received(&event, w->received, &w->in->path.peer);
    event.multicast = w->in->news.multicast;
    event.code = w->pdu.code;
    event.text = w->path;
    event.options = w->pdu.options;
    event.payload = w->body;
    io_event_tell(endpoint, &event);
}

/* process lets the application answer, and registers or removes an observer. */
static void process(io_endpoint *endpoint, work *w)
{
    io_app_answer said;
    uint32_t observe = UINT32_MAX;
    gosc_span wanted = gosc_option_find(w->pdu.options, GOSC_OPTION_OBSERVE);
    tell_delivered(endpoint, w);
    app_call(endpoint, w, &said);
    if ((w->group->params.roles & IO_ROLE_SERVER) == 0) {
        io_layer_drop(&endpoint->layer, w->in->news.request); /* a silent server */
        return;
    }
    bool observed = false;
    if (gosc_span_present(wanted) && io_option_uint(wanted, &observe) && w->pdu.code == GOSC_CODE_GET) {
        observed =
            observe == 0 && said.observable && said.code >> 5 == 2 && observer_add(endpoint, w) != NULL;
        if (!observed) {
            (void)observer_remove(endpoint, w);
        }
    }
    if (is_suppressed(w, said.code) || (said.nothing && w->in->news.multicast)) {
        io_layer_drop(&endpoint->layer, w->in->news.request);
        return;
    }
    answer(endpoint, w, answer_plain(endpoint, w, &said, observed), observed, said.delay_ms);
    if (observed) {
        /* The copy must know that the nonce of the request is used. */
        for (size_t i = 0; i < IO_OBSERVERS_MAX; i++) {
            if (observer_is(&endpoint->observers[i], w)) {
                endpoint->observers[i].exchange = *w->exchange;
            }
        }
    }
}

/* ---- requests that verified ---- */

/* block1_in takes a block of a request; the request is processed when it was the last. */
static void block1_in(io_endpoint *endpoint, work *w)
{
    io_upload *upload = NULL;
    uint8_t code = io_upload_take(endpoint, w->received->context, &w->exchange->request_kid, w->path, &w->pdu,
                                  &w->block1, &upload);
    if (code != 0) {
        answer_code(endpoint, w, code);
        return;
    }
    w->body = gosc_span_of(upload->body, upload->len);
    process(endpoint, w);
    io_upload_end(upload);
}

/* has_unknown_critical: an option that may not be ignored and that nobody here understands (RFC 7252
 * section 5.4.1). */
static bool has_unknown_critical(gosc_span options)
{
    static const uint16_t known[] = {1, 3, 5, 7, 11, 15, 17, 23, 27, 35, 39};
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        bool is_known = option.number % 2 == 0;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            is_known = is_known || option.number == known[i];
        }
        if (!is_known) {
            return true;
        }
    }
    return false;
}

static void verified_in(io_endpoint *endpoint, work *w)
{
    gosc_span options = w->pdu.options;
    if (gosc_span_present(gosc_option_find(options, GOSC_OPTION_PROXY_URI)) ||
        gosc_span_present(gosc_option_find(options, GOSC_OPTION_PROXY_SCHEME))) {
        answer_code(endpoint, w, IO_CODE_NO_PROXY);
    } else if (has_unknown_critical(options) || !io_block_find(options, IO_OPTION_BLOCK1, &w->block1) ||
               !io_block_find(options, IO_OPTION_BLOCK2, &w->block2)) {
        answer_code(endpoint, w, IO_CODE_BAD_OPTION);
    } else if (!io_path_of_options(options, w->path)) {
        answer_code(endpoint, w, IO_CODE_NOT_FOUND);
    } else if (w->block1.present) {
        block1_in(endpoint, w);
    } else {
        process(endpoint, w);
    }
}

/* challenge asks a client to show freshness, where roles and policy let it. */
static void challenge(io_endpoint *endpoint, const work *w, gosc_err why)
{
    uint8_t value[8];
    size_t len = 0;
    uint32_t request = w->in->news.request;
    io_security *security = w->group->newest;
    const gosc_dialect *dialect = w->received->context->common.dialect;
    /* A wrong or late Echo is discarded in silence in group-02 (Appendix E.3). */
    bool silent = (w->group->params.roles & IO_ROLE_SERVER) == 0 || !policy_of(w->group)->echo ||
                  (dialect->group != NULL && !dialect->has_modes && why != GOSC_ERR_ECHO_REQUIRED) ||
                  security == NULL || security->grant.context != w->received->context;
    if (silent || io_ssn_keeper_reserve(&security->keeper, security->grant.context) != GOSC_OK) {
        io_layer_drop(&endpoint->layer, request);
        return;
    }
    io_random_fill(endpoint->params.random, (gosc_buf){value, sizeof value});
    const gosc_coap_pdu header = {.type = GOSC_COAP_NON, .token = token_of(w), .options = GOSC_EMPTY};
    gosc_err err =
        gosc_echo_challenge(security->grant.context, w->exchange, gosc_span_of(value, sizeof value),
                            endpoint->now_ms, &header, w->exchange->group_mode, io_scratch(endpoint, 64),
                            (gosc_buf){endpoint->wire, sizeof endpoint->wire}, &len);
    io_response_send(endpoint, w->group, &w->in->path, request, err == GOSC_OK ? len : 0);
}

void io_server_receive(io_endpoint *endpoint, const io_incoming *in)
{
    gosc_exchange exchange;
    gosc_received received = {.message = GOSC_ABSENT};
    const gosc_context_store store = io_store_of(endpoint, IO_ROLE_SERVER | IO_ROLE_SILENT);
    gosc_exchange_init(&exchange, NULL, 0);
    gosc_err err =
        gosc_unprotect_request(&store, in->datagram, endpoint->now_ms, io_scratch(endpoint, in->datagram.len),
                               &exchange, &received, (gosc_buf){endpoint->opened, sizeof endpoint->opened});
    work w = {.in = in, .exchange = &exchange, .received = &received};
    if (err == GOSC_ERR_CONTEXT_NOT_FOUND) {
        io_run_result run = io_run_request(endpoint, in, &exchange, &received, &w.group);
        if (run == IO_RUN_ANSWERED) {
            return;
        }
        err = run == IO_RUN_REQUEST ? GOSC_OK : err;
    }
    bool is_known = received.context != NULL && io_security_of(endpoint, received.context, &w.group) != NULL;
    if (!is_known || (err != GOSC_OK && err != GOSC_ERR_SYNCHRONISED && err != GOSC_ERR_ECHO_REQUIRED &&
                      err != GOSC_ERR_ECHO_MISMATCH && err != GOSC_ERR_ECHO_EXPIRED)) {
        io_refuse(endpoint, in, err);
    } else if (err != GOSC_OK) {
        io_rejected(endpoint, in, w.group, NULL, gosc_err_name(err));
        if (err == GOSC_ERR_SYNCHRONISED) {
            io_layer_drop(&endpoint->layer, in->news.request);
        } else {
            challenge(endpoint, &w, err);
        }
    } else if (gosc_coap_pdu_parse(received.message, &w.pdu) == GOSC_OK) {
        w.body = w.pdu.payload;
        verified_in(endpoint, &w);
    }
}

/* ---- later ---- */

size_t io_endpoint_notify(io_endpoint *endpoint, io_group *group, const char *path)
{
    size_t n = 0;
    for (size_t i = 0; i < IO_OBSERVERS_MAX; i++) {
        io_observer *one = &endpoint->observers[i];
        if (one->owner == 0 || one->group != group || strcmp(one->resource, path) != 0) {
            continue;
        }
        io_app_answer said;
        work w = {.group = group,
                  .exchange = &one->exchange,
                  .pdu = {.code = GOSC_CODE_GET, .options = GOSC_EMPTY}};
        memcpy(w.path, one->resource, sizeof w.path);
        app_call(endpoint, &w, &said);
        /* Always under a Partial IV of its own (RFC 8613 section 8.3.1; Group OSCORE -28 section 7.3). */
        size_t len = io_response_protect(endpoint, group, &one->exchange,
                                         answer_plain(endpoint, &w, &said, said.code >> 5 == 2), true);
        bool confirmable = one->confirmable || endpoint->now_ms - one->asked_ms >= IO_ALIVE_MS;
        gosc_err err = len == 0 ? GOSC_ERR_USAGE
                                : io_layer_notify(&endpoint->layer, one->owner, &one->path, confirmable,
                                                  (gosc_buf){endpoint->wire, len},
                                                  io_random_u32(endpoint->params.random), endpoint->now_ms);
        one->asked_ms = confirmable ? endpoint->now_ms : one->asked_ms;
        n += err == GOSC_OK;
        if (err != GOSC_OK || said.code >> 5 != 2) {
            one->owner = 0; /* an error ends the observation (RFC 7641 section 4.2) */
        }
    }
    return n;
}

void io_server_tick(io_endpoint *endpoint)
{
    for (size_t i = 0; endpoint->n_delayed > 0 && i < IO_DELAYED_MAX; i++) {
        io_delayed *one = &endpoint->delayed[i];
        if (!one->used || one->due_ms > endpoint->now_ms) {
            continue;
        }
        one->used = false;
        endpoint->n_delayed--;
        size_t len = io_response_protect(endpoint, one->group, &one->exchange,
                                         gosc_span_of(one->plain, one->len), false);
        io_response_send(endpoint, one->group, &one->path, one->request, len);
    }
}

uint64_t io_server_next_ms(const io_endpoint *endpoint)
{
    uint64_t next = IO_NEVER;
    for (size_t i = 0; endpoint->n_delayed > 0 && i < IO_DELAYED_MAX; i++) {
        if (endpoint->delayed[i].used && endpoint->delayed[i].due_ms < next) {
            next = endpoint->delayed[i].due_ms;
        }
    }
    return next;
}

void io_server_scrub(io_endpoint *endpoint, const gosc_security_context *context)
{
    for (size_t i = 0; i < IO_UPLOADS_MAX; i++) {
        if (endpoint->uploads[i].body != NULL && endpoint->uploads[i].context == context) {
            io_upload_end(&endpoint->uploads[i]);
        }
    }
}

void io_server_end_observations(io_endpoint *endpoint, const io_group *group)
{
    for (size_t i = 0; i < IO_OBSERVERS_MAX; i++) {
        io_observer *one = &endpoint->observers[i];
        if (one->owner != 0 && one->group == group) {
            io_layer_cancel(&endpoint->layer, one->owner);
            one->owner = 0;
        }
    }
}

void io_server_drop(io_endpoint *endpoint, const io_group *group)
{
    io_server_end_observations(endpoint, group);
    for (size_t i = 0; endpoint->n_delayed > 0 && i < IO_DELAYED_MAX; i++) {
        if (endpoint->delayed[i].used && endpoint->delayed[i].group == group) {
            io_layer_drop(&endpoint->layer, endpoint->delayed[i].request);
            endpoint->delayed[i].used = false;
            endpoint->n_delayed--;
        }
    }
    for (const io_security *one = group->newest; one != NULL; one = one->older) {
        io_server_scrub(endpoint, one->grant.context);
    }
}

bool io_server_uses(const io_endpoint *endpoint, const gosc_security_context *context)
{
    for (size_t i = 0; i < IO_OBSERVERS_MAX; i++) {
        if (endpoint->observers[i].owner != 0 && endpoint->observers[i].exchange.context == context) {
            return true;
        }
    }
    for (size_t i = 0; endpoint->n_delayed > 0 && i < IO_DELAYED_MAX; i++) {
        if (endpoint->delayed[i].used && endpoint->delayed[i].exchange.context == context) {
            return true;
        }
    }
    return false;
}
