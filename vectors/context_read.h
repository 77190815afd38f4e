/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Context object (vectors/README.md, "Context"): what one endpoint knows, made into a Security Context.
 */
#ifndef VEC_CONTEXT_READ_H
#define VEC_CONTEXT_READ_H

#include "read.h"

/* Another endpoint as a Context object names it. */
typedef struct vec_member {
    gosc_span id;
    gosc_span credential; /* absent: not known */
} vec_member;

typedef struct vec_context {
    gosc_context_params params; /* but for the table of Recipient Contexts */
    vec_member *recipients;
    size_t n_recipients;
    vec_member *members; /* become recipients by their first message */
    size_t n_members;
    size_t max_recipients;
    int64_t window_size;
    bool has_zero_algorithm;   /* 0 was written: to the core that is "not set" */
    size_t longest_credential; /* bytes, of all that are here */
    const char *unsupported;   /* why this build cannot be such an endpoint; NULL: it can */

    /* Filled by vec_context_set_up, once: setting up costs more than most messages. */
    bool is_set_up;
    gosc_err err;
    gosc_security_context security;
} vec_context;

/* vec_context_read takes the members of an object that passed vec_context_check; bytes live as long as the
 * arena. */
void vec_context_read(vec_arena *arena, const json_t *object, vec_context *context);

/*
 * vec_context_set_up makes the Security Context with its Recipient Contexts and, where pairwise mode is set
 * up, their pairwise keys.
 *
 * Spec      vectors/README.md, "Contexts"
 * Errors    GOSC_ERR_ALGORITHM_UNKNOWN, GOSC_ERR_CONTEXT_INVALID, GOSC_ERR_CREDENTIAL_MALFORMED,
 * GOSC_ERR_KEY_INVALID, GOSC_ERR_AGREEMENT_ZERO, GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err vec_context_set_up(vec_arena *arena, vec_context *context);

/* vec_context_fresh gives a copy, as it was right after set-up, with a table of its own. */
gosc_security_context *vec_context_fresh(vec_arena *arena, const vec_context *context);

/* vec_dialect_find: NULL for a dialect or reading that this build does not have. A NULL reading is the first
 * one. */
const gosc_dialect *vec_dialect_find(const char *name, const char *reading);

#endif
