/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte spans, and the one reader and one writer through which all bytes pass.
 *
 * A span lends bytes, a buf lends room. `ptr == NULL` means absent; `len == 0` with a pointer means present
 * and empty: OSCORE tells an empty kid from no kid. Spans returned by parsers point into the bytes that were
 * parsed.
 */
#ifndef GOSC_SPAN_H
#define GOSC_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef struct gosc_span {
    const uint8_t *ptr; /* NULL: absent */
    size_t len;         /* bytes */
} gosc_span;

typedef struct gosc_buf {
    uint8_t *ptr;
    size_t len; /* bytes of room */
} gosc_buf;

#define GOSC_ABSENT ((gosc_span){NULL, 0})
#define GOSC_EMPTY ((gosc_span){(const uint8_t *)"", 0})

/* gosc_span_of makes a span of caller's bytes; ptr must not be NULL even for len 0. */
static inline gosc_span gosc_span_of(const void *ptr, size_t len)
{
    return (gosc_span){(const uint8_t *)ptr, len};
}

static inline bool gosc_span_present(gosc_span s)
{
    return s.ptr != NULL;
}

/* gosc_span_equal: same presence and same bytes. Not constant time: never for secrets. */
bool gosc_span_equal(gosc_span a, gosc_span b);

/* gosc_secret_equal compares len bytes in time that does not depend on their values. */
bool gosc_secret_equal(const uint8_t *a, const uint8_t *b, size_t len);

/*
 * Reader: takes bytes from the front. Reading past the end sets `failed`, which stays; from then on every
 * read gives zero or an absent span, so a caller may ask once at the end.
 */
typedef struct gosc_reader {
    const uint8_t *next;
    const uint8_t *end;
    bool failed;
} gosc_reader;

inline void gosc_reader_init(gosc_reader *reader, gosc_span bytes);
static inline size_t gosc_reader_left(const gosc_reader *reader)
{
    return (size_t)(reader->end - reader->next);
}
inline uint8_t gosc_read_u8(gosc_reader *reader);
uint64_t gosc_read_be(gosc_reader *reader, size_t n_bytes);        /* big endian, 1 to 8 bytes */
inline gosc_span gosc_read_bytes(gosc_reader *reader, size_t len); /* present even when len is 0 */
inline gosc_span gosc_read_rest(gosc_reader *reader);

/*
 * Writer: appends to lent room. Running out of room sets `failed`, which stays, and writes nothing more.
 */
typedef struct gosc_writer {
    uint8_t *start;
    uint8_t *next;
    uint8_t *end;
    bool failed;
} gosc_writer;

inline void gosc_writer_init(gosc_writer *writer, gosc_buf room);
inline void gosc_write_u8(gosc_writer *writer, uint8_t value);
void gosc_write_be(gosc_writer *writer, uint64_t value, size_t n_bytes); /* big endian, low n_bytes */
void gosc_write_bytes(gosc_writer *writer, gosc_span bytes);             /* absent writes nothing */
/* gosc_write_room reserves len bytes for the caller to fill; NULL when there is no room. */
inline uint8_t *gosc_write_room(gosc_writer *writer, size_t len);
static inline gosc_span gosc_writer_span(const gosc_writer *writer)
{
    return (gosc_span){writer->start, (size_t)(writer->next - writer->start)};
}

/*
 * The smallest ones, open to the compiler: where it optimises for speed they vanish into their callers, where
 * it optimises for size (or not at all) they are the functions that span.c emits.
 */
inline void gosc_reader_init(gosc_reader *reader, gosc_span bytes)
{
    /* An absent span reads like an empty one, and what is read from it is present. */
    if (bytes.ptr == NULL) {
        bytes = GOSC_EMPTY;
    }
    reader->next = bytes.ptr;
    reader->end = bytes.ptr + bytes.len;
    reader->failed = false;
}

inline uint8_t gosc_read_u8(gosc_reader *reader)
{
    if (reader->failed || reader->next == reader->end) {
        reader->failed = true;
        return 0;
    }
    return *reader->next++;
}

inline gosc_span gosc_read_bytes(gosc_reader *reader, size_t len)
{
    if (reader->failed || len > (size_t)(reader->end - reader->next)) {
        reader->failed = true;
        return GOSC_ABSENT;
    }
    const uint8_t *start = reader->next;
    reader->next += len;
    return (gosc_span){start, len};
}

inline gosc_span gosc_read_rest(gosc_reader *reader)
{
    return gosc_read_bytes(reader, (size_t)(reader->end - reader->next));
}

inline void gosc_writer_init(gosc_writer *writer, gosc_buf room)
{
    writer->start = room.ptr;
    writer->next = room.ptr;
    writer->end = room.ptr + room.len;
    writer->failed = false;
}

inline uint8_t *gosc_write_room(gosc_writer *writer, size_t len)
{
    if (writer->failed || len > (size_t)(writer->end - writer->next)) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *room = writer->next;
    writer->next += len;
    return room;
}

inline void gosc_write_u8(gosc_writer *writer, uint8_t value)
{
    if (writer->failed || writer->next == writer->end) {
        writer->failed = true;
        return;
    }
    *writer->next++ = value;
}

#endif
