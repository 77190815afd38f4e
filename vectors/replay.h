/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The replayer: a vector becomes calls of gosc.h, every value the vector states is compared, a verdict comes
 * out.
 */
#ifndef VEC_REPLAY_H
#define VEC_REPLAY_H

#include "context_read.h"
#include "tree.h"
#include "verdict.h"

/* What the replay of one vector after the other shares. */
typedef struct vec_replay {
    vec_arena arena;       /* of the vector at hand; given back after it */
    vec_arena file_arena;  /* of the contexts of the file at hand */
    const vec_file *file;  /* whose contexts these are; NULL at first */
    json_t *context_index; /* name -> index in contexts */
    vec_context **contexts;
    size_t n_contexts;
} vec_replay;

/* vec_replay_init: gosc_crypto_init must have been called. */
void vec_replay_init(vec_replay *replay);
void vec_replay_free(vec_replay *replay);

/* vec_replay_vector judges one vector by itself; whether its control passed is for the caller to see. */
void vec_replay_vector(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict);

/* vec_replay_context gives a context of the vector's file, read and set up, NULL when there is none by that
 * name. */
vec_context *vec_replay_context(vec_replay *replay, const vec_file *file, const char *name);

#endif
