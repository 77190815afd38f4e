/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <string.h>

typedef struct counts {
    size_t of[3]; /* by vec_outcome */
    size_t positive, negative;
    size_t confirmed; /* by third-party stacks */
} counts;

static const char *const words[] = {"ok", "FAIL", "unsupported"};

static void count(counts *c, const vec_vector *vector, const report_row *row)
{
    c->of[row->verdict.outcome]++;
    *(vector->is_ok ? &c->positive : &c->negative) += 1;
    c->confirmed += json_array_size(json_object_get(vector->json, "confirmed")) > 0;
}

/* next_command gives what to type to see more of a failure. */
static void next_command(const vec_vector *vector, char *text, size_t room)
{
    bool is_message = strcmp(vector->file->family, "message") == 0;
    (void)snprintf(text, room, is_message ? "muster explain --vector %s" : "muster vectors -v --only %s",
                   vector->id);
}

static void tell_failure(FILE *out, const vec_vector *vector, const report_row *row)
{
    char command[96];
    next_command(vector, command, sizeof command);
    (void)fprintf(out, "FAIL %s \"%s\": %s; next: %s\n", vector->id, vector->title, row->verdict.said,
                  command);
}

static void tell_vector(FILE *out, const vec_vector *vector, const report_row *row, bool verbose)
{
    if (row->verdict.outcome == VEC_FAILED) {
        tell_failure(out, vector, row);
    } else if (verbose && row->verdict.outcome == VEC_UNSUPPORTED) {
        (void)fprintf(out, "%s %s \"%s\": %s\n", words[VEC_UNSUPPORTED], vector->id, vector->title,
                      row->verdict.said);
    } else if (verbose) {
        (void)fprintf(out, "%s %s \"%s\" (%s)\n", words[VEC_PASSED], vector->id, vector->title,
                      vector->is_ok ? "positive" : vector->reason);
    }
}

static void tell_file(FILE *out, const vec_file *file, const counts *c)
{
    size_t n = c->of[0] + c->of[1] + c->of[2];
    if (n == 0) {
        return;
    }
    (void)fprintf(out, "%-5s %-52s %5zu vectors", c->of[VEC_FAILED] > 0 ? "FAIL" : "ok", file->path, n);
    for (int i = VEC_FAILED; i <= VEC_UNSUPPORTED; i++) {
        if (c->of[i] > 0) {
            (void)fprintf(out, ", %zu %s", c->of[i], i == VEC_FAILED ? "failed" : words[i]);
        }
    }
    (void)fputc('\n', out);
}

static void tell_files(FILE *out, const vec_tree *tree, const report_row *rows, bool verbose)
{
    (void)fprintf(out, "vectors of %s\n", tree->folder);
    for (size_t i = 0, v = 0; i < tree->n_files; i++) {
        counts c = {.positive = 0};
        for (; v < tree->n_vectors && tree->vectors[v].file == &tree->files[i]; v++) {
            if (rows[v].is_wanted) {
                count(&c, &tree->vectors[v], &rows[v]);
                tell_vector(out, &tree->vectors[v], &rows[v], verbose);
            }
        }
        tell_file(out, &tree->files[i], &c);
    }
}

static const char *const dialects[] = {NULL, "oscore", "group-02", "group-28"};
static const char *const families[] = {"derive",     "option",  "coap",    "cose",
                                       "credential", "message", "sequence"};

static bool same_or_both_null(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static counts count_where(const vec_tree *tree, const report_row *rows, const char *dialect,
                          const char *family)
{
    counts c = {.positive = 0};
    for (size_t i = 0; i < tree->n_vectors; i++) {
        const vec_file *file = tree->vectors[i].file;
        if (rows[i].is_wanted && same_or_both_null(file->dialect, dialect) &&
            strcmp(file->family, family) == 0) {
            count(&c, &tree->vectors[i], &rows[i]);
        }
    }
    return c;
}

static void tell_summary(FILE *out, const vec_tree *tree, const report_row *rows)
{
    (void)fprintf(out, "\n%-10s %-10s %9s %9s %9s %7s %12s %10s\n", "dialect", "family", "positive",
                  "negative", "passed", "failed", "unsupported", "confirmed");
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        for (size_t j = 0; j < sizeof families / sizeof families[0]; j++) {
            counts c = count_where(tree, rows, dialects[i], families[j]);
            if (c.positive + c.negative > 0) {
                (void)fprintf(out, "%-10s %-10s %9zu %9zu %9zu %7zu %12zu %10zu\n",
                              dialects[i] != NULL ? dialects[i] : "common", families[j], c.positive,
                              c.negative, c.of[VEC_PASSED], c.of[VEC_FAILED], c.of[VEC_UNSUPPORTED],
                              c.confirmed);
            }
        }
    }
}

/* stacks counts, for each third-party stack and version, the vectors that it confirmed. */
static json_t *stacks(const vec_tree *tree, const report_row *rows)
{
    json_t *all = json_object();
    for (size_t i = 0; i < tree->n_vectors; i++) {
        const json_t *list = json_object_get(tree->vectors[i].json, "confirmed");
        json_t *seen = json_object();
        for (size_t j = 0; rows[i].is_wanted && j < json_array_size(list); j++) {
            char name[128];
            const json_t *one = json_array_get(list, j);
            (void)snprintf(name, sizeof name, "%s %s", vec_get_text(one, "stack"),
                           vec_get_text(one, "version"));
            if (json_object_get(seen, name) == NULL) {
                (void)json_object_set_new(seen, name, json_true());
                (void)json_object_set_new(all, name, json_integer(vec_get_int(all, name, 0) + 1));
            }
        }
        json_decref(seen);
    }
    return all;
}

static void tell_confirmed(FILE *out, const vec_tree *tree, const report_row *rows)
{
    const char *name;
    json_t *value;
    json_t *all = stacks(tree, rows);
    const char *between = "\nconfirmed by third-party stacks: ";
    if (json_object_size(all) == 0) {
        (void)fprintf(out, "%snone", between);
    }
    json_object_foreach(all, name, value)
    {
        (void)fprintf(out, "%s%lld by %s", between, (long long)json_integer_value(value), name);
        between = ", ";
    }
    (void)fputc('\n', out);
    json_decref(all);
}

static void tell_tap(FILE *out, const vec_tree *tree, const report_row *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < tree->n_vectors; i++) {
        const vec_vector *vector = &tree->vectors[i];
        const vec_verdict *verdict = &rows[i].verdict;
        if (!rows[i].is_wanted) {
            continue;
        }
        n++;
        (void)fprintf(out, "%sok %zu - %s ", verdict->outcome == VEC_FAILED ? "not " : "", n, vector->id);
        for (const char *c = vector->title; *c != '\0'; c++) { /* # starts a directive */
            (void)fputc(*c == '#' ? ' ' : *c, out);
        }
        if (verdict->outcome == VEC_UNSUPPORTED) {
            (void)fprintf(out, " # SKIP unsupported: %s", verdict->said);
        }
        (void)fputc('\n', out);
        if (verdict->outcome == VEC_FAILED) {
            char command[96];
            next_command(vector, command, sizeof command);
            (void)fprintf(out, "# %s; next: %s\n", verdict->said, command);
        }
    }
    (void)fprintf(out, "1..%zu\n", n);
}

static void tell_json(FILE *out, const vec_tree *tree, const report_row *rows, const counts *all)
{
    static const char *const outcomes[] = {"passed", "failed", "unsupported"};
    json_t *list = json_array();
    for (size_t i = 0; i < tree->n_vectors; i++) {
        const vec_vector *vector = &tree->vectors[i];
        if (!rows[i].is_wanted) {
            continue;
        }
        json_t *one = json_pack("{s:s, s:s, s:s, s:s}", "id", vector->id, "title", vector->title, "file",
                                vector->file->path, "outcome", outcomes[rows[i].verdict.outcome]);
        if (rows[i].verdict.outcome != VEC_PASSED) {
            (void)json_object_set_new(one, "said", json_string(rows[i].verdict.said));
        }
        if (rows[i].verdict.outcome == VEC_FAILED) {
            char command[96];
            next_command(vector, command, sizeof command);
            (void)json_object_set_new(one, "next", json_string(command));
        }
        (void)json_array_append_new(list, one);
    }
    json_t *whole =
        json_pack("{s:s, s:I, s:I, s:I, s:o, s:o}", "vectors_of", tree->folder, "passed",
                  (json_int_t)all->of[VEC_PASSED], "failed", (json_int_t)all->of[VEC_FAILED], "unsupported",
                  (json_int_t)all->of[VEC_UNSUPPORTED], "confirmed", stacks(tree, rows), "vectors", list);
    (void)json_dumpf(whole, out, JSON_INDENT(1));
    (void)fputc('\n', out);
    json_decref(whole);
}

bool report_vectors(FILE *out, const vec_tree *tree, const report_row *rows, report_style style)
{
    counts all = {.positive = 0};
    for (size_t i = 0; i < tree->n_vectors; i++) {
        if (rows[i].is_wanted) {
            count(&all, &tree->vectors[i], &rows[i]);
        }
    }
    if (style == REPORT_TAP) {
        tell_tap(out, tree, rows);
    } else if (style == REPORT_JSON) {
        tell_json(out, tree, rows, &all);
    } else {
        tell_files(out, tree, rows, style == REPORT_VERBOSE);
        tell_summary(out, tree, rows);
        tell_confirmed(out, tree, rows);
        (void)fprintf(out, "%zu passed, %zu failed, %zu unsupported\n", all.of[VEC_PASSED],
                      all.of[VEC_FAILED], all.of[VEC_UNSUPPORTED]);
    }
    return all.of[VEC_FAILED] == 0;
}
