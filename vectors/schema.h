/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The closed schemas of vector files, as rules (the same as vectors/schema says to other readers), and the
 * rules that need more than one place of a file: names resolve, flags are explained, dialects agree.
 */
#ifndef VEC_SCHEMA_H
#define VEC_SCHEMA_H

#include "read.h"

/* A Context object (vectors/README.md), also that of the commands and of the peer protocol. */
extern const vec_rule vec_context_rule;

/* vec_context_check holds a Context object against its rules, the reading against the dialect. */
bool vec_context_check(vec_check *check, const json_t *context);

/*
 * vec_file_check holds a whole document against the schema of its family.
 *
 * In        room          folder it lies in: "oscore", "group-02", "group-28", "common"; any other is not judged
 *           requirements  object whose keys are the known ids; NULL: not judged
 * Errors    false; check->fault says why
 */
bool vec_file_check(vec_check *check, const json_t *root, const char *room, const json_t *requirements);

#endif
