/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New contexts after loss of state (RFC 8613 Appendix B.2): a client without a context begins a run with its next request,
 * a server takes part whenever it is asked.
 */
#include "endpoint_state.h"

#include <stdlib.h>
#include <string.h>

enum {
    RANDOM_LEN = 8, /* bytes of R1, R2 and R3 (O-B.2-12) */
    RUNS_MAX = 5,   /* one begun here as a client, and as a server some that wait for their request 2 */
};

/* What a group has of this procedure. A replayed request 1 begins a run that leads nowhere: with several under way it does
 * not push out the genuine one at once. */
struct io_run {
    gosc_rederive states[RUNS_MAX]; /* the first is that of the client */
    size_t oldest;                  /* of the others: it gives way */
};

static void run_release(void *arg)
{
    io_run *run = arg;
    for (size_t i = 0; i < RUNS_MAX; i++) {
        gosc_security_context_wipe(&run->states[i].slots[0].context);
        gosc_security_context_wipe(&run->states[i].slots[1].context);
    }
    gosc_crypto_wipe(run, sizeof *run);
    free(run);
}

bool io_run_renew(io_group *group)
{
    io_run *run = calloc(1, sizeof *run);
    if (group->run != NULL) {
        run_release(group->run);
    }
    group->run = run;
    if (run == NULL) {
        return false;
    }
    gosc_context_params base = *group->params.rederive;
    base.windows_invalid = false; /* of the context that was lost; a new one knows all its numbers */
    for (size_t i = 0; i < RUNS_MAX; i++) {
        gosc_rederive_init(&run->states[i], &base, group->params.rederive_recipient);
    }
    run->oldest = 1;
    return true;
}

void io_run_drop(io_group *group)
{
    if (group->run != NULL) {
        run_release(group->run);
        group->run = NULL;
    }
}

/* install puts the context that a run established in use; all runs go with it, and the next begins anew. */
static const char *install(io_endpoint *endpoint, io_group *group, gosc_rederive *established)
{
    const io_security_grant grant = {
        .context = gosc_rederive_context(established), .release = run_release, .arg = group->run};
    const char *fault = io_endpoint_rekey(endpoint, group, &grant, 0);
    if (fault != NULL) {
        return fault;
    }
    group->run = NULL;
    return io_run_renew(group) ? NULL : "no memory";
}

static void note(io_endpoint *endpoint, const io_group *group, const char *text)
{
    io_event event = io_event_of(IO_EVENT_NOTE, group);
    event.text = text;
    io_event_tell(endpoint, &event);
}

/* ---- client ---- */

/* is_busy: one run at a time, for there is one candidate. */
static bool is_busy(const io_endpoint *endpoint, const io_leg *leg)
{
    for (size_t i = 0; i < IO_LEGS_MAX; i++) {
        const io_leg *one = &endpoint->legs[i];
        if (one->used && one != leg && one->run_step > 0 && one->ask->group == leg->ask->group) {
            return true;
        }
    }
    return false;
}

const char *io_run_protect(io_endpoint *endpoint, io_leg *leg, gosc_span plain, size_t *len)
{
    gosc_rederive *state = &leg->ask->group->run->states[0];
    const gosc_protect_params params = {.target = GOSC_ABSENT, .kid_context = true};
    if (is_busy(endpoint, leg)) {
        return "a new context is being made";
    }
    if (leg->run_step < 2) {
        uint8_t r1[RANDOM_LEN];
        io_random_fill(endpoint->params.random, (gosc_buf){r1, sizeof r1});
        if (gosc_rederive_start(state, gosc_span_of(r1, sizeof r1)) != GOSC_OK) {
            return "the context cannot be derived";
        }
        leg->run_step = 1;
    }
    gosc_err err =
        gosc_protect_request(gosc_rederive_candidate(state), &params, plain, io_scratch(endpoint, plain.len),
                             &leg->exchange, (gosc_buf){endpoint->wire, sizeof endpoint->wire}, len);
    return err == GOSC_OK ? NULL : gosc_err_name(err);
}

/* response_1 goes on with request 2; what does not verify is dropped and the run lives on (O-B.2-07). */
static gosc_err response_1(io_endpoint *endpoint, io_leg *leg, const io_incoming *in, gosc_received *received)
{
    gosc_rederive *state = &leg->ask->group->run->states[0];
    uint8_t r3[RANDOM_LEN];
    io_random_fill(endpoint->params.random, (gosc_buf){r3, sizeof r3});
    gosc_err err = gosc_rederive_continue(state, &leg->exchange, in->datagram, gosc_span_of(r3, sizeof r3),
                                          io_scratch(endpoint, in->datagram.len), received,
                                          (gosc_buf){endpoint->opened, sizeof endpoint->opened});
    if (err == GOSC_OK) {
        note(endpoint, leg->ask->group, "rederive: response 1");
        leg->run_step = 2;
        io_leg_release(endpoint, leg);
        io_leg_carry_on(endpoint, leg);
    }
    return err;
}

gosc_err io_run_response(io_endpoint *endpoint, io_leg *leg, const io_incoming *in, gosc_received *received,
                         bool *is_final)
{
    io_group *group = leg->ask->group;
    *is_final = leg->run_step == 2;
    if (!*is_final) {
        return response_1(endpoint, leg, in, received);
    }
    gosc_rederive *state = &group->run->states[0];
    gosc_security_context *context = gosc_rederive_candidate(state);
    const gosc_context_store store = {&context, 1};
    gosc_err err =
        gosc_unprotect_response(&store, &leg->exchange, in->datagram, io_scratch(endpoint, in->datagram.len),
                                received, (gosc_buf){endpoint->opened, sizeof endpoint->opened});
    if (err == GOSC_OK) {
        gosc_rederive_establish(state);
        leg->run_step = 0;
        err = install(endpoint, group, state) == NULL ? GOSC_OK : GOSC_ERR_ROOM;
        note(endpoint, group, "rederive: established");
    }
    return err;
}

/* ---- server ---- */

/* answer_first protects the empty 4.01 that carries R2 (O-B.2-04). */
static void answer_first(io_endpoint *endpoint, const io_group *group, gosc_rederive *state,
                         const io_incoming *in, gosc_exchange *exchange)
{
    const gosc_protect_params params = {.own_partial_iv = true, .kid_context = true};
    const io_options none = {.n = 0};
    size_t len = 0;
    gosc_span plain =
        io_response_write(endpoint, in->news.pdu.token, GOSC_CODE_UNAUTHORIZED, &none, GOSC_ABSENT);
    gosc_err err = gosc_protect_response(gosc_rederive_candidate(state), &params, exchange, plain,
                                         io_scratch(endpoint, plain.len),
                                         (gosc_buf){endpoint->wire, sizeof endpoint->wire}, &len);
    note(endpoint, group, "rederive: request 1");
    io_response_send(endpoint, group, &in->path, in->news.request, err == GOSC_OK ? len : 0);
}

/* run_of gives the run whose request 2 this claims to be, else the one that gives way to a new one. */
static gosc_rederive *run_of(io_run *run, gosc_span datagram)
{
    for (size_t i = 1; i < RUNS_MAX; i++) {
        if (gosc_rederive_is_second(&run->states[i], datagram)) {
            return &run->states[i];
        }
    }
    return &run->states[run->oldest];
}

io_run_result io_run_request(io_endpoint *endpoint, const io_incoming *in, gosc_exchange *exchange,
                             gosc_received *received, io_group **found)
{
    for (io_group *group = endpoint->groups; group != NULL && !in->news.multicast; group = group->next) {
        uint8_t r2[RANDOM_LEN];
        bool is_final = false;
        if (group->run == NULL || (group->params.roles & IO_ROLE_SERVER) == 0) {
            continue;
        }
        gosc_rederive *state = run_of(group->run, in->datagram);
        io_random_fill(endpoint->params.random, (gosc_buf){r2, sizeof r2});
        gosc_exchange_init(exchange, NULL, 0);
        gosc_err err = gosc_rederive_receive(
            state, in->datagram, gosc_span_of(r2, sizeof r2), io_scratch(endpoint, in->datagram.len),
            exchange, received, (gosc_buf){endpoint->opened, sizeof endpoint->opened}, &is_final);
        if (err != GOSC_OK) {
            continue;
        }
        *found = group;
        if (!is_final) {
            group->run->oldest = group->run->oldest % (RUNS_MAX - 1) + 1;
            answer_first(endpoint, group, state, in, exchange);
            return IO_RUN_ANSWERED;
        }
        const char *fault = install(endpoint, group, state);
        note(endpoint, group, fault == NULL ? "rederive: established" : fault);
        return fault == NULL ? IO_RUN_REQUEST : IO_RUN_NONE;
    }
    return IO_RUN_NONE;
}
