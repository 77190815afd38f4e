/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peers as processes and namespaces as things that go away: starting, killing, a killed harness, a host that
 * forbids, an ordinary user, a hundred peers.
 */
#define _GNU_SOURCE
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MANY = 100,
    NOBODY_UID = 65534,
    OUTCOME_GOOD = 0,
    OUTCOME_BAD = 1,
    OUTCOME_NOT_POSSIBLE = 2, /* here; skipped */
};

static live w;

static uint64_t clock_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* read_all reads to the end of file, at most for a few seconds. */
static bool read_all(int fd, char *text, size_t room)
{
    size_t len = 0;
    struct pollfd wish = {fd, POLLIN, 0};
    while (len < room - 1 && poll(&wish, 1, 5000) == 1) {
        ssize_t n = read(fd, text + len, room - 1 - len);
        if (n <= 0) {
            text[len] = '\0';
            return n == 0;
        }
        len += (size_t)n;
    }
    text[len] = '\0';
    return false;
}

static lab *open_port(lab_port port, const lab_config *stdio)
{
    lab_config config = {.port = port};
    lab *l = NULL;
    kit_need(lab_open(port == LAB_STDIO ? stdio : &config, &l), l);
    int peer = LAB_NOBODY;
    kit_need(lab_peer_add(l, "one", &peer), l);
    return l;
}

static void deliver(void *arg, int peer, const lab_packet *packet)
{
    (void)arg;
    (void)peer;
    (void)packet;
}

static void ends_close(const lab_process *p)
{
    (void)close(p->in);
    (void)close(p->out);
    (void)close(p->err);
}

static char self[] = "/proc/self/exe";

static void processes(lab_port port, const char *name)
{
    lab_config config = {.port = LAB_STDIO, .deliver = deliver};
    lab *l = open_port(port, &config);
    char role[] = "fds", word[] = "two words", missing[] = "no-such-program-anywhere", deaf[] = "deaf";
    char *const command[] = {self, role, word, NULL};
    char *const nothing[] = {missing, NULL};
    char *const wrapper[] = {self, deaf, NULL};
    char value[] = "MUSTER_TEST=yes", leak[] = "ASAN_OPTIONS=detect_leaks=0";
    char *const env[] = {value, leak, NULL};
    char text[4000], what[200], expected[200] = "env yes dir / argv two words\n";
    lab_process p;
    int status = 0;
    /* Not close-on-exec: must not be inherited all the same. */
    int stray[2];
    if (pipe(stray) != 0) {
        kit_give_up("no pipe");
    }
    kit_need(lab_spawn(l, 0, command, env, "/", &p), l);
    bool good = read_all(p.out, text, sizeof text) && strcmp(text, expected) == 0;
    (void)snprintf(what, sizeof what,
                   "%s: environment, directory, arguments; nothing but the pipes is inherited", name);
    if (!tap_ok(good, what)) {
        printf("# %s\n", text);
    }
    good = waitpid(p.pid, &status, 0) == p.pid && WIFEXITED(status) && WEXITSTATUS(status) == 7;
    lab_reaped(l, p.pid);
    ends_close(&p);
    (void)snprintf(what, sizeof what, "%s: the exit status comes through", name);
    tap_ok(good, what);

    good =
        lab_spawn(l, 0, nothing, NULL, NULL, &p) == LAB_ERR_EXEC && strstr(lab_complaint(l), missing) != NULL;
    good = good && lab_spawn(l, 0, command, NULL, "/nowhere", &p) == LAB_ERR_EXEC &&
           strstr(lab_complaint(l), "/nowhere") != NULL;
    good = good && lab_spawn(l, 1, command, NULL, NULL, &p) == LAB_ERR_USAGE;
    (void)snprintf(what, sizeof what, "%s: no such program, no such directory, no such peer", name);
    tap_ok(good, what);

    kit_need(lab_spawn(l, 0, wrapper, NULL, NULL, &p), l);
    good = getpgid(p.pid) == p.pid && read(p.out, text, 5) == 5;
    lab_close(l);
    /* Its output ends when the last of its processes is gone. */
    good = good && read_all(p.out, text, sizeof text) && kill(p.pid, 0) != 0;
    ends_close(&p);
    (void)snprintf(what, sizeof what, "%s: lab_close ends a deaf peer and its child", name);
    tap_ok(good, what);
    (void)close(stray[0]);
    (void)close(stray[1]);
}

/* harness_run: what a harness is until it is killed. Prints when the wrapper and its child run. */
static _Noreturn void harness_run(lab_port port, int told)
{
    lab_config config = {.port = LAB_STDIO, .deliver = deliver};
    lab *l = open_port(port, &config);
    char deaf[] = "deaf", text[100];
    char *const wrapper[] = {self, deaf, NULL};
    lab_process p;
    kit_need(lab_spawn(l, 0, wrapper, NULL, NULL, &p), l);
    size_t n_lines = 0;
    while (n_lines < 2) {
        ssize_t n = read(p.out, text, sizeof text);
        for (ssize_t i = 0; i < n; i++) {
            n_lines += text[i] == '\n';
        }
        if (n <= 0 || write(told, text, (size_t)n) != n) {
            _exit(1);
        }
    }
    for (;;) {
        (void)pause();
    }
}

/* reap_until waits for everything that was left to us; how many, or -1 when some are still there after 5 s.
 */
static int reap_all(void)
{
    int n = 0;
    uint64_t end = clock_us() + 5000000;
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid > 0) {
            n++;
        } else if (pid < 0) {
            return n;
        } else if (clock_us() > end) {
            return -1;
        }
        const struct timespec soon = {0, 2000000};
        (void)nanosleep(&soon, NULL);
    }
}

static void killed(lab_port port, const char *name)
{
    int told[2];
    char text[200] = "";
    char what[200];
    /* What the harness leaves behind becomes ours, so that we see it end. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || pipe2(told, O_CLOEXEC) != 0) {
        kit_give_up("no subreaper");
    }
    (void)fflush(stdout);
    pid_t harness = fork();
    if (harness == 0) {
        harness_run(port, told[1]);
    }
    (void)close(told[1]);
    size_t len = 0;
    while (live_count(text, "\n") < 2) {
        ssize_t n = read(told[0], text + len, sizeof text - 1 - len);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
        text[len] = '\0';
    }
    bool ran = live_count(text, "\n") == 2;
    uint64_t begin = clock_us();
    (void)kill(harness, SIGKILL);
    int n = reap_all();
    printf("# %s: %d processes are gone %llu microseconds after the harness was killed\n", name, n,
           (unsigned long long)(clock_us() - begin));
    /* The harness, the wrapper, its child, the guard, and the maker of namespaces. */
    (void)snprintf(what, sizeof what, "%s: the harness is killed, and nothing is left", name);
    tap_ok(ran && n == (port == LAB_TUN ? 5 : 4), what);
    (void)close(told[0]);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* ---- other hosts ---- */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        (void)close(fd);
    }
    return good;
}

/* ping_works: two peers, a question and its answer. */
static int ping_works(void)
{
    static char why[400];
    if (!live_open(&w, 2, why)) {
        printf("# %s\n", why);
        return OUTCOME_BAD;
    }
    live_tell(&w, 0, "send [fd00::3]:5683 ?ping");
    bool good = live_said(&w, 0, "got [fd00::3]:5683 !ping\n");
    live_close(&w);
    return good ? OUTCOME_GOOD : OUTCOME_BAD;
}

/* A user namespace in which the limits are ours to set. */
static bool restricted(const char *user_limit, const char *net_limit)
{
    char map[64];
    unsigned uid = geteuid();
    unsigned gid = getegid();
    (void)snprintf(map, sizeof map, "0 %u 1", uid);
    bool good = unshare(CLONE_NEWUSER) == 0 && write_file("/proc/self/setgroups", "deny") &&
                write_file("/proc/self/uid_map", map);
    (void)snprintf(map, sizeof map, "0 %u 1", gid);
    good = good && write_file("/proc/self/gid_map", map);
    good = good && (user_limit == NULL || write_file("/proc/sys/user/max_user_namespaces", user_limit));
    return good && (net_limit == NULL || write_file("/proc/sys/user/max_net_namespaces", net_limit));
}

static int without_user_namespaces(void)
{
    return restricted("0", NULL) ? ping_works() : OUTCOME_NOT_POSSIBLE;
}

static int forbidden(void)
{
    lab_config config = {.port = LAB_TUN};
    lab *l = NULL;
    if (!restricted("0", "0")) {
        return OUTCOME_NOT_POSSIBLE;
    }
    bool good = lab_open(&config, &l) == LAB_ERR_FORBIDDEN;
    printf("# %s\n", lab_complaint(l));
    good = good && strstr(lab_complaint(l), "allow user namespaces") != NULL &&
           strchr(lab_complaint(l), '\n') == NULL;
    lab_close(l);
    return good ? OUTCOME_GOOD : OUTCOME_BAD;
}

/* device_put makes a /dev/net/tun with these rights, for this process and its children only. */
static bool device_put(mode_t mode)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0 &&
           mknod("/mnt/tun", S_IFCHR | mode, makedev(10, 200)) == 0 && chmod("/mnt/tun", mode) == 0 &&
           mount("/mnt/tun", "/dev/net/tun", NULL, MS_BIND, NULL) == 0;
}

static bool become_nobody(void)
{
    /* After the change of user the process is not its own in /proc any more. */
    return setgroups(0, NULL) == 0 && setresgid(NOBODY_UID, NOBODY_UID, NOBODY_UID) == 0 &&
           setresuid(NOBODY_UID, NOBODY_UID, NOBODY_UID) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

static int ordinary_user(void)
{
    if (geteuid() != 0) {
        return ping_works();
    }
    return device_put(0666) && become_nobody() ? ping_works() : OUTCOME_NOT_POSSIBLE;
}

static int no_device(void)
{
    lab_config config = {.port = LAB_TUN};
    lab *l = NULL;
    if (geteuid() != 0 || !device_put(0600) || !become_nobody()) {
        return OUTCOME_NOT_POSSIBLE;
    }
    bool good = lab_open(&config, &l) == LAB_ERR_FORBIDDEN;
    printf("# %s\n", lab_complaint(l));
    good = good && strstr(lab_complaint(l), "/dev/net/tun") != NULL &&
           strstr(lab_complaint(l), "access") != NULL;
    int peer = LAB_NOBODY;
    good = good && lab_n_peers(l) == 0 && lab_peer_find(l, "x") == LAB_NOBODY && peer == LAB_NOBODY;
    lab_close(l);
    return good ? OUTCOME_GOOD : OUTCOME_BAD;
}

/* apart plays a host in a process of its own. */
static void apart(int (*host)(void), const char *what)
{
    int status = 0;
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int outcome = host();
        (void)fflush(stdout);
        _exit(outcome);
    }
    bool ended = waitpid(pid, &status, 0) == pid && WIFEXITED(status);
    if (ended && WEXITSTATUS(status) == OUTCOME_NOT_POSSIBLE) {
        printf("ok %d - %s # SKIP cannot be played on this host\n", ++tap_n_run, what);
        return;
    }
    tap_ok(ended && WEXITSTATUS(status) == OUTCOME_GOOD, what);
}

static void many(void)
{
    static char why[400];
    uint64_t begin = clock_us();
    lab_config config = {.port = LAB_TUN};
    lab *l = NULL;
    kit_need(lab_open(&config, &l), l);
    int peer = LAB_NOBODY;
    for (int i = 0; i < MANY; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "peer%d", i);
        kit_need(lab_peer_add(l, name, &peer), l);
    }
    uint64_t set_up = clock_us();
    lab_close(l);
    uint64_t torn = clock_us();
    printf("# %d namespaces: set up in %.1f ms, torn down in %.1f ms\n", MANY,
           (double)(set_up - begin) / 1000, (double)(torn - set_up) / 1000);
    tap_ok(peer == MANY - 1, "a hundred namespaces");

    /* And with a process in each: one asks the group, all others answer. */
    begin = clock_us();
    if (!live_open(&w, MANY + 1, why)) {
        kit_give_up(why);
    }
    set_up = clock_us();
    for (int i = 1; i <= MANY; i++) {
        live_tell(&w, i, "join [ff35:30:2001:db8::1]:5683");
    }
    bool good = true;
    for (int i = 1; i <= MANY; i++) {
        char line[60];
        (void)snprintf(line, sizeof line, "joined p%d [ff35:30:2001:db8::1]:0; ", i);
        good = live_saw(&w, line) && good;
    }
    live_clear(&w);
    live_tell(&w, 0, "send [ff35:30:2001:db8::1]:5683 ?all");
    uint64_t end = clock_us() + LIVE_WAIT_US;
    while (live_count(w.peers[0].out, "!all\n") < MANY && clock_us() < end) {
        live_idle(&w, 1000);
    }
    unsigned n = live_count(w.peers[0].out, "!all\n");
    torn = clock_us();
    live_close(&w);
    printf("# %d peers: running after %.1f ms, %u answered, torn down in %.1f ms\n", MANY + 1,
           (double)(set_up - begin) / 1000, n, (double)(clock_us() - torn) / 1000);
    tap_ok(good && n == MANY, "a hundred members join, hear one request, and answer it");
}

int main(int argc, char **argv)
{
    live_child(argc, argv);
    /* A hundred peers need four descriptors each. */
    struct rlimit files = {0, 0};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    (void)signal(SIGPIPE, SIG_IGN);

    processes(LAB_STDIO, "stdio");
    killed(LAB_STDIO, "stdio");
    apart(forbidden, "a host without namespaces: forbidden, and what to allow");
    apart(no_device, "a host whose /dev/net/tun is closed: forbidden, and what to allow");
    lab_config config = {.port = LAB_TUN};
    lab *l = NULL;
    lab_err err = lab_open(&config, &l);
    if (err == LAB_ERR_FORBIDDEN) {
        printf("ok %d - tun # SKIP %s\n", ++tap_n_run, lab_complaint(l));
        lab_close(l);
        return tap_done();
    }
    kit_need(err, l);
    lab_close(l);
    processes(LAB_TUN, "tun");
    killed(LAB_TUN, "tun");
    apart(without_user_namespaces, "root needs no user namespace of its own");
    apart(ordinary_user, "an ordinary user with access to /dev/net/tun");
    many();
    return tap_done();
}
