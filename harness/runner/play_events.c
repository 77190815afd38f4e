/* SPDX-License-Identifier: BSD-2-Clause */
/* What the lab and the peers tell. */
#include "play_parts.h"

#include <stdlib.h>
#include <string.h>

#include "observe/match.h"

/* ---- what the lab tells ---- */

void run_lab_happened(void *arg, const lab_event *event)
{
    run_play *play = arg;
    char text[LAB_ADDR_TEXT];
    play->n_events++;
    switch (event->kind) {
    case LAB_SEEN:
        play->active_us = event->at_us;
        run_packet_seen(play, event->packet);
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
    obs_set_text(entry, "by", run_peer_or_null(play, event->peer));
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
    return lab_wake(play->lab, peer->number, at_us) == LAB_OK ||
           run_say(play, "lab", NULL, "%s", lab_complaint(play->lab));
}

static bool answered(run_play *play, const run_peer *peer, const char *op, json_t *answer)
{
    if (answer == NULL) {
        return run_complain(play, peer);
    }
    const char *error = vec_get_text(answer, "error");
    if (error == NULL && json_object_get(answer, "unsupported") != NULL) {
        error = "unsupported";
    }
    bool good = error == NULL
                    ? next_set(play, peer, answer)
                    : run_say(play, "garbage", peer->name, "expected ok to \"%s\", found: %s", op, error);
    json_decref(answer);
    return good;
}

/* run_tick tells a peer the time (port stdio); it answers when it wants to be told again. */
bool run_tick(run_play *play, run_peer *peer)
{
    json_t *request = json_object();
    uint64_t now_ms = run_now_ms(play);
    obs_set_text(request, "op", "tick");
    obs_set_int(request, "now_ms", (int64_t)now_ms);
    play->told_ms[run_play_index(play, peer)] = now_ms;
    return answered(play, peer, "tick", run_peer_ask(peer, request));
}

void run_lab_deliver(void *arg, int number, const lab_packet *packet)
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

void run_lab_woken(void *arg, int number, uint64_t now_us)
{
    run_play *play = arg;
    run_peer *peer = &play->peers[number];
    (void)now_us;
    if (peer->runs && !play->broken) {
        (void)run_tick(play, peer);
    }
}

/* ---- what the peers tell ---- */

static void datagram_sent(run_play *play, const run_peer *peer, const json_t *event)
{
    lab_addr from, to;
    if (!lab_addr_parse(vec_get_text(event, "from"), &from) ||
        !lab_addr_parse(vec_get_text(event, "to"), &to)) {
        (void)run_say(play, "garbage", peer->name,
                      "datagram: expected addresses with port, found \"%s\" and \"%s\"",
                      vec_get_text(event, "from"), vec_get_text(event, "to"));
        return;
    }
    gosc_span bytes = vec_get_hex(&play->arena, event, "data");
    if (lab_send(play->lab, peer->number, &from, &to, bytes, NULL) != LAB_OK) {
        (void)run_say(play, "garbage", peer->name, "%s", lab_complaint(play->lab));
    }
}

/* is_of_exchange: whether a request belongs to this exchange, by itself or by what it was made of. */
static bool is_of_exchange(run_play *play, const run_packet *asked, const char *exchange)
{
    while (asked->of != NULL && strcmp(asked->of, exchange) != 0) {
        const lab_packet *packet = lab_packet_at(play->lab, asked->number);
        asked = packet->of == 0 || packet->of >= asked->number ? NULL : run_packet_of(play, packet->of);
        if (asked == NULL) {
            return false;
        }
    }
    return true;
}

/* told_of: an event that tells a Partial IV, a code or an exchange is not about a packet with another one. */
static bool told_of(run_play *play, uint32_t number, const json_t *event)
{
    const json_t *packet = obs_packet_entry(play->log.entries, number);
    const json_t *oscore = json_object_get(packet, "oscore");
    const char *piv = vec_get_text(event, "partial_iv");
    const char *exchange = vec_get_text(event, "exchange");
    const run_packet *mine = run_packet_of(play, number);
    const run_packet *asked = mine != NULL ? run_packet_of(play, mine->reply_to) : NULL;
    bool is_rejected = vec_get_is(event, "event", "rejected");
    const char *code = vec_get_is(event, "event", "response") ? vec_get_text(event, "code") : NULL;
    const json_t *inner = json_object_get(packet, "inner");
    if (!is_rejected && vec_get_is(packet, "outer_code", "0.00")) {
        return false; /* an empty message brings nothing to an application */
    }
    if (code != NULL && inner != NULL && !vec_get_is(inner, "code", code)) {
        return false; /* a retry is answered: not the challenge before it */
    }
    if (piv != NULL && oscore == NULL && !is_rejected) {
        return false;
    }
    if (piv != NULL && oscore != NULL && vec_get_int(oscore, "partial_iv", -1) != strtoll(piv, NULL, 16)) {
        return false;
    }
    return exchange == NULL || asked == NULL || is_of_exchange(play, asked, exchange);
}

/* cause_find (port tun): the newest packet this peer got that the event fits, else the newest from that sender. */
static uint32_t cause_find(run_play *play, const run_peer *peer, const json_t *event)
{
    const char *from = vec_get_text(event, "from");
    uint32_t newest = 0;
    for (size_t i = json_array_size(play->log.entries); i > 0; i--) {
        const json_t *entry = json_array_get(play->log.entries, i - 1);
        if (!vec_get_is(entry, "ev", "arrived") || !vec_get_is(entry, "by", peer->name)) {
            continue;
        }
        uint32_t number = (uint32_t)vec_get_int(entry, "packet", 0);
        const lab_packet *packet = lab_packet_at(play->lab, number);
        char text[LAB_ADDR_TEXT];
        if (from != NULL && strcmp(lab_addr_write(&packet->from, text), from) != 0) {
            continue;
        }
        if (told_of(play, number, event)) {
            return number;
        }
        newest = newest == 0 ? number : newest;
    }
    return newest;
}

void run_peer_told(void *arg, run_peer *peer, const json_t *event)
{
    run_play *play = arg;
    const char *name = vec_get_text(event, "event");
    bool is_note = strcmp(name, "note") == 0; /* for the reader: nothing has happened */
    play->n_events++;
    play->n_notes += is_note;
    if (strcmp(name, "datagram") == 0) {
        if (play->is_stdio) {
            datagram_sent(play, peer, event);
        }
        return;
    }
    uint32_t cause = play->cause;
    if (!play->is_stdio && strcmp(name, "closed") != 0 && !is_note) {
        cause = cause_find(play, peer, event);
    }
    if (strcmp(name, "closed") != 0 && !is_note) {
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
