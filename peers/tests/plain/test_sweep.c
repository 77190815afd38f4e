/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sweep of test_unprotect.c once more with the transparent adapter: for the memory sanitizer and 32 bits.
 */
#include "sweep.h"

static scene s;

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    for (size_t i = 0; i < COUNT(shapes); i++) {
        sweep_shape(&s, &shapes[i], shapes[i].set, true, 0);
    }
    sweep_table();
    return tap_done();
}
