/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `muster open` and `muster seal` on one message: the command line becomes a job.
 */
#ifndef CLI_SINGLE_H
#define CLI_SINGLE_H

#include "cli.h"
#include "job.h"

typedef struct single {
    const char *name; /* of the command */
    json_t *(*job)(vec_check *, const json_t *);
    const char *context, *request_context; /* files */
    const char *request, *target;          /* hex */
    const char *mode;
    cli_number ssn, now_ms;
    bool own_partial_iv, kid, kid_context, no_kid_context;
    bool batch;
    const char *output;
    char **words;
    size_t n_words;
} single;

/* single_run does the job and prints the answer; gives the exit status. */
int single_run(const single *s);

#endif
