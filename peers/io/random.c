/* SPDX-License-Identifier: BSD-2-Clause */
#include "random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void io_random_seed(io_random *random, uint64_t seed)
{
    *random = (io_random){.seeded = true, .state = seed};
}

/* splitmix is the splitmix64 generator: every seed is a good one. */
static uint64_t splitmix(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void io_random_fill(io_random *random, gosc_buf room)
{
    if (random->seeded) {
        for (size_t i = 0; i < room.len; i++) {
            room.ptr[i] = (uint8_t)splitmix(&random->state);
        }
        return;
    }
    for (size_t got = 0; got < room.len;) {
        ssize_t n = getrandom(room.ptr + got, room.len - got, 0);
        if (n < 0 && errno != EINTR) {
            fprintf(stderr, "muster-peer: the system gives no randomness\n");
            exit(2);
        }
        got += n > 0 ? (size_t)n : 0;
    }
}

uint32_t io_random_u32(io_random *random)
{
    uint8_t bytes[4];
    io_random_fill(random, (gosc_buf){bytes, sizeof bytes});
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}
