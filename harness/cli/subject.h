/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message that `muster explain` looks at, and the endpoint that looks.
 */
#ifndef CLI_SUBJECT_H
#define CLI_SUBJECT_H

#include "endpoint.h"
#include "layers.h"

typedef struct subject {
    vec_arena *arena;
    vec_context *newest; /* of the endpoint */
    vec_context *older;  /* of the request, when a rekey lies between; else NULL */
    bool is_request;
    bool sealing; /* the endpoint made the message; else it received it */
    gosc_span datagram;
    gosc_span request; /* for responses */
    gosc_span target;  /* for responses: whom the request was sent to; absent: not said */

    /* Found out by subject_look. */
    const vec_context *source; /* of `context` */
    gosc_security_context *context;
    gosc_recipient_context provisional;
    gosc_recipient_context *other; /* NULL: not known */
    vec_layers layers;
    gosc_err verdict;   /* what the reference says to the message as a whole */
    gosc_err outer;     /* of the option and what stands around it */
    gosc_err inner;     /* of finding context, other end and keys */
    gosc_err signature; /* of the countersignature alone; GOSC_OK where nothing is signed */
} subject;

/* subject_look judges the message as the reference does, and computes as many layers as can be. The contexts
 * must have been set up. */
void subject_look(subject *s);

/* subject_signer gives the public key of whoever protected the message. */
const gosc_public_key *subject_signer(const subject *s);

#endif
