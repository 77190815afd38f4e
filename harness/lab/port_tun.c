/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "port_tun.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "membership.h"
#include "tun.h"

enum {
    BURST_MAX = 64, /* packets taken from one peer before the next has its turn */
};

static uint64_t clock_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t lab_port_tun_now(const lab_port_tun *port)
{
    return clock_us() - port->start_us;
}

lab_err lab_port_tun_open(lab_port_tun *port, lab_text *text)
{
    port->start_us = clock_us();
    port->n_homes = 0;
    port->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (port->epoll < 0) {
        port->netns = (lab_netns){.maker = -1, .socket = -1, .userns = -1, .first = {-1, -1}};
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: epoll: %s", strerror(errno));
    }
    return lab_netns_start(&port->netns, text);
}

lab_err lab_port_tun_add(lab_port_tun *port, int peer, lab_text *text)
{
    lab_home *home = &port->homes[peer];
    lab_err err = lab_netns_make(&port->netns, peer, home, text);
    if (err != LAB_OK) {
        return err;
    }
    struct epoll_event wish = {.events = EPOLLIN, .data.u32 = (uint32_t)peer};
    if (epoll_ctl(port->epoll, EPOLL_CTL_ADD, home->tun, &wish) != 0) {
        err = lab_complain(text, LAB_ERR_SYSTEM, "lab: epoll: %s", strerror(errno));
        lab_home_close(home);
        return err;
    }
    port->n_homes = peer + 1;
    return LAB_OK;
}

/* is_own: hosts report these by themselves, for their own addresses (ff02::1:ff00:0/104, RFC 4291
 * section 2.7.1). */
static bool is_own(const lab_addr *group)
{
    static const uint8_t solicited_node[13] = {0xff, 2, [11] = 1, 0xff};
    return group->family == LAB_IPV6 && memcmp(group->ip, solicited_node, sizeof solicited_node) == 0;
}

static lab_err reports_take(lab_switch *sw, int peer, const lab_ip *ip)
{
    lab_reports reports;
    lab_report report;
    if (!lab_reports_open(ip, &reports)) {
        lab_switch_stray(sw, peer,
                         ip->kind == LAB_IP_IGMP ? "igmp that is no report" : "icmpv6 that is no report");
        return LAB_OK;
    }
    lab_err err = LAB_OK;
    while (err == LAB_OK && lab_reports_next(&reports, &report)) {
        if (!is_own(&report.group)) {
            err = lab_switch_member(sw, peer, &report.group, report.joined);
        }
    }
    return err;
}

static lab_err packet_take(lab_switch *sw, int peer, gosc_span bytes)
{
    lab_ip ip = lab_ip_read(bytes);
    switch (ip.kind) {
    case LAB_IP_UDP: {
        lab_packet packet = {.from_peer = peer, .from = ip.from, .to = ip.to, .bytes = ip.body};
        return lab_switch_accept(sw, &packet, LAB_ANY, 0, NULL);
    }
    case LAB_IP_ICMP6:
    case LAB_IP_IGMP:
        return reports_take(sw, peer, &ip);
    case LAB_IP_STRAY:
    default:
        lab_switch_stray(sw, peer, ip.fault);
        return LAB_OK;
    }
}

static lab_err peer_read(lab_port_tun *port, lab_switch *sw, int peer, unsigned *n_done, lab_text *text)
{
    gosc_buf room = {port->room, sizeof port->room};
    for (unsigned i = 0; i < BURST_MAX; i++) {
        gosc_span bytes = GOSC_ABSENT;
        int got = lab_tun_read(port->homes[peer].tun, room, &bytes);
        if (got <= 0) {
            return got == 0 ? LAB_OK
                            : lab_complain(text, LAB_ERR_SYSTEM, "lab: device of peer %d: %s", peer,
                                           strerror(errno));
        }
        (*n_done)++;
        lab_err err = packet_take(sw, peer, bytes);
        if (err != LAB_OK) {
            return lab_complain(text, err, "lab: no memory for a packet");
        }
    }
    return LAB_OK;
}

lab_err lab_port_tun_read(lab_port_tun *port, lab_switch *sw, unsigned *n_done, lab_text *text)
{
    struct epoll_event events[LAB_PEERS_MAX];
    bool ready[LAB_PEERS_MAX] = {false};
    int n = epoll_wait(port->epoll, events, LAB_PEERS_MAX, 0);
    for (int i = 0; i < n; i++) {
        ready[events[i].data.u32] = true;
    }
    lab_err err = LAB_OK;
    for (int i = 0; i < port->n_homes && err == LAB_OK; i++) {
        if (ready[i]) {
            err = peer_read(port, sw, i, n_done, text);
        }
    }
    return err;
}

bool lab_port_tun_write(lab_port_tun *port, int peer, const lab_packet *packet)
{
    size_t len = 0;
    gosc_buf room = {port->room, sizeof port->room};
    if (!lab_ip_wrap(&packet->from, &packet->to, packet->bytes, room, &len)) {
        errno = EINVAL;
        return false;
    }
    return lab_tun_write(port->homes[peer].tun, gosc_span_of(port->room, len));
}

lab_err lab_port_tun_wait(const lab_port_tun *port, uint64_t until_us, lab_text *text)
{
    struct pollfd wish = {port->epoll, POLLIN, 0};
    uint64_t now_us = lab_port_tun_now(port);
    uint64_t left_us = until_us > now_us ? until_us - now_us : 0;
    struct timespec left = {(time_t)(left_us / 1000000), (long)(left_us % 1000000) * 1000};
    int n = ppoll(&wish, 1, until_us == LAB_NEVER ? NULL : &left, NULL);
    if (n < 0 && errno != EINTR) {
        return lab_complain(text, LAB_ERR_SYSTEM, "lab: poll: %s", strerror(errno));
    }
    return LAB_OK;
}

void lab_port_tun_close(lab_port_tun *port)
{
    for (int i = 0; i < port->n_homes; i++) {
        lab_home_close(&port->homes[i]);
    }
    if (port->epoll >= 0) {
        (void)close(port->epoll);
    }
    lab_netns_stop(&port->netns);
}
