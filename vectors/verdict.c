/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    SHOWN = 16, /* bytes shown of a value, from a little before the first difference */
    BEFORE = 4,
};

bool vec_fail(vec_verdict *verdict, const char *format, ...)
{
    va_list args;
    if (verdict->outcome != VEC_PASSED) {
        return false;
    }
    verdict->outcome = VEC_FAILED;
    (void)snprintf(verdict->said, sizeof verdict->said, "%s", verdict->where);
    size_t used = strlen(verdict->said);
    va_start(args, format);
    (void)vsnprintf(verdict->said + used, sizeof verdict->said - used, format, args);
    va_end(args);
    return false;
}

bool vec_unsupported(vec_verdict *verdict, const char *why)
{
    if (verdict->outcome == VEC_PASSED) {
        verdict->outcome = VEC_UNSUPPORTED;
        (void)snprintf(verdict->said, sizeof verdict->said, "%s%s", verdict->where, why);
    }
    return false;
}

/* part shows bytes around a difference. */
static void part(gosc_span bytes, size_t first, char *text, size_t room)
{
    if (!gosc_span_present(bytes)) {
        (void)snprintf(text, room, "null");
        return;
    }
    size_t from = bytes.len <= SHOWN || first < BEFORE ? 0 : first - BEFORE;
    size_t used = (size_t)snprintf(text, room, "%s", from > 0 ? "..." : "\"");
    for (size_t i = from; i < bytes.len && i < from + SHOWN; i++) {
        used += (size_t)snprintf(text + used, room - used, "%02x", bytes.ptr[i]);
    }
    (void)snprintf(text + used, room - used, "%s (%zu bytes)", from + SHOWN < bytes.len ? "..." : "\"",
                   bytes.len);
}

bool vec_same_bytes(vec_verdict *verdict, const char *what, gosc_span expected, gosc_span found)
{
    char wanted[80];
    char seen[80];
    size_t first = 0;
    if (gosc_span_equal(expected, found)) {
        return true;
    }
    while (first < expected.len && first < found.len && expected.ptr[first] == found.ptr[first]) {
        first++;
    }
    part(expected, first, wanted, sizeof wanted);
    part(found, first, seen, sizeof seen);
    if (!gosc_span_present(expected) || !gosc_span_present(found)) {
        return vec_fail(verdict, "%s: expected %s, found %s", what, wanted, seen);
    }
    return vec_fail(verdict, "%s: expected %s, found %s, first difference at byte %zu", what, wanted, seen,
                    first);
}

bool vec_same_number(vec_verdict *verdict, const char *what, int64_t expected, int64_t found)
{
    return expected == found ||
           vec_fail(verdict, "%s: expected %lld, found %lld", what, (long long)expected, (long long)found);
}

bool vec_same_flag(vec_verdict *verdict, const char *what, bool expected, bool found)
{
    return expected == found || vec_fail(verdict, "%s: expected %s, found %s", what,
                                         expected ? "true" : "false", found ? "true" : "false");
}

bool vec_same_result(vec_verdict *verdict, const char *what, const char *reason, gosc_err found)
{
    const char *wanted = reason != NULL ? reason : gosc_err_name(GOSC_OK);
    return strcmp(wanted, gosc_err_name(found)) == 0 ||
           vec_fail(verdict, "%s: expected %s, found %s", what, wanted, gosc_err_name(found));
}
