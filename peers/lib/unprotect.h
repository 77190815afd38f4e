/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verifying and decrypting messages (RFC 8613 sections 8.2, 8.4; Group OSCORE -28 sections 6, 7.2, 7.4, 8.4, 8.6; -02
 * sections 4.2, 4.4). State moves only after all verification passed.
 */
#ifndef GOSC_UNPROTECT_H
#define GOSC_UNPROTECT_H

#include "exchange.h"

/* What a verified message was. */
typedef struct gosc_received {
    gosc_span message;              /* the CoAP message for the application, in `out` */
    gosc_security_context *context; /* that verified it */
    gosc_recipient_context *sender; /* whose it is */
    bool group_mode;
    bool has_partial_iv;
    gosc_partial_iv partial_iv; /* its own; orders the responses of one server */
} gosc_received;

/*
 * gosc_unprotect_request verifies and decrypts a request, tells replays, and asks for freshness where needed.
 *
 * In        store     every context that fits kid context and kid is tried
 *           datagram  must not overlap out or scratch;  now_ms  any clock that does not go back
 * Out       exchange  bound to the request; also for GOSC_ERR_ECHO_REQUIRED, GOSC_ERR_ECHO_MISMATCH and
 *                     GOSC_ERR_ECHO_EXPIRED, so that a challenge can be sent
 *           received  message and its circumstances; for the three Echo results all but the message; `sender` lies in the
 *                     table, but for a wrong or late Echo of a member heard for the first time
 *           out       room for the message, datagram.len + 16 bytes are enough
 * Errors    in the order of vectors/README.md ("Reasons")
 * Effects   none on error, but that a request told GOSC_ERR_ECHO_REQUIRED has used its Partial IV in a valid window, and
 *           its sender may have got a Recipient Context; what context->sync made of the window stays for all three Echo
 *           results; out is wiped on error
 */
GOSC_MUST_USE
gosc_err gosc_unprotect_request(const gosc_context_store *store, gosc_span datagram, uint64_t now_ms,
                                gosc_buf scratch, gosc_exchange *exchange, gosc_received *received,
                                gosc_buf out);

/*
 * gosc_unprotect_response verifies and decrypts a response within an exchange.
 *
 * In        store     used when the response names a kid context (group-28 after a rekey)
 *           exchange  opened by gosc_protect_request
 * Errors    in the order of vectors/README.md; GOSC_ERR_ROOM when the exchange has no slot left for this server
 * Effects   none on error; the Response Number of this server otherwise
 */
GOSC_MUST_USE
gosc_err gosc_unprotect_response(const gosc_context_store *store, gosc_exchange *exchange, gosc_span datagram,
                                 gosc_buf scratch, gosc_received *received, gosc_buf out);

#endif
