/* SPDX-License-Identifier: BSD-2-Clause */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "names.h"
#include "schema.h"

#define HEX_IF_ANY(name)                                                                                     \
    {                                                                                                        \
        .key = name, .kind = VEC_HEX, .flags = VEC_OPTIONAL | VEC_NULLABLE                                   \
    }
#define BOOL_IF_ANY(name)                                                                                    \
    {                                                                                                        \
        .key = name, .kind = VEC_BOOL, .flags = VEC_OPTIONAL | VEC_NULLABLE                                  \
    }
#define ANY_IF_ANY(name)                                                                                     \
    {                                                                                                        \
        .key = name, .kind = VEC_ANY, .flags = VEC_OPTIONAL | VEC_NULLABLE                                   \
    }

static const char *const modes[] = {"group", "pairwise", NULL};
static const vec_rule message = {.kind = VEC_HEX};
static const vec_rule messages = {
    .key = "messages", .kind = VEC_LIST, .flags = VEC_OPTIONAL, .min = 1, .of = &message};
#define BOTH                                                                                                 \
    {.key = "context", .kind = VEC_ANY}, HEX_IF_ANY("message"),                                              \
        {.key = "messages", .kind = VEC_LIST, .flags = VEC_OPTIONAL, .min = 1, .of = &message},              \
        HEX_IF_ANY("request"), ANY_IF_ANY("request_context"), HEX_IF_ANY("target")
static const vec_rule open_keys[] = {
    BOTH,
    {.key = "now_ms", .kind = VEC_INT, .flags = VEC_OPTIONAL, .min = 0, .max = INT64_C(9007199254740991)},
    {.kind = VEC_END},
};
static const vec_rule seal_keys[] = {
    BOTH,
    {.key = "mode", .kind = VEC_WORD, .flags = VEC_OPTIONAL | VEC_NULLABLE, .words = modes},
    {.key = "ssn", .kind = VEC_INT, .flags = VEC_OPTIONAL, .min = 0, .max = INT64_C(1099511627776)},
    BOOL_IF_ANY("own_partial_iv"),
    BOOL_IF_ANY("kid"),
    BOOL_IF_ANY("kid_context"),
    {.kind = VEC_END},
};
static const vec_rule open_rule = {.kind = VEC_OBJECT, .of = open_keys};
static const vec_rule seal_rule = {.kind = VEC_OBJECT, .of = seal_keys};

/* A job at work: the endpoint of `context`, after that of `request_context` if there is one. */
typedef struct work {
    vec_arena arena;
    const json_t *job;
    vec_context first, newest;
    vec_endpoint endpoint;
    vec_exchange *exchange; /* of the request, for responses */
} work;

static bool check_one_context(vec_check *check, const json_t *job, const char *key)
{
    size_t before = vec_place_push(check, key);
    bool good = vec_context_check(check, json_object_get(job, key));
    if (good) {
        vec_place_pop(check, before);
    }
    return good;
}

static bool check_job(vec_check *check, const vec_rule *rule, const json_t *job)
{
    if (!vec_check_value(check, rule, job) || !check_one_context(check, job, "context")) {
        return false;
    }
    if (!vec_is_null(job, "request_context") && !check_one_context(check, job, "request_context")) {
        return false;
    }
    if (vec_is_null(job, "message") == (json_object_get(job, messages.key) == NULL)) {
        return vec_fault(check, "expected one of the keys \"message\" and \"messages\", found %s",
                         vec_is_null(job, "message") ? "none" : "both");
    }
    return vec_is_null(job, "request_context") || !vec_is_null(job, "request") ||
           vec_fault(check, "expected the key \"request\" with \"request_context\", found none");
}

static json_t *refusal(gosc_err err, const char *stage)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "result", "reject", "reason", gosc_err_name(err), "stage", stage,
                     "says", gosc_strerror(err));
}

static json_t *hex(vec_arena *arena, gosc_span bytes)
{
    return gosc_span_present(bytes) ? json_string(vec_hex_write(arena, bytes)) : json_null();
}

/* set_up makes the endpoint; an answer when a context is refused, NULL when all is well. */
static json_t *set_up(work *w)
{
    const json_t *older = json_object_get(w->job, "request_context");
    bool rekeyed = !vec_is_null(w->job, "request_context");
    vec_context_read(&w->arena, rekeyed ? older : json_object_get(w->job, "context"), &w->first);
    if (rekeyed) {
        vec_context_read(&w->arena, json_object_get(w->job, "context"), &w->newest);
    }
    const char *why = w->first.unsupported != NULL ? w->first.unsupported : w->newest.unsupported;
    if (why != NULL) {
        return json_pack("{s:s, s:s}", "result", "unsupported", "says", why);
    }
    gosc_err err = vec_context_set_up(&w->arena, &w->first);
    if (err == GOSC_OK && rekeyed) {
        err = vec_context_set_up(&w->arena, &w->newest);
    }
    if (err != GOSC_OK) {
        return refusal(err, "context");
    }
    vec_endpoint_init(&w->endpoint, &w->arena, &w->first);
    return NULL;
}

/* rekey installs the newest context, where there are two. */
static void rekey(work *w)
{
    if (!vec_is_null(w->job, "request_context")) {
        vec_endpoint_rekey(&w->endpoint, &w->newest);
    }
}

static json_t *options_of(vec_arena *arena, gosc_span options)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    json_t *list = json_array();
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        (void)json_array_append_new(list, json_pack("{s:i, s:s, s:o}", "number", (int)option.number, "name",
                                                    rep_option_name(option.number), "value",
                                                    hex(arena, option.value)));
    }
    return list;
}

/* add_decoded tells a CoAP message in its parts. */
static void add_decoded(vec_arena *arena, json_t *answer, gosc_span bytes)
{
    static const char *const types[] = {"CON", "NON", "ACK", "RST"};
    gosc_coap_pdu pdu;
    if (gosc_coap_pdu_parse(bytes, &pdu) != GOSC_OK) {
        return;
    }
    char code[8];
    rep_code_write(pdu.code, code);
    (void)json_object_set_new(answer, "type", json_string(types[pdu.type]));
    (void)json_object_set_new(answer, "code", json_string(code));
    (void)json_object_set_new(answer, "message_id", json_integer(pdu.message_id));
    (void)json_object_set_new(answer, "token", hex(arena, pdu.token));
    (void)json_object_set_new(answer, "options", options_of(arena, pdu.options));
    (void)json_object_set_new(answer, "payload", hex(arena, pdu.payload));
}

static const char *mode_name(const work *w, bool group_mode)
{
    if (!w->endpoint.contexts[0]->common.dialect->has_modes) {
        return NULL;
    }
    return group_mode ? "group" : "pairwise";
}

/* add_option tells what the OSCORE option says of itself. */
static void add_option(work *w, json_t *answer, gosc_span datagram)
{
    const gosc_common_context *common = &w->endpoint.contexts[0]->common;
    const gosc_dialect *dialect = common->dialect;
    gosc_oscore_option option;
    gosc_span value = vec_option_find(datagram);
    if (!gosc_span_present(value) ||
        gosc_oscore_option_parse(value, dialect->flags_allowed, dialect->flags_required, &option) !=
            GOSC_OK ||
        (dialect->signature_in_option &&
         gosc_oscore_option_split(&option, common->signature_len) != GOSC_OK)) {
        return;
    }
    const char *mode = mode_name(w, (option.flags & GOSC_FLAG_GROUP) != 0);
    (void)json_object_set_new(answer, "mode", mode != NULL ? json_string(mode) : json_null());
    (void)json_object_set_new(answer, "kid", hex(&w->arena, option.kid));
    (void)json_object_set_new(answer, "partial_iv", hex(&w->arena, option.partial_iv_bytes));
    (void)json_object_set_new(answer, "kid_context", hex(&w->arena, option.kid_context));
}

static json_t *open_one(work *w, const json_t *one)
{
    gosc_received received;
    gosc_span datagram = vec_hex_of(&w->arena, one);
    gosc_err err;
    if (w->exchange != NULL) {
        err = vec_open_response(&w->endpoint, datagram, w->exchange, &received);
    } else {
        uint64_t now_ms = (uint64_t)vec_get_int(w->job, "now_ms", 0);
        err =
            vec_open_request(&w->endpoint, datagram, now_ms, vec_exchange_new(&w->endpoint, NULL), &received);
    }
    json_t *answer =
        err == GOSC_OK ? json_pack("{s:s, s:n}", "result", "ok", "reason") : refusal(err, "message");
    add_option(w, answer, datagram);
    if (err == GOSC_OK) {
        (void)json_object_set_new(answer, "sender", hex(&w->arena, gosc_id_span(&received.sender->id)));
        (void)json_object_set_new(answer, "message", hex(&w->arena, received.message));
        add_decoded(&w->arena, answer, received.message);
    }
    return answer;
}

static vec_seal how_of(work *w)
{
    const gosc_dialect *dialect = w->endpoint.contexts[0]->common.dialect;
    /* An oscore request carries the ID Context, if there is one, unless told not to. */
    bool carries = dialect->group == NULL && w->exchange == NULL;
    return (vec_seal){
        .mode = vec_get_text(w->job, "mode"),
        .target = vec_get_hex(&w->arena, w->job, "target"),
        .own_partial_iv = vec_get_bool(w->job, "own_partial_iv", false),
        .kid = vec_get_bool(w->job, "kid", false),
        .kid_context = vec_get_bool(w->job, "kid_context", carries),
    };
}

static json_t *seal_one(work *w, const json_t *one)
{
    gosc_span sealed;
    vec_seal how = how_of(w);
    gosc_span plain = vec_hex_of(&w->arena, one);
    gosc_err err;
    if (w->exchange != NULL) {
        err = vec_seal_response(&w->endpoint, &how, plain, w->exchange, &sealed);
    } else {
        err = vec_seal_request(&w->endpoint, &how, plain, vec_exchange_new(&w->endpoint, NULL), &sealed);
    }
    if (err != GOSC_OK) {
        return refusal(err, "message");
    }
    json_t *answer =
        json_pack("{s:s, s:n, s:o, s:I}", "result", "ok", "reason", "protected", hex(&w->arena, sealed),
                  "ssn", (json_int_t)w->endpoint.contexts[0]->sender.ssn);
    add_option(w, answer, sealed);
    return answer;
}

/* each answers every message of a job. */
static json_t *each(work *w, json_t *(*one)(work *, const json_t *))
{
    const json_t *list = json_object_get(w->job, messages.key);
    if (list == NULL) {
        return one(w, json_object_get(w->job, "message"));
    }
    json_t *results = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        (void)json_array_append_new(results, one(w, json_array_get(list, i)));
    }
    return json_pack("{s:o}", "results", results);
}

static json_t *do_open(work *w)
{
    gosc_err err = GOSC_OK;
    if (!vec_is_null(w->job, "request")) {
        gosc_span request = vec_get_hex(&w->arena, w->job, "request");
        gosc_span target = vec_get_hex(&w->arena, w->job, "target");
        err = vec_exchange_of_request(&w->endpoint, w->endpoint.contexts[0], request, target, &w->exchange);
    }
    rekey(w);
    return err == GOSC_OK ? each(w, open_one) : refusal(err, "request");
}

static json_t *do_seal(work *w)
{
    if (!vec_is_null(w->job, "request")) {
        gosc_received received;
        gosc_span request = vec_get_hex(&w->arena, w->job, "request");
        w->exchange = vec_exchange_new(&w->endpoint, NULL);
        gosc_err err = vec_open_request(&w->endpoint, request, 0, w->exchange, &received);
        if (err != GOSC_OK && err != GOSC_ERR_ECHO_REQUIRED) {
            return refusal(err, "request");
        }
        vec_exchange_keep(&w->endpoint, w->exchange);
    }
    rekey(w);
    if (json_object_get(w->job, "ssn") != NULL) {
        w->endpoint.contexts[0]->sender.ssn = (uint64_t)vec_get_int(w->job, "ssn", 0);
    }
    return each(w, seal_one);
}

static json_t *run(vec_check *check, const vec_rule *rule, const json_t *job, json_t *(*operation)(work *))
{
    if (!check_job(check, rule, job)) {
        return NULL;
    }
    work w = {.job = job};
    json_t *answer = set_up(&w);
    if (answer == NULL) {
        answer = operation(&w);
    }
    vec_arena_free(&w.arena);
    return answer;
}

json_t *cli_job_open(vec_check *check, const json_t *job)
{
    return run(check, &open_rule, job, do_open);
}

json_t *cli_job_seal(vec_check *check, const json_t *job)
{
    return run(check, &seal_rule, job, do_seal);
}

bool cli_job_failed(const json_t *answer)
{
    const json_t *results = json_object_get(answer, "results");
    for (size_t i = 0; i < json_array_size(results); i++) {
        if (!vec_get_is(json_array_get(results, i), "result", "ok")) {
            return true;
        }
    }
    return results == NULL && !vec_get_is(answer, "result", "ok");
}
