/* SPDX-License-Identifier: BSD-2-Clause */
#include "scenario.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_rules.h"

enum {
    DEPTH_MAX = 16,   /* of a scenario's values; the schema is flatter */
    CASES_MAX = 4096, /* of one scenario */
};

const char *run_scenario_folder_default(void)
{
    const char *folder = getenv("MUSTER_SCENARIOS");
    return folder != NULL && folder[0] != '\0' ? folder : "harness/scenarios";
}

bool run_has(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one != NULL && strcmp(one, text) == 0) {
            return true;
        }
    }
    return false;
}

const json_t *run_plan_peer(const json_t *plan, const char *name)
{
    const json_t *peers = json_object_get(plan, "peers");
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *peer = json_array_get(peers, i);
        if (vec_get_is(peer, "name", name)) {
            return peer;
        }
    }
    return NULL;
}

json_t *run_plan_places(const json_t *plan)
{
    const json_t *peers = json_object_get(plan, "peers");
    json_t *places = json_array();
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *peer = json_array_get(peers, i);
        const char *place = vec_get_text(peer, "place");
        if (vec_get_bool(peer, "subject", false) && !run_has(places, place)) {
            (void)json_array_append_new(places, json_string(place));
        }
    }
    return places;
}

/* ---- parameters ---- */

static bool is_one_of(const char *const *words, const char *word)
{
    for (; *words != NULL; words++) {
        if (strcmp(*words, word) == 0) {
            return true;
        }
    }
    return false;
}

/* applies: a parameter that a dialect does not have is left out for it. */
static bool applies(const char *key, const char *dialect)
{
    static const char *const group_28[] = {"group_enc", "agreement", "mode", NULL};
    static const char *const groups[] = {"signature", "cred_format", NULL};
    if (is_one_of(group_28, key)) {
        return strcmp(dialect, "group-28") == 0;
    }
    return strcmp(dialect, "oscore") != 0 || !is_one_of(groups, key);
}

static bool value_applies(const char *key, const json_t *value, const char *dialect)
{
    if (strcmp(key, "reading") != 0) {
        return true;
    }
    const char *reading = json_string_value(value);
    bool is_28 = reading != NULL && strncmp(reading, "CS", 2) == 0;
    return reading != NULL &&
           (strcmp(dialect, "group-28") == 0 ? is_28 : strcmp(dialect, "group-02") == 0 && !is_28);
}

/* put_values copies a value with every "$key" replaced; "$mode" is null in dialects without modes. */
static json_t *put_values(vec_check *check, const json_t *value, const json_t *params, unsigned depth)
{
    const char *text = json_string_value(value);
    if (depth > DEPTH_MAX) {
        (void)vec_fault(check, "expected a scenario, found values nested deeper than %d", DEPTH_MAX);
        return json_null();
    }
    if (text != NULL && text[0] == '$') {
        json_t *found = json_object_get(params, text + 1);
        if (found == NULL && strcmp(text, "$mode") != 0) {
            (void)vec_fault(check, "expected a parameter that `vary` has, found \"%.60s\"", text);
        }
        return found == NULL ? json_null() : json_incref(found);
    }
    if (json_is_array(value)) {
        json_t *list = json_array();
        for (size_t i = 0; i < json_array_size(value); i++) {
            size_t before = vec_place_push_index(check, i);
            (void)json_array_append_new(list, put_values(check, json_array_get(value, i), params, depth + 1));
            if (check->fault[0] == '\0') {
                vec_place_pop(check, before);
            }
        }
        return list;
    }
    if (json_is_object(value)) {
        json_t *object = json_object();
        json_t *members = json_deep_copy(value); /* jansson iterates over what is not const */
        const char *key;
        json_t *member;
        json_object_foreach(members, key, member)
        {
            size_t before = vec_place_push(check, key);
            (void)json_object_set_new(object, key, put_values(check, member, params, depth + 1));
            if (check->fault[0] == '\0') {
                vec_place_pop(check, before);
            }
        }
        json_decref(members);
        return object;
    }
    return json_deep_copy(value);
}

#define SSN_MAX (INT64_C(1) << 40) /* one behind the last: nothing is left */

/* ---- peers that are counted ---- */

static size_t count_of(const json_t *counts, const char *name)
{
    return name != NULL ? (size_t)json_integer_value(json_object_get(counts, name)) : 0;
}

/* peers_list makes the list of peers; counts gets base name -> number of those that are counted. */
static json_t *peers_list(vec_check *check, json_t *map, json_t *counts)
{
    json_t *list = json_array();
    const char *name;
    json_t *peer;
    json_object_foreach(map, name, peer)
    {
        size_t before = vec_place_push(check, name);
        const json_t *count = json_object_get(peer, "count");
        json_int_t n = count != NULL ? json_integer_value(count) : 1;
        const json_t *ssn = json_object_get(peer, "ssn");
        if (ssn != NULL &&
            (!json_is_integer(ssn) || json_integer_value(ssn) < 0 || json_integer_value(ssn) > SSN_MAX)) {
            (void)vec_fault(check, "expected an integer from 0 to %lld in ssn, found another value",
                            (long long)SSN_MAX);
            return list;
        }
        if (n < 1 || n > RUN_PEERS_MAX || json_array_size(list) + (size_t)n > RUN_PEERS_MAX) {
            (void)vec_fault(check, "expected at most %d peers", RUN_PEERS_MAX);
            return list;
        }
        for (json_int_t i = 0; i < n; i++) {
            char full[VEC_PLACE_MAX];
            json_t *one = json_object();
            (void)snprintf(full, sizeof full, count != NULL ? "%s%d" : "%s", name, (int)i + 1);
            (void)json_object_set_new(one, "name", json_string(full));
            (void)json_object_update(one, peer);
            (void)json_object_set_new(one, "place", json_string(name));
            (void)json_object_del(one, "count");
            (void)json_array_append_new(list, one);
        }
        if (count != NULL) {
            (void)json_object_set_new(counts, name, json_integer(n));
        }
        vec_place_pop(check, before);
    }
    return list;
}

/* by_list makes `by` a list, counted peers spelled out. */
static void by_list(json_t *step, const json_t *counts)
{
    json_t *by = json_object_get(step, "by");
    json_t *list = json_array();
    size_t n = json_is_array(by) ? json_array_size(by) : 1;
    for (size_t i = 0; by != NULL && i < n; i++) {
        json_t *one = json_is_array(by) ? json_array_get(by, i) : by;
        size_t count = count_of(counts, json_string_value(one));
        for (size_t j = 0; j < count; j++) {
            (void)json_array_append_new(list, json_sprintf("%s%d", json_string_value(one), (int)j + 1));
        }
        if (count == 0) {
            (void)json_array_append(list, one);
        }
    }
    if (by != NULL) {
        (void)json_object_set(step, "by", list);
    }
    json_decref(list);
}

/* spread appends an expectation once for each of the counted peers it names. */
static void spread(json_t *list, json_t *expectation, const json_t *counts)
{
    static const char *const keys[] = {"by", "from", "to"};
    json_t *inner = json_object_get(expectation, "never");
    json_t *named = inner != NULL ? inner : expectation;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const char *name = vec_get_text(named, keys[k]);
        size_t count = count_of(counts, name);
        for (size_t i = 0; i < count; i++) {
            json_t *copy = json_deep_copy(expectation);
            json_t *never = json_object_get(copy, "never");
            (void)json_object_set_new(never != NULL ? never : copy, keys[k],
                                      json_sprintf("%s%d", name, (int)i + 1));
            (void)json_array_append_new(list, copy);
        }
        if (count > 0) {
            return;
        }
    }
    (void)json_array_append(list, expectation);
}

/* ---- a plan from a file ---- */

/* keep_for leaves out what is `in` other dialects. */
static json_t *keep_for(json_t *list, const char *dialect)
{
    json_t *kept = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = json_array_get(list, i);
        const json_t *in = json_object_get(one, "in");
        if (in == NULL || run_has(in, dialect)) {
            (void)json_array_append(kept, one);
        }
    }
    return kept;
}

static void set_copy(json_t *plan, const json_t *root, const char *key)
{
    json_t *value = json_object_get(root, key);
    if (value != NULL) {
        (void)json_object_set_new(plan, key, json_deep_copy(value));
    }
}

/* plan_make puts parameters in place. Faults are told with the places of the file. */
static json_t *plan_make(vec_check *check, const json_t *root, const char *dialect, const json_t *params)
{
    static const char *const kept[] = {"title", "req", "kills", "optional"};
    static const char *const filled[] = {"peers", "worlds", "steps", "expect", "control"};
    json_t *plan = json_object();
    (void)json_object_set_new(plan, "format", json_string("muster-case-1"));
    (void)json_object_set_new(plan, "id", json_null());
    (void)json_object_set(plan, "scenario", json_object_get(root, "id"));
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        set_copy(plan, root, kept[i]);
    }
    (void)json_object_set_new(plan, "dialect", json_string(dialect));
    (void)json_object_set_new(plan, "params", json_deep_copy(params));
    json_t *port_list = json_object_get(root, "ports");
    (void)json_object_set_new(plan, "ports",
                              port_list != NULL ? json_deep_copy(port_list) : json_pack("[s]", "stdio"));
    (void)json_object_set(plan, "port", json_array_get(json_object_get(plan, "ports"), 0));
    for (size_t i = 0; i < sizeof filled / sizeof filled[0]; i++) {
        const json_t *value = json_object_get(root, filled[i]);
        size_t before = vec_place_push(check, filled[i]);
        if (value != NULL) {
            (void)json_object_set_new(plan, filled[i], put_values(check, value, params, 0));
        }
        if (check->fault[0] != '\0') {
            return plan;
        }
        vec_place_pop(check, before);
    }
    json_t *counts = json_object();
    size_t before = vec_place_push(check, "peers");
    (void)json_object_set_new(plan, "peers", peers_list(check, json_object_get(plan, "peers"), counts));
    if (check->fault[0] == '\0') {
        vec_place_pop(check, before);
    }
    json_t *steps = json_object_get(plan, "steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        json_t *step = json_array_get(steps, i);
        by_list(step, counts);
        if (json_is_object(step) && json_object_get(step, "name") == NULL) {
            (void)json_object_set_new(step, "name", json_sprintf("step-%d", (int)i + 1));
        }
    }
    json_t *expect = json_array();
    json_t *written = json_object_get(plan, "expect");
    for (size_t i = 0; i < json_array_size(written); i++) {
        spread(expect, json_array_get(written, i), counts);
    }
    (void)json_object_set_new(plan, "expect", keep_for(expect, dialect));
    (void)json_object_set_new(plan, "steps", keep_for(steps, dialect));
    json_decref(expect);
    json_decref(counts);
    return plan;
}

static void case_add(run_book *book, const char *path, const json_t *root, json_t *plan, const char *id)
{
    if (book->n_cases == book->room) {
        size_t room = book->room == 0 ? 256 : 2 * book->room;
        run_case *cases = vec_alloc(&book->arena, room * sizeof *cases);
        if (book->n_cases > 0) {
            memcpy(cases, book->cases, book->n_cases * sizeof *cases);
        }
        book->cases = cases;
        book->room = room;
    }
    (void)json_object_set_new(plan, "id", json_string(id));
    book->cases[book->n_cases++] = (run_case){
        .id = json_string_value(json_object_get(plan, "id")),
        .scenario = vec_get_text(plan, "scenario"),
        .title = vec_get_text(plan, "title"),
        .path = path,
        .smoke = vec_get_bool(root, "smoke", false),
        .plan = plan,
    };
}

static const char *id_make(run_book *book, const json_t *root, const char *dialect, json_t *params)
{
    const char *id = vec_printf(&book->arena, "%s@%s", vec_get_text(root, "id"), dialect);
    const char *key;
    json_t *value;
    json_object_foreach(params, key, value)
    {
        char *dumped = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        id =
            vec_printf(&book->arena, "%s,%s=%s", id, key, dumped != NULL ? dumped : json_string_value(value));
        free(dumped);
    }
    return id;
}

static bool is_known_id(const run_book *book, size_t from, const char *id)
{
    for (size_t i = from; i < book->n_cases; i++) {
        if (strcmp(book->cases[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* case_make makes the index-th combination of parameters; a value that the dialect does not have makes none.
 */
static bool case_make(run_book *book, vec_check *check, const char *path, json_t *root, const char *dialect,
                      size_t index, size_t first)
{
    json_t *vary = json_object_get(root, "vary");
    json_t *params = json_object();
    const char *key;
    json_t *values;
    bool fits = true;
    json_object_foreach(vary, key, values)
    {
        size_t n = json_array_size(values);
        json_t *value = json_array_get(values, index % n);
        index /= n;
        if (applies(key, dialect) && value_applies(key, value, dialect)) {
            (void)json_object_set(params, key, value);
        } else if (strcmp(key, "reading") == 0) {
            fits = false;
        }
    }
    const char *id = id_make(book, root, dialect, params);
    if (fits && !is_known_id(book, first, id)) {
        json_t *plan = plan_make(check, root, dialect, params);
        case_add(book, path, root, plan, id);
        if (check->fault[0] == '\0') {
            (void)run_plan_check(check, plan);
        }
    }
    json_decref(params);
    return check->fault[0] == '\0';
}

static bool vary_check(vec_check *check, json_t *vary, size_t *n_combinations)
{
    const char *key;
    json_t *values;
    *n_combinations = 1;
    json_object_foreach(vary, key, values)
    {
        if (!is_one_of(run_vary_keys, key)) {
            (void)vec_place_push(check, "vary");
            return vec_fault(check, "expected a parameter of a world, found \"%.60s\"", key);
        }
        *n_combinations *= json_array_size(values);
        if (*n_combinations > CASES_MAX) {
            (void)vec_place_push(check, "vary");
            return vec_fault(check, "expected at most %d combinations", CASES_MAX);
        }
    }
    return true;
}

static bool is_file_of(const char *path, const char *id)
{
    const char *base = strrchr(path, '/');
    base = base != NULL ? base + 1 : path;
    size_t len = strlen(id);
    return strncmp(base, id, len) == 0 && strcmp(base + len, ".json") == 0;
}

static bool file_load(run_book *book, vec_check *check, const char *path)
{
    size_t n_combinations;
    vec_check_init(check, path);
    json_t *root = vec_json_file(check, path);
    if (root == NULL) {
        return false;
    }
    bool good = vec_check_value(check, &run_scenario_rule, root) &&
                vary_check(check, json_object_get(root, "vary"), &n_combinations);
    if (good && !is_file_of(path, vec_get_text(root, "id"))) {
        (void)vec_place_push(check, "id");
        good = vec_fault(check, "expected the name of the file without .json, found \"%.60s\"",
                         vec_get_text(root, "id"));
    }
    const json_t *dialects = json_object_get(root, "dialects");
    for (size_t i = 0; good && i < json_array_size(dialects); i++) {
        const char *dialect = json_string_value(json_array_get(dialects, i));
        size_t first = book->n_cases;
        for (size_t j = 0; good && j < n_combinations; j++) {
            good = case_make(book, check, path, root, dialect, j, first);
        }
    }
    book->n_scenarios++;
    json_decref(root);
    return good;
}

static bool id_once(const run_book *book, vec_check *check)
{
    for (size_t i = 1; i < book->n_cases; i++) {
        const run_case *one = &book->cases[i];
        for (size_t j = 0; j < i; j++) {
            if (book->cases[j].path != one->path && strcmp(book->cases[j].scenario, one->scenario) == 0) {
                vec_check_init(check, one->path);
                (void)vec_place_push(check, "id");
                return vec_fault(check, "expected an id of its own, found that of %s", book->cases[j].path);
            }
        }
    }
    return true;
}

static bool folder_load(run_book *book, vec_check *check, const char *folder)
{
    glob_t found;
    const char *pattern = vec_printf(&book->arena, "%s/*/*.json", folder);
    vec_check_init(check, folder);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return vec_fault(check, "expected scenarios (<topic>/<id>.json), found none");
    }
    bool good = true;
    for (size_t i = 0; good && i < found.gl_pathc; i++) {
        good = file_load(book, check, vec_printf(&book->arena, "%s", found.gl_pathv[i]));
    }
    globfree(&found);
    return good;
}

bool run_book_load(run_book *book, const char *folder, const char *const *files, size_t n_files,
                   vec_check *check)
{
    *book = (run_book){.cases = NULL};
    bool good = true;
    for (size_t i = 0; good && i < n_files; i++) {
        good = file_load(book, check, files[i]);
    }
    if (n_files == 0) {
        good = folder_load(book, check, folder);
    }
    return good && id_once(book, check);
}

void run_book_free(run_book *book)
{
    for (size_t i = 0; i < book->n_cases; i++) {
        json_decref(book->cases[i].plan);
    }
    vec_arena_free(&book->arena);
    *book = (run_book){.cases = NULL};
}
