/* SPDX-License-Identifier: BSD-2-Clause */
/* muster list: vectors, requirements and their evidence, mutants. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "evidence.h"
#include "run_common.h"
#include "runner/scenario.h"

static const char help[] =
    "usage: muster list scenarios|vectors|requirements|mutants|peers [--uncovered] [--json] [--dir DIR] "
    "[--root DIR]\n"
    "\n"
    "scenarios     id, number of cases and title of each scenario (muster run --list: the cases)\n"
    "vectors       id, outcome and title of each vector; --uncovered: those that no third-party stack "
    "confirmed\n"
    "requirements  each row of the catalogues: how many vectors, scenarios and rows of tests cite it "
    "(claims); the\n"
    "              mutants that break it, each with vectors and scenarios that cite it and went red "
    "(evidence);\n"
    "              or why nothing outside shows it. --uncovered: those without evidence and without reason "
    "(as long as\n"
    "              no run of the mutants left its results: without claim and without reason)\n"
    "mutants       the seeded faults; --uncovered: those not caught, or not run yet\n"
    "peers         the stacks of interop/ that --peer knows by name\n"
    "\n"
    "  --json       one JSON document\n"
    "  --dir DIR    the tree of vectors (default: $MUSTER_VECTORS, else vectors)\n"
    "  --root DIR   the project: tests and mutants (default: where we are, else where this program was "
    "built)\n"
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

static bool is_covered(const json_t *row, const evidence *e)
{
    return vec_get_is(row, "state", "evidence") || vec_get_is(row, "state", "untestable") ||
           (!e->has_results && vec_get_is(row, "state", "claim"));
}

static json_t *requirements_of(const settings *s, const vec_tree *tree, const evidence *e)
{
    json_t *all = evidence_rows(e, tree);
    json_t *rows = json_array();
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *row = json_array_get(all, i);
        if (!s->uncovered || !is_covered(row, e)) {
            (void)json_array_append(rows, row);
        }
    }
    json_decref(all);
    return rows;
}

static json_t *scenarios_of(vec_check *check)
{
    run_book book;
    json_t *rows = json_array();
    if (!run_book_load(&book, run_scenario_folder_default(), NULL, 0, check)) {
        run_book_free(&book);
        json_decref(rows);
        return NULL;
    }
    for (size_t i = 0; i < book.n_cases; i++) {
        json_t *last = json_array_get(rows, json_array_size(rows) - 1);
        const run_case *one = &book.cases[i];
        if (last == NULL || !vec_get_is(last, "id", one->scenario)) {
            last = json_pack("{s:s, s:s, s:s, s:O, s:i}", "id", one->scenario, "title", one->title, "file",
                             one->path, "req", json_object_get(one->plan, "req"), "cases", 0);
            (void)json_array_append_new(rows, last);
        }
        (void)json_object_set_new(last, "cases", json_integer(vec_get_int(last, "cases", 0) + 1));
    }
    run_book_free(&book);
    return rows;
}

static int compare_rows(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

/* peers_of lists the folders of interop/ that have an adapter: what --peer takes as a name. */
static json_t *peers_of(vec_arena *arena, const char *root)
{
    const char *names[64];
    size_t n = 0;
    const struct dirent *one;
    json_t *rows = json_array();
    DIR *dir = opendir(vec_printf(arena, "%s/interop", root));
    while (dir != NULL && n < 64 && (one = readdir(dir)) != NULL) {
        if (one->d_name[0] != '.' &&
            access(vec_printf(arena, "%s/interop/%s/peer", root, one->d_name), X_OK) == 0) {
            names[n++] = vec_printf(arena, "%s", one->d_name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    if (n > 0) {
        qsort(names, n, sizeof *names, compare_rows);
    }
    for (size_t i = 0; i < n; i++) {
        const char *adapter = vec_printf(arena, "interop/%s/peer", names[i]);
        (void)json_array_append_new(rows, json_pack("{s:s, s:s}", "id", names[i], "adapter", adapter));
    }
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

/* tell_requirement: claims in numbers; then what is evidence, by name, or why there can be none. */
static void tell_requirement(FILE *out, const json_t *row)
{
    const char *mutant;
    json_t *ids;
    const char *why = vec_get_text(row, "untestable");
    (void)fprintf(out, "%-20s %-10s %4lld vectors %3lld scenarios %3lld tests %3lld mutants  %s\n",
                  vec_get_text(row, "id"), vec_get_text(row, "state"),
                  (long long)vec_get_int(row, "vectors", 0), (long long)vec_get_int(row, "scenarios", 0),
                  (long long)vec_get_int(row, "tests", 0), (long long)vec_get_int(row, "mutants", 0),
                  vec_get_text(row, "requirement"));
    json_object_foreach(json_object_get(row, "evidence"), mutant, ids)
    {
        size_t n = json_array_size(ids);
        (void)fprintf(out, "    %s:", mutant);
        for (size_t i = 0; i < n && i < 4; i++) {
            (void)fprintf(out, " %s", json_string_value(json_array_get(ids, i)));
        }
        (void)fprintf(out, n > 4 ? " and %zu more\n" : "\n", n > 4 ? n - 4 : 0);
    }
    if (why != NULL) {
        (void)fprintf(out, "    not from outside: %s\n", why);
    }
}

static void tell_row(FILE *out, const char *what, const json_t *row)
{
    if (strcmp(what, "vectors") == 0) {
        (void)fprintf(out, "%-24s %-22s %s\n", vec_get_text(row, "id"), vec_get_text(row, "outcome"),
                      vec_get_text(row, "title"));
    } else if (strcmp(what, "requirements") == 0) {
        tell_requirement(out, row);
    } else if (strcmp(what, "scenarios") == 0) {
        (void)fprintf(out, "%-36s %4lld  %s\n", vec_get_text(row, "id"),
                      (long long)vec_get_int(row, "cases", 0), vec_get_text(row, "title"));
    } else if (strcmp(what, "peers") == 0) {
        (void)fprintf(out, "%-16s %s\n", vec_get_text(row, "id"), vec_get_text(row, "adapter"));
    } else {
        const char *state = vec_is_null(row, "caught")           ? "not run"
                            : vec_get_bool(row, "caught", false) ? "caught"
                                                                 : "MISSED";
        (void)fprintf(out, "%-8s %-8s %s\n", vec_get_text(row, "id"), state, vec_get_text(row, "title"));
    }
}

/* tell_sum is the last line of requirements: evidence and claims, counted apart. */
static void tell_sum(FILE *out, const vec_tree *tree, const evidence *e)
{
    json_t *rows = evidence_rows(e, tree);
    size_t n = json_array_size(rows), claimed = 0, good = 0, reasons = 0, nothing = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        good += vec_get_is(row, "state", "evidence");
        reasons += vec_get_is(row, "state", "untestable");
        claimed += vec_get_is(row, "state", "claim");
        nothing += vec_get_is(row, "state", "nothing");
    }
    json_decref(rows);
    (void)fprintf(
        out,
        "%zu requirements: %zu with evidence, %zu claimed by a tag only, %zu not testable from outside, "
        "%zu with nothing%s\n",
        n, good, claimed, reasons, nothing,
        e->has_results ? "" : " (no results of a run of the mutants yet)");
}

static int tell(const settings *s, const char *what, const vec_tree *tree, vec_check *check)
{
    evidence e;
    cli_output output = {.file = stdout};
    vec_arena arena = {NULL};
    if (!evidence_load(&e, tree, run_scenario_folder_default(), s->root, check)) {
        evidence_free(&e);
        return cli_complain("%s", check->fault);
    }
    json_t *rows = strcmp(what, "vectors") == 0        ? vectors_of(s, tree)
                   : strcmp(what, "requirements") == 0 ? requirements_of(s, tree, &e)
                   : strcmp(what, "scenarios") == 0    ? scenarios_of(check)
                   : strcmp(what, "peers") == 0        ? peers_of(&arena, s->root)
                                                       : mutants_of(s, &e);
    int status = rows != NULL ? cli_output_open(&output, s->output) : cli_complain("%s", check->fault);
    if (status == CLI_GOOD && s->json) {
        (void)json_dumpf(rows, output.file, JSON_INDENT(1));
        (void)fputc('\n', output.file);
    }
    for (size_t i = 0; status == CLI_GOOD && !s->json && i < json_array_size(rows); i++) {
        tell_row(output.file, what, json_array_get(rows, i));
    }
    if (status == CLI_GOOD && !s->json && strcmp(what, "requirements") == 0) {
        tell_sum(output.file, tree, &e);
    } else if (status == CLI_GOOD && !s->json) {
        (void)fprintf(output.file, "%zu %s\n", json_array_size(rows), what);
    }
    json_decref(rows);
    evidence_free(&e);
    vec_arena_free(&arena);
    return status == CLI_GOOD ? cli_output_close(&output, CLI_GOOD) : status;
}

static int run(const settings *s, const char *what)
{
    vec_tree tree;
    vec_check check;
    int status;
    static const char *const known[] = {"vectors", "requirements", "mutants", "scenarios", "peers"};
    bool is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        is_known = is_known || strcmp(what, known[i]) == 0;
    }
    if (!is_known) {
        return cli_complain("list: expected scenarios, vectors, requirements, mutants or peers, found \"%s\"",
                            what);
    }
    bool good = vec_tree_load(&tree, s->folder, NULL, 0, &check);
    if (!good) {
        status = cli_complain("%s", check.fault);
    } else if (tree.requirements == NULL) {
        status = cli_complain("list: %s/requirements: expected catalogues, found none", s->folder);
    } else {
        status = tell(s, what, &tree, &check);
    }
    vec_tree_free(&tree);
    return status;
}

int cli_list(int argc, char **argv)
{
    settings s = {.folder = vec_folder_default(), .root = cli_root_default()};
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
        return cli_complain("list: expected scenarios, vectors, requirements, mutants or peers, found "
                            "nothing (see muster list --help)");
    }
    return run(&s, words[0]);
}
