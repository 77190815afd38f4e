/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deterministic CBOR (RFC 8949 section 4.2.1), the subset that COSE, info arrays and credentials need.
 * Strict: shortest heads, definite lengths, no duplicate map keys, bounded nesting. No allocation, no
 * recursion.
 */
#ifndef GOSC_CBOR_H
#define GOSC_CBOR_H

#include "span.h"

enum {
    GOSC_CBOR_UINT = 0,
    GOSC_CBOR_NINT = 1,
    GOSC_CBOR_BSTR = 2,
    GOSC_CBOR_TSTR = 3,
    GOSC_CBOR_ARRAY = 4,
    GOSC_CBOR_MAP = 5,
    GOSC_CBOR_TAG = 6,
    GOSC_CBOR_SIMPLE = 7,
    GOSC_CBOR_DEPTH_MAX = 8,
    GOSC_CBOR_HEAD_MAX = 9, /* bytes */
    /* Heads looked at while the keys of maps are compared, per item: some 500 keys in one map. It bounds the
     * time that hostile bytes can cost. */
    GOSC_CBOR_WORK_MAX = 1 << 18,
};

/* Writing: each appends one item or head in its shortest form. */
void gosc_cbor_write_head(gosc_writer *writer, uint8_t major, uint64_t value);
void gosc_cbor_write_int(gosc_writer *writer, int64_t value);
void gosc_cbor_write_bstr(gosc_writer *writer, gosc_span bytes); /* absent writes null */
void gosc_cbor_write_tstr(gosc_writer *writer, gosc_span text);
void gosc_cbor_write_null(gosc_writer *writer);
void gosc_cbor_write_bool(gosc_writer *writer, bool value);
/* gosc_cbor_head_len: bytes of the shortest head for value, 1 to 9. */
size_t gosc_cbor_head_len(uint64_t value);

/*
 * Reading: each takes one item; a wrong type, a head that is not the shortest, an indefinite length or a cut
 * item sets reader->failed.
 */
uint64_t gosc_cbor_read_head(gosc_reader *reader,
                             uint8_t *major);    /* major 7: value is the simple value, 0 to 255 */
int64_t gosc_cbor_read_int(gosc_reader *reader); /* fails outside int64 */
gosc_span gosc_cbor_read_bstr(gosc_reader *reader);
gosc_span gosc_cbor_read_tstr(gosc_reader *reader);
size_t gosc_cbor_read_array(gosc_reader *reader); /* number of items */
size_t gosc_cbor_read_map(gosc_reader *reader);   /* number of pairs */
/* gosc_cbor_peek_major gives the major type of the next item without taking it; 8 at the end. */
uint8_t gosc_cbor_peek_major(const gosc_reader *reader);

/*
 * gosc_cbor_skip takes one whole item of any type, nested up to GOSC_CBOR_DEPTH_MAX levels, checking that all
 * of it is deterministic and that no map in it has a key twice (keys compared as encoded bytes; their order
 * is not demanded, since credentials come from others). Gives the item's bytes. An item whose maps would take
 * more than GOSC_CBOR_WORK_MAX heads to compare fails too.
 */
gosc_span gosc_cbor_skip(gosc_reader *reader);

/* gosc_cbor_check: exactly one item, checked as by gosc_cbor_skip, and nothing after it
 * (GOSC_ERR_CBOR_MALFORMED). */
GOSC_MUST_USE
gosc_err gosc_cbor_check(gosc_span bytes);

/* The encoded form of an integer key from -24 to 23, one byte. */
#define GOSC_CBOR_KEY(key) ((uint8_t)((key) >= 0 ? (key) : 0x1f - (key)))

/*
 * gosc_cbor_map_pick gives the encoded values (their bytes) of n_keys keys, each a GOSC_CBOR_KEY, absent for
 * a key that is not there, and returns how many other pairs there are. `map` holds the map entirely and has
 * passed gosc_cbor_check; in an item of another type nothing is found.
 */
size_t gosc_cbor_map_pick(gosc_span map, const uint8_t *keys, size_t n_keys, gosc_span *values);

#endif
