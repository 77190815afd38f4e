/* muster list: vectors, requirements and their evidence, mutants. SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "evidence.h"

static const char help[] =
    "usage: muster list vectors|requirements|mutants [--uncovered] [--json] [--dir DIR] [--root DIR]\n"
    "\n"
    "vectors       id, outcome and title of each vector; --uncovered: those that no third-party stack "
    "confirmed\n"
    "requirements  each row of the catalogues with the vectors and test rows that cite it (claims), and the "
    "mutants that\n"
    "              break it and turned a vector red that cites it (evidence); --uncovered: those without "
    "evidence, or\n"
    "              without claim as long as no run of the mutants left its results\n"
    "mutants       the seeded faults; --uncovered: those not caught, or not run yet\n"
    "\n"
    "  --json       one JSON document\n"
    "  --dir DIR    the tree of vectors (default: $MUSTER_VECTORS, else vectors)\n"
    "  --root DIR   the project: tests and mutants (default: .)\n"
    "  --output F   write to F instead of standard output; F appears whole or not at all\n"
    "\n"
    "Exit status: 0, 2 usage.\n"
    "\n"
    "example: muster list requirements --uncovered\n";

typedef struct settings {
    const char *folder, *root, *output;
    bool uncovered, json;
} settings;

static int compare_keys(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

/* sorted_keys gives the keys of an object, to be freed; NULL when there are none. */
static const char **sorted_keys(json_t *object, size_t *n)
{
    const char *key;
    json_t *value;
    const char **keys = calloc(json_object_size(object) + 1, sizeof *keys);
    *n = 0;
    json_object_foreach(object, key, value)
    {
        if (keys != NULL && value != NULL) {
            keys[(*n)++] = key;
        }
    }
    if (*n > 0) {
        qsort(keys, *n, sizeof *keys, compare_keys);
    }
    return keys;
}

static json_t *vectors_of(const settings *s, const vec_tree *tree)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < tree->n_vectors; i++) {
        const vec_vector *v = &tree->vectors[i];
        json_t *confirmed = json_object_get(v->json, "confirmed");
        if (s->uncovered && json_array_size(confirmed) > 0) {
            continue;
        }
        (void)json_array_append_new(rows, json_pack("{s:s, s:s, s:s?, s:s, s:O, s:O}", "id", v->id, "outcome",
                                                    v->is_ok ? "ok" : v->reason, "dialect", v->file->dialect,
                                                    "title", v->title, "req", json_object_get(v->json, "req"),
                                                    "confirmed", confirmed));
    }
    return rows;
}

static json_t *requirements_of(const settings *s, const vec_tree *tree, const evidence *e)
{
    size_t n;
    json_t *rows = json_array();
    const char **keys = sorted_keys(tree->requirements, &n);
    for (size_t i = 0; i < n; i++) {
        int64_t by_vectors = vec_get_int(e->by_vectors, keys[i], 0);
        int64_t by_tests = vec_get_int(e->by_tests, keys[i], 0);
        int64_t by_mutants = vec_get_int(e->by_mutants, keys[i], 0);
        bool covered = e->has_results ? by_mutants > 0 : by_vectors + by_tests > 0;
        if (s->uncovered && covered) {
            continue;
        }
        (void)json_array_append_new(rows, json_pack("{s:s, s:I, s:I, s:I, s:s}", "id", keys[i], "vectors",
                                                    (json_int_t)by_vectors, "tests", (json_int_t)by_tests,
                                                    "mutants", (json_int_t)by_mutants, "requirement",
                                                    vec_get_text(tree->requirements, keys[i])));
    }
    free(keys);
    return rows;
}

static json_t *mutants_of(const settings *s, const evidence *e)
{
    size_t n;
    json_t *rows = json_array();
    const char **keys = sorted_keys(e->mutants, &n);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_object_get(e->mutants, keys[i]);
        json_t *row = json_copy(json_object_get(e->mutants, keys[i]));
        (void)json_object_set_new(row, "id", json_string(keys[i]));
        if (s->uncovered && vec_get_bool(one, "caught", false)) {
            json_decref(row);
        } else {
            (void)json_array_append_new(rows, row);
        }
    }
    free(keys);
    return rows;
}

static void tell_row(FILE *out, const char *what, const json_t *row)
{
    if (strcmp(what, "vectors") == 0) {
        (void)fprintf(out, "%-24s %-22s %s\n", vec_get_text(row, "id"), vec_get_text(row, "outcome"),
                      vec_get_text(row, "title"));
    } else if (strcmp(what, "requirements") == 0) {
        (void)fprintf(out, "%-20s %5lld vectors %4lld tests %4lld mutants  %s\n", vec_get_text(row, "id"),
                      (long long)vec_get_int(row, "vectors", 0), (long long)vec_get_int(row, "tests", 0),
                      (long long)vec_get_int(row, "mutants", 0), vec_get_text(row, "requirement"));
    } else {
        const char *state = vec_is_null(row, "caught")           ? "not run"
                            : vec_get_bool(row, "caught", false) ? "caught"
                                                                 : "MISSED";
        (void)fprintf(out, "%-8s %-8s %s\n", vec_get_text(row, "id"), state, vec_get_text(row, "title"));
    }
}

/* tell_sum is the last line of requirements: claims and evidence, counted apart. */
static void tell_sum(FILE *out, const vec_tree *tree, const evidence *e)
{
    size_t n;
    size_t claimed = 0;
    const char **keys = sorted_keys(tree->requirements, &n);
    for (size_t i = 0; i < n; i++) {
        claimed += vec_get_int(e->by_vectors, keys[i], 0) + vec_get_int(e->by_tests, keys[i], 0) > 0;
    }
    free(keys);
    (void)fprintf(out, "%zu requirements: %zu claimed by vectors or tests, %zu with evidence%s\n", n, claimed,
                  json_object_size(e->by_mutants),
                  e->has_results ? "" : " (no results of a run of the mutants yet)");
}

static int tell(const settings *s, const char *what, const vec_tree *tree)
{
    evidence e;
    cli_output output;
    int status = cli_output_open(&output, s->output);
    if (status != CLI_GOOD) {
        return status;
    }
    evidence_load(&e, tree, s->root);
    json_t *rows = strcmp(what, "vectors") == 0        ? vectors_of(s, tree)
                   : strcmp(what, "requirements") == 0 ? requirements_of(s, tree, &e)
                                                       : mutants_of(s, &e);
    if (s->json) {
        (void)json_dumpf(rows, output.file, JSON_INDENT(1));
        (void)fputc('\n', output.file);
    }
    for (size_t i = 0; !s->json && i < json_array_size(rows); i++) {
        tell_row(output.file, what, json_array_get(rows, i));
    }
    if (!s->json && strcmp(what, "requirements") == 0) {
        tell_sum(output.file, tree, &e);
    } else if (!s->json) {
        (void)fprintf(output.file, "%zu %s\n", json_array_size(rows), what);
    }
    json_decref(rows);
    evidence_free(&e);
    return cli_output_close(&output, CLI_GOOD);
}

static int run(const settings *s, const char *what)
{
    vec_tree tree;
    vec_check check;
    int status;
    if (strcmp(what, "vectors") != 0 && strcmp(what, "requirements") != 0 && strcmp(what, "mutants") != 0) {
        return cli_complain("list: expected vectors, requirements or mutants, found \"%s\"", what);
    }
    bool good = vec_tree_load(&tree, s->folder, NULL, 0, &check);
    if (!good) {
        status = cli_complain("%s", check.fault);
    } else if (tree.requirements == NULL) {
        status = cli_complain("list: %s/requirements: expected catalogues, found none", s->folder);
    } else {
        status = tell(s, what, &tree);
    }
    vec_tree_free(&tree);
    return status;
}

int cli_list(int argc, char **argv)
{
    settings s = {.folder = vec_folder_default(), .root = "."};
    char **words;
    size_t n_words;
    const cli_option options[] = {
        {"--uncovered", CLI_FLAG, &s.uncovered}, {"--json", CLI_FLAG, &s.json},
        {"--dir", CLI_TEXT, &s.folder},          {"--root", CLI_TEXT, &s.root},
        {"--output", CLI_TEXT, &s.output},       {NULL, CLI_END, NULL},
    };
    int status = cli_parse(argc, argv, options, help, &words, &n_words, 1);
    if (status >= 0) {
        return status;
    }
    if (n_words == 0) {
        return cli_complain(
            "list: expected vectors, requirements or mutants, found nothing (see muster list --help)");
    }
    return run(&s, words[0]);
}
