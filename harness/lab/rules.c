/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

int lab_rules_add(lab_rules *rules, const lab_rule *rule)
{
    lab_rule_state *state = malloc(sizeof *state + (rule->action == LAB_EDIT ? LAB_DATAGRAM_MAX : 0));
    if (state == NULL) {
        return 0;
    }
    *state = (lab_rule_state){.rule = *rule, .id = ++rules->last_id};
    state->rule.nth += state->rule.nth == 0;
    state->rule.copies += state->rule.copies == 0;
    state->rule.name = NULL;
    if (rule->name != NULL) {
        memcpy(state->name, rule->name, strlen(rule->name) + 1);
        state->rule.name = state->name;
    }
    lab_rule_state **end = &rules->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = state;
    return state->id;
}

lab_rule_state *lab_rules_find(const lab_rules *rules, int id)
{
    lab_rule_state *s = rules->first;
    while (s != NULL && s->id != id) {
        s = s->next;
    }
    return s;
}

void lab_rules_remove(lab_rules *rules, lab_rule_state *state)
{
    lab_rule_state **at = &rules->first;
    while (*at != state) {
        at = &(*at)->next;
    }
    *at = state->next;
    free(state);
}

static bool has(const lab_recipients *recipients, int peer)
{
    for (int i = 0; i < recipients->n; i++) {
        if (recipients->peers[i] == peer) {
            return true;
        }
    }
    return false;
}

static bool fits(const lab_rule *rule, const lab_packet *packet, const lab_recipients *recipients)
{
    return (rule->from == LAB_ANY || rule->from == packet->from_peer) &&
           (rule->to == LAB_ANY || has(recipients, rule->to)) &&
           (rule->is == LAB_IS_ANY || rule->is == packet->coap.is) &&
           (rule->cast == LAB_CAST_ANY || rule->cast == lab_packet_cast(packet)) &&
           (rule->mode == LAB_MODE_ANY || rule->mode == packet->coap.mode) &&
           (rule->match == NULL || rule->match(rule->arg, packet));
}

void lab_rules_count(lab_rules *rules, const lab_packet *packet, const lab_recipients *recipients)
{
    for (lab_rule_state *s = rules->first; s != NULL; s = s->next) {
        s->acts = false;
        s->decided = false;
        if (fits(&s->rule, packet, recipients)) {
            s->n_fit++;
            s->acts =
                s->n_fit >= s->rule.nth && (s->rule.times == 0 || s->n_fit - s->rule.nth < s->rule.times);
        }
    }
}

/* edit_make has the edited copy made, once a packet. */
static bool edit_make(lab_rule_state *s, const lab_packet *packet)
{
    if (!s->is_edited) {
        gosc_buf room = {s->edited, LAB_DATAGRAM_MAX};
        s->is_edited =
            s->rule.edit(s->rule.arg, packet, room, &s->edited_len) && s->edited_len <= LAB_DATAGRAM_MAX;
        s->acts = s->is_edited;
    }
    return s->is_edited;
}

lab_rule_state *lab_rules_decide(lab_rules *rules, const lab_packet *packet, int peer)
{
    for (lab_rule_state *s = rules->first; s != NULL; s = s->next) {
        bool here = s->acts && (s->rule.to == LAB_ANY || s->rule.to == peer);
        if (here && (s->rule.action != LAB_EDIT || edit_make(s, packet))) {
            s->n_acted += !s->decided;
            s->decided = true;
            return s;
        }
    }
    return NULL;
}

void lab_rules_finish(lab_rules *rules)
{
    for (lab_rule_state *s = rules->first; s != NULL; s = s->next) {
        s->is_edited = false;
        s->acts = false;
    }
}

void lab_rules_free(lab_rules *rules)
{
    while (rules->first != NULL) {
        lab_rule_state *next = rules->first->next;
        free(rules->first);
        rules->first = next;
    }
}

const char *lab_action_name(lab_action action)
{
    switch (action) {
    case LAB_DROP:
        return "drop";
    case LAB_HOLD:
        return "hold";
    case LAB_DELAY:
        return "delay";
    case LAB_DUPLICATE:
        return "duplicate";
    case LAB_EDIT:
        return "edit";
    default:
        return "unknown";
    }
}
