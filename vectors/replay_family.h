/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function a family (not for callers of the replayer). Each compares all that the vector states; `vector`
 * passed the schema.
 */
#ifndef VEC_REPLAY_FAMILY_H
#define VEC_REPLAY_FAMILY_H

#include "endpoint.h"
#include "replay.h"

void vec_replay_derive(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict);
void vec_replay_option(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict);
void vec_replay_coap(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict);
void vec_replay_cose(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict);
void vec_replay_credential(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict);
void vec_replay_message(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict);
void vec_replay_sequence(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict);

/* vec_replay_ready gives a context that is set up, by the value of a key; NULL: the verdict says why. */
vec_context *vec_replay_ready(vec_replay *replay, const vec_vector *vector, const json_t *object,
                              const char *key, vec_verdict *verdict);

#endif
