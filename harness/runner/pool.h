/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many cases at once: each in a process of its own, so that nothing is shared and whatever goes wrong stays
 * there.
 */
#ifndef RUN_POOL_H
#define RUN_POOL_H

#include <signal.h>

#include "play.h"

/* One run of one case. */
typedef struct run_job {
    const run_case *one;
    const char *port;
    const char *place; /* that the peer under test takes; NULL: none, or all */
    uint64_t seed;
    size_t number;        /* in its run, for anchors of the report */
    const char *command;  /* of the peer under test; NULL: the reference */
    run_program subject;  /* the same, to be run; argv NULL: the reference */
    const json_t *claims; /* of it, as in run_config */
    const char *suffix;   /* tells bundles of one case apart (several seeds, several peers); NULL: none */
} run_job;

/* Which cases leave a bundle. */
typedef enum run_keep {
    RUN_KEEP_ALL = 0,
    RUN_KEEP_BAD, /* what did not pass and was not unsupported */
} run_keep;

typedef struct run_pool_config {
    run_config play;
    const char *out;                   /* folder of bundles; NULL: none */
    run_keep keep;                     /* which of them */
    const char *captures;              /* folder of captures of all cases; NULL: none */
    bool pages;                        /* records have a `page` for the HTML report */
    size_t jobs;                       /* at the same time */
    uint32_t limit_ms;                 /* for one case, real time */
    const volatile sig_atomic_t *stop; /* set: end as soon as possible */
    bool fail_fast;
} run_pool_config;

/* Told of each record, in the order the cases end; the record belongs to the callee. False: no more cases are
 * started. */
typedef bool run_record_call(void *arg, size_t job, json_t *record);
/* Told from time to time, also while nothing happens. */
typedef void run_tick_call(void *arg, size_t n_running);

/*
 * run_pool runs jobs.
 *
 * Returns   how many have a record; less than n_jobs when it was stopped
 */
size_t run_pool(const run_pool_config *config, const run_job *jobs, size_t n_jobs, run_record_call *record,
                run_tick_call *tick, void *arg);

#endif
