/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures: read back by a reader that shares nothing with the writer.
 */
#include "ip.h"
#include "kit.h"
#include "pcap.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct block {
    uint32_t type;
    const uint8_t *body;
    size_t len; /* of the body */
} block;

static uint8_t file[1 << 18];
static size_t file_len;

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool load(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return false;
    }
    file_len = fread(file, 1, sizeof file, f);
    (void)fclose(f);
    return true;
}

/* next_block: false at the end; both lengths must agree and be multiples of 4. */
static bool next_block(size_t *at, block *b)
{
    if (*at + 12 > file_len) {
        return false;
    }
    uint32_t len = be32(file + *at + 4);
    if (len < 12 || len % 4 != 0 || len > file_len - *at || be32(file + *at + len - 4) != len) {
        return false;
    }
    *b = (block){be32(file + *at), file + *at + 8, len - 12};
    *at += len;
    return true;
}

/* option_find: the text of an option behind `at` bytes of a body, "" without one. */
static const char *option_find(const block *b, size_t at, unsigned code)
{
    static char text[2000];
    text[0] = '\0';
    while (at + 4 <= b->len) {
        unsigned found = (unsigned)b->body[at] << 8 | b->body[at + 1];
        size_t len = (size_t)b->body[at + 2] << 8 | b->body[at + 3];
        if (found == code && len < sizeof text) {
            memcpy(text, b->body + at + 4, len);
            text[len] = '\0';
        }
        at += 4 + (len + 3) / 4 * 4;
    }
    return text;
}

static bool packet_is(const block *b, uint32_t interface, uint64_t at_us, const char *from, const char *to,
                      gosc_span bytes, const char *comment)
{
    if (b->type != 6 || b->len < 20 || be32(b->body) != interface) {
        return false;
    }
    uint64_t time = (uint64_t)be32(b->body + 4) << 32 | be32(b->body + 8);
    uint32_t len = be32(b->body + 12);
    if (time != at_us || len != be32(b->body + 16) || len > b->len - 20) {
        return false;
    }
    lab_ip ip = lab_ip_read(gosc_span_of(b->body + 20, len));
    char text[2][LAB_ADDR_TEXT];
    return ip.kind == LAB_IP_UDP && strcmp(lab_addr_write(&ip.from, text[0]), from) == 0 &&
           strcmp(lab_addr_write(&ip.to, text[1]), to) == 0 && gosc_span_equal(ip.body, bytes) &&
           strcmp(option_find(b, 20 + (len + 3) / 4 * 4, 1), comment) == 0;
}

static char dir[64];
static char path[128];

static lab_pcap *opened(const char *title)
{
    lab_pcap *pcap = NULL;
    if (lab_pcap_open(path, title, &pcap) != LAB_OK) {
        kit_give_up("cannot open a capture");
    }
    return pcap;
}

static void contents(void)
{
    static const char group[] = "[ff35:30:2001:db8::1]:5683";
    gosc_span outer = kit_hex("50020001 9120 ff0102030405");
    gosc_span inner = kit_hex("50010001 b5 6c69676874");
    lab_addr six = kit_addr("[fd00::2]:5683");
    lab_addr six_group = kit_addr(group);
    lab_addr four = kit_addr("10.0.0.2:5683");
    lab_addr four_to = kit_addr("10.0.0.3:61616");
    lab_pcap *pcap = opened("echo-resync-exact");
    bool good =
        lab_pcap_add(pcap, LAB_PCAP_WIRE, 1234567, &six, &six_group, outer, "first.request") == LAB_OK;
    good = good && lab_pcap_add(pcap, LAB_PCAP_INNER, 1234567, &six, &six_group, inner, NULL) == LAB_OK;
    good = good && lab_pcap_add(pcap, LAB_PCAP_WIRE, UINT64_C(5000000000000), &four, &four_to, GOSC_EMPTY,
                                "x") == LAB_OK;
    bool refused = lab_pcap_add(pcap, LAB_PCAP_WIRE, 1, &six, &four_to, outer, NULL) == LAB_ERR_USAGE;
    tap_ok(good && refused, "three packets are taken, one of two families is not");
    tap_ok(access(path, F_OK) != 0, "until it is closed there is no such file");
    tap_ok(lab_pcap_close(pcap, true) == LAB_OK && load(path), "then there is");

    size_t at = 0;
    block b = {0};
    tap_ok(next_block(&at, &b) && b.type == 0x0a0d0d0a && be32(b.body) == 0x1a2b3c4d &&
               be32(b.body + 4) == 0x00010000 && strcmp(option_find(&b, 16, 1), "echo-resync-exact") == 0,
           "section, version 1.0, with its title");
    static const char *const names[] = {"wire", "inner"};
    for (size_t i = 0; i < 2; i++) {
        bool is = next_block(&at, &b) && b.type == 1 && be32(b.body) == 101U << 16;
        is = is && strcmp(option_find(&b, 8, 2), names[i]) == 0 && strcmp(option_find(&b, 8, 9), "\x06") == 0;
        tap_ok(is, i == 0 ? "interface wire, raw IP, microseconds" : "interface inner, raw IP, microseconds");
    }
    tap_ok(next_block(&at, &b) && packet_is(&b, 0, 1234567, "[fd00::2]:5683", group, outer, "first.request"),
           "outer");
    tap_ok(next_block(&at, &b) && packet_is(&b, 1, 1234567, "[fd00::2]:5683", group, inner, ""), "inner");
    tap_ok(next_block(&at, &b) &&
               packet_is(&b, 0, UINT64_C(5000000000000), "10.0.0.2:5683", "10.0.0.3:61616", GOSC_EMPTY, "x"),
           "empty datagram over IPv4, a time beyond 32 bits");
    tap_ok(!next_block(&at, &b) && at == file_len, "and nothing else");
    (void)remove(path);
    kit_free(outer);
    kit_free(inner);
}

static void limits(void)
{
    static uint8_t much[LAB_DATAGRAM_MAX + 1];
    static char comment[5000];
    memset(comment, 'c', sizeof comment - 1);
    lab_addr six = kit_addr("[fd00::2]:5683");
    lab_pcap *pcap = opened(NULL);
    bool good = lab_pcap_add(pcap, LAB_PCAP_INNER, 1, &six, &six, gosc_span_of(much, LAB_DATAGRAM_MAX),
                             comment) == LAB_OK;
    bool refused = lab_pcap_add(pcap, LAB_PCAP_INNER, 1, &six, &six, gosc_span_of(much, sizeof much), NULL) ==
                   LAB_ERR_USAGE;
    tap_ok(good && refused, "the longest datagram fits, one byte more does not");
    good = lab_pcap_close(pcap, true) == LAB_OK && load(path);
    size_t at = 0;
    block b = {0};
    for (int i = 0; i < 4; i++) {
        good = good && next_block(&at, &b);
    }
    comment[1000] = '\0';
    tap_ok(good && packet_is(&b, 1, 1, "[fd00::2]:5683", "[fd00::2]:5683",
                             gosc_span_of(much, LAB_DATAGRAM_MAX), comment),
           "and is there, with a comment cut to 1,000 bytes");
    (void)remove(path);
}

static void endings(void)
{
    char part[160];
    (void)snprintf(part, sizeof part, "%s.part", path);
    lab_pcap *pcap = opened(NULL);
    tap_ok(lab_pcap_close(pcap, false) == LAB_OK && access(path, F_OK) != 0 && access(part, F_OK) != 0,
           "a capture that is not kept leaves nothing");
    pcap = opened(NULL);
    (void)remove(part);
    errno = 0;
    tap_ok(lab_pcap_close(pcap, true) == LAB_ERR_SYSTEM && errno == ENOENT && access(path, F_OK) != 0,
           "a capture that cannot get its name is an error");
    lab_pcap *none = NULL;
    (void)snprintf(part, sizeof part, "%s/none/x.pcapng", dir);
    tap_ok(lab_pcap_open(part, NULL, &none) == LAB_ERR_SYSTEM && none == NULL, "no such directory");
    static char longest[5000];
    memset(longest, 'a', sizeof longest - 1);
    tap_ok(lab_pcap_open(longest, NULL, &none) == LAB_ERR_USAGE, "a path that is too long");
    if (access("/dev/full", W_OK) == 0) {
        (void)snprintf(part, sizeof part, "%s.part", path);
        if (symlink("/dev/full", part) == 0) {
            pcap = opened(NULL);
            tap_ok(lab_pcap_close(pcap, true) == LAB_ERR_SYSTEM && access(path, F_OK) != 0,
                   "a full disk shows at the end");
        }
    }
}

int main(void)
{
    const char *root = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%s/muster-pcap-%ld",
                   root != NULL && strlen(root) < 30 ? root : "/var/tmp", (long)getpid());
    if (mkdir(dir, 0700) != 0) {
        kit_give_up("no directory for captures");
    }
    (void)snprintf(path, sizeof path, "%s/case.pcapng", dir);
    contents();
    limits();
    endings();
    (void)rmdir(dir);
    return tap_done();
}
