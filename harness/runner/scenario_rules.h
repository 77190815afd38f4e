/* SPDX-License-Identifier: BSD-2-Clause */
/* The closed schema of scenarios, as rules (scenario.schema.json says the same to other readers). */
#ifndef RUN_SCENARIO_RULES_H
#define RUN_SCENARIO_RULES_H

#include "read.h"

/* A whole file, before parameters are put in place: steps and expectations are judged afterwards. */
extern const vec_rule run_scenario_rule;
/* A peer, the control, a world's overrides. */
extern const vec_rule run_peer_rule;
/* run_step_rule: NULL for a `do` that does not exist. */
const vec_rule *run_step_rule(const char *what);
extern const vec_rule run_step_any_rule; /* says which `do` there are */
extern const vec_rule run_expect_rule;   /* one thing that is looked for */
extern const vec_rule run_never_rule, run_one_of_rule;
extern const vec_rule run_match_rule; /* of drop, hold, ... */
extern const vec_rule run_set_rule;   /* of edit */

/* Keys that `vary` may have, ended by NULL. */
extern const char *const run_vary_keys[];

#endif
