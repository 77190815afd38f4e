/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The countersignature of group messages, and the keystream that hides it on the wire in group-28
 * (Group OSCORE -28 sections 3.1, 4.1, 4.2; -02 section 3).
 */
#ifndef GOSC_COUNTER_SIGNATURE_H
#define GOSC_COUNTER_SIGNATURE_H

#include "context.h"

/*
 * gosc_counter_signature_make signs the Countersign_structure; the ciphertext stands in aad->ciphertext.
 *
 * In        keystream_piv  bytes of the Partial IV that the message's nonce was made from
 *           keystream_id   Sender ID of whoever chose that Partial IV
 *           is_request     of this message; all three are of no use to group-02
 * Out       signature      as on the wire, common.signature_len bytes
 * Errors    GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_counter_signature_make(const gosc_security_context *context, const gosc_aad *aad,
                                     gosc_span keystream_piv, gosc_span keystream_id, bool is_request,
                                     uint8_t *signature);

/*
 * gosc_counter_signature_verify checks the countersignature of a received message.
 *
 * In        key        of the sender;  signature  as on the wire
 * Errors    GOSC_ERR_SIGNATURE_INVALID, GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_counter_signature_verify(const gosc_common_context *common, const gosc_public_key *key,
                                       const gosc_aad *aad, gosc_span keystream_piv, gosc_span keystream_id,
                                       bool is_request, gosc_span signature);

/* gosc_counter_signature_keystream: HKDF(salt = Partial IV, Signature Encryption Key, info, signature_len). */
GOSC_MUST_USE
gosc_err gosc_counter_signature_keystream(const gosc_common_context *common, gosc_span piv, gosc_span id,
                                          bool is_request, uint8_t *keystream);

#endif
