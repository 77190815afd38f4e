/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP in IPv4 and IPv6: wrapping and strict reading, with all checksums. */
#ifndef LAB_IP_H
#define LAB_IP_H

#include "packet.h"

enum {
    LAB_IP_MAX = 65535,  /* bytes of an IP packet as the TUN devices carry them */
    LAB_IP_OVERHEAD = 48 /* IPv6 and UDP header */
};

/*
 * lab_ip_checksum: the Internet checksum of a pseudo header and body. Over a body that holds its checksum it
 * is 0.
 *
 * Spec      RFC 1071, RFC 768, RFC 8200 section 8.1
 * In        from, to   NULL: no pseudo header (IPv4 header, IGMP)
 */
uint16_t lab_ip_checksum(const lab_addr *from, const lab_addr *to, uint8_t protocol, gosc_span body);

/*
 * lab_ip_wrap writes one UDP datagram in an IP packet, hop limit 64.
 *
 * Out       room    len
 * Returns   false when families differ or are missing, or room is too small; then nothing is to be used
 */
bool lab_ip_wrap(const lab_addr *from, const lab_addr *to, gosc_span payload, gosc_buf room, size_t *len);

typedef enum lab_ip_kind {
    LAB_IP_STRAY = 0, /* none of those below; `fault` says what */
    LAB_IP_UDP,
    LAB_IP_ICMP6,
    LAB_IP_IGMP,
} lab_ip_kind;

typedef struct lab_ip {
    lab_ip_kind kind;
    lab_addr from, to; /* ports for LAB_IP_UDP */
    uint8_t hop_limit;
    gosc_span body;    /* UDP payload, or the ICMPv6 or IGMP message; within the packet */
    const char *fault; /* LAB_IP_STRAY: "udp checksum", "fragment"… */
} lab_ip;

/*
 * lab_ip_read reads one IP packet. Lengths must agree with each other and with the packet, checksums must be
 * right (0 means none in IPv4 UDP). IPv6 packets may have one Hop-by-Hop Options header, as MLD has.
 *
 * Spec      RFC 791, RFC 768, RFC 8200 sections 3 and 4.3, RFC 3376 section 4, RFC 3810 section 5
 */
lab_ip lab_ip_read(gosc_span packet);

#endif
