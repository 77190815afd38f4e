/* SPDX-License-Identifier: BSD-2-Clause */
#include "page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "text.h"

enum {
    PACKETS_MAX = 150, /* shown of one case */
};

const char *rep_text_or(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = vec_get_text(object, key);
    return text != NULL ? text : otherwise;
}

const char *rep_fate(const rep_page *page, int64_t packet)
{
    static const char *const kinds[] = {"dropped", "held",     "released", "delayed",
                                        "edited",  "unrouted", "lost",     "duplicated"};
    const char *fate = "";
    for (size_t i = 0; i < json_array_size(page->entries); i++) {
        const json_t *entry = json_array_get(page->entries, i);
        for (size_t k = 0; vec_get_int(entry, "packet", 0) == packet && k < sizeof kinds / sizeof kinds[0];
             k++) {
            if (vec_get_is(entry, "ev", kinds[k]) && strstr(fate, kinds[k]) == NULL) {
                fate = vec_printf(page->arena, "%s%s%s", fate, fate[0] != '\0' ? ", " : "", kinds[k]);
            }
        }
    }
    return fate;
}

bool rep_is_found(const rep_page *page, const json_t *entry)
{
    static const char *const lists[] = {"findings", "warnings"};
    int64_t n = vec_get_int(entry, "n", -1);
    for (size_t l = 0; l < 2; l++) {
        const json_t *list = json_object_get(page->verdict, lists[l]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            if (vec_get_int(json_array_get(list, i), "entry", -2) == n) {
                return true;
            }
        }
    }
    return false;
}

const char *rep_inner_text(vec_arena *arena, const json_t *entry)
{
    const json_t *inner = json_object_get(entry, "inner");
    if (inner == NULL) {
        return "";
    }
    if (vec_get_bool(inner, "malformed", false)) {
        return "malformed inside";
    }
    const char *method = vec_get_text(inner, "method");
    const char *path = rep_text_or(inner, "path", "/");
    const char *code = rep_text_or(inner, "code", "?");
    return method != NULL ? vec_printf(arena, "%s %s", method, path) : code;
}

/* ---- parts ---- */

static void algorithms_write(const rep_page *page)
{
    static const char *const keys[][2] = {{"aead", "AEAD"},
                                          {"group_enc", "group encryption"},
                                          {"signature", "signature"},
                                          {"agreement", "key agreement"},
                                          {"hkdf", "key derivation"}};
    (void)fputs("<p>Algorithms: ", page->file);
    bool first = true;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        int64_t number = vec_get_int(page->world, keys[i][0], 0);
        if (number != 0) {
            (void)fprintf(page->file, "%s%s %s", first ? "" : ", ", keys[i][1],
                          rep_algorithm_name((int32_t)number));
            first = false;
        }
    }
    (void)fputs("</p>", page->file);
}

/* unmet gives the finding about an expectation, NULL when it was met. */
static const json_t *unmet(const rep_page *page, size_t expectation, bool *warning)
{
    static const char *const lists[] = {"findings", "warnings"};
    for (size_t l = 0; l < 2; l++) {
        const json_t *list = json_object_get(page->verdict, lists[l]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            if (vec_get_int(json_array_get(list, i), "expectation", -1) == (int64_t)expectation) {
                *warning = l == 1;
                return json_array_get(list, i);
            }
        }
    }
    return NULL;
}

static int64_t chosen(const rep_page *page, size_t expectation)
{
    const json_t *list = json_object_get(page->verdict, "chosen");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (vec_get_int(json_array_get(list, i), "expectation", -1) == (int64_t)expectation) {
            return vec_get_int(json_array_get(list, i), "choice", -1);
        }
    }
    return -1;
}

/* was_judged: a case that was broken off has expectations that nobody looked at. */
static bool was_judged(const rep_page *page)
{
    const json_t *last = json_array_get(page->entries, json_array_size(page->entries) - 1);
    for (size_t i = 0; i < json_array_size(page->entries); i++) {
        if (vec_get_is(json_array_get(page->entries, i), "ev", "complaint")) {
            return false;
        }
    }
    return vec_get_is(last, "how", "played");
}

/* found_write writes the end of a finding's text: what was found instead. */
static void found_write(const rep_page *page, const char *text)
{
    const char *last = NULL;
    for (const char *at = text; at != NULL && (at = strstr(at, ", found ")) != NULL; at++) {
        last = at;
    }
    if (last != NULL) {
        (void)fputs(": <b class=\"fail\">", page->file);
        rep_escape(page->file, last + 2);
        (void)fputs("</b>", page->file);
    }
}

static void expectations_write(const rep_page *page)
{
    const json_t *list = json_object_get(page->plan, "expect");
    bool judged = was_judged(page);
    if (json_array_size(list) == 0) {
        return;
    }
    (void)fputs("<h4>Expected</h4><ul class=\"e\">", page->file);
    for (size_t i = 0; i < json_array_size(list); i++) {
        bool warning = false;
        const json_t *finding = unmet(page, i, &warning);
        const char *mark = !judged           ? "<b class=\"inconclusive\">? not judged</b>"
                           : finding == NULL ? "<b class=\"pass\">✓ met</b>"
                           : warning         ? "<b class=\"warn\">! missed</b>"
                                             : "<b class=\"fail\">✗ not met</b>";
        (void)fprintf(page->file, "<li>%s ", mark);
        rep_expectation_write(page->file, json_array_get(list, i));
        if (judged && finding != NULL) {
            found_write(page, vec_get_text(finding, "text"));
        }
        if (judged && finding == NULL && chosen(page, i) >= 0) {
            (void)fprintf(page->file, " <i>seen: (%" PRId64 ")</i>", chosen(page, i) + 1);
        }
        (void)fputs("</li>", page->file);
    }
    (void)fputs("</ul>", page->file);
}

/* entry_link refers to the packet of an entry, if it is one. */
static void entry_link(const rep_page *page, int64_t n)
{
    const json_t *entry = n >= 0 ? json_array_get(page->entries, (size_t)n) : NULL;
    int64_t packet = vec_get_int(entry, "packet", vec_get_int(entry, "reaction_to", 0));
    if (packet > 0 && packet <= PACKETS_MAX) {
        (void)fprintf(page->file, " <a href=\"#c%zup%" PRId64 "\">packet %" PRId64 "</a>", page->number,
                      packet, packet);
    } else if (n >= 0) {
        (void)fprintf(page->file, " <i>entry %" PRId64 " of the log</i>", n);
    }
}

/* findings_write writes what is not told with the expectations. */
static void findings_write(const rep_page *page, const char *key, const char *title, const char *class_of)
{
    const json_t *list = json_object_get(page->verdict, key);
    bool judged = was_judged(page), any = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (judged && vec_get_int(one, "expectation", -1) >= 0) {
            continue;
        }
        if (!any) {
            (void)fprintf(page->file, "<h4>%s</h4><ul class=\"e\">", title);
        }
        any = true;
        (void)fprintf(page->file, "<li><b class=\"%s\">", class_of);
        rep_escape(page->file, vec_get_text(one, "kind"));
        (void)fputs("</b> ", page->file);
        rep_escape(page->file, vec_get_text(one, "text"));
        entry_link(page, vec_get_int(one, "entry", -1));
        (void)fputs("</li>", page->file);
    }
    if (any) {
        (void)fputs("</ul>", page->file);
    }
}

static void packets_write(const rep_page *page)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(page->entries); i++) {
        const json_t *entry = json_array_get(page->entries, i);
        if (vec_get_is(entry, "ev", "packet") && n++ < PACKETS_MAX) {
            if (n == 1) {
                (void)fputs(REP_PAGE_PACKETS "\n", page->file);
            }
            rep_packet_write(page, entry);
        }
    }
    if (n > PACKETS_MAX) {
        (void)fprintf(page->file, "<p>%zu packets more are in the log of the bundle.</p>", n - PACKETS_MAX);
    }
}

void rep_page_write(FILE *file, size_t number, const json_t *plan, const obs_log *log, const json_t *verdict)
{
    vec_arena arena = {NULL};
    rep_page page = {.file = file,
                     .arena = &arena,
                     .plan = plan,
                     .entries = log->entries,
                     .verdict = verdict,
                     .number = number};
    for (size_t i = 0; page.world == NULL && i < json_array_size(log->entries); i++) {
        const json_t *entry = json_array_get(log->entries, i);
        page.world = vec_get_is(entry, "ev", "world") ? entry : NULL;
    }
    findings_write(&page, "findings", "Found", "fail");
    findings_write(&page, "warnings", "Warnings", "warn");
    expectations_write(&page);
    if (page.world != NULL) {
        algorithms_write(&page);
    }
    rep_ladder_write(&page);
    packets_write(&page);
    vec_arena_free(&arena);
}

char *rep_page_text(size_t number, const json_t *plan, const obs_log *log, const json_t *verdict)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (file == NULL) {
        return NULL;
    }
    rep_page_write(file, number, plan, log, verdict);
    bool good = ferror(file) == 0;
    good = fclose(file) == 0 && good;
    if (!good) {
        free(text);
        return NULL;
    }
    return text;
}
