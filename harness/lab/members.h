/* SPDX-License-Identifier: BSD-2-Clause */
/* Who has joined which multicast group, as observed. */
#ifndef LAB_MEMBERS_H
#define LAB_MEMBERS_H

#include "addr.h"

typedef struct lab_membership {
    int peer;
    lab_addr group; /* port 0 */
} lab_membership;

typedef struct lab_members {
    lab_membership *items;
    size_t n, room;
} lab_members;

typedef enum lab_members_change {
    LAB_MEMBERS_SAME,
    LAB_MEMBERS_CHANGED,
    LAB_MEMBERS_FULL, /* no memory */
} lab_members_change;

/* lab_members_set says whether anything changed: hosts repeat their reports. The port of group is ignored. */
lab_members_change lab_members_set(lab_members *members, int peer, const lab_addr *group, bool joined);

/* lab_members_has: every peer belongs to the groups of all nodes, for which nobody reports. */
bool lab_members_has(const lab_members *members, int peer, const lab_addr *group);

void lab_members_free(lab_members *members);

#endif
