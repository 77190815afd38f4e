/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules for packets to come: which packets of peers are dropped, held, delayed, duplicated or edited.
 *
 * A rule counts the packets it fits, from 1. It acts on those numbered `nth` to `nth + times - 1`. Rules are
 * asked in the order in which they were added; the first that acts on a packet for a recipient decides, and
 * later ones still count it. What the adversary sends (replayed, edited, forged, released) passes no rule.
 */
#ifndef LAB_RULE_H
#define LAB_RULE_H

#include "packet.h"

typedef enum lab_action {
    LAB_DROP = 1,
    LAB_HOLD,      /* kept until lab_release */
    LAB_DELAY,     /* delivered delay_ms later */
    LAB_DUPLICATE, /* delivered as usual, and `copies` times more, delay_ms apart */
    LAB_EDIT,      /* an edited copy, a packet of its own, is delivered in its place */
} lab_action;

/*
 * lab_edit writes an edited copy of a packet.
 *
 * In        arg      of the rule;  packet  as it was sent
 * Out       room     LAB_DATAGRAM_MAX bytes; *len  how many were written, at most room.len
 * Returns   false: the packet cannot be edited so, and is delivered as it is
 */
typedef bool (*lab_edit)(void *arg, const lab_packet *packet, gosc_buf room, size_t *len);

/* lab_match: does the rule fit this packet? Asked after all other fields of the rule fitted. */
typedef bool (*lab_match)(void *arg, const lab_packet *packet);

typedef struct lab_rule {
    lab_action action;
    int from; /* the sending peer, or LAB_ANY */
    int to;   /* only on its way to this peer (unicast, or as member of the group), or LAB_ANY */
    lab_is is;
    lab_cast cast;
    lab_mode mode;
    unsigned nth;   /* first packet that is acted on; 0 is taken as 1 */
    unsigned times; /* how many; 0: all from nth on */
    uint32_t delay_ms;
    unsigned copies;  /* LAB_DUPLICATE; 0 is taken as 1 */
    lab_edit edit;    /* LAB_EDIT */
    lab_match match;  /* NULL: fits */
    void *arg;        /* for edit and match; must live as long as the rule */
    const char *name; /* first name of edited copies, copied; NULL: none */
} lab_rule;

#define LAB_RULE(what) ((lab_rule){.action = (what), .from = LAB_ANY, .to = LAB_ANY})

/* "drop", "hold", …; never NULL. */
const char *lab_action_name(lab_action action);

#endif
