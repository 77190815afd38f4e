/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a group does to messages beyond RFC 8613: modes, members, countersignatures, contexts that follow one another
 * (not for callers of the library; reached through gosc_group_calls only).
 */
#ifndef GOSC_GROUP_MESSAGE_H
#define GOSC_GROUP_MESSAGE_H

#include "message.h"

/* gosc_group_mode_check: GOSC_ERR_MODE_UNSUPPORTED when the context is not set up for the mode. */
GOSC_MUST_USE
gosc_err gosc_group_mode_check(const gosc_common_context *common, bool group_mode);

/* gosc_group_suite: group mode takes the Group Encryption Algorithm and signs, pairwise mode takes the pairwise keys. */
GOSC_MUST_USE
gosc_err gosc_group_suite(gosc_message *m, bool sending);

/*
 * gosc_group_sender_find finds the member a received message claims to come from; one heard for the first time is
 * provisional.
 *
 * Errors    GOSC_ERR_MODE_UNSUPPORTED, GOSC_ERR_OWN_KID, GOSC_ERR_RECIPIENT_UNKNOWN, GOSC_ERR_CREDENTIAL_MISSING,
 *           GOSC_ERR_CREDENTIAL_MALFORMED, GOSC_ERR_KEY_INVALID
 */
GOSC_MUST_USE
gosc_err gosc_group_sender_find(gosc_message *m, gosc_span kid);

/* gosc_group_context_find picks the context of a response by the kid context it names (group-28: newest first; group-02:
 * that of the request). */
GOSC_MUST_USE
gosc_err gosc_group_context_find(gosc_message *m, const gosc_context_store *store,
                                 const gosc_exchange *exchange);

/* gosc_group_seal encrypts into the place where the ciphertext is signed, copies it out and countersigns. */
GOSC_MUST_USE
gosc_err gosc_group_seal(gosc_message *m, gosc_span plaintext, gosc_writer *out, uint8_t *ciphertext);

/* gosc_group_verify checks the countersignature of a received message, unless signatures_unchecked. */
GOSC_MUST_USE
gosc_err gosc_group_verify(const gosc_message *m, gosc_span ciphertext, gosc_span signature);

#endif
