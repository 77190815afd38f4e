/* SPDX-License-Identifier: BSD-2-Clause */
#include "ip.h"

#include <string.h>

enum {
    HEADER4 = 20,
    HEADER6 = 40,
    HEADER_UDP = 8,
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_IGMP = 2,
    PROTOCOL_UDP = 17,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_ICMP6 = 58,
    FRAGMENT_BITS = 0x3fff, /* more fragments, offset */
    HOP_LIMIT = 64,
};

/* sum_add adds big-endian 16-bit words; an odd last byte is the upper half of a word. */
static uint32_t sum_add(uint32_t sum, const uint8_t *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)ptr[i] << 8 : ptr[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

uint16_t lab_ip_checksum(const lab_addr *from, const lab_addr *to, uint8_t protocol, gosc_span body)
{
    uint32_t sum = 0;
    if (from != NULL && to != NULL) {
        size_t ip_len = lab_addr_ip_len(from->family);
        sum = sum_add(sum_add(0, from->ip, ip_len), to->ip, ip_len);
        sum += (uint32_t)(body.len >> 16) + (uint32_t)(body.len & 0xffff) + protocol;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum = sum_add(sum, body.ptr, body.len);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put_be16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void header4_write(gosc_writer *writer, const lab_addr *from, const lab_addr *to, size_t total)
{
    uint8_t *start = writer->next;
    gosc_write_u8(writer, 0x45);
    gosc_write_u8(writer, 0);
    gosc_write_be(writer, total, 2);
    gosc_write_be(writer, 0x4000, 4); /* identification 0, do not fragment */
    gosc_write_u8(writer, HOP_LIMIT);
    gosc_write_u8(writer, PROTOCOL_UDP);
    gosc_write_be(writer, 0, 2);
    gosc_write_bytes(writer, gosc_span_of(from->ip, 4));
    gosc_write_bytes(writer, gosc_span_of(to->ip, 4));
    if (!writer->failed) {
        put_be16(start + 10, lab_ip_checksum(NULL, NULL, 0, gosc_span_of(start, HEADER4)));
    }
}

static void header6_write(gosc_writer *writer, const lab_addr *from, const lab_addr *to, size_t body_len)
{
    gosc_write_be(writer, 0x60000000, 4);
    gosc_write_be(writer, body_len, 2);
    gosc_write_u8(writer, PROTOCOL_UDP);
    gosc_write_u8(writer, HOP_LIMIT);
    gosc_write_bytes(writer, gosc_span_of(from->ip, 16));
    gosc_write_bytes(writer, gosc_span_of(to->ip, 16));
}

bool lab_ip_wrap(const lab_addr *from, const lab_addr *to, gosc_span payload, gosc_buf room, size_t *len)
{
    if (from->family != to->family || from->family == LAB_NO_FAMILY || payload.len > LAB_DATAGRAM_MAX) {
        return false;
    }
    size_t body_len = HEADER_UDP + payload.len;
    gosc_writer writer;
    gosc_writer_init(&writer, room);
    if (from->family == LAB_IPV4) {
        header4_write(&writer, from, to, HEADER4 + body_len);
    } else {
        header6_write(&writer, from, to, body_len);
    }
    uint8_t *body = writer.next;
    gosc_write_be(&writer, from->port, 2);
    gosc_write_be(&writer, to->port, 2);
    gosc_write_be(&writer, body_len, 2);
    gosc_write_be(&writer, 0, 2);
    gosc_write_bytes(&writer, payload);
    if (writer.failed) {
        return false;
    }
    uint16_t sum = lab_ip_checksum(from, to, PROTOCOL_UDP, gosc_span_of(body, body_len));
    put_be16(body + 6, sum == 0 ? 0xffff : sum); /* 0 would mean: no checksum */
    *len = (size_t)(writer.next - writer.start);
    return true;
}

static lab_ip stray(lab_ip ip, const char *fault)
{
    ip.kind = LAB_IP_STRAY;
    ip.fault = fault;
    return ip;
}

static lab_ip udp_read(lab_ip ip, gosc_span body)
{
    gosc_reader reader;
    gosc_reader_init(&reader, body);
    ip.from.port = (uint16_t)gosc_read_be(&reader, 2);
    ip.to.port = (uint16_t)gosc_read_be(&reader, 2);
    uint64_t len = gosc_read_be(&reader, 2);
    uint64_t sum = gosc_read_be(&reader, 2);
    if (reader.failed || len != body.len) {
        return stray(ip, "udp length");
    }
    bool unchecked = sum == 0 && ip.from.family == LAB_IPV4;
    if (!unchecked && (sum == 0 || lab_ip_checksum(&ip.from, &ip.to, PROTOCOL_UDP, body) != 0)) {
        return stray(ip, "udp checksum");
    }
    ip.kind = LAB_IP_UDP;
    ip.body = gosc_read_rest(&reader);
    return ip;
}

static lab_ip body_read(lab_ip ip, uint8_t protocol, gosc_span body)
{
    switch (protocol) {
    case PROTOCOL_UDP:
        return udp_read(ip, body);
    case PROTOCOL_ICMP6:
        if (ip.from.family != LAB_IPV6 || lab_ip_checksum(&ip.from, &ip.to, protocol, body) != 0) {
            return stray(ip, "icmpv6 checksum");
        }
        ip.kind = LAB_IP_ICMP6;
        break;
    case PROTOCOL_IGMP:
        if (ip.from.family != LAB_IPV4 || lab_ip_checksum(NULL, NULL, 0, body) != 0) {
            return stray(ip, "igmp checksum");
        }
        ip.kind = LAB_IP_IGMP;
        break;
    case PROTOCOL_FRAGMENT:
        return stray(ip, "fragment");
    default:
        return stray(ip, "protocol that is neither udp, icmpv6 nor igmp");
    }
    ip.body = body;
    return ip;
}

static lab_ip read4(gosc_span packet)
{
    lab_ip ip = {0};
    gosc_reader reader;
    gosc_reader_init(&reader, packet);
    size_t header_len = (size_t)(gosc_read_u8(&reader) & 15) * 4;
    (void)gosc_read_u8(&reader);
    uint64_t total = gosc_read_be(&reader, 2);
    (void)gosc_read_be(&reader, 2);
    uint64_t fragment = gosc_read_be(&reader, 2);
    ip.hop_limit = gosc_read_u8(&reader);
    uint8_t protocol = gosc_read_u8(&reader);
    (void)gosc_read_be(&reader, 2);
    gosc_span from = gosc_read_bytes(&reader, 4);
    gosc_span to = gosc_read_bytes(&reader, 4);
    if (reader.failed || header_len < HEADER4 || header_len > packet.len || total != packet.len) {
        return stray(ip, "ipv4 length");
    }
    ip.from = lab_addr_of(LAB_IPV4, from.ptr, 0);
    ip.to = lab_addr_of(LAB_IPV4, to.ptr, 0);
    if (lab_ip_checksum(NULL, NULL, 0, gosc_span_of(packet.ptr, header_len)) != 0) {
        return stray(ip, "ipv4 checksum");
    }
    if ((fragment & FRAGMENT_BITS) != 0) {
        return stray(ip, "fragment");
    }
    return body_read(ip, protocol, gosc_span_of(packet.ptr + header_len, packet.len - header_len));
}

static lab_ip read6(gosc_span packet)
{
    lab_ip ip = {0};
    gosc_reader reader;
    gosc_reader_init(&reader, packet);
    (void)gosc_read_be(&reader, 4);
    uint64_t body_len = gosc_read_be(&reader, 2);
    uint8_t protocol = gosc_read_u8(&reader);
    ip.hop_limit = gosc_read_u8(&reader);
    gosc_span from = gosc_read_bytes(&reader, 16);
    gosc_span to = gosc_read_bytes(&reader, 16);
    if (reader.failed || body_len != gosc_reader_left(&reader)) {
        return stray(ip, "ipv6 length");
    }
    ip.from = lab_addr_of(LAB_IPV6, from.ptr, 0);
    ip.to = lab_addr_of(LAB_IPV6, to.ptr, 0);
    if (protocol == PROTOCOL_HOP_BY_HOP) {
        protocol = gosc_read_u8(&reader);
        size_t options_len = (size_t)gosc_read_u8(&reader) * 8 + 6;
        (void)gosc_read_bytes(&reader, options_len);
        if (reader.failed || protocol == PROTOCOL_HOP_BY_HOP) {
            return stray(ip, "hop-by-hop options");
        }
    }
    return body_read(ip, protocol, gosc_read_rest(&reader));
}

lab_ip lab_ip_read(gosc_span packet)
{
    lab_ip ip = {0};
    if (packet.len == 0 || packet.len > LAB_IP_MAX) {
        return stray(ip, "ip length");
    }
    switch (packet.ptr[0] >> 4) {
    case 4:
        return read4(packet);
    case 6:
        return read6(packet);
    default:
        return stray(ip, "ip version");
    }
}
