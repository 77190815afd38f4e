/* SPDX-License-Identifier: BSD-2-Clause */
#include "read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void vec_check_init(vec_check *check, const char *file)
{
    check->file = file;
    check->place[0] = '\0';
    check->place_len = 0;
    check->fault[0] = '\0';
}

static void place_add(vec_check *check, char c)
{
    if (check->place_len + 1 < sizeof check->place) {
        check->place[check->place_len++] = c;
        check->place[check->place_len] = '\0';
    }
}

size_t vec_place_push(vec_check *check, const char *key)
{
    size_t before = check->place_len;
    place_add(check, '/');
    for (; *key != '\0'; key++) {
        if (*key == '~' || *key == '/') { /* RFC 6901 section 3 */
            place_add(check, '~');
            place_add(check, *key == '~' ? '0' : '1');
        } else {
            place_add(check, *key);
        }
    }
    return before;
}

size_t vec_place_push_index(vec_check *check, size_t index)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%zu", index);
    return vec_place_push(check, digits);
}

void vec_place_pop(vec_check *check, size_t before)
{
    check->place_len = before;
    check->place[before] = '\0';
}

/* one_line replaces what would break the line or the terminal. */
static void one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

bool vec_fault(vec_check *check, const char *format, ...)
{
    char said[VEC_FAULT_MAX / 2];
    va_list args;
    if (check->fault[0] != '\0') {
        return false;
    }
    va_start(args, format);
    (void)vsnprintf(said, sizeof said, format, args);
    va_end(args);
    (void)snprintf(check->fault, sizeof check->fault, "%s: %s: %s", check->file,
                   check->place_len > 0 ? check->place : "/", said);
    one_line(check->fault);
    return false;
}

static void describe(const json_t *value, char *text, size_t room)
{
    char *dumped;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        (void)snprintf(text, room, "an object of %zu keys", json_object_size(value));
        return;
    case JSON_ARRAY:
        (void)snprintf(text, room, "a list of %zu items", json_array_size(value));
        return;
    case JSON_STRING:
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
    default:
        dumped = json_dumps(value, JSON_ENCODE_ANY);
        (void)snprintf(text, room, strlen(dumped) < 60 ? "%s" : "%.56s...\"", dumped);
        free(dumped);
    }
}

bool vec_fault_value(vec_check *check, const char *what, const json_t *found)
{
    char text[80] = "none";
    if (found != NULL) {
        describe(found, text, sizeof text);
    }
    return vec_fault(check, "expected %s, found %s", what, text);
}

static json_t *no_document(vec_check *check, const json_error_t *error)
{
    char found[2 * JSON_ERROR_TEXT_LENGTH];
    (void)snprintf(found, sizeof found, "%s", error->text);
    (void)vec_fault(check, "expected a JSON document, found in line %d, column %d: %s", error->line,
                    error->column, found);
    return NULL;
}

json_t *vec_json_file(vec_check *check, const char *path)
{
    json_error_t error;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)vec_fault(check, "expected a readable file, found: %s", strerror(errno));
        return NULL;
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    (void)fclose(file);
    return root != NULL ? root : no_document(check, &error);
}

json_t *vec_json_text(vec_check *check, const char *text, size_t len)
{
    json_error_t error;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    return root != NULL ? root : no_document(check, &error);
}

gosc_span vec_hex_of(vec_arena *arena, const json_t *value)
{
    gosc_span bytes = GOSC_ABSENT;
    if (json_is_string(value)) {
        (void)vec_hex_parse(arena, json_string_value(value), json_string_length(value), &bytes);
    }
    return bytes;
}

gosc_span vec_get_hex(vec_arena *arena, const json_t *object, const char *key)
{
    return vec_hex_of(arena, json_object_get(object, key));
}

const char *vec_get_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int64_t vec_get_int(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

bool vec_get_bool(const json_t *object, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

bool vec_is_null(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_null(value);
}

bool vec_get_is(const json_t *object, const char *key, const char *text)
{
    const char *value = vec_get_text(object, key);
    return value != NULL && strcmp(value, text) == 0;
}
