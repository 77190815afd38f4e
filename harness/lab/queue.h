/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deliveries to come, in the order of their times; those of one time in the order in which they were queued.
 */
#ifndef LAB_QUEUE_H
#define LAB_QUEUE_H

#include "packet.h"

/* One packet on its way to one peer. */
typedef struct lab_leg {
    uint64_t due_us;
    uint64_t order; /* given by the queue */
    const lab_packet *packet;
    int peer;
} lab_leg;

typedef struct lab_queue {
    lab_leg *heap; /* earliest first */
    size_t n, room;
    uint64_t next_order;
} lab_queue;

/* lab_queue_put: false when there is no memory. leg->order is ignored. */
bool lab_queue_put(lab_queue *queue, const lab_leg *leg);

/* lab_queue_first: the next delivery, NULL when there is none. Valid until the next put or take. */
const lab_leg *lab_queue_first(const lab_queue *queue);

/* lab_queue_take removes the first; there must be one. */
lab_leg lab_queue_take(lab_queue *queue);

void lab_queue_free(lab_queue *queue);

#endif
