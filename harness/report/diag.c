/* SPDX-License-Identifier: BSD-2-Clause */
#include "diag.h"

#include <inttypes.h>

enum {
    DEPTH_MAX = 8,
};

typedef struct level {
    uint64_t left;      /* items to come */
    bool is_map;        /* keys and values in turn */
    bool is_key;        /* a key was written just now */
    const uint8_t *end; /* NULL: a list or map; else an opened byte string that ends here */
} level;

typedef struct walk {
    FILE *file;
    const uint8_t *next, *end;
    level levels[DEPTH_MAX];
    size_t depth;
} walk;

/* read_head reads major type and argument of the next item. */
static bool read_head(walk *w, unsigned *major, uint64_t *value)
{
    if (w->next == w->end) {
        return false;
    }
    unsigned info = *w->next & 31U;
    *major = *w->next >> 5;
    w->next++;
    if (info < 24) {
        *value = info;
        return true;
    }
    size_t len = info <= 27 ? (size_t)1 << (info - 24) : 9;
    if (len > 8 || (size_t)(w->end - w->next) < len) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < len; i++) {
        *value = *value << 8 | *w->next++;
    }
    return true;
}

static void write_text(walk *w, const uint8_t *bytes, size_t len)
{
    (void)fputs("\"", w->file);
    for (size_t i = 0; i < len; i++) {
        bool plain = bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '<' && bytes[i] != '&' &&
                     bytes[i] != '"' && bytes[i] != '>';
        (void)fputc(plain ? bytes[i] : '?', w->file);
    }
    (void)fputs("\"", w->file);
}

static void write_bytes(walk *w, const uint8_t *bytes, size_t len)
{
    (void)fputs("h'", w->file);
    for (size_t i = 0; i < len; i++) {
        (void)fprintf(w->file, "%02x", bytes[i]);
    }
    (void)fputs("'", w->file);
}

static bool push(walk *w, level one)
{
    if (w->depth == DEPTH_MAX) {
        return false;
    }
    w->levels[w->depth++] = one;
    return true;
}

/* close_levels ends what is complete, and writes what stands before the next item. */
static void close_levels(walk *w)
{
    while (w->depth > 0 && w->levels[w->depth - 1].left == 0) {
        const level *top = &w->levels[--w->depth];
        (void)fputs(top->end != NULL ? "&gt;&gt;" : top->is_map ? "}" : "]", w->file);
    }
}

/* begin_item counts an item, and writes what stands before it. */
static void begin_item(walk *w, bool is_first)
{
    if (w->depth == 0) {
        return;
    }
    level *top = &w->levels[w->depth - 1];
    if (!is_first) {
        (void)fputs(top->is_map && top->is_key ? ": " : ", ", w->file);
    }
    top->left--;
    top->is_key = !top->is_key;
}

static bool write_string(walk *w, unsigned major, uint64_t len, bool *opened)
{
    const uint8_t *bytes = w->next;
    if ((uint64_t)(w->end - w->next) < len) {
        return false;
    }
    bool is_list =
        len > 1 && bytes[0] >> 5 == 4 && gosc_cbor_check(gosc_span_of(bytes, (size_t)len)) == GOSC_OK;
    *opened = major == 2 && is_list;
    if (*opened) {
        (void)fputs("&lt;&lt;", w->file);
        return push(w, (level){.left = 1, .end = bytes + len});
    }
    w->next += len;
    if (major == 2) {
        write_bytes(w, bytes, (size_t)len);
    } else {
        write_text(w, bytes, (size_t)len);
    }
    return true;
}

/* write_item writes one item, or the beginning of one; opened: the next item is the first in it. */
static bool write_item(walk *w, bool *opened)
{
    unsigned major;
    uint64_t value;
    *opened = false;
    if (!read_head(w, &major, &value)) {
        return false;
    }
    switch (major) {
    case 0:
        (void)fprintf(w->file, "%" PRIu64, value);
        return true;
    case 1:
        if (value > INT64_MAX) {
            return false;
        }
        (void)fprintf(w->file, "%" PRId64, -1 - (int64_t)value);
        return true;
    case 2:
    case 3:
        return write_string(w, major, value, opened);
    case 4:
    case 5:
        (void)fputs(major == 5 ? "{" : "[", w->file);
        *opened = value > 0;
        return value < 1024 && push(w, (level){.left = major == 5 ? 2 * value : value, .is_map = major == 5});
    case 7:
        if (value < 20 || value > 23) {
            return false;
        }
        (void)fputs(value == 20   ? "false"
                    : value == 21 ? "true"
                    : value == 22 ? "null"
                                  : "undefined",
                    w->file);
        return true;
    default:
        return false;
    }
}

bool rep_diag(FILE *file, gosc_span bytes)
{
    walk w = {.file = file, .next = bytes.ptr, .end = bytes.ptr + bytes.len};
    bool opened = true;
    if (bytes.len == 0) {
        return false;
    }
    do {
        begin_item(&w, opened);
        if (!write_item(&w, &opened)) {
            return false;
        }
        if (!opened) {
            close_levels(&w);
        }
    } while (w.depth > 0);
    return w.next == w.end;
}
