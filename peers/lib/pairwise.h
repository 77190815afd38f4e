/* SPDX-License-Identifier: BSD-2-Clause */
/* Pairwise keys (Group OSCORE -28 section 2.5). */
#ifndef GOSC_PAIRWISE_H
#define GOSC_PAIRWISE_H

#include "context.h"

/*
 * gosc_pairwise_secret computes the static-static Diffie-Hellman secret of two members.
 *
 * Spec      Group OSCORE -28 section 2.5.1: Ed25519 keys with y = 1 or y = -1 have no image on the Montgomery curve
 * Out       secret   gosc_curve_len bytes
 * Errors    GOSC_ERR_CREDENTIAL_MALFORMED (keys on different curves), GOSC_ERR_KEY_INVALID, GOSC_ERR_AGREEMENT_ZERO,
 *           GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_pairwise_secret(const gosc_sender_context *sender, const gosc_public_key *other,
                              uint8_t secret[GOSC_SECRET_MAX]);

/*
 * gosc_pairwise_derive fills the Pairwise Sender and Recipient Key of a recipient.
 *
 * In        scratch  room for both credentials and the secret
 * Errors    those of gosc_pairwise_secret, GOSC_ERR_SENDER_MISSING, GOSC_ERR_ROOM
 */
GOSC_MUST_USE
gosc_err gosc_pairwise_derive(const gosc_security_context *context, gosc_recipient_context *recipient,
                              gosc_buf scratch);

#endif
