/* SPDX-License-Identifier: BSD-2-Clause */
/* Single messages of vectors, each with fresh endpoints (vectors/README.md, "message"). */
#include "peer.h"

#include "../../../vectors/endpoint.h"
#include "schema.h"

#define END                                                                                                  \
    {                                                                                                        \
        .kind = VEC_END                                                                                      \
    }
#define MAYBE(k, what)                                                                                       \
    {                                                                                                        \
        .key = k, .kind = what, .flags = VEC_OPTIONAL | VEC_NULLABLE                                         \
    }

static const char *const directions[] = {"request", "response", NULL};
static const char *const modes[] = {"group", "pairwise", NULL};

const vec_rule peer_protect_keys[] = {
    {.key = "context", .kind = VEC_ANY},
    {.key = "direction", .kind = VEC_WORD, .words = directions},
    {.key = "plain", .kind = VEC_HEX},
    {.key = "mode", .kind = VEC_WORD, .flags = VEC_OPTIONAL | VEC_NULLABLE, .words = modes},
    MAYBE("target", VEC_HEX),
    {.key = "ssn",
     .kind = VEC_INT,
     .flags = VEC_OPTIONAL | VEC_NULLABLE,
     .min = 0,
     .max = INT64_C(1099511627776)},
    MAYBE("own_partial_iv", VEC_BOOL),
    MAYBE("kid", VEC_BOOL),
    MAYBE("kid_context", VEC_BOOL),
    MAYBE("request", VEC_HEX),
    MAYBE("request_context", VEC_ANY),
    END,
};
const vec_rule peer_unprotect_keys[] = {
    {.key = "context", .kind = VEC_ANY},
    {.key = "direction", .kind = VEC_WORD, .words = directions},
    {.key = "protected", .kind = VEC_HEX},
    {.key = "now_ms", .kind = VEC_INT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .min = 0, .max = INT64_MAX},
    MAYBE("request", VEC_HEX),
    MAYBE("request_target", VEC_HEX),
    MAYBE("request_context", VEC_ANY),
    END,
};

/* context_make sets a Context object up; NULL: *err or *fault says why not. */
static const vec_context *context_make(vec_arena *arena, const json_t *object, const char **fault,
                                       gosc_err *err)
{
    vec_check check;
    vec_check_init(&check, "context");
    if (!vec_context_check(&check, object)) {
        *fault = vec_printf(arena, "%s", check.fault);
        return NULL;
    }
    vec_context *context = vec_alloc(arena, sizeof *context);
    vec_context_read(arena, object, context);
    *err = vec_context_set_up(arena, context);
    if (context->unsupported != NULL) {
        *fault = context->unsupported;
    }
    return *err == GOSC_OK && *fault == NULL ? context : NULL;
}

/*
 * endpoint_make sets the endpoint up that a request key speaks of: that of `request_context`, when there is
 * one (then *newest is that of `context`). False: *err or *fault says why not.
 */
static bool endpoint_make(vec_arena *arena, const json_t *request, vec_endpoint *endpoint,
                          const vec_context **newest, const char **fault, gosc_err *err)
{
    const vec_context *first = context_make(arena, json_object_get(request, "context"), fault, err);
    *newest = NULL;
    if (first != NULL && !vec_is_null(request, "request_context")) {
        *newest = first;
        first = context_make(arena, json_object_get(request, "request_context"), fault, err);
    }
    if (first != NULL) {
        vec_endpoint_init(endpoint, arena, first);
    }
    return first != NULL;
}

static gosc_err protect(vec_arena *arena, const json_t *request, vec_endpoint *endpoint,
                        const vec_context *newest, gosc_span *sealed)
{
    gosc_received received;
    bool is_request = vec_get_is(request, "direction", "request");
    vec_exchange *exchange = vec_exchange_new(endpoint, NULL);
    if (!is_request) {
        gosc_err err =
            vec_open_request(endpoint, vec_get_hex(arena, request, "request"), 0, exchange, &received);
        if (err != GOSC_OK && err != GOSC_ERR_ECHO_REQUIRED) {
            return err;
        }
        vec_exchange_keep(endpoint, exchange);
    }
    if (newest != NULL) {
        vec_endpoint_rekey(endpoint, newest);
    }
    gosc_security_context *context = endpoint->contexts[0];
    bool carries = is_request && context->common.dialect->group == NULL;
    const vec_seal how = {
        .mode = vec_get_text(request, "mode"),
        .target = vec_get_hex(arena, request, "target"),
        .own_partial_iv = vec_get_bool(request, "own_partial_iv", false),
        .kid = vec_get_bool(request, "kid", false),
        .kid_context = vec_get_bool(request, "kid_context", carries),
    };
    gosc_span plain = vec_get_hex(arena, request, "plain");
    context->sender.ssn = (uint64_t)vec_get_int(request, "ssn", (int64_t)context->sender.ssn);
    return is_request ? vec_seal_request(endpoint, &how, plain, exchange, sealed)
                      : vec_seal_response(endpoint, &how, plain, exchange, sealed);
}

static gosc_err unprotect(vec_arena *arena, const json_t *request, vec_endpoint *endpoint,
                          const vec_context *newest, gosc_span *opened)
{
    gosc_err err;
    gosc_received received = {.message = GOSC_ABSENT};
    gosc_span protected = vec_get_hex(arena, request, "protected");
    vec_exchange *exchange = vec_exchange_new(endpoint, NULL);
    if (vec_get_is(request, "direction", "request")) {
        uint64_t now_ms = (uint64_t)vec_get_int(request, "now_ms", 0);
        err = vec_open_request(endpoint, protected, now_ms, exchange, &received);
    } else {
        gosc_security_context *context = endpoint->contexts[0];
        err = vec_exchange_of_request(endpoint, context, vec_get_hex(arena, request, "request"),
                                      vec_get_hex(arena, request, "request_target"), &exchange);
        if (err == GOSC_OK && newest != NULL) {
            vec_endpoint_rekey(endpoint, newest);
        }
        if (err == GOSC_OK) {
            err = vec_open_response(endpoint, protected, exchange, &received);
        }
    }
    *opened = err == GOSC_OK ? received.message : GOSC_ABSENT;
    return err;
}

typedef gosc_err single_call(vec_arena *arena, const json_t *request, vec_endpoint *endpoint,
                             const vec_context *newest, gosc_span *result);

static json_t *single(vec_arena *arena, const json_t *request, const char *key, single_call *call,
                      const char **fault, bool *unsupported)
{
    vec_endpoint endpoint;
    const vec_context *newest = NULL;
    gosc_span result = GOSC_ABSENT;
    gosc_err err = GOSC_OK;
    if (vec_get_is(request, "direction", "response") && vec_is_null(request, "request")) {
        *fault = "a response needs its request";
        return NULL;
    }
    if (endpoint_make(arena, request, &endpoint, &newest, fault, &err)) {
        err = call(arena, request, &endpoint, newest, &result);
    }
    *unsupported = err == GOSC_ERR_LIMIT; /* longer than the crypto library takes */
    if (*fault != NULL || *unsupported) {
        return NULL;
    }
    json_t *reason = err == GOSC_OK ? json_null() : json_string(gosc_err_name(err));
    return json_pack("{s:o, s:o}", key, peer_hex(result), "reason", reason);
}

json_t *peer_protect(peer *p, vec_arena *arena, const json_t *request, const char **fault, bool *unsupported)
{
    (void)p;
    return single(arena, request, "protected", protect, fault, unsupported);
}

json_t *peer_unprotect(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                       bool *unsupported)
{
    (void)p;
    return single(arena, request, "opened", unprotect, fault, unsupported);
}
