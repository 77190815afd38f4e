/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4U
#endif

/* Where the child was when it failed. */
typedef enum stage {
    STAGE_HOME,
    STAGE_DIR,
    STAGE_PIPES,
    STAGE_EXEC,
} stage;

typedef struct failure {
    stage at;
    int err;
} failure;

/* Ends of pipes: r is read from, w is written to. */
typedef struct pipes {
    int in_r, in_w, out_r, out_w, err_r, err_w, told_r, told_w;
} pipes;

static void ends_close(int a, int b, int c, int d)
{
    const int all[] = {a, b, c, d};
    for (size_t i = 0; i < 4; i++) {
        if (all[i] >= 0) {
            (void)close(all[i]);
        }
    }
}

static bool pipe_open(int *r, int *w)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    *r = ends[0];
    *w = ends[1];
    return true;
}

/* ---- the child: nothing here allocates ---- */

static void signals_reset(void)
{
    for (int i = 1; i < NSIG; i++) {
        /* Fails for KILL, STOP and those of the C library, which have no handler of ours. */
        (void)signal(i, SIG_DFL);
    }
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child_fail(int told, stage at)
{
    failure f = {at, errno};
    ssize_t n = write(told, &f, sizeof f);
    _exit(n == (ssize_t)sizeof f ? 127 : 126);
}

/* low_free moves a descriptor out of the way of 0, 1 and 2. */
static int low_free(int fd)
{
    return fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static _Noreturn void child_run(const lab_start *start, const pipes *p, pid_t parent)
{
    int told = low_free(p->told_w);
    signals_reset();
    (void)setpgid(0, 0);
    if (start->netns != NULL && !lab_netns_enter(start->netns, start->home)) {
        child_fail(told, STAGE_HOME);
    }
    /* After the change of user namespace, which clears it. The parent may have died meanwhile. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        child_fail(told, STAGE_HOME);
    }
    if (start->dir != NULL && chdir(start->dir) != 0) {
        child_fail(told, STAGE_DIR);
    }
    int in = low_free(p->in_r);
    int out = low_free(p->out_w);
    int err = low_free(p->err_w);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) {
        child_fail(told, STAGE_PIPES);
    }
    /* Whatever the caller forgot to mark. Kernels before 5.11 cannot: then it is the caller's care. */
    (void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    (void)execvpe(start->argv[0], start->argv, start->env != NULL ? start->env : environ);
    child_fail(told, STAGE_EXEC);
}

/* ---- our side ---- */

/* told_read waits until the child runs its program (end of file) or tells why not. */
static lab_err told_read(int told, const lab_start *start, lab_text *text)
{
    failure f;
    ssize_t n = -1;
    do {
        n = read(told, &f, sizeof f);
    } while (n < 0 && errno == EINTR);
    if (n == 0) {
        return LAB_OK;
    }
    if (n != (ssize_t)sizeof f) {
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: starting %s: no word from the child", start->argv[0]);
    }
    switch (f.at) {
    case STAGE_DIR:
        return lab_complain(text, LAB_ERR_EXEC, "lab: directory %s: %s", start->dir, strerror(f.err));
    case STAGE_EXEC:
        return lab_complain(text, LAB_ERR_EXEC, "lab: cannot start %s: %s", start->argv[0], strerror(f.err));
    case STAGE_HOME:
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: entering the namespace: %s", strerror(f.err));
    case STAGE_PIPES:
    default:
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: pipes of %s: %s", start->argv[0], strerror(f.err));
    }
}

lab_err lab_process_start(const lab_start *start, lab_process *process, lab_text *text)
{
    pipes p = {-1, -1, -1, -1, -1, -1, -1, -1};
    pid_t pid = -1;
    pid_t parent = getpid();
    if (pipe_open(&p.in_r, &p.in_w) && pipe_open(&p.out_r, &p.out_w) && pipe_open(&p.err_r, &p.err_w) &&
        pipe_open(&p.told_r, &p.told_w)) {
        pid = fork();
    }
    if (pid == 0) {
        child_run(start, &p, parent);
    }
    int err = errno;
    ends_close(p.in_r, p.out_w, p.err_w, p.told_w);
    lab_err result = pid < 0 ? lab_complain(text, LAB_ERR_SYSTEM, "lab: starting a peer: %s", strerror(err))
                             : told_read(p.told_r, start, text);
    ends_close(p.told_r, -1, -1, -1);
    if (result != LAB_OK) {
        ends_close(p.in_w, p.out_r, p.err_r, -1);
        if (pid > 0) {
            lab_process_kill(pid);
            lab_process_wait(pid);
        }
        return result;
    }
    *process = (lab_process){pid, p.in_w, p.out_r, p.err_r};
    return LAB_OK;
}

void lab_process_kill(pid_t pid)
{
    siginfo_t info;
    /* Once it was waited for, the number may belong to someone else. */
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        return;
    }
    (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
}

void lab_process_wait(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}
