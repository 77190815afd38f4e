/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A protected message, layer by layer: everything between the bytes on the wire and the plaintext, computed
 * through the public calls, beside the call that does it all at once.
 */
#ifndef VEC_LAYERS_H
#define VEC_LAYERS_H

#include "memory.h"

typedef struct vec_layers_input {
    const gosc_security_context *context; /* of the endpoint that looks */
    const gosc_recipient_context *other;  /* the other end; NULL for a group-mode message that is sealed */
    bool sealing;                         /* the endpoint protected it; else it opens it */
    bool is_request;
    gosc_span datagram; /* protected */
    gosc_span request;  /* for responses: the protected request */
} vec_layers_input;

typedef struct vec_layers {
    gosc_coap_pdu pdu;
    gosc_span option; /* value */
    gosc_oscore_option fields;
    bool is_request;
    bool group_mode; /* Group Flag; group-02: always */
    bool is_signed;
    gosc_span request_kid, request_piv, request_kid_context;
    gosc_span sender_id, sender_cred; /* of whoever protected it */
    const gosc_cipher *cipher;
    gosc_span key;
    gosc_span nonce_id, nonce_piv_bytes; /* ID_PIV and its Partial IV */
    gosc_partial_iv nonce_piv;
    gosc_span nonce;
    gosc_span external_aad;  /* aad_array, without the head of the byte string around it */
    gosc_span enc_structure; /* absent for a cipher without AAD */
    gosc_span ciphertext;
    gosc_span to_be_signed;                                   /* from here absent where nothing is signed */
    gosc_span keystream_info, keystream, encrypted_signature; /* group-28 */
    gosc_span signature;
    gosc_err opened;     /* of decryption alone */
    gosc_span plaintext; /* absent unless opened */
} vec_layers;

/*
 * vec_layers_outer takes a message apart as far as no key is needed: pdu, option, fields, modes, request_*.
 *
 * Errors    those of parsing, in the order of the reference
 */
GOSC_MUST_USE
gosc_err vec_layers_outer(const vec_layers_input *in, vec_layers *layers);

/*
 * vec_layers_inner computes the rest; bytes live in the arena.
 *
 * In        in->other with keys (pairwise ones derived, where needed)
 * Errors    GOSC_ERR_PAYLOAD_SHORT, GOSC_ERR_MODE_UNSUPPORTED, GOSC_ERR_ROOM, GOSC_ERR_CRYPTO; that the tag
 * does not verify is told by layers->opened
 */
GOSC_MUST_USE
gosc_err vec_layers_inner(vec_arena *arena, const vec_layers_input *in, vec_layers *layers);

/* vec_layers_derive does it again from what stands in layers (identifiers, key, cipher, credentials) under a
 * Common Context that may be bent: nonce, external_aad, Enc_structure, to_be_signed, keystream, signature,
 * plaintext. */
GOSC_MUST_USE
gosc_err vec_layers_derive(vec_arena *arena, const gosc_common_context *common, vec_layers *layers);

#endif
