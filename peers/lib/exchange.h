/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An exchange: what binds responses to their request, at either end (RFC 8613 sections 8.1 step 5, 8.3; Group OSCORE -28
 * section 5.1, 7.2 step 7). Lives until its owner frees it, which is the end of the Token.
 */
#ifndef GOSC_EXCHANGE_H
#define GOSC_EXCHANGE_H

#include "coap_pdu.h"
#include "context.h"
#include "response_number.h"

typedef struct gosc_exchange {
    gosc_security_context *context; /* that protected the request; lives as long as the exchange */
    uint8_t token[GOSC_COAP_TOKEN_MAX];
    uint8_t token_len;
    bool group_mode; /* mode of the request (-28); always true in group-02, false in oscore */
    bool observe;    /* the request had Observe 0: notifications may follow */
    gosc_id request_kid;
    gosc_id responder; /* client: the member a pairwise (or oscore) request was sent to */
    uint8_t request_piv[GOSC_PARTIAL_IV_MAX]; /* bytes as in the request's option */
    uint8_t request_piv_len;
    gosc_partial_iv request_piv_number;
    gosc_span request_kid_context; /* absent in oscore; bytes of the context's Gid */

    bool answered; /* server: a response was protected; the nonce of the request is no more to be had */

    gosc_response_number *numbers; /* client: lent table, one slot for each server that may answer */
    size_t n_numbers;
} gosc_exchange;

/* The Security Contexts an endpoint receives with, newest first: several groups, several managers, old epochs. */
typedef struct gosc_context_store {
    gosc_security_context **contexts;
    size_t n_contexts;
} gosc_context_store;

/* gosc_exchange_init lends the table of a client's exchange (NULL and 0 at a server) and forgets everything else. */
void gosc_exchange_init(gosc_exchange *exchange, gosc_response_number *numbers, size_t n_numbers);

/* gosc_exchange_is_long: several responses of one server may come (Observe; any group-mode request of -28). */
bool gosc_exchange_is_long(const gosc_exchange *exchange);

/* gosc_exchange_bind records the request that was protected or verified; called by those two. */
void gosc_exchange_bind(gosc_exchange *exchange, const struct gosc_message *m, bool observe);

/* gosc_exchange_number_find gives the slot of a server under a context, else a free slot, else NULL: the table is full. */
gosc_response_number *gosc_exchange_number_find(const gosc_exchange *exchange,
                                                const gosc_security_context *context, const gosc_id *kid);

/* gosc_exchange_number_claim makes the slot found that of the server. */
void gosc_exchange_number_claim(gosc_response_number *number, const gosc_security_context *context,
                                const gosc_id *kid);

#endif
