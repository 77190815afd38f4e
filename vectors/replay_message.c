/* SPDX-License-Identifier: BSD-2-Clause */
/* Family message: one message, both directions of the computation. */
#include <string.h>

#include "layers.h"
#include "replay_family.h"
#include "snapshot.h"

/* One message vector on its way. */
typedef struct task {
    vec_replay *replay;
    const vec_vector *vector;
    const json_t *json;
    vec_verdict *verdict;
    bool is_request;
    gosc_span protected; /* as the vector has it; absent: null */
    gosc_span request;
} task;

/* compare_layers holds every intermediate value against those of the vector. */
static bool compare_layers(const task *t, const vec_layers *layers)
{
    const struct {
        const char *name;
        gosc_span found;
    } values[] = {
        {"request_kid", layers->request_kid},
        {"request_piv", layers->request_piv},
        {"request_kid_context", layers->request_kid_context},
        {"option", layers->option},
        {"nonce", layers->nonce},
        {"external_aad", layers->external_aad},
        {"enc_structure", layers->enc_structure},
        {"key", layers->key},
        {"plaintext", layers->plaintext},
        {"ciphertext", layers->ciphertext},
        {"to_be_signed", layers->to_be_signed},
        {"signature", layers->signature},
        {"keystream_info", layers->keystream_info},
        {"keystream", layers->keystream},
        {"encrypted_signature", layers->encrypted_signature},
    };
    const json_t *expect = json_object_get(t->json, "intermediate");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        gosc_span wanted = vec_get_hex(&t->replay->arena, expect, values[i].name);
        if (!vec_same_bytes(t->verdict, values[i].name, wanted, values[i].found)) {
            return false;
        }
    }
    return true;
}

static bool check_layers(const task *t, const gosc_security_context *context,
                         const gosc_recipient_context *other, bool sealing, gosc_span datagram)
{
    const vec_layers_input in = {
        .context = context,
        .other = other,
        .sealing = sealing,
        .is_request = t->is_request,
        .datagram = datagram,
        .request = t->request,
    };
    vec_layers layers;
    gosc_err err = vec_layers_outer(&in, &layers);
    if (err == GOSC_OK) {
        err = vec_layers_inner(&t->replay->arena, &in, &layers);
    }
    return vec_same_result(t->verdict, "intermediate values", NULL, err) && compare_layers(t, &layers);
}

static vec_seal how_of(const task *t, const gosc_security_context *context)
{
    const json_t *seal = json_object_get(t->json, "seal");
    /* An oscore request carries the ID Context, if there is one, unless the vector says no. */
    bool carries = t->is_request && context->common.dialect->group == NULL;
    return (vec_seal){
        .mode = vec_get_text(t->json, "mode"),
        .target = vec_get_hex(&t->replay->arena, seal, "target"),
        .own_partial_iv = vec_get_bool(seal, "own_partial_iv", false),
        .kid = vec_get_bool(seal, "kid", false),
        .kid_context = vec_get_bool(seal, "kid_context", carries),
    };
}

/* judge_refusal: the reason is the one named, and nothing moved. */
static void judge_refusal(const task *t, const char *what, gosc_err err, const vec_snapshot *before,
                          const gosc_received *received)
{
    if (!vec_same_result(t->verdict, what, t->vector->reason, err)) {
        return;
    }
    bool is_echo =
        err == GOSC_ERR_ECHO_REQUIRED || err == GOSC_ERR_ECHO_MISMATCH || err == GOSC_ERR_ECHO_EXPIRED;
    if (is_echo && received != NULL) {
        (void)vec_challenged(t->verdict, before, err, received);
    } else {
        (void)vec_unchanged(t->verdict, before);
    }
}

static bool same_sealed(const task *t, const gosc_security_context *context, gosc_span sealed, uint64_t ssn,
                        bool took)
{
    return vec_same_bytes(t->verdict, "protected", t->protected, sealed) &&
           vec_same_number(t->verdict, "Sender Sequence Number behind", (int64_t)(took ? ssn + 1 : ssn),
                           (int64_t)context->sender.ssn);
}

static void seal_request(const task *t, vec_endpoint *endpoint, const vec_seal *how, gosc_span plain,
                         uint64_t ssn)
{
    gosc_security_context *context = endpoint->contexts[0];
    gosc_span sealed;
    vec_exchange *exchange = vec_exchange_new(endpoint, NULL);
    context->sender.ssn = ssn;
    vec_snapshot before = vec_snapshot_take(endpoint, exchange);
    gosc_err err = vec_seal_request(endpoint, how, plain, exchange, &sealed);
    if (err != GOSC_OK || !t->vector->is_ok) {
        judge_refusal(t, "protecting", err, &before, NULL);
        return;
    }
    const gosc_recipient_context *target =
        gosc_recipient_context_find(context, gosc_id_span(&exchange->exchange.responder));
    if (same_sealed(t, context, sealed, ssn, true)) {
        (void)check_layers(t, context, target, true, sealed);
    }
}

/* answer_to opens the request, and installs the new context when a rekey lies between. */
static vec_exchange *answer_to(const task *t, vec_endpoint *endpoint, const vec_context *newest)
{
    gosc_received received;
    vec_exchange *exchange = vec_exchange_new(endpoint, NULL);
    gosc_err err = vec_open_request(endpoint, t->request, 0, exchange, &received);
    if (err != GOSC_OK && err != GOSC_ERR_ECHO_REQUIRED) {
        (void)vec_same_result(t->verdict, "verifying the request", NULL, err);
        return NULL;
    }
    vec_exchange_keep(endpoint, exchange);
    if (newest != NULL) {
        vec_endpoint_rekey(endpoint, newest);
    }
    return exchange;
}

static void seal_response(const task *t, vec_endpoint *endpoint, const vec_context *newest, gosc_span plain,
                          uint64_t ssn)
{
    gosc_span sealed;
    vec_exchange *exchange = answer_to(t, endpoint, newest);
    if (exchange == NULL) {
        return;
    }
    /* oscore and group-02 answer under the context of the request, whose numbers the vector does not touch.
     */
    endpoint->contexts[0]->sender.ssn = ssn;
    const gosc_security_context *context =
        endpoint->contexts[0]->common.dialect->has_modes ? endpoint->contexts[0] : exchange->exchange.context;
    ssn = context->sender.ssn;
    vec_seal how = how_of(t, context);
    vec_snapshot before = vec_snapshot_take(endpoint, NULL);
    gosc_err err = vec_seal_response(endpoint, &how, plain, exchange, &sealed);
    if (err != GOSC_OK || !t->vector->is_ok) {
        judge_refusal(t, "protecting", err, &before, NULL);
        return;
    }
    const gosc_recipient_context *client =
        gosc_recipient_context_find(context, gosc_id_span(&exchange->exchange.request_kid));
    if (same_sealed(t, context, sealed, ssn, how.own_partial_iv)) {
        (void)check_layers(t, context, client, true, sealed);
    }
}

static void do_seal(const task *t)
{
    const json_t *seal = json_object_get(t->json, "seal");
    gosc_span plain = vec_get_hex(&t->replay->arena, t->json, "plain");
    uint64_t ssn = (uint64_t)vec_get_int(seal, "ssn", 0);
    const vec_context *newest = NULL;
    const vec_context *first = vec_replay_ready(t->replay, t->vector, t->json, "sender", t->verdict);
    if (first != NULL && !vec_is_null(t->json, "request_receiver")) {
        newest = first;
        first = vec_replay_ready(t->replay, t->vector, t->json, "request_receiver", t->verdict);
    }
    if (first == NULL) {
        return;
    }
    vec_endpoint endpoint;
    vec_endpoint_init(&endpoint, &t->replay->arena, first);
    if (t->is_request) {
        vec_seal how = how_of(t, endpoint.contexts[0]);
        seal_request(t, &endpoint, &how, plain, ssn);
    } else {
        seal_response(t, &endpoint, newest, plain, ssn);
    }
}

static void judge_opened(const task *t, gosc_err err, const vec_snapshot *before,
                         const gosc_received *received)
{
    if (err != GOSC_OK || !t->vector->is_ok) {
        judge_refusal(t, "verifying", err, before, received);
        return;
    }
    gosc_span opened = vec_get_hex(&t->replay->arena, t->json, "opened");
    if (vec_same_bytes(t->verdict, "opened", opened, received->message)) {
        (void)check_layers(t, received->context, received->sender, false, t->protected);
    }
}

static void open_request(const task *t, vec_endpoint *endpoint)
{
    gosc_received received;
    vec_exchange *exchange = vec_exchange_new(endpoint, NULL);
    vec_snapshot before = vec_snapshot_take(endpoint, exchange);
    gosc_err err = vec_open_request(endpoint, t->protected, 0, exchange, &received);
    judge_opened(t, err, &before, &received);
}

static void open_response(const task *t, vec_endpoint *endpoint)
{
    gosc_received received;
    vec_exchange *exchange;
    gosc_security_context *context = endpoint->contexts[endpoint->n_contexts - 1];
    gosc_span target = vec_get_hex(&t->replay->arena, t->json, "request_target");
    gosc_err err = vec_exchange_of_request(endpoint, context, t->request, target, &exchange);
    if (!vec_same_result(t->verdict, "exchange of the request", NULL, err)) {
        return;
    }
    vec_snapshot before = vec_snapshot_take(endpoint, NULL);
    err = vec_open_response(endpoint, t->protected, exchange, &received);
    judge_opened(t, err, &before, &received);
}

static void do_open(const task *t)
{
    const vec_context *newest = NULL;
    const vec_context *first = vec_replay_ready(t->replay, t->vector, t->json, "receiver", t->verdict);
    if (first != NULL && !vec_is_null(t->json, "request_sender")) {
        newest = first;
        first = vec_replay_ready(t->replay, t->vector, t->json, "request_sender", t->verdict);
    }
    if (first == NULL) {
        return;
    }
    vec_endpoint endpoint;
    vec_endpoint_init(&endpoint, &t->replay->arena, first);
    if (newest != NULL) {
        vec_endpoint_rekey(&endpoint, newest);
    }
    if (t->is_request) {
        open_request(t, &endpoint);
    } else {
        open_response(t, &endpoint);
    }
}

void vec_replay_message(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    const task t = {
        .replay = replay,
        .vector = vector,
        .json = vector->json,
        .verdict = verdict,
        .is_request = vec_get_is(vector->json, "direction", "request"),
        .protected = vec_get_hex(&replay->arena, vector->json, "protected"),
        .request = vec_get_hex(&replay->arena, vector->json, "request"),
    };
    if (!vec_get_is(t.json, "op", "open")) {
        do_seal(&t);
    }
    if (verdict->outcome == VEC_PASSED && !vec_get_is(t.json, "op", "seal")) {
        do_open(&t);
    }
}
