/* SPDX-License-Identifier: BSD-2-Clause */
/* The catalogues with their evidence. */
#include <inttypes.h>
#include <string.h>

#include "html.h"
#include "text.h"

enum {
    IDS_MAX = 3, /* shown of one mutant */
    CATALOGUES = 6,
    STATES = 4,
};

static const char *const states[STATES] = {"evidence", "claim", "untestable", "nothing"};
static const char *const titles[STATES] = {"evidence", "tag only", "not from outside", "nothing"};

static void evidence_write(FILE *file, const json_t *by_mutant)
{
    const char *mutant;
    json_t *ids;
    void *same = NULL;
    memcpy(&same, &by_mutant, sizeof same); /* jansson's loop takes no const; nothing is changed */
    json_object_foreach((json_t *)same, mutant, ids)
    {
        (void)fputs("<b>", file);
        rep_escape(file, mutant);
        (void)fputs("</b> ", file);
        size_t n = json_array_size(ids);
        for (size_t i = 0; i < n && i < IDS_MAX; i++) {
            (void)fputs(i > 0 ? ", " : "", file);
            rep_escape(file, json_string_value(json_array_get(ids, i)));
        }
        if (n > IDS_MAX) {
            (void)fprintf(file, " and %zu more", n - IDS_MAX);
        }
        (void)fputs("<br>", file);
    }
}

static void row_write(FILE *file, const json_t *row)
{
    const char *reason = vec_get_text(row, "untestable");
    (void)fputs("<tr class=\"", file);
    rep_escape(file, vec_get_text(row, "state"));
    (void)fputs("\" id=\"r-", file);
    rep_escape(file, vec_get_text(row, "id"));
    (void)fputs("\"><th>", file);
    rep_escape(file, vec_get_text(row, "id"));
    (void)fputs("</th><td>", file);
    rep_escape(file, vec_get_text(row, "requirement"));
    (void)fputs("</td><td>", file);
    rep_escape(file, vec_get_text(row, "level"));
    (void)fputs(", ", file);
    rep_escape(file, vec_get_text(row, "kind"));
    (void)fputs("</td><td>", file);
    evidence_write(file, json_object_get(row, "evidence"));
    if (reason != NULL) {
        (void)fputs("<i>", file);
        rep_escape(file, reason);
        (void)fputs("</i>", file);
    }
    (void)fprintf(file, "</td><td>%" PRId64 " / %" PRId64 " / %" PRId64 "</td></tr>\n",
                  vec_get_int(row, "vectors", 0), vec_get_int(row, "scenarios", 0),
                  vec_get_int(row, "tests", 0));
}

static size_t state_of(const json_t *row)
{
    size_t i = 0;
    while (i < STATES - 1 && !vec_get_is(row, "state", states[i])) {
        i++;
    }
    return i;
}

/* sums_write counts rows by catalogue; shown are those that can be seen from outside (wire, behaviour) too. */
static void sums_write(FILE *file, const json_t *rows)
{
    static const char *const catalogues[CATALOGUES][2] = {
        {"O-", "RFC 8613"},        {"GO-", "Group OSCORE (draft 28)"}, {"G02-", "Group OSCORE (draft 02)"},
        {"E-", "RFC 9175 (Echo)"}, {"GC-", "group communication"},     {"AG-", "ACE, joining groups"}};
    (void)fputs("<div class=\"w\"><table class=\"sum\"><thead><tr><th>Catalogue</th><th>rows</th>", file);
    for (size_t s = 0; s < STATES; s++) {
        (void)fprintf(file, "<th>%s</th>", titles[s]);
    }
    (void)fputs("<th>evidence for rows of kind wire, behaviour</th></tr></thead><tbody>\n", file);
    for (size_t c = 0; c < CATALOGUES; c++) {
        size_t n[STATES] = {0}, all = 0, seen = 0, seen_good = 0;
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *row = json_array_get(rows, i);
            const char *id = vec_get_text(row, "id");
            if (id == NULL || strncmp(id, catalogues[c][0], strlen(catalogues[c][0])) != 0) {
                continue;
            }
            bool visible = vec_get_is(row, "kind", "wire") || vec_get_is(row, "kind", "behaviour");
            n[state_of(row)]++;
            all++;
            seen += visible;
            seen_good += visible && state_of(row) == 0;
        }
        (void)fprintf(file, "<tr><th>%s</th><td>%zu</td>", catalogues[c][1], all);
        for (size_t s = 0; s < STATES; s++) {
            (void)fprintf(file, "<td>%zu</td>", n[s]);
        }
        (void)fprintf(file, "<td>%zu of %zu (%zu %%)</td></tr>\n", seen_good, seen,
                      seen > 0 ? 100 * seen_good / seen : 0);
    }
    (void)fputs("</tbody></table></div>\n", file);
}

void rep_requirements_write(FILE *file, const json_t *rows)
{
    (void)fputs(
        "<h2 id=\"requirements\">Requirements</h2>\n<p>Evidence is a vector or scenario that was seen to "
        "fail when a seeded fault (a mutant, M..) breaks this very row. A tag alone is a claim; the last "
        "column counts tags of vectors, scenarios and rows of unit tests.</p>\n",
        file);
    sums_write(file, rows);
    (void)fputs(
        "<form class=\"js\" id=\"rows\" hidden><label>Search <input type=\"search\" name=\"q\"></label> "
        "<label>State <select name=\"s\"><option value=\"\">all</option>",
        file);
    for (size_t s = 0; s < STATES; s++) {
        (void)fprintf(file, "<option value=\"%s\">%s</option>", states[s], titles[s]);
    }
    (void)fputs(
        "</select></label> <output></output></form>\n<details class=\"r\"><summary>All rows</summary>\n<div "
        "class=\"w\"><table class=\"q\"><thead><tr><th>Id</th><th>Requirement</th><th>Level, kind</th>"
        "<th>Evidence: mutant, what went red</th><th>Tags</th></tr></thead><tbody>\n",
        file);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        row_write(file, json_array_get(rows, i));
    }
    (void)fputs("</tbody></table></div></details>\n", file);
}
