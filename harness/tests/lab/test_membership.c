/* SPDX-License-Identifier: BSD-2-Clause */
/* MLD and IGMP reports. */
#include "kit.h"
#include "membership.h"

typedef struct row {
    lab_ip_kind kind;
    const char *hex; /* the ICMPv6 or IGMP message; checksums are lab_ip_read's business */
    const char *found;
    const char *what;
} row;

#define G1 "ff35003020010db80000000000000001"
#define G2 "ff0500000000000000000000000000fd"
#define SRC "fd000000000000000000000000000009"

static const row rows[] = {
    {LAB_IP_ICMP6, "8f000000 00000001 04000000" G1, "+[ff35:30:2001:db8::1]:0 ", "MLDv2: to exclude nothing"},
    {LAB_IP_ICMP6, "8f000000 00000001 03000000" G1, "-[ff35:30:2001:db8::1]:0 ", "MLDv2: to include nothing"},
    {LAB_IP_ICMP6, "8f000000 00000001 02000000" G1, "+[ff35:30:2001:db8::1]:0 ", "MLDv2: is exclude"},
    {LAB_IP_ICMP6, "8f000000 00000001 01000000" G1, "-[ff35:30:2001:db8::1]:0 ", "MLDv2: is include nothing"},
    {LAB_IP_ICMP6, "8f000000 00000001 04000001" G1 SRC, "+[ff35:30:2001:db8::1]:0 ",
     "MLDv2: all but one source"},
    {LAB_IP_ICMP6, "8f000000 00000001 03000001" G1 SRC, "+[ff35:30:2001:db8::1]:0 ",
     "MLDv2: one source only"},
    {LAB_IP_ICMP6, "8f000000 00000001 05000001" G1 SRC, "+[ff35:30:2001:db8::1]:0 ", "MLDv2: allow a source"},
    {LAB_IP_ICMP6, "8f000000 00000001 05000000" G1, "", "MLDv2: allow nothing says nothing"},
    {LAB_IP_ICMP6, "8f000000 00000001 06000001" G1 SRC, "", "MLDv2: block a source says nothing"},
    {LAB_IP_ICMP6, "8f000000 00000001 07000000" G1, "", "MLDv2: unknown record type"},
    {LAB_IP_ICMP6, "8f000000 00000002 04000000" G1 "03000000" G2, "+[ff35:30:2001:db8::1]:0 -[ff05::fd]:0 ",
     "MLDv2: two records"},
    {LAB_IP_ICMP6, "8f000000 00000002 04010001" G1 SRC "01020304 04000000" G2,
     "+[ff35:30:2001:db8::1]:0 +[ff05::fd]:0 ", "MLDv2: sources and auxiliary data are stepped over"},
    {LAB_IP_ICMP6, "8f000000 00000001 04000000" G1 "ffff", "+[ff35:30:2001:db8::1]:0 ",
     "MLDv2: data after the last record (RFC 3810 section 5.2.11)"},
    {LAB_IP_ICMP6, "8f000000 00000000", "", "MLDv2: no record"},
    {LAB_IP_ICMP6, "83000000 00000000" G1, "+[ff35:30:2001:db8::1]:0 ", "MLDv1: report"},
    {LAB_IP_ICMP6, "84000000 00000000" G1, "-[ff35:30:2001:db8::1]:0 ", "MLDv1: done"},
    {LAB_IP_IGMP, "22000000 00000001 04000000 e00001bb", "+224.0.1.187:0 ", "IGMPv3: to exclude nothing"},
    {LAB_IP_IGMP, "22000000 00000001 03000000 e00001bb", "-224.0.1.187:0 ", "IGMPv3: to include nothing"},
    {LAB_IP_IGMP, "22000000 00000002 04010001 e00001bb 0a000009 01020304 03000000 efff0001",
     "+224.0.1.187:0 -239.255.0.1:0 ", "IGMPv3: sources and auxiliary data are stepped over"},
    {LAB_IP_IGMP, "16000000 e00001bb", "+224.0.1.187:0 ", "IGMPv2: report"},
    {LAB_IP_IGMP, "17000000 e00001bb", "-224.0.1.187:0 ", "IGMPv2: leave"},
    {LAB_IP_IGMP, "12000000 e00001bb", "+224.0.1.187:0 ", "IGMPv1: report"},
    {LAB_IP_ICMP6, "8f000000 00000002 04000000" G1, "refused ", "MLDv2: second record is missing"},
    {LAB_IP_ICMP6, "8f000000 00000001 0400ffff" G1, "refused ", "MLDv2: sources are missing"},
    {LAB_IP_ICMP6, "8f000000 00000001 04ff0000" G1, "refused ", "MLDv2: auxiliary data are missing"},
    {LAB_IP_ICMP6, "8f000000 00000001 04000000" SRC, "refused ", "MLDv2: no multicast address"},
    {LAB_IP_ICMP6, "8f000000 00000002 04000000" G1 "04000000" SRC, "refused ",
     "MLDv2: nothing counts if one is bad"},
    {LAB_IP_ICMP6, "83000000 00000000" SRC, "refused ", "MLDv1: no multicast address"},
    {LAB_IP_IGMP, "16000000 0a000002", "refused ", "IGMPv2: no multicast address"},
    {LAB_IP_ICMP6, "82000000 00000000" G1, "refused ", "MLD query: no report"},
    {LAB_IP_ICMP6, "85000000 00000000", "refused ", "router solicitation: no report"},
    {LAB_IP_ICMP6, "87000000 00000000" G1, "refused ", "neighbour solicitation: no report"},
    {LAB_IP_IGMP, "11000000 e00001bb", "refused ", "IGMP query: no report"},
    {LAB_IP_UDP, "8f000000 00000001 04000000" G1, "refused ", "UDP: no report"},
};

static lab_ip ip_of(lab_ip_kind kind, gosc_span body)
{
    return (lab_ip){.kind = kind, .hop_limit = 1, .body = body};
}

/* walk writes what is found; the number of changes, or -1 when refused. */
static int walk(const lab_ip *ip, kit_log *log)
{
    lab_reports reports;
    lab_report report;
    int n = 0;
    char text[LAB_ADDR_TEXT];
    log->len = 0;
    log->text[0] = '\0';
    if (!lab_reports_open(ip, &reports)) {
        kit_log_add(log, "refused ");
        return -1;
    }
    while (lab_reports_next(&reports, &report)) {
        n++;
        kit_log_add(log, "%c%s ", report.joined ? '+' : '-', lab_addr_write(&report.group, text));
        if (!lab_addr_is_group(&report.group)) {
            return 1 << 20;
        }
    }
    return n;
}

static kit_log seen;

/* Each cut of a good report is refused; flipped bits yield refusals or at most as many changes as records
 * fit. */
static bool damage(const row *r, gosc_span good)
{
    bool held = true;
    bool trailing = strstr(r->what, "after the last") != NULL;
    for (size_t len = 0; len < good.len; len++) {
        gosc_span cut = kit_copy(gosc_span_of(good.ptr, len));
        lab_ip ip = ip_of(r->kind, cut);
        held = held && (walk(&ip, &seen) == -1 || (trailing && len >= good.len - 2));
        kit_free(cut);
    }
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        uint8_t bytes[512];
        memcpy(bytes, good.ptr, good.len);
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ (1U << (bit % 8)));
        gosc_span flipped = kit_copy(gosc_span_of(bytes, good.len));
        lab_ip ip = ip_of(r->kind, flipped);
        held = held && walk(&ip, &seen) <= (int)(good.len / 8);
        kit_free(flipped);
    }
    return held;
}

int main(void)
{
    for (size_t i = 0; i < KIT_COUNT(rows); i++) {
        gosc_span body = kit_hex(rows[i].hex);
        lab_ip ip = ip_of(rows[i].kind, body);
        (void)walk(&ip, &seen);
        bool refused =
            !kit_log_is(&seen, rows[i].found, rows[i].what) || strcmp(rows[i].found, "refused ") == 0;
        if (!refused) {
            tap_ok(damage(&rows[i], body), "its cuts are refused, its flipped bits bounded");
        }
        kit_free(body);
    }
    gosc_span body = kit_hex(rows[0].hex);
    lab_ip ip = ip_of(LAB_IP_ICMP6, body);
    ip.hop_limit = 64;
    tap_ok(walk(&ip, &seen) == -1, "MLD that was forwarded (hop limit not 1) is refused, RFC 3810 section 5");
    kit_free(body);

    /* A whole packet as a Linux host sends it: source ::, Hop-by-Hop with router alert, checksum. */
    gosc_span packet =
        kit_hex("60000000 00240001 00000000000000000000000000000000 ff020000000000000000000000000016"
                "3a00050200000100 8f00406f 00000001 04000000" G1);
    ip = lab_ip_read(packet);
    tap_ok(ip.kind == LAB_IP_ICMP6 && walk(&ip, &seen) == 1, "MLDv2 report in a whole packet");
    kit_free(packet);
    packet = kit_hex("60000000 00240001 00000000000000000000000000000000 ff020000000000000000000000000016"
                     "3a00050200000100 8f004070 00000001 04000000" G1);
    ip = lab_ip_read(packet);
    tap_ok(ip.kind == LAB_IP_STRAY && strcmp(ip.fault, "icmpv6 checksum") == 0,
           "the same with a wrong checksum");
    kit_free(packet);
    return tap_done();
}
