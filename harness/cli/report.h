/* SPDX-License-Identifier: BSD-2-Clause */
/* What a replay of vectors found, told in one of four ways. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdio.h>

#include "tree.h"
#include "verdict.h"

typedef struct report_row {
    bool is_wanted; /* counts */
    bool runs;      /* wanted, or the control of one that is */
    vec_verdict verdict;
} report_row;

typedef enum report_style {
    REPORT_PLAIN,
    REPORT_VERBOSE,
    REPORT_TAP,
    REPORT_JSON,
} report_style;

/* report_vectors tells all, rows[i] being that of tree->vectors[i]; true when nothing failed. */
bool report_vectors(FILE *out, const vec_tree *tree, const report_row *rows, report_style style);

#endif
