/* SPDX-License-Identifier: BSD-2-Clause */
#include "evidence.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner/scenario.h"

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

/* cites: whether a vector, scenario or case of this name is there and cites the requirement. */
static bool cites(const vec_tree *tree, const json_t *scenarios, const char *id, const char *requirement)
{
    char scenario[128];
    size_t len = strcspn(id, "@");
    const vec_vector *vector = vec_tree_find(tree, id);
    const json_t *req = vector != NULL ? json_object_get(vector->json, "req") : NULL;
    if (vector == NULL && len < sizeof scenario) {
        memcpy(scenario, id, len);
        scenario[len] = '\0';
        req = json_object_get(scenarios, scenario);
    }
    return run_has(req, requirement);
}

/* keep_red keeps of the results what still holds: names that are there and cite the requirement. */
static void keep_red(evidence *e, const vec_tree *tree, const json_t *scenarios, json_t *by_requirement)
{
    const char *requirement;
    json_t *by_mutant;
    json_object_foreach(by_requirement, requirement, by_mutant)
    {
        json_t *kept = json_object();
        const char *mutant;
        json_t *ids;
        json_object_foreach(by_mutant, mutant, ids)
        {
            json_t *list = json_array();
            for (size_t i = 0; i < json_array_size(ids); i++) {
                const char *id = json_string_value(json_array_get(ids, i));
                if (id != NULL && mutant[0] != '\0' && cites(tree, scenarios, id, requirement)) {
                    (void)json_array_append(list, json_array_get(ids, i));
                }
            }
            if (json_array_size(list) > 0) {
                (void)json_object_set(kept, mutant, list);
            }
            json_decref(list);
        }
        if (json_object_size(kept) > 0 && json_object_get(tree->requirements, requirement) != NULL) {
            (void)json_object_set(e->red, requirement, kept);
        }
        json_decref(kept);
    }
}

static void read_results(evidence *e, const vec_tree *tree, const json_t *scenarios, const char *path)
{
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    static const char *const sets[] = {"seeded", "behaviour"};
    for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) {
        const json_t *list = json_object_get(root, sets[set]);
        e->has_results |= json_is_array(list);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *row = json_array_get(list, i);
            const char *id = vec_get_text(row, "id");
            json_t *mutant = id != NULL ? json_object_get(e->mutants, id) : NULL;
            if (mutant != NULL) {
                (void)json_object_set_new(mutant, "caught",
                                          json_boolean(vec_get_is(row, "verdict", "killed")));
                (void)json_object_set_new(mutant, "red",
                                          json_integer((json_int_t)vec_get_int(row, "n_red", 0)));
            }
        }
    }
    keep_red(e, tree, scenarios, json_object_get(root, "evidence"));
    json_decref(root);
}

/* ---- scenarios ---- */

/* read_scenarios counts who cites what; gives scenario -> requirements, NULL: check->fault. */
static json_t *read_scenarios(evidence *e, const char *folder, vec_check *check)
{
    run_book book;
    json_t *scenarios = json_object();
    bool good = run_book_load(&book, folder, NULL, 0, check);
    for (size_t i = 0; good && i < book.n_cases; i++) {
        json_t *req = json_object_get(book.cases[i].plan, "req");
        const char *id = book.cases[i].scenario;
        if (json_object_get(scenarios, id) == NULL) {
            (void)json_object_set(scenarios, id, req);
            for (size_t k = 0; k < json_array_size(req); k++) {
                count_up(e->by_scenarios, json_string_value(json_array_get(req, k)));
            }
        }
    }
    run_book_free(&book);
    if (!good) {
        json_decref(scenarios);
        return NULL;
    }
    return scenarios;
}

/* ---- catalogues ---- */

enum {
    COLUMNS_MAX = 16,
};

/* columns_split cuts a row at its tabs. */
static size_t columns_split(char *line, char **cells)
{
    size_t n = 0;
    line[strcspn(line, "\r\n")] = '\0';
    while (line != NULL && n < COLUMNS_MAX) {
        char *tab = strchr(line, '\t');
        cells[n++] = line;
        if (tab != NULL) {
            *tab++ = '\0';
        }
        line = tab;
    }
    return n;
}

/* read_catalogue takes level and kind of each row, by the names in the first line. */
static void read_catalogue(void *arg, const char *path, const char *name)
{
    evidence *e = arg;
    char line[8192];
    char *cells[COLUMNS_MAX];
    size_t level = COLUMNS_MAX, kind = COLUMNS_MAX;
    FILE *file = fopen(path, "r");
    (void)name;
    for (bool first = true; file != NULL && fgets(line, sizeof line, file) != NULL; first = false) {
        size_t n = columns_split(line, cells);
        for (size_t i = 0; first && i < n; i++) {
            level = strcmp(cells[i], "level") == 0 ? i : level;
            kind = strcmp(cells[i], "kind") == 0 ? i : kind;
        }
        if (!first && level < n && kind < n) {
            (void)json_object_set_new(e->columns, cells[0],
                                      json_pack("{s:s, s:s}", "level", cells[level], "kind", cells[kind]));
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* read_untestable reads {"format", "reasons": [{"why", "rows": [ids]}]}; no such file: no reasons. */
static bool read_untestable(evidence *e, const vec_tree *tree, vec_check *check)
{
    static const vec_rule id = {.kind = VEC_REQ};
    static const vec_rule keys[] = {
        {.key = "why", .kind = VEC_TEXT, .min = 20, .max = 400},
        {.key = "rows", .kind = VEC_LIST, .of = &id, .min = 1, .flags = VEC_UNIQUE},
        {.kind = VEC_END},
    };
    static const vec_rule reason = {.kind = VEC_OBJECT, .of = keys};
    static const char *const formats[] = {"muster-untestable-1", NULL};
    static const vec_rule top[] = {
        {.key = "format", .kind = VEC_WORD, .words = formats},
        {.key = "reasons", .kind = VEC_LIST, .of = &reason, .min = 1},
        {.kind = VEC_END},
    };
    static const vec_rule rule = {.kind = VEC_OBJECT, .of = top};
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/requirements/untestable.json", tree->folder);
    if (access(path, F_OK) != 0) {
        return true;
    }
    vec_check_init(check, path);
    json_t *whole = vec_json_file(check, path);
    bool good = whole != NULL && vec_check_value(check, &rule, whole);
    const json_t *reasons = json_object_get(whole, "reasons");
    for (size_t i = 0; good && i < json_array_size(reasons); i++) {
        const json_t *one = json_array_get(reasons, i);
        const json_t *rows = json_object_get(one, "rows");
        for (size_t k = 0; good && k < json_array_size(rows); k++) {
            const char *row = json_string_value(json_array_get(rows, k));
            if (json_object_get(tree->requirements, row) == NULL ||
                json_object_get(e->untestable, row) != NULL) {
                good = vec_fault(check,
                                 "/reasons/%zu/rows/%zu: expected the id of a row of the catalogues, each "
                                 "once, found \"%s\"",
                                 i, k, row);
            }
            (void)json_object_set(e->untestable, row, json_object_get(one, "why"));
        }
    }
    json_decref(whole);
    return good;
}

bool evidence_load(evidence *e, const vec_tree *tree, const char *scenarios, const char *root,
                   vec_check *check)
{
    char path[1024];
    scan tests = {e, tree->requirements};
    *e = (evidence){json_object(), json_object(), json_object(), json_object(),
                    json_object(), json_object(), json_object(), false};
    count_vectors(e, tree);
    (void)snprintf(path, sizeof path, "%s/requirements", tree->folder);
    for_each_file(path, ".tsv", read_catalogue, e);
    (void)snprintf(path, sizeof path, "%s/peers/tests", root);
    for_each_file(path, ".c", count_test, &tests);
    (void)snprintf(path, sizeof path, "%s/peers/tests/plain", root);
    for_each_file(path, ".c", count_test, &tests);
    (void)snprintf(path, sizeof path, "%s/harness/mutants/seeded", root);
    for_each_file(path, ".patch", list_patch, e);
    (void)snprintf(path, sizeof path, "%s/harness/mutants/behaviour", root);
    for_each_file(path, ".patch", list_patch, e);
    json_t *reqs = read_scenarios(e, scenarios, check);
    (void)snprintf(path, sizeof path, "%s/harness/mutants/results.json", root);
    read_results(e, tree, reqs, path);
    bool good = reqs != NULL && read_untestable(e, tree, check);
    json_decref(reqs);
    return good;
}

void evidence_free(evidence *e)
{
    json_decref(e->by_vectors);
    json_decref(e->by_scenarios);
    json_decref(e->by_tests);
    json_decref(e->red);
    json_decref(e->mutants);
    json_decref(e->columns);
    json_decref(e->untestable);
}

/* ---- rows ---- */

static int compare_ids(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static json_t *row_of(const evidence *e, const vec_tree *tree, const char *id)
{
    int64_t vectors = vec_get_int(e->by_vectors, id, 0);
    int64_t scenarios = vec_get_int(e->by_scenarios, id, 0);
    int64_t tests = vec_get_int(e->by_tests, id, 0);
    json_t *red = json_object_get(e->red, id);
    const json_t *columns = json_object_get(e->columns, id);
    const char *why = vec_get_text(e->untestable, id);
    const char *state = json_object_size(red) > 0         ? "evidence"
                        : why != NULL                     ? "untestable"
                        : vectors + scenarios + tests > 0 ? "claim"
                                                          : "nothing";
    json_t *row =
        json_pack("{s:s, s:s?, s:s?, s:s, s:I, s:I, s:I, s:I, s:s?, s:s}", "id", id, "level",
                  vec_get_text(columns, "level"), "kind", vec_get_text(columns, "kind"), "requirement",
                  vec_get_text(tree->requirements, id), "vectors", (json_int_t)vectors, "scenarios",
                  (json_int_t)scenarios, "tests", (json_int_t)tests, "mutants",
                  (json_int_t)json_object_size(red), "untestable", why, "state", state);
    (void)json_object_set_new(row, "evidence", red != NULL ? json_incref(red) : json_object());
    return row;
}

json_t *evidence_rows(const evidence *e, const vec_tree *tree)
{
    const char *key;
    json_t *value;
    json_t *rows = json_array();
    size_t n = 0;
    const char **ids = calloc(json_object_size(tree->requirements) + 1, sizeof *ids);
    json_object_foreach(tree->requirements, key, value)
    {
        if (ids != NULL && value != NULL) {
            ids[n++] = key;
        }
    }
    if (n > 0) {
        qsort(ids, n, sizeof *ids, compare_ids);
    }
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(rows, row_of(e, tree, ids[i]));
    }
    free(ids);
    return rows;
}

size_t evidence_pairs(const char *root, json_t *const *records, size_t n)
{
    char path[1024];
    const char *requirement, *mutant;
    json_t *by_requirement, *ids, *names = json_object();
    size_t n_pairs = 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = vec_get_text(records[i], "scenario");
        if (name != NULL) {
            (void)json_object_set_new(names, name, json_true());
        }
    }
    (void)snprintf(path, sizeof path, "%s/harness/mutants/results.json", root);
    json_t *results = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    json_object_foreach(json_object_get(results, "evidence"), requirement, by_requirement)
    {
        json_object_foreach(by_requirement, mutant, ids)
        {
            bool found = false;
            for (size_t i = 0; !found && i < json_array_size(ids); i++) {
                const char *id = json_string_value(json_array_get(ids, i));
                found = id != NULL && json_object_get(names, id) != NULL;
            }
            n_pairs += found;
        }
    }
    json_decref(results);
    json_decref(names);
    return n_pairs;
}
