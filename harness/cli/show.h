/* SPDX-License-Identifier: BSD-2-Clause */
/* A message told layer by layer. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdio.h>

#include "subject.h"

/* cli_show_wire tells CoAP header, options, payload and the bits of the OSCORE option. */
void cli_show_wire(FILE *out, const subject *s);
/* cli_show_crypto tells context, keys, COSE object, nonce, AAD, signature and plaintext, as far as there are
 * any. */
void cli_show_crypto(FILE *out, const subject *s);

/* The parts of it. */
void cli_show_bytes(FILE *out, vec_arena *arena, const char *name, gosc_span bytes);
void cli_show_options(FILE *out, vec_arena *arena, gosc_span options);
void cli_show_payload(FILE *out, vec_arena *arena, gosc_span payload);
void cli_show_keys(FILE *out, const subject *s);
void cli_show_nonce(FILE *out, const subject *s);
void cli_show_aad(FILE *out, const subject *s);

#endif
