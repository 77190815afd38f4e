/* SPDX-License-Identifier: BSD-2-Clause */
/* What an endpoint keeps, and the calls its three files share (not for users of the endpoint). */
#ifndef IO_ENDPOINT_STATE_H
#define IO_ENDPOINT_STATE_H

#include "endpoint.h"

enum {
    IO_ASKS_MAX = 256,
    IO_LEGS_MAX = 512,
    IO_OBSERVERS_MAX = 64,
    IO_DELAYED_MAX = 64,
    IO_UPLOADS_MAX = 16,
    IO_BODY_MAX = 65536,    /* bytes put together from blocks */
    IO_IN_MAX = 65536,      /* bytes of a datagram that came in */
    IO_BLOCK_EXPONENT = 5,  /* 512 bytes */
    IO_OUTERS_MAX = 4,      /* protected requests that arrive in outer blocks at a time */
    IO_OUTER_MAX = 4096,    /* MAX_UNFRAGMENTED_SIZE (RFC 8613 section 4.1.3.4.2): bytes of payload */
    IO_ALIVE_MS = 86400000, /* a client that observes must show itself that often (RFC 7641 section 4.5) */
    IO_RENEW_MS = 21600000, /* how often an observation is registered anew (Group OSCORE -28 section 5.2) */
    IO_CHALLENGES_MAX = 3,  /* answered in one exchange with one server, lest two ends play for ever */
};

/* A Security Context and how long it is good for. */
typedef struct io_security {
    struct io_security *older; /* of the same group */
    io_security_grant grant;
    io_ssn_keeper keeper;
    uint64_t receive_until_ms; /* IO_NEVER: the newest */
    bool is_renamed;           /* our Sender ID is not the one we had before: who hears us is told it */
} io_security;

struct io_group {
    struct io_group *next;
    char name[IO_NAME_MAX];
    io_group_params params; /* name points to the above */
    io_security *newest;    /* NULL: all was lost */
    struct io_run *run;     /* of Appendix B.2; NULL: not done here */
    uint32_t n_contexts;    /* ever installed */
    /* An Echo that came with an answer, for the next request to that server (E-2.3-07). */
    io_address echo_of;
    uint8_t echo[GOSC_ECHO_MAX];
    size_t echo_len;
};

/* A request as its user gave it: all that is sent for it is one exchange to the user. */
typedef struct io_ask {
    bool used;
    char name[IO_NAME_MAX];
    io_group *group;
    uint8_t method;
    bool plain; /* sent without protection */
    bool has_observe;
    uint32_t observe;
    bool answered;
    uint64_t open_ms; /* IO_NEVER: as long as it takes */
    uint8_t *options; /* encoded, without Observe */
    size_t options_len;
    uint8_t *payload;
    size_t payload_len;
    bool has_payload;
} io_ask;

/* A protected message that comes in outer blocks. */
typedef struct io_outer {
    uint8_t *body; /* NULL: none is under way */
    size_t len;
    io_address peer;
    uint8_t option[GOSC_OPTION_VALUE_MAX]; /* the OSCORE option, the same in each block */
    size_t option_len;
    uint64_t touched_ms;
} io_outer;

/* One request on the wire and the responses to it; replaced by the next when blocks or a challenge follow. */
typedef struct io_leg {
    bool used;
    uint8_t run_step; /* of Appendix B.2: 1 or 2 is the request sent last; 0: none */
    io_ask *ask;
    uint32_t handle; /* of the message layer; a cancellation shares that of the registration */
    io_path path;
    bool multicast;
    bool confirmable;
    bool group_mode;
    bool has_target;
    gosc_id target;
    uint64_t until_ms;
    uint64_t renew_ms; /* when its observation is registered anew; 0: never */
    gosc_exchange exchange;
    uint32_t n_challenges;
    uint8_t echo[GOSC_ECHO_MAX]; /* to send with the next request */
    size_t echo_len;
    io_block block1; /* of the request sent last */
    io_block block2; /* to ask for */
    uint8_t etag[8];
    size_t etag_len;
    uint8_t *body; /* put together from Block2 */
    size_t body_len;
    uint8_t *sent; /* unicast: as it went out, to ask for outer blocks */
    size_t sent_len;
    io_outer outer;
} io_leg;

typedef struct io_observer {
    uint32_t owner; /* 0: slot is free */
    io_group *group;
    io_path path;
    bool confirmable;
    char resource[IO_PATH_MAX];
    uint64_t options;  /* digest of those of the registration */
    uint64_t asked_ms; /* when the client was last asked to acknowledge */
    gosc_exchange exchange;
} io_observer;

/* A response that waits for its time. */
typedef struct io_delayed {
    bool used;
    uint64_t due_ms;
    uint32_t request; /* of the message layer */
    io_group *group;
    io_path path;
    gosc_exchange exchange;
    size_t len;
    uint8_t plain[IO_DATAGRAM_MAX];
} io_delayed;

/* A body that comes in blocks. */
typedef struct io_upload {
    uint8_t *body; /* NULL: slot is free */
    size_t len;
    const gosc_security_context *context;
    gosc_id kid;
    char resource[IO_PATH_MAX];
    uint8_t tag[64]; /* Request-Tag options, encoded */
    size_t tag_len;
    uint64_t touched_ms;
} io_upload;

struct io_endpoint {
    io_endpoint_params params;
    uint64_t now_ms;
    uint32_t observe_number; /* of the next notification */
    io_group *groups;
    io_layer layer;
    io_ask asks[IO_ASKS_MAX];
    io_leg legs[IO_LEGS_MAX];
    size_t n_legs; /* in use: while it is 0 nobody need look */
    io_observer observers[IO_OBSERVERS_MAX];
    io_delayed delayed[IO_DELAYED_MAX];
    size_t n_delayed;
    io_upload uploads[IO_UPLOADS_MAX];
    io_outer outers[IO_OUTERS_MAX];
    gosc_security_context **store; /* room for all contexts */
    size_t store_room;
    uint8_t *scratch;
    size_t scratch_len;
    uint8_t plain[IO_DATAGRAM_MAX];
    uint8_t wire[2 * IO_DATAGRAM_MAX];
    uint8_t opened[IO_IN_MAX + 16];
};

/* What came in: the datagram, its way, and what the message layer made of it. */
typedef struct io_incoming {
    io_path path;
    gosc_span datagram;
    io_layer_news news;
} io_incoming;

/* io_event_of begins an event about a group (NULL: none). */
io_event io_event_of(io_event_kind kind, const io_group *group);
void io_event_tell(io_endpoint *endpoint, const io_event *event);
/* io_rejected tells that a datagram was not accepted. */
void io_rejected(io_endpoint *endpoint, const io_incoming *in, const io_group *group, const io_ask *ask,
                 const char *reason);

/* io_event_received fills in who sent a verified message, and how. */
void io_event_received(io_event *event, const gosc_received *received, const io_address *from);

/* io_store_of gathers the contexts that receive now, newest first, of the groups that have one of the roles.
 */
gosc_context_store io_store_of(io_endpoint *endpoint, unsigned roles);
/* io_security_of finds whose a Security Context is; NULL: it is gone. */
io_security *io_security_of(io_endpoint *endpoint, const gosc_security_context *context, io_group **group);
/* io_body_new gives room for a body in blocks (IO_BODY_MAX bytes), to be given back with free; NULL: no
 * memory. */
uint8_t *io_body_new(void);
/* io_scratch makes sure that a message of that length can be processed. */
gosc_buf io_scratch(io_endpoint *endpoint, size_t message_len);

/* io_local_for gives the address a group sends from towards a peer; false: none of that family. */
bool io_local_for(const io_endpoint *endpoint, const io_group *group, const io_address *peer,
                  io_address *local);

/* Client: legs. */

/* io_leg_new: NULL when there are too many. */
io_leg *io_leg_new(io_endpoint *endpoint, io_ask *ask);
/* io_leg_release frees the Token of a leg, unless another leg has it too (registration and cancellation). */
void io_leg_release(io_endpoint *endpoint, io_leg *leg);
/* io_leg_close ends a leg, and the user's exchange with the last one. */
void io_leg_close(io_endpoint *endpoint, io_leg *leg, const char *why);
/* io_leg_transmit sends the next request of a leg, in an exchange of its own but for a cancellation; token
 * absent: chosen here. NULL, or why not. */
const char *io_leg_transmit(io_endpoint *endpoint, io_leg *leg, gosc_span token);
/* io_leg_until: when a leg's time is over, should it begin now. */
uint64_t io_leg_until(const io_endpoint *endpoint, const io_leg *leg);

/* io_leg_carry_on sends the next request of a leg; should that fail, the leg has failed. */
void io_leg_carry_on(io_endpoint *endpoint, io_leg *leg);

/* Appendix B.2 of RFC 8613. */

typedef struct io_run io_run;

/* io_run_renew forgets what a run came to so far; false: no memory. */
bool io_run_renew(io_group *group);
void io_run_drop(io_group *group);
/* io_run_protect protects request 1 or 2 into endpoint->wire. NULL, or why not. */
const char *io_run_protect(io_endpoint *endpoint, io_leg *leg, gosc_span plain, size_t *len);
/* io_run_response verifies response 1, and sends request 2; or response 2 (*is_final), and installs the context. */
gosc_err io_run_response(io_endpoint *endpoint, io_leg *leg, const io_incoming *in, gosc_received *received,
                         bool *is_final);

typedef enum io_run_result {
    IO_RUN_NONE,     /* it was none of a run */
    IO_RUN_ANSWERED, /* request 1 */
    IO_RUN_REQUEST,  /* request 2: its context is installed, it is to be processed */
} io_run_result;

/* io_run_request takes a request that no context fits. */
io_run_result io_run_request(io_endpoint *endpoint, const io_incoming *in, gosc_exchange *exchange,
                             gosc_received *received, io_group **found);

void io_client_receive(io_endpoint *endpoint, const io_incoming *in);
void io_client_failed(io_endpoint *endpoint, uint32_t handle, const char *why);
void io_client_tick(io_endpoint *endpoint);
uint64_t io_client_next_ms(const io_endpoint *endpoint);
/* io_client_drop ends all exchanges of a group. */
void io_client_drop(io_endpoint *endpoint, const io_group *group, const char *why);
/* io_client_grow gives running exchanges room for the servers of a new context; false: no memory. */
bool io_client_grow(io_endpoint *endpoint, const io_group *group);
bool io_client_uses(const io_endpoint *endpoint, const gosc_security_context *context);
/* io_client_scrub forgets Response Numbers under a context that goes away. */
void io_client_scrub(io_endpoint *endpoint, const gosc_security_context *context);

/* Server: responses. */

/*
 * io_response_protect protects endpoint->plain into endpoint->wire under the newest context (oscore and
 * group-02: under that of the request); 0: it cannot be done.
 */
size_t io_response_protect(io_endpoint *endpoint, io_group *group, gosc_exchange *exchange, gosc_span plain,
                           bool own_partial_iv);
/* io_response_write makes an unprotected response in endpoint->plain; absent: it does not fit. */
gosc_span io_response_write(io_endpoint *endpoint, gosc_span token, uint8_t code, const io_options *options,
                            gosc_span payload);
/* io_response_send hands len bytes in endpoint->wire to the message layer (0: there is nothing to say); from
 * an address of ours, never from a group. */
void io_response_send(io_endpoint *endpoint, const io_group *group, const io_path *path, uint32_t request,
                      size_t len);
/* io_refuse tells that a request was not accepted, and says so to the client where text and policy allow it.
 */
void io_refuse(io_endpoint *endpoint, const io_incoming *in, gosc_err err);

/* io_upload_take takes a block of a body. Gives the code to answer with; 0: the body is whole, until
 * io_upload_end. */
uint8_t io_upload_take(io_endpoint *endpoint, const gosc_security_context *context, const gosc_id *kid,
                       const char *path, const gosc_coap_pdu *pdu, const io_block *block, io_upload **upload);
void io_upload_end(io_upload *upload);

/* Outer blocks: io_outer_request and io_outer_response take what came in, and hand on what is whole to
 * io_server_receive and io_client_receive. */
void io_outer_request(io_endpoint *endpoint, io_incoming *in);
void io_outer_response(io_endpoint *endpoint, io_incoming *in);
void io_outer_end(io_outer *outer);

/* Server. */
void io_server_receive(io_endpoint *endpoint, const io_incoming *in);
/* io_server_gone: the client rejected a message, or never acknowledged it. */
void io_server_gone(io_endpoint *endpoint, uint32_t owner);
void io_server_tick(io_endpoint *endpoint);
uint64_t io_server_next_ms(const io_endpoint *endpoint);
void io_server_drop(io_endpoint *endpoint, const io_group *group);
/* io_server_end_observations forgets the observers of a group. */
void io_server_end_observations(io_endpoint *endpoint, const io_group *group);
/* io_server_scrub forgets what began under a context that goes away. */
void io_server_scrub(io_endpoint *endpoint, const gosc_security_context *context);
bool io_server_uses(const io_endpoint *endpoint, const gosc_security_context *context);

#endif
