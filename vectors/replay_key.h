/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing a public key (not for callers of the replayer). */
#ifndef VEC_REPLAY_KEY_H
#define VEC_REPLAY_KEY_H

#include "read.h"
#include "verdict.h"

/* vec_same_key compares curve, x, y, y_odd and alg. */
bool vec_same_key(vec_arena *arena, vec_verdict *verdict, const json_t *expect, const gosc_public_key *key);

#endif
