/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The value of the OSCORE option in the three dialects: a table, then every flag byte at every length against
 * a second decoder.
 */
#include "oscore_option.h"

#include "bytes.h"
#include "tap.h"

/* Flags known and demanded, as the dialects have them. */
enum {
    PLAIN = 0x1f,
    GROUP = 0x3f,
    OLD = 0x28,
    N_RANDOM = 20000,
    SIGNATURE_LEN = 64,
};

/* NULL: absent; number: of the Partial IV. */
static const struct {
    const char *text;
    const char *value;
    uint8_t allowed;
    uint8_t required;
    bool good;
    const char *partial_iv;
    uint64_t number;
    const char *kid_context;
    const char *kid;
} rows[] = {
    {"O-6.1-01 option of C.4", "0914", PLAIN, 0, true, "14", 0x14, NULL, ""},
    {"O-6.1-01 option of C.5", "091400", PLAIN, 0, true, "14", 0x14, NULL, "00"},
    {"O-6.1-01 option of C.6", "19140837cbf3210017a2d3", PLAIN, 0, true, "14", 0x14, "37cbf3210017a2d3", ""},
    {"O-6.1-01 option of C.8", "0100", PLAIN, 0, true, "00", 0, NULL, NULL},
    {"O-2-01 O-6.1-10 empty value", "", PLAIN, 0, true, NULL, 0, NULL, NULL},
    {"O-6.1-09 one zero byte is no kid and no Partial IV", "00", PLAIN, 0, true, NULL, 0, NULL, NULL},
    {"GO-4.3.1-01 group request", "39050344616c25", GROUP, 0, true, "05", 5, "44616c", "25"},
    {"GO-4.3.1-02 group response", "2852", GROUP, 0, true, NULL, 0, NULL, "52"},
    {"GO-4.3.2-01 pairwise request", "19050344616c25", GROUP, 0, true, "05", 5, "44616c", "25"},
    {"O-6.1-03 bit 0x20 in plain OSCORE", "290500", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-03 bit 0x40", "490500", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-03 bit 0x80", "890500", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"GO-4.1-08 bit 0x40 in a group", "790500", GROUP, 0, false, NULL, 0, NULL, NULL},
    {"GO-4.1-08 bit 0x80 in a group", "b90500", GROUP, 0, false, NULL, 0, NULL, NULL},
    {"Partial IV of 5 bytes", "0dffffffffff01", PLAIN, 0, true, "ffffffffff", GOSC_PARTIAL_IV_LIMIT, NULL,
     "01"},
    {"O-5-05 leading zeros: the bytes stay, the number counts", "0d000000000501", PLAIN, 0, true,
     "0000000005", 5, NULL, "01"},
    {"O-5-03 big endian (C1)", "0a0100", PLAIN, 0, true, "0100", 256, NULL, ""},
    {"top bit of a Partial IV is no sign (C5)", "0980", PLAIN, 0, true, "80", 128, NULL, ""},
    {"O-6.1-04 n is 6", "0e010203040506", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-04 n is 7", "0f01020304050607", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"GO-4.1-09 n is 6 in a group", "3e01020304050600", GROUP, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-05 n is 5, four bytes follow", "0d01020304", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-05 n is 1, nothing follows", "09", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-06 h without its length byte (A1)", "1100", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-06 h alone (A1)", "10", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-06 kid context runs one byte past the end", "190003aabb", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-06 s is 255 with few bytes", "1900ffaabb", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-07 s is 0: kid context present and empty", "190000", PLAIN, 0, true, "00", 0, "", ""},
    {"O-6.1-07 nothing behind k: kid present and empty", "08", PLAIN, 0, true, NULL, 0, NULL, ""},
    {"O-6.1-08 a byte left over", "010005", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-08 a byte left over behind a kid context", "110001aa05", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-08 a byte behind a zero byte", "0005", PLAIN, 0, false, NULL, 0, NULL, NULL},
    {"O-6.1-11 kid is the rest", "0900 0102030405060708", PLAIN, 0, true, "00", 0, NULL, "0102030405060708"},
    {"G02-3-06 kid flag missing", "2100", GROUP, OLD, false, NULL, 0, NULL, NULL},
    {"G02-3-09 signature flag missing", "0900", GROUP, OLD, false, NULL, 0, NULL, NULL},
    {"G02-3-09 empty value", "", GROUP, OLD, false, NULL, 0, NULL, NULL},
    {"G02-3-11 both there, the tail is not split yet", "2900aabb", GROUP, OLD, true, "00", 0, NULL, "aabb"},
};

static bool span_is(gosc_span span, const char *hex)
{
    return hex == NULL ? span.ptr == NULL : bytes_equal_hex(span, hex);
}

/* Encoded again, a value is the same; only a lone zero byte becomes the empty value. */
static bool holds(gosc_span value, const gosc_oscore_option *option)
{
    const gosc_span parts[] = {option->partial_iv_bytes, option->kid_context, option->kid, option->signature};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!bytes_inside(parts[i], value)) {
            return false;
        }
    }
    uint8_t *room = bytes_room(value.len);
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, value.len});
    gosc_oscore_option_write(&writer, option, option->flags & GOSC_FLAG_GROUP);
    gosc_span again = gosc_writer_span(&writer);
    bool lone_zero = value.len == 1 && value.ptr[0] == 0;
    bool good = !writer.failed && (lone_zero ? again.len == 0 : gosc_span_equal(again, value));
    bytes_free(gosc_span_of(room, value.len));
    return good;
}

/* A second decoder; takes value over. */
static bool judged_right(gosc_span value, uint8_t allowed, uint8_t required)
{
    gosc_oscore_option option;
    gosc_err err = gosc_oscore_option_parse(value, allowed, required, &option);
    uint8_t flags = value.len > 0 ? value.ptr[0] : 0;
    size_t n = flags % 8;
    size_t context_at = 1 + n;
    size_t end = value.len > 0 ? context_at : 0;
    bool good = value.len < 256 && n < 6 && (flags & (uint8_t)~allowed) == 0 &&
                (flags & required) == required && value.len >= end;
    if (good && flags & 0x10) {
        good = value.len > context_at && value.len - context_at - 1 >= value.ptr[context_at];
        end = good ? context_at + 1 + value.ptr[context_at] : end;
    }
    good = good && (flags & 8 || end == value.len);
    bool right = good ? err == GOSC_OK && holds(value, &option) : err == GOSC_ERR_OPTION_MALFORMED;
    if (right && good) {
        uint64_t number = 0;
        for (size_t i = 0; i < n; i++) {
            number = number * 256 + value.ptr[1 + i];
        }
        right = option.flags == flags && option.partial_iv.number == number && option.signature.ptr == NULL &&
                (n == 0 ? option.partial_iv_bytes.ptr == NULL : option.partial_iv_bytes.len == n) &&
                (option.kid_context.ptr != NULL) == ((flags & 0x10) != 0) &&
                (option.kid.ptr != NULL) == ((flags & 8) != 0) &&
                (option.kid.ptr == NULL || option.kid.len == value.len - end);
    }
    if (!right) {
        tap_note("value", (uint64_t)err, value.ptr, value.len);
    }
    bytes_free(value);
    return right;
}

static void table(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span value = bytes_hex(rows[i].value);
        gosc_oscore_option option;
        gosc_err err = gosc_oscore_option_parse(value, rows[i].allowed, rows[i].required, &option);
        bool right = err == GOSC_ERR_OPTION_MALFORMED && !rows[i].good;
        if (rows[i].good && err == GOSC_OK) {
            right = span_is(option.partial_iv_bytes, rows[i].partial_iv) &&
                    option.partial_iv.number == rows[i].number &&
                    span_is(option.kid_context, rows[i].kid_context) && span_is(option.kid, rows[i].kid) &&
                    holds(value, &option);
        }
        tap_ok(right, rows[i].text);
        bytes_free(value);
    }
}

static void exhaustive(void)
{
    static const uint8_t dialects[][2] = {{PLAIN, 0}, {GROUP, OLD}, {GROUP, 0}};
    bool cuts = true;
    bool flips = true;
    bool all = true;
    for (size_t d = 0; d < sizeof dialects / sizeof dialects[0]; d++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            gosc_span value = bytes_hex(rows[i].value);
            for (size_t len = 0; len < value.len; len++) {
                gosc_span cut = bytes_copy(gosc_span_of(value.ptr, len));
                cuts = judged_right(cut, dialects[d][0], dialects[d][1]) && cuts;
            }
            for (size_t bit = 0; bit < 8 * value.len; bit++) {
                flips = judged_right(bytes_flip(value, bit), dialects[d][0], dialects[d][1]) && flips;
            }
            bytes_free(value);
        }
        /* Every flag byte, every length byte that matters, every length. */
        uint8_t value[20] = {0};
        for (unsigned flags = 0; flags < 256; flags++) {
            for (unsigned s = 0; s < 20; s++) {
                memset(value, (int)s, sizeof value);
                value[0] = (uint8_t)flags;
                for (size_t len = 0; len <= sizeof value; len++) {
                    gosc_span copy = bytes_copy(gosc_span_of(value, len));
                    all = judged_right(copy, dialects[d][0], dialects[d][1]) && all;
                }
            }
        }
    }
    tap_ok(cuts, "O-6.1-05 GO-4.1-10 every cut is judged as by the model");
    tap_ok(flips, "O-6.1-03 GO-4.1-10 every flipped bit is judged as by the model");
    tap_ok(all, "O-6.1-06 G02-3-12 every flag byte at every length is judged as by the model");

    uint8_t value[300];
    memset(value, 7, sizeof value);
    value[0] = 0x08;
    gosc_oscore_option option;
    gosc_span most = bytes_copy(gosc_span_of(value, 255));
    gosc_span more = bytes_copy(gosc_span_of(value, 256));
    tap_ok(gosc_oscore_option_parse(most, PLAIN, 0, &option) == GOSC_OK && option.kid.len == 254,
           "O-2-06 a value of 255 bytes is read");
    tap_ok(gosc_oscore_option_parse(more, PLAIN, 0, &option) == GOSC_ERR_OPTION_MALFORMED,
           "O-2-06 a value of 256 bytes is malformed");
    bytes_free(most);
    bytes_free(more);
}

/* The tail of a -02 option: signature, then kid. */
static void splitting(void)
{
    uint8_t value[3 + SIGNATURE_LEN + 8] = {0x29, 5};
    memset(value + 2, 0x5a, SIGNATURE_LEN);
    memset(value + 2 + SIGNATURE_LEN, 0xc1, 8);
    bool good = true;
    for (size_t tail = 0; tail <= SIGNATURE_LEN + 8; tail++) {
        gosc_span copy = bytes_copy(gosc_span_of(value, 2 + tail));
        gosc_oscore_option option = {0};
        good =
            good && gosc_oscore_option_parse(copy, GROUP, OLD, &option) == GOSC_OK && option.kid.len == tail;
        gosc_oscore_option before = option;
        gosc_err err = gosc_oscore_option_split(&option, SIGNATURE_LEN);
        if (tail < SIGNATURE_LEN) {
            good = good && err == GOSC_ERR_OPTION_MALFORMED && gosc_span_equal(option.kid, before.kid) &&
                   option.signature.ptr == NULL;
        } else {
            good =
                good && err == GOSC_OK &&
                gosc_span_equal(option.signature, gosc_span_of(value + 2, SIGNATURE_LEN)) &&
                option.kid.ptr != NULL &&
                gosc_span_equal(option.kid, gosc_span_of(value + 2 + SIGNATURE_LEN, tail - SIGNATURE_LEN)) &&
                holds(copy, &option);
        }
        good = good &&
               gosc_oscore_option_check_kid(&before) == (tail <= 7 ? GOSC_OK : GOSC_ERR_OPTION_MALFORMED);
        bytes_free(copy);
    }
    tap_ok(good, "G02-3-11 G02-3-12 signature of 64 bytes is cut off, one byte less is malformed");

    gosc_oscore_option option = {.kid = gosc_span_of(value, 7)};
    tap_ok(gosc_oscore_option_check_kid(&option) == GOSC_OK, "G02-3-14 kid of 7 bytes");
    option.kid.len = 8;
    tap_ok(gosc_oscore_option_check_kid(&option) == GOSC_ERR_OPTION_MALFORMED,
           "G02-3-14 kid of 8 bytes is malformed");
    option.kid = GOSC_ABSENT;
    tap_ok(gosc_oscore_option_check_kid(&option) == GOSC_OK, "no kid is not too long");
    option.kid = gosc_span_of(value, 3);
    tap_ok(gosc_oscore_option_split(&option, SIZE_MAX) == GOSC_ERR_OPTION_MALFORMED,
           "a length that would wrap fails");
}

static void partial_iv(void)
{
    static const struct {
        uint64_t number;
        const char *bytes;
    } pairs[] = {
        {0, "00"},
        {1, "01"},
        {255, "ff"},
        {256, "0100"},
        {65535, "ffff"},
        {65536, "010000"},
        {0x10100, "010100"},
        {0xffffff, "ffffff"},
        {0x1000000, "01000000"},
        {UINT64_C(0xffffffff), "ffffffff"},
        {UINT64_C(0x100000000), "0100000000"},
        {GOSC_PARTIAL_IV_LIMIT, "ffffffffff"},
    };
    bool table = true;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        uint8_t out[GOSC_PARTIAL_IV_MAX];
        size_t len = gosc_partial_iv_encode((gosc_partial_iv){pairs[i].number}, out);
        table = table && bytes_equal_hex(gosc_span_of(out, len), pairs[i].bytes);
    }
    tap_ok(table, "O-5-03 GO-4.1-15 shortest form at every boundary, 0 is one zero byte (C6, C7)");

    uint8_t exact[GOSC_PARTIAL_IV_MAX + 1] = {0};
    tap_ok(gosc_partial_iv_encode((gosc_partial_iv){UINT64_MAX}, exact) == 5 && exact[5] == 0,
           "O-7.2.1-01 a number beyond 2^40 - 1 does not overrun the five bytes");

    bool travels = true;
    for (int round = 0; round < N_RANDOM; round++) {
        uint64_t number = ((uint64_t)tap_random(256) << 32 | tap_random(UINT64_C(1) << 32)) >> tap_random(40);
        uint8_t out[1 + GOSC_PARTIAL_IV_MAX];
        size_t len = gosc_partial_iv_encode((gosc_partial_iv){number}, out + 1);
        out[0] = (uint8_t)len;
        gosc_oscore_option option;
        travels = travels &&
                  gosc_oscore_option_parse(gosc_span_of(out, 1 + len), PLAIN, 0, &option) == GOSC_OK &&
                  option.partial_iv.number == number && (len == 1 || out[1] != 0);
    }
    tap_ok(travels, "O-5-03 every number travels and has no leading zero");
}

static void writing(void)
{
    uint8_t room[256];
    uint8_t long_bytes[256] = {0};
    gosc_writer writer;
    gosc_oscore_option option = {.kid_context = gosc_span_of(long_bytes, 252), .kid = gosc_span_of("k", 1)};
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_oscore_option_write(&writer, &option, 0);
    tap_ok(!writer.failed && gosc_writer_span(&writer).len == 255, "O-2-06 a value of 255 bytes is written");
    option.kid_context.len = 253;
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_oscore_option_write(&writer, &option, 0);
    tap_ok(writer.failed && gosc_writer_span(&writer).len == 0, "O-2-06 a value of 256 bytes is not written");
    option = (gosc_oscore_option){.partial_iv_bytes = gosc_span_of(long_bytes, 6)};
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_oscore_option_write(&writer, &option, 0);
    tap_ok(writer.failed, "O-6.1-04 a Partial IV of 6 bytes is not written");
    option = (gosc_oscore_option){.flags = 0xff};
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_oscore_option_write(&writer, &option, 0);
    tap_ok(!writer.failed && gosc_writer_span(&writer).len == 0, "O-2-01 no field is an empty value");
    gosc_oscore_option_write(&writer, &option, GOSC_FLAG_GROUP);
    tap_ok(bytes_equal_hex(gosc_writer_span(&writer), "20"), "GO-4.1-04 the Group Flag alone is a byte");

    gosc_span value = bytes_hex("39050344616c25");
    bool failing = gosc_oscore_option_parse(value, GROUP, 0, &option) == GOSC_OK;
    for (size_t len = 0; len < value.len; len++) {
        uint8_t *exact = bytes_room(len);
        gosc_writer_init(&writer, (gosc_buf){exact, len});
        gosc_oscore_option_write(&writer, &option, GOSC_FLAG_GROUP);
        failing = failing && writer.failed;
        bytes_free(gosc_span_of(exact, len));
    }
    tap_ok(failing, "every room too small fails");
    bytes_free(value);
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    table();
    exhaustive();
    splitting();
    partial_iv();
    writing();
    return tap_done();
}
