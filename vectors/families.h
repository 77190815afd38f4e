/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of schema.c (not for callers of the reader). */
#ifndef VEC_FAMILIES_H
#define VEC_FAMILIES_H

#include "read.h"

/* The rules of one kind of object. */
typedef struct vec_family {
    const char *name;      /* NULL ends a table */
    const vec_rule *rules; /* NULL: one level further down (vec_cose_kinds) */
} vec_family;

extern const vec_family vec_families[];
extern const vec_family vec_cose_kinds[];
extern const vec_family vec_step_kinds[];
extern const vec_rule vec_document_rule;
extern const vec_rule vec_source_text_rule;
extern const vec_rule vec_source_generated_rule;
extern const char *const vec_reasons[];

/*
 * vec_references_check: the id names dialect and family of the file; requirements, flags and contexts exist.
 *
 * In        requirements  object whose keys are the known ids; NULL: not judged
 * Out       used_flags, used_contexts  objects that get a key for each name used
 */
bool vec_references_check(vec_check *check, const json_t *root, const json_t *vector,
                          const json_t *requirements, json_t *used_flags, json_t *used_contexts);

/* vec_all_used: every key of root's object `key` is one of `used`. */
bool vec_all_used(vec_check *check, const json_t *root, const char *key, const json_t *used);

#endif
