/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One endpoint as the vectors drive it: Security Contexts, newest first, and exchanges by name, over the
 * calls of gosc.h.
 */
#ifndef VEC_ENDPOINT_H
#define VEC_ENDPOINT_H

#include "context_read.h"

typedef struct vec_exchange {
    struct vec_exchange *older;
    const char *name; /* NULL: without */
    gosc_exchange exchange;
    gosc_span request; /* the protected request */
} vec_exchange;

typedef struct vec_endpoint {
    vec_arena *arena;                 /* everything an endpoint has lives here */
    gosc_security_context **contexts; /* newest first; all but the first serve running exchanges only */
    size_t n_contexts;
    vec_exchange *exchanges;   /* newest first */
    size_t longest_credential; /* bytes */
    size_t n_servers;          /* that may answer one request */
} vec_endpoint;

/* How a message is to be protected; `mode` as in the vectors (NULL where the dialect has no modes). */
typedef struct vec_seal {
    const char *mode;
    gosc_span target; /* absent: none, in oscore the first recipient */
    bool own_partial_iv;
    bool kid;
    bool kid_context;
} vec_seal;

/* vec_endpoint_init makes an endpoint from a context that was set up without error. */
void vec_endpoint_init(vec_endpoint *endpoint, vec_arena *arena, const vec_context *context);
/* vec_endpoint_rekey installs a new Security Context. */
void vec_endpoint_rekey(vec_endpoint *endpoint, const vec_context *context);

/* vec_exchange_new makes an exchange that nothing is known of; it is no part of the endpoint until
 * vec_exchange_keep. */
vec_exchange *vec_exchange_new(vec_endpoint *endpoint, const char *name);
void vec_exchange_keep(vec_endpoint *endpoint, vec_exchange *exchange);
/* vec_exchange_find: the newest of that name, NULL when there is none. */
vec_exchange *vec_exchange_find(const vec_endpoint *endpoint, const char *name);

/*
 * vec_exchange_of_request makes a client's exchange from the bytes of the request it has sent
 * (vectors/README.md, "message").
 *
 * In        context  that protected the request;  target  Recipient ID the request was sent to, absent: none
 * Errors    those of parsing; GOSC_ERR_RECIPIENT_UNKNOWN (oscore without recipient)
 */
GOSC_MUST_USE
gosc_err vec_exchange_of_request(vec_endpoint *endpoint, gosc_security_context *context, gosc_span request,
                                 gosc_span target, vec_exchange **exchange);

/* vec_option_find gives the value of the OSCORE option of a protected message; absent when it has none. */
gosc_span vec_option_find(gosc_span datagram);

/* The four operations. The bytes they give live as long as the endpoint's arena; scratch has the length that
 * gosc_scratch_len promises to be enough, no byte more. */
GOSC_MUST_USE
gosc_err vec_seal_request(vec_endpoint *endpoint, const vec_seal *how, gosc_span plain,
                          vec_exchange *exchange, gosc_span *sealed);
GOSC_MUST_USE
gosc_err vec_seal_response(vec_endpoint *endpoint, const vec_seal *how, gosc_span plain,
                           vec_exchange *exchange, gosc_span *sealed);
GOSC_MUST_USE
gosc_err vec_open_request(vec_endpoint *endpoint, gosc_span datagram, uint64_t now_ms, vec_exchange *exchange,
                          gosc_received *received);
GOSC_MUST_USE
gosc_err vec_open_response(vec_endpoint *endpoint, gosc_span datagram, vec_exchange *exchange,
                           gosc_received *received);

/* vec_challenge answers a request with Echo; type and Message ID as in `like` (a message, absent: NON, 0). */
GOSC_MUST_USE
gosc_err vec_challenge(vec_endpoint *endpoint, vec_exchange *exchange, gosc_span echo, const char *mode,
                       uint64_t now_ms, gosc_span like, gosc_span *sealed);

#endif
