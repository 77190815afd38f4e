/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader and writer: the only pointer arithmetic over foreign bytes. Every check compares a length with what
 * is left, never a pointer with a sum that could wrap.
 */
#include "span.h"

#include <string.h>

bool gosc_span_equal(gosc_span a, gosc_span b)
{
    if (a.ptr == NULL || b.ptr == NULL) {
        return a.ptr == b.ptr;
    }
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

bool gosc_secret_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    /* volatile: the compiler may not leave the loop at the first difference. */
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < len; i++) {
        difference = (uint8_t)(difference | (a[i] ^ b[i]));
    }
    return difference == 0;
}

uint64_t gosc_read_be(gosc_reader *reader, size_t n_bytes)
{
    gosc_span bytes = gosc_read_bytes(reader, n_bytes);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        value = value << 8 | bytes.ptr[i];
    }
    return value;
}

void gosc_write_be(gosc_writer *writer, uint64_t value, size_t n_bytes)
{
    uint8_t *room = gosc_write_room(writer, n_bytes);
    if (room == NULL) {
        return;
    }
    while (n_bytes > 0) {
        n_bytes--;
        room[n_bytes] = (uint8_t)value;
        value >>= 8;
    }
}

void gosc_write_bytes(gosc_writer *writer, gosc_span bytes)
{
    if (bytes.ptr == NULL) {
        return;
    }
    uint8_t *room = gosc_write_room(writer, bytes.len);
    if (room != NULL) {
        memcpy(room, bytes.ptr, bytes.len);
    }
}

/* The one copy of each inline function of span.h. */
extern inline void gosc_reader_init(gosc_reader *reader, gosc_span bytes);
extern inline uint8_t gosc_read_u8(gosc_reader *reader);
extern inline gosc_span gosc_read_bytes(gosc_reader *reader, size_t len);
extern inline gosc_span gosc_read_rest(gosc_reader *reader);
extern inline void gosc_writer_init(gosc_writer *writer, gosc_buf room);
extern inline uint8_t *gosc_write_room(gosc_writer *writer, size_t len);
extern inline void gosc_write_u8(gosc_writer *writer, uint8_t value);
