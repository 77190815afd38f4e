/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CoAP without protection, by the smallest peers there can be: what the network, the kernel and starting a
 * process cost by themselves. A server answers every request by NON, and prints a line for each; a client sends
 * one request for each line it reads, and prints a line for each response.
 */
#define _GNU_SOURCE
#include "bench_lab.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/tun.h"

enum {
    PLAIN_PORT = 5683,
    PLAIN_ROOM = 2048,
};

static int socket_make(const char *group)
{
    struct sockaddr_in6 own = {
        .sin6_family = AF_INET6, .sin6_port = htons(PLAIN_PORT), .sin6_addr = IN6ADDR_ANY_INIT};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
        return -1;
    }
    struct ipv6_mreq wish = {.ipv6mr_interface = 0};
    unsigned device = if_nametoindex(LAB_TUN_DEVICE);
    int loop = 0;
    wish.ipv6mr_interface = device;
    if (inet_pton(AF_INET6, group, &wish.ipv6mr_multiaddr) != 1 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &device, sizeof device) != 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &loop, sizeof loop) != 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &wish, sizeof wish) != 0) {
        return -1;
    }
    return fd;
}

static bool say(const char *line)
{
    return write(STDOUT_FILENO, line, strlen(line)) == (ssize_t)strlen(line);
}

/* answer makes of a request its response, 2.05 with a text; gives its length. */
static size_t answer(uint8_t *bytes, size_t len, uint16_t message_id)
{
    static const uint8_t rest[] = {0xff, 'o', 'f', 'f'};
    size_t token_len = bytes[0] & 15U;
    size_t end = 4 + token_len;
    if (len < end) {
        return 0;
    }
    bytes[0] = (uint8_t)(0x50 | token_len);
    bytes[1] = 0x45;
    bytes[2] = (uint8_t)(message_id >> 8);
    bytes[3] = (uint8_t)message_id;
    memcpy(bytes + end, rest, sizeof rest);
    return end + sizeof rest;
}

static bool packet_take(int fd, bool is_client, uint16_t *message_id)
{
    uint8_t bytes[PLAIN_ROOM + 16];
    struct sockaddr_in6 from;
    socklen_t from_len = sizeof from;
    ssize_t n = recvfrom(fd, bytes, PLAIN_ROOM, 0, (struct sockaddr *)&from, &from_len);
    if (n < 4) {
        return n >= 0;
    }
    if (is_client) {
        return bytes[1] >> 5 != 2 || say("r\n");
    }
    size_t len = answer(bytes, (size_t)n, ++*message_id);
    return say("d\n") && sendto(fd, bytes, len, 0, (struct sockaddr *)&from, from_len) == (ssize_t)len;
}

/* request_send: GET /light, with a Token of four bytes. */
static bool request_send(int fd, const char *group, uint16_t message_id)
{
    uint8_t bytes[] = {
        0x54, 1, (uint8_t)(message_id >> 8), (uint8_t)message_id, 1, 2, 3, 4, 0xb5, 'l', 'i', 'g', 'h', 't'};
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(PLAIN_PORT)};
    return inet_pton(AF_INET6, group, &to.sin6_addr) == 1 &&
           sendto(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)sizeof bytes;
}

int bench_plain_run(int argc, char **argv)
{
    const char *group = argc > 1 ? argv[1] : "";
    bool is_client = argc > 2 && strcmp(argv[2], "client") == 0;
    uint16_t message_id = 0;
    char line[64];
    int fd = socket_make(group);
    if (fd < 0 || !say("ready\n")) {
        return 1;
    }
    for (;;) {
        struct pollfd wishes[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        if (poll(wishes, 2, -1) < 0) {
            return 1;
        }
        if (wishes[1].revents != 0 && !packet_take(fd, is_client, &message_id)) {
            return 1;
        }
        if (wishes[0].revents != 0 && read(STDIN_FILENO, line, sizeof line) <= 0) {
            return 0;
        }
        if (wishes[0].revents != 0 && is_client && !request_send(fd, group, ++message_id)) {
            return 1;
        }
    }
}
