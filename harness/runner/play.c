/* SPDX-License-Identifier: BSD-2-Clause */
#include "play.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "needs.h"

uint64_t run_now_ms(const run_play *play)
{
    return play->lab != NULL ? lab_now_us(play->lab) / 1000 : 0;
}

run_peer *run_play_peer(run_play *play, const char *name)
{
    for (size_t i = 0; name != NULL && i < play->n_peers; i++) {
        if (strcmp(play->peers[i].name, name) == 0) {
            return &play->peers[i];
        }
    }
    return NULL;
}

size_t run_play_index(const run_play *play, const run_peer *peer)
{
    return (size_t)(peer - play->peers);
}

json_t *run_log(run_play *play, const char *kind)
{
    return obs_log_add(&play->log, run_now_ms(play), kind);
}

bool run_say(run_play *play, const char *kind, const char *by, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_t *entry = run_log(play, "complaint");
    obs_set_text(entry, "kind", kind);
    obs_set_text(entry, "by", by);
    obs_set_text(entry, "text", text);
    play->broken = true;
    return false;
}

/* complain passes on what a peer did wrong, once. */
static bool complain(run_play *play, const run_peer *peer)
{
    if (!play->broken) {
        (void)run_say(play, run_wrong_name(peer->wrong), peer->name, "%s", peer->why);
    }
    return false;
}

/* ---- packets ---- */

run_packet *run_packet_of(run_play *play, uint32_t number)
{
    return number >= 1 && number <= play->n_packets ? &play->packets[number - 1] : NULL;
}

static run_packet *packet_new(run_play *play, uint32_t number)
{
    while (play->packet_room < number) {
        size_t room = play->packet_room == 0 ? 64 : 2 * play->packet_room;
        run_packet *more = vec_alloc(&play->arena, room * sizeof *more);
        if (play->n_packets > 0) {
            memcpy(more, play->packets, play->n_packets * sizeof *more);
        }
        play->packets = more;
        play->packet_room = room;
    }
    play->n_packets = number;
    run_packet *packet = &play->packets[number - 1];
    *packet = (run_packet){.number = number};
    return packet;
}

static bool same_token(const lab_packet *a, const lab_packet *b)
{
    return gosc_span_equal(a->coap.token, b->coap.token);
}

/* asked_by: the newest request with this Token that came from where the response goes to. The Token alone decides when the
 * addresses do not tell (a forged source). */
static uint32_t request_of(const run_play *play, const lab_packet *response)
{
    uint32_t by_token = 0;
    for (uint32_t i = response->number - 1; i >= 1; i--) {
        const lab_packet *one = lab_packet_at(play->lab, i);
        if (one->coap.is != LAB_IS_REQUEST || !same_token(one, response)) {
            continue;
        }
        if (lab_addr_equal(&one->from, &response->to)) {
            return i;
        }
        by_token = by_token == 0 ? i : by_token;
    }
    return by_token;
}

/* message_of: the newest message with this Message ID that went the other way. */
static uint32_t message_of(const run_play *play, const lab_packet *reaction)
{
    for (uint32_t i = reaction->number - 1; i >= 1; i--) {
        const lab_packet *one = lab_packet_at(play->lab, i);
        if (one->coap.message_id == reaction->coap.message_id && lab_addr_equal(&one->from, &reaction->to)) {
            return i;
        }
    }
    return 0;
}

static uint32_t same_bytes(const run_play *play, const lab_packet *packet)
{
    for (uint32_t i = packet->number - 1; i >= 1; i--) {
        const lab_packet *one = lab_packet_at(play->lab, i);
        if (one->from_peer == packet->from_peer && lab_addr_equal(&one->to, &packet->to) &&
            gosc_span_equal(one->bytes, packet->bytes)) {
            return i;
        }
    }
    return 0;
}

/* attribute says which step a packet belongs to, and which request it answers. */
static void attribute(run_play *play, const lab_packet *packet, run_packet *mine)
{
    const run_packet *cause = run_packet_of(play, play->cause);
    const lab_packet *caused_by = lab_packet_at(play->lab, play->cause);
    uint32_t asked = 0;
    if (packet->coap.is == LAB_IS_RESPONSE) {
        bool direct = caused_by != NULL && caused_by->coap.is == LAB_IS_REQUEST && same_token(caused_by, packet);
        asked = direct ? play->cause : request_of(play, packet);
    } else if (packet->coap.is == LAB_IS_ACK || packet->coap.is == LAB_IS_RESET) {
        asked = cause != NULL ? play->cause : message_of(play, packet);
    }
    mine->reply_to = asked;
    if (cause != NULL) {
        mine->of = cause->of;
    } else if (play->cause_of != NULL && packet->coap.is == LAB_IS_REQUEST) {
        mine->of = play->cause_of;
    } else if (asked != 0) {
        mine->of = run_packet_of(play, asked)->of;
    } else if (same_bytes(play, packet) != 0) {
        mine->of = run_packet_of(play, same_bytes(play, packet))->of;
    } else {
        /* Port tun: packets come after the answer; what a client sends then belongs to what it was asked last. */
        mine->of = play->cause_of != NULL || play->is_stdio ? play->cause_of : play->last_of[packet->from_peer];
    }
}

static void name_add(run_play *play, uint32_t number, const char *name)
{
    if (lab_packet_find(play->lab, name) == NULL && lab_name(play->lab, number, name) != LAB_OK) {
        play->broken = true;
    }
}

/* name_packet: STEP.request, STEP.request#2, STEP.response@lamp, STEP.response@lamp#2, ... */
static void name_packet(run_play *play, const lab_packet *packet, run_packet *mine)
{
    const char *who = lab_peer_name(play->lab, packet->from_peer);
    size_t n = 0, n_from = 0;
    if (mine->of == NULL || who == NULL) {
        return;
    }
    for (uint32_t i = 1; i <= packet->number; i++) {
        const lab_packet *one = lab_packet_at(play->lab, i);
        const run_packet *other = run_packet_of(play, i);
        if (one->coap.is == packet->coap.is && one->from_peer >= 0 && other->of != NULL &&
            strcmp(other->of, mine->of) == 0) {
            n++;
            n_from += one->from_peer == packet->from_peer;
        }
    }
    const char *is = lab_is_name(packet->coap.is);
    const char *plain = vec_printf(&play->arena, "%s.%s", mine->of, is);
    const char *from = vec_printf(&play->arena, "%s.%s@%s", mine->of, is, who);
    name_add(play, packet->number, plain);
    name_add(play, packet->number, from);
    name_add(play, packet->number, vec_printf(&play->arena, "%s#%zu", plain, n));
    name_add(play, packet->number, vec_printf(&play->arena, "%s#%zu", from, n_from));
    mine->name = n == 1 ? plain : vec_printf(&play->arena, "%s#%zu", plain, n);
}

static const char *peer_or_null(const run_play *play, int peer)
{
    return peer >= 0 ? lab_peer_name(play->lab, peer) : NULL;
}

/* open_packet opens a packet with the keys of the world. */
static void open_packet(run_play *play, const lab_packet *packet, run_packet *mine)
{
    mine->opened = vec_alloc(&play->arena, sizeof *mine->opened);
    const run_packet *asked = run_packet_of(play, mine->reply_to);
    const run_packet *made_of = run_packet_of(play, packet->of);
    obs_parties parties = {.from = peer_or_null(play, packet->from_peer), .to = peer_or_null(play, packet->to_peer)};
    if (asked == NULL && made_of != NULL) {
        asked = run_packet_of(play, made_of->reply_to);
        mine->reply_to = made_of->reply_to;
    }
    if (asked != NULL && asked->opened != NULL && asked->opened->is_request) {
        parties.request = asked->opened;
    }
    obs_open(&play->world, packet->bytes, &parties, mine->opened);
}

static void set_packet(run_play *play, json_t *entry, const lab_packet *packet, const run_packet *mine)
{
    static const char *const types[] = {"CON", "NON", "ACK", "RST"};
    char text[LAB_ADDR_TEXT];
    vec_arena *arena = &play->arena;
    obs_set_int(entry, "packet", packet->number);
    obs_set_text(entry, "name", mine->name);
    obs_set_text(entry, "of", mine->of);
    obs_set_text(entry, "by", packet->from_peer >= 0 ? lab_peer_name(play->lab, packet->from_peer) : "adversary");
    obs_set_text(entry, "to", peer_or_null(play, packet->to_peer));
    obs_set_text(entry, "src", lab_addr_write(&packet->from, text));
    obs_set_text(entry, "dst", lab_addr_write(&packet->to, text));
    obs_set_text(entry, "cast", lab_cast_name(lab_packet_cast(packet)));
    obs_set_text(entry, "cause", lab_cause_name(packet->cause));
    if (packet->of != 0) {
        obs_set_int(entry, "made_of", packet->of);
    }
    if (play->cause != 0) {
        obs_set_int(entry, "reaction_to", play->cause);
    }
    if (mine->reply_to != 0) {
        obs_set_int(entry, "reply_to", mine->reply_to);
    }
    obs_set_text(entry, "is", lab_is_name(packet->coap.is));
    obs_set_bool(entry, "coap", mine->opened->is_coap);
    if (mine->opened->is_coap) {
        obs_set_text(entry, "type", types[packet->coap.type & 3]);
        obs_set_text(entry, "outer_code", obs_code_text(arena, packet->coap.code));
        obs_set_int(entry, "message_id", packet->coap.message_id);
        obs_set_hex(arena, entry, "token", packet->coap.token);
    }
    obs_set_hex(arena, entry, "data", packet->bytes);
    obs_open_write(&play->world, mine->opened, entry);
}

static void packet_seen(run_play *play, const lab_packet *packet)
{
    run_packet *mine = packet_new(play, packet->number);
    if (packet->cause == LAB_CAUSE_PEER) {
        attribute(play, packet, mine);
        name_packet(play, packet, mine);
    } else {
        mine->of = packet->name != NULL ? packet->name : play->cause_of;
        mine->name = packet->name;
        if (packet->coap.is == LAB_IS_RESPONSE) {
            mine->reply_to = request_of(play, packet);
        }
    }
    open_packet(play, packet, mine);
    set_packet(play, run_log(play, "packet"), packet, mine);
}

/* ---- what the lab tells ---- */

static void lab_happened(void *arg, const lab_event *event)
{
    run_play *play = arg;
    char text[LAB_ADDR_TEXT];
    play->n_events++;
    switch (event->kind) {
    case LAB_SEEN:
        play->active_us = event->at_us;
        packet_seen(play, event->packet);
        return;
    case LAB_DELIVERED:
        if (play->is_stdio) {
            return; /* told before the peer got it */
        }
        break;
    case LAB_DROPPED:
    case LAB_HELD:
    case LAB_RELEASED:
    case LAB_DELAYED:
    case LAB_DUPLICATED:
    case LAB_EDITED:
    case LAB_UNROUTED:
    case LAB_JOINED:
    case LAB_LEFT:
    case LAB_STRAY:
    default:
        break;
    }
    json_t *entry = run_log(play, event->kind == LAB_DELIVERED ? "arrived" : lab_event_name(event->kind));
    if (event->packet != NULL) {
        obs_set_int(entry, "packet", event->packet->number);
    }
    obs_set_text(entry, "by", peer_or_null(play, event->peer));
    if (event->kind == LAB_JOINED || event->kind == LAB_LEFT) {
        obs_set_text(entry, "group", lab_addr_write(&event->group, text));
    }
    if (event->kind == LAB_DELAYED) {
        obs_set_int(entry, "due", (int64_t)(event->due_us / 1000));
    }
    if (event->kind == LAB_STRAY) {
        obs_set_text(entry, "text", event->text);
    }
}

/* next_set takes over when a peer wants to be woken. */
static bool next_set(run_play *play, const run_peer *peer, const json_t *answer)
{
    const json_t *next = json_object_get(answer, "next_ms");
    uint64_t at_us = json_is_integer(next) ? (uint64_t)json_integer_value(next) * 1000 : LAB_NEVER;
    return lab_wake(play->lab, peer->number, at_us) == LAB_OK || run_say(play, "lab", NULL, "%s", lab_complaint(play->lab));
}

static bool answered(run_play *play, const run_peer *peer, const char *op, json_t *answer)
{
    if (answer == NULL) {
        return complain(play, peer);
    }
    const char *error = vec_get_text(answer, "error");
    if (error == NULL && json_object_get(answer, "unsupported") != NULL) {
        error = "unsupported";
    }
    bool good = error == NULL ? next_set(play, peer, answer)
                              : run_say(play, "garbage", peer->name, "expected ok to \"%s\", found: %s", op, error);
    json_decref(answer);
    return good;
}

/* tick tells a peer the time (port stdio); it answers when it wants to be told again. */
static bool tick(run_play *play, run_peer *peer)
{
    json_t *request = json_object();
    uint64_t now_ms = run_now_ms(play);
    obs_set_text(request, "op", "tick");
    obs_set_int(request, "now_ms", (int64_t)now_ms);
    play->told_ms[run_play_index(play, peer)] = now_ms;
    return answered(play, peer, "tick", run_peer_ask(peer, request));
}

static void lab_deliver(void *arg, int number, const lab_packet *packet)
{
    run_play *play = arg;
    run_peer *peer = &play->peers[number];
    char from[LAB_ADDR_TEXT], to[LAB_ADDR_TEXT];
    json_t *entry = run_log(play, peer->runs ? "arrived" : "lost");
    obs_set_int(entry, "packet", packet->number);
    obs_set_text(entry, "by", peer->name);
    if (!peer->runs || play->broken) {
        return;
    }
    json_t *request = json_object();
    obs_set_text(request, "op", "datagram");
    obs_set_text(request, "from", lab_addr_write(&packet->from, from));
    obs_set_text(request, "to", lab_addr_write(&packet->to, to));
    obs_set_hex(&play->arena, request, "data", packet->bytes);
    obs_set_int(request, "now_ms", (int64_t)run_now_ms(play));
    play->cause = packet->number;
    play->told_ms[number] = run_now_ms(play);
    (void)answered(play, peer, "datagram", run_peer_ask(peer, request));
    play->cause = 0;
}

static void lab_woken(void *arg, int number, uint64_t now_us)
{
    run_play *play = arg;
    run_peer *peer = &play->peers[number];
    (void)now_us;
    if (peer->runs && !play->broken) {
        (void)tick(play, peer);
    }
}

/* ---- what the peers tell ---- */

static void datagram_sent(run_play *play, const run_peer *peer, const json_t *event)
{
    lab_addr from, to;
    if (!lab_addr_parse(vec_get_text(event, "from"), &from) || !lab_addr_parse(vec_get_text(event, "to"), &to)) {
        (void)run_say(play, "garbage", peer->name, "datagram: expected addresses with port, found \"%s\" and \"%s\"",
                      vec_get_text(event, "from"), vec_get_text(event, "to"));
        return;
    }
    gosc_span bytes = vec_get_hex(&play->arena, event, "data");
    if (lab_send(play->lab, peer->number, &from, &to, bytes, NULL) != LAB_OK) {
        (void)run_say(play, "garbage", peer->name, "%s", lab_complaint(play->lab));
    }
}

/* cause_find (port tun): the newest packet this peer got, by kid and Partial IV, else by Token or sender. */
static uint32_t cause_find(const run_play *play, const run_peer *peer, const json_t *event)
{
    const char *from = vec_get_text(event, "from");
    size_t n = json_array_size(play->log.entries);
    for (size_t i = n; i > 0; i--) {
        const json_t *entry = json_array_get(play->log.entries, i - 1);
        if (!vec_get_is(entry, "ev", "arrived") || !vec_get_is(entry, "by", peer->name)) {
            continue;
        }
        uint32_t number = (uint32_t)vec_get_int(entry, "packet", 0);
        const lab_packet *packet = lab_packet_at(play->lab, number);
        char text[LAB_ADDR_TEXT];
        if (from == NULL || strcmp(lab_addr_write(&packet->from, text), from) == 0) {
            return number;
        }
    }
    return 0;
}

static void peer_told(void *arg, run_peer *peer, const json_t *event)
{
    run_play *play = arg;
    const char *name = vec_get_text(event, "event");
    play->n_events++;
    if (strcmp(name, "datagram") == 0) {
        if (play->is_stdio) {
            datagram_sent(play, peer, event);
        }
        return;
    }
    uint32_t cause = play->cause;
    if (!play->is_stdio && strcmp(name, "closed") != 0 && strcmp(name, "note") != 0) {
        cause = cause_find(play, peer, event);
    }
    if (strcmp(name, "closed") != 0) {
        play->active_us = lab_now_us(play->lab);
    }
    json_t *entry = run_log(play, "event");
    const run_packet *packet = run_packet_of(play, cause);
    const char *exchange = vec_get_text(event, "exchange");
    obs_set_text(entry, "by", peer->name);
    obs_set_text(entry, "of", exchange != NULL ? exchange : packet != NULL ? packet->of : play->cause_of);
    if (cause != 0) {
        obs_set_int(entry, "reaction_to", cause);
    }
    (void)json_object_set_new(entry, "event", json_deep_copy(event));
}

/* ---- time ---- */

static bool lab_said(run_play *play, lab_err err)
{
    return err == LAB_OK || run_say(play, "lab", NULL, "%s", lab_complaint(play->lab));
}

static bool poll_peers(run_play *play)
{
    for (size_t i = 0; !play->is_stdio && i < play->n_peers; i++) {
        if (play->peers[i].runs && !run_peer_poll(&play->peers[i])) {
            return complain(play, &play->peers[i]);
        }
    }
    return true;
}

/* step_all does what is due, until there is nothing more. */
static bool step_all(run_play *play)
{
    unsigned n_done = 1;
    while (n_done > 0) {
        if (!lab_said(play, lab_step(play->lab, &n_done)) || play->broken || !poll_peers(play)) {
            return false;
        }
        if (play->n_events > RUN_EVENTS_MAX) {
            return run_say(play, "flood", NULL, "more than %d events: the peers do not come to rest", RUN_EVENTS_MAX);
        }
    }
    return true;
}

static bool advance(run_play *play, uint64_t until_us)
{
    return lab_said(play, lab_advance(play->lab, until_us, NULL)) && !play->broken && step_all(play);
}

bool run_settle(run_play *play)
{
    play->active_us = lab_now_us(play->lab);
    size_t n_wakes = 0;
    for (;;) {
        if (!step_all(play)) {
            return false;
        }
        uint64_t rest_us = play->active_us + RUN_SETTLE_MS * 1000;
        uint64_t next_us = lab_next_us(play->lab);
        if (play->is_stdio && (next_us == LAB_NEVER || next_us > rest_us)) {
            return true;
        }
        if (!play->is_stdio && lab_now_us(play->lab) >= rest_us) {
            return true;
        }
        if (++n_wakes > RUN_EVENTS_MAX) {
            return run_say(play, "flood", NULL, "the peers do not come to rest");
        }
        if (!advance(play, play->is_stdio || next_us < rest_us ? next_us : rest_us)) {
            return false;
        }
    }
}

bool run_pass(run_play *play, uint64_t ms)
{
    uint64_t until_us = lab_now_us(play->lab) + ms * 1000;
    size_t n_wakes = 0;
    while (lab_now_us(play->lab) < until_us) {
        if (++n_wakes > RUN_EVENTS_MAX) {
            return run_say(play, "flood", NULL, "the peers do not come to rest");
        }
        if (!step_all(play) || !advance(play, until_us)) {
            return false;
        }
    }
    return run_settle(play);
}

/* ---- peers ---- */

/* sets_timers: operations after which a peer may want to be woken at another time than before. */
static bool sets_timers(const char *op)
{
    static const char *const quiet[] = {"seed", "state", "configure", "join", "leave", NULL};
    for (const char *const *one = quiet; *one != NULL; one++) {
        if (strcmp(*one, op) == 0) {
            return false;
        }
    }
    return true;
}

json_t *run_ask(run_play *play, run_peer *peer, json_t *request, const char *of, bool may_fail)
{
    size_t index = run_play_index(play, peer);
    const char *op = vec_printf(&play->arena, "%s", vec_get_text(request, "op"));
    json_t *entry = run_log(play, "op");
    obs_set_text(entry, "by", peer->name);
    obs_set_text(entry, "op", op);
    obs_set_text(entry, "of", of);
    if (!peer->runs) {
        (void)run_say(play, "scenario", peer->name, "it does not run: it cannot be asked for \"%s\"", op);
        json_decref(request);
        return NULL;
    }
    /* On port stdio an operation happens at the time told last. */
    if (play->is_stdio && play->told_ms[index] < run_now_ms(play) && !tick(play, peer)) {
        json_decref(request);
        return NULL;
    }
    play->cause_of = of;
    play->last_of[index] = of;
    json_t *answer = run_peer_ask(peer, request);
    play->cause_of = NULL;
    if (answer == NULL) {
        (void)complain(play, peer);
        return NULL;
    }
    entry = run_log(play, "answer");
    obs_set_text(entry, "by", peer->name);
    obs_set_text(entry, "op", op);
    obs_set_text(entry, "of", of);
    json_t *said = json_deep_copy(answer);
    (void)json_object_del(said, "id");
    (void)json_object_set_new(entry, "answer", said);
    const char *error = vec_get_text(answer, "error");
    if (json_object_get(answer, "unsupported") != NULL) {
        (void)run_say(play, "unsupported", peer->name, "says \"%s\" is unsupported", op);
    } else if (error != NULL && !may_fail) {
        (void)run_say(play, "refused", peer->name, "expected ok to \"%s\", found the error: %s", op, error);
    }
    if (play->broken || (play->is_stdio && sets_timers(op) && !tick(play, peer))) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

/* ask_probe: a peer that says ok to nonsense is not believed in anything else. */
static bool ask_probe(run_play *play, run_peer *peer)
{
    json_t *answer = run_peer_ask(peer, json_pack("{s:s}", "op", "zwiebelfisch"));
    if (answer == NULL) {
        return complain(play, peer);
    }
    bool good = vec_get_is(answer, "unsupported", "zwiebelfisch") ||
                run_say(play, "garbage", peer->name, "expected \"unsupported\" to a nonsense operation, found %s",
                        json_object_get(answer, "ok") != NULL ? "ok" : "another answer");
    json_decref(answer);
    return good;
}

static bool ask_hello(run_play *play, run_peer *peer)
{
    vec_check check;
    json_t *answer =
        run_peer_ask(peer, json_pack("{s:s,s:s}", "op", "hello", "port", play->is_stdio ? "stdio" : "udp"));
    if (answer == NULL) {
        return complain(play, peer);
    }
    (void)json_object_del(answer, "id");
    json_decref(peer->hello);
    peer->hello = answer;
    json_t *entry = run_log(play, "hello");
    obs_set_text(entry, "by", peer->name);
    (void)json_object_set_new(entry, "hello", json_deep_copy(answer));
    vec_check_init(&check, "hello");
    return run_hello_check(&check, answer) || run_say(play, "garbage", peer->name, "%s", check.fault);
}

bool run_seed(run_play *play, run_peer *peer)
{
    if (!run_has(json_object_get(peer->hello, "features"), "seed")) {
        return true;
    }
    uint64_t seed = play->config->seed * 1000003 + run_play_index(play, peer) + 1 + 100 * play->n_restarts;
    json_t *answer =
        run_ask(play, peer, json_pack("{s:s,s:I}", "op", "seed", "seed", (json_int_t)(seed & 0x7fffffff)), NULL, true);
    json_decref(answer);
    return !play->broken;
}

bool run_start_peer(run_play *play, run_peer *peer)
{
    const run_config *config = play->config;
    bool other = peer->is_subject && config->subject.argv != NULL;
    play->told_ms[run_play_index(play, peer)] = 0;
    return run_peer_start(peer, play->lab, other ? config->subject.argv : config->reference.argv, NULL) ||
           complain(play, peer);
}

static json_t *address_list(const char *address)
{
    return address[0] != '\0' ? json_pack("[s]", address) : json_array();
}

static bool is_server(const json_t *plan)
{
    const json_t *roles = json_object_get(plan, "role");
    return run_has(roles, "server") || run_has(roles, "silent");
}

static json_t *configure_request(run_play *play, const run_peer *peer, const run_group *group, size_t member,
                                 bool after_restart)
{
    char text[LAB_ADDR_TEXT];
    size_t index = run_play_index(play, peer);
    const json_t *plan = play->plans[index];
    lab_addr own = lab_peer_addr(play->lab, peer->number, LAB_IPV6, 5683);
    json_t *request = json_object();
    json_t *context = run_world_context(&play->world, group, play->epochs[index], member);
    if (after_restart) {
        obs_set_text(context, "windows", "invalid");
    }
    obs_set_text(request, "op", "configure");
    obs_set_text(request, "group", group->name);
    (void)json_object_set_new(request, "context", context);
    (void)json_object_set_new(request, "roles", json_deep_copy(json_object_get(plan, "role")));
    (void)json_object_set_new(request, "addresses", address_list(lab_addr_write(&own, text)));
    if (is_server(plan) && vec_get_bool(plan, "joined", true) && group->address[0] != '\0') {
        (void)json_object_set_new(request, "join", address_list(group->address));
    }
    if (json_object_get(plan, "policy") != NULL) {
        (void)json_object_set_new(request, "policy", json_deep_copy(json_object_get(plan, "policy")));
    }
    if (vec_get_bool(plan, "keep", false) && play->config->folder != NULL) {
        (void)json_object_set_new(request, "keep", json_sprintf("%s/keep-%s", play->config->folder, peer->name));
    }
    return request;
}

static bool tell_joined(run_play *play, const run_peer *peer, const run_group *group)
{
    lab_addr address;
    if (!play->is_stdio || !lab_addr_parse(group->address, &address)) {
        return true;
    }
    return lab_said(play, lab_join(play->lab, peer->number, &address));
}

bool run_configure(run_play *play, run_peer *peer, bool after_restart)
{
    for (size_t i = 0; i < play->world.n_groups; i++) {
        const run_group *group = &play->world.groups[i];
        size_t member = run_group_member(group, peer->name);
        if (member == RUN_NO_MEMBER) {
            continue;
        }
        json_t *request = configure_request(play, peer, group, member, after_restart);
        bool joins = json_object_get(request, "join") != NULL;
        json_t *answer = run_ask(play, peer, request, NULL, false);
        json_decref(answer);
        if (answer == NULL || (joins && !tell_joined(play, peer, group))) {
            return false;
        }
    }
    return true;
}

/* ---- the whole ---- */

static void peers_init(run_play *play)
{
    const json_t *peers = json_object_get(play->plan, "peers");
    play->n_peers = json_array_size(peers);
    for (size_t i = 0; i < play->n_peers; i++) {
        play->plans[i] = json_array_get(peers, i);
        play->peers[i] = (run_peer){
            .name = vec_get_text(play->plans[i], "name"),
            .number = -1,
            .is_subject = vec_get_bool(play->plans[i], "subject", false) &&
                          (play->config->place == NULL || vec_get_is(play->plans[i], "place", play->config->place)),
            .event = peer_told,
            .arg = play,
            .patience_ms = play->config->patience_ms,
            .trace = play->config->trace,
        };
    }
}

static bool lab_make(run_play *play)
{
    const lab_config config = {
        .port = play->is_stdio ? LAB_STDIO : LAB_TUN,
        .arg = play,
        .event = lab_happened,
        .deliver = lab_deliver,
        .wake = lab_woken,
    };
    lab_err err = lab_open(&config, &play->lab);
    for (size_t i = 0; err == LAB_OK && i < play->n_peers; i++) {
        err = lab_peer_add(play->lab, play->peers[i].name, &play->peers[i].number);
    }
    if (err == LAB_ERR_FORBIDDEN) {
        return run_say(play, "forbidden", NULL, "%s", lab_complaint(play->lab));
    }
    return play->lab != NULL ? lab_said(play, err) : run_say(play, "lab", NULL, "out of memory");
}

static bool start_all(run_play *play)
{
    for (size_t i = 0; i < play->n_peers; i++) {
        if (!run_start_peer(play, &play->peers[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < play->n_peers; i++) {
        if (!ask_probe(play, &play->peers[i]) || !ask_hello(play, &play->peers[i])) {
            return false;
        }
    }
    return true;
}

/* world_make decides on algorithms once it is known what all peers can do. */
static bool world_make(run_play *play)
{
    vec_check check;
    run_suite suite = run_suite_of(play->plan);
    char why[256] = "";
    bool mandatory = false;
    for (size_t i = 0; i < play->n_peers; i++) {
        run_suite_adapt(play->peers[i].hello, play->plan, &suite);
    }
    for (size_t i = 0; i < play->n_peers; i++) {
        const run_peer *peer = &play->peers[i];
        if (!run_hello_fits(peer->hello, play->plan, play->plans[i], &suite, why, sizeof why, &mandatory)) {
            return run_say(play, mandatory ? "mandatory" : "unsupported", peer->name, "%s", why);
        }
    }
    play->credentials = run_credentials_load(&check, play->config->scenarios);
    if (play->credentials == NULL ||
        !run_world_make(&play->arena, &check, play->plan, play->credentials, &suite, &play->world)) {
        return run_say(play, "scenario", NULL, "%s", check.fault);
    }
    json_t *entry = run_log(play, "world");
    obs_set_int(entry, "hkdf", suite.hkdf);
    obs_set_int(entry, "aead", suite.aead);
    obs_set_int(entry, "group_enc", suite.group_enc);
    obs_set_int(entry, "signature", suite.signature);
    obs_set_int(entry, "agreement", suite.agreement);
    json_t *members = json_object();
    for (size_t i = 0; i < play->world.n_groups; i++) {
        const run_group *group = &play->world.groups[i];
        for (size_t j = 0; j < group->n_members; j++) {
            obs_set_hex(&play->arena, members, group->members[j].name, group->members[j].id);
        }
    }
    (void)json_object_set_new(entry, "members", members);
    return true;
}

static bool control(run_play *play, const char *name)
{
    const json_t *written = json_object_get(play->plan, "control");
    if (written == NULL || (strcmp(name, "control-before") == 0 && !vec_get_bool(written, "before", true))) {
        return true;
    }
    json_t *step = json_deep_copy(written);
    obs_set_text(step, "do", "send");
    obs_set_text(step, "method", "GET");
    json_t *entry = run_log(play, "step");
    obs_set_text(entry, "do", "control");
    obs_set_text(entry, "name", name);
    bool good = run_send(play, step, vec_get_text(written, "by"), name) && run_settle(play);
    json_decref(step);
    return good;
}

static bool steps(run_play *play)
{
    const json_t *list = json_object_get(play->plan, "steps");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *step = json_array_get(list, i);
        json_t *entry = run_log(play, "step");
        obs_set_int(entry, "index", (int64_t)i);
        obs_set_text(entry, "do", vec_get_text(step, "do"));
        obs_set_text(entry, "name", vec_get_text(step, "name"));
        if (!run_step(play, step) || (vec_get_bool(step, "settle", true) && !run_settle(play))) {
            return false;
        }
    }
    return true;
}

static void exit_log(run_play *play, const run_peer *peer, bool expected)
{
    json_t *entry = run_log(play, "exit");
    obs_set_text(entry, "by", peer->name);
    obs_set_bool(entry, "expected", expected);
    if (peer->exited && WIFEXITED(peer->status)) {
        obs_set_int(entry, "status", WEXITSTATUS(peer->status));
    } else if (peer->exited && WIFSIGNALED(peer->status)) {
        obs_set_int(entry, "signal", WTERMSIG(peer->status));
    }
}

/* quit_all ends the peers. What they leave on standard error is looked at whether or not the case came to its end. */
static void quit_all(run_play *play)
{
    static const char *const words[] = {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: MemorySanitizer",
                                        "WARNING: ThreadSanitizer", "runtime error: ", "Sanitizer:DEADLYSIGNAL"};
    for (size_t i = 0; i < play->n_peers; i++) {
        run_peer *peer = &play->peers[i];
        if (peer->runs && !play->broken) {
            if (run_peer_quit(peer)) {
                exit_log(play, peer, true);
                lab_reaped(play->lab, peer->number);
            } else {
                (void)complain(play, peer);
            }
        }
    }
    for (size_t i = 0; i < play->n_peers; i++) {
        run_peer *peer = &play->peers[i];
        if (peer->runs) {
            run_peer_kill(peer, play->lab);
        }
        for (size_t w = 0; peer->err != NULL && w < sizeof words / sizeof words[0]; w++) {
            const char *found = strstr(peer->err, words[w]);
            if (found != NULL) {
                json_t *entry = run_log(play, "sanitizer");
                obs_set_text(entry, "by", peer->name);
                (void)json_object_set_new(entry, "text", json_sprintf("%.*s", (int)strcspn(found, "\n"), found));
                break;
            }
        }
    }
}

static run_end end_of(const run_play *play)
{
    const json_t *entries = play->log.entries;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        if (!vec_get_is(entry, "ev", "complaint")) {
            continue;
        }
        if (vec_get_is(entry, "kind", "unsupported")) {
            return RUN_UNSUPPORTED;
        }
        bool ours = vec_get_is(entry, "kind", "lab") || vec_get_is(entry, "kind", "forbidden");
        return ours ? RUN_INCONCLUSIVE : RUN_BROKEN;
    }
    return RUN_PLAYED;
}

run_end run_play_case(run_play *play, const json_t *plan, const char *port, const run_config *config)
{
    static const char *const ends[] = {"played", "unsupported", "inconclusive", "broken"};
    *play = (run_play){.plan = plan, .config = config, .port = port, .is_stdio = strcmp(port, "stdio") == 0};
    obs_log_init(&play->log);
    json_t *entry = run_log(play, "case");
    obs_set_text(entry, "id", vec_get_text(plan, "id"));
    obs_set_int(entry, "seed", (int64_t)config->seed);
    obs_set_text(entry, "date", config->date);
    obs_set_text(entry, "port", port);
    peers_init(play);
    bool good = lab_make(play) && start_all(play) && world_make(play);
    for (size_t i = 0; good && i < play->n_peers; i++) {
        good = run_seed(play, &play->peers[i]) && run_configure(play, &play->peers[i], false);
    }
    good = good && run_settle(play) && control(play, "control-before") && steps(play) && control(play, "control-after");
    quit_all(play);
    run_end end = end_of(play);
    obs_set_text(run_log(play, "end"), "how", good || end != RUN_PLAYED ? ends[end] : ends[RUN_BROKEN]);
    return end;
}

void run_play_free(run_play *play)
{
    lab_close(play->lab);
    for (size_t i = 0; i < play->n_peers; i++) {
        run_peer_free(&play->peers[i]);
    }
    json_decref(play->credentials);
    obs_log_free(&play->log);
    vec_arena_free(&play->arena);
}
