/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run found, told on a terminal (files: report/files.h). */
#ifndef RUN_TELL_H
#define RUN_TELL_H

#include "observe/judge.h"
#include "read.h"

typedef struct run_tally {
    size_t n[OBS_N_VERDICTS];
    size_t n_all;
    size_t n_run; /* have a record */
} run_tally;

/* run_tally_count counts records (objects with `verdict`). */
run_tally run_tally_count(json_t *const *records, size_t n);

/* run_tally_status: 0 nothing failed, 1 something failed, 3 something inconclusive, unless that is allowed.
 */
int run_tally_status(const run_tally *tally, bool allow_inconclusive);

/* run_label names a record among all of its run: case, place of the peer under test, port, and what else differs. */
const char *run_label(vec_arena *arena, const json_t *record);

/* run_tell_case writes one line for a case, and the command that runs it again where it did not pass. */
void run_tell_case(FILE *file, const json_t *record);
/* run_tell_sum writes the summary with both denominators. */
void run_tell_sum(FILE *file, const run_tally *tally, json_t *const *records, size_t n, uint64_t took_ms);

/* run_repro_command: the command that runs a record's case again. */
const char *run_repro_command(vec_arena *arena, const json_t *record);
/* run_page_command: the command that leaves the whole page of a record's case. */
const char *run_page_command(vec_arena *arena, const json_t *record);

#endif
