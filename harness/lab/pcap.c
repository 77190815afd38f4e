/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ip.h"

/* draft-ietf-opsawg-pcapng: block types and options; the section is big-endian. */
enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    LINKTYPE_RAW = 101,
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_IF_NAME = 2,
    OPTION_IF_TSRESOL = 9,
    OPTION_USERAPPL = 4,
    MICROSECONDS = 6,
    COMMENT_MAX = 1000,
    PATH_ROOM = 4096,
};

struct lab_pcap {
    FILE *file;
    bool failed;
    char path[PATH_ROOM];
    char part[PATH_ROOM + 8];
    uint8_t block[LAB_IP_MAX + COMMENT_MAX + 256];
};

static void pad(gosc_writer *writer)
{
    while ((writer->next - writer->start) % 4 != 0) {
        gosc_write_u8(writer, 0);
    }
}

static void option_write(gosc_writer *writer, uint16_t code, gosc_span value)
{
    gosc_write_be(writer, code, 2);
    gosc_write_be(writer, value.len, 2);
    gosc_write_bytes(writer, value);
    pad(writer);
}

static void text_option_write(gosc_writer *writer, uint16_t code, const char *text)
{
    if (text != NULL) {
        size_t len = strlen(text);
        option_write(writer, code, gosc_span_of(text, len < COMMENT_MAX ? len : COMMENT_MAX));
    }
}

static gosc_writer block_begin(lab_pcap *pcap, uint32_t type)
{
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){pcap->block, sizeof pcap->block});
    gosc_write_be(&writer, type, 4);
    gosc_write_be(&writer, 0, 4); /* length: block_end */
    return writer;
}

/* block_end ends the options, writes the length at both ends, and the block to the file. */
static void block_end(lab_pcap *pcap, gosc_writer *writer)
{
    option_write(writer, OPTION_END, GOSC_EMPTY);
    size_t len = (size_t)(writer->next - writer->start) + 4;
    gosc_write_be(writer, len, 4);
    gosc_writer head;
    gosc_writer_init(&head, (gosc_buf){pcap->block + 4, 4});
    gosc_write_be(&head, len, 4);
    if (writer->failed || fwrite(pcap->block, 1, len, pcap->file) != len) {
        pcap->failed = true;
    }
}

static void section_write(lab_pcap *pcap, const char *title)
{
    gosc_writer writer = block_begin(pcap, BLOCK_SECTION);
    gosc_write_be(&writer, BYTE_ORDER_MAGIC, 4);
    gosc_write_be(&writer, 1, 2); /* version 1.0 */
    gosc_write_be(&writer, 0, 2);
    gosc_write_be(&writer, UINT64_MAX, 8); /* length of the section: not said */
    text_option_write(&writer, OPTION_COMMENT, title);
    text_option_write(&writer, OPTION_USERAPPL, "muster");
    block_end(pcap, &writer);
}

static void interface_write(lab_pcap *pcap, const char *name)
{
    const uint8_t resolution = MICROSECONDS;
    gosc_writer writer = block_begin(pcap, BLOCK_INTERFACE);
    gosc_write_be(&writer, LINKTYPE_RAW, 2);
    gosc_write_be(&writer, 0, 2);
    gosc_write_be(&writer, 0, 4); /* packets are never cut */
    text_option_write(&writer, OPTION_IF_NAME, name);
    option_write(&writer, OPTION_IF_TSRESOL, gosc_span_of(&resolution, 1));
    block_end(pcap, &writer);
}

lab_err lab_pcap_open(const char *path, const char *title, lab_pcap **pcap)
{
    if (strlen(path) >= PATH_ROOM) {
        return LAB_ERR_USAGE;
    }
    lab_pcap *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return LAB_ERR_MEMORY;
    }
    memcpy(p->path, path, strlen(path) + 1);
    (void)snprintf(p->part, sizeof p->part, "%s.part", path);
    p->file = fopen(p->part, "wbe");
    if (p->file == NULL) {
        int err = errno;
        free(p);
        errno = err;
        return LAB_ERR_SYSTEM;
    }
    section_write(p, title);
    interface_write(p, "wire");
    interface_write(p, "inner");
    *pcap = p;
    return LAB_OK;
}

lab_err lab_pcap_add(lab_pcap *pcap, lab_pcap_interface interface, uint64_t at_us, const lab_addr *from,
                     const lab_addr *to, gosc_span bytes, const char *comment)
{
    gosc_writer writer = block_begin(pcap, BLOCK_PACKET);
    gosc_write_be(&writer, interface, 4);
    gosc_write_be(&writer, at_us, 8);
    uint8_t *lengths = gosc_write_room(&writer, 8);
    size_t len = 0;
    gosc_buf room = {writer.next, LAB_IP_MAX};
    if (lengths == NULL || !lab_ip_wrap(from, to, bytes, room, &len)) {
        return LAB_ERR_USAGE;
    }
    (void)gosc_write_room(&writer, len);
    gosc_writer both;
    gosc_writer_init(&both, (gosc_buf){lengths, 8});
    gosc_write_be(&both, len, 4);
    gosc_write_be(&both, len, 4);
    pad(&writer);
    text_option_write(&writer, OPTION_COMMENT, comment);
    block_end(pcap, &writer);
    return LAB_OK;
}

lab_err lab_pcap_close(lab_pcap *pcap, bool keep)
{
    bool good = fclose(pcap->file) == 0 && !pcap->failed;
    int err = errno;
    if (keep && good && rename(pcap->part, pcap->path) != 0) {
        err = errno;
        good = false;
    }
    if (!keep || !good) {
        (void)remove(pcap->part);
    }
    free(pcap);
    errno = err;
    return good || !keep ? LAB_OK : LAB_ERR_SYSTEM;
}
