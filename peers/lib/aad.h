/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is authenticated and what is signed: external_aad, Enc_structure, Countersign_structure (RFC 8613 section 5.4;
 * Group OSCORE -28 sections 3.1, 3.4; -02 section 3).
 *
 * The structures share their longest part, so they are built around it in one piece of lent memory:
 *
 *     | room for a prefix | external_aad (head, aad_array) | head | ciphertext |
 *      \__ Enc_structure: prefix, external_aad ___________/
 *      \__ Countersign_structure: prefix, external_aad, head, ciphertext ______/
 */
#ifndef GOSC_AAD_H
#define GOSC_AAD_H

#include "span.h"

struct gosc_common_context;

/* The members of an aad_array that do not come from the Common Context. */
typedef struct gosc_aad_input {
    gosc_span request_kid;         /* of the request, also in its responses */
    gosc_span request_piv;         /* bytes as in the request's option */
    gosc_span request_kid_context; /* Gid in the request (group-28) */
    gosc_span option;              /* OSCORE option value of this message (group-28) */
    gosc_span sender_cred;         /* credential of the sender of this message (group-28) */
} gosc_aad_input;

typedef struct gosc_aad {
    gosc_span external_aad; /* aad_array wrapped in a byte string */
    uint8_t *ciphertext;    /* where the ciphertext goes, behind its head */
    size_t ciphertext_len;  /* bytes, as announced */
} gosc_aad;

enum {
    GOSC_AAD_PREFIX_MAX = 21, /* bytes before external_aad */
    GOSC_AAD_LEAD = 32,       /* bytes kept for prefix and head */
};

/* The parts of an aad_array that all dialects have: its head, oscore_version and the head of `algorithms`; then, behind the
 * algorithms, request_kid, request_piv and options (h'': no option is class I). */
void gosc_aad_array_begin(gosc_writer *writer, uint8_t n_elements, uint8_t n_algorithms);
void gosc_aad_array_request(gosc_writer *writer, const gosc_aad_input *in);

/*
 * gosc_aad_build writes external_aad and leaves room for the ciphertext.
 *
 * In        common          Common Context: dialect, algorithms, credential of the Group Manager
 *           ciphertext_len  bytes with tag, without countersignature; 0 when nothing will be signed
 *           room            scratch; GOSC_AAD_LEAD + aad_array + 5 + ciphertext_len bytes are used
 * Errors    GOSC_ERR_ROOM
 */
GOSC_MUST_USE
gosc_err gosc_aad_build(const struct gosc_common_context *common, const gosc_aad_input *in,
                        size_t ciphertext_len, gosc_buf room, gosc_aad *aad);

/* gosc_aad_enc_structure puts the prefix of Enc_structure in place and gives the whole: the AAD of the AEAD. */
gosc_span gosc_aad_enc_structure(const gosc_aad *aad);

/* gosc_aad_countersign_structure does the same for Countersign_structure, in the reading of the dialect; the ciphertext
 * must be in place. The Enc_structure is gone then. */
gosc_span gosc_aad_countersign_structure(const struct gosc_common_context *common, const gosc_aad *aad);

#endif
