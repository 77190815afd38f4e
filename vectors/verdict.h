/* SPDX-License-Identifier: BSD-2-Clause */
/* What became of a vector: passed, failed, unsupported; and why, in one line. */
#ifndef VEC_VERDICT_H
#define VEC_VERDICT_H

#include "memory.h"

typedef enum vec_outcome {
    VEC_PASSED = 0,
    VEC_FAILED,
    VEC_UNSUPPORTED,
} vec_outcome;

enum {
    VEC_SAID_MAX = 400, /* characters */
};

typedef struct vec_verdict {
    vec_outcome outcome;
    char where[48];          /* put before what is said, "step 3 (open_request): " */
    char said[VEC_SAID_MAX]; /* "" when passed: what was expected, what was found */
} vec_verdict;

/* vec_fail records the first failure; gives false. */
bool vec_fail(vec_verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* vec_unsupported records that this build cannot do what the vector asks for; gives false. */
bool vec_unsupported(vec_verdict *verdict, const char *why);

/* Comparisons: true when equal, else the failure is recorded, `what` naming the value as the vector does. */
bool vec_same_bytes(vec_verdict *verdict, const char *what, gosc_span expected, gosc_span found);
bool vec_same_number(vec_verdict *verdict, const char *what, int64_t expected, int64_t found);
bool vec_same_flag(vec_verdict *verdict, const char *what, bool expected, bool found);
/* vec_same_result: `reason` is NULL for success. */
bool vec_same_result(vec_verdict *verdict, const char *what, const char *reason, gosc_err found);

#endif
