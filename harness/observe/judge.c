/* SPDX-License-Identifier: BSD-2-Clause */
#include "judge.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "oracle.h"

static const char *const names[] = {"pass", "warn",        "fail",   "crash",
                                    "hang", "unsupported", "waived", "inconclusive"};

const char *obs_verdict_name(obs_verdict verdict)
{
    return verdict < OBS_N_VERDICTS ? names[verdict] : "unknown";
}

obs_verdict obs_verdict_of(const char *name)
{
    for (obs_verdict i = OBS_PASS; name != NULL && i < OBS_N_VERDICTS; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return OBS_N_VERDICTS;
}

typedef struct judgement {
    const json_t *plan;
    obs_finds finds;
    json_t *findings, *warnings, *chosen;
    bool crash, hang, unsupported, inconclusive, broken;
} judgement;

static void note(json_t *list, const char *kind, int64_t entry, int64_t expectation, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
static void note(json_t *list, const char *kind, int64_t entry, int64_t expectation, const char *format, ...)
{
    char text[1500];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_t *finding = json_object();
    obs_set_text(finding, "kind", kind);
    obs_set_text(finding, "text", text);
    if (entry >= 0) {
        obs_set_int(finding, "entry", entry);
    }
    if (expectation >= 0) {
        obs_set_int(finding, "expectation", expectation);
    }
    (void)json_array_append_new(list, finding);
}

/* ---- complaints ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = vec_get_text(object, key);
    return text != NULL ? text : "";
}

static void complaints(judgement *j)
{
    const json_t *entries = j->finds.entries;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        const char *kind = vec_get_text(entry, "kind");
        if (!vec_get_is(entry, "ev", "complaint") || kind == NULL) {
            continue;
        }
        bool crash = strcmp(kind, "crash") == 0 || strcmp(kind, "start") == 0;
        bool lab = strcmp(kind, "lab") == 0 || strcmp(kind, "forbidden") == 0;
        j->broken = true;
        j->crash = j->crash || crash;
        j->hang = j->hang || strcmp(kind, "hang") == 0;
        j->inconclusive = j->inconclusive || lab;
        j->unsupported = j->unsupported || strcmp(kind, "unsupported") == 0;
        const char *by = text_of(entry, "by");
        note(j->findings, kind, (int64_t)i, -1, "%s%s%s", by, by[0] != '\0' ? " " : "",
             text_of(entry, "text"));
    }
    const json_t *last = json_array_get(entries, json_array_size(entries) - 1);
    if (!vec_get_is(last, "ev", "end")) {
        j->inconclusive = true;
        note(j->findings, "cut", -1, -1, "the log ends in the middle");
    } else if (!vec_get_is(last, "how", "played") && !j->broken) {
        j->broken = true;
        note(j->findings, "broken", -1, -1, "the case was broken off");
    }
}

static void found(void *arg, const obs_finding *finding)
{
    judgement *j = arg;
    j->crash = j->crash || finding->is_crash;
    note(finding->is_warning ? j->warnings : j->findings, finding->oracle, finding->entry, -1, "%s",
         finding->text);
}

/* ---- controls ---- */

static bool seen(const judgement *j, json_t *see)
{
    bool any = false;
    for (size_t i = 0; !any && i < json_array_size(j->finds.entries); i++) {
        any = obs_match(&j->finds, json_array_get(j->finds.entries, i), see);
    }
    json_decref(see);
    return any;
}

static bool is_server(const json_t *peer, bool answering)
{
    const json_t *roles = json_object_get(peer, "role");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *role = json_string_value(json_array_get(roles, i));
        if (role != NULL && (strcmp(role, "server") == 0 || (!answering && strcmp(role, "silent") == 0))) {
            return true;
        }
    }
    return false;
}

/* control_of: the request was delivered to this server and its answer came back. */
static bool control_of(judgement *j, const char *name, const json_t *server, const char *client)
{
    const char *to = vec_get_text(server, "name");
    if (!seen(j, json_pack("{s:s,s:s,s:s}", "see", "delivered", "by", to, "of", name))) {
        note(j->findings, "control", -1, -1, "%s: expected %s to be given the request of %s, found none",
             name, to, client);
        return false;
    }
    if (is_server(server, true) &&
        !seen(j, json_pack("{s:s,s:s,s:s,s:s,s:b,s:s}", "see", "response", "by", client, "of", name, "from",
                           to, "protected", true, "code_class", "2"))) {
        note(j->findings, "control", -1, -1, "%s: expected %s to get the protected answer of %s, found none",
             name, client, to);
        return false;
    }
    return true;
}

static bool controls(judgement *j)
{
    static const char *const which[] = {"control-before", "control-after"};
    const json_t *control = json_object_get(j->plan, "control");
    const json_t *peers = json_object_get(j->plan, "peers");
    bool good = true;
    for (size_t w = 0; control != NULL && w < 2; w++) {
        if (w == 0 && !vec_get_bool(control, "before", true)) {
            continue;
        }
        for (size_t i = 0; i < json_array_size(peers); i++) {
            const json_t *peer = json_array_get(peers, i);
            bool all = vec_get_is(control, "to", "group");
            bool is_target = all ? is_server(peer, false) && vec_get_bool(peer, "joined", true)
                                 : vec_get_is(peer, "name", vec_get_text(control, "to"));
            if (is_target && !vec_get_is(peer, "name", vec_get_text(control, "by"))) {
                good = control_of(j, which[w], peer, vec_get_text(control, "by")) && good;
            }
        }
    }
    return good;
}

/* ---- expectations ---- */

static size_t count(const judgement *j, const json_t *see, int64_t *first)
{
    size_t n = 0;
    *first = -1;
    for (size_t i = 0; i < json_array_size(j->finds.entries); i++) {
        if (obs_match(&j->finds, json_array_get(j->finds.entries, i), see)) {
            *first = n == 0 ? (int64_t)i : *first;
            n++;
        }
    }
    return n;
}

/* is_met: the number of matches is as wanted. */
static bool is_met(const judgement *j, const json_t *see, int64_t *first, size_t *n)
{
    *n = count(j, see, first);
    int64_t times = vec_get_int(see, "times", -1);
    int64_t most = vec_get_int(see, "at_most", times);
    int64_t least = vec_get_int(see, "at_least",
                                times >= 0                                ? times
                                : json_object_get(see, "at_most") != NULL ? 0
                                                                          : 1);
    return (int64_t)*n >= least && (most < 0 || (int64_t)*n <= most);
}

static void keep(judgement *j, const json_t *see, int64_t first)
{
    const char *name = vec_get_text(see, "name");
    if (name != NULL && first >= 0) {
        obs_set_int(j->finds.found, name, first);
    }
}

static void missed(judgement *j, const json_t *expectation, size_t index, const char *what, size_t n,
                   int64_t entry)
{
    json_t *list = vec_get_bool(expectation, "warn", false) ? j->warnings : j->findings;
    char *said = json_dumps(expectation, JSON_COMPACT);
    note(list, "expect", entry, (int64_t)index, "expected %s, found %zu %s", said, n, what);
    free(said);
}

static void expect_one_of(judgement *j, const json_t *expectation, size_t index)
{
    const json_t *choices = json_object_get(expectation, "one_of");
    for (size_t i = 0; i < json_array_size(choices); i++) {
        const json_t *see = json_array_get(choices, i);
        int64_t first;
        size_t n;
        if (is_met(j, see, &first, &n)) {
            keep(j, see, first);
            (void)json_array_append_new(
                j->chosen, json_pack("{s:I,s:I}", "expectation", (json_int_t)index, "choice", (json_int_t)i));
            return;
        }
    }
    missed(j, expectation, index, "of them", 0, -1);
}

static void expect_all(judgement *j)
{
    const json_t *list = json_object_get(j->plan, "expect");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *expectation = json_array_get(list, i);
        const json_t *never = json_object_get(expectation, "never");
        int64_t first;
        size_t n;
        if (never != NULL) {
            n = count(j, never, &first);
            if (n > 0) {
                missed(j, expectation, i, "of it", n, first);
            }
        } else if (json_object_get(expectation, "one_of") != NULL) {
            expect_one_of(j, expectation, i);
        } else if (is_met(j, expectation, &first, &n)) {
            keep(j, expectation, first);
        } else {
            missed(j, expectation, i, "of it", n, first);
        }
    }
}

/* ---- all together ---- */

static obs_verdict verdict_of(const judgement *j)
{
    if (j->crash) {
        return OBS_CRASH;
    }
    if (j->hang) {
        return OBS_HANG;
    }
    if (j->inconclusive) {
        return OBS_INCONCLUSIVE;
    }
    if (j->unsupported) {
        return OBS_UNSUPPORTED;
    }
    if (json_array_size(j->findings) > 0) {
        return OBS_FAIL;
    }
    return json_array_size(j->warnings) > 0 ? OBS_WARN : OBS_PASS;
}

json_t *obs_judge(const json_t *plan, const obs_log *log)
{
    judgement j = {.plan = plan, .finds = {log->entries, json_object()}};
    j.findings = json_array();
    j.warnings = json_array();
    j.chosen = json_array();
    complaints(&j);
    obs_oracles_run(plan, log, found, &j);
    if (!j.broken && !j.inconclusive) {
        (void)controls(&j);
        expect_all(&j);
    }
    obs_verdict verdict = verdict_of(&j);
    const json_t *first = json_array_get(json_array_size(j.findings) > 0 ? j.findings : j.warnings, 0);
    json_t *result = json_object();
    obs_set_text(result, "verdict", obs_verdict_name(verdict));
    obs_set_text(result, "why", vec_get_text(first, "text"));
    (void)json_object_set_new(result, "findings", j.findings);
    (void)json_object_set_new(result, "warnings", j.warnings);
    (void)json_object_set_new(result, "chosen", j.chosen);
    json_decref(j.finds.found);
    return result;
}
