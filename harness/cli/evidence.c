/* SPDX-License-Identifier: BSD-2-Clause */
#include "evidence.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count_up(json_t *counts, const char *key)
{
    (void)json_object_set_new(counts, key, json_integer(vec_get_int(counts, key, 0) + 1));
}

static void count_vectors(evidence *e, const vec_tree *tree)
{
    for (size_t i = 0; i < tree->n_vectors; i++) {
        const json_t *req = json_object_get(tree->vectors[i].json, "req");
        for (size_t j = 0; j < json_array_size(req); j++) {
            count_up(e->by_vectors, json_string_value(json_array_get(req, j)));
        }
    }
}

/* for_each_file calls take for each file of a folder whose name ends in suffix. */
static void for_each_file(const char *folder, const char *suffix,
                          void (*take)(void *, const char *, const char *), void *arg)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    size_t suffix_len = strlen(suffix);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        char path[1024];
        int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (n > 0 && (size_t)n < sizeof path && len > suffix_len &&
            strcmp(entry->d_name + len - suffix_len, suffix) == 0) {
            take(arg, path, entry->d_name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

/* A scan of test sources for ids. */
typedef struct scan {
    evidence *evidence;
    const json_t *requirements;
} scan;

static void count_line(const scan *sc, const char *line)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
    while (*line != '\0') {
        char word[64];
        size_t len = strspn(line, letters);
        if (len > 0 && len < sizeof word) {
            memcpy(word, line, len);
            word[len] = '\0';
            while (len > 0 && (word[len - 1] == '.' || word[len - 1] == '-')) {
                word[--len] = '\0';
            }
            if (json_object_get(sc->requirements, word) != NULL) {
                count_up(sc->evidence->by_tests, word);
            }
        }
        line += strspn(line, letters);
        line += strcspn(line, letters);
    }
}

static void count_test(void *arg, const char *path, const char *name)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    (void)name;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        count_line(arg, line);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* list_patch takes name and title of a mutant: the first line of its file, "# M01a what it does". */
static void list_patch(void *arg, const char *path, const char *name)
{
    evidence *e = arg;
    char line[512] = "";
    char id[64];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return;
    }
    if (fgets(line, sizeof line, file) == NULL) {
        line[0] = '\0';
    }
    (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    const char *title = line + strspn(line, "# \t");
    size_t id_len = strcspn(title, " \t:");
    bool has_id = title[0] == 'M' && id_len < sizeof id;
    (void)snprintf(id, sizeof id, "%.*s", has_id ? (int)id_len : (int)strcspn(name, "."),
                   has_id ? title : name);
    if (has_id) {
        title += id_len;
        title += strspn(title, " \t:");
    }
    (void)json_object_set_new(
        e->mutants, id, json_pack("{s:s, s:s, s:n, s:i}", "title", title, "file", path, "caught", "red", 0));
}

/* is_red: whether one of these vectors is in the tree and cites the requirement. */
static bool is_red(const vec_tree *tree, const json_t *ids, const char *requirement)
{
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        const vec_vector *vector = id != NULL ? vec_tree_find(tree, id) : NULL;
        const json_t *req = vector != NULL ? json_object_get(vector->json, "req") : NULL;
        for (size_t j = 0; j < json_array_size(req); j++) {
            if (strcmp(json_string_value(json_array_get(req, j)), requirement) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* count_red counts, for each requirement, the mutants that break it and turned a vector of it red. */
static void count_red(evidence *e, const vec_tree *tree, json_t *by_requirement)
{
    const char *requirement;
    json_t *by_mutant;
    json_object_foreach(by_requirement, requirement, by_mutant)
    {
        const char *mutant;
        json_t *ids;
        json_object_foreach(by_mutant, mutant, ids)
        {
            if (mutant[0] != '\0' && is_red(tree, ids, requirement)) {
                count_up(e->by_mutants, requirement);
            }
        }
    }
}

static void read_results(evidence *e, const vec_tree *tree, const char *path)
{
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(root, "seeded");
    e->has_results = json_is_array(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        const char *id = vec_get_text(row, "id");
        json_t *mutant = id != NULL ? json_object_get(e->mutants, id) : NULL;
        if (mutant != NULL) {
            (void)json_object_set_new(mutant, "caught", json_boolean(vec_get_is(row, "verdict", "killed")));
            (void)json_object_set_new(mutant, "red", json_integer((json_int_t)vec_get_int(row, "n_red", 0)));
        }
    }
    count_red(e, tree, json_object_get(root, "evidence"));
    json_decref(root);
}

void evidence_load(evidence *e, const vec_tree *tree, const char *root)
{
    char path[1024];
    scan tests = {e, tree->requirements};
    *e = (evidence){json_object(), json_object(), json_object(), json_object(), false};
    count_vectors(e, tree);
    (void)snprintf(path, sizeof path, "%s/peers/tests", root);
    for_each_file(path, ".c", count_test, &tests);
    (void)snprintf(path, sizeof path, "%s/peers/tests/plain", root);
    for_each_file(path, ".c", count_test, &tests);
    (void)snprintf(path, sizeof path, "%s/harness/mutants/seeded", root);
    for_each_file(path, ".patch", list_patch, e);
    (void)snprintf(path, sizeof path, "%s/harness/mutants/results.json", root);
    read_results(e, tree, path);
}

void evidence_free(evidence *e)
{
    json_decref(e->by_vectors);
    json_decref(e->by_tests);
    json_decref(e->by_mutants);
    json_decref(e->mutants);
}
