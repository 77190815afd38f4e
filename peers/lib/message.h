/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message on its way out or in: what the steps of protecting and verifying hand to each other (not for callers of the
 * library).
 */
#ifndef GOSC_MESSAGE_H
#define GOSC_MESSAGE_H

#include "exchange.h"

typedef struct gosc_message {
    gosc_security_context *context;
    gosc_coap_pdu pdu;         /* out: as the application wrote it; in: as it came */
    gosc_span option_value;    /* of the OSCORE option */
    gosc_oscore_option option; /* its fields */
    bool is_request;
    bool group_mode;

    gosc_recipient_context *peer;       /* the other end; NULL for a request to all */
    gosc_recipient_context provisional; /* in: of a member first heard, before its message verified */

    /* How it is encrypted. */
    const gosc_cipher *cipher;
    const uint8_t *key;
    uint8_t signature_len; /* bytes; 0: not signed */

    /* What it is bound to, and whose Partial IV makes its nonce. */
    gosc_aad_input bound;
    gosc_span nonce_id;        /* ID_PIV */
    gosc_span nonce_piv_bytes; /* salt of the keystream */
    gosc_partial_iv nonce_piv;
    gosc_aad aad;

    gosc_buf scratch; /* what is left of it */
} gosc_message;

/* gosc_message_suite resolves algorithm and key from context, mode, peer and direction. Errors: those of
 * gosc_pairwise_keys_ready. */
GOSC_MUST_USE
gosc_err gosc_message_suite(gosc_message *m, bool sending);

/* gosc_message_bind binds a request to itself (exchange NULL), a response to the request of its exchange. A response with
 * a Partial IV of its own makes its nonce from that and the responder's ID, else from the request's. */
void gosc_message_bind(gosc_message *m, const gosc_exchange *exchange, gosc_span responder_id);

/* gosc_message_aad builds the AAD in scratch, with room for the ciphertext where that will be signed. */
GOSC_MUST_USE
gosc_err gosc_message_aad(gosc_message *m, gosc_span sender_cred, size_t ciphertext_len);

void gosc_message_nonce(const gosc_message *m, uint8_t nonce[GOSC_NONCE_MAX]);

/* gosc_message_code_fits: class 0 but not 0.00 in a request; class 2, 4 or 5 in a response. */
bool gosc_message_code_fits(const gosc_message *m, uint8_t code);

/* gosc_buf_cut takes the first len bytes of room and moves on behind them; NULL when they are not there. */
uint8_t *gosc_buf_cut(gosc_buf *from, size_t len);

/* gosc_observe_is_registration: an Observe option of value 0 (RFC 7641 section 2). */
bool gosc_observe_is_registration(gosc_span options);

#endif
