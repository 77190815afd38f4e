/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rtnl.h"
#include "switch.h"
#include "tun.h"

enum {
    MAX_FDS = 3, /* namespace, device, and with the first answer the user namespace */
};

/* What the maker answers; descriptors travel beside it. */
typedef struct answer {
    int err; /* errno, 0: done */
    char step[48];
} answer;

/* ---- the maker: nothing here allocates, it runs after fork ---- */

static bool text_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t len = strlen(text);
    bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    int err = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = err;
    return good;
}

/* userns_make: inside we are root, outside still ourselves. */
static int userns_make(unsigned uid, unsigned gid, const char **step)
{
    char map[32];
    *step = "user namespace";
    if (unshare(CLONE_NEWUSER) != 0) {
        return errno;
    }
    *step = "user namespace, setgroups";
    /* Kernels before 3.19 have no such file. */
    if (!text_write("/proc/self/setgroups", "deny") && errno != ENOENT) {
        return errno;
    }
    *step = "user namespace, uid_map";
    (void)snprintf(map, sizeof map, "0 %u 1", uid);
    if (!text_write("/proc/self/uid_map", map)) {
        return errno;
    }
    *step = "user namespace, gid_map";
    (void)snprintf(map, sizeof map, "0 %u 1", gid);
    return text_write("/proc/self/gid_map", map) ? 0 : errno;
}

static int home_make(int peer, lab_home *home, const char **step)
{
    lab_addr six = lab_switch_addr(peer, LAB_IPV6, 0);
    lab_addr four = lab_switch_addr(peer, LAB_IPV4, 0);
    *step = "network namespace";
    if (unshare(CLONE_NEWNET) != 0) {
        return errno;
    }
    int err = lab_tun_open(&home->tun, step);
    if (err == 0) {
        err = lab_rtnl_setup(LAB_TUN_DEVICE, &six, &four, step);
    }
    if (err == 0) {
        *step = "network namespace, descriptor";
        home->ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        err = home->ns < 0 ? errno : 0;
    }
    return err;
}

static bool answer_send(int socket, const answer *a, const int *fds, size_t n_fds)
{
    answer copy = *a;
    union {
        char room[CMSG_SPACE(sizeof(int) * MAX_FDS)];
        struct cmsghdr align;
    } control = {.room = {0}};
    struct iovec part = {&copy, sizeof copy};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (n_fds > 0) {
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        if (head == NULL) {
            return false;
        }
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(head), fds, sizeof(int) * n_fds);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof copy;
}

/* home_answer makes a home and hands it over; userns goes along when it is one. */
static bool home_answer(int socket, int peer, int userns)
{
    lab_home home = {-1, -1};
    const char *step = "";
    answer a = {.err = home_make(peer, &home, &step)};
    (void)snprintf(a.step, sizeof a.step, "%s", step);
    int fds[MAX_FDS] = {home.ns, home.tun, userns};
    bool sent = answer_send(socket, &a, fds, a.err != 0 ? 0 : userns < 0 ? 2 : 3);
    lab_home_close(&home);
    return sent && a.err == 0;
}

static bool userns_answer(int socket, unsigned uid, unsigned gid, int *userns)
{
    const char *step = "";
    answer a = {.err = userns_make(uid, gid, &step)};
    if (a.err == 0) {
        step = "user namespace, descriptor";
        *userns = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
        a.err = *userns < 0 ? errno : 0;
    }
    if (a.err == 0) {
        return true;
    }
    (void)snprintf(a.step, sizeof a.step, "%s", step);
    (void)answer_send(socket, &a, NULL, 0);
    return false;
}

static _Noreturn void maker_run(int socket, bool with_userns, pid_t parent)
{
    unsigned uid = geteuid();
    unsigned gid = getegid();
    int userns = -1;
    /* Held open here, the pipes of other peers would never end. */
    (void)dup2(socket, 3);
    (void)syscall(SYS_close_range, 4U, ~0U, 0U);
    if (fcntl(3, F_SETFD, FD_CLOEXEC) != 0 || (with_userns && !userns_answer(3, uid, gid, &userns))) {
        _exit(1);
    }
    /* After the change of user namespace, which clears it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    bool good = getppid() == parent && home_answer(3, 0, userns);
    int peer = 0;
    while (good && recv(3, &peer, sizeof peer, 0) == (ssize_t)sizeof peer) {
        good = home_answer(3, peer, -1);
    }
    _exit(good ? 0 : 1);
}

/* ---- our side ---- */

static bool is_forbidden(int err)
{
    switch (err) {
    case EPERM:
    case EACCES:
    case ENOSYS:
    case ENOSPC: /* user.max_user_namespaces, user.max_net_namespaces */
    case EINVAL: /* a kernel without user namespaces */
    case EUSERS:
    case ENOENT: /* no /dev/net/tun */
    case ENODEV:
    case ENXIO:
    case ENOTTY: /* another device under that name */
    case EROFS:
        return true;
    default:
        return false;
    }
}

static lab_err answer_judge(const answer *a, lab_text *text)
{
    if (a->err == 0) {
        return LAB_OK;
    }
    if (!is_forbidden(a->err)) {
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: %s: %s", a->step, strerror(a->err));
    }
    const char *advice =
        strstr(a->step, "tun") != NULL || strstr(a->step, "TUN") != NULL
            ? "load the module tun, give read and write access to /dev/net/tun (docker: --device "
              "/dev/net/tun), or use the port stdio"
            : "allow user namespaces (sysctl user.max_user_namespaces, user.max_net_namespaces, "
              "kernel.apparmor_restrict_unprivileged_userns; docker: --privileged), be root, or "
              "use the port stdio";
    return lab_complain(text, LAB_ERR_FORBIDDEN, "lab: %s: %s; %s", a->step, strerror(a->err), advice);
}

static lab_err answer_receive(int socket, int fds[MAX_FDS], size_t n_fds, lab_text *text)
{
    answer a = {.err = 0};
    union {
        char room[CMSG_SPACE(sizeof(int) * MAX_FDS)];
        struct cmsghdr align;
    } control = {.room = {0}};
    struct iovec part = {&a, sizeof a};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    ssize_t n = -1;
    do {
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof a) {
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: the maker of namespaces ended without an answer");
    }
    a.step[sizeof a.step - 1] = '\0';
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    size_t n_got = head == NULL ? 0 : (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    if (n_got > 0) {
        memcpy(fds, CMSG_DATA(head), sizeof(int) * n_got);
    }
    lab_err err = answer_judge(&a, text);
    if (err == LAB_OK && n_got != n_fds) {
        err = lab_complain(text, LAB_ERR_SYSTEM,
                           "lab: %zu descriptors of a new namespace arrived, not %zu (limit of open files?)",
                           n_got, n_fds);
    }
    for (size_t i = 0; err != LAB_OK && i < n_got; i++) {
        (void)close(fds[i]);
    }
    return err;
}

static lab_err try_start(lab_netns *netns, bool with_userns, lab_text *text)
{
    int pair[2];
    *netns = (lab_netns){.maker = -1, .socket = -1, .userns = -1, .first = {-1, -1}};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: socketpair: %s", strerror(errno));
    }
    pid_t parent = getpid();
    netns->maker = fork();
    if (netns->maker == 0) {
        maker_run(pair[1], with_userns, parent);
    }
    int err = errno;
    (void)close(pair[1]);
    netns->socket = pair[0];
    if (netns->maker < 0) {
        lab_netns_stop(netns);
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: fork: %s", strerror(err));
    }
    int fds[MAX_FDS] = {-1, -1, -1};
    lab_err result = answer_receive(netns->socket, fds, with_userns ? 3 : 2, text);
    if (result != LAB_OK) {
        lab_netns_stop(netns);
        return result;
    }
    netns->first = (lab_home){fds[0], fds[1]};
    netns->userns = fds[2];
    return LAB_OK;
}

lab_err lab_netns_start(lab_netns *netns, lab_text *text)
{
    lab_err err = try_start(netns, true, text);
    if (err == LAB_ERR_FORBIDDEN && geteuid() == 0) {
        lab_text second;
        err = try_start(netns, false, &second);
        if (err != LAB_OK && err != LAB_ERR_FORBIDDEN) {
            *text = second;
        }
    }
    return err;
}

lab_err lab_netns_make(lab_netns *netns, int peer, lab_home *home, lab_text *text)
{
    if (peer == 0) {
        *home = netns->first;
        netns->first = (lab_home){-1, -1};
        return LAB_OK;
    }
    if (send(netns->socket, &peer, sizeof peer, MSG_NOSIGNAL) != (ssize_t)sizeof peer) {
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: the maker of namespaces is gone: %s",
                            strerror(errno));
    }
    int fds[MAX_FDS] = {-1, -1, -1};
    lab_err err = answer_receive(netns->socket, fds, 2, text);
    if (err == LAB_OK) {
        *home = (lab_home){fds[0], fds[1]};
    }
    return err;
}

bool lab_netns_enter(const lab_netns *netns, const lab_home *home)
{
    return (netns->userns < 0 || setns(netns->userns, CLONE_NEWUSER) == 0) &&
           setns(home->ns, CLONE_NEWNET) == 0;
}

void lab_netns_stop(lab_netns *netns)
{
    if (netns->socket >= 0) {
        (void)close(netns->socket);
    }
    if (netns->userns >= 0) {
        (void)close(netns->userns);
    }
    lab_home_close(&netns->first);
    if (netns->maker > 0) {
        while (waitpid(netns->maker, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    *netns = (lab_netns){.maker = -1, .socket = -1, .userns = -1, .first = {-1, -1}};
}

void lab_home_close(lab_home *home)
{
    if (home->ns >= 0) {
        (void)close(home->ns);
    }
    if (home->tun >= 0) {
        (void)close(home->tun);
    }
    *home = (lab_home){-1, -1};
}
