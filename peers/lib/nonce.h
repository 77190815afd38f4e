/* SPDX-License-Identifier: BSD-2-Clause */
/* The AEAD nonce (RFC 8613 section 5.2; Group OSCORE -28 section 3.3). */
#ifndef GOSC_NONCE_H
#define GOSC_NONCE_H

#include "oscore_option.h"

/*
 * gosc_nonce_make: length of ID_PIV | ID_PIV left-padded | Partial IV left-padded to 5, XOR the leading bytes of the
 * Common IV.
 *
 * In        common_iv  at least nonce_len bytes
 *           nonce_len  7 to 13 bytes, of the algorithm in use
 *           id_piv     Sender ID of whoever chose this Partial IV, at most nonce_len - 6 bytes (checked at set-up)
 * Out       nonce      nonce_len bytes
 */
void gosc_nonce_make(const uint8_t *common_iv, size_t nonce_len, gosc_span id_piv, gosc_partial_iv piv,
                     uint8_t *nonce);

#endif
