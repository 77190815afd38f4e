/* SPDX-License-Identifier: BSD-2-Clause */
/* Peers as processes: started inside their home, watched, killed. */
#ifndef LAB_PROCESS_H
#define LAB_PROCESS_H

#include "netns.h"

/* How to start one. */
typedef struct lab_start {
    const lab_netns *netns; /* NULL: no namespace */
    const lab_home *home;
    char *const *argv;
    char *const *env; /* NULL: ours */
    const char *dir;  /* NULL: ours */
} lab_start;

/*
 * lab_process_start returns when the program runs, or could not be started.
 *
 * Errors    LAB_ERR_EXEC when the directory or the program is at fault, LAB_ERR_SYSTEM
 */
lab_err lab_process_start(const lab_start *start, lab_process *process, lab_text *text);

/*
 * lab_process_kill kills a child with its process group. A pid that is no child of ours (it was waited for
 * already) is left alone.
 */
void lab_process_kill(pid_t pid);

/* lab_process_wait waits until a child that was killed is gone. */
void lab_process_wait(pid_t pid);

#endif
