/* SPDX-License-Identifier: BSD-2-Clause */
/* muster-peer. */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

static const char help[] =
    "usage: muster-peer [--port stdio|udp] [--lab]\n"
    "\n"
    "A CoAP endpoint with OSCORE and Group OSCORE, driven by one JSON object a line on standard input\n"
    "(interop/PROTOCOL.md). It ends with status 0 when told to quit or when standard input ends.\n"
    "\n"
    "  --port stdio  datagrams and time come in lines (default; `hello` may choose too)\n"
    "  --port udp    sockets of its own\n"
    "  --lab         allow the operation `seed`: all randomness follows from a number, so keep it off the "
    "network\n"
    "\n"
    "example:\n"
    "  printf '%s\\n' '{\"id\":1,\"op\":\"hello\"}' '{\"id\":2,\"op\":\"quit\"}' | muster-peer\n";

/* Lines as they come in. */
typedef struct input {
    char *bytes;
    size_t len;
    bool skipping; /* the rest of a line that is too long */
    bool ended;
} input;

static void lines_take(peer *p, input *in)
{
    size_t begin = 0;
    char *newline;
    while (!p->quit && (newline = memchr(in->bytes + begin, '\n', in->len - begin)) != NULL) {
        size_t len = (size_t)(newline - in->bytes) - begin;
        if (!in->skipping && len > 0) {
            peer_line(p, in->bytes + begin, len);
        }
        in->skipping = false;
        begin += len + 1;
        peer_flush(p);
    }
    memmove(in->bytes, in->bytes + begin, in->len - begin);
    in->len -= begin;
    if (in->len > PEER_LINE_MAX) {
        if (!in->skipping) {
            peer_line_too_long(p);
            peer_flush(p);
        }
        in->skipping = true;
        in->len = 0;
    } else if (in->skipping) {
        in->len = 0;
    }
}

static void input_read(peer *p, input *in)
{
    ssize_t n = read(STDIN_FILENO, in->bytes + in->len, PEER_LINE_MAX + 1 - in->len);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (n <= 0) {
        in->ended = true;
        return;
    }
    in->len += (size_t)n;
    lines_take(p, in);
}

static int wait_ms(const peer *p)
{
    uint64_t next = p->port == PEER_UDP ? io_endpoint_next_ms(p->endpoint) : IO_NEVER;
    uint64_t now_ms = io_clock_now_ms();
    if (next == IO_NEVER) {
        return -1;
    }
    uint64_t wait = next > now_ms ? next - now_ms : 0;
    return wait > 60000 ? 60000 : (int)wait;
}

/* sockets_read takes what came in over UDP, each datagram on its own. */
static void sockets_read(peer *p, const struct pollfd *fds, size_t n)
{
    static uint8_t room[65536];
    for (size_t i = 0; i < n && i < p->udp.n_sockets; i++) {
        io_path path;
        size_t len = 0;
        while (fds[i].revents != 0 &&
               io_udp_receive(&p->udp, i, &path, (gosc_buf){room, sizeof room}, &len)) {
            p->now_ms = io_clock_now_ms();
            io_endpoint_datagram(p->endpoint, &path, gosc_span_of(room, len), p->now_ms);
            peer_flush(p);
        }
    }
}

static void run(peer *p, input *in)
{
    struct pollfd fds[1 + IO_SOCKETS_MAX];
    while (!p->quit && !in->ended) {
        fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        size_t n = io_udp_poll_set(&p->udp, fds + 1);
        if (poll(fds, 1 + (nfds_t)n, wait_ms(p)) < 0 && errno != EINTR) {
            return;
        }
        if (p->port == PEER_UDP) {
            p->now_ms = io_clock_now_ms();
            io_endpoint_tick(p->endpoint, p->now_ms);
            sockets_read(p, fds + 1, n);
        }
        if (fds[0].revents != 0) {
            input_read(p, in);
        }
        peer_flush(p);
    }
}

static void peer_end(peer *p)
{
    io_endpoint_free(p->endpoint);
    for (size_t i = 0; i < p->n_keeps; i++) {
        io_state_db_close(p->keeps[i].db);
        free(p->keeps[i].directory);
    }
    while (p->groups != NULL) {
        peer_group *group = p->groups;
        p->groups = group->next;
        peer_group_free(group);
    }
    io_udp_close(&p->udp);
    free(p->out);
}

/* arguments_read: false when the program is to end, with *status. */
static bool arguments_read(peer *p, int argc, char **argv, int *status)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *status = fputs(help, stdout) < 0;
            return false;
        }
        if (strcmp(argv[i], "--lab") == 0) {
            p->lab = true;
        } else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc &&
                   (strcmp(argv[i + 1], "stdio") == 0 || strcmp(argv[i + 1], "udp") == 0)) {
            p->port = strcmp(argv[++i], "udp") == 0 ? PEER_UDP : PEER_STDIO;
        } else {
            fprintf(stderr, "muster-peer: expected --port stdio|udp, --lab or --help, found \"%s\"\n",
                    argv[i]);
            *status = 2;
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static peer p;
    int status = 0;
    if (!arguments_read(&p, argc, argv, &status)) {
        return status;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (gosc_crypto_init() != GOSC_OK) {
        fprintf(stderr, "muster-peer: the crypto library does not start\n");
        return 2;
    }
    io_resources_init(&p.resources);
    const io_endpoint_params params = {.layer = io_layer_defaults,
                                       .random = &p.random,
                                       .datagram = peer_datagram,
                                       .event = peer_event,
                                       .app = peer_app,
                                       .arg = &p};
    p.endpoint = io_endpoint_new(&params);
    input in = {.bytes = malloc(PEER_LINE_MAX + 1)};
    if (p.endpoint == NULL || in.bytes == NULL) {
        fprintf(stderr, "muster-peer: out of memory\n");
        free(in.bytes);
        return 2;
    }
    run(&p, &in);
    peer_flush(&p);
    peer_end(&p);
    free(in.bytes);
    return 0;
}
