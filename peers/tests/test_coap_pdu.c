/* SPDX-License-Identifier: BSD-2-Clause */
/* CoAP messages: a table, then all cuts and flips of good messages, and a second decoder in step. */
#include "coap_pdu.h"

#include "bytes.h"
#include "tap.h"

enum {
    N_RANDOM = 40000,
    MESSAGE_MAX = 64,
    LONGEST = 65535 + 269, /* largest option value there is */
};

static const struct {
    const char *text;
    const char *message;
    bool good;
} rows[] = {
    {"O-8.1-01 request of C.4", "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e",
     true},
    {"O-8.3-02 response of C.7", "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106", true},
    {"empty message", "70000001", true},
    {"every type goes with every code", "50ff1234", true},
    {"O-5.3-02 nothing", "", false},
    {"O-5.3-02 three bytes", "400100", false},
    {"version 0", "00010001", false},
    {"version 2", "80010001", false},
    {"version 3", "c0010001", false},
    {"token of 8 bytes", "480100010102030405060708", true},
    {"token of 9 bytes (A15)", "49010001010203040506070809", false},
    {"TKL 13 (A15)", "4d01000100000000000000000000000000000000", false},
    {"TKL 15 (A15)", "4f01000100000000000000000000000000000000", false},
    {"token cut (A15)", "4201000101", false},
    {"empty message with a token", "4100000101", false},
    {"empty message with a payload", "40000001ff01", false},
    {"empty message with an option", "40000001b0", false},
    {"payload", "40010001ff00", true},
    {"payload that looks like another marker", "40010001ffff", true},
    {"O-5.3-02 O-2-02 marker without payload", "40010001ff", false},
    {"O-5.3-02 marker without payload behind an option", "4001000160ff", false},
    {"empty option at the end is good (A13)", "40010001b0", true},
    {"O-5.3-02 delta nibble 15", "40010001f0", false},
    {"O-5.3-02 delta nibble 15 with bytes behind", "40010001f1000000", false},
    {"O-5.3-02 length nibble 15", "400100010f000000000000000000000000000000", false},
    {"O-5.3-02 value cut (A3)", "40010001b461", false},
    {"O-5.3-02 delta of one more byte cut", "40010001d0", false},
    {"O-5.3-02 delta of two more bytes cut", "40010001e000", false},
    {"O-5.3-02 length of one more byte cut", "400100010d", false},
    {"O-5.3-02 length of two more bytes cut", "400100010e00", false},
    {"O-5.3-02 length of two more bytes, value missing", "400100010e0000", false},
    {"delta 13 in its one form", "40010001d000", true},
    {"delta 269 in its one form", "40010001e00000", true},
    {"option 65535", "40010001e0fef2", true},
    {"O-5.3-02 option 65536 (A2)", "40010001e0fef3", false},
    {"O-5.3-02 delta 65804 wraps 16 bits to 268 (A22)", "40010001e0ffff", false},
    {"option 65535 by two deltas", "40010001e0fef1 10", true},
    {"O-5.3-02 65536 by two deltas (A2)", "40010001e0fef2 10", false},
    {"O-5.3-02 65535 + 65535 wraps to 65534 (A2)", "40010001e0fef2e0fef2", false},
    {"the same number again", "40010001e0fef2 00 00", true},
};

/* Written anew, option by option, a good message gives the same bytes: there is one encoding only. */
static bool holds(gosc_span message, const gosc_coap_pdu *pdu)
{
    if (!bytes_inside(pdu->token, message) || !bytes_inside(pdu->options, message) ||
        !bytes_inside(pdu->payload, message) || pdu->token.ptr == NULL || pdu->options.ptr == NULL ||
        (pdu->payload.ptr != NULL && pdu->payload.len == 0) || pdu->token.len > GOSC_COAP_TOKEN_MAX) {
        return false;
    }
    uint8_t *room = bytes_room(message.len);
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, message.len});
    gosc_coap_pdu_write(&writer, pdu);
    bool same = !writer.failed && gosc_span_equal(gosc_writer_span(&writer), message);

    gosc_writer_init(&writer, (gosc_buf){room, message.len});
    gosc_option_iter iter;
    gosc_coap_option option;
    uint16_t previous = 0;
    gosc_option_iter_init(&iter, pdu->options);
    while (gosc_option_next(&iter, &option)) {
        same = same && bytes_inside(option.value, pdu->options) && option.value.ptr != NULL &&
               option.number >= previous;
        gosc_option_write(&writer, &previous, option.number, option.value);
    }
    same = same && !iter.reader.failed && gosc_span_equal(gosc_writer_span(&writer), pdu->options);
    bytes_free(gosc_span_of(room, message.len));
    return same;
}

/* A second decoder, on indices. */
static bool model(gosc_span m)
{
    const uint8_t *b = m.ptr;
    if (m.len < 4 || b[0] / 64 != 1 || b[0] % 16 > 8 || m.len < 4U + b[0] % 16) {
        return false;
    }
    if (b[1] == 0) {
        return m.len == 4;
    }
    size_t at = 4U + b[0] % 16;
    size_t number = 0;
    while (at < m.len) {
        if (b[at] == 255) {
            return at + 1 < m.len;
        }
        size_t part[2] = {b[at] / 16, b[at] % 16};
        at++;
        for (int i = 0; i < 2; i++) {
            size_t more = part[i] == 13 ? 1 : part[i] == 14 ? 2 : 0;
            if (part[i] == 15 || more > m.len - at) {
                return false;
            }
            if (more > 0) {
                part[i] = more == 1 ? 13U + b[at] : 269U + b[at] * 256U + b[at + 1];
            }
            at += more;
        }
        number += part[0];
        if (number > 65535 || part[1] > m.len - at) {
            return false;
        }
        at += part[1];
    }
    return true;
}

/* Takes message over. */
static bool judged_right(gosc_span message)
{
    gosc_coap_pdu pdu;
    gosc_err err = gosc_coap_pdu_parse(message, &pdu);
    bool right = model(message) ? err == GOSC_OK && holds(message, &pdu) : err == GOSC_ERR_COAP_MALFORMED;
    if (!right) {
        tap_note("message", (uint64_t)err, message.ptr, message.len);
    }
    bytes_free(message);
    return right;
}

static void table(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span message = bytes_hex(rows[i].message);
        gosc_coap_pdu pdu;
        gosc_err err = gosc_coap_pdu_parse(message, &pdu);
        tap_ok(rows[i].good ? err == GOSC_OK && holds(message, &pdu) : err == GOSC_ERR_COAP_MALFORMED,
               rows[i].text);
        bytes_free(message);
    }
}

static void cuts_and_flips(void)
{
    bool cuts = true;
    bool flips = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span message = bytes_hex(rows[i].message);
        for (size_t len = 0; len < message.len; len++) {
            cuts = judged_right(bytes_copy(gosc_span_of(message.ptr, len))) && cuts;
        }
        for (size_t bit = 0; bit < 8 * message.len; bit++) {
            flips = judged_right(bytes_flip(message, bit)) && flips;
        }
        bytes_free(message);
    }
    tap_ok(cuts, "O-5.3-02 every cut is judged as by the model");
    tap_ok(flips, "O-5.3-02 every flipped bit is judged as by the model");
}

static void exhaustive(void)
{
    bool heads = true;
    for (uint32_t two = 0; two < 65536; two++) {
        uint8_t message[] = {0x40, 1, 0, 1, (uint8_t)(two >> 8), (uint8_t)two};
        heads = judged_right(bytes_copy(gosc_span_of(message, sizeof message))) && heads;
        uint8_t head[] = {(uint8_t)(two >> 8), (uint8_t)two, 0, 1, 0};
        heads = judged_right(bytes_copy(gosc_span_of(head, sizeof head))) && heads;
    }
    tap_ok(heads, "O-5.3-02 every pair of option bytes and every head is judged as by the model");

    bool random = true;
    for (int round = 0; round < N_RANDOM && random; round++) {
        uint8_t message[MESSAGE_MAX] = {0x40, 1, 0, 1};
        size_t len = 4 + tap_random(MESSAGE_MAX - 4);
        for (size_t i = 4; i < len; i++) {
            /* Mostly short options, so that lists get long. */
            message[i] = (uint8_t)(tap_random(4) == 0 ? tap_random(256) : tap_random(4) << 4 | tap_random(3));
        }
        random = judged_right(bytes_copy(gosc_span_of(message, len)));
    }
    tap_ok(random, "O-5.3-02 random option lists are judged as by the model");
}

static void fields(void)
{
    gosc_span message = bytes_hex(rows[0].message);
    gosc_coap_pdu pdu;
    bool parsed = gosc_coap_pdu_parse(message, &pdu) == GOSC_OK;
    tap_ok(parsed && pdu.type == GOSC_COAP_CON && pdu.code == GOSC_CODE_POST && pdu.message_id == 0x5d1f &&
               bytes_equal_hex(pdu.token, "00003974") &&
               bytes_equal_hex(pdu.payload, "612f1092f1776f1c1668b3825e"),
           "O-8.1-01 header and payload of C.4");
    tap_ok(parsed &&
               bytes_equal_hex(gosc_option_find(pdu.options, GOSC_OPTION_URI_HOST), "6c6f63616c686f7374") &&
               bytes_equal_hex(gosc_option_find(pdu.options, GOSC_OPTION_OSCORE), "0914"),
           "O-8.1-01 Uri-Host and OSCORE of C.4");
    tap_ok(parsed && gosc_option_find(pdu.options, 4).ptr == NULL &&
               gosc_option_find(pdu.options, 10).ptr == NULL,
           "an option that is not there is absent");
    bytes_free(message);

    gosc_span list = bytes_hex("b0 01aa 01bb 41cc d2f2dddd");
    gosc_span found = gosc_option_find(list, 11);
    tap_ok(found.ptr != NULL && found.len == 0, "the first of several is found, present and empty");
    tap_ok(bytes_equal_hex(gosc_option_find(list, 15), "cc") &&
               bytes_equal_hex(gosc_option_find(list, 270), "dddd"),
           "numbers above 255 are found (A26)");
    tap_ok(gosc_option_find(list, 14).ptr == NULL && gosc_option_find(list, 271).ptr == NULL &&
               gosc_option_find(GOSC_EMPTY, 0).ptr == NULL && gosc_option_find(GOSC_ABSENT, 0).ptr == NULL,
           "numbers between and behind are absent");
    bytes_free(list);

    gosc_span options;
    gosc_span payload;
    gosc_span content = bytes_hex("b3747631");
    tap_ok(gosc_coap_content_parse(content, &options, &payload) == GOSC_OK &&
               gosc_span_equal(options, content) && payload.ptr == NULL,
           "O-5.3-01 content without marker has no payload");
    bytes_free(content);
    content = bytes_hex("");
    tap_ok(gosc_coap_content_parse(content, &options, &payload) == GOSC_OK && options.ptr != NULL &&
               options.len == 0 && payload.ptr == NULL,
           "O-5.3-01 empty content: options present and empty, payload absent");
    bytes_free(content);
    options = payload = GOSC_EMPTY;
    content = bytes_hex("b3747631ff");
    tap_ok(gosc_coap_content_parse(content, &options, &payload) == GOSC_ERR_COAP_MALFORMED &&
               gosc_span_equal(options, GOSC_EMPTY) && gosc_span_equal(payload, GOSC_EMPTY),
           "O-5.3-02 nothing is given out on refusal");
    bytes_free(content);
}

/* A value of that length: written, read, and refused when it is longer than the format can say. */
static bool length_travels(size_t len, bool possible)
{
    uint8_t *room = bytes_room(len + 5);
    uint8_t *value = bytes_room(len);
    memset(value, 0x5a, len);
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, len + 5});
    uint16_t previous = 0;
    gosc_option_write(&writer, &previous, 7, gosc_span_of(value, len));
    gosc_span list = gosc_writer_span(&writer);
    gosc_span options;
    gosc_span payload;
    bool good = writer.failed == !possible;
    if (good && possible) {
        good = gosc_coap_content_parse(list, &options, &payload) == GOSC_OK &&
               gosc_span_equal(gosc_option_find(options, 7), gosc_span_of(value, len));
        /* With a byte less there is no room for it. */
        gosc_writer_init(&writer, (gosc_buf){room, list.len - 1});
        previous = 0;
        gosc_option_write(&writer, &previous, 7, gosc_span_of(value, len));
        good = good && writer.failed;
    }
    bytes_free(gosc_span_of(room, len + 5));
    bytes_free(gosc_span_of(value, len));
    return good;
}

static void writing(void)
{
    bool lengths = true;
    for (size_t len = 0; len < 600; len++) {
        lengths = length_travels(len, true) && lengths;
    }
    tap_ok(lengths && length_travels(65535, true) && length_travels(65536, true),
           "values of 0 to 600 bytes travel");
    tap_ok(length_travels(LONGEST, true), "the longest value travels (A22)");
    tap_ok(length_travels(LONGEST + 1, false), "one byte more is refused (A22)");

    bool deltas = true;
    for (uint32_t number = 0; number < 65536; number++) {
        uint8_t room[8];
        gosc_writer writer;
        gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
        uint16_t previous = 1;
        gosc_option_write(&writer, &previous, (uint16_t)number, GOSC_EMPTY);
        deltas = deltas && writer.failed == (number < 1) && (writer.failed || previous == number);
        uint16_t start = 0;
        gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
        gosc_option_write(&writer, &start, (uint16_t)number, GOSC_EMPTY);
        gosc_span found = gosc_option_find(gosc_writer_span(&writer), (uint16_t)number);
        deltas = deltas && found.ptr != NULL && found.len == 0;
    }
    tap_ok(deltas, "O-4.1.2-05 every number is written and read; a falling one is refused");

    uint8_t room[32];
    gosc_writer writer;
    gosc_coap_pdu pdu = {.type = 1, .code = 2, .message_id = 0xabcd, .token = gosc_span_of("12345678", 8)};
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_coap_pdu_write(&writer, &pdu);
    tap_ok(bytes_equal_hex(gosc_writer_span(&writer), "5802abcd3132333435363738"),
           "O-5.3-01 no marker without payload");
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_coap_payload_write(&writer, GOSC_EMPTY);
    tap_ok(gosc_writer_span(&writer).len == 0, "O-5.3-01 no marker before an empty payload");
    gosc_coap_payload_write(&writer, gosc_span_of("p", 1));
    tap_ok(bytes_equal_hex(gosc_writer_span(&writer), "ff70"), "O-5.3-01 marker before a payload");
    pdu.token = gosc_span_of("123456789", 9);
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_coap_header_write(&writer, &pdu);
    tap_ok(writer.failed, "a token of 9 bytes is not written (A15)");
    pdu.token = GOSC_ABSENT;
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    gosc_coap_header_write(&writer, &pdu);
    tap_ok(bytes_equal_hex(gosc_writer_span(&writer), "5002abcd"), "an absent token is an empty one");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    table();
    cuts_and_flips();
    exhaustive();
    fields();
    writing();
    return tap_done();
}
