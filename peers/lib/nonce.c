/* SPDX-License-Identifier: BSD-2-Clause */
#include "nonce.h"

#include <string.h>

void gosc_nonce_make(const uint8_t *common_iv, size_t nonce_len, gosc_span id_piv, gosc_partial_iv piv,
                     uint8_t *nonce)
{
    memcpy(nonce, common_iv, nonce_len);
    nonce[0] ^= (uint8_t)id_piv.len;
    uint8_t *id = nonce + nonce_len - GOSC_PARTIAL_IV_MAX - id_piv.len;
    for (size_t i = 0; i < id_piv.len; i++) {
        id[i] ^= id_piv.ptr[i];
    }
    for (size_t i = 0; i < GOSC_PARTIAL_IV_MAX; i++) {
        nonce[nonce_len - 1 - i] ^= (uint8_t)(piv.number >> (8 * i));
    }
}
