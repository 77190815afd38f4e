/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deterministic CBOR: a table, every boundary of a head, and all cuts, flips and random items against a
 * recursive checker.
 */
#include "cbor.h"

#include "bytes.h"
#include "tap.h"

enum {
    N_RANDOM = 60000,
    ITEM_MAX = 40,
    DEEP = 10000,
    UNSORTED_GOOD = 400, /* pairs whose comparison stays below GOSC_CBOR_WORK_MAX */
    UNSORTED_BAD = 800,
};

static const struct {
    const char *text;
    const char *item;
    bool good;
} rows[] = {
    {"integers",
     "8a 00 17 1818 18ff 190100 19ffff 1a00010000 1b0000000100000000 1bffffffffffffffff 3bffffffffffffffff",
     true},
    {"O-3.2.1-04 24 in two bytes", "1818", true},
    {"O-3.2.1-04 23 in two bytes", "1817", false},
    {"O-3.2.1-04 255 in three bytes", "1900ff", false},
    {"O-3.2.1-04 65535 in five bytes", "1a0000ffff", false},
    {"O-3.2.1-04 2^32 - 1 in nine bytes", "1b00000000ffffffff", false},
    {"negative, long form", "3817", false},
    {"string of one byte, length in two (A34)", "580100", false},
    {"text of one byte, length in two", "780161", false},
    {"array, count in two bytes", "980100", false},
    {"map, count in two bytes", "b8010000", false},
    {"tag in two bytes", "d80000", false},
    {"tag 24", "d81800", true},
    {"nothing", "", false},
    {"two items", "0000", false},
    {"string", "4401020304", true},
    {"string cut", "44010203", false},
    {"empty string and text", "824060", true},
    {"text that is no UTF-8 is not looked at", "62ffff", true},
    {"length of 2^64 - 1 (A30)", "5bffffffffffffffff", false},
    {"length of 2^64 - 9 (A30)", "5bfffffffffffffff700", false},
    {"length of 2^32 - 1 (A30)", "5affffffff00", false},
    {"length of 2^32 wraps on a small machine (A30)", "5b000000010000000000", false},
    {"length of 2^32 + 1 wraps to one (A30)", "5b000000010000000100", false},
    {"array of 2^64 - 1", "9bffffffffffffffff00", false},
    {"map of 2^63 pairs", "bb800000000000000000", false},
    {"map of 2^31 pairs", "ba800000000000", false},
    {"map of 2^32 + 1 pairs", "bb00000001000000010000", false},
    {"array cut", "820000", true},
    {"array short of one", "8200", false},
    {"map short of a value", "a2000101", false},
    {"tag without content", "c1", false},
    {"break (A32)", "ff", false},
    {"break in an array (A32)", "81ff", false},
    {"indefinite string", "5f4100ff", false},
    {"indefinite text", "7f6161ff", false},
    {"indefinite array", "9f00ff", false},
    {"indefinite map", "bf0000ff", false},
    {"additional information 28", "1c", false},
    {"additional information 29", "1d", false},
    {"additional information 30", "1e", false},
    {"additional information 31", "1f", false},
    {"reserved in major 7", "fc00", false},
    {"false, true, null, undefined", "84f4f5f6f7", true},
    {"simple value 0", "e0", true},
    {"simple value 32 in two bytes", "f820", true},
    {"simple value 255", "f8ff", true},
    {"simple value 31 in two bytes", "f81f", false},
    {"false in two bytes", "f814", false},
    {"simple value cut", "f8", false},
    {"floats of the three widths", "83f93c00fa3f800000fb3ff0000000000000", true},
    {"float cut", "fb3ff00000000000", false},
    {"map", "a2 01 02 03 04", true},
    {"keys in any order", "a3 03 00 01 00 02 00", true},
    {"key twice", "a2 01 02 01 03", false},
    {"key twice, third and first", "a3 01 02 03 04 01 02", false},
    {"1 and -1 are two keys", "a2 01 00 20 00", true},
    {"string and text of the same bytes are two keys", "a2 4161 00 6161 00", true},
    {"string twice", "a2 4161 00 4161 01", false},
    {"arrays as keys", "a2 820102 00 820103 00", true},
    {"array as key twice", "a2 820102 00 820102 00", false},
    {"maps as keys", "a2 a201020304 05 a201020305 06", true},
    {"map as key twice", "a2 a201020304 05 a201020304 06", false},
    {"a value like a key", "a2 01 01 02 01", true},
    {"key twice in the inner map", "a1 01 a2 01 00 01 00", false},
    {"same key in inner and outer map", "a1 01 a1 01 00", true},
    {"key twice behind an inner map", "a3 01 a1 02 00 03 00 01 00", false},
    {"inner maps in a row, no key twice", "a2 01 a1 05 00 02 a1 05 00", true},
    {"key twice in a map in a key", "a1 a2 01 00 01 00 00", false},
    {"key twice in a map in a tag", "c1 a2 01 00 01 00", false},
    {"key twice in the last map", "82 a1 01 00 a2 01 00 01 00", false},
    {"empty map and array", "82a080", true},
    {"8 arrays deep", "8181818181818180", true},
    {"9 arrays deep (A31)", "818181818181818180", false},
    {"8 arrays deep, an integer inside", "818181818181818100", true},
    {"8 tags deep", "c1c1c1c1c1c1c1c100", true},
    {"9 tags deep", "c1c1c1c1c1c1c1c1c100", false},
    {"8 maps deep by key", "a1a1a1a1a1a1a1a1000000000000000000", true},
    {"9 maps deep by value", "a100a100a100a100a100a100a100a100a0", false},
    {"depth is given back", "82 81818181818180 81818181818180", true},
};

/* A recursive checker on indices: length of the item, 0 when it is malformed. */
static size_t model(const uint8_t *b, size_t len, int depth)
{
    if (len == 0) {
        return 0;
    }
    unsigned major = b[0] / 32;
    unsigned info = b[0] % 32;
    size_t at = 1;
    uint64_t value = info;
    if (info >= 24) {
        size_t more = info > 27 ? SIZE_MAX : (size_t)1 << (info - 24);
        if (more > len - 1) {
            return 0;
        }
        value = 0;
        for (; at <= more; at++) {
            value = value * 256 + b[at];
        }
        static const uint64_t least[] = {24, 256, 65536, UINT64_C(0x100000000)};
        if (value < (major == 7 ? (info == 24 ? 32 : 0) : least[info - 24])) {
            return 0;
        }
    }
    if (major < 2 || major == 7) {
        return at;
    }
    if (major < 4) {
        return value > len - at ? 0 : at + (size_t)value;
    }
    if (depth == GOSC_CBOR_DEPTH_MAX) {
        return 0;
    }
    uint64_t n_items = major == 6 ? 1 : value;
    size_t starts[ITEM_MAX];
    size_t ends[ITEM_MAX];
    for (uint64_t i = 0; i < n_items; i++) {
        size_t key = model(b + at, len - at, depth + 1);
        if (key == 0) {
            return 0;
        }
        if (major == 5) {
            starts[i] = at;
            ends[i] = at + key;
            for (uint64_t j = 0; j < i; j++) {
                if (ends[j] - starts[j] == key && memcmp(b + starts[j], b + at, key) == 0) {
                    return 0;
                }
            }
            size_t entry = model(b + at + key, len - at - key, depth + 1);
            if (entry == 0) {
                return 0;
            }
            key += entry;
        }
        at += key;
    }
    return at;
}

/* Takes item over. */
static bool judged_right(gosc_span item)
{
    size_t len = model(item.ptr, item.len, 0);
    bool good = gosc_cbor_check(item) == GOSC_OK;
    gosc_reader reader;
    gosc_reader_init(&reader, item);
    gosc_span taken = gosc_cbor_skip(&reader);
    bool right = good == (len > 0 && len == item.len) &&
                 (len > 0 ? !reader.failed && taken.ptr == item.ptr && taken.len == len
                          : reader.failed && taken.ptr == NULL);
    if (!right) {
        tap_note("item, wanted length", len, item.ptr, item.len);
    }
    bytes_free(item);
    return right;
}

static void table(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span item = bytes_hex(rows[i].item);
        tap_ok(gosc_cbor_check(item) == (rows[i].good ? GOSC_OK : GOSC_ERR_CBOR_MALFORMED), rows[i].text);
        bytes_free(item);
    }
}

static void cuts_and_flips(void)
{
    bool cuts = true;
    bool flips = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span item = bytes_hex(rows[i].item);
        for (size_t len = 0; len <= item.len; len++) {
            cuts = judged_right(bytes_copy(gosc_span_of(item.ptr, len))) && cuts;
        }
        for (size_t bit = 0; bit < 8 * item.len; bit++) {
            flips = judged_right(bytes_flip(item, bit)) && flips;
        }
        bytes_free(item);
    }
    tap_ok(cuts, "every cut is judged as by the model");
    tap_ok(flips, "every flipped bit is judged as by the model");

    bool random = true;
    int n_good = 0;
    for (int round = 0; round < N_RANDOM && random; round++) {
        uint8_t item[ITEM_MAX];
        size_t len = 1 + tap_random(ITEM_MAX - 1);
        for (size_t i = 0; i < len; i++) {
            /* Small containers and few keys: nesting and keys that stand twice are frequent. */
            item[i] = (uint8_t)(tap_random(8) == 0 ? tap_random(256) : tap_random(8) << 5 | tap_random(3));
        }
        n_good += model(item, len, 0) > 1;
        random = judged_right(bytes_copy(gosc_span_of(item, len)));
    }
    tap_ok(random && n_good > N_RANDOM / 10, "random items are judged as by the model");
}

static void heads(void)
{
    bool good = true;
    bool cut = true;
    for (int power = 0; power < 65; power++) {
        for (int off = -2; off < 3; off++) {
            uint64_t value = (power < 64 ? UINT64_C(1) << power : 0) + (uint64_t)(int64_t)off;
            uint8_t room[GOSC_CBOR_HEAD_MAX];
            gosc_writer writer;
            gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
            gosc_cbor_write_head(&writer, GOSC_CBOR_NINT, value);
            gosc_span head = bytes_copy(gosc_writer_span(&writer));
            size_t len = value < 24 ? 1 : value < 256 ? 2 : value < 65536 ? 3 : value <= UINT32_MAX ? 5 : 9;
            gosc_reader reader;
            uint8_t major;
            gosc_reader_init(&reader, head);
            good = good && head.len == len && gosc_cbor_head_len(value) == len &&
                   gosc_cbor_read_head(&reader, &major) == value && major == GOSC_CBOR_NINT && !reader.failed;
            gosc_reader_init(&reader, gosc_span_of(head.ptr, len - 1));
            cut = cut && gosc_cbor_read_head(&reader, &major) == 0 && reader.failed;
            gosc_writer_init(&writer, (gosc_buf){room, len - 1});
            gosc_cbor_write_head(&writer, GOSC_CBOR_NINT, value);
            cut = cut && writer.failed;
            bytes_free(head);
        }
    }
    tap_ok(good, "O-3.2.1-04 GO-3.4-07 heads at every power of two are the shortest and travel");
    tap_ok(cut, "heads that are cut, or have no room, fail");
}

/* What each reading function takes, and that it refuses what the others take. */
static void typed_reading(void)
{
    static const struct {
        const char *item;
        uint8_t major;
    } items[] = {{"05", 0},   {"24", 1},     {"4161", 2}, {"6161", 3},
                 {"8100", 4}, {"a10000", 5}, {"c100", 6}, {"f4", 7}};
    bool right = true;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        gosc_span item = bytes_hex(items[i].item);
        for (unsigned reads = 0; reads < 5; reads++) {
            gosc_reader reader;
            gosc_reader_init(&reader, item);
            right = right && gosc_cbor_peek_major(&reader) == items[i].major;
            unsigned major = items[i].major;
            bool takes = false;
            if (reads == 0) {
                int64_t number = gosc_cbor_read_int(&reader);
                takes = major < 2;
                right = right && number == (major == 0 ? 5 : major == 1 ? -5 : 0);
            } else if (reads == 1 || reads == 2) {
                gosc_span string = reads == 1 ? gosc_cbor_read_bstr(&reader) : gosc_cbor_read_tstr(&reader);
                takes = major == reads + 1;
                right = right && (takes ? bytes_equal_hex(string, "61") : string.ptr == NULL);
            } else {
                size_t n = reads == 3 ? gosc_cbor_read_array(&reader) : gosc_cbor_read_map(&reader);
                takes = major == reads + 1;
                right = right && n == takes;
            }
            right = right && reader.failed == !takes;
        }
        bytes_free(item);
    }
    tap_ok(right, "each reader takes its type alone (A33)");

    gosc_reader reader;
    gosc_reader_init(&reader, GOSC_EMPTY);
    tap_ok(gosc_cbor_peek_major(&reader) == 8, "at the end the type is 8");
    gosc_span item = bytes_hex("1b7fffffffffffffff 3b7fffffffffffffff 1b8000000000000000");
    gosc_reader_init(&reader, item);
    tap_ok(gosc_cbor_read_int(&reader) == INT64_MAX && gosc_cbor_read_int(&reader) == INT64_MIN &&
               !reader.failed,
           "int64 to its ends");
    tap_ok(gosc_cbor_read_int(&reader) == 0 && reader.failed && gosc_cbor_peek_major(&reader) == 8,
           "2^63 is no int64, and the failure stays");
    bytes_free(item);
    item = bytes_hex("3b8000000000000000");
    gosc_reader_init(&reader, item);
    tap_ok(gosc_cbor_read_int(&reader) == 0 && reader.failed, "-2^63 - 1 is no int64");
    bytes_free(item);
    item = bytes_hex("f820f93c00");
    uint8_t major;
    gosc_reader_init(&reader, item);
    tap_ok(gosc_cbor_read_head(&reader, &major) == 32 && major == 7 && !reader.failed,
           "simple value by its head");
    tap_ok(gosc_cbor_read_head(&reader, &major) == 0 && reader.failed, "a float is no simple value");
    bytes_free(item);
}

static void writing(void)
{
    uint8_t room[64];
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_cbor_write_int(&writer, 10);
    gosc_cbor_write_int(&writer, -8); /* E4 */
    gosc_cbor_write_int(&writer, -65534);
    gosc_cbor_write_int(&writer, INT64_MIN);
    tap_ok(bytes_equal_hex(gosc_writer_span(&writer), "0a2739fffd3b7fffffffffffffff"),
           "GO-3.4-07 integers, negative ones as -1 - n (E4)");
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_cbor_write_bstr(&writer, GOSC_EMPTY);
    gosc_cbor_write_bstr(&writer, GOSC_ABSENT);
    gosc_cbor_write_bstr(&writer, gosc_span_of("ab", 2));
    gosc_cbor_write_tstr(&writer, gosc_span_of("Key", 3));
    gosc_cbor_write_null(&writer);
    gosc_cbor_write_bool(&writer, true);
    gosc_cbor_write_bool(&writer, false);
    tap_ok(bytes_equal_hex(gosc_writer_span(&writer), "40f6426162634b6579f6f5f4"),
           "O-3.2.1-03 empty is h'', absent is null; GO-4.2-08 true and false");
}

/* n pairs with keys n-1 down to 0 of three bytes; `last` is the key of the last pair. */
static gosc_span falling_map(size_t n, size_t last)
{
    size_t len = 3 + 4 * n;
    uint8_t *room = bytes_room(len);
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, len});
    gosc_cbor_write_head(&writer, GOSC_CBOR_MAP, n);
    for (size_t i = n; i > 0; i--) {
        gosc_cbor_write_head(&writer, GOSC_CBOR_UINT, 1000 + (i > 1 ? i : last));
        gosc_cbor_write_null(&writer);
    }
    return gosc_span_of(room, len);
}

static void bounds(void)
{
    gosc_span map = falling_map(UNSORTED_GOOD, 1);
    tap_ok(gosc_cbor_check(map) == GOSC_OK, "400 keys in a map");
    bytes_free(map);
    map = falling_map(UNSORTED_GOOD, UNSORTED_GOOD);
    tap_ok(gosc_cbor_check(map) == GOSC_ERR_CBOR_MALFORMED, "the last of 400 keys equals the first");
    bytes_free(map);
    map = falling_map(UNSORTED_BAD, 1);
    tap_ok(gosc_cbor_check(map) == GOSC_ERR_CBOR_MALFORMED, "800 keys cost more than GOSC_CBOR_WORK_MAX");
    bytes_free(map);

    static const uint8_t openers[] = {0x81, 0xa1, 0xc1};
    bool deep = true;
    for (size_t i = 0; i < sizeof openers; i++) {
        uint8_t *room = bytes_room(DEEP);
        memset(room, openers[i], DEEP);
        deep = deep && gosc_cbor_check(gosc_span_of(room, DEEP)) == GOSC_ERR_CBOR_MALFORMED;
        bytes_free(gosc_span_of(room, DEEP));
    }
    tap_ok(deep, "10000 levels are refused without a stack of that depth (A31)");
}

static void finding(void)
{
    static const uint8_t labels[] = {GOSC_CBOR_KEY(1), GOSC_CBOR_KEY(-1), GOSC_CBOR_KEY(23),
                                     GOSC_CBOR_KEY(2), GOSC_CBOR_KEY(5),  GOSC_CBOR_KEY(-24)};
    gosc_span values[6];
    gosc_span map = bytes_hex("a7 01 02 20 4161 1903e8 80 6131 05 17 a10102 8101 07 37 6133");
    tap_ok(gosc_cbor_check(map) == GOSC_OK, "the map to search is good");
    tap_ok(gosc_cbor_map_pick(map, labels, 6, values) == 3, "the others are counted");
    tap_ok(bytes_equal_hex(values[0], "02") && bytes_equal_hex(values[1], "4161") &&
               bytes_equal_hex(values[2], "a10102") && bytes_equal_hex(values[5], "6133"),
           "integer keys of both signs are found");
    tap_ok(values[3].ptr == NULL && values[4].ptr == NULL, "values, text keys and keys inside are not found");
    static const uint8_t head[] = {0x19};
    tap_ok(gosc_cbor_map_pick(map, head, 1, values) == 7 && values[0].ptr == NULL,
           "the head of a longer key is no key");
    bytes_free(map);
    static const char *const others[] = {"a0", "8101", "01", "", "430102 03"};
    bool absent = true;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        gosc_span item = bytes_hex(others[i]);
        values[0] = GOSC_EMPTY;
        absent = absent && gosc_cbor_map_pick(item, labels, 1, values) == 0 && values[0].ptr == NULL;
        bytes_free(item);
    }
    tap_ok(absent && gosc_cbor_map_pick(GOSC_ABSENT, labels, 1, values) == 0 && values[0].ptr == NULL,
           "nothing is found in what is no map");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    table();
    cuts_and_flips();
    heads();
    typed_reading();
    writing();
    bounds();
    finding();
    return tap_done();
}
