/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deterministic CBOR. Two walks: gosc_cbor_skip judges an item, with one small record for each open
 * container; what it has passed can then be walked again with a single counter (item_take).
 */
#include "cbor.h"

#include <string.h>

enum {
    INFO_1 = 24, /* additional information: the argument stands in 1, 2, 4 or 8 more bytes */
    INFO_8 = 27,
    FALSE = 20, /* simple values */
    TRUE = 21,
    SIMPLE_NULL = 22,
    SIMPLE_TWO_BYTES = 32, /* the first that takes two bytes */
    AT_END = 8,            /* no major type: nothing is left */
    FLOAT = 9,             /* no major type: 7 with a float behind it */
};

size_t gosc_cbor_head_len(uint64_t value)
{
    return value < INFO_1        ? 1
           : value <= UINT8_MAX  ? 2
           : value <= UINT16_MAX ? 3
           : value <= UINT32_MAX ? 5
                                 : 9;
}

void gosc_cbor_write_head(gosc_writer *writer, uint8_t major, uint64_t value)
{
    if (value < INFO_1) { /* nearly always */
        gosc_write_u8(writer, (uint8_t)((size_t)major << 5 | (size_t)value));
        return;
    }
    size_t n_more = gosc_cbor_head_len(value) - 1;
    /* 1, 2, 4, 8 more bytes are 24, 25, 26, 27. */
    size_t info = INFO_1 + n_more / 2 - n_more / 8;
    gosc_write_u8(writer, (uint8_t)((size_t)major << 5 | info));
    gosc_write_be(writer, value, n_more);
}

void gosc_cbor_write_int(gosc_writer *writer, int64_t value)
{
    /* -1 - n has the bits of n inverted, so this holds for INT64_MIN too. */
    bool negative = value < 0;
    gosc_cbor_write_head(writer, negative, negative ? ~(uint64_t)value : (uint64_t)value);
}

void gosc_cbor_write_bstr(gosc_writer *writer, gosc_span bytes)
{
    if (bytes.ptr == NULL) {
        gosc_cbor_write_null(writer);
        return;
    }
    gosc_cbor_write_head(writer, GOSC_CBOR_BSTR, bytes.len);
    gosc_write_bytes(writer, bytes);
}

void gosc_cbor_write_tstr(gosc_writer *writer, gosc_span text)
{
    gosc_cbor_write_head(writer, GOSC_CBOR_TSTR, text.len);
    gosc_write_bytes(writer, text);
}

void gosc_cbor_write_null(gosc_writer *writer)
{
    gosc_cbor_write_head(writer, GOSC_CBOR_SIMPLE, SIMPLE_NULL);
}

void gosc_cbor_write_bool(gosc_writer *writer, bool value)
{
    gosc_cbor_write_head(writer, GOSC_CBOR_SIMPLE, value ? TRUE : FALSE);
}

/*
 * A head in its shortest form (RFC 8949 section 4.2.1). A string with more bytes, or a container with more
 * items, than bytes are left is cut, whatever follows: lengths and counts that pass are safe in a size_t.
 */
static uint64_t head_read(gosc_reader *reader, uint8_t *major)
{
    uint8_t first = gosc_read_u8(reader);
    uint8_t info = first & 31;
    uint64_t value = info;
    *major = first >> 5;
    if (info > INFO_8) { /* reserved, indefinite length, break */
        reader->failed = true;
    } else if (info >= INFO_1) {
        size_t n_more = (size_t)1 << (info - INFO_1);
        value = gosc_read_be(reader, n_more);
        bool shortest = gosc_cbor_head_len(value) == 1 + n_more;
        if (*major == GOSC_CBOR_SIMPLE) {
            *major = info == INFO_1 ? GOSC_CBOR_SIMPLE : FLOAT;
            shortest = info != INFO_1 || value >= SIMPLE_TWO_BYTES; /* a float has the width it has */
        }
        if (!shortest) {
            reader->failed = true;
        }
    }
    if (*major >= GOSC_CBOR_BSTR && *major <= GOSC_CBOR_MAP &&
        value > gosc_reader_left(reader) >> (*major == GOSC_CBOR_MAP)) {
        reader->failed = true;
    }
    return reader->failed ? 0 : value;
}

uint64_t gosc_cbor_read_head(gosc_reader *reader, uint8_t *major)
{
    uint64_t value = head_read(reader, major);
    if (*major == FLOAT) {
        reader->failed = true;
        return 0;
    }
    return value;
}

/* The length or count of a string or container of that type. */
static size_t length_read(gosc_reader *reader, uint8_t wanted)
{
    uint8_t major;
    uint64_t value = gosc_cbor_read_head(reader, &major);
    if (major != wanted) {
        reader->failed = true;
        return 0;
    }
    return (size_t)value;
}

int64_t gosc_cbor_read_int(gosc_reader *reader)
{
    uint8_t major;
    uint64_t value = gosc_cbor_read_head(reader, &major);
    if (major > GOSC_CBOR_NINT || value > INT64_MAX) {
        reader->failed = true;
        return 0;
    }
    return major == GOSC_CBOR_NINT ? -1 - (int64_t)value : (int64_t)value;
}

gosc_span gosc_cbor_read_bstr(gosc_reader *reader)
{
    return gosc_read_bytes(reader, length_read(reader, GOSC_CBOR_BSTR));
}

gosc_span gosc_cbor_read_tstr(gosc_reader *reader)
{
    return gosc_read_bytes(reader, length_read(reader, GOSC_CBOR_TSTR));
}

size_t gosc_cbor_read_array(gosc_reader *reader)
{
    return length_read(reader, GOSC_CBOR_ARRAY);
}

size_t gosc_cbor_read_map(gosc_reader *reader)
{
    return length_read(reader, GOSC_CBOR_MAP);
}

uint8_t gosc_cbor_peek_major(const gosc_reader *reader)
{
    return reader->failed || reader->next == reader->end ? AT_END : *reader->next >> 5;
}

/* Takes a head and the bytes of a string; gives the number of items inside (of a map: keys and values). */
static size_t item_open(gosc_reader *reader, uint8_t *major)
{
    size_t value = (size_t)head_read(reader, major);
    if (*major == GOSC_CBOR_BSTR || *major == GOSC_CBOR_TSTR) {
        (void)gosc_read_bytes(reader, value);
    }
    switch (*major) {
    case GOSC_CBOR_ARRAY:
        return value;
    case GOSC_CBOR_MAP:
        return 2 * value;
    default:
        return *major == GOSC_CBOR_TAG;
    }
}

/* One whole item that gosc_cbor_skip has passed, or passes while a map is being compared with itself. */
static gosc_span item_take(gosc_reader *reader, uint32_t *work)
{
    const uint8_t *start = reader->next;
    size_t n_open = 1;
    while (n_open > 0 && !reader->failed) {
        uint8_t major;
        n_open += item_open(reader, &major);
        n_open--;
        (*work)++;
    }
    return (gosc_span){start, (size_t)(reader->next - start)};
}

/* An open container of gosc_cbor_skip. */
typedef struct container {
    size_t n_left;          /* items to come; in a map an even number: a key is next */
    const uint8_t *entries; /* of a map, else NULL */
    const uint8_t *key;     /* where its last key begins */
} container;

/* Whether the key that ends here is none of the keys before it. */
static bool key_is_new(const container *map, const uint8_t *end, uint32_t *work)
{
    gosc_span key = {map->key, (size_t)(end - map->key)};
    gosc_reader entries;
    gosc_reader_init(&entries, (gosc_span){map->entries, (size_t)(map->key - map->entries)});
    while (gosc_reader_left(&entries) > 0) {
        if (gosc_span_equal(item_take(&entries, work), key) || *work > GOSC_CBOR_WORK_MAX) {
            return false;
        }
        (void)item_take(&entries, work);
    }
    return true;
}

gosc_span gosc_cbor_skip(gosc_reader *reader)
{
    container open[1 + GOSC_CBOR_DEPTH_MAX]; /* around them all one that holds the item itself */
    container *top = open;
    uint32_t work = 0;
    const uint8_t *start = reader->next;
    *top = (container){1, NULL, NULL};
    for (;;) {
        uint8_t major;
        top->key = reader->next;
        size_t n_items = item_open(reader, &major);
        if (major >= GOSC_CBOR_ARRAY && major <= GOSC_CBOR_TAG && top == &open[GOSC_CBOR_DEPTH_MAX]) {
            reader->failed = true;
        }
        if (n_items > 0 && !reader->failed) {
            top++;
            *top = (container){n_items, major == GOSC_CBOR_MAP ? reader->next : NULL, NULL};
        }
        /* A completed item completes every container of which it was the last. */
        while (n_items == 0 && !reader->failed) {
            top->n_left--;
            if (top->entries != NULL && (top->n_left & 1) != 0 && !key_is_new(top, reader->next, &work)) {
                reader->failed = true;
            } else if (top->n_left > 0) {
                break;
            } else if (top == open) {
                return (gosc_span){start, (size_t)(reader->next - start)};
            }
            top--;
        }
        if (reader->failed) {
            return GOSC_ABSENT;
        }
    }
}

gosc_err gosc_cbor_check(gosc_span bytes)
{
    gosc_reader reader;
    gosc_reader_init(&reader, bytes);
    (void)gosc_cbor_skip(&reader);
    return reader.failed || gosc_reader_left(&reader) > 0 ? GOSC_ERR_CBOR_MALFORMED : GOSC_OK;
}

size_t gosc_cbor_map_pick(gosc_span map, const uint8_t *keys, size_t n_keys, gosc_span *values)
{
    uint32_t work = 0;
    size_t n_others = 0;
    gosc_reader reader;
    gosc_reader_init(&reader, map);
    memset(values, 0, n_keys * sizeof *values);
    for (size_t n_left = gosc_cbor_read_map(&reader); n_left > 0; n_left--) {
        gosc_span key = item_take(&reader, &work);
        gosc_span value = item_take(&reader, &work);
        size_t i = 0;
        while (i < n_keys && (key.len != 1 || keys[i] != *key.ptr)) {
            i++;
        }
        if (i < n_keys) {
            values[i] = value;
        } else {
            n_others++;
        }
    }
    return n_others;
}
