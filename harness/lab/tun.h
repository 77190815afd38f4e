/* SPDX-License-Identifier: BSD-2-Clause */
/* TUN devices: the far end of a peer's network. */
#ifndef LAB_TUN_H
#define LAB_TUN_H

#include "ip.h"

#define LAB_TUN_DEVICE "t0"

/*
 * lab_tun_open makes the device LAB_TUN_DEVICE in the network namespace the caller is in.
 *
 * Out       fd        non-blocking, close-on-exec; step as for lab_rtnl_setup
 * Returns   0, or an errno value
 */
int lab_tun_open(int *fd, const char **step);

/*
 * lab_tun_read takes one IP packet.
 *
 * Returns   1; 0 when there is none now; -1 when the device is broken (errno)
 */
int lab_tun_read(int fd, gosc_buf room, gosc_span *packet);

/* lab_tun_write hands one IP packet to the peer; false when the device is broken (errno). */
bool lab_tun_write(int fd, gosc_span packet);

#endif
