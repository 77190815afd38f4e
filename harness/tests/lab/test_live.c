/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three peers in namespaces: real sockets, real multicast, and everything the attacker can do to them, over
 * IPv6 and IPv4. Skipped, in one line that says why, where the host forbids it.
 */
#include "live.h"

#include <net/if.h>

typedef struct family {
    const char *name;
    const char *group, *other_group;
    const char *peers[3]; /* their addresses */
    const char *bad;      /* an address nobody has */
    lab_family family;
} family;

static const family families[] = {
    {"IPv6",
     "[ff35:30:2001:db8::1]:5683",
     "[ff05::fd]:5683",
     {"[fd00::2]:5683", "[fd00::3]:5683", "[fd00::4]:5683"},
     "[2001:db8::bad]:4660",
     LAB_IPV6},
    {"IPv4",
     "224.0.1.187:5683",
     "239.1.2.3:5683",
     {"10.0.0.2:5683", "10.0.0.3:5683", "10.0.0.4:5683"},
     "192.0.2.66:4660",
     LAB_IPV4},
};

static live w;
static const family *f;

static bool say(bool good, const char *what)
{
    char text[200];
    (void)snprintf(text, sizeof text, "%s: %s", f->name, what);
    return tap_ok(good, text);
}

/* got: the peer printed that it received this text from there. */
static bool got(int peer, const char *from, const char *text)
{
    char line[200];
    (void)snprintf(line, sizeof line, "got %s %s\n", from, text);
    return live_said(&w, peer, line);
}

static void send_text(int peer, const char *to, const char *text)
{
    live_tell(&w, peer, "send %s %s", to, text);
}

/* packet_of: the newest packet on record with this text. */
static const lab_packet *packet_of(const char *text)
{
    for (uint32_t i = lab_n_packets(w.l); i > 0; i--) {
        const lab_packet *p = lab_packet_at(w.l, i);
        if (p->bytes.len == strlen(text) && memcmp(p->bytes.ptr, text, p->bytes.len) == 0) {
            return p;
        }
    }
    return NULL;
}

static bool is_from(const lab_packet *packet, const char *address)
{
    lab_addr addr = kit_addr(address);
    return packet != NULL && lab_addr_equal(&packet->from, &addr);
}

static unsigned received(int peer, const char *text)
{
    return live_count(w.peers[peer].out, text);
}

static void multicast(void)
{
    char line[200];
    lab_addr group = kit_addr(f->group);
    live_clear(&w);
    send_text(0, f->group, "early");
    say(live_saw(&w, "unrouted") && !lab_is_member(w.l, 1, &group),
        "before anybody has joined nobody receives");
    live_tell(&w, 1, "join %s", f->group);
    live_tell(&w, 2, "join %s", f->other_group);
    group.port = 0;
    char text[LAB_ADDR_TEXT];
    (void)snprintf(line, sizeof line, "joined p1 %s; ", lab_addr_write(&group, text));
    say(live_saw(&w, line), "the join is seen on the wire");
    lab_addr other = kit_addr(f->other_group);
    other.port = 0;
    (void)snprintf(line, sizeof line, "joined p2 %s; ", lab_addr_write(&other, text));
    say(live_saw(&w, line) && lab_is_member(w.l, 1, &group) && !lab_is_member(w.l, 2, &group),
        "who has joined another group is no member of this one");
    live_clear(&w);

    send_text(0, f->group, "?hello");
    say(got(1, f->peers[0], "?hello"), "the member receives");
    say(got(0, f->peers[1], "!hello"), "and its reply comes from its own address");
    const lab_packet *reply = packet_of("!hello");
    say(is_from(reply, f->peers[1]) && reply->from_peer == 1 && lab_packet_cast(reply) == LAB_CAST_UNICAST &&
            lab_packet_cast(packet_of("?hello")) == LAB_CAST_MULTICAST,
        "which the record says too");
    send_text(0, f->peers[2], "barrier");
    say(got(2, f->peers[0], "barrier") && received(2, "?hello") == 0 &&
            live_count(w.log.text, "delivered") == 3,
        "who has not joined got nothing before the barrier");

    live_tell(&w, 1, "leave %s", f->group);
    (void)snprintf(line, sizeof line, "left p1 %s; ", lab_addr_write(&group, text));
    say(live_saw(&w, line) && !lab_is_member(w.l, 1, &group), "leaving is seen too");
    live_tell(&w, 1, "join %s", f->group);
    live_tell(&w, 2, "join %s", f->group);
    (void)live_saw(&w, "joined p1");
    (void)live_saw(&w, "joined p2");
    live_clear(&w);
    send_text(0, f->group, "?both");
    uint64_t end = lab_now_us(w.l) + LIVE_WAIT_US;
    while (received(0, "!both\n") < 2 && lab_now_us(w.l) < end) {
        live_idle(&w, 1000);
    }
    say(received(0, "!both\n") == 2 && live_count(w.log.text, "delivered") == 4,
        "joined again: two members, two replies");
}

static int rule_add(lab_rule rule)
{
    int id = 0;
    kit_need(lab_rule_add(w.l, &rule, &id), w.l);
    return id;
}

static bool upper(void *arg, const lab_packet *packet, gosc_buf room, size_t *len)
{
    (void)arg;
    *len = packet->bytes.len;
    for (size_t i = 0; i < *len; i++) {
        uint8_t c = packet->bytes.ptr[i];
        room.ptr[i] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
    }
    return true;
}

static void faults(void)
{
    lab_rule rule = LAB_RULE(LAB_DROP);
    live_clear(&w);
    rule.from = 0;
    rule.to = 1;
    rule.times = 1;
    int id = rule_add(rule);
    send_text(0, f->peers[1], "lost");
    send_text(0, f->peers[1], "barrier");
    say(got(1, f->peers[0], "barrier") && live_count(w.log.text, "dropped") == 1 && packet_of("lost") != NULL,
        "dropped: the barrier behind it arrives");
    kit_need(lab_rule_remove(w.l, id), w.l);

    live_clear(&w);
    rule.to = 2;
    id = rule_add(rule);
    send_text(0, f->group, "some");
    say(got(1, f->peers[0], "some") && live_saw(&w, "dropped"),
        "dropped for one member, delivered to the other");
    send_text(0, f->peers[2], "barrier");
    say(got(2, f->peers[0], "barrier") && packet_of("some") != NULL && live_count(w.log.text, "p2 r") == 1,
        "and only for it");
    kit_need(lab_rule_remove(w.l, id), w.l);

    live_clear(&w);
    rule = LAB_RULE(LAB_DUPLICATE);
    rule.times = 1;
    id = rule_add(rule);
    send_text(0, f->peers[1], "twice");
    say(got(1, f->peers[0], "twice") && got(1, f->peers[0], "twice"), "duplicated: arrives twice");
    kit_need(lab_rule_remove(w.l, id), w.l);

    live_clear(&w);
    rule = LAB_RULE(LAB_HOLD);
    rule.times = 3;
    id = rule_add(rule);
    send_text(0, f->peers[1], "a");
    send_text(0, f->peers[1], "b");
    send_text(0, f->peers[1], "c");
    send_text(0, f->peers[1], "barrier");
    say(got(1, f->peers[0], "barrier") && lab_n_held(w.l) == 3, "held: what comes later arrives first");
    static const char *const order[] = {"c", "a", "b"};
    for (size_t i = 0; i < 3; i++) {
        kit_need(lab_release(w.l, packet_of(order[i])->number, LAB_ANY), w.l);
    }
    char line[300];
    (void)snprintf(line, sizeof line, "got %s c\ngot %s a\ngot %s b\n", f->peers[0], f->peers[0],
                   f->peers[0]);
    say(live_said(&w, 1, line), "released in the order wanted");
    kit_need(lab_rule_remove(w.l, id), w.l);

    live_clear(&w);
    rule = LAB_RULE(LAB_DELAY);
    rule.times = 1;
    rule.delay_ms = 40;
    id = rule_add(rule);
    send_text(0, f->peers[1], "late");
    send_text(0, f->peers[1], "soon");
    (void)snprintf(line, sizeof line, "got %s soon\ngot %s late\n", f->peers[0], f->peers[0]);
    say(live_said(&w, 1, line) && lab_now_us(w.l) >= packet_of("late")->at_us + 40000, "delayed by 40 ms");
    kit_need(lab_rule_remove(w.l, id), w.l);

    live_clear(&w);
    rule = LAB_RULE(LAB_EDIT);
    rule.times = 1;
    rule.edit = upper;
    rule.name = f->name;
    id = rule_add(rule);
    send_text(0, f->peers[1], "text");
    say(got(1, f->peers[0], "TEXT") && lab_packet_find(w.l, f->name) == packet_of("TEXT") &&
            received(1, " text") == 0,
        "edited on its way");
    kit_need(lab_rule_remove(w.l, id), w.l);
}

static void attacks(void)
{
    live_clear(&w);
    send_text(0, f->peers[1], "?first");
    say(got(0, f->peers[1], "!first"), "control: a question and its answer");
    lab_injection in = {.cause = LAB_CAUSE_REPLAY, .of = packet_of("?first")->number, .only = LAB_ANY};
    live_clear(&w);
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    say(got(1, f->peers[0], "?first") && got(0, f->peers[1], "!first"),
        "replayed: received, and answered, once more");

    in.cause = LAB_CAUSE_SPOOF;
    in.from = kit_addr(f->bad);
    live_clear(&w);
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    say(got(1, f->bad, "?first"), "spoofed: another source");
    say(live_saw(&w, "unrouted") && lab_addr_equal(&packet_of("!first")->to, &in.from),
        "the reply to it is on record");

    in = (lab_injection){.cause = LAB_CAUSE_REDIRECT,
                         .of = packet_of("?first")->number,
                         .to = kit_addr(f->peers[2]),
                         .only = LAB_ANY};
    live_clear(&w);
    in.from = kit_addr(f->peers[0]);
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    say(got(2, f->peers[0], "?first"), "redirected: another member receives it");
    say(got(0, f->peers[2], "!first"), "and answers");

    in = (lab_injection){.cause = LAB_CAUSE_FORGE,
                         .from = kit_addr(f->peers[0]),
                         .to = kit_addr(f->group),
                         .bytes = gosc_span_of("forged", 6),
                         .only = 2};
    live_clear(&w);
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    say(got(2, f->peers[0], "forged"), "forged, to the group, on the link of one member");
    send_text(0, f->peers[1], "barrier");
    say(got(1, f->peers[0], "barrier") && received(1, "forged") == 0 &&
            live_count(w.log.text, "delivered") == 2,
        "the other member got nothing of it");

    in.to = kit_addr(f->peers[1]);
    in.to.port = 9;
    in.only = LAB_ANY;
    live_clear(&w);
    kit_need(lab_inject(w.l, &in, NULL), w.l);
    say(live_saw(&w, "stray p1"), "what is no datagram (port unreachable) is told as stray");
}

static void sizes(void)
{
    static const size_t lens[] = {1, 1232, 1472, 1900};
    for (size_t i = 0; i < KIT_COUNT(lens); i++) {
        uint8_t bytes[1900];
        char text[1901];
        memset(bytes, 'x', lens[i]);
        memset(text, 'x', lens[i]);
        text[lens[i]] = '\0';
        lab_injection in = {.cause = LAB_CAUSE_FORGE,
                            .from = kit_addr(f->peers[0]),
                            .to = kit_addr(f->peers[1]),
                            .bytes = gosc_span_of(bytes, lens[i]),
                            .only = LAB_ANY};
        live_clear(&w);
        kit_need(lab_inject(w.l, &in, NULL), w.l);
        char line[2000];
        (void)snprintf(line, sizeof line, "got %s %s\n", f->peers[0], text);
        say(live_said(&w, 1, line), "any size arrives");
    }
}

static void latency(void)
{
    live_clear(&w);
    live_tell(&w, 0, "bench %s 500", f->peers[1]);
    bool good = live_said(&w, 0, "bench ");
    good = good && live_said(&w, 0, "\n");
    live_clear(&w);
    live_tell(&w, 0, "bench %s 500", f->peers[1]);
    good = good && live_said(&w, 0, "bench ");
    printf("# %s: 500 round trips through the lab, microseconds: %s", f->name, w.peers[0].out);
    say(good, "500 round trips, one after the other");
    (void)live_said(&w, 0, "done\n");
}

int main(int argc, char **argv)
{
    static char why[400];
    live_child(argc, argv);
    struct if_nameindex *before = if_nameindex();
    if (!live_open(&w, 3, why)) {
        tap_ok(strstr(why, "allow") != NULL || strstr(why, "access") != NULL, "a refusal says what to allow");
        printf("ok %d - live # SKIP %s\n", ++tap_n_run, why);
        return tap_done();
    }
    printf("# three peers run %llu microseconds after lab_open began\n", (unsigned long long)lab_now_us(w.l));
    for (size_t i = 0; i < KIT_COUNT(families); i++) {
        f = &families[i];
        multicast();
        faults();
        attacks();
        sizes();
        latency();
    }
    live_close(&w);
    struct if_nameindex *after = if_nameindex();
    bool same = before != NULL && after != NULL;
    for (size_t i = 0; same && (before[i].if_index != 0 || after[i].if_index != 0); i++) {
        same = before[i].if_index == after[i].if_index && strcmp(before[i].if_name, after[i].if_name) == 0;
    }
    tap_ok(same, "the host's devices are what they were");
    if_freenameindex(before);
    if_freenameindex(after);
    return tap_done();
}
