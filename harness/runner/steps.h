/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of the adversary and of the network (not for others than step.c). */
#ifndef RUN_STEPS_H
#define RUN_STEPS_H

#include "play.h"

bool run_step_rule_add(run_play *play, const json_t *step, lab_action action);
bool run_step_release(run_play *play, const json_t *step);
bool run_step_replay(run_play *play, const json_t *step);
bool run_step_edit(run_play *play, const json_t *step);
bool run_step_redirect(run_play *play, const json_t *step);
bool run_step_spoof(run_play *play, const json_t *step);
bool run_step_forge(run_play *play, const json_t *step);
bool run_step_respond(run_play *play, const json_t *step);

/* run_options_of encodes the options of a step: path, query, observe, echo and `options`. */
const char *run_options_of(run_play *play, const json_t *step, gosc_span *encoded);
/* run_payload_of: `payload` (text) or `payload_hex`; absent without. */
gosc_span run_payload_of(run_play *play, const json_t *step);

#endif
