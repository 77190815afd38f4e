/* SPDX-License-Identifier: BSD-2-Clause */
/* Chance: the system's, or a generator whose whole course follows from a seed (laboratory only). */
#ifndef IO_RANDOM_H
#define IO_RANDOM_H

#include "gosc.h"

typedef struct io_random {
    bool seeded; /* false: getrandom */
    uint64_t state;
} io_random;

/* io_random_seed makes all that follows predictable: never outside a laboratory. */
void io_random_seed(io_random *random, uint64_t seed);

/* io_random_fill ends the program when the system gives no randomness: nothing may go on without. */
void io_random_fill(io_random *random, gosc_buf room);

uint32_t io_random_u32(io_random *random);

#endif
