/* SPDX-License-Identifier: BSD-2-Clause */
/* The files a run leaves. */
#ifndef CLI_RUN_REPORT_H
#define CLI_RUN_REPORT_H

#include <jansson.h>

#include "cli.h"
#include "memory.h"

typedef struct run_report {
    json_t **records; /* in the order of the jobs; NULL: did not run */
    char **pages;     /* of the HTML report */
    size_t n;
    uint64_t took_ms, seed;
    const char *date, *scenarios, *what;
    const char *folder; /* gets all of them: index.html, junit.xml, results.tap, results.jsonl */
    const char *html, *junit, *tap, *json; /* names; NULL: not wanted */
} run_report;

/* cli_report_prepare makes the folder; -1 to go on, else the exit status (one line was told). */
int cli_report_prepare(const char *folder);

/*
 * cli_report_write writes what is wanted. Each file appears whole or not at all.
 *
 * Out       path  of what a person should read; NULL: none. Of the arena
 * Returns   CLI_GOOD, or CLI_USAGE when something could not be written (a line each was told)
 */
int cli_report_write(const run_report *report, vec_arena *arena, const char **path);

#endif
