/* SPDX-License-Identifier: BSD-2-Clause */
/* Family sequence: one endpoint with state, step by step. */
#include <stdio.h>
#include <string.h>

#include "replay_family.h"
#include "snapshot.h"

/* One step on its way. */
typedef struct walk {
    vec_replay *replay;
    const vec_vector *vector;
    vec_verdict *verdict;
    vec_endpoint endpoint;
    const json_t *step;
} walk;

static gosc_span bytes_of(walk *w, const char *key)
{
    return vec_get_hex(&w->replay->arena, w->step, key);
}

/* judge compares result and reason; a refusal must have left all as it was. */
static bool judge(walk *w, gosc_err err, const vec_snapshot *before, const gosc_received *received)
{
    const char *reason = vec_get_text(w->step, "reason");
    if (!vec_same_result(w->verdict, "result", reason, err)) {
        return false;
    }
    if (err == GOSC_OK) {
        return true;
    }
    bool is_echo =
        err == GOSC_ERR_ECHO_REQUIRED || err == GOSC_ERR_ECHO_MISMATCH || err == GOSC_ERR_ECHO_EXPIRED;
    return is_echo && received != NULL ? vec_challenged(w->verdict, before, err, received)
                                       : vec_unchanged(w->verdict, before);
}

static vec_exchange *exchange_of(walk *w)
{
    const char *name = vec_get_text(w->step, "exchange");
    vec_exchange *exchange = vec_exchange_find(&w->endpoint, name);
    if (exchange == NULL) {
        (void)vec_fail(w->verdict, "exchange: expected one named \"%s\", found none",
                       name != NULL ? name : "null");
    }
    return exchange;
}

static void do_seal_request(walk *w)
{
    const gosc_dialect *dialect = w->endpoint.contexts[0]->common.dialect;
    const vec_seal how = {
        .mode = vec_get_text(w->step, "mode"),
        .target = bytes_of(w, "target"),
        .kid_context = dialect->group == NULL,
    };
    gosc_span sealed;
    vec_exchange *exchange = vec_exchange_new(&w->endpoint, vec_get_text(w->step, "exchange"));
    vec_snapshot before = vec_snapshot_take(&w->endpoint, exchange);
    gosc_err err = vec_seal_request(&w->endpoint, &how, bytes_of(w, "plain"), exchange, &sealed);
    if (!judge(w, err, &before, NULL) || err != GOSC_OK) {
        return;
    }
    vec_exchange_keep(&w->endpoint, exchange);
    (void)vec_same_bytes(w->verdict, "protected", bytes_of(w, "protected"), sealed);
}

static void do_open_request(walk *w)
{
    gosc_received received;
    vec_exchange *exchange = vec_exchange_new(&w->endpoint, vec_get_text(w->step, "exchange"));
    vec_snapshot before = vec_snapshot_take(&w->endpoint, exchange);
    uint64_t now_ms = (uint64_t)vec_get_int(w->step, "now_ms", 0);
    gosc_err err = vec_open_request(&w->endpoint, bytes_of(w, "protected"), now_ms, exchange, &received);
    if (!judge(w, err, &before, &received)) {
        return;
    }
    if (err == GOSC_OK || err == GOSC_ERR_ECHO_REQUIRED) {
        vec_exchange_keep(&w->endpoint, exchange);
    }
    (void)vec_same_bytes(w->verdict, "opened", bytes_of(w, "opened"), received.message);
}

static void do_seal_response(walk *w)
{
    const vec_seal how = {
        .mode = vec_get_text(w->step, "mode"),
        .own_partial_iv = vec_get_bool(w->step, "own_partial_iv", false),
        .kid = vec_get_bool(w->step, "kid", false),
        .kid_context = vec_get_bool(w->step, "kid_context", false),
    };
    gosc_span sealed;
    vec_exchange *exchange = exchange_of(w);
    if (exchange == NULL) {
        return;
    }
    vec_snapshot before = vec_snapshot_take(&w->endpoint, NULL);
    gosc_err err = vec_seal_response(&w->endpoint, &how, bytes_of(w, "plain"), exchange, &sealed);
    if (judge(w, err, &before, NULL) && err == GOSC_OK) {
        (void)vec_same_bytes(w->verdict, "protected", bytes_of(w, "protected"), sealed);
    }
}

static void do_open_response(walk *w)
{
    gosc_received received;
    vec_exchange *exchange = exchange_of(w);
    if (exchange == NULL) {
        return;
    }
    vec_snapshot before = vec_snapshot_take(&w->endpoint, NULL);
    gosc_err err = vec_open_response(&w->endpoint, bytes_of(w, "protected"), exchange, &received);
    if (judge(w, err, &before, NULL)) {
        (void)vec_same_bytes(w->verdict, "opened", bytes_of(w, "opened"), received.message);
    }
}

static void do_challenge(walk *w)
{
    gosc_span sealed;
    gosc_span wanted = bytes_of(w, "protected");
    vec_exchange *exchange = exchange_of(w);
    if (exchange == NULL) {
        return;
    }
    vec_snapshot before = vec_snapshot_take(&w->endpoint, NULL);
    gosc_err err = vec_challenge(&w->endpoint, exchange, bytes_of(w, "echo"), vec_get_text(w->step, "mode"),
                                 (uint64_t)vec_get_int(w->step, "now_ms", 0), wanted, &sealed);
    if (judge(w, err, &before, NULL) && err == GOSC_OK) {
        (void)vec_same_bytes(w->verdict, "protected", wanted, sealed);
    }
}

static void do_rekey(walk *w)
{
    const vec_context *next = vec_replay_ready(w->replay, w->vector, w->step, "context", w->verdict);
    if (next != NULL) {
        vec_endpoint_rekey(&w->endpoint, next);
        (void)judge(w, GOSC_OK, NULL, NULL);
    }
}

static void do_set_ssn(walk *w)
{
    w->endpoint.contexts[0]->sender.ssn = (uint64_t)vec_get_int(w->step, "ssn", 0);
    (void)judge(w, GOSC_OK, NULL, NULL);
}

static void do_delete_recipient(walk *w)
{
    vec_snapshot before = vec_snapshot_take(&w->endpoint, NULL);
    bool was_there = gosc_recipient_context_delete(w->endpoint.contexts[0], bytes_of(w, "id"));
    (void)judge(w, was_there ? GOSC_OK : GOSC_ERR_RECIPIENT_UNKNOWN, &before, NULL);
}

static void do_state(walk *w)
{
    const json_t *expect = json_object_get(w->step, "expect");
    const gosc_security_context *context = w->endpoint.contexts[0];
    gosc_span id = bytes_of(w, "id");
    const gosc_recipient_context *recipient =
        gosc_span_present(id) ? gosc_recipient_context_find(context, id) : NULL;
    bool wants_none = json_is_null(json_object_get(expect, "valid"));
    if (gosc_span_present(id) && (recipient == NULL) != wants_none) {
        (void)vec_fail(w->verdict, "valid: expected %s of this id, found %s",
                       wants_none ? "no Recipient Context" : "a Recipient Context",
                       wants_none ? "one" : "none");
        return;
    }
    if (recipient != NULL && json_object_get(expect, "valid") != NULL &&
        !vec_same_flag(w->verdict, "valid", vec_get_bool(expect, "valid", false), recipient->window.valid)) {
        return;
    }
    if (recipient != NULL && json_object_get(expect, "highest") != NULL) {
        /* -1 stands for null: nothing seen. */
        int64_t found = recipient->window.seen != 0 ? (int64_t)recipient->window.highest : -1;
        if (!vec_same_number(w->verdict, "highest", vec_get_int(expect, "highest", -1), found)) {
            return;
        }
    }
    if (!vec_is_null(expect, "ssn") &&
        !vec_same_number(w->verdict, "ssn", vec_get_int(expect, "ssn", 0), (int64_t)context->sender.ssn)) {
        return;
    }
    (void)judge(w, GOSC_OK, NULL, NULL);
}

void vec_replay_sequence(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    static const struct {
        const char *name;
        void (*run)(walk *);
    } operations[] = {
        {"seal_request", do_seal_request},
        {"open_request", do_open_request},
        {"seal_response", do_seal_response},
        {"open_response", do_open_response},
        {"challenge", do_challenge},
        {"rekey", do_rekey},
        {"set_ssn", do_set_ssn},
        {"delete_recipient", do_delete_recipient},
        {"state", do_state},
    };
    walk w = {.replay = replay, .vector = vector, .verdict = verdict};
    const json_t *steps = json_object_get(vector->json, "steps");
    const vec_context *first = vec_replay_ready(replay, vector, vector->json, "context", verdict);
    if (first == NULL) {
        return;
    }
    vec_endpoint_init(&w.endpoint, &replay->arena, first);
    for (size_t i = 0; i < json_array_size(steps) && verdict->outcome == VEC_PASSED; i++) {
        w.step = json_array_get(steps, i);
        (void)snprintf(verdict->where, sizeof verdict->where, "step %zu (%s): ", i,
                       vec_get_text(w.step, "op"));
        for (size_t j = 0; j < sizeof operations / sizeof operations[0]; j++) {
            if (vec_get_is(w.step, "op", operations[j].name)) {
                operations[j].run(&w);
            }
        }
    }
    /* A negative ends in the refusal it is about. */
    if (verdict->outcome == VEC_PASSED && !vector->is_ok && !vec_get_is(w.step, "reason", vector->reason)) {
        (void)vec_fail(verdict, "reason: expected that of the last step, found %s", vector->reason);
    }
}
