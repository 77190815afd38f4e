/* SPDX-License-Identifier: BSD-2-Clause */
/* Matrix and pages of the cases. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "page.h"
#include "text.h"

enum {
    OPEN_MAX = 3,         /* failing cases that are open from the start */
    PAGES_MAX = 11 << 20, /* bytes that pages of cases may take; failing cases are told whatever it takes */
};

static const char *verdict_of(const json_t *record)
{
    const char *verdict = vec_get_text(record, "verdict");
    return verdict != NULL ? verdict : "none";
}

/* variant_write writes what stands behind the @ of a label: dialect, parameters, place, port. */
static void variant_write(FILE *file, const json_t *record, bool with_peer)
{
    vec_arena arena = {NULL};
    const char *label = run_label(&arena, record);
    const char *at = strchr(label, '@');
    rep_escape(file, at != NULL ? at + 1 : label);
    if (with_peer) {
        (void)fputs(", ", file);
        rep_escape(file, rep_peer_of(record));
    }
    vec_arena_free(&arena);
}

/* ---- matrix ---- */

static void filter_write(FILE *file)
{
    static const char *const dialects[] = {"oscore", "group-02", "group-28"};
    (void)fputs("<form class=\"js\" id=\"filter\" hidden><label>Search <input type=\"search\" name=\"q\" "
                "placeholder=\"scenario, requirement\"></label> <label>Verdict <select "
                "name=\"v\"><option value=\"\">all</option>",
                file);
    for (obs_verdict v = OBS_PASS; v < OBS_N_VERDICTS; v++) {
        (void)fprintf(file, "<option>%s</option>", obs_verdict_name(v));
    }
    (void)fputs("</select></label> <label>Dialect <select name=\"d\"><option value=\"\">all</option>", file);
    for (size_t i = 0; i < 3; i++) {
        (void)fprintf(file, "<option>%s</option>", dialects[i]);
    }
    (void)fputs("</select></label> <output></output></form>\n", file);
}

/* cell_write writes a cell; with several peers it bears the name of its own, for narrow screens. */
static void cell_write(FILE *file, const rep_run *run, const json_t *cases, const char *peer, bool several)
{
    (void)fputs(several ? "<td data-p=\"" : "<td>", file);
    if (several) {
        rep_escape(file, peer);
        (void)fputs("\">", file);
    }
    for (size_t i = 0; i < json_array_size(cases); i++) {
        size_t index = (size_t)json_integer_value(json_array_get(cases, i));
        const json_t *record = run->records[index];
        if (strcmp(rep_peer_of(record), peer) != 0) {
            continue;
        }
        (void)fprintf(file, "<a class=\"k %s\" href=\"#c%zu\" data-d=\"", verdict_of(record), index);
        rep_escape(file, vec_get_text(record, "dialect"));
        (void)fprintf(file, "\" title=\"%s: ", verdict_of(record));
        variant_write(file, record, false);
        (void)fprintf(file, "\">%s</a>", rep_verdict_mark(verdict_of(record)));
    }
    (void)fputs("</td>", file);
}

static void search_words(FILE *file, const json_t *scenario)
{
    const json_t *req = json_object_get(scenario, "req");
    (void)fputs(" data-q=\"", file);
    rep_escape(file, vec_get_text(scenario, "topic"));
    for (size_t i = 0; i < json_array_size(req); i++) {
        (void)fputc(' ', file);
        rep_escape(file, json_string_value(json_array_get(req, i)));
    }
    (void)fputc('"', file);
}

void rep_matrix_write(FILE *file, const rep_run *run)
{
    json_t *peers = rep_peers_list(run);
    json_t *scenarios = rep_scenarios_list(run);
    const char *topic = "";
    (void)fputs("<h2 id=\"matrix\">Matrix</h2>\n", file);
    filter_write(file);
    (void)fputs("<div class=\"w\"><table class=\"m\"><thead><tr><th>Scenario</th>", file);
    for (size_t i = 0; i < json_array_size(peers); i++) {
        (void)fputs("<th>", file);
        rep_escape(file, json_string_value(json_array_get(peers, i)));
        (void)fputs("</th>", file);
    }
    (void)fputs("</tr></thead>\n<tbody>", file);
    for (size_t i = 0; i < json_array_size(scenarios); i++) {
        const json_t *one = json_array_get(scenarios, i);
        if (!vec_get_is(one, "topic", topic)) {
            topic = vec_get_text(one, "topic");
            (void)fprintf(file, "</tbody>\n<tbody><tr class=\"topic\"><th colspan=\"%zu\">",
                          1 + json_array_size(peers));
            rep_escape(file, topic);
            (void)fputs("</th></tr>\n", file);
        }
        (void)fputs("<tr class=\"s\"", file);
        search_words(file, one);
        (void)fputs("><th><a href=\"#s-", file);
        rep_escape(file, vec_get_text(one, "id"));
        (void)fputs("\">", file);
        rep_escape(file, vec_get_text(one, "id"));
        (void)fputs("</a> <span>", file);
        rep_escape(file, vec_get_text(one, "title"));
        (void)fputs("</span></th>", file);
        for (size_t k = 0; k < json_array_size(peers); k++) {
            cell_write(file, run, json_object_get(one, "cases"), json_string_value(json_array_get(peers, k)),
                       json_array_size(peers) > 1);
        }
        (void)fputs("</tr>\n", file);
    }
    (void)fputs("</tbody></table></div>\n", file);
    json_decref(peers);
    json_decref(scenarios);
}

/* ---- cases ---- */

/* How much of the pages of passing cases is told, so that a report of many cases can still be opened. */
typedef struct thrift {
    size_t whole; /* so many of one scenario, dialect and peer; the others without packets */
    bool ladders; /* the others with their ladders */
} thrift;

/* shown_len gives how many bytes of a page are written; rank: place among passing cases of its kind. */
static size_t shown_len(const rep_run *run, size_t index, size_t rank, thrift level)
{
    const char *page = run->pages[index];
    const char *end = strstr(page, level.ladders ? REP_PAGE_PACKETS : REP_PAGE_LADDER);
    bool left_out = vec_get_is(run->records[index], "verdict", "pass") && rank >= level.whole;
    return left_out && end != NULL ? (size_t)(end - page) : strlen(page);
}

/* rank_of counts the passing cases of the same scenario, dialect and peer before one. */
static size_t rank_of(const rep_run *run, const json_t *scenario, size_t index)
{
    const json_t *cases = json_object_get(scenario, "cases");
    const char *dialect = vec_get_text(run->records[index], "dialect");
    size_t rank = 0;
    for (size_t k = 0; k < json_array_size(cases); k++) {
        size_t other = (size_t)json_integer_value(json_array_get(cases, k));
        const json_t *record = run->records[other];
        if (other == index) {
            break;
        }
        rank += vec_get_is(record, "verdict", "pass") && vec_get_is(record, "dialect", dialect) &&
                strcmp(rep_peer_of(record), rep_peer_of(run->records[index])) == 0;
    }
    return rank;
}

/* ranks_of gives the ranks of all records, to be freed; NULL: no memory. */
static size_t *ranks_of(const rep_run *run, const json_t *scenarios)
{
    size_t *ranks = calloc(run->n + 1, sizeof *ranks);
    for (size_t i = 0; ranks != NULL && i < json_array_size(scenarios); i++) {
        const json_t *one = json_array_get(scenarios, i);
        const json_t *cases = json_object_get(one, "cases");
        for (size_t k = 0; k < json_array_size(cases); k++) {
            size_t index = (size_t)json_integer_value(json_array_get(cases, k));
            ranks[index] = rank_of(run, one, index);
        }
    }
    return ranks;
}

/* thrift_choose gives the least thrift with which the pages keep to their limit. */
static thrift thrift_choose(const rep_run *run, const size_t *ranks)
{
    static const thrift levels[] = {{SIZE_MAX, true}, {16, true}, {8, true}, {5, true},
                                    {3, true},        {2, true},  {1, true}, {1, false}};
    enum {
        N_LEVELS = sizeof levels / sizeof levels[0]
    };
    size_t level = 0;
    for (; run->pages != NULL && level < N_LEVELS - 1; level++) {
        size_t sum = 0;
        for (size_t i = 0; i < run->n; i++) {
            sum += run->pages[i] != NULL ? shown_len(run, i, ranks[i], levels[level]) : 0;
        }
        if (sum <= PAGES_MAX) {
            break;
        }
    }
    return levels[level];
}

static void page_write(FILE *file, const rep_run *run, size_t index, size_t rank, thrift level)
{
    if (run->pages == NULL || run->pages[index] == NULL) {
        return;
    }
    size_t len = strlen(run->pages[index]);
    size_t shown = shown_len(run, index, rank, level);
    (void)fwrite(run->pages[index], 1, shown, file);
    if (shown < len) {
        vec_arena arena = {NULL};
        (void)fputs(
            "<p class=\"less\">It passed; the rest of its page is left out to keep this file small. All of "
            "it: ",
            file);
        rep_code(file, run_page_command(&arena, run->records[index]));
        (void)fputs("</p>\n", file);
        vec_arena_free(&arena);
    }
}

/* What holds for all cases of a report. */
typedef struct telling {
    const rep_run *run;
    bool with_peer;
    const size_t *ranks;
    thrift level;
    size_t n_open;
} telling;

static void case_write(FILE *file, telling *t, size_t index)
{
    const rep_run *run = t->run;
    vec_arena arena = {NULL};
    const json_t *record = run->records[index];
    const char *verdict = verdict_of(record);
    const char *why = vec_get_text(record, "why");
    bool bad = strcmp(verdict, "fail") == 0 || strcmp(verdict, "crash") == 0 || strcmp(verdict, "hang") == 0;
    bool open = bad && t->n_open++ < OPEN_MAX;
    (void)fprintf(file, "<details class=\"c\" id=\"c%zu\" data-v=\"%s\" data-d=\"", index, verdict);
    rep_escape(file, vec_get_text(record, "dialect"));
    (void)fprintf(file, "\"%s><summary><b class=\"%s\">%s %s</b> ", open ? " open" : "", verdict,
                  rep_verdict_mark(verdict), verdict);
    variant_write(file, record, t->with_peer);
    (void)fputs("</summary>\n", file);
    if (why != NULL) {
        (void)fprintf(file, "<p class=\"why %s\">", verdict);
        rep_escape(file, why);
        (void)fputs("</p>", file);
    }
    (void)fprintf(file, "<p>Port %s, seed %" PRId64 ", %" PRId64 " ms. Again: ",
                  vec_get_is(record, "port", "tun") ? "tun" : "stdio", vec_get_int(record, "seed", 0),
                  vec_get_int(record, "ms", 0));
    rep_code(file, run_repro_command(&arena, record));
    (void)fputs("</p>\n", file);
    page_write(file, run, index, t->ranks[index], t->level);
    (void)fputs("</details>\n", file);
    vec_arena_free(&arena);
}

static void requirements_of(FILE *file, const rep_run *run, const json_t *scenario)
{
    const json_t *req = json_object_get(scenario, "req");
    (void)fputs("<ul class=\"e\">", file);
    for (size_t i = 0; i < json_array_size(req); i++) {
        const char *id = json_string_value(json_array_get(req, i));
        bool linked = run->requirements != NULL;
        (void)fputs(linked ? "<li><a href=\"#r-" : "<li><b>", file);
        rep_escape(file, id);
        if (linked) {
            (void)fputs("\">", file);
            rep_escape(file, id);
        }
        (void)fputs(linked ? "</a> " : "</b> ", file);
        rep_escape(file, vec_get_text(run->words, id));
        (void)fputs("</li>", file);
    }
    (void)fputs("</ul>\n", file);
}

void rep_cases_write(FILE *file, const rep_run *run)
{
    json_t *scenarios = rep_scenarios_list(run);
    json_t *peers = rep_peers_list(run);
    size_t *ranks = ranks_of(run, scenarios);
    if (ranks == NULL) {
        json_decref(scenarios);
        json_decref(peers);
        return;
    }
    telling t = {.run = run,
                 .with_peer = json_array_size(peers) > 1,
                 .ranks = ranks,
                 .level = thrift_choose(run, ranks)};
    (void)fputs("<h2 id=\"cases\">Cases</h2>\n", file);
    for (size_t i = 0; i < json_array_size(scenarios); i++) {
        const json_t *one = json_array_get(scenarios, i);
        const json_t *cases = json_object_get(one, "cases");
        (void)fputs("<section class=\"s\" id=\"s-", file);
        rep_escape(file, vec_get_text(one, "id"));
        (void)fputc('"', file);
        search_words(file, one);
        (void)fputs("><h3>", file);
        rep_escape(file, vec_get_text(one, "id"));
        (void)fputs("</h3><p>", file);
        rep_escape(file, vec_get_text(one, "title"));
        (void)fputs("</p>", file);
        requirements_of(file, run, one);
        for (size_t k = 0; k < json_array_size(cases); k++) {
            size_t index = (size_t)json_integer_value(json_array_get(cases, k));
            case_write(file, &t, index);
        }
        (void)fputs("</section>\n", file);
    }
    free(ranks);
    json_decref(scenarios);
    json_decref(peers);
}
