/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes for tests. Inputs live in memory of exactly their size, so that AddressSanitizer and valgrind see a
 * read of one byte too many.
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

/* Moves what stands behind `at` and puts a DER length (after its tag) or the head of a CBOR byte string
 * before it. */
static inline size_t bytes_enclose(uint8_t *room, size_t at, size_t end, bool is_der)
{
    uint8_t head[3];
    size_t len = end - at;
    size_t n = len < (is_der ? 128U : 24U) ? 1 : len < 256 ? 2 : 3;
    head[0] = (uint8_t)(is_der ? (n == 1 ? len : 0x7f + n) : (n == 1 ? 0x40 + len : 0x56 + n));
    if (n > 1) {
        head[1] = (uint8_t)(n == 2 ? len : len >> 8);
        head[n - 1] = (uint8_t)len;
    }
    memmove(room + at + n, room + at, len);
    memcpy(room + at, head, n);
    return end + n;
}

/*
 * bytes_nested reads hex with structure: `30( ... )` puts the DER length of what is inside, `[ ... ]` makes
 * it a CBOR byte string. So that a row of a table is wrong in what it says, and not in a length.
 */
static inline gosc_span bytes_nested(const char *text)
{
    size_t starts[16];
    size_t depth = 0;
    size_t end = 0;
    uint8_t *room = bytes_room(3 * strlen(text) + 1);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '(' || *p == '[') {
            starts[depth++] = end;
        } else if (*p == ')' || *p == ']') {
            end = bytes_enclose(room, starts[--depth], end, *p == ')');
        } else if (*p != ' ') {
            room[end++] = (uint8_t)(bytes_digit(p[0]) << 4 | bytes_digit(p[1]));
            p++;
        }
    }
    gosc_span exact = bytes_copy(gosc_span_of(room, end));
    free(room);
    return exact;
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
