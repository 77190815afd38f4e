/* SPDX-License-Identifier: BSD-2-Clause */
/* The tun port: homes of the peers, and their packets in and out. */
#ifndef LAB_PORT_TUN_H
#define LAB_PORT_TUN_H

#include "ip.h"
#include "netns.h"
#include "switch.h"

typedef struct lab_port_tun {
    lab_netns netns;
    lab_home homes[LAB_PEERS_MAX];
    int n_homes;
    int epoll;
    uint64_t start_us; /* of the clock, when the lab was opened */
    uint8_t room[LAB_IP_MAX + 1];
} lab_port_tun;

lab_err lab_port_tun_open(lab_port_tun *port, lab_text *text);
lab_err lab_port_tun_add(lab_port_tun *port, int peer, lab_text *text);

/* lab_port_tun_now: time since it was opened. */
uint64_t lab_port_tun_now(const lab_port_tun *port);

/*
 * lab_port_tun_read takes what the peers have sent, peer by peer, and hands it to the switch.
 *
 * Out       n_done    increased by the number of packets
 */
lab_err lab_port_tun_read(lab_port_tun *port, lab_switch *sw, unsigned *n_done, lab_text *text);

/* lab_port_tun_write hands a packet to a peer; false: errno. */
bool lab_port_tun_write(lab_port_tun *port, int peer, const lab_packet *packet);

/* lab_port_tun_wait waits until a peer has sent something, at most until the given time. */
lab_err lab_port_tun_wait(const lab_port_tun *port, uint64_t until_us, lab_text *text);

void lab_port_tun_close(lab_port_tun *port);

#endif
