/* SPDX-License-Identifier: BSD-2-Clause */
/* Deterministic CBOR against a second decoder with positions; what is read is written again. */
#include "common.h"

enum {
    /* No input this short can use up GOSC_CBOR_WORK_MAX: 2 * len * len heads are compared at most. */
    LEN_WITHOUT_LIMIT = 362,
    BAD = 0,
};

typedef struct head {
    uint8_t major, info;
    uint64_t value;
    size_t end; /* position behind it; BAD: none */
} head;

static head head_at(gosc_span s, size_t at)
{
    head h = {.end = BAD};
    if (at >= s.len) {
        return h;
    }
    h.major = s.ptr[at] / 32;
    h.info = s.ptr[at] % 32;
    h.value = h.info;
    size_t n = h.info < 24 ? 0 : h.info < 28 ? (size_t)1 << (h.info - 24) : SIZE_MAX;
    if (n > s.len - at - 1) {
        return h;
    }
    for (size_t i = 0; i < n; i++) {
        h.value = (i == 0 ? 0 : h.value << 8) | s.ptr[at + 1 + i];
    }
    static const uint64_t least[] = {24, 256, 65536, UINT64_C(4294967296)};
    bool is_float = h.major == 7 && h.info > 24;
    uint64_t wanted = n == 0 || is_float ? 0 : h.major == 7 ? 32 : least[h.info - 24];
    h.end = h.value >= wanted ? at + 1 + n : BAD;
    return h;
}

static size_t item_end(gosc_span s, size_t at, int depth, bool unique);

/* Whether the key in [at, end) is none of the keys of the map whose entries begin at first. */
static bool is_unique(gosc_span s, size_t first, size_t at, size_t end)
{
    for (size_t k = first; k < at;) {
        size_t key_end = item_end(s, k, 0, false);
        if (gosc_span_equal(gosc_span_of(s.ptr + k, key_end - k), gosc_span_of(s.ptr + at, end - at))) {
            return false;
        }
        k = item_end(s, key_end, 0, false);
    }
    return true;
}

/* The position behind an item, BAD when it is malformed. Depth is bounded, so this may call itself. */
static size_t item_end(gosc_span s, size_t at, int depth, bool unique)
{
    head h = head_at(s, at);
    bool nests = h.major >= 4 && h.major <= 6;
    if (h.end == BAD || (nests && depth == GOSC_CBOR_DEPTH_MAX)) {
        return BAD;
    }
    if (h.major == 2 || h.major == 3) {
        return h.value <= s.len - h.end ? h.end + (size_t)h.value : BAD;
    }
    uint64_t n = h.major == 6 ? 1 : nests ? h.value : 0;
    size_t end = h.end;
    for (uint64_t i = 0; i < n; i++) {
        size_t key = end;
        end = item_end(s, end, depth + 1, unique);
        if (h.major == 5 && end != BAD) {
            bool fresh = !unique || is_unique(s, h.end, key, end);
            end = fresh ? item_end(s, end, depth + 1, unique) : BAD;
        }
        if (end == BAD) {
            return BAD;
        }
    }
    return end;
}

/* Every head and string written anew gives the same bytes. */
static void check_rewrite(gosc_span s)
{
    gosc_writer w;
    gosc_writer_init(&w, fuzz_room(s.len));
    for (size_t at = 0; at < s.len;) {
        head h = head_at(s, at);
        gosc_span string = gosc_span_of(s.ptr + h.end, (size_t)h.value * (h.major == 2 || h.major == 3));
        bool is_float = h.major == 7 && h.info > 24;
        if (h.major < 2 && h.value <= INT64_MAX) {
            gosc_cbor_write_int(&w, h.major == 0 ? (int64_t)h.value : -1 - (int64_t)h.value);
        } else if (h.major == 2) {
            gosc_cbor_write_bstr(&w, string);
        } else if (h.major == 3) {
            gosc_cbor_write_tstr(&w, string);
        } else if (h.major == 7 && (h.value == 20 || h.value == 21) && !is_float) {
            gosc_cbor_write_bool(&w, h.value == 21);
        } else if (is_float) {
            gosc_write_bytes(&w, gosc_span_of(s.ptr + at, h.end - at));
        } else {
            gosc_cbor_write_head(&w, h.major, h.value);
        }
        at = h.end + string.len;
    }
    FUZZ_CHECK(!w.failed && gosc_span_equal(gosc_writer_span(&w), s), "what is read is written again");
}

/* The typed readers: each takes the first item when it is of its type, and only then. */
static void check_readers(gosc_span s, size_t end)
{
    head h = head_at(s, 0);
    gosc_reader r;
    gosc_reader_init(&r, s);
    FUZZ_CHECK(gosc_cbor_peek_major(&r) == (s.len == 0 ? 8 : s.ptr[0] / 32), "major type of the next item");
    int64_t number = gosc_cbor_read_int(&r);
    bool is_int = h.end != BAD && h.major < 2 && h.value <= INT64_MAX;
    FUZZ_CHECK(r.failed == !is_int, "an integer, or a refusal");
    FUZZ_CHECK(!is_int || number == (h.major == 0 ? (int64_t)h.value : -1 - (int64_t)h.value), "its value");
    gosc_reader_init(&r, s);
    gosc_span string = h.major == 3 ? gosc_cbor_read_tstr(&r) : gosc_cbor_read_bstr(&r);
    bool is_string = end != BAD && (h.major == 2 || h.major == 3);
    FUZZ_CHECK(r.failed == !is_string, "a string, or a refusal");
    FUZZ_CHECK(!is_string || (string.ptr == s.ptr + h.end && string.len == h.value), "its bytes");
}

/* Looks keys up in a map that passed, and counts the others. */
static void check_pick(gosc_span map, const int8_t labels[3])
{
    head h = head_at(map, 0);
    gosc_span wanted[3] = {GOSC_ABSENT, GOSC_ABSENT, GOSC_ABSENT};
    gosc_span found[3];
    size_t n_others = 0;
    size_t at = h.end;
    for (uint64_t i = 0; i < h.value; i++) {
        head k = head_at(map, at);
        size_t value = item_end(map, at, 1, false);
        bool named = false;
        at = item_end(map, value, 1, false);
        for (size_t n = 0; n < 3; n++) {
            int64_t label = labels[n];
            if (k.major == (label < 0) && k.value == (uint64_t)(label < 0 ? -1 - label : label)) {
                wanted[n] = gosc_span_of(map.ptr + value, at - value);
                named = true;
            }
        }
        n_others += !named;
    }
    const uint8_t keys[3] = {GOSC_CBOR_KEY(labels[0]), GOSC_CBOR_KEY(labels[1]), GOSC_CBOR_KEY(labels[2])};
    FUZZ_CHECK(gosc_cbor_map_pick(map, keys, 3, found) == n_others, "other pairs are counted");
    for (size_t n = 0; n < 3; n++) {
        FUZZ_CHECK(found[n].ptr == wanted[n].ptr && found[n].len == wanted[n].len,
                   "a key is found where it is, or not at all");
    }
}

void fuzz_target(fuzz_input *in)
{
    int8_t first = (int8_t)(fuzz_u8(in) % 45 - 24);
    const int8_t labels[3] = {first, (int8_t)(first + 1), (int8_t)(first + 3)};
    gosc_span s = fuzz_rest(in);
    gosc_reader r;
    size_t end = item_end(s, 0, 0, true);
    gosc_reader_init(&r, s);
    gosc_span item = gosc_cbor_skip(&r);
    bool limit = r.failed && end > LEN_WITHOUT_LIMIT; /* the documented bound of time */
    FUZZ_CHECK(limit || r.failed == (end == BAD), "both decoders accept the same");
    FUZZ_CHECK(r.failed || (item.ptr == s.ptr && item.len == end), "they take the same bytes");
    FUZZ_CHECK(limit || (gosc_cbor_check(s) == GOSC_OK) == (end != BAD && end == s.len),
               "one item and nothing behind it");
    check_readers(s, end);
    if (r.failed) {
        FUZZ_CHECK(item.ptr == NULL, "nothing is given on error");
        return;
    }
    gosc_span whole = fuzz_exact(item);
    FUZZ_CHECK(gosc_cbor_check(whole) == GOSC_OK, "an item taken out is an item");
    check_rewrite(whole);
    if (whole.ptr[0] / 32 == GOSC_CBOR_MAP) {
        check_pick(whole, labels);
    }
}
