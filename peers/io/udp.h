/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP sockets, IPv6 and IPv4: one for each address of ours, one for each group joined. The destination of
 * what comes in is known, and what goes out leaves from the address it was given, never from a group.
 */
#ifndef IO_UDP_H
#define IO_UDP_H

#include <poll.h>

#include "address.h"

enum {
    IO_SOCKETS_MAX = 64,
};

typedef struct io_socket {
    int fd;
    io_address address; /* bound to; a group, when this one listens to it */
} io_socket;

typedef struct io_udp {
    io_socket sockets[IO_SOCKETS_MAX];
    size_t n_sockets;
} io_udp;

/* io_udp_open binds an address of ours; port 0 is replaced by the one that was given. A line that says why
 * not, or NULL. */
const char *io_udp_open(io_udp *udp, io_address *address);

/* io_udp_join becomes a member of a group on the interface that has one of our addresses of that family. */
const char *io_udp_join(io_udp *udp, const io_address *group);
const char *io_udp_leave(io_udp *udp, const io_address *group);

void io_udp_close(io_udp *udp);

/* io_udp_poll_set fills in what to wait for; gives the number of sockets. */
size_t io_udp_poll_set(const io_udp *udp, struct pollfd fds[IO_SOCKETS_MAX]);

/* io_udp_receive takes one datagram of a socket; false: there is none. */
bool io_udp_receive(io_udp *udp, size_t index, io_path *path, gosc_buf room, size_t *len);

/* io_udp_send sends from path->local; false: the system would not (a datagram may be lost at any time
 * anyway). */
bool io_udp_send(const io_udp *udp, const io_path *path, gosc_span datagram);

#endif
