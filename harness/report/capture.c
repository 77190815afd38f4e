/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture.h"

#include <errno.h>
#include <string.h>

#include "lab/addr.h"
#include "lab/pcap.h"

enum {
    DATAGRAM_MAX = 65536,
};

/* A message under construction. */
typedef struct message {
    uint8_t *bytes;
    size_t len;
    bool full;
} message;

static void put(message *m, gosc_span bytes)
{
    if (bytes.len > DATAGRAM_MAX - m->len) {
        m->full = true;
        return;
    }
    if (bytes.len > 0) {
        memcpy(m->bytes + m->len, bytes.ptr, bytes.len);
        m->len += bytes.len;
    }
}

static void put_byte(message *m, size_t value)
{
    uint8_t byte = (uint8_t)value;
    put(m, gosc_span_of(&byte, 1));
}

/* nibble gives the four bits for a delta or length (RFC 7252 section 3.1). */
static size_t nibble(size_t value)
{
    return value < 13 ? value : value < 269 ? 13 : 14;
}

static void put_extended(message *m, size_t value)
{
    if (nibble(value) == 13) {
        put_byte(m, value - 13);
    } else if (nibble(value) == 14) {
        put_byte(m, (value - 269) >> 8);
        put_byte(m, (value - 269) & 255);
    }
}

static bool put_options(vec_arena *arena, message *m, const json_t *options)
{
    size_t before = 0;
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *pair = json_array_get(options, i);
        const json_int_t number = json_integer_value(json_array_get(pair, 0));
        const char *hex = json_string_value(json_array_get(pair, 1));
        gosc_span value;
        if (hex == NULL || !vec_hex_parse(arena, hex, strlen(hex), &value) || number < (json_int_t)before ||
            number > 65535 || value.len > 65535) {
            return false;
        }
        size_t delta = (size_t)number - before;
        put_byte(m, nibble(delta) << 4 | nibble(value.len));
        put_extended(m, delta);
        put_extended(m, value.len);
        put(m, value);
        before = (size_t)number;
    }
    return true;
}

/* inner_build makes the decrypted message: the outer header with the inner code. */
static bool inner_build(vec_arena *arena, const json_t *entry, gosc_span outer, message *m)
{
    const json_t *inner = json_object_get(entry, "inner");
    const char *code = vec_get_text(inner, "code");
    size_t token_len = outer.len >= 4 ? outer.ptr[0] & 15U : 0;
    if (code == NULL || strlen(code) != 4 || outer.len < 4 + token_len) {
        return false;
    }
    put(m, gosc_span_of(outer.ptr, 1));
    put_byte(m, (size_t)((code[0] - '0') << 5 | ((code[2] - '0') * 10 + (code[3] - '0'))));
    put(m, gosc_span_of(outer.ptr + 2, 2 + token_len));
    gosc_span payload = vec_get_hex(arena, inner, "payload");
    if (!put_options(arena, m, json_object_get(inner, "options"))) {
        return false;
    }
    if (payload.len > 0) {
        put_byte(m, 0xff);
        put(m, payload);
    }
    return !m->full;
}

/* add writes one packet; what cannot be put into IP (addresses of different families) is left out. */
static void add(vec_arena *arena, lab_pcap *pcap, const json_t *entry)
{
    lab_addr from, to;
    const char *src = vec_get_text(entry, "src");
    const char *dst = vec_get_text(entry, "dst");
    const char *name = vec_get_text(entry, "name");
    gosc_span data = vec_get_hex(arena, entry, "data");
    if (src == NULL || dst == NULL || !lab_addr_parse(src, &from) || !lab_addr_parse(dst, &to)) {
        return;
    }
    uint64_t at_us = (uint64_t)vec_get_int(entry, "t", 0) * 1000;
    const char *by = vec_get_text(entry, "by");
    const char *comment =
        vec_printf(arena, "packet %lld%s%s by %s", (long long)vec_get_int(entry, "packet", 0),
                   name != NULL ? " " : "", name != NULL ? name : "", by != NULL ? by : "?");
    message inner = {.bytes = vec_alloc(arena, DATAGRAM_MAX)};
    if (lab_pcap_add(pcap, LAB_PCAP_WIRE, at_us, &from, &to, data, comment) == LAB_OK &&
        inner_build(arena, entry, data, &inner) &&
        lab_pcap_add(pcap, LAB_PCAP_INNER, at_us, &from, &to, gosc_span_of(inner.bytes, inner.len),
                     comment) != LAB_OK) {
        inner.full = true; /* too large for IP: the wire shows it */
    }
}

bool rep_capture_write(const obs_log *log, const char *title, const char *path)
{
    lab_pcap *pcap;
    lab_err err = lab_pcap_open(path, title, &pcap);
    if (err != LAB_OK) {
        errno = err == LAB_ERR_MEMORY ? ENOMEM : err == LAB_ERR_USAGE ? ENAMETOOLONG : errno;
        return false;
    }
    for (size_t i = 0; i < json_array_size(log->entries); i++) {
        const json_t *entry = json_array_get(log->entries, i);
        if (vec_get_is(entry, "ev", "packet")) {
            vec_arena arena = {NULL};
            add(&arena, pcap, entry);
            vec_arena_free(&arena);
        }
    }
    return lab_pcap_close(pcap, true) == LAB_OK;
}
