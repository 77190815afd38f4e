/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules in force, and which of them acts on a packet. */
#ifndef LAB_RULES_H
#define LAB_RULES_H

#include "lab.h"

typedef struct lab_rule_state {
    struct lab_rule_state *next;
    lab_rule rule; /* nth, copies at least 1 */
    char name[LAB_NAME_MAX];
    int id;
    unsigned n_fit;   /* packets it fitted */
    unsigned n_acted; /* packets it decided about, for one recipient at least */
    bool acts;        /* on the packet at hand */
    bool decided;     /* about the packet at hand */
    bool is_edited;   /* the edited copy of the packet at hand is there */
    size_t edited_len;
    uint8_t edited[]; /* that copy: LAB_DATAGRAM_MAX bytes, none for other actions */
} lab_rule_state;

typedef struct lab_rules {
    lab_rule_state *first; /* in the order in which they were added */
    int last_id;
} lab_rules;

/* The recipients of a packet, by number. */
typedef struct lab_recipients {
    int peers[LAB_PEERS_MAX];
    int n;
} lab_recipients;

/* lab_rules_add gives the id; 0 when there is no memory. The rule must be a good one. */
int lab_rules_add(lab_rules *rules, const lab_rule *rule);

lab_rule_state *lab_rules_find(const lab_rules *rules, int id);
void lab_rules_remove(lab_rules *rules, lab_rule_state *state);

/* lab_rules_count counts a packet and finds out which rules act on it. */
void lab_rules_count(lab_rules *rules, const lab_packet *packet, const lab_recipients *recipients);

/*
 * lab_rules_decide gives the rule that decides about the packet at hand on its way to a peer; NULL: none
 * does. A rule that edits has its copy ready then; one that cannot edit the packet does not act on it.
 */
lab_rule_state *lab_rules_decide(lab_rules *rules, const lab_packet *packet, int peer);

/* lab_rules_finish ends the work on the packet at hand; edited copies are forgotten. */
void lab_rules_finish(lab_rules *rules);

void lab_rules_free(lab_rules *rules);

#endif
