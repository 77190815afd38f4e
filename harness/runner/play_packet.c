/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets: which step they belong to, their names, their entries in the log. */
#include "play_parts.h"

#include <string.h>

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

const char *run_peer_or_null(const run_play *play, int peer)
{
    return peer >= 0 ? lab_peer_name(play->lab, peer) : NULL;
}

static bool same_token(const lab_packet *a, const lab_packet *b)
{
    return gosc_span_equal(a->coap.token, b->coap.token);
}

/* request_of: the newest request before a packet with the Token of the response that came from where the response goes
 * to. The Token alone decides when the addresses do not tell (a forged source). */
static uint32_t request_of(const run_play *play, const lab_packet *response, uint32_t before)
{
    uint32_t by_token = 0;
    for (uint32_t i = before - 1; i >= 1; i--) {
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

/* opens: whether a response is good as the answer to this request. */
static bool opens(run_play *play, const lab_packet *response, uint32_t request)
{
    const run_packet *asked = run_packet_of(play, request);
    obs_parties parties = {.from = run_peer_or_null(play, response->from_peer),
                           .to = run_peer_or_null(play, response->to_peer),
                           .request = asked != NULL ? asked->opened : NULL};
    obs_opened opened;
    obs_open(&play->world, response->bytes, &parties, &opened);
    return opened.err == GOSC_OK;
}

/* request_answered: where several requests have the Token, the newest that the response verifies for; else the newest. */
static uint32_t request_answered(run_play *play, const lab_packet *response)
{
    uint32_t newest = request_of(play, response, response->number);
    uint32_t one = newest;
    while (one > 1 && request_of(play, response, one) != 0) {
        if (opens(play, response, one)) {
            return one;
        }
        one = request_of(play, response, one);
    }
    return one != newest && opens(play, response, one) ? one : newest;
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
        bool direct =
            caused_by != NULL && caused_by->coap.is == LAB_IS_REQUEST && same_token(caused_by, packet);
        asked = direct ? play->cause : request_answered(play, packet);
    } else if (packet->coap.is == LAB_IS_ACK || packet->coap.is == LAB_IS_RESET) {
        asked = cause != NULL ? play->cause : message_of(play, packet);
    }
    mine->reply_to = asked;
    /* What it answers, or what it repeats. */
    const run_packet *earlier = run_packet_of(play, asked != 0 ? asked : same_bytes(play, packet));
    if (cause != NULL) {
        mine->of = cause->of;
    } else if (play->cause_of != NULL && packet->coap.is == LAB_IS_REQUEST) {
        mine->of = play->cause_of;
    } else if (earlier != NULL) {
        mine->of = earlier->of;
    } else {
        /* Port tun: packets come after the answer; what a client sends then belongs to what it was asked
         * last. */
        mine->of =
            play->cause_of != NULL || play->is_stdio ? play->cause_of : play->last_of[packet->from_peer];
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
        if (one->coap.is == packet->coap.is && one->from_peer >= 0 && other != NULL && other->of != NULL &&
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

/* open_packet opens a packet with the keys of the world. */
static void open_packet(run_play *play, const lab_packet *packet, run_packet *mine)
{
    mine->opened = vec_alloc(&play->arena, sizeof *mine->opened);
    const run_packet *asked = run_packet_of(play, mine->reply_to);
    const run_packet *made_of = run_packet_of(play, packet->of);
    obs_parties parties = {.from = run_peer_or_null(play, packet->from_peer),
                           .to = run_peer_or_null(play, packet->to_peer)};
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
    obs_set_text(entry, "by",
                 packet->from_peer >= 0 ? lab_peer_name(play->lab, packet->from_peer) : "adversary");
    obs_set_text(entry, "to", run_peer_or_null(play, packet->to_peer));
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

void run_packet_seen(run_play *play, const lab_packet *packet)
{
    run_packet *mine = packet_new(play, packet->number);
    if (packet->cause == LAB_CAUSE_PEER) {
        attribute(play, packet, mine);
        name_packet(play, packet, mine);
    } else {
        mine->of = packet->name != NULL ? packet->name : play->cause_of;
        mine->name = packet->name;
        if (packet->coap.is == LAB_IS_RESPONSE) {
            mine->reply_to = request_answered(play, packet);
        }
    }
    open_packet(play, packet, mine);
    set_packet(play, run_log(play, "packet"), packet, mine);
}
