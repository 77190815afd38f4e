/* SPDX-License-Identifier: BSD-2-Clause */
/* Spans, reader and writer against a plain array with an index. */
#include "span.h"

#include "bytes.h"
#include "tap.h"

enum {
    N_ROUNDS = 2000,
    ROOM = 40,
    CANARY = 0xa5,
};

static void equality(void)
{
    gosc_span abc = gosc_span_of("abc", 3);
    tap_ok(gosc_span_equal(abc, gosc_span_of("abcd", 3)), "same bytes are equal");
    tap_ok(!gosc_span_equal(abc, gosc_span_of("abd", 3)), "a last byte that differs is seen");
    tap_ok(!gosc_span_equal(abc, gosc_span_of("abcd", 4)), "a prefix is not equal");
    tap_ok(gosc_span_equal(GOSC_EMPTY, gosc_span_of("x", 0)),
           "O-6.1-07 empty equals empty, wherever it lies");
    tap_ok(!gosc_span_equal(GOSC_EMPTY, GOSC_ABSENT), "O-6.1-07 empty is not absent");
    tap_ok(!gosc_span_equal(GOSC_ABSENT, GOSC_EMPTY), "O-6.1-07 absent is not empty");
    tap_ok(gosc_span_equal(GOSC_ABSENT, GOSC_ABSENT), "absent equals absent");
    tap_ok(gosc_span_present(GOSC_EMPTY) && !gosc_span_present(GOSC_ABSENT),
           "O-6.1-07 presence is the pointer");

    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    bool good = gosc_secret_equal(a, b, sizeof a);
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] = (uint8_t)(1U << bit % 8);
        good = good && !gosc_secret_equal(a, b, sizeof a) && gosc_secret_equal(a, b, bit / 8);
        b[bit / 8] = 0;
    }
    tap_ok(good, "gosc_secret_equal sees each single bit, and none beyond the length");
}

static void reader_edges(void)
{
    gosc_span bytes = bytes_hex("0102030405060708 09");
    gosc_reader reader;
    gosc_reader_init(&reader, bytes);
    tap_ok(gosc_read_u8(&reader) == 1 && gosc_reader_left(&reader) == 8, "a byte is taken from the front");
    tap_ok(gosc_read_be(&reader, 3) == 0x020304, "big endian");
    gosc_span none = gosc_read_bytes(&reader, 0);
    tap_ok(none.ptr == bytes.ptr + 4 && none.len == 0 && !reader.failed,
           "O-6.1-07 no bytes are present and empty");
    tap_ok(gosc_read_bytes(&reader, 6).ptr == NULL && reader.failed, "O-6.1-05 one byte too many fails");
    tap_ok(gosc_read_u8(&reader) == 0 && gosc_read_be(&reader, 1) == 0 &&
               gosc_read_bytes(&reader, 0).ptr == NULL && gosc_read_rest(&reader).ptr == NULL &&
               reader.failed,
           "O-6.1-05 a failure stays: zero and absent from then on");

    gosc_reader_init(&reader, bytes);
    (void)gosc_read_u8(&reader);
    tap_ok(gosc_read_bytes(&reader, SIZE_MAX).ptr == NULL && reader.failed,
           "O-6.1-06 a length that would wrap fails");
    gosc_reader_init(&reader, bytes);
    tap_ok(gosc_read_be(&reader, 8) == UINT64_C(0x0102030405060708), "eight bytes fill the number");
    tap_ok(gosc_read_be(&reader, 2) == 0 && reader.failed, "O-6.1-05 a number that is cut fails");
    gosc_reader_init(&reader, bytes);
    tap_ok(gosc_span_equal(gosc_read_rest(&reader), bytes) && gosc_read_rest(&reader).len == 0 &&
               !reader.failed,
           "the rest is everything, then nothing");
    gosc_reader_init(&reader, GOSC_ABSENT);
    tap_ok(gosc_reader_left(&reader) == 0 && gosc_read_rest(&reader).ptr != NULL && !reader.failed,
           "an absent span reads as an empty one");
    tap_ok(gosc_read_u8(&reader) == 0 && reader.failed, "O-6.1-10 no byte is read from nothing");
    bytes_free(bytes);
}

static void reader_model(void)
{
    uint8_t data[ROOM];
    bool good = true;
    for (int round = 0; round < N_ROUNDS && good; round++) {
        size_t len = tap_random(ROOM);
        for (size_t i = 0; i < len; i++) {
            data[i] = (uint8_t)tap_random(256);
        }
        gosc_span bytes = bytes_copy(gosc_span_of(data, len));
        gosc_reader reader;
        gosc_reader_init(&reader, bytes);
        size_t at = 0;
        bool failed = false;
        for (int step = 0; step < 12 && good; step++) {
            size_t take = 1 + tap_random(8);
            bool fits = !failed && take <= len - at;
            uint64_t number = 0;
            for (size_t i = 0; fits && i < take; i++) {
                number = number * 256 + data[at + i];
            }
            if (tap_random(2) == 0) {
                good = gosc_read_be(&reader, take) == number;
            } else {
                gosc_span got = gosc_read_bytes(&reader, take);
                good = fits ? got.len == take && memcmp(got.ptr, data + at, take) == 0 : got.ptr == NULL;
            }
            failed = failed || !fits;
            at += fits ? take : 0;
            good = good && reader.failed == failed && gosc_reader_left(&reader) == len - at;
        }
        bytes_free(bytes);
    }
    tap_ok(good, "O-6.1-05 reader agrees with an index into an array");
}

static void writer_edges(void)
{
    uint8_t room[5] = {CANARY, CANARY, CANARY, CANARY, CANARY};
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, 4});
    gosc_write_be(&writer, UINT64_C(0xffffff010203), 3);
    tap_ok(bytes_equal_hex(gosc_writer_span(&writer), "010203"), "low bytes, big endian");
    gosc_write_bytes(&writer, GOSC_ABSENT);
    gosc_write_bytes(&writer, GOSC_EMPTY);
    tap_ok(gosc_writer_span(&writer).len == 3 && !writer.failed, "absent and empty write nothing");
    gosc_write_be(&writer, 0x1234, 2);
    tap_ok(writer.failed && gosc_writer_span(&writer).len == 3 && room[3] == CANARY,
           "no room: nothing of it is written");
    gosc_write_u8(&writer, 1);
    gosc_write_bytes(&writer, gosc_span_of("a", 1));
    tap_ok(gosc_write_room(&writer, 0) == NULL && gosc_writer_span(&writer).len == 3 && room[3] == CANARY,
           "a failure stays, also for what would fit");
    gosc_writer_init(&writer, (gosc_buf){room, 4});
    tap_ok(gosc_write_room(&writer, SIZE_MAX) == NULL && writer.failed, "a length that would wrap fails");
    gosc_writer_init(&writer, (gosc_buf){room, 4});
    uint8_t *reserved = gosc_write_room(&writer, 4);
    tap_ok(reserved == room && !writer.failed, "all room may be reserved");
    gosc_write_u8(&writer, 1);
    tap_ok(writer.failed && room[4] == CANARY, "the byte behind the room is not touched");
}

static void writer_model(void)
{
    bool good = true;
    for (int round = 0; round < N_ROUNDS && good; round++) {
        size_t len = tap_random(ROOM);
        uint8_t *room = bytes_room(len);
        uint8_t model[ROOM];
        size_t at = 0;
        bool failed = false;
        gosc_writer writer;
        gosc_writer_init(&writer, (gosc_buf){room, len});
        for (int step = 0; step < 12; step++) {
            size_t put = 1 + tap_random(8);
            uint64_t value = (uint64_t)tap_random(UINT64_C(1) << 32) << 32 | tap_random(UINT64_C(1) << 32);
            failed = failed || put > len - at;
            for (size_t i = 0; !failed && i < put; i++) {
                model[at++] = (uint8_t)(value >> (8 * (put - 1 - i)));
            }
            gosc_write_be(&writer, value, put);
        }
        gosc_span written = gosc_writer_span(&writer);
        good = writer.failed == failed && gosc_span_equal(written, gosc_span_of(model, at));
        bytes_free(gosc_span_of(room, len));
    }
    tap_ok(good, "writer agrees with an index into an array");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    equality();
    reader_edges();
    reader_model();
    writer_edges();
    writer_model();
    return tap_done();
}
