/*
 * Bytes for tests. Inputs live in memory of exactly their size, so that AddressSanitizer and valgrind see a
 * read of one byte too many. SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef MUSTER_BYTES_H
#define MUSTER_BYTES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

static inline uint8_t *bytes_room(size_t len)
{
    uint8_t *room = len < PTRDIFF_MAX ? malloc(len > 0 ? len : 1) : NULL;
    if (room == NULL) {
        printf("Bail out! no memory\n");
        exit(EXIT_FAILURE);
    }
    /* For length 0 the one byte is the end: nothing may be read there. */
    return len > 0 ? room : room + 1;
}

static inline void bytes_free(gosc_span bytes)
{
    if (bytes.ptr != NULL) {
        free((void *)((uintptr_t)bytes.ptr - (bytes.len == 0)));
    }
}

static inline gosc_span bytes_copy(gosc_span bytes)
{
    uint8_t *room = bytes_room(bytes.len);
    if (bytes.len > 0) {
        memcpy(room, bytes.ptr, bytes.len);
    }
    return gosc_span_of(room, bytes.len);
}

static inline unsigned bytes_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    if (at == NULL) {
        printf("Bail out! bad hexadecimal in a test\n");
        exit(EXIT_FAILURE);
    }
    return (unsigned)(at - digits);
}

/* bytes_hex: lower-case hex, blanks allowed between bytes; NULL gives an absent span. Free with bytes_free.
 */
static inline gosc_span bytes_hex(const char *hex)
{
    if (hex == NULL) {
        return GOSC_ABSENT;
    }
    size_t n_digits = 0;
    for (const char *p = hex; *p != '\0'; p++) {
        n_digits += *p != ' ';
    }
    uint8_t *room = bytes_room(n_digits / 2);
    for (size_t i = 0; i < n_digits / 2; i++) {
        while (*hex == ' ') {
            hex++;
        }
        room[i] = (uint8_t)(bytes_digit(hex[0]) << 4 | bytes_digit(hex[1]));
        hex += 2;
    }
    return gosc_span_of(room, n_digits / 2);
}

/* bytes_flip copies with bit number `bit` (0 to 8 * len - 1) inverted. */
static inline gosc_span bytes_flip(gosc_span bytes, size_t bit)
{
    uint8_t *room = bytes_room(bytes.len);
    memcpy(room, bytes.ptr, bytes.len);
    room[bit / 8] = (uint8_t)(room[bit / 8] ^ 1U << bit % 8);
    return gosc_span_of(room, bytes.len);
}

/* bytes_inside: absent, or wholly within the input. */
static inline bool bytes_inside(gosc_span part, gosc_span whole)
{
    return part.ptr == NULL ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len && part.len <= whole.len);
}

static inline bool bytes_equal_hex(gosc_span bytes, const char *hex)
{
    gosc_span wanted = bytes_hex(hex);
    bool equal = gosc_span_equal(bytes, wanted);
    bytes_free(wanted);
    return equal;
}

#endif
