/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CoAP endpoint protected by OSCORE and Group OSCORE: groups with their Security Contexts, requests and
 * their responses, Echo, Observe, block-wise transfer, rekeying, loss of state. Datagrams, the time and
 * chance come from outside.
 */
#ifndef IO_ENDPOINT_H
#define IO_ENDPOINT_H

#include "message_layer.h"
#include "options.h"
#include "random.h"
#include "state_db.h"

enum {
    IO_NAME_MAX = 65, /* characters of the name of a group or an exchange, with the closing zero */
    IO_ADDRESSES_MAX = 8,

    IO_ROLE_CLIENT = 1,
    IO_ROLE_SERVER = 2,
    IO_ROLE_SILENT = 4, /* processes requests, never protects a response */

    IO_MULTICAST_OPEN_MS = 2000,
    IO_UNICAST_OPEN_MS = 247000,
};

typedef struct io_endpoint io_endpoint;
typedef struct io_group io_group;

/* Choices of the one who runs the endpoint (interop/PROTOCOL.md, "policy"). */
typedef struct io_policy {
    uint32_t leisure_ms;
    bool echo;            /* challenge a client that must show freshness; else its request is discarded */
    bool retry_echo;      /* answer a challenge */
    bool error_replies;   /* unprotected errors to unicast requests that do not verify */
    uint32_t exchange_ms; /* how long an exchange by multicast is open */
    bool rederive;        /* RFC 8613 Appendix B.2 after loss of state (oscore) */
    unsigned suppress; /* classes of response never sent to multicast requests: bits 1 << 2, 1 << 4, 1 << 5 */
} io_policy;

extern const io_policy io_policy_defaults;

/* A Security Context for the endpoint, which calls release when it is done with it. */
typedef struct io_security_grant {
    gosc_security_context *context;
    size_t longest_credential; /* bytes */
    void (*release)(void *arg);
    void *arg;
} io_security_grant;

typedef enum io_event_kind {
    IO_EVENT_DELIVERED,
    IO_EVENT_RESPONSE,
    IO_EVENT_CHALLENGED,
    IO_EVENT_REJECTED,
    IO_EVENT_CLOSED,
    IO_EVENT_NOTE,
} io_event_kind;

/* Something that happened; everything in it lives for the call alone. */
typedef struct io_event {
    io_event_kind kind;
    const char *group;    /* NULL: none, or not known */
    const char *exchange; /* NULL: none */
    const char *text;     /* REJECTED: reason; CLOSED: why; NOTE: text; DELIVERED: path */
    gosc_span kid;        /* absent: not known */
    const char *mode;     /* NULL, "group", "pairwise" */
    bool has_partial_iv;
    gosc_partial_iv partial_iv;
    bool multicast;
    bool is_protected;
    io_address from;
    uint8_t code;
    gosc_span options; /* encoded */
    gosc_span payload; /* absent: none */
} io_event;

typedef void io_event_sink(void *arg, const io_event *event);

/* The application behind a server. */
typedef struct io_app_request {
    uint8_t code;
    const char *path;
    gosc_span options;
    gosc_span payload;
    bool in_group;     /* came protected by Group OSCORE */
    const char *group; /* the name of the group it came through; NULL: none */
    bool is_plain;     /* came without any protection */
    gosc_span own_id;  /* our Sender ID there; absent: none */
} io_app_request;

typedef struct io_app_answer {
    uint8_t code;
    bool has_format;
    uint16_t format; /* Content-Format */
    bool has_max_age;
    uint32_t max_age;  /* seconds */
    gosc_span etag;    /* absent: none */
    gosc_span payload; /* lives until the next call of the application */
    bool observable;
    bool nothing;      /* to say: silence where the request came by multicast (RFC 7252 section 8.2) */
    uint32_t delay_ms; /* the response comes later, as a message of its own */
} io_app_answer;

typedef void io_app(void *arg, const io_app_request *request, io_app_answer *answer);

typedef struct io_endpoint_params {
    io_layer_params layer;
    io_random *random;
    io_datagram_sink *datagram;
    io_event_sink *event;
    io_app *app;
    void *arg; /* of datagram, event and app */
} io_endpoint_params;

/* io_endpoint_new: NULL when there is no memory. */
io_endpoint *io_endpoint_new(const io_endpoint_params *params);
/* io_endpoint_renumber chooses the next Message ID by chance again: when the source of chance has changed. */
void io_endpoint_renumber(io_endpoint *endpoint);
/* io_endpoint_free makes state durable and gives all Security Contexts back. */
void io_endpoint_free(io_endpoint *endpoint);

typedef struct io_group_params {
    const char *name;
    unsigned roles;
    io_policy policy;
    io_address addresses[IO_ADDRESSES_MAX]; /* to send from; the first of the right family is taken */
    size_t n_addresses;
    const gosc_context_params
        *rederive; /* what Appendix B.2 begins with, as long as the group lives; NULL: not done */
    gosc_span rederive_recipient; /* the other end */
    io_state_db *keep;            /* NULL: numbers are kept in memory only */
} io_group_params;

/* Calls that take a request of a user give NULL, or a word or line that says why not. */

/* io_endpoint_group_add takes a group in. A known Sender Context goes on where it stopped, with invalid
 * windows. The grant is taken only on success. */
const char *io_endpoint_group_add(io_endpoint *endpoint, const io_group_params *params,
                                  const io_security_grant *grant);

io_group *io_endpoint_group_find(io_endpoint *endpoint, const char *name);

/* io_group_context gives the newest Security Context, NULL when the group lost all. */
gosc_security_context *io_group_context(const io_group *group);
/* io_group_n_contexts counts the Security Contexts the group ever had. */
uint32_t io_group_n_contexts(const io_group *group);

typedef struct io_send {
    const char *exchange; /* name */
    io_group *group;
    io_address to;
    bool plain; /* without any protection */
    bool group_mode;
    gosc_span target; /* Recipient ID; absent: none */
    bool confirmable;
    uint8_t method;
    const char *path;
    const io_options *options; /* beside those of path and observe */
    bool has_observe;
    uint32_t observe;  /* 0 registers, 1 cancels */
    gosc_span payload; /* absent: none */
    gosc_span token;   /* absent: chosen here */
    bool has_open_ms;
    uint64_t open_ms;
} io_send;

/* io_endpoint_send protects and sends a request. Out: the Token. */
const char *io_endpoint_send(io_endpoint *endpoint, const io_send *send, uint8_t token[GOSC_COAP_TOKEN_MAX],
                             size_t *token_len);

/* io_endpoint_finish closes an exchange early. */
const char *io_endpoint_finish(io_endpoint *endpoint, const char *exchange);

/* io_endpoint_notify tells observers of a resource that it changed. */
size_t io_endpoint_notify(io_endpoint *endpoint, io_group *group, const char *path);

/* io_endpoint_rekey installs a new Security Context; the one before serves running exchanges, and receives
 * for grace_ms. */
const char *io_endpoint_rekey(io_endpoint *endpoint, io_group *group, const io_security_grant *grant,
                              uint64_t grace_ms);

/* io_endpoint_forget loses Recipient Contexts, observers and what else RAM held but the Sender Sequence
 * Number; or everything that varies: then nothing is protected or accepted until io_endpoint_rekey. */
void io_endpoint_forget(io_endpoint *endpoint, io_group *group, bool everything);

/* io_endpoint_datagram takes a datagram in; path->local may be a group address. */
void io_endpoint_datagram(io_endpoint *endpoint, const io_path *path, gosc_span datagram, uint64_t now_ms);

/* io_endpoint_tick does what is due, io_endpoint_next_ms says when something will be (IO_NEVER). */
void io_endpoint_tick(io_endpoint *endpoint, uint64_t now_ms);
uint64_t io_endpoint_next_ms(const io_endpoint *endpoint);

#endif
