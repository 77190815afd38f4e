/* SPDX-License-Identifier: BSD-2-Clause */
#include "html.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

enum {
    FAILURES_MAX = 100, /* listed at the top */
};

void rep_code(FILE *file, const char *text)
{
    (void)fputs("<code>", file);
    rep_escape(file, text);
    (void)fputs("</code>", file);
}

const char *rep_verdict_mark(const char *verdict)
{
    static const char *const marks[OBS_N_VERDICTS] = {
        [OBS_PASS] = "✓", [OBS_WARN] = "!",        [OBS_FAIL] = "✗",   [OBS_CRASH] = "†",
        [OBS_HANG] = "∞", [OBS_UNSUPPORTED] = "–", [OBS_WAIVED] = "w", [OBS_INCONCLUSIVE] = "?",
    };
    obs_verdict v = obs_verdict_of(verdict);
    return v < OBS_N_VERDICTS ? marks[v] : "·";
}

const char *rep_peer_of(const json_t *record)
{
    const char *peer = vec_get_text(record, "peer");
    return peer != NULL ? peer : "reference peers";
}

json_t *rep_peers_list(const rep_run *run)
{
    json_t *list = json_array();
    for (size_t i = 0; i < run->n; i++) {
        bool known = run->records[i] == NULL;
        for (size_t k = 0; !known && k < json_array_size(list); k++) {
            known = strcmp(json_string_value(json_array_get(list, k)), rep_peer_of(run->records[i])) == 0;
        }
        if (!known) {
            (void)json_array_append_new(list, json_string(rep_peer_of(run->records[i])));
        }
    }
    return list;
}

static json_t *scenario_new(const json_t *record)
{
    json_t *one = json_object();
    const char *topic = vec_get_text(record, "topic");
    obs_set_text(one, "id", vec_get_text(record, "scenario"));
    obs_set_text(one, "title", vec_get_text(record, "title"));
    obs_set_text(one, "topic", topic != NULL ? topic : "scenarios");
    (void)json_object_set(one, "req", json_object_get(record, "req"));
    (void)json_object_set_new(one, "cases", json_array());
    return one;
}

json_t *rep_scenarios_list(const rep_run *run)
{
    json_t *by_id = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < run->n; i++) {
        const char *id = vec_get_text(run->records[i], "scenario");
        if (id == NULL) {
            continue;
        }
        json_t *one = json_object_get(by_id, id);
        if (one == NULL) {
            one = scenario_new(run->records[i]);
            (void)json_object_set_new(by_id, id, one);
            (void)json_array_append(list, one);
        }
        (void)json_array_append_new(json_object_get(one, "cases"), json_integer((json_int_t)i));
    }
    json_decref(by_id);
    return list;
}

/* ---- head ---- */

static bool is_bad(const json_t *record)
{
    obs_verdict v = obs_verdict_of(vec_get_text(record, "verdict"));
    return v == OBS_FAIL || v == OBS_CRASH || v == OBS_HANG;
}

static const json_t *first_bad(const rep_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        if (is_bad(run->records[i])) {
            return run->records[i];
        }
    }
    return NULL;
}

static void headline(FILE *file, const rep_run *run, const run_tally *tally)
{
    size_t bad = tally->n[OBS_FAIL] + tally->n[OBS_CRASH] + tally->n[OBS_HANG];
    bool doubt = tally->n[OBS_INCONCLUSIVE] > 0 || tally->n_run < tally->n_all;
    const char *class_of = bad > 0 ? "fail" : doubt ? "inconclusive" : "pass";
    (void)fprintf(file, "<p class=\"big\"><b class=\"%s\">%s ", class_of, rep_verdict_mark(class_of));
    if (bad > 0) {
        (void)fprintf(file, "%zu of %zu cases failed", bad, run->n);
    } else if (doubt) {
        (void)fprintf(file, "nothing failed, but not everything could be judged");
    } else {
        (void)fprintf(file, "nothing failed in %zu cases", run->n);
    }
    (void)fputs("</b></p>\n<ul class=\"n\">", file);
    for (obs_verdict v = OBS_PASS; v < OBS_N_VERDICTS; v++) {
        if (tally->n[v] > 0 || v == OBS_PASS || v == OBS_FAIL) {
            (void)fprintf(file, "<li class=\"%s\"><b>%zu</b> %s %s</li>", obs_verdict_name(v), tally->n[v],
                          rep_verdict_mark(obs_verdict_name(v)), obs_verdict_name(v));
        }
    }
    if (tally->n_run < tally->n_all) {
        (void)fprintf(file, "<li class=\"inconclusive\"><b>%zu</b> · not run</li>",
                      tally->n_all - tally->n_run);
    }
    (void)fputs("</ul>\n", file);
}

static void peers_row(FILE *file, const rep_run *run)
{
    json_t *peers = rep_peers_list(run);
    (void)fputs("<dt>Peer under test</dt><dd>", file);
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const char *peer = json_string_value(json_array_get(peers, i));
        const char *says = NULL;
        for (size_t k = 0; says == NULL && k < run->n; k++) {
            if (run->records[k] != NULL && strcmp(rep_peer_of(run->records[k]), peer) == 0) {
                says = vec_get_text(run->records[k], "implementation");
            }
        }
        (void)fputs(i > 0 ? "<br>" : "", file);
        rep_code(file, peer);
        (void)fputs(" ", file);
        rep_escape(file, says != NULL ? says : "(said no name)");
    }
    (void)fputs("</dd>", file);
    json_decref(peers);
}

static void facts(FILE *file, const rep_run *run, const run_tally *tally)
{
    size_t applicable = tally->n_all - tally->n[OBS_UNSUPPORTED];
    (void)fputs("<dl>", file);
    peers_row(file, run);
    (void)fprintf(file, "<dt>Passed</dt><dd>%zu of %zu applicable; applicable %zu of %zu</dd>",
                  tally->n[OBS_PASS] + tally->n[OBS_WARN], applicable, applicable, tally->n_all);
    (void)fprintf(file, "<dt>Seed</dt><dd>%" PRIu64 "</dd><dt>Day, time taken</dt><dd>", run->seed);
    rep_escape(file, run->date);
    (void)fprintf(file, ", %" PRIu64 ".%" PRIu64 " s</dd>", run->took_ms / 1000, run->took_ms % 1000 / 100);
    if (run->what != NULL) {
        (void)fputs("<dt>Chosen</dt><dd>", file);
        rep_code(file, run->what);
        (void)fputs("</dd>", file);
    }
    (void)fputs("</dl>\n", file);
}

static void next_steps(FILE *file, const rep_run *run, const run_tally *tally)
{
    vec_arena arena = {NULL};
    const json_t *bad = first_bad(run);
    (void)fputs("<h2>What to do next</h2><ul>", file);
    if (bad != NULL) {
        (void)fputs("<li>Play the first failure again, entry by entry: ", file);
        rep_code(file, run_repro_command(&arena, bad));
        (void)fputs(
            "</li><li>Read its page below: what was expected, the ladder, and each packet opened. Its "
            "bundle has the same as a capture for Wireshark (<code>traffic.pcapng</code>).</li><li>A "
            "failure that is known and accepted belongs into a waiver with reason, link and expiry "
            "(<code>--waivers</code>).</li>",
            file);
    } else {
        (void)fputs("<li>See which requirements nothing checks: <code>muster list requirements "
                    "--uncovered</code></li>",
                    file);
    }
    if (tally->n[OBS_INCONCLUSIVE] > 0 || tally->n_run < tally->n_all) {
        (void)fputs(
            "<li>What is inconclusive or did not run says nothing about the peer: mend what the line of "
            "the case names, and run again.</li>",
            file);
    }
    if (tally->n[OBS_UNSUPPORTED] > 0) {
        (void)fputs(
            "<li>Unsupported cases were not judged: the peer says that it cannot do what they need.</li>",
            file);
    }
    if (tally->n[OBS_WARN] > 0) {
        (void)fputs("<li>Warnings are recommendations (SHOULD) that were not followed.</li>", file);
    }
    (void)fputs("</ul>\n", file);
    vec_arena_free(&arena);
}

static void failures(FILE *file, const rep_run *run)
{
    size_t n = 0;
    vec_arena arena = {NULL};
    for (size_t i = 0; i < run->n; i++) {
        const json_t *record = run->records[i];
        const char *verdict = vec_get_text(record, "verdict");
        if (record == NULL || (!is_bad(record) && !vec_get_is(record, "verdict", "inconclusive"))) {
            continue;
        }
        n++;
        if (n == 1) {
            (void)fputs("<h2 id=\"failures\">Failures</h2>\n<ul class=\"f\">", file);
        }
        if (n <= FAILURES_MAX) {
            (void)fprintf(file, "<li><b class=\"%s\">%s %s</b> <a href=\"#c%zu\">", verdict,
                          rep_verdict_mark(verdict), verdict, i);
            rep_escape(file, run_label(&arena, record));
            (void)fputs("</a> ", file);
            rep_escape(file, vec_get_text(record, "why"));
            (void)fputs("<br>", file);
            rep_code(file, run_repro_command(&arena, record));
            (void)fputs("</li>\n", file);
        }
    }
    if (n > FAILURES_MAX) {
        (void)fprintf(file, "<li>and %zu more: see the matrix</li>", n - FAILURES_MAX);
    }
    if (n > 0) {
        (void)fputs("</ul>\n", file);
    }
    vec_arena_free(&arena);
}

void rep_html_write(FILE *file, const rep_run *run)
{
    run_tally tally = run_tally_count(run->records, run->n);
    (void)fputs(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
        "dark\">\n<title>Muster report</title>\n<style>\n",
        file);
    rep_style_write(file);
    (void)fputs("</style>\n</head>\n<body>\n<header>\n<h1>Muster report</h1>\n", file);
    headline(file, run, &tally);
    facts(file, run, &tally);
    (void)fprintf(
        file,
        "<nav>%s<a href=\"#matrix\">Matrix</a> <a href=\"#cases\">Cases</a>%s</nav>\n</header>\n<main>\n",
        first_bad(run) != NULL ? "<a href=\"#failures\">Failures</a> " : "",
        run->requirements != NULL ? " <a href=\"#requirements\">Requirements</a>" : "");
    next_steps(file, run, &tally);
    failures(file, run);
    rep_matrix_write(file, run);
    rep_cases_write(file, run);
    if (run->requirements != NULL) {
        rep_requirements_write(file, run->requirements);
    }
    (void)fputs("</main>\n<script>\n", file);
    rep_script_write(file);
    (void)fputs("</script>\n</body>\n</html>\n", file);
}
