/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New security contexts after loss of state (RFC 8613 Appendix B.2): both ends contribute a random ID Context and derive
 * anew, in four messages.
 *
 *     request 1   ID Context R1          kid context bstr(R1)           client
 *     response 1  ID Context R2 | R1     kid context bstr(R2), 4.01     server
 *     request 2   ID Context R2 | R3     kid context bstr(R2 | R3)      client
 *     response 2  ID Context R2 | R3                                    server
 *
 * Each end keeps two slots: the context in use, and the candidate of a run under way, so that a run that fails harms
 * nothing. Random bytes come from the caller; R2 must never be used twice.
 */
#ifndef GOSC_REDERIVE_H
#define GOSC_REDERIVE_H

#include "protect.h"
#include "unprotect.h"

enum {
    GOSC_REDERIVE_R_MIN = 8,   /* bytes, Appendix B.2 */
    GOSC_REDERIVE_R_MAX = 32,  /* bytes */
    GOSC_REDERIVE_ID_MAX = 96, /* bytes of an ID Context in a run: R2 | R1 with a long R1 */
};

typedef struct gosc_rederive_slot {
    gosc_security_context context;
    gosc_recipient_context recipient;
    uint8_t id[GOSC_REDERIVE_ID_MAX];       /* ID Context */
    uint8_t wire[GOSC_REDERIVE_ID_MAX + 2]; /* as kid context: wrapped in a CBOR byte string */
} gosc_rederive_slot;

typedef struct gosc_rederive {
    gosc_context_params base; /* all but id_context, wire_id_context and the table of recipients */
    gosc_span recipient_id;
    gosc_rederive_slot slots[2];
    uint8_t in_use; /* slot of the established context, when there is one */
    bool established;
    uint8_t r[GOSC_REDERIVE_R_MAX]; /* what this end put in: client R1, server R2 while it is outstanding */
    uint8_t r_len;                  /* bytes; 0: no run under way */
} gosc_rederive;

/* gosc_rederive_init starts without a context; bytes behind params and recipient_id live as long as the state. */
void gosc_rederive_init(gosc_rederive *state, const gosc_context_params *params, gosc_span recipient_id);

/* gosc_rederive_context gives the established context, NULL before there is one. */
gosc_security_context *gosc_rederive_context(gosc_rederive *state);

/* gosc_rederive_candidate gives the context of the run under way: a client protects request 1 and 2 with it, a server
 * response 1; always with gosc_protect_params.kid_context set. */
gosc_security_context *gosc_rederive_candidate(gosc_rederive *state);

/* gosc_rederive_start (client) prepares the candidate for request 1. Errors: GOSC_ERR_USAGE (length of r1), and those of
 * gosc_security_context_init. */
GOSC_MUST_USE
gosc_err gosc_rederive_start(gosc_rederive *state, gosc_span r1);

/*
 * gosc_rederive_continue (client) verifies response 1 and prepares the candidate for request 2.
 *
 * In        exchange  of request 1;  r3  random
 * Errors    GOSC_ERR_CONTEXT_NOT_FOUND (no byte string in the kid context), GOSC_ERR_USAGE (r3, or an R2 longer than
 *           GOSC_REDERIVE_R_MAX), those of gosc_unprotect_response
 * Effects   on error the run goes on: the genuine response 1 may still come (a copy of request 1 has to be kept, the
 *           candidate cannot make it any more)
 */
GOSC_MUST_USE
gosc_err gosc_rederive_continue(gosc_rederive *state, gosc_exchange *exchange, gosc_span datagram,
                                gosc_span r3, gosc_buf scratch, gosc_received *received, gosc_buf out);

/* gosc_rederive_establish makes the candidate the context in use: at the client when response 2 has verified. */
void gosc_rederive_establish(gosc_rederive *state);

/* gosc_rederive_is_second (server) tells whether a datagram claims to be request 2 of this run: its ID Context begins with
 * the outstanding R2. A server with several runs under way finds by it whose message came; nothing is verified. */
bool gosc_rederive_is_second(const gosc_rederive *state, gosc_span datagram);

/*
 * gosc_rederive_receive (server) judges a request that no established context fits: request 1 or request 2.
 *
 * In        r2        fresh random bytes for the answer to a request 1
 * Out       *is_final true: this was a good request 2, its context is established, the message is to be executed;
 *           false: this was a good request 1: protect an empty 4.01 with the candidate and own_partial_iv, nothing is
 *           delivered
 * Errors    GOSC_ERR_CONTEXT_NOT_FOUND (no byte string in the kid context), GOSC_ERR_USAGE (r2, or an R1 too long to be
 *           kept), those of gosc_unprotect_request
 * Effects   none on error
 */
GOSC_MUST_USE
gosc_err gosc_rederive_receive(gosc_rederive *state, gosc_span datagram, gosc_span r2, gosc_buf scratch,
                               gosc_exchange *exchange, gosc_received *received, gosc_buf out,
                               bool *is_final);

#endif
