/* SPDX-License-Identifier: BSD-2-Clause */
/* The one clock: monotonic, in milliseconds, from an arbitrary beginning. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>

uint64_t io_clock_now_ms(void);

#endif
