/* SPDX-License-Identifier: BSD-2-Clause */
/* Option classes: every number, a table of splits and merges, and random lists against a naive model. */
#include "option_class.h"

#include "bytes.h"
#include "tap.h"

enum {
    N_RANDOM = 5000,
    ROOM = 400,
    N_MAX = 8, /* options of a list */
    E = GOSC_CLASS_E,
    U = GOSC_CLASS_U,
};

/* CoAP Option Numbers registry and the texts behind it; every other number is E. */
static const struct {
    const char *text;
    uint16_t number;
    uint8_t class;
} registered[] = {
    {"O-4.1.1-01 If-Match", 1, E},
    {"O-4.1.2-01 Uri-Host", 3, U},
    {"O-4.1.1-02 ETag", 4, E},
    {"O-4.1.1-03 If-None-Match", 5, E},
    {"O-4.1-04 O-4.1.3.5-01 Observe", 6, E | U},
    {"O-4.1.2-02 Uri-Port", 7, U},
    {"O-4.1.1-04 Location-Path", 8, E},
    {"OSCORE", 9, U},
    {"O-4.1.1-05 Uri-Path", 11, E},
    {"O-4.1.1-06 Content-Format", 12, E},
    {"O-4.1-04 Max-Age", 14, E | U},
    {"O-4.1.1-07 Uri-Query", 15, E},
    {"RFC 8768 Hop-Limit", 16, U},
    {"O-4.1.1-08 Accept", 17, E},
    {"RFC 9177 Q-Block1", 19, E | U},
    {"O-4.1.1-09 Location-Query", 20, E},
    {"RFC 9668 EDHOC (F1)", 21, U},
    {"O-4.1-04 Block2", 23, E | U},
    {"O-4.1-04 Block1", 27, E | U},
    {"O-4.1-04 Size2", 28, E | U},
    {"RFC 9177 Q-Block2", 31, E | U},
    {"O-4.1.2-03 Proxy-Uri", 35, U},
    {"O-4.1.2-04 Proxy-Scheme", 39, U},
    {"O-4.1-04 Size1", 60, E | U},
    {"E-2.2.1-04 O-4.1-05 Echo (A26, A29)", 252, E | U},
    {"O-4.1-04 O-4.1.3.6-01 No-Response (A26, A29)", 258, E | U},
    {"E-3.2.1-01 O-4.1-05 Request-Tag", 292, E | U},
    {"O-4.1-01 OCF-Accept-Content-Format-Version", 2049, E},
    {"O-4.1-01 OCF-Content-Format-Version", 2053, E},
    {"O-4.1-01 unknown, elective", 65000, E},
};

static uint8_t class_of(uint32_t number)
{
    for (size_t i = 0; i < sizeof registered / sizeof registered[0]; i++) {
        if (registered[i].number == number) {
            return registered[i].class;
        }
    }
    return E;
}

static void classes(void)
{
    for (size_t i = 0; i < sizeof registered / sizeof registered[0]; i++) {
        tap_ok(gosc_option_class(registered[i].number) == registered[i].class, registered[i].text);
    }
    bool all = true;
    for (uint32_t number = 0; number < 65536; number++) {
        all = all && gosc_option_class((uint16_t)number) == class_of(number);
    }
    tap_ok(all, "O-4.1-01 every other number is E");
}

/* One option of a table row; `value` is text, NULL ends the list. */
typedef struct entry {
    uint16_t number;
    const char *value;
} entry;

/* Writes a list of the table into room. */
static gosc_span list_of(const entry *entries, uint8_t *room, size_t len)
{
    gosc_writer writer;
    uint16_t previous = 0;
    gosc_writer_init(&writer, (gosc_buf){room, len});
    for (; entries->value != NULL; entries++) {
        gosc_option_write(&writer, &previous, entries->number,
                          gosc_span_of(entries->value, strlen(entries->value)));
    }
    return gosc_writer_span(&writer);
}

static const struct {
    const char *text;
    bool is_response;
    const char *oscore; /* NULL: absent */
    gosc_err err;
    entry options[N_MAX];
    entry inner[N_MAX];
    entry outer[N_MAX];
} splits[] = {
    {"O-8.1-01 options of C.4",
     false,
     "\x09\x14",
     GOSC_OK,
     {{3, "localhost"}, {11, "tv1"}},
     {{11, "tv1"}},
     {{3, "localhost"}, {9, "\x09\x14"}}},
    {"no option at all", false, NULL, GOSC_OK, {{0, NULL}}, {{0, NULL}}, {{0, NULL}}},
    {"O-2-01 an empty OSCORE value is put", true, "", GOSC_OK, {{12, "0"}}, {{12, "0"}}, {{9, ""}}},
    {"O-4.1.2-05 OSCORE stands between outer options",
     false,
     "o",
     GOSC_OK,
     {{3, "h"}, {6, ""}, {11, "p"}, {16, "l"}, {39, "coap"}},
     {{6, ""}, {11, "p"}},
     {{3, "h"}, {6, ""}, {9, "o"}, {16, "l"}, {39, "coap"}}},
    {"O-4.1.2-05 OSCORE before the only outer option",
     false,
     "o",
     GOSC_OK,
     {{39, "coap"}},
     {{0, NULL}},
     {{9, "o"}, {39, "coap"}}},
    {"O-4.1.3.5.1-01 Observe of a request has its value in both",
     false,
     "o",
     GOSC_OK,
     {{6, "\x01"}},
     {{6, "\x01"}},
     {{6, "\x01"}, {9, "o"}}},
    {"O-4.1.3.5.2-03 Observe of a notification is empty inside",
     true,
     "o",
     GOSC_OK,
     {{6, "\x07"}},
     {{6, ""}},
     {{6, "\x07"}, {9, "o"}}},
    {"O-4.1.3.1-01 Max-Age goes inside alone", true, "o", GOSC_OK, {{14, "5"}}, {{14, "5"}}, {{9, "o"}}},
    {"O-4.1.3.4.1-01 Block and Size go inside alone",
     false,
     "o",
     GOSC_OK,
     {{19, "q"}, {23, "b"}, {27, "B"}, {28, "s"}, {31, "Q"}, {60, "S"}},
     {{19, "q"}, {23, "b"}, {27, "B"}, {28, "s"}, {31, "Q"}, {60, "S"}},
     {{9, "o"}}},
    {"E-2.2.1-05 O-4.1.3.6-01 Echo, No-Response, Request-Tag go inside alone (A26)",
     false,
     "o",
     GOSC_OK,
     {{252, "e"}, {258, "\x1a"}, {292, "r"}},
     {{252, "e"}, {258, "\x1a"}, {292, "r"}},
     {{9, "o"}}},
    {"O-4.1.1-10 class E goes inside, order kept",
     false,
     "o",
     GOSC_OK,
     {{1, "a"}, {1, "b"}, {4, "c"}, {5, ""}, {15, "x"}, {15, "w"}, {17, "y"}},
     {{1, "a"}, {1, "b"}, {4, "c"}, {5, ""}, {15, "x"}, {15, "w"}, {17, "y"}},
     {{9, "o"}}},
    {"O-4.1-01 unknown options go inside",
     false,
     "o",
     GOSC_OK,
     {{2049, "c"}, {65000, "e"}, {65535, ""}},
     {{2049, "c"}, {65000, "e"}, {65535, ""}},
     {{9, "o"}}},
    {"F1 EDHOC stays outside", false, "o", GOSC_OK, {{11, "p"}, {21, ""}}, {{11, "p"}}, {{9, "o"}, {21, ""}}},
    {"O-4.1.3.7-01 an OSCORE option is there already",
     false,
     "o",
     GOSC_ERR_ALREADY_PROTECTED,
     {{9, ""}},
     {{0, NULL}},
     {{0, NULL}}},
    {"O-4.1.3.3-01 Proxy-Uri is cut",
     false,
     "o",
     GOSC_OK,
     {{35, "coap://example.com/resource?q=1"}},
     {{11, "resource"}, {15, "q=1"}},
     {{9, "o"}, {35, "coap://example.com"}}},
    {"O-4.1.3.3-02 port and literal address stay",
     false,
     "o",
     GOSC_OK,
     {{35, "coap://[2001:db8::1]:61616/a/b"}},
     {{11, "a"}, {11, "b"}},
     {{9, "o"}, {35, "coap://[2001:db8::1]:61616"}}},
    {"O-4.1.3.3-01 no path, no query",
     false,
     "o",
     GOSC_OK,
     {{35, "coap://h"}},
     {{0, NULL}},
     {{9, "o"}, {35, "coap://h"}}},
    {"O-4.1.3.3-01 a slash is no path",
     false,
     "o",
     GOSC_OK,
     {{35, "coap://h/"}},
     {{0, NULL}},
     {{9, "o"}, {35, "coap://h"}}},
    {"O-4.1.3.3-01 query without path",
     false,
     "o",
     GOSC_OK,
     {{35, "coap://h?a&b/c?d"}},
     {{15, "a"}, {15, "b/c?d"}},
     {{9, "o"}, {35, "coap://h"}}},
    {"O-4.1.3.3-01 slash and query",
     false,
     "o",
     GOSC_OK,
     {{35, "coap://h/?a"}},
     {{15, "a"}},
     {{9, "o"}, {35, "coap://h"}}},
    {"O-4.1.3.3-01 empty segments stay",
     false,
     "o",
     GOSC_OK,
     {{35, "coap://h//a/"}},
     {{11, ""}, {11, "a"}, {11, ""}},
     {{9, "o"}, {35, "coap://h"}}},
    {"O-4.1.3.3-01 percent escapes are decoded, also of separators",
     false,
     "o",
     GOSC_OK,
     {{35, "coap://h/a%2Fb%20c/%c3%A4?x%26y&%25"}},
     {{11, "a/b c"}, {11, "\xc3\xa4"}, {15, "x&y"}, {15, "%"}},
     {{9, "o"}, {35, "coap://h"}}},
    {"O-4.1.3.3-01 parts stand at their place among other options",
     false,
     "o",
     GOSC_OK,
     {{1, "m"}, {11, "first"}, {14, "t"}, {17, "f"}, {35, "coap://h/p?q"}, {60, "s"}},
     {{1, "m"}, {11, "first"}, {11, "p"}, {14, "t"}, {15, "q"}, {17, "f"}, {60, "s"}},
     {{9, "o"}, {35, "coap://h"}}},
    {"Proxy-Uri without ://",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{35, "coap:/h"}},
     {{0, NULL}},
     {{0, NULL}}},
    {"Proxy-Uri is empty", false, "o", GOSC_ERR_COAP_MALFORMED, {{35, ""}}, {{0, NULL}}, {{0, NULL}}},
    {"Proxy-Uri ends before the second slash",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{35, "coap:/"}},
     {{0, NULL}},
     {{0, NULL}}},
    {"Proxy-Uri with a fragment",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{35, "coap://h/a#b"}},
     {{0, NULL}},
     {{0, NULL}}},
    {"percent escape cut",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{35, "coap://h/a%2"}},
     {{0, NULL}},
     {{0, NULL}}},
    {"percent escape cut by a separator",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{35, "coap://h/a%2/0"}},
     {{0, NULL}},
     {{0, NULL}}},
    {"percent escape without digits",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{35, "coap://h/?%g0"}},
     {{0, NULL}},
     {{0, NULL}}},
    {"percent escape, second digit bad",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{35, "coap://h/%0@"}},
     {{0, NULL}},
     {{0, NULL}}},
    {"Proxy-Uri twice",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{35, "coap://h"}, {35, "coap://h"}},
     {{0, NULL}},
     {{0, NULL}}},
    {"a bad Proxy-Uri is told before the OSCORE option",
     false,
     "o",
     GOSC_ERR_COAP_MALFORMED,
     {{9, ""}, {35, "h"}},
     {{0, NULL}},
     {{0, NULL}}},
};

/* Room of exactly len bytes for each list. */
static gosc_err split_into(gosc_span options, bool is_request, gosc_span oscore, size_t inner_len,
                           size_t outer_len, gosc_writer *inner, gosc_writer *outer, bool *observe)
{
    gosc_coap_pdu pdu = {.options = options};
    gosc_writer_init(inner, (gosc_buf){bytes_room(inner_len), inner_len});
    gosc_writer_init(outer, (gosc_buf){bytes_room(outer_len), outer_len});
    return gosc_options_split(&pdu, is_request, oscore, inner, outer, observe);
}

static void split_free(const gosc_writer *writer)
{
    bytes_free(gosc_span_of(writer->start, (size_t)(writer->end - writer->start)));
}

static void splitting(void)
{
    bool room = true;
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++) {
        uint8_t rooms[3][ROOM];
        gosc_span options = bytes_copy(list_of(splits[i].options, rooms[0], ROOM));
        gosc_span inner_wanted = list_of(splits[i].inner, rooms[1], ROOM);
        gosc_span outer_wanted = list_of(splits[i].outer, rooms[2], ROOM);
        gosc_span oscore =
            splits[i].oscore == NULL ? GOSC_ABSENT : gosc_span_of(splits[i].oscore, strlen(splits[i].oscore));
        bool is_request = !splits[i].is_response;
        gosc_writer inner;
        gosc_writer outer;
        bool observe = false;
        gosc_err err = split_into(options, is_request, oscore, ROOM, ROOM, &inner, &outer, &observe);
        bool right = err == splits[i].err;
        if (right && err == GOSC_OK) {
            right = gosc_span_equal(gosc_writer_span(&inner), inner_wanted) &&
                    gosc_span_equal(gosc_writer_span(&outer), outer_wanted) &&
                    observe == (gosc_option_find(options, GOSC_OPTION_OBSERVE).ptr != NULL);
        }
        tap_ok(right, splits[i].text);
        split_free(&inner);
        split_free(&outer);
        for (size_t less = 0; err == GOSC_OK && less <= inner_wanted.len + outer_wanted.len; less++) {
            size_t inner_len = less < inner_wanted.len ? less : inner_wanted.len;
            size_t outer_len = less < inner_wanted.len ? outer_wanted.len : less - inner_wanted.len;
            bool enough = inner_len == inner_wanted.len && outer_len == outer_wanted.len;
            err = split_into(options, is_request, oscore, inner_len, outer_len, &inner, &outer, &observe);
            room = room && err == (enough ? GOSC_OK : GOSC_ERR_ROOM);
            err = GOSC_OK;
            split_free(&inner);
            split_free(&outer);
        }
        bytes_free(options);
    }
    tap_ok(room, "every room too small is GOSC_ERR_ROOM, the exact one is enough");
}

static const struct {
    const char *text;
    entry outer[N_MAX];
    entry inner[N_MAX];
    entry merged[N_MAX];
} merges[] = {
    {"O-8.2-07 options of C.4",
     {{3, "localhost"}, {9, "\x09\x14"}},
     {{11, "tv1"}},
     {{3, "localhost"}, {11, "tv1"}}},
    {"nothing and nothing", {{0, NULL}}, {{0, NULL}}, {{0, NULL}}},
    {"O-8.2-01 outer class E is dropped (F9)",
     {{1, "zz"}, {9, ""}, {11, "other"}, {17, "<"}},
     {{11, "p"}},
     {{11, "p"}}},
    {"O-4.1-04 outer Observe, Max-Age, Block, Size, No-Response are dropped",
     {{6, "o"}, {9, ""}, {14, ""}, {23, "o"}, {27, "o"}, {28, "o"}, {60, "o"}},
     {{6, "i"}, {14, "i"}, {23, "i"}},
     {{6, "i"}, {14, "i"}, {23, "i"}}},
    {"O-4.1-05 O-4.1.3.6-02 outer Echo, No-Response and Request-Tag are dropped",
     {{9, ""}, {252, "o"}, {258, "\x1a"}, {292, "o"}},
     {{252, "i"}},
     {{252, "i"}}},
    {"O-4.1-03 unknown outer options are dropped",
     {{2049, "c"}, {65000, "e"}},
     {{65000, "i"}},
     {{65000, "i"}}},
    {"O-8.2-01 class U stays, in order",
     {{3, "h"}, {7, "p"}, {9, ""}, {16, "l"}, {35, "u"}, {39, "s"}},
     {{1, "a"}, {11, "b"}},
     {{1, "a"}, {3, "h"}, {7, "p"}, {11, "b"}, {16, "l"}, {35, "u"}, {39, "s"}}},
    {"O-4.1.2-06 inner class U is dropped",
     {{3, "outer"}},
     {{3, "inner"}, {7, "i"}, {16, "i"}, {21, "i"}, {35, "i"}, {39, "i"}},
     {{3, "outer"}}},
    {"O-4.1.3.7-02 an inner OSCORE option is dropped", {{9, "o"}}, {{4, "e"}, {9, "i"}}, {{4, "e"}}},
    {"order within a number stays",
     {{3, "a"}, {3, "b"}},
     {{1, "y"}, {1, "x"}, {11, "2"}, {11, "1"}},
     {{1, "y"}, {1, "x"}, {3, "a"}, {3, "b"}, {11, "2"}, {11, "1"}}},
};

static void merging(void)
{
    bool room = true;
    for (size_t i = 0; i < sizeof merges / sizeof merges[0]; i++) {
        uint8_t rooms[3][ROOM];
        gosc_span outer = bytes_copy(list_of(merges[i].outer, rooms[0], ROOM));
        gosc_span inner = bytes_copy(list_of(merges[i].inner, rooms[1], ROOM));
        gosc_span wanted = list_of(merges[i].merged, rooms[2], ROOM);
        for (size_t len = 0; len <= wanted.len; len++) {
            gosc_writer merged;
            gosc_writer_init(&merged, (gosc_buf){bytes_room(len), len});
            gosc_err err = gosc_options_merge(outer, inner, &merged);
            if (len < wanted.len) {
                room = room && err == GOSC_ERR_ROOM;
            } else {
                tap_ok(err == GOSC_OK && gosc_span_equal(gosc_writer_span(&merged), wanted), merges[i].text);
            }
            split_free(&merged);
        }
        bytes_free(outer);
        bytes_free(inner);
    }
    tap_ok(room, "every room too small is GOSC_ERR_ROOM");
}

/* Random lists: what is kept is what the classes say, and a split merged again is the list. */
static void random_lists(void)
{
    bool kept = true;
    bool again = true;
    for (int round = 0; round < N_RANDOM; round++) {
        uint8_t list[ROOM];
        uint8_t naive[2][ROOM];
        gosc_writer writer;
        gosc_writer models[2];
        uint16_t last[3] = {0};
        bool oscore_put = false;
        gosc_writer_init(&writer, (gosc_buf){list, ROOM});
        gosc_writer_init(&models[0], (gosc_buf){naive[0], ROOM});
        gosc_writer_init(&models[1], (gosc_buf){naive[1], ROOM});
        uint32_t number = 0;
        for (;;) {
            number += tap_random(4) == 0 ? tap_random(300) : tap_random(4);
            if (number > 700) {
                break;
            }
            /* Observe, OSCORE and Proxy-Uri have rules of their own, in the table. */
            if (number == 6 || number == 9 || number == 35) {
                continue;
            }
            gosc_span value = gosc_span_of("abcdefghijklmnop", tap_random(16));
            if (!oscore_put && number > 9) {
                gosc_option_write(&models[1], &last[2], 9, GOSC_EMPTY);
                oscore_put = true;
            }
            gosc_option_write(&writer, &last[0], (uint16_t)number, value);
            bool out = class_of(number) == U;
            gosc_option_write(&models[out], &last[1 + out], (uint16_t)number, value);
        }
        if (!oscore_put) {
            gosc_option_write(&models[1], &last[2], 9, GOSC_EMPTY);
        }
        if (writer.failed) {
            continue;
        }
        gosc_span options = gosc_writer_span(&writer);
        gosc_writer inner;
        gosc_writer outer;
        gosc_writer merged;
        uint8_t room[ROOM];
        bool observe = true;
        gosc_err err = split_into(options, true, GOSC_EMPTY, ROOM, ROOM, &inner, &outer, &observe);
        kept = kept && err == GOSC_OK && !observe &&
               gosc_span_equal(gosc_writer_span(&inner), gosc_writer_span(&models[0])) &&
               gosc_span_equal(gosc_writer_span(&outer), gosc_writer_span(&models[1]));
        gosc_writer_init(&merged, (gosc_buf){room, ROOM});
        again = again &&
                gosc_options_merge(gosc_writer_span(&outer), gosc_writer_span(&inner), &merged) == GOSC_OK &&
                gosc_span_equal(gosc_writer_span(&merged), options);
        split_free(&inner);
        split_free(&outer);
    }
    tap_ok(kept, "O-4.1.1-10 random lists are split as by the model");
    tap_ok(again, "O-8.2-07 O-8.4-05 a split merged again is the list");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    classes();
    splitting();
    merging();
    random_lists();
    return tap_done();
}
