/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both ends of the message layer, joined by a network that loses, repeats and reorders: every pattern over
 * the first datagrams.
 */
#include "layers.h"

enum {
    CASE_END_MS = 400000,
};

typedef enum kind {
    PIGGYBACKED,
    SEPARATE,
    NON,
    N_KINDS,
} kind;

typedef struct flight {
    bool used;
    bool to_server;
    uint64_t at_ms;
    size_t len;
    uint8_t bytes[64];
} flight;

typedef struct network {
    unsigned lose;   /* bit n: the datagram n is lost */
    unsigned repeat; /* bit n: it arrives twice */
    unsigned hold;   /* bit n: it arrives 20 ms late */
    unsigned n_sent;
    flight flights[64];
    kind how;
    uint32_t pending; /* of the server: to answer later */
    uint64_t pending_ms;
    unsigned n_requests, n_responses, n_timeouts;
    uint64_t now_ms;
} network;

static void fly(network *net, const sent *one, bool to_server, uint64_t at_ms)
{
    for (size_t i = 0; i < 64; i++) {
        flight *f = &net->flights[i];
        if (!f->used) {
            *f = (flight){.used = true, .to_server = to_server, .at_ms = at_ms, .len = one->len};
            memcpy(f->bytes, one->bytes, one->len);
            return;
        }
    }
}

/* gather puts what the ends have sent on its way. */
static void gather(network *net)
{
    for (int end = 0; end < 2; end++) {
        wire *w = end == 0 ? &client_wire : &server_wire;
        for (size_t i = 0; i < w->n && i < SENT_MAX; i++) {
            unsigned bit = net->n_sent < 31 ? 1U << net->n_sent : 0;
            net->n_sent++;
            if ((net->lose & bit) != 0) {
                continue;
            }
            fly(net, &w->all[i], end == 0, net->now_ms + ((net->hold & bit) != 0 ? 20 : 1));
            if ((net->repeat & bit) != 0) {
                fly(net, &w->all[i], end == 0, net->now_ms + 3);
            }
        }
        w->n = 0;
    }
}

static void answer(network *net, uint32_t request)
{
    uint8_t room[8];
    const io_address local = SERVER;
    if (io_layer_respond(&server, request, &local, message(room, 0, GOSC_CODE_CONTENT, 0, 7), 0, 0,
                         net->now_ms) != GOSC_OK) {
        net->n_requests += 100; /* seen by every check */
    }
}

static void arrive(network *net, flight *f)
{
    gosc_span datagram = gosc_span_of(f->bytes, f->len);
    f->used = false;
    if (f->to_server) {
        io_layer_news news = hear(&server, SERVER, CLIENT, datagram, net->now_ms);
        if (news.kind == IO_LAYER_REQUEST) {
            net->n_requests++;
            if (net->how == SEPARATE) {
                io_layer_postpone(&server, news.request);
                net->pending = news.request;
                net->pending_ms = net->now_ms + 50;
            } else {
                answer(net, news.request);
            }
        }
        return;
    }
    io_layer_news news = hear(&client, CLIENT, SERVER, datagram, net->now_ms);
    if (news.kind == IO_LAYER_RESPONSE) {
        net->n_responses++;
        io_layer_close(&client, news.owner);
    }
}

/* next_time: the next thing to happen; IO_NEVER when all is at rest. */
static uint64_t next_time(const network *net)
{
    uint64_t next = io_layer_next_ms(&client);
    next = io_layer_next_ms(&server) < next ? io_layer_next_ms(&server) : next;
    next = net->pending != 0 && net->pending_ms < next ? net->pending_ms : next;
    for (size_t i = 0; i < 64; i++) {
        next = net->flights[i].used && net->flights[i].at_ms < next ? net->flights[i].at_ms : next;
    }
    return next;
}

static void play(network *net)
{
    fresh();
    uint32_t handle = open_to(&client, 7, SERVER);
    if (ask(handle, SERVER, net->how != NON, 7, 0, 0) != GOSC_OK) {
        net->n_requests += 100;
    }
    gather(net);
    for (uint64_t next = next_time(net); next != IO_NEVER && next < CASE_END_MS; next = next_time(net)) {
        io_layer_news news;
        net->now_ms = next;
        for (size_t i = 0; i < 64; i++) {
            if (net->flights[i].used && net->flights[i].at_ms <= next) {
                arrive(net, &net->flights[i]);
                gather(net);
            }
        }
        if (net->pending != 0 && net->pending_ms <= next) {
            answer(net, net->pending);
            net->pending = 0;
        }
        while (io_layer_tick(&client, next, &news)) {
            net->n_timeouts++;
        }
        while (io_layer_tick(&server, next, &news)) {
            net->n_timeouts += 0x100;
        }
        gather(net);
    }
}

/* model_piggybacked: what must come of losing these datagrams, by counting them. */
static void model_piggybacked(unsigned lose, bool *heard, bool *answered)
{
    unsigned n = 0;
    *heard = false;
    *answered = false;
    for (int attempt = 0; attempt < 5 && !*answered; attempt++) {
        if ((lose >> n++ & 1) == 0) {
            *heard = true;
            *answered = (lose >> n++ & 1) == 0;
        }
    }
}

static void test_losses(void)
{
    bool good = true;
    unsigned n_answered = 0;
    for (unsigned lose = 0; lose < 64; lose++) {
        bool heard;
        bool answered;
        network net = {.lose = lose, .how = PIGGYBACKED};
        model_piggybacked(lose, &heard, &answered);
        play(&net);
        bool fits = net.n_requests == heard && net.n_responses == answered && net.n_timeouts == !answered;
        if (!fits) {
            printf("# lost %02x: heard %u, answered %u, given up %u\n", lose, net.n_requests, net.n_responses,
                   net.n_timeouts);
        }
        good = good && fits;
        n_answered += answered;
    }
    tap_ok(good && n_answered > 50 && n_answered < 64,
           "RFC 7252 4.2 every loss among 6 datagrams of a piggybacked exchange ends as it must");
    good = true;
    n_answered = 0;
    for (unsigned lose = 0; lose < 64; lose++) {
        network net = {.lose = lose, .how = SEPARATE};
        play(&net);
        /* The request is processed once at most and the response comes once at most; whoever gives up does so
         * because five of its datagrams, or of their acknowledgements, were lost. */
        bool fits = net.n_requests <= 1 && net.n_responses <= net.n_requests &&
                    (net.n_responses == 1 || (net.n_timeouts & 0xff) == 1 || net.n_timeouts == 0x100);
        bool few = (lose & (lose - 1)) == 0;
        good = good && fits && (!few || net.n_responses == 1);
        n_answered += net.n_responses;
    }
    tap_ok(good && n_answered > 55, "RFC 7252 5.2.2 every loss among 6 datagrams of a separate exchange too");
    good = true;
    for (unsigned lose = 0; lose < 4; lose++) {
        network net = {.lose = lose, .how = NON};
        play(&net);
        good = good && net.n_requests == !(lose & 1) && net.n_responses == (lose == 0 || (lose & 3) == 0);
    }
    tap_ok(good, "RFC 7252 4.3 a lost Non-confirmable message is lost");
}

static void test_repeats(void)
{
    for (kind how = PIGGYBACKED; how < N_KINDS; how++) {
        static const char *const texts[] = {
            "RFC 7252 4.5 repeating and delaying any of 5 datagrams changes nothing: piggybacked",
            "RFC 7252 4.5 repeating and delaying any of 5 datagrams changes nothing: separate",
            "RFC 7252 4.5 repeating and delaying any of 5 datagrams changes nothing: Non-confirmable"};
        bool good = true;
        for (unsigned both = 0; both < 1024; both++) {
            network net = {.repeat = both & 31, .hold = both >> 5, .how = how};
            play(&net);
            good = good && net.n_requests == 1 && net.n_responses == 1 && net.n_timeouts == 0;
        }
        tap_ok(good, texts[how]);
    }
}

int main(void)
{
    test_losses();
    test_repeats();
    return tap_done();
}
