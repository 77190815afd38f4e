/* SPDX-License-Identifier: BSD-2-Clause */
/* What a list of rules cannot say about vector files: conditions, references. */
#include "families.h"

#include <string.h>

#include "schema.h"

static const vec_rule *family_find(const vec_family *table, const char *name)
{
    for (; name != NULL && table->name != NULL; table++) {
        if (strcmp(table->name, name) == 0) {
            return table->rules;
        }
    }
    return NULL;
}

/* want holds one member of an object against a rule without key. */
static bool want(vec_check *check, const json_t *object, const char *key, vec_rule rule)
{
    rule.key = key;
    return vec_check_member(check, object, &rule);
}

static bool want_null(vec_check *check, const json_t *object, const char *key)
{
    return want(check, object, key, (vec_rule){.kind = VEC_NULL});
}

static bool want_hex(vec_check *check, const json_t *object, const char *key)
{
    return want(check, object, key, (vec_rule){.kind = VEC_HEX});
}

static bool want_name(vec_check *check, const json_t *object, const char *key)
{
    return want(check, object, key, (vec_rule){.kind = VEC_NAME});
}

static bool want_any_object(vec_check *check, const json_t *object, const char *key)
{
    size_t before = vec_place_push(check, key);
    const json_t *value = json_object_get(object, key);
    if (!json_is_object(value)) {
        return vec_fault_value(check, "an object", value);
    }
    vec_place_pop(check, before);
    return true;
}

bool vec_context_check(vec_check *check, const json_t *context)
{
    static const char *const of_28[] = {"CS5", "CS4", NULL};
    static const char *const of_02[] = {"S1/E1", "S2/E1", "S3/E1", "S1/E0", "S2/E0", "S3/E0", NULL};
    if (!vec_check_value(check, &vec_context_rule, context)) {
        return false;
    }
    if (json_object_get(context, "reading") == NULL) {
        return true;
    }
    if (vec_get_is(context, "dialect", "oscore")) {
        return want_null(check, context, "reading");
    }
    bool is_28 = vec_get_is(context, "dialect", "group-28");
    return want(check, context, "reading", (vec_rule){.kind = VEC_WORD, .words = is_28 ? of_28 : of_02});
}

static bool check_coap_options(vec_check *check, const json_t *expect)
{
    static const vec_rule number = {.kind = VEC_INT, .min = 0, .max = 65535};
    static const vec_rule value = {.kind = VEC_HEX};
    const json_t *options = json_object_get(expect, "options");
    size_t before = check->place_len;
    (void)vec_place_push(check, "expect");
    (void)vec_place_push(check, "options");
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *pair = json_array_get(options, i);
        size_t outer = vec_place_push_index(check, i);
        if (!json_is_array(pair) || json_array_size(pair) != 2) {
            return vec_fault_value(check, "a list of option number and hex", pair);
        }
        size_t inner = vec_place_push_index(check, 0);
        if (!vec_check_value(check, &number, json_array_get(pair, 0))) {
            return false;
        }
        vec_place_pop(check, inner);
        (void)vec_place_push_index(check, 1);
        if (!vec_check_value(check, &value, json_array_get(pair, 1))) {
            return false;
        }
        vec_place_pop(check, outer);
    }
    vec_place_pop(check, before);
    return true;
}

/* check_reason: a positive has neither reason nor control, a negative both, the reason being one of its
 * family. */
static bool check_reason(vec_check *check, const json_t *vector, const char *family, bool is_ok)
{
    static const char *const of_option[] = {"option-malformed", "partial-iv-missing", "kid-missing",
                                            "kid-context-missing", NULL};
    static const char *const of_coap[] = {"coap-malformed", NULL};
    static const char *const of_cose[] = {"cose-malformed", NULL};
    static const char *const of_credential[] = {"credential-malformed", NULL};
    if (is_ok) {
        return want_null(check, vector, "reason") && want_null(check, vector, "control");
    }
    const char *const *words = strcmp(family, "option") == 0       ? of_option
                               : strcmp(family, "coap") == 0       ? of_coap
                               : strcmp(family, "cose") == 0       ? of_cose
                               : strcmp(family, "credential") == 0 ? of_credential
                                                                   : vec_reasons;
    return want(check, vector, "reason", (vec_rule){.kind = VEC_WORD, .words = words}) &&
           want(check, vector, "control", (vec_rule){.kind = VEC_TEXT});
}

static bool check_expect(vec_check *check, const json_t *vector, bool is_ok)
{
    bool good = is_ok ? want_any_object(check, vector, "expect") : want_null(check, vector, "expect");
    if (good && json_object_get(vector, "canonical") != NULL) {
        good = is_ok ? want(check, vector, "canonical", (vec_rule){.kind = VEC_BOOL})
                     : want_null(check, vector, "canonical");
    }
    return good;
}

static bool check_curve(vec_check *check, const json_t *expect)
{
    if (vec_get_int(expect, "curve", 1) != 5) {
        return true;
    }
    (void)vec_place_push(check, "expect");
    (void)vec_place_push(check, "curve");
    return vec_fault_value(check, "1, 2, 3, 4 or 6", json_object_get(expect, "curve"));
}

/* check_op: what the operation needs is there, what it does not have is null. */
static bool check_op(vec_check *check, const json_t *vector, bool is_ok, bool opens, bool seals)
{
    bool good = true;
    if (seals) {
        good = want_name(check, vector, "sender") && want_hex(check, vector, "plain") &&
               want_any_object(check, vector, "seal");
    }
    if (good && opens) {
        good = want_name(check, vector, "receiver") && want_hex(check, vector, "protected");
    }
    if (good && is_ok) {
        return want_hex(check, vector, "protected") && (!opens || want_hex(check, vector, "opened"));
    }
    return good && want_null(check, vector, "opened") &&
           want_null(check, vector, opens ? "plain" : "protected");
}

static bool check_intermediates(vec_check *check, const json_t *vector)
{
    static const char *const names[] = {
        "request_kid",    "request_piv", "request_kid_context", "option",     "nonce",        "external_aad",
        "enc_structure",  "key",         "plaintext",           "ciphertext", "to_be_signed", "signature",
        "keystream_info", "keystream",   "encrypted_signature", NULL,
    };
    const json_t *values = json_object_get(vector, "intermediate");
    size_t before = vec_place_push(check, "intermediate");
    for (const char *const *name = names; *name != NULL; name++) {
        if (json_object_get(values, *name) == NULL) {
            return vec_fault(check, "expected the key \"%s\", found none", *name);
        }
    }
    vec_place_pop(check, before);
    return true;
}

static bool check_message(vec_check *check, const json_t *vector, bool is_ok)
{
    static const char *const one_way[] = {"open", "seal", NULL};
    if (!is_ok && !want(check, vector, "op", (vec_rule){.kind = VEC_WORD, .words = one_way})) {
        return false;
    }
    if (is_ok && !check_intermediates(check, vector)) {
        return false;
    }
    bool opens = !vec_get_is(vector, "op", "seal");
    bool seals = !vec_get_is(vector, "op", "open");
    if (!check_op(check, vector, is_ok, opens, seals)) {
        return false;
    }
    if (vec_get_is(vector, "direction", "response")) {
        return want_hex(check, vector, "request");
    }
    return want_null(check, vector, "request") && want_null(check, vector, "request_target") &&
           want_null(check, vector, "request_sender") && want_null(check, vector, "request_receiver");
}

static bool check_step(vec_check *check, const json_t *step)
{
    const char *op = vec_get_text(step, "op");
    const vec_rule *rules = family_find(vec_step_kinds, op);
    if (!json_is_object(step)) {
        return vec_fault_value(check, "an object", step);
    }
    if (rules == NULL) {
        (void)vec_place_push(check, "op");
        return vec_fault_value(check, "an operation of a sequence", json_object_get(step, "op"));
    }
    if (!vec_check_value(check, &(vec_rule){.kind = VEC_OBJECT, .of = rules}, step)) {
        return false;
    }
    bool is_ok = vec_get_is(step, "result", "ok");
    bool good = is_ok ? want_null(check, step, "reason")
                      : want(check, step, "reason", (vec_rule){.kind = VEC_WORD, .words = vec_reasons});
    if (!good || !is_ok) {
        return good;
    }
    if (strncmp(op, "seal", 4) == 0 || strcmp(op, "challenge") == 0) {
        return want_hex(check, step, "protected");
    }
    return strncmp(op, "open", 4) != 0 || want_hex(check, step, "opened");
}

static bool check_steps(vec_check *check, const json_t *vector)
{
    const json_t *steps = json_object_get(vector, "steps");
    size_t before = vec_place_push(check, "steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        size_t inner = vec_place_push_index(check, i);
        if (!check_step(check, json_array_get(steps, i))) {
            return false;
        }
        vec_place_pop(check, inner);
    }
    vec_place_pop(check, before);
    return true;
}

static bool check_vector(vec_check *check, const json_t *vector, const char *family)
{
    const vec_rule *rules = family_find(vec_families, family);
    if (rules == NULL) {
        static const char *const kinds[] = {"encrypt0", "structures", "key", NULL};
        if (!json_is_object(vector)) {
            return vec_fault_value(check, "an object", vector);
        }
        if (!want(check, vector, "kind", (vec_rule){.kind = VEC_WORD, .words = kinds})) {
            return false;
        }
        rules = family_find(vec_cose_kinds, vec_get_text(vector, "kind"));
    }
    if (!vec_check_value(check, &(vec_rule){.kind = VEC_OBJECT, .of = rules}, vector)) {
        return false;
    }
    bool is_ok = vec_get_is(vector, "result", "ok");
    if (!check_reason(check, vector, family, is_ok)) {
        return false;
    }
    if (strcmp(family, "message") == 0) {
        return check_message(check, vector, is_ok);
    }
    if (strcmp(family, "sequence") == 0) {
        return check_steps(check, vector);
    }
    const json_t *expect = json_object_get(vector, "expect");
    return check_expect(check, vector, is_ok) && check_coap_options(check, expect) &&
           check_curve(check, expect);
}

static bool check_vectors(vec_check *check, const json_t *root, const json_t *requirements)
{
    json_t *flags = json_object();
    json_t *contexts = json_object();
    const json_t *vectors = json_object_get(root, "vectors");
    bool good = true;
    size_t before = vec_place_push(check, "vectors");
    for (size_t i = 0; good && i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        size_t inner = vec_place_push_index(check, i);
        good = check_vector(check, vector, vec_get_text(root, "family")) &&
               vec_references_check(check, root, vector, requirements, flags, contexts);
        if (good) {
            vec_place_pop(check, inner);
        }
    }
    if (good) {
        vec_place_pop(check, before);
        good = vec_all_used(check, root, "notes", flags) && vec_all_used(check, root, "contexts", contexts);
    }
    json_decref(flags);
    json_decref(contexts);
    return good;
}

static bool check_contexts(vec_check *check, const json_t *root)
{
    const char *name;
    json_t *context;
    const char *dialect = vec_get_text(root, "dialect");
    json_t *contexts = json_object_get(root, "contexts");
    size_t before = vec_place_push(check, "contexts");
    json_object_foreach(contexts, name, context)
    {
        size_t inner = vec_place_push(check, name);
        if (!vec_context_check(check, context)) {
            return false;
        }
        if (dialect == NULL || !vec_get_is(context, "dialect", dialect)) {
            (void)vec_place_push(check, "dialect");
            return vec_fault_value(check, "the dialect of the file", json_object_get(context, "dialect"));
        }
        vec_place_pop(check, inner);
    }
    vec_place_pop(check, before);
    return true;
}

static bool check_room(vec_check *check, const json_t *root, const char *room)
{
    const char *dialect = vec_get_text(root, "dialect");
    bool is_room = strcmp(room, "common") == 0 || strcmp(room, "oscore") == 0 ||
                   strcmp(room, "group-02") == 0 || strcmp(room, "group-28") == 0;
    if (!is_room || strcmp(dialect != NULL ? dialect : "common", room) == 0) {
        return true;
    }
    (void)vec_place_push(check, "dialect");
    return vec_fault(check, "expected the dialect of the folder %s, found \"%s\"", room,
                     dialect != NULL ? dialect : "null");
}

bool vec_file_check(vec_check *check, const json_t *root, const char *room, const json_t *requirements)
{
    if (!vec_check_value(check, &vec_document_rule, root)) {
        return false;
    }
    const json_t *source = json_object_get(root, "source");
    bool is_text = vec_get_is(source, "kind", "text");
    size_t before = vec_place_push(check, "source");
    if (!vec_check_value(check, is_text ? &vec_source_text_rule : &vec_source_generated_rule, source)) {
        return false;
    }
    vec_place_pop(check, before);
    return check_contexts(check, root) && check_room(check, root, room) &&
           check_vectors(check, root, requirements);
}
