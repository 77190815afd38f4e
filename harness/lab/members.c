/* SPDX-License-Identifier: BSD-2-Clause */
#include "members.h"

#include <stdlib.h>

#include "record.h"

static size_t find(const lab_members *members, int peer, const lab_addr *group)
{
    size_t i = 0;
    while (i < members->n &&
           (members->items[i].peer != peer || !lab_addr_same_ip(&members->items[i].group, group))) {
        i++;
    }
    return i;
}

lab_members_change lab_members_set(lab_members *members, int peer, const lab_addr *group, bool joined)
{
    size_t at = find(members, peer, group);
    if ((at < members->n) == joined) {
        return LAB_MEMBERS_SAME;
    }
    if (!joined) {
        members->items[at] = members->items[--members->n];
        return LAB_MEMBERS_CHANGED;
    }
    void *array = members->items;
    bool grown = lab_grow(&array, &members->room, members->n, sizeof *members->items);
    members->items = array;
    if (!grown) {
        return LAB_MEMBERS_FULL;
    }
    members->items[members->n] = (lab_membership){peer, *group};
    members->items[members->n++].group.port = 0;
    return LAB_MEMBERS_CHANGED;
}

bool lab_members_has(const lab_members *members, int peer, const lab_addr *group)
{
    return lab_addr_is_all_nodes(group) || find(members, peer, group) < members->n;
}

void lab_members_free(lab_members *members)
{
    free(members->items);
    *members = (lab_members){0};
}
