/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deterministic CBOR against libcbor, both ways. libcbor lets more pass (long heads, indefinite lengths, keys
 * twice, bytes behind the item): what it read is written in the one deterministic form, and compared with the
 * input. So
 *
 *   we accept  =>  libcbor accepts, all of it, and the same item comes out;
 *   libcbor accepts, and the item comes out as it went in, without a key twice and not too deep  =>  we
 * accept.
 */
#include <cbor.h>
#include <string.h>

#include "common.h"

enum {
    DEPTH_MAX = GOSC_CBOR_DEPTH_MAX,
    LEN_WITHOUT_LIMIT = 362, /* see cbor.c */
    KEYS_MAX = 256,          /* of one map */
    COUNT_MAX = 1 << 16,     /* items; libcbor allocates for what is announced, not for what is there */
};

/* Somewhere a container may be announced that libcbor would allocate too much for. */
static bool announces_much(gosc_span s)
{
    for (size_t i = 0; i + 4 < s.len; i++) {
        uint8_t b = s.ptr[i];
        size_t n = b == 0x9a || b == 0xba ? 4 : b == 0x9b || b == 0xbb ? 8 : 0;
        if (n == 0) {
            continue;
        }
        uint64_t count = 0;
        for (size_t k = 0; k < n && i + 1 + k < s.len; k++) {
            count = count << 8 | s.ptr[i + 1 + k];
        }
        if (count > COUNT_MAX) {
            return true;
        }
    }
    return false;
}

/* What libcbor read, written in its one deterministic form. */
typedef struct rewrite {
    gosc_writer w;
    gosc_span input;
    bool good;      /* it has such a form */
    bool key_twice; /* in one map */
} rewrite;

/* libcbor holds a float as a number: half precision and NaN do not keep their bits, so these are taken from
 * the input. */
static void write_float(rewrite *r, const cbor_item_t *item)
{
    static const uint8_t first[] = {0, 0xf9, 0xfa, 0xfb};
    cbor_float_width width = cbor_float_get_width(item);
    size_t len = 1U + (1U << width);
    size_t at = (size_t)(r->w.next - r->w.start);
    double value = cbor_float_get_float(item);
    r->good = r->good && r->input.len >= at + len && r->input.ptr[at] == first[width];
    if (!r->good) {
        return;
    }
    union {
        float narrow;
        double wide;
        uint8_t bytes[8];
    } bits = {.bytes = {0}};
    if (width == CBOR_FLOAT_16 || value != value) {
        gosc_write_bytes(&r->w, gosc_span_of(r->input.ptr + at, len));
        return;
    }
    if (width == CBOR_FLOAT_64) {
        bits.wide = value;
    } else {
        bits.narrow = cbor_float_get_float4(item);
    }
    gosc_write_u8(&r->w, first[width]);
    for (size_t i = len - 1; i > 0; i--) {
        gosc_write_u8(&r->w, bits.bytes[i - 1]); /* of a little-endian machine */
    }
}

static void write_item(rewrite *r, cbor_item_t *item, int depth);

/* Keys are compared as they are written. */
static void write_map(rewrite *r, cbor_item_t *item, int depth)
{
    static gosc_span keys[DEPTH_MAX][KEYS_MAX];
    size_t n = cbor_map_size(item);
    r->good = r->good && cbor_map_is_definite(item) && n <= KEYS_MAX;
    if (!r->good) {
        return;
    }
    gosc_cbor_write_head(&r->w, GOSC_CBOR_MAP, n);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *start = r->w.next;
        write_item(r, cbor_map_handle(item)[i].key, depth + 1);
        keys[depth][i] = gosc_span_of(start, (size_t)(r->w.next - start));
        for (size_t k = 0; k < i; k++) {
            r->key_twice = r->key_twice || gosc_span_equal(keys[depth][k], keys[depth][i]);
        }
        write_item(r, cbor_map_handle(item)[i].value, depth + 1);
    }
}

static void write_nested(rewrite *r, cbor_item_t *item, int depth)
{
    if (cbor_isa_tag(item)) {
        cbor_item_t *inner = cbor_tag_item(item);
        gosc_cbor_write_head(&r->w, GOSC_CBOR_TAG, cbor_tag_value(item));
        write_item(r, inner, depth + 1);
        cbor_decref(&inner);
    } else if (cbor_isa_array(item)) {
        r->good = r->good && cbor_array_is_definite(item);
        gosc_cbor_write_head(&r->w, GOSC_CBOR_ARRAY, cbor_array_size(item));
        for (size_t i = 0; i < cbor_array_size(item); i++) {
            write_item(r, cbor_array_handle(item)[i], depth + 1);
        }
    } else {
        write_map(r, item, depth);
    }
}

static void write_string(rewrite *r, uint8_t major, bool definite, const uint8_t *bytes, size_t len)
{
    r->good = r->good && definite;
    if (r->good) {
        gosc_cbor_write_head(&r->w, major, len);
        gosc_write_bytes(&r->w, (gosc_span){bytes, len});
    }
}

/* Writes an item; clears good for what has no deterministic form. Depth is bounded. */
static void write_item(rewrite *r, cbor_item_t *item, int depth)
{
    switch (cbor_typeof(item)) {
    case CBOR_TYPE_UINT:
    case CBOR_TYPE_NEGINT:
        gosc_cbor_write_head(&r->w, cbor_isa_uint(item) ? GOSC_CBOR_UINT : GOSC_CBOR_NINT,
                             cbor_get_int(item));
        return;
    case CBOR_TYPE_BYTESTRING: {
        bool definite = cbor_bytestring_is_definite(item);
        write_string(r, GOSC_CBOR_BSTR, definite, definite ? cbor_bytestring_handle(item) : NULL,
                     definite ? cbor_bytestring_length(item) : 0);
        return;
    }
    case CBOR_TYPE_STRING: {
        bool definite = cbor_string_is_definite(item);
        write_string(r, GOSC_CBOR_TSTR, definite, definite ? cbor_string_handle(item) : NULL,
                     definite ? cbor_string_length(item) : 0);
        return;
    }
    case CBOR_TYPE_FLOAT_CTRL:
        if (cbor_float_get_width(item) != CBOR_FLOAT_0) {
            write_float(r, item);
        } else {
            gosc_cbor_write_head(&r->w, GOSC_CBOR_SIMPLE, cbor_ctrl_value(item));
        }
        return;
    case CBOR_TYPE_ARRAY:
    case CBOR_TYPE_MAP:
    case CBOR_TYPE_TAG:
        r->good = r->good && depth < DEPTH_MAX;
        if (r->good) {
            write_nested(r, item, depth);
        }
        return;
    default:
        r->good = false;
    }
}

/* Well-formed (RFC 8949 section 3), and libcbor 0.8 refuses it: simple values without meaning, tags 6 to 20.
 * Only the byte is looked for, which excuses a string that has it too. */
static bool may_be_unknown(gosc_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t b = s.ptr[i];
        if ((b >= 0xe0 && b < 0xf4) || b == 0xf8 || (b >= 0xc6 && b <= 0xd4)) {
            return true;
        }
    }
    return false;
}

/* libcbor wants text to be UTF-8, we do not look at it: a copy with ASCII text, of bytes that we accept. */
static gosc_span with_ascii_text(gosc_span s)
{
    gosc_buf copy = fuzz_room(s.len);
    memcpy(copy.ptr, s.ptr, s.len);
    for (size_t at = 0; at < s.len;) {
        uint8_t major = s.ptr[at] / 32;
        uint8_t info = s.ptr[at] % 32;
        size_t n = info < 24 ? 0 : (size_t)1 << (info - 24);
        size_t value = n == 0 ? info : 0;
        for (size_t i = 0; i < n; i++) {
            value = value << 8 | s.ptr[at + 1 + i];
        }
        at += 1 + n;
        if (major == GOSC_CBOR_BSTR || major == GOSC_CBOR_TSTR) {
            for (size_t i = 0; i < value && major == GOSC_CBOR_TSTR; i++) {
                copy.ptr[at + i] &= 0x7f;
            }
            at += value;
        }
    }
    return gosc_span_of(copy.ptr, copy.len);
}

void fuzz_target(fuzz_input *in)
{
    gosc_span s = fuzz_rest(in);
    bool ours = gosc_cbor_check(s) == GOSC_OK;
    if (announces_much(s)) {
        return;
    }
    s = ours ? with_ascii_text(s) : s;
    struct cbor_load_result result;
    cbor_item_t *item = cbor_load(s.ptr, s.len, &result);
    FUZZ_CHECK(!ours || (item != NULL && result.read == s.len) || may_be_unknown(s),
               "libcbor reads what we accept");
    if (item == NULL) {
        return;
    }
    rewrite r = {.input = s, .good = result.read == s.len};
    gosc_writer_init(&r.w, fuzz_room(s.len));
    write_item(&r, item, 0);
    cbor_decref(&item);
    bool same = r.good && !r.w.failed && gosc_span_equal(gosc_writer_span(&r.w), s);
    bool limit = s.len > LEN_WITHOUT_LIMIT; /* the documented bound of time */
    FUZZ_CHECK(!ours || same || limit, "both read the same item");
    FUZZ_CHECK(ours || !same || r.key_twice || limit,
               "we accept what libcbor reads, when it is deterministic");
}
