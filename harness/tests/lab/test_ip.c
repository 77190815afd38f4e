/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP in IP: checksums, wrapping, strict reading. */
#include "ip.h"
#include "kit.h"

enum {
    ROOM = 65535,
};

/* The sum of RFC 1071 section 3 over bytes laid out by hand, without any of the tricks of the code under
 * test. */
static uint16_t naive_sum(const uint8_t *bytes, size_t len)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i += 2) {
        sum += (uint64_t)bytes[i] * 256 + (i + 1 < len ? bytes[i + 1] : 0);
    }
    while (sum > 0xffff) {
        sum = sum % 0x10000 + sum / 0x10000;
    }
    return (uint16_t)(0xffff - sum);
}

static void checksums(void)
{
    gosc_span rfc = kit_hex("0001 f203 f4f5 f6f7");
    tap_ok(lab_ip_checksum(NULL, NULL, 0, rfc) == 0x220d, "RFC 1071 section 3: sum ddf2, checksum 220d");
    kit_free(rfc);
    /* A header often quoted in textbooks: 192.168.0.1 to 192.168.0.199, checksum b861. */
    gosc_span header = kit_hex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7");
    tap_ok(lab_ip_checksum(NULL, NULL, 0, header) == 0xb861, "IPv4 header: b861");
    kit_free(header);
    tap_ok(lab_ip_checksum(NULL, NULL, 0, GOSC_EMPTY) == 0xffff, "nothing: ffff");

    bool same = true;
    const lab_addr pairs[][2] = {{kit_addr("[fd00::2]:5683"), kit_addr("[ff35:30:2001:db8::ffff]:61616")},
                                 {kit_addr("10.0.0.2:5683"), kit_addr("224.0.1.187:61616")}};
    for (size_t p = 0; p < 2; p++) {
        for (size_t len = 0; len < 300; len++) {
            size_t ip_len = lab_addr_ip_len(pairs[p][0].family);
            uint8_t by_hand[2 * 16 + 4 + 300] = {0};
            memcpy(by_hand, pairs[p][0].ip, ip_len);
            memcpy(by_hand + ip_len, pairs[p][1].ip, ip_len);
            by_hand[2 * ip_len] = (uint8_t)(len >> 8);
            by_hand[2 * ip_len + 1] = (uint8_t)len;
            by_hand[2 * ip_len + 3] = 17;
            uint8_t *body = by_hand + 2 * ip_len + 4;
            for (size_t i = 0; i < len; i++) {
                body[i] = (uint8_t)(tap_random(8) == 0 ? 0xff : tap_random(256));
            }
            uint16_t sum = lab_ip_checksum(&pairs[p][0], &pairs[p][1], 17, gosc_span_of(body, len));
            same = same && sum == naive_sum(by_hand, 2 * ip_len + 4 + len);
        }
    }
    tap_ok(same, "pseudo headers: 600 bodies against the naive sum");
}

static uint8_t room[ROOM];

static gosc_span wrapped(const lab_addr *from, const lab_addr *to, gosc_span payload)
{
    size_t len = 0;
    if (!lab_ip_wrap(from, to, payload, (gosc_buf){room, sizeof room}, &len)) {
        kit_give_up("cannot wrap");
    }
    return gosc_span_of(room, len);
}

static void figures(void)
{
    lab_addr from4 = kit_addr("10.0.0.2:5683");
    lab_addr to4 = kit_addr("10.0.0.3:5684");
    lab_addr from6 = kit_addr("[fd00::2]:5683");
    lab_addr to6 = kit_addr("[fd00::3]:5684");
    gosc_span hi = gosc_span_of("hi", 2);
    gosc_span four = kit_hex("4500001e 00004000 401126cb 0a000002 0a000003 16331634 000a5705 6869");
    gosc_span six = kit_hex("60000000 000a1140 fd000000000000000000000000000002"
                            "fd000000000000000000000000000003 16331634 000a7103 6869");
    tap_ok(gosc_span_equal(wrapped(&from4, &to4, hi), four), "IPv4: byte for byte");
    tap_ok(gosc_span_equal(wrapped(&from6, &to6, hi), six), "IPv6: byte for byte");
    kit_free(four);
    kit_free(six);
}

static void round_trips(const lab_addr *from, const lab_addr *to, const char *family)
{
    static const size_t lens[] = {0, 1, 2, 3, 63, 64, 1232, 1499, 1500, 9001, LAB_DATAGRAM_MAX};
    static uint8_t payload[LAB_DATAGRAM_MAX];
    for (size_t i = 0; i < KIT_COUNT(lens); i++) {
        for (size_t k = 0; k < lens[i]; k++) {
            payload[k] = (uint8_t)tap_random(256);
        }
        gosc_span in = gosc_span_of(payload, lens[i]);
        gosc_span packet = kit_copy(wrapped(from, to, in));
        lab_ip ip = lab_ip_read(packet);
        char text[80];
        (void)snprintf(text, sizeof text, "%s: %zu bytes there and back", family, lens[i]);
        tap_ok(ip.kind == LAB_IP_UDP && lab_addr_equal(&ip.from, from) && lab_addr_equal(&ip.to, to) &&
                   gosc_span_equal(ip.body, in) && ip.hop_limit == 64,
               text);
        kit_free(packet);
    }
}

/* Every cut is refused; every flipped bit too, but for header fields that no checksum covers. */
static void damage(const lab_addr *from, const lab_addr *to, const char *family)
{
    gosc_span good = kit_copy(wrapped(from, to, gosc_span_of("payload", 7)));
    unsigned n_cut = 0;
    for (size_t len = 0; len < good.len; len++) {
        gosc_span cut = kit_copy(gosc_span_of(good.ptr, len));
        lab_ip ip = lab_ip_read(cut);
        n_cut += ip.kind == LAB_IP_STRAY && ip.fault != NULL;
        kit_free(cut);
    }
    char text[100];
    (void)snprintf(text, sizeof text, "%s: each of %zu cuts is refused", family, good.len);
    tap_ok(n_cut == good.len, text);

    uint8_t longer[256] = {0};
    memcpy(longer, good.ptr, good.len);
    (void)snprintf(text, sizeof text, "%s: one byte too many is refused", family);
    tap_ok(lab_ip_read(gosc_span_of(longer, good.len + 1)).kind == LAB_IP_STRAY, text);

    bool six = from->family == LAB_IPV6;
    unsigned n_taken = 0;
    bool only_open = true;
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        uint8_t copy[256];
        memcpy(copy, good.ptr, good.len);
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ (0x80U >> (bit % 8)));
        gosc_span flipped = kit_copy(gosc_span_of(copy, good.len));
        bool taken = lab_ip_read(flipped).kind != LAB_IP_STRAY;
        /* Traffic class and flow label; hop limit. */
        bool open = six && ((bit >= 4 && bit < 32) || bit / 8 == 7);
        n_taken += taken;
        only_open = only_open && taken == open;
        kit_free(flipped);
    }
    (void)snprintf(text, sizeof text, "%s: each of %zu flipped bits is refused, %u of no matter aside",
                   family, good.len * 8, n_taken);
    tap_ok(only_open && n_taken == (six ? 36 : 0), text);
    kit_free(good);
}

/* A payload is found whose checksum comes out as 0, which must travel as ffff (RFC 768, RFC 8200
 * section 8.1). */
static void zero_checksum(const lab_addr *from, const lab_addr *to, size_t at, const char *text)
{
    uint8_t payload[2] = {0, 0};
    gosc_span packet = wrapped(from, to, gosc_span_of(payload, 2));
    /* The sum for an empty word is what that word must be to make the sum 0. */
    payload[0] = packet.ptr[at];
    payload[1] = packet.ptr[at + 1];
    packet = wrapped(from, to, gosc_span_of(payload, 2));
    tap_ok(packet.ptr[at] == 0xff && packet.ptr[at + 1] == 0xff && lab_ip_read(packet).kind == LAB_IP_UDP,
           text);
    uint8_t without[128];
    memcpy(without, packet.ptr, packet.len);
    without[at] = 0;
    without[at + 1] = 0;
    bool taken = lab_ip_read(gosc_span_of(without, packet.len)).kind == LAB_IP_UDP;
    tap_ok(taken == (from->family == LAB_IPV4), "no checksum: good in IPv4 only");
}

static void refusals(void)
{
    static const struct {
        const char *hex, *fault;
    } rows[] = {
        {"", "ip length"},
        {"50", "ip version"},
        {"4600001e 00004000 401126cb 0a000002 0a000003 16331634 000a5705 6869", "ipv4 checksum"},
        {"4400001e 00004000 401127cb 0a000002 0a000003 16331634 000a5705 6869", "ipv4 length"},
        {"4500001e 00002000 401146cb 0a000002 0a000003 16331634 000a5705 6869", "fragment"},
        {"4500001e 00000001 401166ca 0a000002 0a000003 16331634 000a5705 6869", "fragment"},
        {"4500001e 00004000 400626d6 0a000002 0a000003 16331634 000a5705 6869",
         "protocol that is neither udp, icmpv6 nor igmp"},
        {"4500001e 00004000 403a26a2 0a000002 0a000003 16331634 000a5705 6869", "icmpv6 checksum"},
        {"4500001e 00004000 401126cb 0a000002 0a000003 16331634 000b5705 6869", "udp length"},
        {"4500001e 00004000 401126cb 0a000002 0a000003 16331634 00095705 6869", "udp length"},
        {"4500001e 00004000 401126cb 0a000002 0a000003 16331634 000a5706 6869", "udp checksum"},
        {"60000000 000a2c40 fd000000000000000000000000000002 fd000000000000000000000000000003 "
         "1600000100000000 6869",
         "fragment"},
        {"60000000 00080040 fd000000000000000000000000000002 fd000000000000000000000000000003 "
         "0000050200000000",
         "hop-by-hop options"},
        {"60000000 00080040 fd000000000000000000000000000002 fd000000000000000000000000000003 "
         "1101050200000000",
         "hop-by-hop options"},
    };
    for (size_t i = 0; i < KIT_COUNT(rows); i++) {
        gosc_span bytes = kit_hex(rows[i].hex);
        lab_ip ip = lab_ip_read(bytes);
        bool good = ip.kind == LAB_IP_STRAY && strcmp(ip.fault, rows[i].fault) == 0;
        char text[100];
        (void)snprintf(text, sizeof text, "row %zu refused: %s", i, rows[i].fault);
        tap_ok(good, text);
        if (!good) {
            printf("# found: %s\n", ip.kind == LAB_IP_STRAY ? ip.fault : "taken");
        }
        kit_free(bytes);
    }
    lab_addr four = kit_addr("10.0.0.2:5683");
    lab_addr six = kit_addr("[fd00::2]:5683");
    lab_addr none = {.family = LAB_NO_FAMILY};
    size_t len = 0;
    gosc_buf all = {room, sizeof room};
    tap_ok(!lab_ip_wrap(&four, &six, GOSC_EMPTY, all, &len) &&
               !lab_ip_wrap(&none, &none, GOSC_EMPTY, all, &len),
           "not wrapped: two families, none");
    tap_ok(!lab_ip_wrap(&four, &four, GOSC_EMPTY, (gosc_buf){room, 27}, &len) &&
               lab_ip_wrap(&four, &four, GOSC_EMPTY, (gosc_buf){room, 28}, &len) && len == 28,
           "room of 28 bytes is just enough for nothing over IPv4");
}

int main(int argc, char **argv)
{
    lab_addr from4 = kit_addr("10.0.0.2:5683");
    lab_addr to4 = kit_addr("224.0.1.187:5684");
    lab_addr from6 = kit_addr("[fd00::2]:5683");
    lab_addr to6 = kit_addr("[ff05::fd]:5684");
    tap_seed(argc, argv);
    checksums();
    figures();
    round_trips(&from4, &to4, "IPv4");
    round_trips(&from6, &to6, "IPv6");
    damage(&from4, &to4, "IPv4");
    damage(&from6, &to6, "IPv6");
    zero_checksum(&from4, &to4, 26, "IPv4: checksum 0 travels as ffff");
    zero_checksum(&from6, &to6, 46, "IPv6: checksum 0 travels as ffff");
    refusals();
    return tap_done();
}
