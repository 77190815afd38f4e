/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stdio port: virtual time, and when each peer wants to be told of it.
 */
#ifndef LAB_PORT_STDIO_H
#define LAB_PORT_STDIO_H

#include "lab.h"

typedef struct lab_stdio {
    uint64_t wake_us[LAB_PEERS_MAX]; /* LAB_NEVER: not at all */
} lab_stdio;

void lab_stdio_init(lab_stdio *io);

/* lab_stdio_next: the earliest wake. */
uint64_t lab_stdio_next(const lab_stdio *io, int n_peers);

/*
 * lab_stdio_wake calls for every wake that is due, in the order of the peers, each once: what they ask for
 * meanwhile waits for the next call, also when it is due already.
 *
 * Out       n_done    increased by the number of calls
 */
void lab_stdio_wake(lab_stdio *io, int n_peers, uint64_t now_us, const lab_config *config, unsigned *n_done);

#endif
