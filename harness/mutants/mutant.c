/* SPDX-License-Identifier: BSD-2-Clause */
#define _XOPEN_SOURCE 700 /* setitimer */
#include "mutant.h"

#include <stdio.h>
#include <sys/time.h>

int mutant_replay(const vec_tree *tree, const size_t *indexes, size_t n, bool stop)
{
    static const char *const words[] = {"pass", "fail", "skip"};
    const struct itimerval limit = {.it_value = {.tv_sec = MUTANT_CPU_SECONDS}};
    vec_replay replay;
    int status = 0;
    if (gosc_crypto_init() != GOSC_OK) {
        return 2;
    }
    vec_replay_init(&replay);
    for (size_t i = 0; i < n && !(stop && status != 0); i++) {
        vec_verdict verdict;
        (void)setitimer(ITIMER_PROF, &limit, NULL);
        vec_replay_vector(&replay, &tree->vectors[indexes[i]], &verdict);
        printf("%s %zu %s\n", words[verdict.outcome], indexes[i], verdict.said);
        (void)fflush(stdout); /* the next vector may end the process */
        if (verdict.outcome == VEC_FAILED) {
            status = 1;
        }
    }
    vec_replay_free(&replay);
    return status;
}
