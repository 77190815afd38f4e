/*
 * Who cites a requirement, and what was seen to go red when it is broken. SPDX-License-Identifier:
 * BSD-2-Clause
 */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "tree.h"

typedef struct evidence {
    json_t *by_vectors; /* requirement -> number of vectors that cite it: claims */
    json_t *by_tests;   /* requirement -> number of rows of tests that cite it: claims */
    json_t
        *by_mutants;  /* requirement -> number of mutants that break it and turn a vector red that cites it */
    json_t *mutants;  /* name -> {"title", "file", "caught" (null: not known), "red" (number of vectors)} */
    bool has_results; /* a run of the mutants left its results */
} evidence;

/*
 * evidence_load gathers all.
 *
 * In        tree  loaded, with requirements
 *           root  of the project: tests in peers/tests, mutants in harness/mutants/seeded, results of their
 * run in harness/mutants/results.json: "seeded", a list with id, verdict and n_red, and "evidence",
 *                 {requirement: {mutant: [ids of vectors that went red]}}
 */
void evidence_load(evidence *e, const vec_tree *tree, const char *root);
void evidence_free(evidence *e);

#endif
