/* SPDX-License-Identifier: BSD-2-Clause */
/* References inside a vector file: names resolve, flags are explained.
 */
#include "families.h"

#include <string.h>

static bool name_resolves(vec_check *check, const json_t *root, const json_t *object, const char *key,
                          json_t *used)
{
    const char *name = vec_get_text(object, key);
    if (name == NULL) {
        return true;
    }
    if (json_object_get(json_object_get(root, "contexts"), name) == NULL) {
        (void)vec_place_push(check, key);
        return vec_fault(check, "expected the name of a context of this file, found \"%s\"", name);
    }
    return json_object_set_new(used, name, json_true()) == 0;
}

static bool names_resolve(vec_check *check, const json_t *root, const json_t *vector, json_t *used)
{
    static const char *const keys[] = {"context",        "sender",           "receiver",
                                       "request_sender", "request_receiver", NULL};
    for (const char *const *key = keys; *key != NULL; key++) {
        if (!name_resolves(check, root, vector, *key, used)) {
            return false;
        }
    }
    const json_t *steps = json_object_get(vector, "steps");
    size_t before = vec_place_push(check, "steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        size_t inner = vec_place_push_index(check, i);
        if (!name_resolves(check, root, json_array_get(steps, i), "context", used)) {
            return false;
        }
        vec_place_pop(check, inner);
    }
    vec_place_pop(check, before);
    return true;
}

/* listed: every item of a list is a key of `known`. */
static bool listed(vec_check *check, const json_t *vector, const char *key, const json_t *known,
                   const char *what, json_t *used)
{
    const json_t *list = json_object_get(vector, key);
    size_t before = vec_place_push(check, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        if (json_object_get(known, item) == NULL) {
            (void)vec_place_push_index(check, i);
            return vec_fault(check, "expected %s, found \"%s\"", what, item);
        }
        if (used != NULL) {
            (void)json_object_set_new(used, item, json_true());
        }
    }
    vec_place_pop(check, before);
    return true;
}

bool vec_references_check(vec_check *check, const json_t *root, const json_t *vector,
                          const json_t *requirements, json_t *used_flags, json_t *used_contexts)
{
    const char *id = vec_get_text(vector, "id");
    const char *dialect = vec_get_text(root, "dialect");
    const char *family = vec_get_text(root, "family");
    const char *first = dialect != NULL ? dialect : "common";
    size_t first_len = strlen(first);
    bool named = strncmp(id, first, first_len) == 0 && id[first_len] == '-' &&
                 strncmp(id + first_len + 1, family, strlen(family)) == 0;
    if (!named) {
        (void)vec_place_push(check, "id");
        return vec_fault(check, "expected an id %s-%s-nnnn, found \"%s\"", first, family, id);
    }
    if (requirements != NULL &&
        !listed(check, vector, "req", requirements, "the id of a requirement of the catalogues", NULL)) {
        return false;
    }
    if (!listed(check, vector, "flags", json_object_get(root, "notes"), "a flag explained in notes",
                used_flags)) {
        return false;
    }
    if (vec_get_is(vector, "result", "reject") && json_array_size(json_object_get(vector, "flags")) == 0) {
        (void)vec_place_push(check, "flags");
        return vec_fault(check,
                         "expected a flag, for a negative names the class of bug it finds, found none");
    }
    return names_resolve(check, root, vector, used_contexts);
}

bool vec_all_used(vec_check *check, const json_t *root, const char *key, const json_t *used)
{
    const char *name;
    json_t *value;
    json_t *members = json_object_get(root, key);
    size_t before = vec_place_push(check, key);
    json_object_foreach(members, name, value)
    {
        if (json_object_get(used, name) == NULL) {
            (void)vec_place_push(check, name);
            return vec_fault(check, "expected a vector that uses it, found none");
        }
    }
    vec_place_pop(check, before);
    return true;
}
