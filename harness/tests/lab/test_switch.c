/* SPDX-License-Identifier: BSD-2-Clause */
/* The switch on the stdio port: routing, membership, record, injection, virtual time. */
#include "kit.h"

typedef struct world {
    lab *l;
    kit_log log;
    unsigned n_wakes;
    bool answers;     /* every delivery is answered at once */
    bool wakes_again; /* every wake asks for the next, at once */
} world;

static world w;

static lab_addr six(int peer)
{
    return lab_peer_addr(w.l, peer, LAB_IPV6, 5683);
}

static void say(int peer, const char *to, const char *hex)
{
    gosc_span bytes = kit_hex(hex);
    lab_addr from = six(peer);
    lab_addr dest = kit_addr(to);
    kit_need(lab_send(w.l, peer, &from, &dest, bytes, NULL), w.l);
    memset((void *)(uintptr_t)bytes.ptr, 0xa5, bytes.len); /* the lab must not lean on the caller's bytes */
    kit_free(bytes);
}

static void deliver(void *arg, int peer, const lab_packet *packet)
{
    (void)arg;
    if (w.answers) {
        gosc_span pong = gosc_span_of("\x50\x45\x00\x01", 4);
        kit_need(lab_send(w.l, peer, &packet->to, &packet->from, pong, NULL), w.l);
    }
}

static void wake(void *arg, int peer, uint64_t now_us)
{
    (void)arg;
    w.n_wakes++;
    kit_log_add(&w.log, "%llu wake p%d; ", (unsigned long long)now_us, peer);
    if (w.wakes_again) {
        kit_need(lab_wake(w.l, peer, now_us), w.l);
    }
}

static void open_world(int n_peers, uint64_t latency_us)
{
    lab_config config = {.port = LAB_STDIO,
                         .arg = &w.log,
                         .event = kit_log_event,
                         .deliver = deliver,
                         .wake = wake,
                         .latency_us = latency_us};
    memset(&w, 0, sizeof w);
    kit_need(lab_open(&config, &w.l), w.l);
    for (int i = 0; i < n_peers; i++) {
        char name[16];
        int peer = LAB_NOBODY;
        (void)snprintf(name, sizeof name, "peer%d", i);
        kit_need(lab_peer_add(w.l, name, &peer), w.l);
    }
}

static void close_world(void)
{
    lab_close(w.l);
}

static void step(void)
{
    kit_need(lab_step(w.l, NULL), w.l);
}

#define GROUP "[ff35:30:2001:db8::1]:5683"

static void peers(void)
{
    open_world(3, 0);
    char text[LAB_ADDR_TEXT];
    lab_addr addr = lab_peer_addr(w.l, 1, LAB_IPV6, 5683);
    tap_ok(strcmp(lab_addr_write(&addr, text), "[fd00::3]:5683") == 0 && lab_peer_at(w.l, &addr) == 1,
           "IPv6 of peer 1");
    addr = lab_peer_addr(w.l, 2, LAB_IPV4, 1);
    tap_ok(strcmp(lab_addr_write(&addr, text), "10.0.0.4:1") == 0 && lab_peer_at(w.l, &addr) == 2,
           "IPv4 of peer 2");
    static const char *const nobody[] = {"10.0.0.1:1",  "10.0.0.5:1",  "[fd00::1]:1", "[fd00::5]:1",
                                         "[fd01::2]:1", "[ff02::2]:1", "10.0.1.2:1",  "[fd00::1:2]:1"};
    for (size_t i = 0; i < KIT_COUNT(nobody); i++) {
        addr = kit_addr(nobody[i]);
        tap_ok(lab_peer_at(w.l, &addr) == LAB_NOBODY, nobody[i]);
    }
    addr = lab_peer_addr(w.l, 3, LAB_IPV6, 1);
    int peer = LAB_NOBODY;
    tap_ok(addr.family == LAB_NO_FAMILY && lab_peer_name(w.l, 3) == NULL && lab_peer_name(w.l, -1) == NULL,
           "no fourth peer");
    tap_ok(lab_peer_find(w.l, "peer2") == 2 && lab_peer_find(w.l, "x") == LAB_NOBODY, "found by name");
    tap_ok(lab_peer_add(w.l, "peer1", &peer) == LAB_ERR_USAGE &&
               lab_peer_add(w.l, "", &peer) == LAB_ERR_USAGE && lab_n_peers(w.l) == 3,
           "names are unique and not empty");
    lab_err err = LAB_OK;
    for (int i = 3; i < LAB_PEERS_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "peer%d", i);
        kit_need(lab_peer_add(w.l, name, &peer), w.l);
    }
    err = lab_peer_add(w.l, "one more", &peer);
    addr = lab_peer_addr(w.l, LAB_PEERS_MAX - 1, LAB_IPV4, 7);
    tap_ok(err == LAB_ERR_USAGE && strcmp(lab_addr_write(&addr, text), "10.0.0.251:7") == 0,
           "250 peers, not 251");
    close_world();
}

static void routing(void)
{
    open_world(4, 0);
    lab_addr group = kit_addr(GROUP);
    say(0, "[fd00::3]:5683", "50010001");
    step();
    kit_log_is(&w.log, "seen 1; delivered 1 p1; ", "unicast goes to whom it is addressed");
    say(0, GROUP, "50010002");
    step();
    kit_log_is(&w.log, "seen 2; unrouted 2; ", "nobody has joined: nobody receives");
    kit_need(lab_join(w.l, 1, &group), w.l);
    kit_need(lab_join(w.l, 3, &group), w.l);
    kit_need(lab_join(w.l, 3, &group), w.l);
    kit_log_is(&w.log, "joined p1 [ff35:30:2001:db8::1]:0; joined p3 [ff35:30:2001:db8::1]:0; ",
               "joining is told, once");
    say(0, GROUP, "50010003");
    step();
    kit_log_is(&w.log, "seen 3; delivered 3 p1; delivered 3 p3; ", "multicast goes to members only");
    say(3, GROUP, "50010004");
    step();
    kit_log_is(&w.log, "seen 4; delivered 4 p1; ", "not back to the sender");
    kit_need(lab_leave(w.l, 1, &group), w.l);
    kit_need(lab_leave(w.l, 1, &group), w.l);
    say(0, GROUP, "50010005");
    step();
    kit_log_is(&w.log, "left p1 [ff35:30:2001:db8::1]:0; seen 5; delivered 5 p3; ",
               "who left receives no more");
    say(0, "[ff02::1]:5683", "50010006");
    step();
    kit_log_is(&w.log, "seen 6; delivered 6 p1; delivered 6 p2; delivered 6 p3; ",
               "all nodes: nobody has to join");
    say(0, "[2001:db8::9]:5683", "50010007");
    step();
    kit_log_is(&w.log, "seen 7; unrouted 7; ", "an address nobody has");
    group.port = 1;
    tap_ok(lab_is_member(w.l, 3, &group) && !lab_is_member(w.l, 1, &group) && !lab_is_member(w.l, 9, &group),
           "membership can be asked for, whatever the port");
    const lab_packet *p = lab_packet_at(w.l, 4);
    tap_ok(p->from_peer == 3 && p->to_peer == LAB_NOBODY && lab_packet_cast(p) == LAB_CAST_MULTICAST &&
               p->cause == LAB_CAUSE_PEER && p->bytes.len == 4 && p->bytes.ptr[3] == 4 &&
               p->coap.is == LAB_IS_REQUEST,
           "the record keeps who, where, what");
    tap_ok(lab_packet_at(w.l, 0) == NULL && lab_packet_at(w.l, 8) == NULL && lab_n_packets(w.l) == 7,
           "7 packets");
    close_world();
}

static lab_injection injection(lab_cause cause, uint32_t of)
{
    return (lab_injection){.cause = cause, .of = of, .only = LAB_ANY};
}

static void attacks(void)
{
    open_world(3, 0);
    lab_addr group = kit_addr(GROUP);
    lab_rule rule = LAB_RULE(LAB_DROP);
    int id = 0;
    uint32_t number = 0;
    for (int i = 1; i < 3; i++) {
        kit_need(lab_join(w.l, i, &group), w.l);
    }
    say(0, GROUP, "50010001");
    kit_need(lab_name(w.l, 1, "first.request"), w.l);
    step();
    w.log.len = 0;
    kit_need(lab_rule_add(w.l, &rule, &id), w.l);

    lab_injection in = injection(LAB_CAUSE_REPLAY, 1);
    in.name = "old";
    kit_need(lab_inject(w.l, &in, &number), w.l);
    step();
    kit_log_is(&w.log, "seen 2; delivered 2 p1; delivered 2 p2; ",
               "replay: same bytes, same addresses, no rule");
    const lab_packet *old = lab_packet_find(w.l, "old");
    const lab_packet *first = lab_packet_find(w.l, "first.request");
    tap_ok(old != NULL && first != NULL && old->number == number && old->of == 1 &&
               old->from_peer == LAB_NOBODY && lab_addr_equal(&old->from, &first->from) &&
               gosc_span_equal(old->bytes, first->bytes) && strcmp(old->name, "old") == 0,
           "its record says replay, of what, by nobody");
    in = injection(LAB_CAUSE_REPLAY, 1);
    in.only = 2;
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    step();
    kit_log_is(&w.log, "seen 3; delivered 3 p2; ", "replay to one member, still addressed to the group");
    in = injection(LAB_CAUSE_REDIRECT, 1);
    in.to = six(0);
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    step();
    kit_log_is(&w.log, "seen 4; delivered 4 p0; ", "redirect: another destination, also the sender itself");
    in = injection(LAB_CAUSE_SPOOF, 1);
    in.from = kit_addr("[2001:db8::bad]:1");
    in.delay_ms = 3;
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    step();
    kit_need(lab_advance(w.l, LAB_NEVER, NULL), w.l);
    kit_log_is(&w.log, "seen 5; delivered 5 p1; delivered 5 p2; ", "spoof: another source, later");
    tap_ok(lab_now_us(w.l) == 3000 && lab_packet_at(w.l, 5)->from.port == 1, "3 ms later, from there");
    in = injection(LAB_CAUSE_FORGE, 0);
    in.from = kit_addr("10.0.0.99:1");
    in.to = lab_peer_addr(w.l, 1, LAB_IPV4, 5683);
    in.bytes = GOSC_EMPTY;
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    step();
    kit_log_is(&w.log, "seen 6; delivered 6 p1; ", "forge: bytes of our own, an empty datagram");
    say(0, "[fd00::3]:5683", "50010009");
    step();
    kit_log_is(&w.log, "seen 7; dropped 7 p1 r1; ", "control: the rule does drop what peers send");

    lab_injection bad[8];
    for (size_t i = 0; i < KIT_COUNT(bad); i++) {
        bad[i] = injection(LAB_CAUSE_FORGE, 1);
    }
    bad[0].of = 99;
    bad[1].cause = LAB_CAUSE_PEER;
    bad[2].of = 0;
    bad[3].to = kit_addr("10.0.0.3:1");
    bad[4].only = 3;
    bad[5].only = -2;
    bad[6].name = "";
    bad[7].bytes = gosc_span_of(w.log.text, LAB_DATAGRAM_MAX + 1);
    for (size_t i = 0; i < KIT_COUNT(bad); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "bad injection %zu is refused", i);
        tap_ok(lab_inject(w.l, &bad[i], &number) == LAB_ERR_USAGE && lab_complaint(w.l)[0] != '\0', text);
    }
    tap_ok(lab_n_packets(w.l) == 7 && lab_n_queued(w.l) == 0, "and leaves nothing");
    close_world();
}

static void holding(void)
{
    open_world(3, 0);
    lab_addr group = kit_addr(GROUP);
    lab_rule rule = LAB_RULE(LAB_HOLD);
    int id = 0;
    for (int i = 1; i < 3; i++) {
        kit_need(lab_join(w.l, i, &group), w.l);
    }
    rule.times = 3;
    kit_need(lab_rule_add(w.l, &rule, &id), w.l);
    w.log.len = 0;
    say(0, GROUP, "50010001");
    say(0, "[fd00::3]:5683", "50010002");
    say(0, "[fd00::4]:5683", "50010003");
    say(0, "[fd00::4]:5683", "50010004");
    step();
    kit_log_is(&w.log,
               "seen 1; held 1 p1 r1; held 1 p2 r1; seen 2; held 2 p1 r1; seen 3; held 3 p2 r1; seen 4; "
               "delivered 4 p2; ",
               "three packets are held, the fourth passes");
    tap_ok(lab_n_held(w.l) == 4 && lab_n_queued(w.l) == 0, "4 deliveries are held");
    kit_need(lab_rule_remove(w.l, id), w.l);
    kit_need(lab_release(w.l, 3, LAB_ANY), w.l);
    kit_need(lab_release(w.l, 1, 2), w.l);
    step();
    kit_log_is(&w.log, "released 3 p2; released 1 p2; delivered 3 p2; delivered 1 p2; ",
               "released in the order of the calls, for one recipient alone, the rule gone or not");
    tap_ok(lab_release(w.l, 3, LAB_ANY) == LAB_ERR_USAGE && lab_release(w.l, 1, 2) == LAB_ERR_USAGE,
           "what is not held cannot be released");
    kit_need(lab_release(w.l, 0, LAB_ANY), w.l);
    step();
    kit_log_is(&w.log, "released 1 p1; released 2 p1; delivered 1 p1; delivered 2 p1; ",
               "the rest, oldest first");
    tap_ok(lab_release(w.l, 0, LAB_ANY) == LAB_ERR_USAGE && lab_n_held(w.l) == 0, "nothing is left");
    close_world();
}

static bool match_third(void *arg, const lab_packet *packet)
{
    unsigned *n = arg;
    (*n)++;
    return packet->bytes.len > 3 && packet->bytes.ptr[3] == 3;
}

static bool edit_never(void *arg, const lab_packet *packet, gosc_buf room, size_t *len)
{
    unsigned *n = arg;
    (void)packet;
    (void)room;
    (void)len;
    (*n)++;
    return false;
}

static bool edit_length(void *arg, const lab_packet *packet, gosc_buf room, size_t *len)
{
    (void)packet;
    memset(room.ptr, 0x5a, room.len);
    *len = *(size_t *)arg;
    return true;
}

static void matching(void)
{
    open_world(2, 0);
    unsigned n_asked = 0;
    int id = 0;
    lab_rule rule = LAB_RULE(LAB_DROP);
    rule.mode = LAB_MODE_GROUP;
    rule.match = match_third;
    rule.arg = &n_asked;
    kit_need(lab_rule_add(w.l, &rule, &id), w.l);
    say(0, "[fd00::3]:5683", "50020003");
    say(0, "[fd00::3]:5683", "50020003 9120");
    say(0, "[fd00::3]:5683", "50020004 9120");
    step();
    kit_log_is(&w.log, "seen 1; seen 2; dropped 2 p1 r1; seen 3; delivered 1 p1; delivered 3 p1; ",
               "by mode and by a call of the caller's");
    tap_ok(n_asked == 2 && lab_rule_count(w.l, id, NULL) == 1, "the call is asked after all else fitted");
    kit_need(lab_rule_remove(w.l, id), w.l);
    say(0, "[fd00::3]:5683", "50020003 9120");
    step();
    kit_log_is(&w.log, "seen 4; delivered 4 p1; ", "a rule removed is none");
    tap_ok(lab_rule_remove(w.l, id) == LAB_ERR_USAGE && lab_rule_count(w.l, id, &n_asked) == 0 &&
               n_asked == 0,
           "and cannot be removed again");

    size_t len = LAB_DATAGRAM_MAX;
    rule = LAB_RULE(LAB_EDIT);
    rule.edit = edit_length;
    rule.arg = &len;
    rule.name = "edited";
    kit_need(lab_rule_add(w.l, &rule, &id), w.l);
    say(0, "[fd00::3]:5683", "50010005");
    const lab_packet *edited = lab_packet_find(w.l, "edited");
    tap_ok(edited != NULL && edited->cause == LAB_CAUSE_EDIT && edited->of == 5 && edited->number == 6 &&
               edited->bytes.len == LAB_DATAGRAM_MAX && edited->bytes.ptr[LAB_DATAGRAM_MAX - 1] == 0x5a,
           "an edited copy of full length, by its name");
    len = LAB_DATAGRAM_MAX + 1;
    say(0, "[fd00::3]:5683", "50010006");
    w.log.len = 0;
    step();
    kit_log_is(&w.log, "delivered 6 p1; delivered 7 p1; ", "one byte more is no edit: delivered as it is");

    kit_need(lab_rule_remove(w.l, id), w.l);
    rule.edit = edit_never;
    rule.arg = &n_asked;
    kit_need(lab_rule_add(w.l, &rule, &id), w.l);
    int peer = LAB_NOBODY;
    kit_need(lab_peer_add(w.l, "third", &peer), w.l);
    say(0, "[ff02::1]:5683", "50010007");
    step();
    kit_log_is(&w.log, "seen 8; delivered 8 p1; delivered 8 p2; ",
               "an edit that refuses leaves the packet as it is");
    tap_ok(n_asked == 1 && lab_rule_count(w.l, id, &n_asked) == 1 && n_asked == 0,
           "and is asked once a packet");

    lab_rule bad[6];
    for (size_t i = 0; i < KIT_COUNT(bad); i++) {
        bad[i] = LAB_RULE(LAB_DROP);
    }
    bad[0].action = (lab_action)0;
    bad[1].action = (lab_action)9;
    bad[2].action = LAB_EDIT;
    bad[3].from = 3;
    bad[4].to = -2;
    bad[5].name = "a name that is far too long to be the name of a packet in any scenario";
    for (size_t i = 0; i < KIT_COUNT(bad); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "bad rule %zu is refused", i);
        tap_ok(lab_rule_add(w.l, &bad[i], &id) == LAB_ERR_USAGE, text);
    }
    close_world();
}

static void names(void)
{
    open_world(2, 0);
    for (int i = 0; i < 1000; i++) {
        say(0, "[fd00::3]:5683", "50010001");
    }
    const lab_packet *second = lab_packet_at(w.l, 2);
    kit_need(lab_name(w.l, 2, "a"), w.l);
    kit_need(lab_name(w.l, 2, "b"), w.l);
    kit_need(lab_name(w.l, 3, "a"), w.l);
    tap_ok(lab_packet_find(w.l, "a")->number == 3 && lab_packet_find(w.l, "b")->number == 2 &&
               strcmp(second->name, "a") == 0 && lab_packet_find(w.l, "c") == NULL,
           "several names; the newest meaning holds");
    tap_ok(lab_name(w.l, 0, "x") == LAB_ERR_USAGE && lab_name(w.l, 1001, "x") == LAB_ERR_USAGE &&
               lab_name(w.l, 1, "") == LAB_ERR_USAGE && lab_packet_find(w.l, "x") == NULL,
           "bad numbers and names");
    tap_ok(lab_packet_at(w.l, 2) == second && lab_n_packets(w.l) == 1000, "records stay where they are");
    close_world();
}

static void time_passes(void)
{
    open_world(2, 250);
    w.log.with_time = true;
    say(0, "[fd00::3]:5683", "50010001");
    step();
    kit_log_is(&w.log, "0 seen 1; ", "a packet takes its time");
    tap_ok(lab_next_us(w.l) == 250 && lab_n_queued(w.l) == 1, "and it is known when");
    kit_need(lab_advance(w.l, 100, NULL), w.l);
    tap_ok(lab_now_us(w.l) == 100 && lab_n_queued(w.l) == 1, "time stops at the limit");
    unsigned n = 0;
    kit_need(lab_advance(w.l, 1000, &n), w.l);
    kit_log_is(&w.log, "250 delivered 1 p1; ", "or jumps to what is due");
    tap_ok(n == 1 && lab_now_us(w.l) == 250 && lab_next_us(w.l) == LAB_NEVER, "not beyond");
    tap_ok(lab_advance(w.l, LAB_NEVER, NULL) == LAB_ERR_USAGE, "time without an end is refused");
    kit_need(lab_wake(w.l, 1, 300), w.l);
    kit_need(lab_wake(w.l, 0, 300), w.l);
    say(1, "[fd00::2]:5683", "50450001");
    kit_need(lab_advance(w.l, LAB_NEVER, NULL), w.l);
    kit_need(lab_advance(w.l, LAB_NEVER, NULL), w.l);
    kit_log_is(&w.log, "250 seen 2; 300 wake p0; 300 wake p1; 500 delivered 2 p0; ",
               "wakes in the order of the peers");
    kit_need(lab_wake(w.l, 1, 400), w.l);
    kit_need(lab_wake(w.l, 1, 700), w.l);
    kit_need(lab_wake(w.l, 0, 600), w.l);
    kit_need(lab_wake(w.l, 0, LAB_NEVER), w.l);
    kit_need(lab_advance(w.l, LAB_NEVER, NULL), w.l);
    kit_log_is(&w.log, "700 wake p1; ", "a new wake replaces the old one");
    kit_need(lab_wake(w.l, 1, 10), w.l);
    kit_need(lab_advance(w.l, LAB_NEVER, NULL), w.l);
    kit_log_is(&w.log, "700 wake p1; ", "a wake in the past is due now: time does not go back");
    w.wakes_again = true;
    kit_need(lab_wake(w.l, 1, 700), w.l);
    step();
    kit_log_is(&w.log, "700 wake p1; ", "a peer that wants to be woken without end gets one wake a step");
    kit_need(lab_wake(w.l, 1, LAB_NEVER), w.l);
    kit_need(lab_advance(w.l, 5000, NULL), w.l);
    tap_ok(lab_now_us(w.l) == 5000, "nothing to do: time passes to the limit");
    tap_ok(lab_wake(w.l, 2, 1) == LAB_ERR_USAGE && lab_fd(w.l) == -1, "no such peer; no descriptor to poll");
    close_world();
}

static void ping_pong(void)
{
    open_world(2, 0);
    w.answers = true;
    say(0, "[fd00::3]:5683", "50010001");
    unsigned n = 0;
    kit_need(lab_step(w.l, &n), w.l);
    kit_log_is(&w.log, "seen 1; delivered 1 p1; seen 2; ", "an answer at once waits for the next step");
    kit_need(lab_step(w.l, &n), w.l);
    kit_log_is(&w.log, "delivered 2 p0; seen 3; ", "two peers cannot go on for ever within one");
    tap_ok(n == 1, "one delivery a step");
    close_world();
}

static void refusals(void)
{
    open_world(2, 0);
    lab_addr from = six(0);
    lab_addr to = six(1);
    lab_addr four = lab_peer_addr(w.l, 1, LAB_IPV4, 1);
    lab_addr none = {.family = LAB_NO_FAMILY};
    gosc_span some = gosc_span_of("x", 1);
    tap_ok(lab_send(w.l, 2, &from, &to, some, NULL) == LAB_ERR_USAGE, "send: no such peer");
    tap_ok(lab_send(w.l, 0, &from, &four, some, NULL) == LAB_ERR_USAGE, "send: two families");
    tap_ok(lab_send(w.l, 0, &none, &none, some, NULL) == LAB_ERR_USAGE, "send: no addresses");
    tap_ok(lab_send(w.l, 0, &from, &to, GOSC_ABSENT, NULL) == LAB_ERR_USAGE, "send: no bytes");
    tap_ok(lab_send(w.l, 0, &from, &to, gosc_span_of(w.log.text, LAB_DATAGRAM_MAX + 1), NULL) ==
               LAB_ERR_USAGE,
           "send: too many bytes");
    tap_ok(lab_join(w.l, 0, &to) == LAB_ERR_USAGE && lab_leave(w.l, 2, &to) == LAB_ERR_USAGE,
           "join: no group, no peer");
    tap_ok(lab_n_packets(w.l) == 0, "nothing of this is on record");
    kit_need(lab_send(w.l, 0, &from, &to, gosc_span_of(w.log.text, LAB_DATAGRAM_MAX), NULL), w.l);
    tap_ok(lab_packet_at(w.l, 1)->bytes.len == LAB_DATAGRAM_MAX, "control: the longest datagram is");
    close_world();
    lab_config config = {.port = LAB_STDIO};
    lab *l = NULL;
    tap_ok(lab_open(&config, &l) == LAB_ERR_USAGE && l != NULL, "stdio without a call that delivers");
    lab_close(l);
    config.port = (lab_port)7;
    tap_ok(lab_open(&config, &l) == LAB_ERR_USAGE, "an unknown port");
    lab_close(l);
    lab_close(NULL);
}

/* A random script, played twice: the logs must be the same bytes. */
static void script(uint64_t seed, kit_log *log)
{
    open_world(4, tap_random(2) * 100);
    tap_random_state = seed;
    w.log.with_time = true;
    for (int i = 0; i < 300; i++) {
        lab_addr group = kit_addr(GROUP);
        int peer = (int)tap_random(4);
        lab_rule rule = LAB_RULE((lab_action)(tap_random(4) + 1));
        rule.from = (int)tap_random(5) - 1;
        rule.to = (int)tap_random(5) - 1;
        rule.nth = tap_random(3);
        rule.times = tap_random(3);
        rule.delay_ms = tap_random(4);
        rule.copies = tap_random(3);
        int id = 0;
        switch (tap_random(8)) {
        case 0:
            kit_need(tap_random(2) == 0 ? lab_join(w.l, peer, &group) : lab_leave(w.l, peer, &group), w.l);
            break;
        case 1:
            kit_need(lab_rule_add(w.l, &rule, &id), w.l);
            break;
        case 2:
            (void)(lab_release(w.l, tap_random(30), LAB_ANY) == LAB_OK);
            break;
        case 3:
            kit_need(lab_advance(w.l, lab_now_us(w.l) + tap_random(3000), NULL), w.l);
            break;
        default:
            say(peer, tap_random(2) == 0 ? GROUP : "[fd00::3]:5683",
                tap_random(2) == 0 ? "50010001" : "50450001");
            break;
        }
    }
    *log = w.log;
    close_world();
}

static void twice(void)
{
    static kit_log once, again;
    bool same = true;
    size_t n_bytes = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        tap_random_state = seed;
        script(seed * 77, &once);
        tap_random_state = seed;
        script(seed * 77, &again);
        same = same && once.len == again.len && memcmp(once.text, again.text, once.len) == 0;
        n_bytes += once.len;
    }
    tap_ok(same && n_bytes > 100000, "100 random scripts, played twice: the same log, byte for byte");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    peers();
    routing();
    attacks();
    holding();
    matching();
    names();
    time_passes();
    ping_pong();
    refusals();
    twice();
    return tap_done();
}
