/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Synchronisation without a challenge: best effort and baseline, and the exposure each of them documents.
 */
#include "sync.h"

#include "pair.h"

static void start(pair *p, gosc_sync_method *method, uint64_t gap)
{
    gosc_context_params params = pair_params();
    params.sync = method;
    params.sync_gap = gap;
    params.windows_invalid = gap == 0;
    pair_init(p, &params);
}

/* say lets the client use Sender Sequence Number ssn and gives what the server makes of it. */
static gosc_err say(pair *p, uint64_t ssn)
{
    p->client.sender.ssn = ssn;
    pair_need(pair_ask(p, gosc_span_of(pair_get, sizeof pair_get)), "protect");
    return pair_hear(p, 0);
}

static void best_effort(pair *p)
{
    start(p, gosc_sync_best_effort, 0);
    tap_ok(say(p, 50) == GOSC_OK && gosc_span_present(p->received.message),
           "G02-E.1-01 best effort: the first request is delivered");
    tap_ok(say(p, 50) == GOSC_ERR_REPLAY, "G02-E.1-01 best effort: it counts from then on");
    tap_ok(say(p, 51) == GOSC_OK, "G02-E.1-01 best effort: later ones are delivered");
    tap_ok(say(p, 49) == GOSC_OK,
           "G02-E.1-01 best effort: what was sent before gets through once, the exposure");
}

static void baseline(pair *p)
{
    start(p, gosc_sync_baseline, 0);
    tap_ok(say(p, 50) == GOSC_ERR_SYNCHRONISED && !gosc_span_present(p->received.message),
           "G02-E.2-01 baseline: the first request sets the number and is dropped");
    tap_ok(say(p, 50) == GOSC_ERR_REPLAY, "G02-E.2-02 baseline: the same one again is a replay");
    tap_ok(say(p, 49) == GOSC_ERR_REPLAY, "G02-E.2-02 baseline: nothing before it is accepted");
    tap_ok(say(p, 51) == GOSC_OK, "G02-E.2-02 baseline: later ones are delivered");
}

static void challenge(pair *p)
{
    start(p, NULL, 0);
    tap_ok(say(p, 50) == GOSC_ERR_ECHO_REQUIRED && say(p, 50) == GOSC_ERR_ECHO_REQUIRED,
           "GO-2.6.1.2-03 challenge: nothing is delivered through an invalid window");
}

static void gap(pair *p)
{
    start(p, gosc_sync_gap, 100);
    tap_ok(say(p, 0) == GOSC_OK && say(p, 100) == GOSC_OK, "G02-E.3-13 a jump within the gap is delivered");
    tap_ok(say(p, 201) == GOSC_ERR_ECHO_REQUIRED, "G02-E.3-13 a jump beyond it is challenged");
    tap_ok(say(p, 101) == GOSC_ERR_ECHO_REQUIRED, "G02-E.3-13 and so is all that follows");
    start(p, gosc_sync_gap, 100);
    tap_ok(say(p, 100000) == GOSC_OK, "G02-E.3-13 the first number of all is no jump");
}

int main(void)
{
    static pair p;
    best_effort(&p);
    baseline(&p);
    challenge(&p);
    gap(&p);
    return tap_done();
}
