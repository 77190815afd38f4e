/* SPDX-License-Identifier: BSD-2-Clause */
/* Which lines a peer may write (interop/PROTOCOL.md). */
#ifndef RUN_PEER_LINES_H
#define RUN_PEER_LINES_H

#include "read.h"

/* run_event_check, run_answer_check hold a line against the closed schema; false: check->fault. */
bool run_event_check(vec_check *check, const json_t *event);
bool run_answer_check(vec_check *check, const char *op, const json_t *answer);

#endif
