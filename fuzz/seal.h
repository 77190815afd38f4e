/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealing of what no application would write: any plaintext, any Partial IV, any mix of fields, and still
 * authentic. Made of the library's public parts, one after the other, so that it does not depend on how
 * protect works.
 */
#ifndef MUSTER_FUZZ_SEAL_H
#define MUSTER_FUZZ_SEAL_H

#include "gosc.h"

typedef struct fuzz_outer_option {
    uint16_t number;
    gosc_span value;
} fuzz_outer_option;

enum {
    FUZZ_OUTER_MAX = 3,
};

typedef struct fuzz_sealing {
    bool is_request;
    bool group_mode;
    gosc_coap_pdu outer;       /* type, code, Message ID, token */
    gosc_oscore_option option; /* partial_iv, partial_iv_bytes, kid_context, kid */
    gosc_span request_kid;     /* of the request: this one, or the one that is answered */
    gosc_span request_piv;
    gosc_partial_iv request_piv_number;
    fuzz_outer_option outer_options[FUZZ_OUTER_MAX]; /* ascending */
    size_t n_outer;
    gosc_span plaintext; /* at least 1 byte */
} fuzz_sealing;

/* fuzz_seal makes the message; receiver is the sender's Recipient Context for the other end (pairwise keys).
 * Exact memory. */
gosc_span fuzz_seal(const gosc_security_context *sender, const gosc_recipient_context *receiver,
                    const fuzz_sealing *sealing);

#endif
