/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verdict: a pure function of a plan (what was to happen, and what is expected) and a log (what
 * happened).
 */
#ifndef OBS_JUDGE_H
#define OBS_JUDGE_H

#include "log.h"

typedef enum obs_verdict {
    OBS_PASS = 0,
    OBS_WARN,
    OBS_FAIL,
    OBS_CRASH,
    OBS_HANG,
    OBS_UNSUPPORTED,
    OBS_WAIVED,
    OBS_INCONCLUSIVE,
    OBS_N_VERDICTS,
} obs_verdict;

const char *obs_verdict_name(obs_verdict verdict);
/* obs_verdict_of: OBS_N_VERDICTS for a word that is none. */
obs_verdict obs_verdict_of(const char *name);

/*
 * obs_judge judges a log.
 *
 * Returns   object: verdict; why (one line, null for pass); findings (list of {kind, text, entry,
 * expectation}, all that is wrong); warnings (the same); chosen (which of `one_of` was seen). Give it back
 * with json_decref.
 */
json_t *obs_judge(const json_t *plan, const obs_log *log);

#endif
