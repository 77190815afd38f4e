/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard: a small child process that outlives a killed harness just long enough to kill the process groups
 * of the peers. (PR_SET_PDEATHSIG reaches the peer itself, but not what a wrapper script has started.)
 */
#ifndef LAB_GUARD_H
#define LAB_GUARD_H

#include "complaint.h"

typedef struct lab_guard {
    pid_t pid;
    int pipe; /* its end of file is the signal */
} lab_guard;

enum {
    LAB_GUARD_MAX = 1024, /* processes guarded at a time; more are not guarded */
};

/* lab_guard_start: LAB_ERR_SYSTEM. */
lab_err lab_guard_start(lab_guard *guard, lab_text *text);

/* lab_guard_tell: a process group is there, or is gone. */
void lab_guard_tell(const lab_guard *guard, pid_t pid, bool is_there);

/* lab_guard_stop kills what is still guarded, and ends the guard. */
void lab_guard_stop(lab_guard *guard);

#endif
