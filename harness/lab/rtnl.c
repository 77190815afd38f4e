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
#include <unistd.h>

enum {
    DEVICE_MTU = 65535, /* nothing is ever fragmented */
    DEVICE_QUEUE = 1024,
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

/* transact sends a request and reads the acknowledgement. */
static int transact(int fd, request *r)
{
    struct nlmsghdr head;
    memcpy(&head, r->bytes, sizeof head);
    head.nlmsg_len = r->len;
    memcpy(r->bytes, &head, sizeof head);
    if (send(fd, r->bytes, r->len, 0) < 0) {
        return errno;
    }
    uint8_t answer[1024];
    ssize_t n = recv(fd, answer, sizeof answer, 0);
    struct nlmsgerr result;
    if (n < 0) {
        return errno;
    }
    if ((size_t)n < sizeof head + sizeof result) {
        return EPROTO;
    }
    memcpy(&head, answer, sizeof head);
    memcpy(&result, answer + sizeof head, sizeof result);
    return head.nlmsg_type == NLMSG_ERROR ? -result.error : EPROTO;
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
