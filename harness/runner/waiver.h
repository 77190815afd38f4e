/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waivers: failures that are known, with reason, link and the day they expire. A waived case still runs; a
 * waiver that fits no case, or a case that passes, is a failure itself.
 */
#ifndef RUN_WAIVER_H
#define RUN_WAIVER_H

#include "read.h"

/* run_waivers_load reads {"waivers": [{"case", "reason", "link", "expires"}]}; NULL: check->fault. */
json_t *run_waivers_load(vec_check *check, const char *path);

/* run_waivers_apply changes the verdicts of records that a waiver fits on a day ("YYYY-MM-DD"). */
void run_waivers_apply(const json_t *waivers, const char *date, json_t *const *records, size_t n);

/* run_waivers_stale gives the first waiver that fits none of the records, NULL when there is none. */
const char *run_waivers_stale(const json_t *waivers, json_t *const *records, size_t n);

#endif
