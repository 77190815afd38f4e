/* SPDX-License-Identifier: BSD-2-Clause */
/* Key derivation (RFC 8613 section 3.2.1; Group OSCORE -28 sections 2.3, 2.5.1, 4.1). */
#ifndef GOSC_KDF_H
#define GOSC_KDF_H

#include "crypto.h"

enum {
    GOSC_ID_CONTEXT_MAX = 400, /* bytes; more than 252 never fits an option, but may be derived from */
    GOSC_INFO_MAX = GOSC_ID_CONTEXT_MAX + 3 + 8 + 18, /* bytes of an info array */
};

/* Labels of what is derived, as the text strings of an info array. */
#define GOSC_TYPE_KEY "\x63Key"
#define GOSC_TYPE_IV "\x62IV"
#define GOSC_TYPE_SEKEY "\x65SEKey"

/*
 * gosc_kdf_info appends info = [id, id_context, alg, type, L].
 *
 * In        id, id_context  absent id_context is null
 *           alg             COSE number
 *           type            GOSC_TYPE_KEY, GOSC_TYPE_IV or GOSC_TYPE_SEKEY
 *           len             L, bytes
 */
void gosc_kdf_info(gosc_writer *writer, gosc_span id, gosc_span id_context, int32_t alg, const char *type,
                   size_t len);

/*
 * gosc_kdf_keystream_info appends info = [id, id_context, is_request, L] of the keystream that hides a
 * countersignature (Group OSCORE -28 section 4.1).
 */
void gosc_kdf_keystream_info(gosc_writer *writer, gosc_span id, gosc_span id_context, bool is_request,
                             size_t len);

/* What one derivation takes; okm.len is L. */
typedef struct gosc_kdf_input {
    int32_t hkdf;
    int32_t alg;
    gosc_span salt, ikm;
    gosc_span id, id_context;
} gosc_kdf_input;

/* gosc_kdf_derive: HKDF over the info array above. GOSC_ERR_USAGE when id_context is too long. */
GOSC_MUST_USE
gosc_err gosc_kdf_derive(const gosc_kdf_input *in, const char *type, uint8_t *okm, size_t okm_len);

#endif
