/*
 * What protecting and unprotecting share (not for callers of the library).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef GOSC_MESSAGE_H
#define GOSC_MESSAGE_H

#include "exchange.h"

/* How one message is encrypted: resolved from context, mode and direction. */
typedef struct gosc_suite {
    const gosc_cipher *cipher;
    const uint8_t *key;
    uint8_t signature_len; /* bytes; 0: not signed */
} gosc_suite;

/* The request a message belongs to (itself, or the one it answers), and whose Partial IV makes its nonce. */
typedef struct gosc_binding {
    gosc_span request_kid;
    gosc_span request_piv;
    gosc_span request_kid_context;
    gosc_span nonce_id;        /* ID_PIV */
    gosc_span nonce_piv_bytes; /* salt of the keystream */
    gosc_partial_iv nonce_piv;
} gosc_binding;

/*
 * gosc_suite_resolve picks algorithm and key.
 *
 * In        recipient   the other end; NULL for a group-mode message to be sent
 *           sending     whether this endpoint protects
 * Errors    GOSC_ERR_MODE_UNSUPPORTED, GOSC_ERR_CREDENTIAL_MISSING and those of gosc_pairwise_keys_ready
 */
GOSC_MUST_USE
gosc_err gosc_suite_resolve(const gosc_security_context *context, gosc_recipient_context *recipient, bool group_mode,
                            bool sending, gosc_buf scratch, gosc_suite *suite);

/* gosc_binding_of_request: a request is bound to itself. */
gosc_binding gosc_binding_of_request(const gosc_security_context *context, const gosc_oscore_option *option);

/* gosc_binding_of_response: nonce from the response's own Partial IV and the responder's ID, else from the request. */
gosc_binding gosc_binding_of_response(const gosc_exchange *exchange, const gosc_oscore_option *option,
                                      gosc_span responder_id);

/* gosc_message_aad builds the AAD of a message. */
GOSC_MUST_USE
gosc_err gosc_message_aad(const gosc_security_context *context, const gosc_binding *binding, gosc_span option,
                          gosc_span sender_cred, size_t ciphertext_len, gosc_buf room, gosc_aad *aad);

/* gosc_mode_check: whether the context is set up for a mode (GOSC_ERR_MODE_UNSUPPORTED). */
GOSC_MUST_USE
gosc_err gosc_mode_check(const gosc_common_context *common, bool group_mode);

/* gosc_code_is_request and _response: code class 0 but not 0.00; class 2, 4 or 5. */
bool gosc_code_is_request(uint8_t code);
bool gosc_code_is_response(uint8_t code);

/* gosc_buf_cut gives the first len bytes of room and moves on behind them; GOSC_ERR_ROOM when they are not there. */
GOSC_MUST_USE
gosc_err gosc_buf_cut(gosc_buf *from, size_t len, gosc_buf *part);

/* gosc_observe_is_registration: an Observe option of value 0 (RFC 7641 section 2). */
bool gosc_observe_is_registration(gosc_span options);

#endif
