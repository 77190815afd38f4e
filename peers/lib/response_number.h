/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Order and replay of responses within one exchange, kept per responding server (Group OSCORE -28 section 5.3, "Response
 * Number"; RFC 8613 section 7.4.1, "Notification Number").
 */
#ifndef GOSC_RESPONSE_NUMBER_H
#define GOSC_RESPONSE_NUMBER_H

#include "oscore_option.h"

/* What a client remembers of one server under one Security Context within one exchange. */
typedef struct gosc_response_number {
    const void *context;     /* the Security Context; NULL: slot is free */
    gosc_id kid;             /* of the server */
    bool without_piv;        /* the one response without Partial IV has come */
    bool with_piv;           /* `largest` is initialised */
    gosc_partial_iv largest; /* largest Partial IV verified */
} gosc_response_number;

/*
 * gosc_response_number_check judges a response before it is verified.
 *
 * Spec      Group OSCORE -28 section 5.3; RFC 8613 section 7.4.1
 * In        several  the exchange may have several responses of one server (long exchange)
 *           has_piv, piv  of the response
 * Errors    GOSC_ERR_RESPONSE_REPLAY: the largest Partial IV again, a second response without one, or any second
 *           response where one is all there can be
 */
GOSC_MUST_USE
gosc_err gosc_response_number_check(const gosc_response_number *number, bool several, bool has_piv,
                                    gosc_partial_iv piv);

/*
 * gosc_response_number_order judges a response that verified: GOSC_ERR_RESPONSE_OLD when a newer one came before. The
 * text leaves old ones to the application; the reference drops them, so that one number of state is enough.
 */
GOSC_MUST_USE
gosc_err gosc_response_number_order(const gosc_response_number *number, bool has_piv, gosc_partial_iv piv);

/* gosc_response_number_commit records a verified response that is not old. */
void gosc_response_number_commit(gosc_response_number *number, bool has_piv, gosc_partial_iv piv);

#endif
