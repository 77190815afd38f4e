/* SPDX-License-Identifier: BSD-2-Clause */
/* Holding JSON values against rules (see read.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_digits(const char *text, size_t min, size_t max)
{
    size_t n = strspn(text, "0123456789");
    return text[n] == '\0' && n >= min && n <= max;
}

static bool is_name(const char *text)
{
    return is_lower_or_digit(text[0]) && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static bool is_flag(const char *text)
{
    for (char before = '-'; *text != '\0'; before = *text++) {
        if (!is_lower_or_digit(*text) && (*text != '-' || before == '-')) {
            return false;
        }
        if (*text == '-' && text[1] == '\0') {
            return false;
        }
    }
    return true;
}

/* is_id: <dialect>-<family>-<four digits>. */
static bool is_id(const char *text)
{
    static const char *const dialects[] = {"oscore-", "group-02-", "group-28-", "common-", NULL};
    static const char *const families[] = {"derive-",     "option-",  "coap-",     "cose-",
                                           "credential-", "message-", "sequence-", NULL};
    for (const char *const *dialect = dialects; *dialect != NULL; dialect++) {
        size_t len = strlen(*dialect);
        for (const char *const *family = families; strncmp(text, *dialect, len) == 0 && *family != NULL;
             family++) {
            size_t family_len = strlen(*family);
            if (strncmp(text + len, *family, family_len) == 0) {
                return is_digits(text + len + family_len, 4, 4);
            }
        }
    }
    return false;
}

/* is_requirement: a catalogue's prefix, a section, two digits. */
static bool is_requirement(const char *text)
{
    static const char *const prefixes[] = {"O-", "E-", "G02-", "GO-", "GC-", "AG-", NULL};
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
    for (const char *const *prefix = prefixes; *prefix != NULL; prefix++) {
        size_t len = strlen(*prefix);
        if (strncmp(text, *prefix, len) == 0) {
            size_t whole = strlen(text);
            return whole > len + 3 && text[strspn(text, letters)] == '\0' && text[whole - 3] == '-' &&
                   is_digits(text + whole - 2, 2, 2);
        }
    }
    return false;
}

static bool is_mutant(const char *text)
{
    size_t len = strlen(text);
    if (text[0] != 'M' || len < 3) {
        return false;
    }
    size_t n = strspn(text + 1, "0123456789");
    return (n == 2 || n == 3) &&
           (text[1 + n] == '\0' || (text[1 + n] >= 'a' && text[1 + n] <= 'z' && len == n + 2));
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_plain_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

/* characters counts the characters of UTF-8 text. */
static int64_t characters(const char *text)
{
    int64_t n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

static bool is_hex(const json_t *value, int64_t min, int64_t max)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    int64_t n_bytes = (int64_t)(len / 2);
    return strspn(text, "0123456789abcdef") == len && len % 2 == 0 && n_bytes >= min &&
           (max == 0 || n_bytes <= max);
}

static const char *expectation(const vec_rule *rule, char *text, size_t room)
{
    static const char *const said[] = {
        [VEC_HEX] = "lower-case hex",
        [VEC_BOOL] = "true or false",
        [VEC_NAME] = "a name (a-z 0-9 _ -)",
        [VEC_FLAG] = "a flag (words of a-z 0-9 joined by -)",
        [VEC_ID] = "an id (<dialect>-<family>-<four digits>)",
        [VEC_REQ] = "a requirement id",
        [VEC_MUTANT] = "the id of a mutant",
        [VEC_OBJECT] = "an object",
        [VEC_MAP] = "an object",
        [VEC_NULL] = "null",
        [VEC_ANY] = "a value",
    };
    const char *more = (rule->flags & VEC_NULLABLE) != 0 ? " or null" : "";
    switch (rule->kind) {
    case VEC_INT:
        (void)snprintf(text, room, "an integer from %lld to %lld%s", (long long)rule->min,
                       (long long)rule->max, more);
        return text;
    case VEC_TEXT:
        if (rule->max == 0) {
            (void)snprintf(text, room, "%stext%s", rule->min > 0 ? "some " : "", more);
            return text;
        }
        (void)snprintf(text, room, "text of %lld to %lld characters%s", (long long)rule->min,
                       (long long)rule->max, more);
        return text;
    case VEC_LIST:
        (void)snprintf(text, room, "a list of at least %lld items", (long long)rule->min);
        return text;
    case VEC_WORD: {
        size_t used = (size_t)snprintf(text, room, "one of");
        for (const char *const *word = rule->words; *word != NULL && used < room; word++) {
            used += (size_t)snprintf(text + used, room - used, "%s \"%s\"", word == rule->words ? "" : ",",
                                     *word);
        }
        if (used < room) {
            (void)snprintf(text + used, room - used, "%s", more);
        }
        return text;
    }
    case VEC_HEX:
        if (rule->max > 0) {
            (void)snprintf(text, room, "lower-case hex of %lld to %lld bytes%s", (long long)rule->min,
                           (long long)rule->max, more);
            return text;
        }
        break;
    case VEC_END:
    case VEC_INCLUDE:
    case VEC_BOOL:
    case VEC_NAME:
    case VEC_FLAG:
    case VEC_ID:
    case VEC_REQ:
    case VEC_MUTANT:
    case VEC_OBJECT:
    case VEC_MAP:
    case VEC_NULL:
    case VEC_ANY:
    default:
        break;
    }
    (void)snprintf(text, room, "%s%s", said[rule->kind], more);
    return text;
}

/* rule_find gives the rule of a key; includes are one level deep. */
static const vec_rule *rule_find(const vec_rule *rules, const char *key)
{
    for (const vec_rule *rule = rules; rule->kind != VEC_END; rule++) {
        if (rule->kind != VEC_INCLUDE) {
            if (strcmp(rule->key, key) == 0) {
                return rule;
            }
            continue;
        }
        for (const vec_rule *inner = rule->of; inner->kind != VEC_END; inner++) {
            if (strcmp(inner->key, key) == 0) {
                return inner;
            }
        }
    }
    return NULL;
}

static bool keys_are_there(vec_check *check, const vec_rule *rules, const json_t *object)
{
    for (const vec_rule *rule = rules; rule->kind != VEC_END; rule++) {
        if (rule->kind == VEC_INCLUDE) {
            for (const vec_rule *inner = rule->of; inner->kind != VEC_END; inner++) {
                if ((inner->flags & VEC_OPTIONAL) == 0 && json_object_get(object, inner->key) == NULL) {
                    return vec_fault(check, "expected the key \"%s\", found none", inner->key);
                }
            }
        } else if ((rule->flags & VEC_OPTIONAL) == 0 && json_object_get(object, rule->key) == NULL) {
            return vec_fault(check, "expected the key \"%s\", found none", rule->key);
        }
    }
    return true;
}

static bool check_object(vec_check *check, const vec_rule *rules, const json_t *object)
{
    const char *key;
    json_t *value;
    json_t *members;
    if (!keys_are_there(check, rules, object)) {
        return false;
    }
    memcpy(&members, &object, sizeof members); /* jansson iterates over what is not const */
    json_object_foreach(members, key, value)
    {
        const vec_rule *rule = rule_find(rules, key);
        if (rule == NULL) {
            return vec_fault(check, "expected only the keys of the schema, found \"%.60s\"", key);
        }
        size_t before = vec_place_push(check, key);
        if (!vec_check_value(check, rule, value)) {
            return false;
        }
        vec_place_pop(check, before);
    }
    return true;
}

static bool check_map(vec_check *check, const vec_rule *rules, const json_t *object)
{
    const char *key;
    json_t *value;
    json_t *members;
    memcpy(&members, &object, sizeof members);
    json_object_foreach(members, key, value)
    {
        bool good = key[0] != '\0' && (rules[0].kind == VEC_FLAG ? is_flag(key) : is_name(key));
        if (!good) {
            char text[128];
            return vec_fault(check, "expected %s as key, found \"%.60s\"",
                             expectation(rules, text, sizeof text), key);
        }
        size_t before = vec_place_push(check, key);
        if (!vec_check_value(check, &rules[1], value)) {
            return false;
        }
        vec_place_pop(check, before);
    }
    return true;
}

static bool check_list(vec_check *check, const vec_rule *rule, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        size_t before = vec_place_push_index(check, i);
        if (!vec_check_value(check, rule->of, item)) {
            return false;
        }
        vec_place_pop(check, before);
        for (size_t j = 0; (rule->flags & VEC_UNIQUE) != 0 && j < i; j++) {
            if (json_equal(item, json_array_get(list, j)) != 0) {
                return vec_fault_value(check, "items that differ, twice", item);
            }
        }
    }
    return true;
}

/* fits_alone: the value by itself, its members and items aside. */
static bool fits_alone(const vec_rule *rule, const json_t *value)
{
    const char *text = json_string_value(value);
    int64_t n;
    if (text != NULL && strlen(text) != json_string_length(value)) {
        return rule->kind == VEC_ANY; /* a NUL inside */
    }
    switch (rule->kind) {
    case VEC_HEX:
        return text != NULL && is_hex(value, rule->min, rule->max);
    case VEC_BOOL:
        return json_is_boolean(value);
    case VEC_INT:
        n = (int64_t)json_integer_value(value);
        return json_is_integer(value) && n >= rule->min && n <= rule->max;
    case VEC_TEXT:
        return text != NULL && is_plain_text(text) && characters(text) >= rule->min &&
               (rule->max == 0 || characters(text) <= rule->max);
    case VEC_WORD:
        return text != NULL && is_one_of(text, rule->words);
    case VEC_NAME:
        return text != NULL && is_name(text);
    case VEC_FLAG:
        return text != NULL && text[0] != '\0' && is_flag(text);
    case VEC_ID:
        return text != NULL && is_id(text);
    case VEC_REQ:
        return text != NULL && is_requirement(text);
    case VEC_MUTANT:
        return text != NULL && is_mutant(text);
    case VEC_OBJECT:
    case VEC_MAP:
        return json_is_object(value);
    case VEC_LIST:
        n = (int64_t)json_array_size(value);
        return json_is_array(value) && n >= rule->min && (rule->max == 0 || n <= rule->max);
    case VEC_NULL:
        return json_is_null(value);
    case VEC_ANY:
        return true;
    case VEC_END:
    case VEC_INCLUDE:
    default:
        return false;
    }
}

bool vec_check_value(vec_check *check, const vec_rule *rule, const json_t *value)
{
    char text[1024];
    if (json_is_null(value) && (rule->flags & VEC_NULLABLE) != 0) {
        return true;
    }
    if (!fits_alone(rule, value)) {
        return vec_fault_value(check, expectation(rule, text, sizeof text), value);
    }
    /* Depth is that of the rules, not of the input. */
    if (rule->kind == VEC_OBJECT) {
        return check_object(check, rule->of, value);
    }
    if (rule->kind == VEC_MAP) {
        return check_map(check, rule->of, value);
    }
    return rule->kind != VEC_LIST || check_list(check, rule, value);
}

bool vec_check_member(vec_check *check, const json_t *object, const vec_rule *rule)
{
    const json_t *value = json_object_get(object, rule->key);
    if (value == NULL) {
        return (rule->flags & VEC_OPTIONAL) != 0 ||
               vec_fault(check, "expected the key \"%s\", found none", rule->key);
    }
    size_t before = vec_place_push(check, rule->key);
    bool good = vec_check_value(check, rule, value);
    if (good) {
        vec_place_pop(check, before);
    }
    return good;
}
