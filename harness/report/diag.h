/* SPDX-License-Identifier: BSD-2-Clause */
/* CBOR in diagnostic notation (RFC 8949 section 8). */
#ifndef REP_DIAG_H
#define REP_DIAG_H

#include <stdio.h>

#include "gosc.h"

/*
 * rep_diag writes one CBOR item for HTML. A byte string that is itself an array is opened, as <<[...]>>: that
 * is how the external AAD sits in the Enc_structure.
 *
 * Returns   false when the bytes are no single item of the kinds used here; what was understood is written
 */
bool rep_diag(FILE *file, gosc_span bytes);

#endif
