/* SPDX-License-Identifier: BSD-2-Clause */
/* The reports that other programs read: TAP, JUnit XML, JSON lines. */
#ifndef REP_FILES_H
#define REP_FILES_H

#include "runner/tell.h"

/* Records may be NULL: cases that did not run. */
void rep_tap_write(FILE *file, json_t *const *records, size_t n);
void rep_junit_write(FILE *file, json_t *const *records, size_t n, uint64_t took_ms);
void rep_lines_write(FILE *file, json_t *const *records, size_t n);

#endif
