/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DEVICE_MTU = 65535, /* nothing is ever fragmented */
    DEVICE_QUEUE = 1024,
    LOCAL_WAIT_STEPS = 25000, /* of 0.2 ms */
};

/* One request under construction; the kernel's structs are copied in, never laid over bytes. */
typedef struct request {
    _Alignas(struct nlmsghdr) uint8_t bytes[256];
    uint32_t len;
} request;

static void append(request *r, const void *ptr, size_t len)
{
    memcpy(r->bytes + r->len, ptr, len);
    r->len += (uint32_t)NLMSG_ALIGN(len);
}

static request begin(uint16_t type, uint16_t flags, const void *body, size_t body_len)
{
    request r = {.len = 0};
    struct nlmsghdr head = {.nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)};
    append(&r, &head, sizeof head);
    append(&r, body, body_len);
    return r;
}

static void attribute(request *r, uint16_t type, const void *value, size_t len)
{
    struct rtattr head = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(len)};
    append(r, &head, sizeof head);
    append(r, value, len);
}

static void attribute32(request *r, uint16_t type, uint32_t value)
{
    attribute(r, type, &value, sizeof value);
}

/* exchange sends a request and reads one answer; its length, or a negative errno value. */
static ssize_t exchange(int fd, request *r, uint8_t *answer, size_t room)
{
    struct nlmsghdr head;
    memcpy(&head, r->bytes, sizeof head);
    head.nlmsg_len = r->len;
    memcpy(r->bytes, &head, sizeof head);
    if (send(fd, r->bytes, r->len, 0) < 0) {
        return -errno;
    }
    ssize_t n = recv(fd, answer, room, 0);
    return n < 0 ? -errno : n;
}

/* transact sends a request and reads the acknowledgement. */
static int transact(int fd, request *r)
{
    uint8_t answer[1024];
    struct nlmsghdr head;
    struct nlmsgerr result;
    ssize_t n = exchange(fd, r, answer, sizeof answer);
    if (n < 0) {
        return (int)-n;
    }
    if ((size_t)n < sizeof head + sizeof result) {
        return EPROTO;
    }
    memcpy(&head, answer, sizeof head);
    memcpy(&result, answer + sizeof head, sizeof result);
    return head.nlmsg_type == NLMSG_ERROR ? -result.error : EPROTO;
}

/* is_local: does the kernel take packets for this address as its own by now? */
static bool is_local(int fd, const lab_addr *addr)
{
    struct rtmsg body = {.rtm_family = AF_INET6, .rtm_dst_len = 128};
    request r = begin(RTM_GETROUTE, 0, &body, sizeof body);
    attribute(&r, RTA_DST, addr->ip, 16);
    struct nlmsghdr head;
    memcpy(&head, r.bytes, sizeof head);
    head.nlmsg_flags = NLM_F_REQUEST; /* the answer alone, no acknowledgement after it */
    memcpy(r.bytes, &head, sizeof head);
    uint8_t answer[1024];
    ssize_t n = exchange(fd, &r, answer, sizeof answer);
    if (n < (ssize_t)(sizeof head + sizeof body)) {
        return false;
    }
    memcpy(&head, answer, sizeof head);
    memcpy(&body, answer + sizeof head, sizeof body);
    return head.nlmsg_type == RTM_NEWROUTE && body.rtm_type == RTN_LOCAL;
}

/*
 * local_wait: the kernel enters the route to a new IPv6 address some time later, by a worker of its own, and
 * drops what arrives before; on a busy host that takes many milliseconds.
 */
static int local_wait(int fd, const lab_addr *addr)
{
    const struct timespec soon = {0, 200000};
    for (unsigned i = 0; i < LOCAL_WAIT_STEPS; i++) {
        if (is_local(fd, addr)) {
            return 0;
        }
        (void)nanosleep(&soon, NULL);
    }
    return ETIMEDOUT;
}

static int link_up(int fd, uint32_t index)
{
    struct ifinfomsg body = {.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    request r = begin(RTM_NEWLINK, 0, &body, sizeof body);
    return transact(fd, &r);
}

/* device_prepare must come before link_up: a device that comes up makes its link-local address at once. */
static int device_prepare(int fd, uint32_t index)
{
    const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
    struct ifinfomsg body = {.ifi_index = (int)index};
    request r = begin(RTM_NEWLINK, 0, &body, sizeof body);
    attribute32(&r, IFLA_MTU, DEVICE_MTU);
    attribute32(&r, IFLA_TXQLEN, DEVICE_QUEUE);
    /* IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_ADDR_GEN_MODE none } } */
    request mode = {.len = 0};
    attribute(&mode, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
    request family = {.len = 0};
    attribute(&family, AF_INET6 | NLA_F_NESTED, mode.bytes, mode.len);
    attribute(&r, IFLA_AF_SPEC | NLA_F_NESTED, family.bytes, family.len);
    return transact(fd, &r);
}

static uint8_t family_of(const lab_addr *addr)
{
    return addr->family == LAB_IPV6 ? AF_INET6 : AF_INET;
}

static int address_add(int fd, uint32_t index, const lab_addr *addr)
{
    struct ifaddrmsg body = {.ifa_family = family_of(addr),
                             .ifa_prefixlen = addr->family == LAB_IPV6 ? 64 : 24,
                             .ifa_flags = IFA_F_NODAD,
                             .ifa_index = index};
    request r = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    attribute(&r, IFA_LOCAL, addr->ip, lab_addr_ip_len(addr->family));
    attribute(&r, IFA_ADDRESS, addr->ip, lab_addr_ip_len(addr->family));
    return transact(fd, &r);
}

/* route_add: ip and bits are the destination; bits 0 is the default route. */
static int route_add(int fd, uint32_t index, const lab_addr *to, uint8_t bits, uint8_t table, uint8_t type)
{
    struct rtmsg body = {.rtm_family = family_of(to),
                         .rtm_dst_len = bits,
                         .rtm_table = table,
                         .rtm_protocol = RTPROT_STATIC,
                         .rtm_scope = bits == 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
                         .rtm_type = type};
    request r = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    if (bits > 0) {
        attribute(&r, RTA_DST, to->ip, lab_addr_ip_len(to->family));
    }
    attribute32(&r, RTA_OIF, index);
    return transact(fd, &r);
}

static int setup(int fd, const char *device, const lab_addr *six, const lab_addr *four, const char **step)
{
    const lab_addr groups6 = {LAB_IPV6, {0xff}, 0};
    const lab_addr groups4 = {LAB_IPV4, {0xe0}, 0};
    uint32_t lo = if_nametoindex("lo");
    uint32_t index = if_nametoindex(device);
    *step = "finding the devices";
    if (lo == 0 || index == 0) {
        return errno;
    }
    int err = (*step = "loopback up", link_up(fd, lo));
    if (err == 0) {
        err = (*step = "device settings", device_prepare(fd, index));
    }
    if (err == 0) {
        err = (*step = "device up", link_up(fd, index));
    }
    if (err == 0) {
        err = (*step = "IPv6 address", address_add(fd, index, six));
    }
    if (err == 0) {
        err = (*step = "IPv4 address", address_add(fd, index, four));
    }
    if (err == 0) {
        err = (*step = "IPv6 multicast route",
               route_add(fd, index, &groups6, 8, RT_TABLE_LOCAL, RTN_MULTICAST));
    }
    if (err == 0) {
        err = (*step = "IPv4 multicast route", route_add(fd, index, &groups4, 4, RT_TABLE_MAIN, RTN_UNICAST));
    }
    if (err == 0) {
        err = (*step = "IPv6 default route", route_add(fd, index, six, 0, RT_TABLE_MAIN, RTN_UNICAST));
    }
    if (err == 0) {
        err = (*step = "IPv4 default route", route_add(fd, index, four, 0, RT_TABLE_MAIN, RTN_UNICAST));
    }
    if (err == 0) {
        err = (*step = "waiting for the IPv6 address", local_wait(fd, six));
    }
    return err;
}

int lab_rtnl_setup(const char *device, const lab_addr *six, const lab_addr *four, const char **step)
{
    *step = "netlink socket";
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) {
        return errno;
    }
    int err = setup(fd, device, six, four, step);
    (void)close(fd);
    return err;
}
