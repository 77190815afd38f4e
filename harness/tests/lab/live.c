/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- the peer ---- */

typedef struct sockets {
    int six, four;
} sockets;

static socklen_t sockaddr_of(const lab_addr *addr, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (addr->family == LAB_IPV6) {
        struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(addr->port)};
        memcpy(&six.sin6_addr, addr->ip, 16);
        memcpy(out, &six, sizeof six);
        return sizeof six;
    }
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
    memcpy(&four.sin_addr, addr->ip, 4);
    memcpy(out, &four, sizeof four);
    return sizeof four;
}

static lab_addr addr_of(const struct sockaddr_storage *in)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    memcpy(&six, in, sizeof six);
    memcpy(&four, in, sizeof four);
    return in->ss_family == AF_INET6 ? lab_addr_of(LAB_IPV6, six.sin6_addr.s6_addr, ntohs(six.sin6_port))
                                     : lab_addr_of(LAB_IPV4, (uint8_t *)&four.sin_addr, ntohs(four.sin_port));
}

static int socket_open(const char *any, int family)
{
    lab_addr addr = kit_addr(any);
    struct sockaddr_storage name;
    socklen_t len = sockaddr_of(&addr, &name);
    int fd = socket(family, SOCK_DGRAM, 0);
    const int on = 1;
    if (fd < 0 || (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(fd, (struct sockaddr *)&name, len) != 0) {
        kit_give_up("the peer has no socket");
    }
    return fd;
}

static bool membership_set(const sockets *s, const lab_addr *group, bool join)
{
    struct group_req wish = {.gr_interface = if_nametoindex("t0")};
    (void)sockaddr_of(group, &wish.gr_group);
    bool six = group->family == LAB_IPV6;
    return setsockopt(six ? s->six : s->four, six ? IPPROTO_IPV6 : IPPROTO_IP,
                      join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP, &wish, sizeof wish) == 0;
}

static void datagram_send(const sockets *s, const lab_addr *to, const char *text)
{
    struct sockaddr_storage name;
    socklen_t len = sockaddr_of(to, &name);
    (void)sendto(to->family == LAB_IPV6 ? s->six : s->four, text, strlen(text), 0, (struct sockaddr *)&name,
                 len);
}

/* datagram_take gives its length, -1 for none. */
static int datagram_take(const sockets *s, int fd, lab_addr *from, char text[2000])
{
    struct sockaddr_storage name = {.ss_family = AF_INET};
    socklen_t name_len = sizeof name;
    ssize_t n = recvfrom(fd, text, 1999, 0, (struct sockaddr *)&name, &name_len);
    if (n < 0) {
        return -1;
    }
    text[n] = '\0';
    *from = addr_of(&name);
    if (text[0] == '?') {
        text[0] = '!';
        datagram_send(s, from, text);
        text[0] = '?';
    }
    return (int)n;
}

static void bench(const sockets *s, const lab_addr *to, int n)
{
    struct timespec begin, end;
    char text[2000];
    lab_addr from;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < n; i++) {
        datagram_send(s, to, "?bench");
        (void)datagram_take(s, to->family == LAB_IPV6 ? s->six : s->four, &from, text);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    printf("bench %lld\n",
           (long long)(end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
}

static void command_obey(const sockets *s, char *line)
{
    char *rest = NULL;
    const char *word = strtok_r(line, " \n", &rest);
    const char *address = strtok_r(NULL, " \n", &rest);
    const char *text = strtok_r(NULL, " \n", &rest);
    if (word == NULL || address == NULL) {
        kit_give_up("a bad line for the peer");
    }
    lab_addr addr = kit_addr(address);
    if (strcmp(word, "send") == 0) {
        datagram_send(s, &addr, text);
    } else if (strcmp(word, "bench") == 0) {
        bench(s, &addr, atoi(text));
    } else if (!membership_set(s, &addr, strcmp(word, "join") == 0)) {
        printf("# %s\n", strerror(errno));
    }
    printf("done\n");
}

static _Noreturn void echo(void)
{
    sockets s = {socket_open("[::]:5683", AF_INET6), socket_open("0.0.0.0:5683", AF_INET)};
    struct pollfd wishes[] = {{0, POLLIN, 0}, {s.six, POLLIN, 0}, {s.four, POLLIN, 0}};
    char line[2000];
    char text[LAB_ADDR_TEXT];
    lab_addr from;
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    (void)setvbuf(stdout, NULL, _IOLBF, 4096);
    printf("ready\n");
    while (poll(wishes, 3, -1) > 0) {
        if (wishes[0].revents != 0) {
            if (fgets(line, sizeof line, stdin) == NULL) {
                break;
            }
            command_obey(&s, line);
        }
        for (size_t i = 1; i < 3; i++) {
            if (wishes[i].revents != 0 && datagram_take(&s, wishes[i].fd, &from, line) >= 0) {
                printf("got %s %s\n", lab_addr_write(&from, text), line);
            }
        }
    }
    exit(0);
}

void live_child(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "echo") == 0) {
        echo();
    }
    if (argc == 2 && strcmp(argv[1], "deaf") == 0) {
        /* A wrapper with a child, both deaf to the end of their input. */
        pid_t child = fork();
        printf("%s %ld\n", child == 0 ? "child" : "deaf", (long)getpid());
        (void)fflush(stdout);
        for (;;) {
            (void)pause();
        }
    }
    if (argc == 3 && strcmp(argv[1], "fds") == 0) {
        for (int fd = 3; fd < 200; fd++) {
            if (fcntl(fd, F_GETFD) >= 0) {
                printf("open %d\n", fd);
            }
        }
        const char *value = getenv("MUSTER_TEST");
        char dir[200] = "";
        printf("env %s dir %s argv %s\n", value != NULL ? value : "none", getcwd(dir, sizeof dir), argv[2]);
        exit(7);
    }
}

/* ---- our side ---- */

static void outs_read(live *w)
{
    for (int i = 0; i < w->n; i++) {
        live_peer *p = &w->peers[i];
        ssize_t n = read(p->process.out, p->out + p->out_len, sizeof p->out - 1 - p->out_len);
        if (n > 0) {
            p->out_len += (size_t)n;
            p->out[p->out_len] = '\0';
        }
    }
}

static void pump(live *w)
{
    kit_need(lab_advance(w->l, lab_now_us(w->l) + 1000, NULL), w->l);
    outs_read(w);
}

bool live_open(live *w, int n, char why[400])
{
    lab_config config = {.port = LAB_TUN, .arg = &w->log, .event = kit_log_event};
    w->n = 0;
    w->log.len = 0;
    w->log.text[0] = '\0';
    w->peers = calloc((size_t)n, sizeof *w->peers);
    if (w->peers == NULL) {
        kit_give_up("no memory");
    }
    lab_err err = lab_open(&config, &w->l);
    if (err == LAB_ERR_FORBIDDEN) {
        (void)snprintf(why, 400, "%s", lab_complaint(w->l));
        live_close(w);
        return false;
    }
    kit_need(err, w->l);
    for (int i = 0; i < n; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "peer%d", i);
        kit_need(lab_peer_add(w->l, name, &w->peers[i].number), w->l);
    }
    char self[] = "/proc/self/exe";
    char role[] = "echo";
    char *const command[] = {self, role, NULL};
    for (int i = 0; i < n; i++) {
        lab_process *p = &w->peers[i].process;
        kit_need(lab_spawn(w->l, i, command, NULL, NULL, p), w->l);
        (void)fcntl(p->out, F_SETFL, O_NONBLOCK);
        (void)close(p->err);
        w->n++;
    }
    for (int i = 0; i < n; i++) {
        if (!live_said(w, i, "ready\n")) {
            kit_give_up("a peer does not start");
        }
    }
    return true;
}

void live_close(live *w)
{
    for (int i = 0; i < w->n; i++) {
        (void)close(w->peers[i].process.in);
        (void)close(w->peers[i].process.out);
    }
    lab_close(w->l);
    free(w->peers);
    w->l = NULL;
    w->n = 0;
}

void live_tell(live *w, int peer, const char *format, ...)
{
    char line[1000];
    va_list words;
    va_start(words, format);
    int n = vsnprintf(line, sizeof line - 1, format, words);
    va_end(words);
    line[n] = '\n';
    if (write(w->peers[peer].process.in, line, (size_t)n + 1) != n + 1) {
        kit_give_up("a peer does not listen");
    }
}

bool live_said(live *w, int peer, const char *text)
{
    live_peer *p = &w->peers[peer];
    uint64_t end = lab_now_us(w->l) + LIVE_WAIT_US;
    for (;;) {
        char *at = strstr(p->out, text);
        if (at != NULL) {
            size_t gone = (size_t)(at - p->out) + strlen(text);
            memmove(p->out, p->out + gone, p->out_len - gone + 1);
            p->out_len -= gone;
            return true;
        }
        if (lab_now_us(w->l) > end) {
            printf("# peer %d did not say '%s' but: %s\n", peer, text, p->out);
            return false;
        }
        pump(w);
    }
}

bool live_saw(live *w, const char *text)
{
    uint64_t end = lab_now_us(w->l) + LIVE_WAIT_US;
    while (strstr(w->log.text, text) == NULL) {
        if (lab_now_us(w->l) > end) {
            printf("# not seen: '%s', but: %s\n", text, w->log.text);
            return false;
        }
        pump(w);
    }
    return true;
}

void live_idle(live *w, uint64_t us)
{
    uint64_t end = lab_now_us(w->l) + us;
    while (lab_now_us(w->l) < end) {
        pump(w);
    }
}

void live_clear(live *w)
{
    outs_read(w);
    for (int i = 0; i < w->n; i++) {
        w->peers[i].out_len = 0;
        w->peers[i].out[0] = '\0';
    }
    w->log.len = 0;
    w->log.text[0] = '\0';
}

unsigned live_count(const char *where, const char *what)
{
    unsigned n = 0;
    for (const char *at = strstr(where, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}
