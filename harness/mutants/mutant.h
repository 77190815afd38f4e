/* SPDX-License-Identifier: BSD-2-Clause */
/* The one function of a mutant's shared object that host.c calls. */
#ifndef MUTANT_H
#define MUTANT_H

#include "replay.h"

/*
 * mutant_replay replays vectors in the order given and prints a line for each:
 *
 *     pass <index>
 *     fail <index> <what was said>
 *     skip <index> <what was said>      not supported
 *
 * In        stop  after the first that fails
 * Returns   an exit status: 0 none failed, 1 some failed, 2 the crypto library does not start
 * Effects   SIGPROF ends the process when one vector takes more than MUTANT_CPU_SECONDS
 */
typedef int mutant_replay_call(const vec_tree *tree, const size_t *indexes, size_t n, bool stop);
mutant_replay_call mutant_replay;

enum {
    MUTANT_CPU_SECONDS =
        2, /* of processor time, so that a busy machine makes no difference; the slowest takes 0.04 */
};

#endif
