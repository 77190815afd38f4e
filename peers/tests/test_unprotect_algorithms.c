/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening with every algorithm: one flip in each field of each shape and 32 by chance; all of them, and every
 * cut, when MUSTER_FULL is 1.
 */
#include "sweep.h"

static scene s;

static const scene_set other_sets[] = {
    {&gosc_dialect_oscore, 5, 1, 0, 0, 0},
    {&gosc_dialect_oscore, 7, 2, 0, 0, 0},
    {&gosc_dialect_oscore, 5, 3, 0, 0, 0},
    {&gosc_dialect_oscore, 5, 11, 0, 0, 0},
    {&gosc_dialect_oscore, 5, 12, 0, 0, 0},
    {&gosc_dialect_oscore, 5, 13, 0, 0, 0},
    {&gosc_dialect_oscore, 7, 24, 0, 0, 0},
    {&gosc_dialect_oscore, 5, 30, 0, 0, 0},
    {&gosc_dialect_oscore, 5, 31, 0, 0, 0},
    {&gosc_dialect_oscore, 5, 32, 0, 0, 0},
    {&gosc_dialect_oscore, 5, 33, 0, 0, 0},
    {&gosc_dialect_group_02, 5, 24, 0, -7, 0},
    {&gosc_dialect_group_02, 7, 12, 0, -35, 0},
    {&gosc_dialect_group_02, 5, 1, 0, -36, 0},
    {&gosc_dialect_group_02_s2e1, 5, 10, 0, -8, 0},
    {&gosc_dialect_group_02_s3e1, 5, 10, 0, -8, 0},
    {&gosc_dialect_group_28, 5, 10, -65534, -8, -27},
    {&gosc_dialect_group_28, 7, 24, -65533, -7, -28},
    {&gosc_dialect_group_28, 5, 3, -65532, -35, -27},
    {&gosc_dialect_group_28, 5, 13, 24, -36, -27},
    {&gosc_dialect_group_28, 7, 33, 12, -7, -28},
    {&gosc_dialect_group_28_cs4, 5, 24, 30, -8, -27},
};

/* The shapes of a set: those of its dialect. */
static void algorithms(bool whole)
{
    for (size_t i = 0; i < COUNT(other_sets); i++) {
        for (size_t k = 0; k < COUNT(shapes); k++) {
            if (strcmp(shapes[k].set->dialect->name, other_sets[i].dialect->name) == 0) {
                sweep_shape(&s, &shapes[k], &other_sets[i], whole, 32);
            }
        }
    }
}

int main(int argc, char **argv)
{
    const char *full = getenv("MUSTER_FULL");
    tap_seed(argc, argv);
    algorithms(full != NULL && strcmp(full, "1") == 0);
    sweep_table();
    return tap_done();
}
