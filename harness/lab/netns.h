/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network namespaces: one for each peer, made by a small child process (the maker) inside a fresh user
 * namespace, so that this process keeps its own. They have no names and live as long as their descriptors and
 * the processes in them.
 */
#ifndef LAB_NETNS_H
#define LAB_NETNS_H

#include "complaint.h"

/* Where a peer lives. -1: none. */
typedef struct lab_home {
    int ns;  /* network namespace */
    int tun; /* our end of its device */
} lab_home;

typedef struct lab_netns {
    pid_t maker;
    int socket;
    int userns;     /* -1: namespaces were made by root, without a user namespace */
    lab_home first; /* made at the start, to see whether the host allows it */
} lab_netns;

/*
 * lab_netns_start starts the maker and makes the home of peer 0. Root falls back to namespaces without a user
 * namespace where those are forbidden.
 *
 * Errors    LAB_ERR_FORBIDDEN, LAB_ERR_SYSTEM; text says what to allow. Nothing is left then
 */
lab_err lab_netns_start(lab_netns *netns, lab_text *text);

/*
 * lab_netns_make gives the home of a peer: namespace, device, addresses, routes.
 *
 * In        peer      from 0, each once and in order
 */
lab_err lab_netns_make(lab_netns *netns, int peer, lab_home *home, lab_text *text);

/* lab_netns_enter moves the calling process, which must have one thread, into a home. False: errno. Safe
 * after fork. */
bool lab_netns_enter(const lab_netns *netns, const lab_home *home);

/* lab_netns_stop ends the maker. Homes that were given out stay. */
void lab_netns_stop(lab_netns *netns);

/* lab_home_close closes what is open. */
void lab_home_close(lab_home *home);

#endif
