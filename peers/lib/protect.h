/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protecting messages (RFC 8613 sections 8.1, 8.3; Group OSCORE -28 sections 7.1, 7.3, 8.3, 8.5; -02 sections 4.1, 4.3).
 */
#ifndef GOSC_PROTECT_H
#define GOSC_PROTECT_H

#include "exchange.h"

/* Choices left to the sender. Where the text takes the choice away, the text wins. */
typedef struct gosc_protect_params {
    bool group_mode;  /* -28: group mode or pairwise mode; set in group-02, clear in oscore */
    gosc_span target; /* Recipient ID of a pairwise request; oscore: absent is the first Recipient Context */
    bool own_partial_iv; /* response: take a Sender Sequence Number instead of the nonce of the request */
    bool kid;            /* response: send kid even where it may be left out */
    bool kid_context;    /* oscore request: send the ID Context; response: send the Gid */
} gosc_protect_params;

/* gosc_scratch_len: bytes of scratch that protect and unprotect never exceed. The eighth is for a Proxy-Uri, which grows
 * when it is split. */
static inline size_t gosc_scratch_len(size_t message_len, size_t longest_credential_len)
{
    return 2 * message_len + message_len / 8 + 2 * longest_credential_len + 1024;
}

/*
 * gosc_protect_request protects a request and opens its exchange.
 *
 * In        context   its Sender Sequence Number moves on success
 *           plain     the CoAP message, at least 4 bytes; must not overlap out or scratch
 * Out       exchange  initialised by the caller (gosc_exchange_init); bound to the request
 *           out       the protected message, *out_len bytes
 * Errors    in this order GOSC_ERR_COAP_MALFORMED, GOSC_ERR_ALREADY_PROTECTED, GOSC_ERR_MODE_UNSUPPORTED,
 *           GOSC_ERR_SENDER_MISSING, GOSC_ERR_RECIPIENT_UNKNOWN, GOSC_ERR_CREDENTIAL_MISSING, GOSC_ERR_SSN_EXHAUSTED;
 *           GOSC_ERR_ROOM, GOSC_ERR_CRYPTO and those of gosc_pairwise_keys_ready
 * Effects   none on error; the Sender Sequence Number is to be made durable before the bytes are sent
 */
GOSC_MUST_USE
gosc_err gosc_protect_request(gosc_security_context *context, const gosc_protect_params *params,
                              gosc_span plain, gosc_buf scratch, gosc_exchange *exchange, gosc_buf out,
                              size_t *out_len);

/*
 * gosc_protect_response protects a response in the exchange of a request that was unprotected before.
 *
 * In        context   the newest Security Context; group-28 moves to it when it is not that of the request, oscore and
 *                     group-02 finish with that of the request
 * Errors    as above, and GOSC_ERR_NONCE_REUSE: without own Partial IV, but this is not the first response, or the
 *           Security Context changed since the request
 */
GOSC_MUST_USE
gosc_err gosc_protect_response(gosc_security_context *context, const gosc_protect_params *params,
                               gosc_exchange *exchange, gosc_span plain, gosc_buf scratch, gosc_buf out,
                               size_t *out_len);

#endif
