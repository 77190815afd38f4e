/* SPDX-License-Identifier: BSD-2-Clause */
#include "port_stdio.h"

void lab_stdio_init(lab_stdio *io)
{
    for (int i = 0; i < LAB_PEERS_MAX; i++) {
        io->wake_us[i] = LAB_NEVER;
    }
}

uint64_t lab_stdio_next(const lab_stdio *io, int n_peers)
{
    uint64_t next = LAB_NEVER;
    for (int i = 0; i < n_peers; i++) {
        next = io->wake_us[i] < next ? io->wake_us[i] : next;
    }
    return next;
}

void lab_stdio_wake(lab_stdio *io, int n_peers, uint64_t now_us, const lab_config *config, unsigned *n_done)
{
    bool due[LAB_PEERS_MAX];
    for (int i = 0; i < n_peers; i++) {
        due[i] = io->wake_us[i] <= now_us;
        if (due[i]) {
            io->wake_us[i] = LAB_NEVER;
        }
    }
    for (int i = 0; i < n_peers; i++) {
        if (due[i] && config->wake != NULL) {
            (*n_done)++;
            config->wake(config->arg, i, now_us);
        }
    }
}
