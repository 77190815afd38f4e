/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux. */
#define _GNU_SOURCE /* struct in6_pktinfo */
#include "udp.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} any_address;

static socklen_t address_out(const io_address *address, any_address *out)
{
    memset(out, 0, sizeof *out);
    if (address->len == 4) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(address->port);
        memcpy(&out->v4.sin_addr, address->bytes, 4);
        return sizeof out->v4;
    }
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(address->port);
    out->v6.sin6_scope_id = address->scope;
    memcpy(&out->v6.sin6_addr, address->bytes, 16);
    return sizeof out->v6;
}

static void address_in(const any_address *in, io_address *address)
{
    *address = (io_address){.len = 0};
    if (in->any.sa_family == AF_INET) {
        address->len = 4;
        address->port = ntohs(in->v4.sin_port);
        memcpy(address->bytes, &in->v4.sin_addr, 4);
    } else if (in->any.sa_family == AF_INET6) {
        address->len = 16;
        address->port = ntohs(in->v6.sin6_port);
        address->scope = in->v6.sin6_scope_id;
        memcpy(address->bytes, &in->v6.sin6_addr, 16);
    }
}

static bool set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* socket_open binds a socket; groups may be bound by several processes. */
static int socket_open(const io_address *address, bool shared)
{
    any_address to;
    socklen_t to_len = address_out(address, &to);
    bool v6 = address->len == 16;
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    bool good = v6 ? set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) && set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                   : set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    good = good && (!shared || set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (!good || bind(fd, &to.any, to_len) != 0) {
        int why = errno;
        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* interface_of finds the interface that has an address; 0: any. */
static unsigned interface_of(const io_address *address)
{
    struct ifaddrs *all = NULL;
    unsigned found = address->scope;
    if (getifaddrs(&all) != 0) {
        return found;
    }
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        any_address has;
        io_address its;
        if (one->ifa_addr == NULL ||
            (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6)) {
            continue;
        }
        memset(&has, 0, sizeof has);
        memcpy(&has, one->ifa_addr, one->ifa_addr->sa_family == AF_INET ? sizeof has.v4 : sizeof has.v6);
        address_in(&has, &its);
        if (its.len == address->len && memcmp(its.bytes, address->bytes, its.len) == 0) {
            found = if_nametoindex(one->ifa_name);
        }
    }
    freeifaddrs(all);
    return found;
}

/* multicast_out makes what this socket sends to groups leave through the interface of its address. */
static bool multicast_out(int fd, const io_address *address)
{
    unsigned index = interface_of(address);
    if (address->len == 16) {
        return set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 8) &&
               (index == 0 || set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index));
    }
    const struct ip_mreqn interface = {.imr_ifindex = (int)index};
    return set(fd, IPPROTO_IP, IP_MULTICAST_TTL, 8) &&
           (index == 0 || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface) == 0);
}

const char *io_udp_open(io_udp *udp, io_address *address)
{
    any_address bound = {.v6 = {.sin6_family = 0}};
    socklen_t bound_len = sizeof bound;
    for (size_t i = 0; i < udp->n_sockets; i++) {
        if (address->port != 0 && io_address_equal(&udp->sockets[i].address, address)) {
            return NULL;
        }
    }
    if (udp->n_sockets == IO_SOCKETS_MAX) {
        return "too many addresses";
    }
    int fd = socket_open(address, false);
    if (fd < 0 || !multicast_out(fd, address) || getsockname(fd, &bound.any, &bound_len) != 0) {
        const char *why = strerror(errno);
        if (fd >= 0) {
            (void)close(fd);
        }
        return why;
    }
    address_in(&bound, address);
    udp->sockets[udp->n_sockets++] = (io_socket){fd, *address};
    return NULL;
}

static bool membership(int fd, const io_address *group, unsigned index, bool join)
{
    if (group->len == 16) {
        struct ipv6_mreq request = {.ipv6mr_interface = index};
        memcpy(&request.ipv6mr_multiaddr, group->bytes, 16);
        return setsockopt(fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request,
                          sizeof request) == 0;
    }
    struct ip_mreqn request = {.imr_ifindex = (int)index};
    memcpy(&request.imr_multiaddr, group->bytes, 4);
    return setsockopt(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request,
                      sizeof request) == 0;
}

/* group_interface: where our address of the same family is. */
static unsigned group_interface(const io_udp *udp, const io_address *group)
{
    for (size_t i = 0; i < udp->n_sockets; i++) {
        const io_address *address = &udp->sockets[i].address;
        if (address->len == group->len && !io_address_is_multicast(address)) {
            return interface_of(address);
        }
    }
    return group->scope;
}

const char *io_udp_join(io_udp *udp, const io_address *group)
{
    for (size_t i = 0; i < udp->n_sockets; i++) {
        if (io_address_equal(&udp->sockets[i].address, group)) {
            return "joined already";
        }
    }
    if (!io_address_is_multicast(group) || udp->n_sockets == IO_SOCKETS_MAX) {
        return "no group address, or too many";
    }
    unsigned index = group_interface(udp, group);
    io_address bound = *group;
    bound.scope = bound.len == 16 ? index : 0; /* a group of narrow scope is one on each interface */
    int fd = socket_open(&bound, true);
    if (fd < 0 || !membership(fd, group, index, true)) {
        const char *why = strerror(errno);
        if (fd >= 0) {
            (void)close(fd);
        }
        return why;
    }
    udp->sockets[udp->n_sockets++] = (io_socket){fd, *group};
    return NULL;
}

const char *io_udp_leave(io_udp *udp, const io_address *group)
{
    for (size_t i = 0; i < udp->n_sockets; i++) {
        if (io_address_is_multicast(group) && io_address_equal(&udp->sockets[i].address, group)) {
            (void)membership(udp->sockets[i].fd, group, group_interface(udp, group), false);
            (void)close(udp->sockets[i].fd);
            udp->sockets[i] = udp->sockets[--udp->n_sockets];
            return NULL;
        }
    }
    return "not joined";
}

void io_udp_close(io_udp *udp)
{
    for (size_t i = 0; i < udp->n_sockets; i++) {
        (void)close(udp->sockets[i].fd);
    }
    udp->n_sockets = 0;
}

size_t io_udp_poll_set(const io_udp *udp, struct pollfd fds[IO_SOCKETS_MAX])
{
    for (size_t i = 0; i < udp->n_sockets; i++) {
        fds[i] = (struct pollfd){.fd = udp->sockets[i].fd, .events = POLLIN};
    }
    return udp->n_sockets;
}

/* destination_in reads where a datagram was sent to; the socket's own address otherwise. */
static void destination_in(struct msghdr *message, io_address *local)
{
    for (struct cmsghdr *one = CMSG_FIRSTHDR(message); one != NULL; one = CMSG_NXTHDR(message, one)) {
        if (one->cmsg_level == IPPROTO_IPV6 && one->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(one), sizeof info);
            memcpy(local->bytes, &info.ipi6_addr, 16);
        } else if (one->cmsg_level == IPPROTO_IP && one->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(one), sizeof info);
            memcpy(local->bytes, &info.ipi_addr, 4);
        }
    }
}

bool io_udp_receive(io_udp *udp, size_t index, io_path *path, gosc_buf room, size_t *len)
{
    any_address from;
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control;
    memset(&from, 0, sizeof from);
    struct iovec part = {room.ptr, room.len};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(udp->sockets[index].fd, &message, 0);
    if (got < 0) {
        return false; /* nothing there, or an ICMP error of an earlier datagram */
    }
    path->local = udp->sockets[index].address;
    destination_in(&message, &path->local);
    address_in(&from, &path->peer);
    *len = (size_t)got;
    return true;
}

/* socket_for finds the socket that sends from an address: its own, or one that is bound to any. */
static const io_socket *socket_for(const io_udp *udp, const io_address *local)
{
    static const uint8_t any[16];
    const io_socket *found = NULL;
    for (size_t i = 0; i < udp->n_sockets; i++) {
        const io_socket *one = &udp->sockets[i];
        if (one->address.len != local->len || one->address.port != local->port ||
            io_address_is_multicast(&one->address)) {
            continue;
        }
        if (memcmp(one->address.bytes, local->bytes, local->len) == 0) {
            return one;
        }
        if (memcmp(one->address.bytes, any, local->len) == 0) {
            found = one;
        }
    }
    return found;
}

bool io_udp_send(const io_udp *udp, const io_path *path, gosc_span datagram)
{
    any_address to;
    const io_socket *from = socket_for(udp, &path->local);
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } control;
    if (from == NULL || io_address_is_multicast(&path->local)) {
        return false;
    }
    uint8_t copy[65536];
    if (datagram.len > sizeof copy) {
        return false;
    }
    memcpy(copy, datagram.ptr, datagram.len);
    memset(&control, 0, sizeof control);
    struct iovec part = {copy, datagram.len};
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = address_out(&path->peer, &to),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control};
    if (path->local.len == 16) {
        struct in6_pktinfo info = {.ipi6_ifindex = 0};
        memcpy(&info.ipi6_addr, path->local.bytes, 16);
        control.align = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
        memcpy(CMSG_DATA(&control.align), &info, sizeof info);
        message.msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, path->local.bytes, 4);
        control.align = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
        memcpy(CMSG_DATA(&control.align), &info, sizeof info);
        message.msg_controllen = CMSG_SPACE(sizeof info);
    }
    return sendmsg(from->fd, &message, 0) == (ssize_t)datagram.len;
}
