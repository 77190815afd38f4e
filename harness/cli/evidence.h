/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who cites a requirement, and what was seen to go red when it is broken.
 */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "tree.h"

typedef struct evidence {
    json_t *by_vectors;   /* requirement -> number of vectors that cite it: claims */
    json_t *by_scenarios; /* requirement -> number of scenarios that cite it: claims */
    json_t *by_tests;     /* requirement -> number of rows of tests that cite it: claims */
    json_t *red;          /* requirement -> {mutant that breaks it: [what cites it and went red]} */
    json_t *mutants;    /* name -> {"title", "file", "caught" (null: not known), "red" (vectors or cases)} */
    json_t *columns;    /* requirement -> {"level", "kind"} of its row */
    json_t *untestable; /* requirement -> why nothing outside shows it */
    bool has_results;   /* a run of the mutants left its results */
} evidence;

/*
 * evidence_load gathers all.
 *
 * In        tree       loaded, with requirements
 *           scenarios  folder of the scenarios
 *           root       of the project: tests in peers/tests, mutants in harness/mutants/{seeded,behaviour}, results of
 *                      their run in harness/mutants/results.json: "seeded", "behaviour", lists with id, verdict, n_red,
 *                      and "evidence", {requirement: {mutant: [vectors, scenarios or cases that went red]}}
 * Errors    false; check->fault: scenarios, or requirements/untestable.json of the tree, are not as they should be
 */
bool evidence_load(evidence *e, const vec_tree *tree, const char *scenarios, const char *root,
                   vec_check *check);
void evidence_free(evidence *e);

/*
 * evidence_rows gives all requirements, ordered by id: {id, level, kind, requirement, vectors, scenarios, tests,
 * mutants (numbers), evidence ({mutant: [ids]}), untestable (text or null), state}. State is the first that
 * fits of evidence, untestable, claim, nothing. Give it back with json_decref.
 */
json_t *evidence_rows(const evidence *e, const vec_tree *tree);

/*
 * evidence_pairs counts the distinct (requirement, mutant) pairs of the last run of the mutants for which one of the
 * scenarios of these records went red; root as above, records may be NULL here and there.
 */
size_t evidence_pairs(const char *root, json_t *const *records, size_t n);

#endif
