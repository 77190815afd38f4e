/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"

#include <string.h>

static void learn_sizes(vec_endpoint *endpoint, const vec_context *context)
{
    if (context->longest_credential > endpoint->longest_credential) {
        endpoint->longest_credential = context->longest_credential;
    }
    endpoint->n_servers += context->n_recipients + context->n_members + context->max_recipients + 1;
}

void vec_endpoint_init(vec_endpoint *endpoint, vec_arena *arena, const vec_context *context)
{
    *endpoint = (vec_endpoint){.arena = arena, .n_contexts = 1};
    endpoint->contexts = vec_alloc(arena, sizeof *endpoint->contexts);
    endpoint->contexts[0] = vec_context_fresh(arena, context);
    learn_sizes(endpoint, context);
}

/* exchanges_grow lends every exchange a table that has room for the servers of one more context. */
static void exchanges_grow(vec_endpoint *endpoint)
{
    for (vec_exchange *one = endpoint->exchanges; one != NULL; one = one->older) {
        gosc_response_number *numbers = vec_alloc(endpoint->arena, endpoint->n_servers * sizeof *numbers);
        if (one->exchange.n_numbers > 0) {
            memcpy(numbers, one->exchange.numbers, one->exchange.n_numbers * sizeof *numbers);
        }
        one->exchange.numbers = numbers;
        one->exchange.n_numbers = endpoint->n_servers;
    }
}

void vec_endpoint_rekey(vec_endpoint *endpoint, const vec_context *context)
{
    gosc_security_context **contexts =
        vec_alloc(endpoint->arena, (endpoint->n_contexts + 1) * sizeof *endpoint->contexts);
    memcpy(contexts + 1, endpoint->contexts, endpoint->n_contexts * sizeof *contexts);
    contexts[0] = vec_context_fresh(endpoint->arena, context);
    endpoint->contexts = contexts;
    endpoint->n_contexts++;
    learn_sizes(endpoint, context);
    exchanges_grow(endpoint);
}

vec_exchange *vec_exchange_new(vec_endpoint *endpoint, const char *name)
{
    vec_exchange *exchange = vec_alloc(endpoint->arena, sizeof *exchange);
    gosc_response_number *numbers = vec_alloc(endpoint->arena, endpoint->n_servers * sizeof *numbers);
    gosc_exchange_init(&exchange->exchange, numbers, endpoint->n_servers);
    exchange->name = name;
    return exchange;
}

void vec_exchange_keep(vec_endpoint *endpoint, vec_exchange *exchange)
{
    exchange->older = endpoint->exchanges;
    endpoint->exchanges = exchange;
}

vec_exchange *vec_exchange_find(const vec_endpoint *endpoint, const char *name)
{
    vec_exchange *exchange = endpoint->exchanges;
    while (exchange != NULL &&
           (name == NULL || exchange->name == NULL || strcmp(exchange->name, name) != 0)) {
        exchange = exchange->older;
    }
    return exchange;
}

gosc_span vec_option_find(gosc_span datagram)
{
    gosc_coap_pdu pdu;
    if (gosc_coap_pdu_parse(datagram, &pdu) != GOSC_OK) {
        return GOSC_ABSENT;
    }
    return gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
}

/* mode_of: dialects without modes have one only. */
static bool mode_of(const gosc_security_context *context, const char *mode)
{
    const gosc_dialect *dialect = context->common.dialect;
    return dialect->has_modes ? mode != NULL && strcmp(mode, "group") == 0 : dialect->group != NULL;
}

static void id_set(gosc_id *id, gosc_span bytes)
{
    id->len = (uint8_t)bytes.len;
    if (gosc_span_present(bytes)) {
        memcpy(id->bytes, bytes.ptr, bytes.len);
    }
}

/* first_recipient: the peer, in plain OSCORE. */
static gosc_span first_recipient(const gosc_security_context *context)
{
    for (size_t i = 0; i < context->n_recipients; i++) {
        if (context->recipients[i].used) {
            return gosc_id_span(&context->recipients[i].id);
        }
    }
    return GOSC_ABSENT;
}

gosc_err vec_exchange_of_request(vec_endpoint *endpoint, gosc_security_context *context, gosc_span request,
                                 gosc_span target, vec_exchange **exchange)
{
    const gosc_dialect *dialect = context->common.dialect;
    gosc_coap_pdu pdu;
    gosc_oscore_option option;
    gosc_err err = gosc_coap_pdu_parse(request, &pdu);
    if (err == GOSC_OK) {
        gosc_span value = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
        err = gosc_span_present(value)
                  ? gosc_oscore_option_parse(value, dialect->flags_allowed, dialect->flags_required, &option)
                  : GOSC_ERR_NOT_OSCORE;
    }
    if (err == GOSC_OK && dialect->signature_in_option) {
        err = gosc_oscore_option_split(&option, context->common.signature_len);
    }
    if (err == GOSC_OK) {
        err = gosc_oscore_option_check_kid(&option);
    }
    if (err == GOSC_OK && !gosc_span_present(option.partial_iv_bytes)) {
        err = GOSC_ERR_PARTIAL_IV_MISSING;
    }
    if (err == GOSC_OK && !gosc_span_present(option.kid)) {
        err = GOSC_ERR_KID_MISSING;
    }
    if (err != GOSC_OK) {
        return err;
    }
    bool group_mode = dialect->has_modes ? (option.flags & GOSC_FLAG_GROUP) != 0 : dialect->group != NULL;
    if (!gosc_span_present(target) && dialect->group == NULL) {
        target = first_recipient(context);
    }
    if (!group_mode && (!gosc_span_present(target) || target.len > GOSC_KID_MAX)) {
        return GOSC_ERR_RECIPIENT_UNKNOWN;
    }
    gosc_span observe = gosc_option_find(pdu.options, GOSC_OPTION_OBSERVE);
    bool asks = gosc_span_present(observe);
    for (size_t i = 0; i < observe.len; i++) {
        asks = asks && observe.ptr[i] == 0;
    }
    vec_exchange *made = vec_exchange_new(endpoint, NULL);
    gosc_exchange *bound = &made->exchange;
    bound->context = context;
    bound->token_len = (uint8_t)pdu.token.len;
    memcpy(bound->token, pdu.token.ptr, pdu.token.len);
    bound->group_mode = group_mode;
    bound->observe = asks;
    id_set(&bound->request_kid, option.kid);
    bound->request_piv_len = (uint8_t)option.partial_iv_bytes.len;
    memcpy(bound->request_piv, option.partial_iv_bytes.ptr, option.partial_iv_bytes.len);
    bound->request_piv_number = option.partial_iv;
    bound->request_kid_context = dialect->group != NULL ? context->common.id_context : GOSC_ABSENT;
    if (!group_mode) {
        id_set(&bound->responder, target);
    }
    made->request = request;
    vec_exchange_keep(endpoint, made);
    *exchange = made;
    return GOSC_OK;
}

static gosc_buf scratch_for(const vec_endpoint *endpoint, gosc_span message)
{
    size_t len = gosc_scratch_len(message.len, endpoint->longest_credential);
    return (gosc_buf){vec_alloc(endpoint->arena, len), len};
}

/* room_for_sealed: option value, tag and signature on top, and what splitting a Proxy-Uri adds. */
static gosc_buf room_for_sealed(const vec_endpoint *endpoint, gosc_span plain)
{
    size_t len = 2 * plain.len + 512;
    return (gosc_buf){vec_alloc(endpoint->arena, len), len};
}

static gosc_protect_params params_of(const gosc_security_context *context, const vec_seal *how)
{
    return (gosc_protect_params){
        .group_mode = mode_of(context, how->mode),
        .target = how->target,
        .own_partial_iv = how->own_partial_iv,
        .kid = how->kid,
        .kid_context = how->kid_context,
    };
}

gosc_err vec_seal_request(vec_endpoint *endpoint, const vec_seal *how, gosc_span plain,
                          vec_exchange *exchange, gosc_span *sealed)
{
    gosc_buf out = room_for_sealed(endpoint, plain);
    gosc_protect_params params = params_of(endpoint->contexts[0], how);
    size_t len = 0;
    gosc_err err = gosc_protect_request(endpoint->contexts[0], &params, plain, scratch_for(endpoint, plain),
                                        &exchange->exchange, out, &len);
    *sealed = err == GOSC_OK ? gosc_span_of(out.ptr, len) : GOSC_ABSENT;
    exchange->request = *sealed;
    return err;
}

gosc_err vec_seal_response(vec_endpoint *endpoint, const vec_seal *how, gosc_span plain,
                           vec_exchange *exchange, gosc_span *sealed)
{
    gosc_buf out = room_for_sealed(endpoint, plain);
    gosc_protect_params params = params_of(endpoint->contexts[0], how);
    size_t len = 0;
    gosc_err err = gosc_protect_response(endpoint->contexts[0], &params, &exchange->exchange, plain,
                                         scratch_for(endpoint, plain), out, &len);
    *sealed = err == GOSC_OK ? gosc_span_of(out.ptr, len) : GOSC_ABSENT;
    return err;
}

gosc_err vec_open_request(vec_endpoint *endpoint, gosc_span datagram, uint64_t now_ms, vec_exchange *exchange,
                          gosc_received *received)
{
    gosc_context_store store = {endpoint->contexts, 1};
    gosc_buf out = {vec_alloc(endpoint->arena, datagram.len + 16), datagram.len + 16};
    exchange->request = datagram;
    *received = (gosc_received){.message = GOSC_ABSENT};
    return gosc_unprotect_request(&store, datagram, now_ms, scratch_for(endpoint, datagram),
                                  &exchange->exchange, received, out);
}

gosc_err vec_open_response(vec_endpoint *endpoint, gosc_span datagram, vec_exchange *exchange,
                           gosc_received *received)
{
    gosc_context_store store = {endpoint->contexts, endpoint->n_contexts};
    gosc_buf out = {vec_alloc(endpoint->arena, datagram.len + 16), datagram.len + 16};
    *received = (gosc_received){.message = GOSC_ABSENT};
    return gosc_unprotect_response(&store, &exchange->exchange, datagram, scratch_for(endpoint, datagram),
                                   received, out);
}

gosc_err vec_challenge(vec_endpoint *endpoint, vec_exchange *exchange, gosc_span echo, const char *mode,
                       uint64_t now_ms, gosc_span like, gosc_span *sealed)
{
    gosc_coap_pdu header = {.type = GOSC_COAP_NON};
    gosc_coap_pdu model;
    if (gosc_span_present(like) && gosc_coap_pdu_parse(like, &model) == GOSC_OK) {
        header.type = model.type;
        header.message_id = model.message_id;
    }
    header.token = gosc_span_of(exchange->exchange.token, exchange->exchange.token_len);
    header.options = GOSC_EMPTY;
    gosc_buf out = room_for_sealed(endpoint, echo);
    size_t len = 0;
    gosc_err err =
        gosc_echo_challenge(endpoint->contexts[0], &exchange->exchange, echo, now_ms, &header,
                            mode_of(endpoint->contexts[0], mode), scratch_for(endpoint, echo), out, &len);
    *sealed = err == GOSC_OK ? gosc_span_of(out.ptr, len) : GOSC_ABSENT;
    return err;
}
