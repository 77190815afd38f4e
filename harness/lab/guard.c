/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct word {
    pid_t pid;
    bool is_there;
} word;

/* ---- the guard: nothing here allocates, it runs after fork ---- */

static _Noreturn void guard_run(int in)
{
    pid_t there[LAB_GUARD_MAX];
    size_t n = 0;
    word w;
    /* The keys that interrupt the harness are not for us; and no pipe of anybody may stay open here. */
    (void)setpgid(0, 0);
    (void)dup2(in, 0);
    (void)syscall(SYS_close_range, 1U, ~0U, 0U);
    for (;;) {
        ssize_t got = read(0, &w, sizeof w);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got != (ssize_t)sizeof w) {
            break;
        }
        size_t kept = 0;
        for (size_t i = 0; i < n; i++) {
            if (there[i] != w.pid) {
                there[kept++] = there[i];
            }
        }
        n = kept;
        if (w.is_there && n < LAB_GUARD_MAX) {
            there[n++] = w.pid;
        }
    }
    for (size_t i = 0; i < n; i++) {
        (void)kill(-there[i], SIGKILL);
    }
    _exit(0);
}

/* ---- our side ---- */

lab_err lab_guard_start(lab_guard *guard, lab_text *text)
{
    int ends[2];
    *guard = (lab_guard){-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: pipe: %s", strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0) {
        guard_run(ends[0]);
    }
    int err = errno;
    (void)close(ends[0]);
    if (pid < 0) {
        (void)close(ends[1]);
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: fork: %s", strerror(err));
    }
    *guard = (lab_guard){pid, ends[1]};
    return LAB_OK;
}

void lab_guard_tell(const lab_guard *guard, pid_t pid, bool is_there)
{
    word w;
    memset(&w, 0, sizeof w);
    w.pid = pid;
    w.is_there = is_there;
    /* Fails when somebody killed the guard; PR_SET_PDEATHSIG is still there then. SIGPIPE must not end us. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    (void)sigaction(SIGPIPE, &ignore, &before);
    ssize_t n = -1;
    do {
        n = write(guard->pipe, &w, sizeof w);
    } while (n < 0 && errno == EINTR);
    (void)sigaction(SIGPIPE, &before, NULL);
}

void lab_guard_stop(lab_guard *guard)
{
    if (guard->pid <= 0) {
        return;
    }
    (void)close(guard->pipe);
    while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    *guard = (lab_guard){-1, -1};
}
