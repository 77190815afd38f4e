/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of the lab: IPv4 or IPv6 with a UDP port, in CoAP URI notation `[fd00::2]:5683`, `10.0.0.2:5683`.
 */
#ifndef LAB_ADDR_H
#define LAB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LAB_ADDR_TEXT = 56, /* room for any address, port and the closing zero */
};

typedef enum lab_family {
    LAB_NO_FAMILY = 0,
    LAB_IPV4 = 4,
    LAB_IPV6 = 6,
} lab_family;

/* All bytes that have no meaning are zero, so that equal addresses are equal bytes. */
typedef struct lab_addr {
    lab_family family; /* LAB_NO_FAMILY: no address */
    uint8_t ip[16];    /* the first 4 or all 16 bytes */
    uint16_t port;
} lab_addr;

/* lab_addr_parse reads the notation above; false, and *addr untouched, for anything else. A port is
 * mandatory. */
bool lab_addr_parse(const char *text, lab_addr *addr);

/* lab_addr_write writes the notation above; "none" for no address. Gives text back. */
const char *lab_addr_write(const lab_addr *addr, char text[LAB_ADDR_TEXT]);

/* lab_addr_of makes an address from 4 or 16 bytes. */
lab_addr lab_addr_of(lab_family family, const uint8_t *ip, uint16_t port);

static inline size_t lab_addr_ip_len(lab_family family)
{
    return family == LAB_IPV6 ? 16 : family == LAB_IPV4 ? 4 : 0;
}

/* lab_addr_same_ip: same family and IP address, whatever the port. */
bool lab_addr_same_ip(const lab_addr *a, const lab_addr *b);

/* lab_addr_equal: same family, IP address and port. */
bool lab_addr_equal(const lab_addr *a, const lab_addr *b);

/* lab_addr_is_group: a multicast address. */
bool lab_addr_is_group(const lab_addr *addr);

/* lab_addr_is_all_nodes: ff02::1 and 224.0.0.1, for which hosts send no report (RFC 3810 section 6, RFC 3376
 * section 5). */
bool lab_addr_is_all_nodes(const lab_addr *addr);

#endif
