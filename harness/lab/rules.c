/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "record.h"

int lab_rules_add(lab_rules *rules, const lab_rule *rule)
{
    void *array = rules->items;
    bool grown = lab_grow(&array, &rules->room, rules->n, sizeof *rules->items);
    rules->items = array;
    if (rule->action == LAB_EDIT && rules->desk == NULL) {
        rules->desk = malloc(LAB_DATAGRAM_MAX);
    }
    if (!grown || (rule->action == LAB_EDIT && rules->desk == NULL)) {
        return 0;
    }
    lab_rule_state *state = &rules->items[rules->n++];
    *state = (lab_rule_state){.rule = *rule, .id = ++rules->last_id};
    state->rule.nth += state->rule.nth == 0;
    state->rule.copies += state->rule.copies == 0;
    if (rule->name != NULL) {
        memcpy(state->name, rule->name, strlen(rule->name) + 1);
    }
    state->rule.name = NULL; /* the copy is what counts: items move */
    return state->id;
}

lab_rule_state *lab_rules_find(const lab_rules *rules, int id)
{
    for (size_t i = 0; i < rules->n; i++) {
        if (rules->items[i].id == id) {
            return &rules->items[i];
        }
    }
    return NULL;
}

void lab_rules_remove(lab_rules *rules, lab_rule_state *state)
{
    size_t at = (size_t)(state - rules->items);
    free(state->edited.ptr);
    memmove(state, state + 1, (rules->n - at - 1) * sizeof *state);
    rules->n--;
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
    for (size_t i = 0; i < rules->n; i++) {
        lab_rule_state *s = &rules->items[i];
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
static bool edit_make(const lab_rules *rules, lab_rule_state *s, const lab_packet *packet)
{
    if (s->edited.ptr != NULL) {
        return true;
    }
    size_t len = 0;
    gosc_buf room = {rules->desk, LAB_DATAGRAM_MAX};
    s->acts = s->rule.edit(s->rule.arg, packet, room, &len) && len <= LAB_DATAGRAM_MAX;
    uint8_t *copy = s->acts ? malloc(len + 1) : NULL;
    if (copy == NULL) {
        s->acts = false;
        return false;
    }
    memcpy(copy, rules->desk, len);
    s->edited = (gosc_buf){copy, len};
    return true;
}

lab_rule_state *lab_rules_decide(lab_rules *rules, const lab_packet *packet, int peer)
{
    for (size_t i = 0; i < rules->n; i++) {
        lab_rule_state *s = &rules->items[i];
        bool here = s->acts && (s->rule.to == LAB_ANY || s->rule.to == peer);
        if (here && (s->rule.action != LAB_EDIT || edit_make(rules, s, packet))) {
            s->n_acted += !s->decided;
            s->decided = true;
            return s;
        }
    }
    return NULL;
}

void lab_rules_finish(lab_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        free(rules->items[i].edited.ptr);
        rules->items[i].edited = (gosc_buf){NULL, 0};
        rules->items[i].acts = false;
    }
}

void lab_rules_free(lab_rules *rules)
{
    lab_rules_finish(rules);
    free(rules->items);
    free(rules->desk);
    *rules = (lab_rules){0};
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
