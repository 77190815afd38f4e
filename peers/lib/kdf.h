/*
 * Key derivation (RFC 8613 section 3.2.1; Group OSCORE -28 sections 2.3, 2.5.1, 4.1).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef GOSC_KDF_H
#define GOSC_KDF_H

#include "crypto.h"

enum {
    GOSC_ID_CONTEXT_MAX = 255,                      /* bytes; more never fits an option */
    GOSC_INFO_MAX = GOSC_ID_CONTEXT_MAX + 3 + 8 + 18, /* bytes of an info array */
};

/* Labels of what is derived. */
#define GOSC_TYPE_KEY gosc_span_of("Key", 3)
#define GOSC_TYPE_IV gosc_span_of("IV", 2)
#define GOSC_TYPE_SEKEY gosc_span_of("SEKey", 5)

/*
 * gosc_kdf_info appends info = [id, id_context, alg, type, L].
 *
 * In        id, id_context  absent id_context is null
 *           alg             COSE number
 *           type            GOSC_TYPE_KEY, GOSC_TYPE_IV or GOSC_TYPE_SEKEY
 *           len             L, bytes
 */
void gosc_kdf_info(gosc_writer *writer, gosc_span id, gosc_span id_context, int32_t alg, gosc_span type, size_t len);

/*
 * gosc_kdf_keystream_info appends info = [id, id_context, is_request, L] of the keystream that hides a
 * countersignature (Group OSCORE -28 section 4.1).
 */
void gosc_kdf_keystream_info(gosc_writer *writer, gosc_span id, gosc_span id_context, bool is_request, size_t len);

/* gosc_kdf_derive: HKDF over the info array above; okm.len is L. GOSC_ERR_USAGE when id_context is too long. */
GOSC_MUST_USE
gosc_err gosc_kdf_derive(int32_t hkdf, gosc_span salt, gosc_span ikm, gosc_span id, gosc_span id_context, int32_t alg,
                         gosc_span type, gosc_buf okm);

#endif
