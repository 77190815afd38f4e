/* SPDX-License-Identifier: BSD-2-Clause */
#include "needs.h"

#include <stdio.h>
#include <string.h>

static const vec_rule word = {.kind = VEC_TEXT, .min = 1};
static const vec_rule number = {.kind = VEC_INT, .min = INT32_MIN, .max = INT32_MAX};
#define WORDS(k)                                                                                             \
    {                                                                                                        \
        .key = k, .kind = VEC_LIST, .of = &word                                                              \
    }
#define NUMBERS(k)                                                                                           \
    {                                                                                                        \
        .key = k, .kind = VEC_LIST, .of = &number                                                            \
    }
#define END                                                                                                  \
    {                                                                                                        \
        .kind = VEC_END                                                                                      \
    }

static const vec_rule dialect[] = {
    {.key = "dialect", .kind = VEC_TEXT, .min = 1},
    WORDS("readings"),
    WORDS("modes"),
    NUMBERS("aead"),
    NUMBERS("group_enc"),
    NUMBERS("signature"),
    NUMBERS("agreement"),
    NUMBERS("hkdf"),
    WORDS("cred_formats"),
    END,
};
static const vec_rule one_dialect = {.kind = VEC_OBJECT, .of = dialect};
static const vec_rule hello_keys[] = {
    {.key = "ok", .kind = VEC_BOOL},
    {.key = "name", .kind = VEC_TEXT, .min = 1},
    {.key = "version", .kind = VEC_TEXT, .min = 1},
    {.key = "protocol", .kind = VEC_INT, .min = 1, .max = 1},
    WORDS("ports"),
    WORDS("roles"),
    {.key = "dialects", .kind = VEC_LIST, .of = &one_dialect},
    WORDS("features"),
    END,
};
static const vec_rule hello_rule = {.kind = VEC_OBJECT, .of = hello_keys};

bool run_hello_check(vec_check *check, const json_t *hello)
{
    return vec_check_value(check, &hello_rule, hello);
}

static const json_t *dialect_of(const json_t *hello, const json_t *plan)
{
    const json_t *list = json_object_get(hello, "dialects");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (vec_get_is(one, "dialect", vec_get_text(plan, "dialect"))) {
            return one;
        }
    }
    return NULL;
}

static bool has_number(const json_t *object, const char *key, int32_t value)
{
    const json_t *list = json_object_get(object, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_integer_value(json_array_get(list, i)) == value) {
            return true;
        }
    }
    return false;
}

void run_suite_adapt(const json_t *hello, const json_t *plan, run_suite *suite)
{
    const json_t *has = dialect_of(hello, plan);
    const json_t *params = json_object_get(plan, "params");
    if (has == NULL) {
        return;
    }
    /* A peer with one mode only gets a group with that mode only, unless the case says otherwise. */
    bool is_28 = vec_get_is(plan, "dialect", "group-28");
    if (json_object_get(params, "aead") == NULL && !has_number(has, "aead", suite->aead)) {
        suite->aead =
            is_28 && has_number(has, "aead", GOSC_ALG_A128GCM) ? GOSC_ALG_A128GCM : GOSC_ALG_CCM_16_64_128;
    }
    if (is_28 && json_object_get(params, "signature") == NULL &&
        !has_number(has, "signature", suite->signature)) {
        suite->signature = GOSC_ALG_ES256;
    }
}

/* ---- features that steps imply ---- */

static const char *feature_of(const json_t *step)
{
    static const struct {
        const char *what, *feature;
    } implied[] = {{"forget", "forget"},
                   {"rekey", "rekey"},
                   {"notify", "observe"},
                   {"state", "state"},
                   {"check", "check"}};
    for (size_t i = 0; i < sizeof implied / sizeof implied[0]; i++) {
        if (vec_get_is(step, "do", implied[i].what)) {
            return implied[i].feature;
        }
    }
    if (vec_get_is(step, "do", "send") && json_object_get(step, "observe") != NULL) {
        return "observe";
    }
    return vec_get_is(step, "do", "send") && vec_get_is(step, "to", "group") ? "multicast" : NULL;
}

/* n_servers of the others: a request by multicast to more than one asks for several responses. */
static size_t n_other_servers(const json_t *plan, const char *name)
{
    const json_t *peers = json_object_get(plan, "peers");
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *peer = json_array_get(peers, i);
        n += run_has(json_object_get(peer, "role"), "server") && !vec_get_is(peer, "name", name);
    }
    return n;
}

/* feature_of_resource: what a server has to have for a request that is for more than a value to be read and written. */
static const char *feature_of_resource(const json_t *step, const json_t *has)
{
    static const char all[] = "resources", post[] = "post";
    static const char *const paths[] = {"/large", "/separate",         "/firmware",
                                        "/kids",  "/.well-known/core", NULL};
    for (const char *const *one = paths; *one != NULL; one++) {
        if (vec_get_is(step, "path", *one)) {
            return all;
        }
    }
    bool is_post = vec_get_is(step, "method", "POST") || vec_get_is(step, "method", "FETCH");
    return vec_get_is(step, "path", "/light") && is_post && !run_has(has, post) ? all : NULL;
}

static const char *feature_for(const json_t *hello, const json_t *plan, const json_t *step, const char *name)
{
    const json_t *has = json_object_get(hello, "features");
    const char *feature = feature_of(step);
    bool to_group = vec_get_is(step, "to", "group") && !vec_get_is(step, "do", "forge");
    bool asked = vec_get_is(step, "to", name) || vec_get_is(step, "to", "group");
    const char *resource = asked ? feature_of_resource(step, has) : NULL;
    if (resource != NULL && !run_has(json_object_get(step, "by"), name) && !run_has(has, resource)) {
        return resource;
    }
    if (!run_has(json_object_get(step, "by"), name) && !vec_get_is(step, "by", name)) {
        return NULL;
    }
    if (feature != NULL && !run_has(has, feature)) {
        return feature;
    }
    return to_group && n_other_servers(plan, name) > 1 && !run_has(has, "responses") ? "responses" : NULL;
}

/* is_asked_of: a client needs none of the resources that are asked of servers. */
static bool is_asked_of(const json_t *peer, const char *feature)
{
    bool is_of_servers = strcmp(feature, "resources") == 0 || strcmp(feature, "interop-tests") == 0;
    return !is_of_servers || run_has(json_object_get(peer, "role"), "server");
}

/* feature_missing gives a feature that the steps of this peer, or the case, ask for and it does not have. */
static const char *feature_missing(const json_t *hello, const json_t *plan, const json_t *peer)
{
    const char *name = vec_get_text(peer, "name");
    const json_t *steps = json_object_get(plan, "steps");
    const json_t *optional = json_object_get(plan, "optional");
    for (size_t i = 0; i < json_array_size(optional); i++) {
        const char *feature = json_string_value(json_array_get(optional, i));
        if (is_asked_of(peer, feature) && !run_has(json_object_get(hello, "features"), feature)) {
            return feature;
        }
    }
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const char *feature = feature_for(hello, plan, json_array_get(steps, i), name);
        if (feature != NULL) {
            return feature;
        }
    }
    return feature_for(hello, plan, json_object_get(plan, "control"), name);
}

/* ---- algorithms ---- */

typedef struct need {
    const char *key;
    int32_t value;
    int32_t mandatory; /* to implement, where the mode is claimed (RFC 8613 section 3.2; Group OSCORE -28
                          section 10) */
    const char *mode;  /* NULL: whatever the mode */
} need;

/* is_last_choice: of algorithms of which one at least is to be there, this peer has none (GO-10-05), or it has others
 * of a kind whose first is mandatory (GO-10-03). */
static bool is_last_choice(const json_t *has, const need *one)
{
    bool signs = one->value == GOSC_ALG_EDDSA || one->value == GOSC_ALG_ES256;
    if (strcmp(one->key, "signature") == 0) {
        return signs && !has_number(has, one->key, GOSC_ALG_EDDSA) &&
               !has_number(has, one->key, GOSC_ALG_ES256);
    }
    return one->value == GOSC_ALG_A128CTR &&
           (has_number(has, one->key, GOSC_ALG_A192CTR) || has_number(has, one->key, GOSC_ALG_A256CTR));
}

static bool suite_fits(const json_t *has, const run_suite *suite, bool has_modes, char *why, size_t room,
                       bool *mandatory)
{
    const need needs[] = {
        {"hkdf", suite->hkdf, GOSC_ALG_HMAC_256, NULL},
        {"aead", suite->aead, GOSC_ALG_CCM_16_64_128, has_modes ? "pairwise" : NULL},
        {"group_enc", suite->group_enc, GOSC_ALG_CCM_16_64_128, "group"},
        {"signature", suite->signature, GOSC_ALG_NONE, has_modes ? "group" : NULL},
        {"agreement", suite->agreement, GOSC_ALG_ECDH_SS_256, "pairwise"},
    };
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        const need *one = &needs[i];
        if (one->value == GOSC_ALG_NONE || has_number(has, one->key, one->value)) {
            continue;
        }
        bool claimed = one->mode == NULL || run_has(json_object_get(has, "modes"), one->mode);
        *mandatory = claimed && (one->value == one->mandatory || is_last_choice(has, one));
        (void)snprintf(why, room, "lacks %s %d", one->key, (int)one->value);
        return false;
    }
    return true;
}

static bool modes_fit(const json_t *has, const json_t *plan, char *why, size_t room)
{
    const json_t *steps = json_object_get(plan, "steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const char *mode = vec_get_text(json_array_get(steps, i), "mode");
        bool any = mode == NULL || strcmp(mode, "plain") == 0; /* of no dialect, but a feature */
        if (!any && !run_has(json_object_get(has, "modes"), mode)) {
            (void)snprintf(why, room, "lacks %s mode", mode);
            return false;
        }
    }
    return true;
}

static bool roles_fit(const json_t *hello, const json_t *peer, char *why, size_t room)
{
    const json_t *roles = json_object_get(peer, "role");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *role = json_string_value(json_array_get(roles, i));
        if (!run_has(json_object_get(hello, "roles"), role)) {
            (void)snprintf(why, room, "lacks the role %s", role);
            return false;
        }
    }
    return true;
}

bool run_hello_fits(const json_t *hello, const json_t *plan, const json_t *peer, const run_suite *suite,
                    char *why, size_t room, bool *mandatory)
{
    const json_t *has = dialect_of(hello, plan);
    bool has_modes = vec_get_is(plan, "dialect", "group-28");
    *mandatory = false;
    if (has == NULL) {
        (void)snprintf(why, room, "lacks the dialect %s", vec_get_text(plan, "dialect"));
        return false;
    }
    if (suite->reading != NULL && !run_has(json_object_get(has, "readings"), suite->reading)) {
        (void)snprintf(why, room, "lacks the reading %s", suite->reading);
        return false;
    }
    if (!vec_get_is(plan, "dialect", "oscore") &&
        !run_has(json_object_get(has, "cred_formats"), suite->cred_format)) {
        (void)snprintf(why, room, "lacks credentials of format %s", suite->cred_format);
        return false;
    }
    const char *feature = feature_missing(hello, plan, peer);
    if (feature != NULL) {
        (void)snprintf(why, room, "lacks the feature %s", feature);
        return false;
    }
    return roles_fit(hello, peer, why, room) && (!has_modes || modes_fit(has, plan, why, room)) &&
           suite_fits(has, suite, has_modes, why, room, mandatory);
}
