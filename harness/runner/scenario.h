/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios: read, held against their closed schema, and made into cases. A case is one scenario in one
 * dialect with one value for each parameter it varies; its plan is the scenario with all of that put in
 * place.
 */
#ifndef RUN_SCENARIO_H
#define RUN_SCENARIO_H

#include "read.h"

enum {
    RUN_PEERS_MAX = 128, /* of one case */
};

typedef struct run_case {
    const char *id;       /* scenario@dialect,key=value,... */
    const char *scenario; /* id of the scenario */
    const char *title;
    const char *path; /* of the file */
    bool smoke;
    /* Object: format, id, scenario, title, req, kills, dialect, params, port, ports, peers (list, each with
     * its name), worlds, steps, expect, control, optional. Owned by the book. */
    json_t *plan;
} run_case;

typedef struct run_book {
    vec_arena arena;
    run_case *cases; /* ordered by path, then as the file says */
    size_t n_cases;
    size_t room;
    size_t n_scenarios;
} run_book;

/* run_scenario_folder_default: the environment variable MUSTER_SCENARIOS, else "harness/scenarios". */
const char *run_scenario_folder_default(void);

/*
 * run_book_load reads scenarios and makes their cases.
 *
 * In        folder  FOLDER/<topic>/<id>.json;  files  read these instead, if any
 * Out       book    to be given back with run_book_free, also after an error
 * Errors    false; check->fault says why in one line
 */
bool run_book_load(run_book *book, const char *folder, const char *const *files, size_t n_files,
                   vec_check *check);
void run_book_free(run_book *book);

/* run_plan_check holds a plan (of the book, or one that was saved) against its rules: names resolve, keys
 * fit. */
bool run_plan_check(vec_check *check, const json_t *plan);

/* run_plan_peer gives the object of a peer by name; NULL: none. */
const json_t *run_plan_peer(const json_t *plan, const char *name);

/* run_plan_places lists the places that a peer under test may take, each once (lamp1, lamp2 are one place:
 * lamp). */
json_t *run_plan_places(const json_t *plan);

/* run_has: whether a list of texts has this one. */
bool run_has(const json_t *list, const char *text);

#endif
