/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test Anything Protocol for the test programs: `ok 3 - O-6.1-05 kid context runs past the end`, ids first.
 * One program is one file, so the counters may be static here.
 */
#ifndef MUSTER_TAP_H
#define MUSTER_TAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int tap_n_run;
static int tap_n_failed;

/* tap_ok reports one test and gives cond back. */
static inline bool tap_ok(bool cond, const char *text)
{
    tap_n_run++;
    tap_n_failed += !cond;
    printf("%sok %d - %s\n", cond ? "" : "not ", tap_n_run, text);
    return cond;
}

/* tap_note explains: where in a long loop it went wrong, with which input. */
static inline void tap_note(const char *what, uint64_t number, const uint8_t *bytes, size_t len)
{
    printf("# %s %llu:", what, (unsigned long long)number);
    for (size_t i = 0; i < len; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\n");
}

/* tap_done prints the plan; return its result from main. */
static inline int tap_done(void)
{
    printf("1..%d\n", tap_n_run);
    return tap_n_failed == 0 && tap_n_run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Chance with a seed that is printed and accepted as the first argument (xorshift64). */
static uint64_t tap_random_state;

static inline void tap_seed(int argc, char **argv)
{
    tap_random_state = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261;
    printf("# seed %llu\n", (unsigned long long)tap_random_state);
    tap_random_state = tap_random_state * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

/* tap_random gives a number below limit (1 to 2^32). */
static inline uint32_t tap_random(uint64_t limit)
{
    tap_random_state ^= tap_random_state << 13;
    tap_random_state ^= tap_random_state >> 7;
    tap_random_state ^= tap_random_state << 17;
    return (uint32_t)((tap_random_state >> 32) % limit);
}

#endif
