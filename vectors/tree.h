/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of vector files: found, read, held against their schemas and against each other. */
#ifndef VEC_TREE_H
#define VEC_TREE_H

#include "read.h"

typedef struct vec_file {
    const char *path;
    const char *family;
    const char *dialect; /* NULL in files for every dialect */
    json_t *root;
    json_t *contexts; /* borrowed from root */
} vec_file;

typedef struct vec_vector {
    const vec_file *file;
    const json_t *json;
    const char *id;
    const char *title;
    bool is_ok;         /* result */
    const char *reason; /* NULL for a positive */
    size_t control;     /* index of the control; its own index for a positive */
} vec_vector;

typedef struct vec_tree {
    vec_arena arena;
    const char *folder; /* where the catalogues are looked for */
    vec_file *files;    /* ordered by path */
    size_t n_files;
    vec_vector *vectors; /* in the order of files */
    size_t n_vectors;
    json_t *index;        /* id -> index in vectors */
    json_t *requirements; /* id -> its words; NULL: no catalogues there */
} vec_tree;

/*
 * vec_tree_load reads vector files.
 *
 * In        folder   of the tree: files are FOLDER/<room>/<name>.json, catalogues FOLDER/requirements/<name>.tsv
 *           files    read these instead, n_files of them; 0: the whole tree
 * Errors    false; check->fault says why: not readable, not JSON, against the schema, an id twice, a control that is
 *           none, or nothing there at all
 * Effects   the tree is to be freed in both cases
 */
bool vec_tree_load(vec_tree *tree, const char *folder, const char *const *files, size_t n_files,
                   vec_check *check);

/* vec_tree_load_for does it for the one file that has the vector of an id: its control is there too. */
bool vec_tree_load_for(vec_tree *tree, const char *folder, const char *id, vec_check *check);

void vec_tree_free(vec_tree *tree);

/* vec_tree_find gives the vector of an id, NULL when there is none. */
const vec_vector *vec_tree_find(const vec_tree *tree, const char *id);

/* vec_requirements_load reads the catalogues of a folder into an object id -> words; NULL when it has none.
 */
json_t *vec_requirements_load(const char *folder);

/* vec_folder_default: $MUSTER_VECTORS, else "vectors". */
const char *vec_folder_default(void);

#endif
