/* SPDX-License-Identifier: BSD-2-Clause */
/* Holding a plan against its rules. */
#include "scenario.h"

#include <string.h>

#include "scenario_rules.h"

static bool is_peer(const json_t *plan, const char *name)
{
    return name != NULL && run_plan_peer(plan, name) != NULL;
}

static bool is_step_name(const json_t *plan, const char *name, size_t len)
{
    static const char *const always[] = {"control-before", "control-after", NULL};
    const json_t *steps = json_object_get(plan, "steps");
    for (const char *const *word = always; *word != NULL; word++) {
        if (strlen(*word) == len && strncmp(*word, name, len) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const char *one = vec_get_text(json_array_get(steps, i), "name");
        if (one != NULL && strlen(one) == len && strncmp(one, name, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_peer_name(vec_check *check, const json_t *plan, const json_t *object, const char *key)
{
    const char *name = vec_get_text(object, key);
    if (name == NULL || is_peer(plan, name)) {
        return true;
    }
    (void)vec_place_push(check, key);
    return vec_fault(check, "expected the name of a peer, found \"%.60s\"", name);
}

/* check_place: a peer, "group", or an address. */
static bool check_place(vec_check *check, const json_t *plan, const json_t *object, const char *key)
{
    const char *name = vec_get_text(object, key);
    if (name == NULL || is_peer(plan, name) || strcmp(name, "group") == 0 || strchr(name, ':') != NULL) {
        return true;
    }
    (void)vec_place_push(check, key);
    return vec_fault(check, "expected a peer, \"group\" or an address, found \"%.60s\"", name);
}

static bool check_packet_name(vec_check *check, const json_t *plan, const char *name, const char *key)
{
    if (name == NULL || is_step_name(plan, name, strcspn(name, ".@#"))) {
        return true;
    }
    (void)vec_place_push(check, key);
    return vec_fault(
        check, "expected a packet of a named step (STEP.request, STEP.response@PEER, STEP), found \"%.60s\"",
        name);
}

static bool check_exchange(vec_check *check, const json_t *plan, const json_t *object, const char *key)
{
    const char *name = vec_get_text(object, key);
    if (name == NULL || is_step_name(plan, name, strlen(name))) {
        return true;
    }
    (void)vec_place_push(check, key);
    return vec_fault(check, "expected the name of a step, found \"%.60s\"", name);
}

static bool check_by(vec_check *check, const json_t *plan, const json_t *by)
{
    for (size_t i = 0; i < json_array_size(by); i++) {
        if (!is_peer(plan, json_string_value(json_array_get(by, i)))) {
            (void)vec_place_push(check, "by");
            return vec_fault_value(check, "the name of a peer", json_array_get(by, i));
        }
    }
    return true;
}

static bool check_see(vec_check *check, const json_t *plan, const json_t *see)
{
    static const char *const peers[] = {"by", "from"};
    bool good = vec_check_value(check, &run_expect_rule, see);
    for (size_t i = 0; good && i < sizeof peers / sizeof peers[0]; i++) {
        const char *name = vec_get_text(see, peers[i]);
        good = name == NULL || strcmp(name, "adversary") == 0 || check_peer_name(check, plan, see, peers[i]);
    }
    if (good && json_object_get(see, "see") == NULL) {
        return vec_fault(check, "expected the key \"see\", found none");
    }
    return good && check_place(check, plan, see, "to") && check_exchange(check, plan, see, "of") &&
           check_packet_name(check, plan, vec_get_text(see, "packet"), "packet");
}

static bool check_expectation(vec_check *check, const json_t *plan, const json_t *one)
{
    const json_t *never = json_object_get(one, "never");
    const json_t *choices = json_object_get(one, "one_of");
    const vec_rule *rule = never != NULL     ? &run_never_rule
                           : choices != NULL ? &run_one_of_rule
                                             : &run_expect_rule;
    if (!vec_check_value(check, rule, one)) {
        return false;
    }
    if (never != NULL) {
        (void)vec_place_push(check, "never");
        return check_see(check, plan, never);
    }
    if (choices != NULL) {
        size_t before = vec_place_push(check, "one_of");
        for (size_t i = 0; i < json_array_size(choices); i++) {
            size_t inner = vec_place_push_index(check, i);
            if (!check_see(check, plan, json_array_get(choices, i))) {
                return false;
            }
            vec_place_pop(check, inner);
        }
        vec_place_pop(check, before);
        return true;
    }
    return check_see(check, plan, one);
}

static bool check_needs(vec_check *check, const json_t *step, const char *what)
{
    bool rule = strcmp(what, "delay") == 0;
    if (rule && json_object_get(step, "ms") == NULL) {
        return vec_fault(check, "expected the key \"ms\", found none");
    }
    if (strcmp(what, "edit") == 0 &&
        (json_object_get(step, "packet") == NULL) == (json_object_get(step, "match") == NULL)) {
        return vec_fault(check, "expected one of the keys \"packet\" and \"match\"");
    }
    if (strcmp(what, "wait") == 0 &&
        (json_object_get(step, "ms") == NULL) == (json_object_get(step, "for") == NULL)) {
        return vec_fault(check, "expected one of the keys \"ms\" and \"for\"");
    }
    return true;
}

static bool check_step(vec_check *check, const json_t *plan, const json_t *step)
{
    static const char *const places[] = {"to", "dst", "source"};
    static const char *const packets[] = {"packet", "request"};
    const char *what = vec_get_text(step, "do");
    const vec_rule *rule = what != NULL ? run_step_rule(what) : NULL;
    if (rule == NULL) {
        return vec_check_value(check, &run_step_any_rule, json_is_object(step) ? step : json_null());
    }
    if (!vec_check_value(check, rule, step) || !check_needs(check, step, what)) {
        return false;
    }
    bool good = check_by(check, plan, json_object_get(step, "by"));
    bool is_respond = strcmp(what, "respond") == 0;
    for (size_t i = 0; good && i < sizeof places / sizeof places[0]; i++) {
        if (is_respond && strcmp(places[i], "to") == 0) {
            good = check_packet_name(check, plan, vec_get_text(step, "to"), "to");
        } else {
            good = check_place(check, plan, step, places[i]);
        }
    }
    for (size_t i = 0; good && i < sizeof packets / sizeof packets[0]; i++) {
        good = check_packet_name(check, plan, vec_get_text(step, packets[i]), packets[i]);
    }
    const json_t *order = json_object_get(step, "order");
    for (size_t i = 0; good && i < json_array_size(order); i++) {
        good = check_packet_name(check, plan, json_string_value(json_array_get(order, i)), "order");
    }
    const json_t *until = json_object_get(step, "for");
    if (good && until != NULL) {
        (void)vec_place_push(check, "for");
        good = check_see(check, plan, until);
    }
    const char *claims = vec_get_text(step, "claims");
    if (good && claims != NULL && strcmp(claims, "mallory") != 0) {
        good = check_peer_name(check, plan, step, "claims");
    }
    return good;
}

static bool check_list(vec_check *check, const json_t *plan, const char *key,
                       bool (*one)(vec_check *, const json_t *, const json_t *))
{
    const json_t *list = json_object_get(plan, key);
    size_t before = vec_place_push(check, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t inner = vec_place_push_index(check, i);
        if (!one(check, plan, json_array_get(list, i))) {
            return false;
        }
        vec_place_pop(check, inner);
    }
    vec_place_pop(check, before);
    return true;
}

/* has_never: silence shows nothing about a peer that may be dead. */
static bool has_never(const json_t *plan)
{
    const json_t *list = json_object_get(plan, "expect");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_object_get(json_array_get(list, i), "never") != NULL) {
            return true;
        }
    }
    return false;
}

bool run_plan_check(vec_check *check, const json_t *plan)
{
    const json_t *control = json_object_get(plan, "control");
    if (!check_list(check, plan, "steps", check_step) ||
        !check_list(check, plan, "expect", check_expectation)) {
        return false;
    }
    if (control == NULL && has_never(plan)) {
        return vec_fault(check, "expected the key \"control\" (something must never be seen), found none");
    }
    if (control != NULL) {
        size_t before = vec_place_push(check, "control");
        if (!check_peer_name(check, plan, control, "by") || !check_place(check, plan, control, "to")) {
            return false;
        }
        vec_place_pop(check, before);
    }
    return true;
}
