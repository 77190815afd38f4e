/* SPDX-License-Identifier: BSD-2-Clause */
/* Two message layers for tests, a client's and a server's, and what they have sent. */
#ifndef MUSTER_LAYERS_H
#define MUSTER_LAYERS_H

#include "message_layer.h"

#include <string.h>

#include "bytes.h"
#include "tap.h"

enum {
    SENT_MAX = 64,
};

typedef struct sent {
    io_path path;
    size_t len;
    uint8_t bytes[64];
} sent;

/* What a layer has sent. */
typedef struct wire {
    sent all[SENT_MAX];
    size_t n;
} wire;

static inline void wire_take(void *arg, const io_path *path, gosc_span datagram)
{
    wire *w = arg;
    sent *one = &w->all[w->n < SENT_MAX ? w->n : SENT_MAX - 1];
    w->n++;
    one->path = *path;
    one->len = datagram.len < sizeof one->bytes ? datagram.len : sizeof one->bytes;
    memcpy(one->bytes, datagram.ptr, one->len);
}

static inline io_address address(const char *text)
{
    io_address made;
    if (!io_address_parse(text, &made)) {
        printf("Bail out! no address: %s\n", text);
        exit(EXIT_FAILURE);
    }
    return made;
}

#define CLIENT address("[fd00::1]:5683")
#define SERVER address("[fd00::2]:5683")
#define OTHER address("[fd00::3]:5683")
#define ALL address("[ff35::1]:5683")

static inline io_path path_of(io_address local, io_address peer)
{
    return (io_path){local, peer};
}

/* The layers are large: one pair for all tests. */
static io_layer client;
static io_layer server;
static wire client_wire;
static wire server_wire;

static inline void fresh(void)
{
    client_wire.n = 0;
    server_wire.n = 0;
    io_layer_init(&client, &io_layer_defaults, 0x1000, wire_take, &client_wire);
    io_layer_init(&server, &io_layer_defaults, 0x2000, wire_take, &server_wire);
}

/* A message of four bytes and a Token of one. */
static inline gosc_buf message(uint8_t room[8], uint8_t type, uint8_t code, uint16_t message_id,
                               uint8_t token)
{
    const uint8_t bytes[5] = {(uint8_t)(0x41 | type << 4), code, (uint8_t)(message_id >> 8),
                              (uint8_t)message_id, token};
    memcpy(room, bytes, sizeof bytes);
    return (gosc_buf){room, sizeof bytes};
}

static inline gosc_span as_span(gosc_buf buf)
{
    return gosc_span_of(buf.ptr, buf.len);
}

static inline io_layer_news hear(io_layer *layer, io_address local, io_address peer, gosc_span datagram,
                                 uint64_t now_ms)
{
    io_layer_news news;
    const io_path path = path_of(local, peer);
    io_layer_receive(layer, &path, datagram, now_ms, &news);
    return news;
}

static inline uint32_t open_to(io_layer *layer, uint8_t token, io_address peer)
{
    uint32_t handle = 0;
    return io_layer_open(layer, gosc_span_of(&token, 1), &peer, &handle) == GOSC_OK ? handle : 0;
}

static inline gosc_err ask(uint32_t handle, io_address peer, bool confirmable, uint8_t token, uint32_t random,
                           uint64_t now_ms)
{
    uint8_t room[8];
    const io_path path = path_of(CLIENT, peer);
    return io_layer_request(&client, handle, &path, confirmable, message(room, 0, GOSC_CODE_GET, 0, token),
                            random, now_ms);
}

static inline bool sent_is(const wire *w, size_t index, const char *hex)
{
    gosc_span bytes = bytes_hex(hex);
    bool is = index < w->n && gosc_span_equal(gosc_span_of(w->all[index].bytes, w->all[index].len), bytes);
    bytes_free(bytes);
    return is;
}

#endif
