/* SPDX-License-Identifier: BSD-2-Clause */
#include "waiver.h"

#include <fnmatch.h>
#include <string.h>

#include "observe/judge.h"

static const vec_rule waiver[] = {
    {.key = "case", .kind = VEC_TEXT, .min = 1},
    {.key = "place", .kind = VEC_TEXT, .min = 1, .flags = VEC_OPTIONAL},
    {.key = "words", .kind = VEC_TEXT, .min = 1, .flags = VEC_OPTIONAL},
    {.key = "reason", .kind = VEC_TEXT, .min = 1},
    {.key = "link", .kind = VEC_TEXT, .min = 1},
    {.key = "expires", .kind = VEC_TEXT, .min = 10, .max = 10},
    {.kind = VEC_END},
};
static const vec_rule one = {.kind = VEC_OBJECT, .of = waiver};
static const vec_rule file[] = {{.key = "waivers", .kind = VEC_LIST, .of = &one}, {.kind = VEC_END}};
static const vec_rule whole = {.kind = VEC_OBJECT, .of = file};

static bool is_day(const char *text)
{
    for (size_t i = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return true;
}

json_t *run_waivers_load(vec_check *check, const char *path)
{
    vec_check_init(check, path);
    json_t *root = vec_json_file(check, path);
    if (root == NULL || !vec_check_value(check, &whole, root)) {
        json_decref(root);
        return NULL;
    }
    const json_t *list = json_object_get(root, "waivers");
    (void)vec_place_push(check, "waivers");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (!is_day(vec_get_text(item, "expires"))) {
            (void)vec_place_push_index(check, i);
            (void)vec_place_push(check, "expires");
            (void)vec_fault_value(check, "a day (YYYY-MM-DD)", json_object_get(item, "expires"));
            json_decref(root);
            return NULL;
        }
    }
    return root;
}

static bool fits(const json_t *item, const json_t *record)
{
    const char *id = vec_get_text(record, "id");
    const char *place = vec_get_text(item, "place");
    if (place != NULL && !vec_get_is(record, "place", place)) {
        return false;
    }
    return id != NULL && fnmatch(vec_get_text(item, "case"), id, 0) == 0;
}

static void set_verdict(json_t *record, obs_verdict verdict, const char *why, const char *more)
{
    (void)json_object_set_new(record, "verdict", json_string(obs_verdict_name(verdict)));
    (void)json_object_set_new(
        record, "why", json_sprintf("%s%s%s", why, more != NULL ? ": " : "", more != NULL ? more : ""));
}

static void apply(const json_t *item, const char *date, json_t *record)
{
    obs_verdict verdict = obs_verdict_of(vec_get_text(record, "verdict"));
    const char *expires = vec_get_text(item, "expires");
    const char *words = vec_get_text(item, "words");
    const char *why = vec_get_text(record, "why");
    bool failed = verdict == OBS_FAIL || verdict == OBS_CRASH || verdict == OBS_HANG || verdict == OBS_WARN;
    if (verdict == OBS_PASS) {
        set_verdict(record, OBS_FAIL, "a waiver says that it fails, and it passes",
                    vec_get_text(item, "reason"));
    } else if (failed && strcmp(date, expires) > 0) {
        (void)json_object_set_new(record, "why", json_sprintf("%s (its waiver expired on %s)", why, expires));
    } else if (failed && words != NULL && (why == NULL || strstr(why, words) == NULL)) {
        (void)json_object_set_new(record, "why",
                                  json_sprintf("%s (not what its waiver is for)", why != NULL ? why : ""));
    } else if (failed) {
        (void)json_object_set_new(record, "waived_from", json_string(obs_verdict_name(verdict)));
        set_verdict(record, OBS_WAIVED, vec_get_text(item, "reason"), vec_get_text(item, "link"));
    }
}

void run_waivers_apply(const json_t *waivers, const char *date, json_t *const *records, size_t n)
{
    const json_t *list = json_object_get(waivers, "waivers");
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; records[i] != NULL && j < json_array_size(list); j++) {
            if (fits(json_array_get(list, j), records[i])) {
                apply(json_array_get(list, j), date, records[i]);
                break;
            }
        }
    }
}

const char *run_waivers_stale(const json_t *waivers, json_t *const *records, size_t n)
{
    const json_t *list = json_object_get(waivers, "waivers");
    for (size_t j = 0; j < json_array_size(list); j++) {
        const json_t *item = json_array_get(list, j);
        bool any = false;
        for (size_t i = 0; i < n; i++) {
            any = any || fits(item, records[i]);
        }
        if (!any) {
            return vec_get_text(item, "case");
        }
    }
    return NULL;
}
