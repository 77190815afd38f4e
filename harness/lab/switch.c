/* SPDX-License-Identifier: BSD-2-Clause */
#include "switch.h"

#include <stdlib.h>

static void tell(const lab_switch *sw, const lab_event *event)
{
    if (sw->event != NULL) {
        lab_event told = *event;
        told.at_us = sw->now_us;
        sw->event(sw->arg, &told);
    }
}

lab_addr lab_switch_addr(int peer, lab_family family, uint16_t port)
{
    uint8_t last = (uint8_t)(peer + 2);
    const uint8_t six[16] = {0xfd, [15] = last};
    const uint8_t four[4] = {10, 0, 0, last};
    return lab_addr_of(family, family == LAB_IPV6 ? six : four, port);
}

int lab_switch_at(const lab_switch *sw, const lab_addr *addr)
{
    int peer = addr->ip[addr->family == LAB_IPV6 ? 15 : 3] - 2;
    if (peer < 0 || peer >= sw->n_peers) {
        return LAB_NOBODY;
    }
    lab_addr own = lab_switch_addr(peer, addr->family, 0);
    return lab_addr_same_ip(&own, addr) ? peer : LAB_NOBODY;
}

static lab_recipients recipients_of(const lab_switch *sw, const lab_packet *packet, int only)
{
    lab_recipients r = {.n = 0};
    if (only != LAB_ANY) {
        r.peers[r.n++] = only;
    } else if (!lab_addr_is_group(&packet->to)) {
        if (packet->to_peer != LAB_NOBODY) {
            r.peers[r.n++] = packet->to_peer;
        }
    } else {
        for (int i = 0; i < sw->n_peers; i++) {
            if (i != packet->from_peer && lab_members_has(&sw->members, i, &packet->to)) {
                r.peers[r.n++] = i;
            }
        }
    }
    return r;
}

static lab_err leg_put(lab_switch *sw, const lab_packet *packet, int peer, uint64_t delay_us)
{
    lab_leg leg = {sw->now_us + sw->latency_us + delay_us, 0, packet, peer};
    return lab_queue_put(&sw->queue, &leg) ? LAB_OK : LAB_ERR_MEMORY;
}

static lab_err hold(lab_switch *sw, const lab_packet *packet, int peer)
{
    void *array = sw->held;
    bool grown = lab_grow(&array, &sw->held_room, sw->n_held, sizeof *sw->held);
    sw->held = array;
    if (!grown) {
        return LAB_ERR_MEMORY;
    }
    sw->held[sw->n_held++] = (lab_kept){packet, peer};
    return LAB_OK;
}

static lab_err duplicate(lab_switch *sw, const lab_packet *packet, int peer, const lab_rule *rule)
{
    lab_err err = LAB_OK;
    for (unsigned i = 0; i <= rule->copies && err == LAB_OK; i++) {
        err = leg_put(sw, packet, peer, (uint64_t)i * rule->delay_ms * 1000);
    }
    return err;
}

/* leg_decide does what the rules want with a packet on its way to one peer. */
static lab_err leg_decide(lab_switch *sw, const lab_packet *packet, int peer)
{
    const lab_rule_state *s = lab_rules_decide(&sw->rules, packet, peer);
    if (s == NULL) {
        return leg_put(sw, packet, peer, 0);
    }
    uint64_t delay_us = (uint64_t)s->rule.delay_ms * 1000;
    lab_event event = {.packet = packet, .peer = peer, .rule = s->id};
    switch (s->rule.action) {
    case LAB_DROP:
        event.kind = LAB_DROPPED;
        tell(sw, &event);
        return LAB_OK;
    case LAB_HOLD:
        event.kind = LAB_HELD;
        tell(sw, &event);
        return hold(sw, packet, peer);
    case LAB_DELAY:
        event.kind = LAB_DELAYED;
        event.due_us = sw->now_us + sw->latency_us + delay_us;
        tell(sw, &event);
        return leg_put(sw, packet, peer, delay_us);
    case LAB_DUPLICATE:
        event.kind = LAB_DUPLICATED;
        tell(sw, &event);
        return duplicate(sw, packet, peer, &s->rule);
    case LAB_EDIT:
    default:
        event.kind = LAB_EDITED;
        tell(sw, &event);
        return LAB_OK;
    }
}

/* packet_add records a packet under its name, if it has one, and tells of it. */
static const lab_packet *packet_add(lab_switch *sw, lab_packet packet)
{
    packet.at_us = sw->now_us;
    packet.to_peer = lab_switch_at(sw, &packet.to);
    const lab_packet *added = lab_record_add(&sw->record, &packet);
    if (added != NULL && packet.name != NULL &&
        lab_record_name_add(&sw->record, added->number, packet.name) != LAB_OK) {
        return NULL;
    }
    if (added != NULL) {
        lab_event event = {.kind = LAB_SEEN, .packet = added, .peer = LAB_NOBODY};
        tell(sw, &event);
    }
    return added;
}

/* edited_send puts the edited copy of one rule on its way to those for whom this rule decided. */
static lab_err edited_send(lab_switch *sw, const lab_packet *packet, const lab_recipients *r,
                           lab_rule_state *s)
{
    lab_packet copy = *packet;
    copy.cause = LAB_CAUSE_EDIT;
    copy.of = packet->number;
    copy.from_peer = LAB_NOBODY;
    copy.bytes = gosc_span_of(s->edited, s->edited_len);
    copy.name = s->rule.name;
    const lab_packet *added = packet_add(sw, copy);
    lab_err err = added == NULL ? LAB_ERR_MEMORY : LAB_OK;
    for (int i = 0; i < r->n && err == LAB_OK; i++) {
        if (lab_rules_decide(&sw->rules, packet, r->peers[i]) == s) {
            err = leg_put(sw, added, r->peers[i], 0);
        }
    }
    return err;
}

static lab_err rules_apply(lab_switch *sw, const lab_packet *packet, const lab_recipients *r)
{
    lab_err err = LAB_OK;
    lab_rules_count(&sw->rules, packet, r);
    for (int i = 0; i < r->n && err == LAB_OK; i++) {
        err = leg_decide(sw, packet, r->peers[i]);
    }
    for (lab_rule_state *s = sw->rules.first; s != NULL && err == LAB_OK; s = s->next) {
        if (s->decided && s->rule.action == LAB_EDIT) {
            err = edited_send(sw, packet, r, s);
        }
    }
    lab_rules_finish(&sw->rules);
    return err;
}

lab_err lab_switch_accept(lab_switch *sw, const lab_packet *packet, int only, uint64_t delay_us,
                          uint32_t *number)
{
    const lab_packet *added = packet_add(sw, *packet);
    if (added == NULL) {
        return LAB_ERR_MEMORY;
    }
    if (number != NULL) {
        *number = added->number;
    }
    lab_recipients r = recipients_of(sw, added, only);
    if (r.n == 0) {
        lab_event event = {.kind = LAB_UNROUTED, .packet = added, .peer = LAB_NOBODY};
        tell(sw, &event);
    }
    if (added->cause == LAB_CAUSE_PEER) {
        return rules_apply(sw, added, &r);
    }
    lab_err err = LAB_OK;
    for (int i = 0; i < r.n && err == LAB_OK; i++) {
        err = leg_put(sw, added, r.peers[i], delay_us);
    }
    return err;
}

lab_err lab_switch_member(lab_switch *sw, int peer, const lab_addr *group, bool joined)
{
    switch (lab_members_set(&sw->members, peer, group, joined)) {
    case LAB_MEMBERS_FULL:
        return LAB_ERR_MEMORY;
    case LAB_MEMBERS_CHANGED: {
        lab_event event = {.kind = joined ? LAB_JOINED : LAB_LEFT, .peer = peer, .group = *group};
        event.group.port = 0;
        tell(sw, &event);
        return LAB_OK;
    }
    case LAB_MEMBERS_SAME:
    default:
        return LAB_OK;
    }
}

void lab_switch_stray(lab_switch *sw, int peer, const char *text)
{
    lab_event event = {.kind = LAB_STRAY, .peer = peer, .text = text};
    tell(sw, &event);
}

lab_err lab_switch_release(lab_switch *sw, uint32_t number, int peer)
{
    size_t kept = 0;
    lab_err err = LAB_ERR_USAGE;
    size_t n = sw->n_held;
    for (size_t i = 0; i < n; i++) {
        lab_kept item = sw->held[i];
        bool wanted =
            (number == 0 || item.packet->number == number) && (peer == LAB_ANY || item.peer == peer);
        if (!wanted || err == LAB_ERR_MEMORY) {
            sw->held[kept++] = item;
            continue;
        }
        lab_event event = {.kind = LAB_RELEASED, .packet = item.packet, .peer = item.peer};
        tell(sw, &event);
        err = leg_put(sw, item.packet, item.peer, 0);
    }
    sw->n_held = kept;
    return err;
}

lab_err lab_switch_deliver(lab_switch *sw, unsigned *n_done)
{
    uint64_t end = sw->queue.next_order;
    for (;;) {
        const lab_leg *first = lab_queue_first(&sw->queue);
        /* Deliveries may queue more: those wait for the next call, or two peers could go on for ever. */
        if (first == NULL || first->due_us > sw->now_us || first->order >= end) {
            return LAB_OK;
        }
        lab_leg leg = lab_queue_take(&sw->queue);
        lab_event event = {.kind = LAB_DELIVERED, .packet = leg.packet, .peer = leg.peer};
        tell(sw, &event);
        (*n_done)++;
        if (!sw->out(sw->out_arg, leg.peer, leg.packet)) {
            return LAB_ERR_SYSTEM;
        }
    }
}

void lab_switch_free(lab_switch *sw)
{
    lab_record_free(&sw->record);
    lab_members_free(&sw->members);
    lab_rules_free(&sw->rules);
    lab_queue_free(&sw->queue);
    free(sw->held);
    *sw = (lab_switch){0};
}

const char *lab_event_name(lab_event_kind kind)
{
    switch (kind) {
    case LAB_SEEN:
        return "seen";
    case LAB_DELIVERED:
        return "delivered";
    case LAB_DROPPED:
        return "dropped";
    case LAB_HELD:
        return "held";
    case LAB_RELEASED:
        return "released";
    case LAB_DELAYED:
        return "delayed";
    case LAB_DUPLICATED:
        return "duplicated";
    case LAB_EDITED:
        return "edited";
    case LAB_UNROUTED:
        return "unrouted";
    case LAB_JOINED:
        return "joined";
    case LAB_LEFT:
        return "left";
    case LAB_STRAY:
        return "stray";
    default:
        return "unknown";
    }
}
