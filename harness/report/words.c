/* SPDX-License-Identifier: BSD-2-Clause */
/* Expectations in words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "text.h"

enum {
    VALUE_MAX = 100, /* characters of a value that are told */
};

static const char *verb(const char *see)
{
    static const char *const verbs[][2] = {
        {"packet", "on the wire: a packet"},
        {"delivered", "the application is given a request"},
        {"response", "the client is given a response"},
        {"challenged", "the client is challenged"},
        {"rejected", "a message is rejected"},
        {"closed", "an exchange ends"},
        {"note", "a note"},
        {"refused", "an operation is refused"},
        {"state", "the state is"},
        {"joined", "the multicast group is joined"},
        {"left", "the multicast group is left"},
        {"exit", "the process ends"},
    };
    for (size_t i = 0; see != NULL && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i][0], see) == 0) {
            return verbs[i][1];
        }
    }
    return "?";
}

static void value_write(FILE *file, const json_t *value)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        vec_arena arena = {NULL};
        rep_escape(file, strlen(text) > VALUE_MAX ? vec_printf(&arena, "%.*s...", VALUE_MAX, text) : text);
        vec_arena_free(&arena);
        return;
    }
    if (json_is_string(json_array_get(value, 0))) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            (void)fputs(i > 0 ? ", " : "", file);
            rep_escape(file, json_string_value(json_array_get(value, i)));
        }
        return;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    rep_escape(file, text);
    free(text);
}

static void see_write(FILE *file, const json_t *see)
{
    static const char *const apart[] = {"see", "times", "at_least", "at_most", "why", "warn", "name", "in"};
    const char *key;
    json_t *value;
    void *same = NULL;
    (void)fputs(verb(vec_get_text(see, "see")), file);
    memcpy(&same, &see, sizeof same); /* jansson's loop takes no const; nothing is changed */
    json_object_foreach((json_t *)same, key, value)
    {
        bool is_apart = false;
        for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
            is_apart = is_apart || strcmp(apart[i], key) == 0;
        }
        if (!is_apart) {
            const json_t *fields = json_object_get(value, "fields"); /* same, differs: {as, fields} */
            (void)fputs(", ", file);
            rep_escape(file, key);
            (void)fputs(" <code>", file);
            value_write(file, fields != NULL ? fields : value);
            (void)fputs("</code>", file);
            if (fields != NULL) {
                (void)fputs(strcmp(key, "same") == 0 ? " as <code>" : " from <code>", file);
                value_write(file, json_object_get(value, "as"));
                (void)fputs("</code>", file);
            }
        }
    }
    static const char *const counts[][2] = {
        {"times", "exactly"}, {"at_least", "at least"}, {"at_most", "at most"}};
    for (size_t i = 0; i < 3; i++) {
        int64_t n = vec_get_int(see, counts[i][0], -1);
        if (n >= 0) {
            (void)fprintf(file, ", %s %" PRId64 " time%s", counts[i][1], n, n == 1 ? "" : "s");
        }
    }
}

void rep_expectation_write(FILE *file, const json_t *expectation)
{
    const json_t *never = json_object_get(expectation, "never");
    const json_t *choices = json_object_get(expectation, "one_of");
    if (never != NULL) {
        (void)fputs("<b>never</b> ", file);
        see_write(file, never);
    } else if (choices != NULL) {
        (void)fputs("<b>one of</b> ", file);
        for (size_t i = 0; i < json_array_size(choices); i++) {
            (void)fprintf(file, "%s(%zu) ", i > 0 ? "; " : "", i + 1);
            see_write(file, json_array_get(choices, i));
        }
    } else {
        see_write(file, expectation);
    }
    if (vec_get_bool(expectation, "warn", false)) {
        (void)fputs(" <i>(a miss is a warning)</i>", file);
    }
    const char *why = vec_get_text(expectation, "why");
    if (why != NULL) {
        (void)fputs(" <i>", file);
        rep_escape(file, why);
        (void)fputs("</i>", file);
    }
}
