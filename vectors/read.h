/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON, strictly: a document against rows of rules, and values out of a document that passed. Objects are
 * closed, keys are unique, numbers are integers. The first fault is told in one line, `FILE: PLACE: expected
 * X, found Y`, where PLACE is a JSON pointer ("/" for the document itself).
 */
#ifndef VEC_READ_H
#define VEC_READ_H

#include <jansson.h>

#include "memory.h"

typedef enum vec_kind {
    VEC_END = 0, /* end of a list of rules */
    VEC_INCLUDE, /* the rules in `of` belong to this object too */
    VEC_HEX,     /* min to max bytes; max 0: any number */
    VEC_BOOL,
    VEC_INT,    /* min to max */
    VEC_TEXT,   /* min to max characters, none of them a control character */
    VEC_WORD,   /* one of `words`, NULL-terminated */
    VEC_NAME,   /* of a context or an exchange: a-z 0-9 _ - */
    VEC_FLAG,   /* words of a-z 0-9, joined by - */
    VEC_ID,     /* of a vector */
    VEC_REQ,    /* of a requirement */
    VEC_MUTANT, /* M and two or three digits */
    VEC_OBJECT, /* of: its members */
    VEC_LIST,   /* of: one rule for its items; min to max items, max 0: any number */
    VEC_MAP,    /* of: two rules without key, for its keys (text) and its values */
    VEC_NULL,
    VEC_ANY, /* judged elsewhere */
} vec_kind;

enum {
    VEC_OPTIONAL = 1, /* the key may be left out */
    VEC_NULLABLE = 2, /* null may stand in its place */
    VEC_UNIQUE = 4,   /* no item of a list occurs twice */
};

typedef struct vec_rule {
    const char *key; /* NULL for items of a list, for a document */
    vec_kind kind;
    unsigned flags;
    int64_t min, max;
    const struct vec_rule *of;
    const char *const *words;
} vec_rule;

enum {
    VEC_PLACE_MAX = 256, /* characters of a JSON pointer that are kept */
    VEC_FAULT_MAX = 1024,
};

/* Where a check is, and the first fault it found. */
typedef struct vec_check {
    const char *file; /* name for messages */
    char place[VEC_PLACE_MAX];
    size_t place_len;
    char fault[VEC_FAULT_MAX]; /* one line; "" while there is none */
} vec_check;

void vec_check_init(vec_check *check, const char *file);
/* vec_place_push adds a member or an item to the place, vec_place_pop goes back to what it was (the value
 * returned). */
size_t vec_place_push(vec_check *check, const char *key);
size_t vec_place_push_index(vec_check *check, size_t index);
void vec_place_pop(vec_check *check, size_t before);

/* vec_fault records a fault at the present place unless there is one already; gives false. */
bool vec_fault(vec_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* vec_fault_value does it for a value: "expected WHAT, found <the value>". */
bool vec_fault_value(vec_check *check, const char *what, const json_t *found);

/* vec_check_value holds a value against a rule, its members against theirs. False: check->fault says why. */
bool vec_check_value(vec_check *check, const vec_rule *rule, const json_t *value);
/* vec_check_member holds one member of an object against a rule for it. */
bool vec_check_member(vec_check *check, const json_t *object, const vec_rule *rule);

/* vec_json_file and vec_json_text parse a document; NULL: check->fault says why. Give it back with
 * json_decref. */
json_t *vec_json_file(vec_check *check, const char *path);
json_t *vec_json_text(vec_check *check, const char *text, size_t len);

/* Values of objects that passed the check; a key that is not there counts as null. */
gosc_span vec_get_hex(vec_arena *arena, const json_t *object, const char *key); /* absent for null */
gosc_span vec_hex_of(vec_arena *arena, const json_t *value);
const char *vec_get_text(const json_t *object, const char *key); /* NULL for null */
int64_t vec_get_int(const json_t *object, const char *key, int64_t otherwise);
bool vec_get_bool(const json_t *object, const char *key, bool otherwise);
bool vec_is_null(const json_t *object, const char *key);
bool vec_get_is(const json_t *object, const char *key, const char *text); /* a text equal to this */

#endif
