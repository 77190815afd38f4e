/* SPDX-License-Identifier: BSD-2-Clause */
/* All state of an endpoint, kept aside, to see whether an operation moved any of it. */
#ifndef VEC_SNAPSHOT_H
#define VEC_SNAPSHOT_H

#include "endpoint.h"
#include "verdict.h"

typedef struct vec_snapshot {
    struct vec_region *regions;
    size_t n_regions;
} vec_snapshot;

/* vec_snapshot_take copies the Security Contexts, their tables of Recipient Contexts, the exchanges and their
 * Response Numbers; `more` is an exchange that is no part of the endpoint yet (NULL: none). */
vec_snapshot vec_snapshot_take(vec_endpoint *endpoint, vec_exchange *more);

/* vec_unchanged: all as it was; else a failure is recorded that names what moved. */
bool vec_unchanged(vec_verdict *verdict, const vec_snapshot *snapshot);

/*
 * vec_challenged: what the result echo-required (err), echo-mismatch or echo-expired may move, and nothing
 * else: the exchange `more` is bound; for echo-required the Recipient Context of the sender may be new, and a
 * valid window has seen the Partial IV.
 */
bool vec_challenged(vec_verdict *verdict, const vec_snapshot *snapshot, gosc_err err,
                    const gosc_received *received);

#endif
