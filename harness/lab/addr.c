/* SPDX-License-Identifier: BSD-2-Clause */
#include "addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

lab_addr lab_addr_of(lab_family family, const uint8_t *ip, uint16_t port)
{
    lab_addr addr = {.family = family, .port = port};
    memcpy(addr.ip, ip, lab_addr_ip_len(family));
    return addr;
}

/* port_read: 1 to 5 digits without a leading zero, 0 to 65535. */
static bool port_read(const char *text, uint16_t *port)
{
    size_t len = strlen(text);
    if (len < 1 || len > 5 || strspn(text, "0123456789") != len || (text[0] == '0' && len > 1)) {
        return false;
    }
    unsigned long value = strtoul(text, NULL, 10);
    if (value > UINT16_MAX) {
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

bool lab_addr_parse(const char *text, lab_addr *addr)
{
    bool six = text[0] == '[';
    const char *start = six ? text + 1 : text;
    const char *end = strchr(start, six ? ']' : ':');
    char host[INET6_ADDRSTRLEN];
    if (end == NULL || (size_t)(end - start) >= sizeof host || (six && end[1] != ':')) {
        return false;
    }
    memcpy(host, start, (size_t)(end - start));
    host[end - start] = '\0';
    uint8_t ip[16];
    uint16_t port = 0;
    if (inet_pton(six ? AF_INET6 : AF_INET, host, ip) != 1 || !port_read(end + (six ? 2 : 1), &port)) {
        return false;
    }
    *addr = lab_addr_of(six ? LAB_IPV6 : LAB_IPV4, ip, port);
    return true;
}

const char *lab_addr_write(const lab_addr *addr, char text[LAB_ADDR_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "none";
    if (addr->family == LAB_NO_FAMILY) {
        (void)snprintf(text, LAB_ADDR_TEXT, "none");
        return text;
    }
    bool six = addr->family == LAB_IPV6;
    (void)inet_ntop(six ? AF_INET6 : AF_INET, addr->ip, host, sizeof host);
    (void)snprintf(text, LAB_ADDR_TEXT, six ? "[%s]:%u" : "%s:%u", host, (unsigned)addr->port);
    return text;
}

bool lab_addr_same_ip(const lab_addr *a, const lab_addr *b)
{
    return a->family == b->family && a->family != LAB_NO_FAMILY && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool lab_addr_equal(const lab_addr *a, const lab_addr *b)
{
    return lab_addr_same_ip(a, b) && a->port == b->port;
}

bool lab_addr_is_group(const lab_addr *addr)
{
    return (addr->family == LAB_IPV6 && addr->ip[0] == 0xff) ||
           (addr->family == LAB_IPV4 && (addr->ip[0] & 0xf0) == 0xe0);
}

bool lab_addr_is_all_nodes(const lab_addr *addr)
{
    static const uint8_t six[16] = {0xff, 2, [15] = 1};
    static const uint8_t four[16] = {224, 0, 0, 1};
    return (addr->family == LAB_IPV6 && memcmp(addr->ip, six, sizeof six) == 0) ||
           (addr->family == LAB_IPV4 && memcmp(addr->ip, four, sizeof four) == 0);
}
