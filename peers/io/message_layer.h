/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CoAP message layer (RFC 7252 sections 4, 5.2, 5.3, 8): Confirmable and Non-confirmable messages,
 * acknowledgements, resets, retransmission, de-duplication, matching of responses to exchanges.
 *
 * A pure state machine: datagrams and the time come in, datagrams go out through `sink`, and the layer says
 * when it wants to be called next. No socket, clock or chance inside. All tables are bounded.
 *
 * A duplicate is a message with the Message ID and the bytes of one received from that peer before. RFC 7252
 * compares Message IDs alone; honest peers make no difference, but a forged copy in another's Message ID
 * must not keep the genuine one from being heard.
 */
#ifndef IO_MESSAGE_LAYER_H
#define IO_MESSAGE_LAYER_H

#include "address.h"

enum {
    IO_DATAGRAM_MAX = 2048, /* bytes of a datagram that is sent */
    IO_LAYER_EXCHANGES = 512,
    IO_LAYER_SEEN = 256,   /* requests and responses remembered for de-duplication */
    IO_LAYER_UNACKED = 64, /* Confirmable messages waiting for their acknowledgement */
    IO_LAYER_SENT = 256,   /* messages a reset may refer to */
};

/* Handles: 0 is none. Owners of the caller's making have the top bit set, those of exchanges have not. */
#define IO_OWNER_BIT UINT32_C(0x80000000)
#define IO_NEVER UINT64_MAX

/* RFC 7252 section 4.8. */
typedef struct io_layer_params {
    uint32_t ack_timeout_ms;
    uint32_t ack_random_percent; /* ACK_RANDOM_FACTOR in hundredths */
    uint32_t max_retransmit;
    uint32_t exchange_lifetime_ms;
    uint32_t non_lifetime_ms;
} io_layer_params;

extern const io_layer_params io_layer_defaults;

/* Takes what the layer sends; the bytes live for the call alone. */
typedef void io_datagram_sink(void *arg, const io_path *path, gosc_span datagram);

typedef enum io_layer_kind {
    IO_LAYER_NOTHING = 0,
    IO_LAYER_REQUEST,   /* answer it with respond, postpone or drop */
    IO_LAYER_RESPONSE,  /* of an exchange that is open */
    IO_LAYER_RESET,     /* the peer rejected a message of `owner` */
    IO_LAYER_TIMEOUT,   /* a Confirmable message of `owner` was never acknowledged */
    IO_LAYER_STRAY,     /* a response to nothing */
    IO_LAYER_MALFORMED, /* no CoAP message, or one that breaks the rules of its type */
} io_layer_kind;

typedef struct io_layer_news {
    io_layer_kind kind;
    bool multicast;    /* REQUEST: came to a group address */
    gosc_coap_pdu pdu; /* REQUEST, RESPONSE, STRAY: into the datagram */
    uint32_t request;  /* REQUEST: handle */
    uint32_t owner;    /* RESPONSE: exchange; RESET, TIMEOUT: exchange or owner */
} io_layer_news;

typedef struct io_layer_exchange {
    uint32_t handle; /* 0: slot is free */
    uint8_t token[GOSC_COAP_TOKEN_MAX];
    uint8_t token_len;
    bool multicast; /* responses come from anywhere */
    bool sent;      /* message_id is that of the request sent last */
    uint16_t message_id;
    io_address peer;
} io_layer_exchange;

typedef enum io_seen_state {
    IO_SEEN_FREE = 0,
    IO_SEEN_PENDING,   /* the caller has the request */
    IO_SEEN_POSTPONED, /* acknowledged, its response will be separate */
    IO_SEEN_WAITING,   /* the response is there and waits for its leisure time */
    IO_SEEN_DONE,
} io_seen_state;

typedef struct io_layer_seen {
    io_seen_state state;
    uint32_t handle;
    bool confirmable;
    bool multicast;
    io_path path;
    uint16_t message_id;
    size_t len;      /* bytes of the datagram */
    uint64_t digest; /* of its bytes */
    uint64_t until_ms;
    uint64_t due_ms;  /* IO_SEEN_WAITING */
    size_t reply_len; /* of io_layer.replies, repeated for duplicates */
} io_layer_seen;

typedef struct io_layer_unacked {
    bool used;
    uint16_t message_id;
    uint32_t owner;
    io_path path;
    uint32_t n_sent;
    uint64_t interval_ms;
    uint64_t due_ms;
    size_t len; /* of io_layer.copies */
} io_layer_unacked;

typedef struct io_layer_sent {
    uint32_t owner; /* 0: slot is free */
    uint16_t message_id;
    io_address peer;
} io_layer_sent;

typedef struct io_layer {
    io_layer_params params;
    io_datagram_sink *sink;
    void *sink_arg;
    uint32_t n_handles;  /* given out, makes every handle new */
    uint16_t message_id; /* next */
    size_t sent_next;
    io_layer_exchange exchanges[IO_LAYER_EXCHANGES];
    io_layer_seen seen[IO_LAYER_SEEN];
    io_layer_unacked unacked[IO_LAYER_UNACKED];
    size_t n_waiting; /* seen, IO_SEEN_WAITING */
    size_t n_unacked;
    io_layer_sent sent[IO_LAYER_SENT];
    /* Bytes apart from what is searched. */
    uint8_t replies[IO_LAYER_SEEN][IO_DATAGRAM_MAX];
    uint8_t copies[IO_LAYER_UNACKED][IO_DATAGRAM_MAX];
} io_layer;

/* io_layer_init starts without memory; first_message_id is chosen by chance (RFC 7252 section 4.4). */
void io_layer_init(io_layer *layer, const io_layer_params *params, uint16_t first_message_id,
                   io_datagram_sink *sink, void *sink_arg);

/*
 * io_layer_open makes a Token known, so that responses are matched.
 *
 * In        peer       address the request goes to; a group address lets responses come from anywhere
 * Out       *exchange  handle, until io_layer_close
 * Errors    GOSC_ERR_USAGE: the Token is in use with that peer; GOSC_ERR_ROOM: table full
 */
GOSC_MUST_USE
gosc_err io_layer_open(io_layer *layer, gosc_span token, const io_address *peer, uint32_t *exchange);

/* io_layer_find gives the handle of the exchange with that Token and peer, 0 when there is none. */
uint32_t io_layer_find(const io_layer *layer, gosc_span token, const io_address *peer);

/* io_layer_close frees the Token; what waits for an acknowledgement is given up. */
void io_layer_close(io_layer *layer, uint32_t exchange);

/*
 * io_layer_request sends a request in an exchange; type and Message ID of the datagram are overwritten.
 *
 * In        random  stretches the first timeout (ACK_RANDOM_FACTOR)
 * Errors    GOSC_ERR_USAGE: Confirmable to a group (RFC 7252 section 8.1), or no such exchange;
 *           GOSC_ERR_ROOM: datagram too long, or too many are unacknowledged
 */
GOSC_MUST_USE
gosc_err io_layer_request(io_layer *layer, uint32_t exchange, const io_path *path, bool confirmable,
                          gosc_buf datagram, uint32_t random, uint64_t now_ms);

/*
 * io_layer_notify sends a further message to a client, unasked: a notification. As io_layer_request
 * otherwise.
 *
 * In        owner  of the caller's making (IO_OWNER_BIT), told when the client rejects or never acknowledges
 * it
 */
GOSC_MUST_USE
gosc_err io_layer_notify(io_layer *layer, uint32_t owner, const io_path *path, bool confirmable,
                         gosc_buf datagram, uint32_t random, uint64_t now_ms);

/* io_layer_cancel gives up what an owner has unacknowledged. */
void io_layer_cancel(io_layer *layer, uint32_t owner);

/*
 * io_layer_respond answers a request: piggybacked while it is not acknowledged, else as a message of its own
 * of the same type; after random % (leisure_ms + 1) when the request came by multicast (RFC 7252
 * section 8.2).
 *
 * In        local     address of ours to answer from: never a group
 *           datagram  with the Token of the request; type and Message ID are overwritten
 * Errors    GOSC_ERR_USAGE: no such request, or answered already; GOSC_ERR_ROOM
 */
GOSC_MUST_USE
gosc_err io_layer_respond(io_layer *layer, uint32_t request, const io_address *local, gosc_buf datagram,
                          uint32_t leisure_ms, uint32_t random, uint64_t now_ms);

/* io_layer_postpone acknowledges a Confirmable request whose response takes longer (RFC 7252 section 5.2.2).
 */
void io_layer_postpone(io_layer *layer, uint32_t request);

/* io_layer_drop: there will be no response. A Confirmable request is acknowledged, so that it is not
 * repeated. */
void io_layer_drop(io_layer *layer, uint32_t request);

/* io_layer_reject sends a reset where a request deserves one: Confirmable and by unicast. */
void io_layer_reject(io_layer *layer, uint32_t request);

/* io_layer_receive takes a datagram in. Spans of the news point into it. */
void io_layer_receive(io_layer *layer, const io_path *path, gosc_span datagram, uint64_t now_ms,
                      io_layer_news *news);

/* io_layer_tick does what is due. True: there is news, call it again. */
bool io_layer_tick(io_layer *layer, uint64_t now_ms, io_layer_news *news);

/* io_layer_next_ms says when it wants to be called; IO_NEVER. */
uint64_t io_layer_next_ms(const io_layer *layer);

#endif
