/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One HTML file for a run: what happened, peer x scenario, a page for each case, requirements and their
 * evidence. It refers to nothing outside itself and can be read without script.
 */
#ifndef REP_HTML_H
#define REP_HTML_H

#include "runner/tell.h"

typedef struct rep_run {
    json_t *const *records; /* in the order of the jobs; NULL: did not run */
    char *const *pages;     /* of rep_page_text; NULL: none */
    size_t n;
    uint64_t took_ms;
    uint64_t seed;
    const char *date;
    const char *what;    /* patterns that chose the cases; NULL: all */
    const json_t *words; /* requirement -> its words; NULL: not there */
    /* List of {id, requirement, kind, level, vectors, scenarios, tests (numbers), evidence ({mutant: [ids]}),
     * untestable (text or null), state (evidence | untestable | claim | nothing)}; NULL: not there. */
    const json_t *requirements;
} rep_run;

void rep_html_write(FILE *file, const rep_run *run);

/* ---- parts ---- */

/* rep_style_write and rep_script_write write what stands in <style> and <script>. */
void rep_style_write(FILE *file);
void rep_script_write(FILE *file);
/* rep_matrix_write writes peer x scenario; rep_cases_write a page for each case. */
void rep_matrix_write(FILE *file, const rep_run *run);
void rep_cases_write(FILE *file, const rep_run *run);
/* rep_requirements_write writes the catalogues with their evidence. */
void rep_requirements_write(FILE *file, const json_t *rows);

/* rep_verdict_mark gives the sign of a verdict: it does not need colours. */
const char *rep_verdict_mark(const char *verdict);
/* rep_peer_of gives the command of the peer a record is about; the reference peers have a name too. */
const char *rep_peer_of(const json_t *record);
/* rep_peers_list lists the peers of a run, each once; give it back. */
json_t *rep_peers_list(const rep_run *run);
/* rep_scenarios_list lists the scenarios of a run by topic: {id, title, topic, req, cases (indices)}. */
json_t *rep_scenarios_list(const rep_run *run);
/* rep_code writes code, e.g. a command, escaped. */
void rep_code(FILE *file, const char *text);

#endif
