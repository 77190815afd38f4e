/* SPDX-License-Identifier: BSD-2-Clause */
/* What a case needs, held against what a peer says it can do (`hello`). */
#ifndef RUN_NEEDS_H
#define RUN_NEEDS_H

#include "world.h"

/* run_hello_check holds the answer to `hello` against its schema. */
bool run_hello_check(vec_check *check, const json_t *hello);

/* run_suite_adapt replaces an algorithm that the case does not insist on by one that the peer has too. */
void run_suite_adapt(const json_t *hello, const json_t *plan, run_suite *suite);

/*
 * run_hello_fits: whether the peer can take its place.
 *
 * Out       why        what it lacks;  mandatory  what it lacks belongs to what it claims, so that lacking it
 * is a fault
 */
bool run_hello_fits(const json_t *hello, const json_t *plan, const json_t *peer, const run_suite *suite,
                    char *why, size_t room, bool *mandatory);

#endif
