/* SPDX-License-Identifier: BSD-2-Clause */
/* The message layer: each timer, each table, each rule of RFC 7252 that a peer relies on. */
#include "layers.h"

/* ---- timers ---- */

static void test_retransmission(void)
{
    static const uint64_t due[] = {2000, 6000, 14000, 30000, 62000};
    io_layer_news news = {.kind = IO_LAYER_NOTHING};
    bool on_time = true;
    fresh();
    uint32_t handle = open_to(&client, 7, SERVER);
    bool good = ask(handle, SERVER, true, 7, 0, 0) == GOSC_OK && client_wire.n == 1;
    for (size_t i = 0; i < 5; i++) {
        on_time = on_time && io_layer_next_ms(&client) == due[i];
        bool early = io_layer_tick(&client, due[i] - 1, &news);
        on_time = on_time && !early && client_wire.n == i + 1;
        bool over = io_layer_tick(&client, due[i], &news);
        on_time = on_time && over == (i == 4) && client_wire.n == (i < 4 ? i + 2 : 5);
    }
    tap_ok(good && on_time, "RFC 7252 4.2 a request goes out at 0, 2, 6, 14 and 30 s");
    tap_ok(news.kind == IO_LAYER_TIMEOUT && news.owner == handle, "RFC 7252 4.2 and is given up at 62 s");
    bool same = true;
    for (size_t i = 1; i < 5; i++) {
        same = same && memcmp(client_wire.all[i].bytes, client_wire.all[0].bytes, 5) == 0;
    }
    tap_ok(same, "RFC 7252 4.2 every time in the same bytes");
    tap_ok(io_layer_next_ms(&client) == IO_NEVER, "RFC 7252 4.2 nothing is left to do then");

    fresh();
    handle = open_to(&client, 7, SERVER);
    good = ask(handle, SERVER, true, 7, UINT32_MAX, 0) == GOSC_OK;
    uint64_t most = io_layer_next_ms(&client);
    tap_ok(good && most > 2990 && most <= 3000,
           "RFC 7252 4.8 ACK_RANDOM_FACTOR stretches the first to 3 s at most");
    fresh();
    handle = open_to(&client, 7, SERVER);
    tap_ok(ask(handle, SERVER, false, 7, 0, 0) == GOSC_OK && io_layer_next_ms(&client) == IO_NEVER,
           "RFC 7252 4.3 a Non-confirmable request is sent once");
}

static void test_acknowledged(void)
{
    uint8_t room[8];
    fresh();
    uint32_t handle = open_to(&client, 7, SERVER);
    bool good = ask(handle, SERVER, true, 7, 0, 0) == GOSC_OK;
    const uint8_t ack[] = {0x60, 0, 0x10, 0x00};
    const uint8_t wrong[] = {0x60, 0, 0x10, 0x01};
    (void)hear(&client, CLIENT, SERVER, gosc_span_of(wrong, 4), 10);
    (void)hear(&client, CLIENT, OTHER, gosc_span_of(ack, 4), 10);
    tap_ok(good && io_layer_next_ms(&client) == 2000,
           "RFC 7252 4.2 an ACK of another Message ID or peer is none");
    (void)hear(&client, CLIENT, SERVER, gosc_span_of(ack, 4), 10);
    tap_ok(io_layer_next_ms(&client) == IO_NEVER, "RFC 7252 4.2 an ACK ends retransmission");
    gosc_span response = as_span(message(room, GOSC_COAP_NON, GOSC_CODE_CONTENT, 0x3333, 7));
    io_layer_news news = hear(&client, CLIENT, SERVER, response, 20);
    tap_ok(news.kind == IO_LAYER_RESPONSE && news.owner == handle,
           "RFC 7252 5.2.2 and the response may come later");
    news = hear(&client, CLIENT, SERVER, response, 30);
    tap_ok(news.kind == IO_LAYER_NOTHING, "RFC 7252 4.5 but only once");
}

static void test_lifetimes(void)
{
    uint8_t room[8];
    const io_layer_params *p = &io_layer_defaults;
    fresh();
    gosc_span con = as_span(message(room, GOSC_COAP_CON, GOSC_CODE_GET, 0x55, 7));
    io_layer_news news = hear(&server, SERVER, CLIENT, con, 0);
    io_layer_drop(&server, news.request);
    bool kept = hear(&server, SERVER, CLIENT, con, p->exchange_lifetime_ms - 1).kind == IO_LAYER_NOTHING;
    bool anew = hear(&server, SERVER, CLIENT, con, p->exchange_lifetime_ms).kind == IO_LAYER_REQUEST;
    tap_ok(news.kind == IO_LAYER_REQUEST && kept && anew,
           "RFC 7252 4.5 a Message ID counts for EXCHANGE_LIFETIME");
    gosc_span non = as_span(message(room, GOSC_COAP_NON, GOSC_CODE_GET, 0x56, 7));
    news = hear(&server, SERVER, CLIENT, non, 0);
    io_layer_drop(&server, news.request);
    kept = hear(&server, SERVER, CLIENT, non, p->non_lifetime_ms - 1).kind == IO_LAYER_NOTHING;
    anew = hear(&server, SERVER, CLIENT, non, p->non_lifetime_ms).kind == IO_LAYER_REQUEST;
    tap_ok(kept && anew, "RFC 7252 4.5 that of a Non-confirmable one for NON_LIFETIME");
}

/* ---- de-duplication ---- */

static void test_duplicates(void)
{
    uint8_t room[8];
    uint8_t answer[8];
    fresh();
    gosc_span con = as_span(message(room, GOSC_COAP_CON, GOSC_CODE_GET, 0x0102, 7));
    io_layer_news news = hear(&server, SERVER, CLIENT, con, 0);
    const io_address local = SERVER;
    gosc_err err =
        io_layer_respond(&server, news.request, &local, message(answer, 0, GOSC_CODE_CONTENT, 0, 7), 0, 0, 1);
    bool again = hear(&server, SERVER, CLIENT, con, 2).kind == IO_LAYER_NOTHING;
    tap_ok(err == GOSC_OK && again && server_wire.n == 2 && sent_is(&server_wire, 0, "6145010207") &&
               sent_is(&server_wire, 1, "6145010207"),
           "RFC 7252 4.5 a duplicate is answered with the same bytes and not processed");
    bool other = hear(&server, SERVER, OTHER, con, 3).kind == IO_LAYER_REQUEST;
    tap_ok(other, "RFC 7252 4.5 the same Message ID of another peer is another message");
    gosc_span forged = as_span(message(answer, GOSC_COAP_CON, GOSC_CODE_GET, 0x0102, 8));
    tap_ok(hear(&server, SERVER, CLIENT, forged, 4).kind == IO_LAYER_REQUEST,
           "a forged copy in the Message ID of a message does not pass for it");
    gosc_span non = as_span(message(room, GOSC_COAP_NON, GOSC_CODE_GET, 0x0103, 7));
    news = hear(&server, SERVER, CLIENT, non, 5);
    err =
        io_layer_respond(&server, news.request, &local, message(answer, 0, GOSC_CODE_CONTENT, 0, 7), 0, 0, 5);
    size_t before = server_wire.n;
    again = hear(&server, SERVER, CLIENT, non, 6).kind == IO_LAYER_NOTHING;
    tap_ok(err == GOSC_OK && again && server_wire.n == before,
           "RFC 7252 4.3 a duplicate of a Non-confirmable request is ignored");
    err =
        io_layer_respond(&server, news.request, &local, message(answer, 0, GOSC_CODE_CONTENT, 0, 7), 0, 0, 6);
    tap_ok(err == GOSC_ERR_USAGE && server_wire.n == before, "a request is answered once");
}

static void test_separate(void)
{
    uint8_t room[8];
    uint8_t answer[8];
    const io_address local = SERVER;
    fresh();
    gosc_span con = as_span(message(room, GOSC_COAP_CON, GOSC_CODE_GET, 0x0102, 7));
    io_layer_news news = hear(&server, SERVER, CLIENT, con, 0);
    io_layer_postpone(&server, news.request);
    (void)hear(&server, SERVER, CLIENT, con, 1);
    tap_ok(server_wire.n == 2 && sent_is(&server_wire, 0, "60000102") && sent_is(&server_wire, 1, "60000102"),
           "RFC 7252 5.2.2 a request is acknowledged at once, and its duplicate too");
    gosc_err err = io_layer_respond(&server, news.request, &local,
                                    message(answer, 0, GOSC_CODE_CONTENT, 0, 7), 0, 0, 50);
    tap_ok(err == GOSC_OK && sent_is(&server_wire, 2, "4145200007") && io_layer_next_ms(&server) == 2050,
           "RFC 7252 5.2.2 the response is a Confirmable message of its own");
    const uint8_t ack[] = {0x60, 0, 0x20, 0x00};
    (void)hear(&server, SERVER, CLIENT, gosc_span_of(ack, 4), 60);
    tap_ok(io_layer_next_ms(&server) == IO_NEVER, "RFC 7252 5.2.2 until it is acknowledged");
    (void)hear(&server, SERVER, CLIENT, con, 70);
    tap_ok(server_wire.n == 4 && sent_is(&server_wire, 3, "60000102"),
           "RFC 7252 4.5 a late duplicate of the request still gets its acknowledgement");
}

/* ---- resets ---- */

typedef struct reset_row {
    const char *text;
    const char *datagram;
    bool multicast;
    const char *reply; /* NULL: none */
    io_layer_kind kind;
} reset_row;

static const reset_row resets[] = {
    {"RFC 7252 4.3 an empty Confirmable message (ping) is reset", "40000102", false, "70000102",
     IO_LAYER_NOTHING},
    {"GC-3.1.1-02 but not one by multicast", "40000102", true, NULL, IO_LAYER_NOTHING},
    {"RFC 7252 4.2 a malformed Confirmable message is reset", "49010102", false, "70000102",
     IO_LAYER_MALFORMED},
    {"RFC 7252 4.3 a malformed Non-confirmable one is ignored", "59010102", false, NULL, IO_LAYER_MALFORMED},
    {"GC-3.1.1-02 a malformed Confirmable one by multicast too", "49010102", true, NULL, IO_LAYER_MALFORMED},
    {"RFC 7252 4.2 a malformed acknowledgement too", "69010102", false, NULL, IO_LAYER_MALFORMED},
    {"RFC 7252 3 an unknown version is ignored in silence", "80010102", false, NULL, IO_LAYER_MALFORMED},
    {"RFC 7252 3 three bytes are no message", "400101", false, NULL, IO_LAYER_MALFORMED},
    {"RFC 7252 3 no bytes are no message", "", false, NULL, IO_LAYER_MALFORMED},
    {"RFC 7252 4.2 a reserved code class in a Confirmable message is reset", "40e10102", false, "70000102",
     IO_LAYER_MALFORMED},
    {"RFC 7252 4.2 a request in an acknowledgement is ignored", "60010102", false, NULL, IO_LAYER_MALFORMED},
    {"RFC 7252 4.2 a reset with a code is ignored", "70010102", false, NULL, IO_LAYER_NOTHING},
    {"RFC 7252 4.3 an empty Non-confirmable message is ignored", "50000102", false, NULL, IO_LAYER_NOTHING},
    {"RFC 7252 5.3.2 a Confirmable response to nothing is reset", "4145010207", false, "70000102",
     IO_LAYER_STRAY},
    {"RFC 7252 5.3.2 a Non-confirmable response to nothing is ignored", "5145010207", false, NULL,
     IO_LAYER_STRAY},
    {"RFC 7641 3.6 but a notification to nothing is reset", "514501020761 05", false, "70000102",
     IO_LAYER_STRAY},
    {"RFC 7252 5.3.2 a piggybacked response to nothing is ignored", "6145010207", false, NULL,
     IO_LAYER_STRAY},
    {"GC-3.1.1-03 a response to a group address is none", "5145010207", true, NULL, IO_LAYER_MALFORMED},
    {"GC-3.1.1-02 a Confirmable request by multicast causes nothing", "4101010207", true, NULL,
     IO_LAYER_MALFORMED},
    {"RFC 7252 4.2 a good request is heard (control)", "4101010207", false, NULL, IO_LAYER_REQUEST},
    {"GC-3.1.1-01 a good request by multicast is heard (control)", "5101010207", true, NULL,
     IO_LAYER_REQUEST},
};

static void test_resets(void)
{
    for (size_t i = 0; i < sizeof resets / sizeof resets[0]; i++) {
        const reset_row *row = &resets[i];
        fresh();
        gosc_span bytes = bytes_hex(row->datagram);
        io_layer_news news = hear(&server, row->multicast ? ALL : SERVER, CLIENT, bytes, 0);
        bytes_free(bytes);
        bool good = row->reply == NULL ? server_wire.n == 0
                                       : server_wire.n == 1 && sent_is(&server_wire, 0, row->reply);
        tap_ok(good && news.kind == row->kind, row->text);
    }
}

static void test_rejected(void)
{
    uint8_t room[8];
    fresh();
    uint32_t handle = open_to(&client, 7, SERVER);
    bool good = ask(handle, SERVER, true, 7, 0, 0) == GOSC_OK;
    const uint8_t reset[] = {0x70, 0, 0x10, 0x00};
    bool other = hear(&client, CLIENT, OTHER, gosc_span_of(reset, 4), 1).kind == IO_LAYER_NOTHING;
    io_layer_news news = hear(&client, CLIENT, SERVER, gosc_span_of(reset, 4), 1);
    tap_ok(good && other && news.kind == IO_LAYER_RESET && news.owner == handle &&
               io_layer_next_ms(&client) == IO_NEVER,
           "RFC 7252 4.2 a reset of that peer ends an exchange");
    const io_path back = path_of(SERVER, CLIENT);
    uint32_t owner = IO_OWNER_BIT | 5;
    gosc_err err =
        io_layer_notify(&server, owner, &back, false, message(room, 0, GOSC_CODE_CONTENT, 0, 9), 0, 0);
    const uint8_t rejects[] = {0x70, 0, 0x20, 0x00};
    news = hear(&server, SERVER, CLIENT, gosc_span_of(rejects, 4), 1);
    tap_ok(err == GOSC_OK && news.kind == IO_LAYER_RESET && news.owner == owner,
           "RFC 7641 3.6 a reset of a Non-confirmable notification is told to its owner");
    news = hear(&server, SERVER, CLIENT, gosc_span_of(rejects, 4), 2);
    tap_ok(news.kind == IO_LAYER_NOTHING, "RFC 7641 3.6 once");
    io_layer_news request = hear(&server, SERVER, CLIENT, as_span(message(room, 0, GOSC_CODE_GET, 9, 9)), 3);
    io_layer_reject(&server, request.request);
    tap_ok(sent_is(&server_wire, server_wire.n - 1, "70000009"), "RFC 7252 4.2 a request can be rejected");
    size_t before = server_wire.n;
    request = hear(&server, ALL, CLIENT, as_span(message(room, 1, GOSC_CODE_GET, 10, 9)), 3);
    io_layer_reject(&server, request.request);
    io_layer_drop(&server, request.request);
    tap_ok(request.multicast && server_wire.n == before, "RFC 7252 8.1 never one that came by multicast");
}

/* ---- matching ---- */

static void test_matching(void)
{
    uint8_t room[8];
    fresh();
    uint32_t handle = open_to(&client, 7, SERVER);
    bool good = ask(handle, SERVER, true, 7, 0, 0) == GOSC_OK;
    io_layer_news news =
        hear(&client, CLIENT, SERVER, as_span(message(room, 2, GOSC_CODE_CONTENT, 0x1001, 7)), 1);
    tap_ok(good && news.kind == IO_LAYER_STRAY,
           "RFC 7252 5.3.2 a piggybacked response names the request's Message ID");
    news = hear(&client, CLIENT, SERVER, as_span(message(room, 2, GOSC_CODE_CONTENT, 0x1000, 8)), 1);
    tap_ok(news.kind == IO_LAYER_STRAY && io_layer_next_ms(&client) == 2000, "RFC 7252 5.3.2 and its Token");
    news = hear(&client, CLIENT, OTHER, as_span(message(room, 2, GOSC_CODE_CONTENT, 0x1000, 7)), 1);
    tap_ok(news.kind == IO_LAYER_STRAY, "RFC 7252 5.3.2 and comes from the server that was asked");
    news = hear(&client, CLIENT, SERVER, as_span(message(room, 2, GOSC_CODE_CONTENT, 0x1000, 7)), 1);
    tap_ok(news.kind == IO_LAYER_RESPONSE && news.owner == handle && io_layer_next_ms(&client) == IO_NEVER,
           "RFC 7252 5.3.2 then it is one (control)");
    news = hear(&client, CLIENT, SERVER, as_span(message(room, 2, 0x81, 0x1000, 7)), 2);
    tap_ok(news.kind == IO_LAYER_RESPONSE, "O-D.5.3-01 one that comes behind a forged one is still heard");
    io_layer_close(&client, handle);
    news = hear(&client, CLIENT, SERVER, as_span(message(room, 2, GOSC_CODE_CONTENT, 0x1000, 7)), 3);
    tap_ok(news.kind == IO_LAYER_STRAY, "RFC 7252 5.3.2 none is heard when the exchange is closed");
}

static void test_group(void)
{
    uint8_t room[8];
    fresh();
    uint32_t handle = open_to(&client, 7, ALL);
    tap_ok(ask(handle, ALL, true, 7, 0, 0) == GOSC_ERR_USAGE && client_wire.n == 0,
           "GC-3.1.1-01 a request to a group cannot be Confirmable");
    tap_ok(ask(handle, ALL, false, 7, 0, 0) == GOSC_OK && client_wire.n == 1 &&
               (client_wire.all[0].bytes[0] >> 4 & 3) == GOSC_COAP_NON,
           "GC-3.1.1-01 it is Non-confirmable");
    io_layer_news first =
        hear(&client, CLIENT, SERVER, as_span(message(room, 1, GOSC_CODE_CONTENT, 1, 7)), 1);
    io_layer_news second = hear(&client, CLIENT, OTHER, as_span(message(room, 1, 0x84, 1, 7)), 2);
    tap_ok(first.kind == IO_LAYER_RESPONSE && second.kind == IO_LAYER_RESPONSE && second.owner == handle,
           "GC-3.1.4-02 responses come from many addresses, all but that of the request");
    io_layer_news third =
        hear(&client, CLIENT, SERVER, as_span(message(room, 1, GOSC_CODE_CONTENT, 2, 7)), 3);
    tap_ok(third.kind == IO_LAYER_RESPONSE, "GC-3.1.6-01 a server may respond again");
    io_layer_news con = hear(&client, CLIENT, SERVER, as_span(message(room, 0, GOSC_CODE_CONTENT, 3, 7)), 4);
    tap_ok(con.kind == IO_LAYER_RESPONSE && sent_is(&client_wire, 1, "60000003"),
           "GC-3.1.1-04 a Confirmable response is acknowledged");
    io_layer_news ack =
        hear(&client, CLIENT, SERVER, as_span(message(room, 2, GOSC_CODE_CONTENT, 0x1000, 7)), 5);
    tap_ok(ack.kind == IO_LAYER_STRAY, "GC-3.1.1-01 a piggybacked response to a group request is none");
    tap_ok(open_to(&client, 7, SERVER) == 0 && open_to(&client, 7, ALL) == 0,
           "GC-3.1.5-01 the Token stays taken, for members too");
    io_layer_close(&client, handle);
    tap_ok(open_to(&client, 7, SERVER) != 0, "GC-3.1.5-04 until the exchange is closed");
    tap_ok(open_to(&client, 7, OTHER) != 0, "RFC 7252 5.3.1 a Token may serve two servers");
    tap_ok(open_to(&client, 7, ALL) == 0, "GC-3.1.4-04 but no group beside them");
}

static void test_leisure(void)
{
    uint8_t room[8];
    uint8_t answer[8];
    io_layer_news none;
    const io_address group = ALL;
    const io_address local = SERVER;
    fresh();
    io_layer_news news = hear(&server, ALL, CLIENT, as_span(message(room, 1, GOSC_CODE_GET, 1, 7)), 100);
    gosc_buf made = message(answer, 0, GOSC_CODE_CONTENT, 0, 7);
    tap_ok(io_layer_respond(&server, news.request, &group, made, 0, 0, 100) == GOSC_ERR_USAGE &&
               server_wire.n == 0,
           "GC-3.1.1-03 no response leaves from a group address");
    gosc_err err = io_layer_respond(&server, news.request, &local, made, 1000, UINT32_MAX / 2, 100);
    bool quiet = server_wire.n == 0 && io_layer_next_ms(&server) == 600;
    bool still = !io_layer_tick(&server, 599, &none) && server_wire.n == 0;
    bool told =
        !io_layer_tick(&server, 600, &none) && server_wire.n == 1 && sent_is(&server_wire, 0, "5145200007");
    tap_ok(err == GOSC_OK && quiet && still && told,
           "GC-3.6.1-01 a response waits for a time within the leisure");
    tap_ok(io_address_equal(&server_wire.all[0].path.local, &local),
           "GC-3.1.1-03 and leaves from the unicast address");
    tap_ok(io_layer_next_ms(&server) == IO_NEVER, "GC-3.6.1-01 once");
    news = hear(&server, ALL, CLIENT, as_span(message(room, 1, GOSC_CODE_GET, 2, 7)), 700);
    err = io_layer_respond(&server, news.request, &local, made, 0, UINT32_MAX, 700);
    tap_ok(err == GOSC_OK && server_wire.n == 2, "GC-3.6.1-02 without leisure it goes at once");
    news = hear(&server, SERVER, CLIENT, as_span(message(room, 0, GOSC_CODE_GET, 3, 7)), 800);
    err = io_layer_respond(&server, news.request, &local, made, 1000, UINT32_MAX, 800);
    tap_ok(err == GOSC_OK && server_wire.n == 3, "GC-3.6.1-03 one to a unicast request never waits");
}

/* ---- tables ---- */

static void test_tables(void)
{
    uint8_t room[8];
    fresh();
    bool good = true;
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t handle = open_to(&client, 7, SERVER);
        good = good && handle != 0 && ask(handle, SERVER, true, 7, 0, i) == GOSC_OK;
        io_layer_close(&client, handle);
        io_layer_news news = hear(&server, SERVER, CLIENT, as_span(message(room, 0, 2, (uint16_t)i, 7)), i);
        good = good && news.kind == IO_LAYER_REQUEST;
        io_layer_drop(&server, news.request);
    }
    uint32_t handle = open_to(&client, 7, SERVER);
    good = good && ask(handle, SERVER, true, 7, 0, 2000) == GOSC_OK;
    const sent *last = &client_wire.all[SENT_MAX - 1];
    uint16_t message_id = (uint16_t)(last->bytes[2] << 8 | last->bytes[3]);
    io_layer_news news =
        hear(&client, CLIENT, SERVER, as_span(message(room, 2, GOSC_CODE_CONTENT, message_id, 7)), 2001);
    tap_ok(good && news.kind == IO_LAYER_RESPONSE, "a thousand exchanges that fail leave nothing behind");

    fresh();
    unsigned n = 0;
    while (n < 2 * IO_LAYER_UNACKED) {
        uint8_t token = (uint8_t)n;
        uint32_t one = open_to(&client, token, SERVER);
        if (ask(one, SERVER, true, token, 0, 0) != GOSC_OK) {
            break;
        }
        n++;
    }
    tap_ok(n == IO_LAYER_UNACKED, "what waits for acknowledgement is bounded, and refused beyond");
    io_layer_news over;
    unsigned n_over = 0;
    for (uint64_t now_ms = 0; now_ms < 100000; now_ms += 1000) {
        while (io_layer_tick(&client, now_ms, &over)) {
            n_over++;
        }
    }
    uint32_t one = open_to(&client, 200, SERVER);
    tap_ok(n_over == n && ask(one, SERVER, true, 200, 0, 100000) == GOSC_OK,
           "and there is room again afterwards");

    fresh();
    const io_address local = SERVER;
    for (unsigned i = 0; i < 2 * IO_LAYER_SEEN; i++) {
        news = hear(&server, SERVER, CLIENT, as_span(message(room, 1, 2, (uint16_t)i, 7)), 5);
        n = news.kind == IO_LAYER_REQUEST ? i + 1 : n;
    }
    tap_ok(n == IO_LAYER_SEEN, "requests that nobody answered fill the table, and no more come in");
    fresh();
    news = hear(&server, SERVER, CLIENT, as_span(message(room, 0, 2, 9999, 7)), 5);
    io_layer_postpone(&server, news.request);
    for (unsigned i = 0; i < 4 * IO_LAYER_SEEN; i++) {
        io_layer_news more = hear(&server, SERVER, CLIENT, as_span(message(room, 1, 2, (uint16_t)i, 7)), 6);
        io_layer_drop(&server, more.request);
    }
    gosc_err err =
        io_layer_respond(&server, news.request, &local, message(room, 0, GOSC_CODE_CONTENT, 0, 7), 0, 0, 7);
    tap_ok(err == GOSC_OK, "a request that is being processed is not pushed out");
    tap_ok(io_layer_request(&client, 12345, &(io_path){CLIENT, SERVER}, false, message(room, 0, 1, 0, 7), 0,
                            0) == GOSC_ERR_USAGE,
           "a handle that was never given out is none");
}

static void test_addresses(void)
{
    static const char *const good[] = {"[fd00::2]:5683", "10.0.0.2:5683", "[::1]:1", "127.0.0.1:65535",
                                       "[fe80::1%7]:5683"};
    static const char *const bad[] = {"",
                                      "fd00::2:5683",
                                      "[fd00::2]",
                                      "10.0.0.2",
                                      "10.0.0.2:",
                                      "[10.0.0.2]:5683",
                                      "10.0.0.2:65536",
                                      "10.0.0.2:05",
                                      "10.0.0.2:-1",
                                      "[fd00::2]:5683 ",
                                      "[fd00::g]:1",
                                      "10.0.0.256:1",
                                      "[]:5683",
                                      ":5683",
                                      "10.0.0.2%1:5683"};
    bool all = true;
    char text[IO_ADDRESS_TEXT_MAX];
    io_address made;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        all = all && io_address_parse(good[i], &made) && strcmp(io_address_format(&made, text), good[i]) == 0;
    }
    tap_ok(all, "RFC 7252 6 addresses are read and written in CoAP URI notation");
    all = true;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bool read = io_address_parse(bad[i], &made);
        if (read) {
            printf("# read: %s\n", bad[i]);
        }
        all = all && !read;
    }
    tap_ok(all, "RFC 7252 6 what is none is refused");
    const io_address groups[] = {address("224.0.1.187:5683"), address("[ff02::fd]:5683"),
                                 address("239.255.255.255:1")};
    const io_address hosts[] = {address("223.255.255.255:1"), address("240.0.0.1:1"), address("[fe80::1]:1")};
    all = true;
    for (size_t i = 0; i < 3; i++) {
        all = all && io_address_is_multicast(&groups[i]) && !io_address_is_multicast(&hosts[i]);
    }
    tap_ok(all, "GC-2.1-01 group addresses are told from others");
}

int main(void)
{
    test_addresses();
    test_retransmission();
    test_acknowledged();
    test_lifetimes();
    test_duplicates();
    test_separate();
    test_resets();
    test_rejected();
    test_matching();
    test_group();
    test_leisure();
    test_tables();
    return tap_done();
}
