/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The switch: routes recorded packets to peers, obeys the rules, keeps what is held, and tells everything
 * that happens. It knows neither namespaces nor pipes nor clocks: ports hand packets and the time in, and
 * take deliveries out. The same calls give the same events.
 */
#ifndef LAB_SWITCH_H
#define LAB_SWITCH_H

#include "members.h"
#include "queue.h"
#include "record.h"
#include "rules.h"

typedef struct lab_kept {
    const lab_packet *packet;
    int peer;
} lab_kept;

typedef struct lab_switch {
    void *arg;
    void (*event)(void *arg, const lab_event *event); /* NULL: nobody listens */
    void *out_arg;
    bool (*out)(void *out_arg, int peer, const lab_packet *packet); /* false: the port is broken */
    uint64_t now_us;
    uint64_t latency_us;
    int n_peers;
    lab_record record;
    lab_members members;
    lab_rules rules;
    lab_queue queue;
    lab_kept *held; /* oldest first */
    size_t n_held, held_room;
} lab_switch;

/* lab_switch_addr: the addresses of peer i. */
lab_addr lab_switch_addr(int peer, lab_family family, uint16_t port);
int lab_switch_at(const lab_switch *sw, const lab_addr *addr);

/*
 * lab_switch_accept records a packet and sends it on its way.
 *
 * In        packet    from_peer, from, to, bytes, cause, of, name (NULL, or a good one); the rest is filled in
 *           only      LAB_ANY, or the single recipient
 *           delay_us  beside the usual latency
 * Out       number    may be NULL
 * Errors    LAB_ERR_MEMORY
 */
lab_err lab_switch_accept(lab_switch *sw, const lab_packet *packet, int only, uint64_t delay_us,
                          uint32_t *number);

/* lab_switch_member notes what was observed, and tells when it is new. */
lab_err lab_switch_member(lab_switch *sw, int peer, const lab_addr *group, bool joined);

/* lab_switch_stray tells of bytes that are no datagram. */
void lab_switch_stray(lab_switch *sw, int peer, const char *text);

lab_err lab_switch_release(lab_switch *sw, uint32_t number, int peer);

/*
 * lab_switch_deliver delivers what is due at now_us and was queued before the call.
 *
 * Out       n_done    increased by the number of deliveries
 * Errors    LAB_ERR_SYSTEM when a port is broken
 */
lab_err lab_switch_deliver(lab_switch *sw, unsigned *n_done);

void lab_switch_free(lab_switch *sw);

#endif
