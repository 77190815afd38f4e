/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 8613. */
#include "cbor.h"
#include "context.h"

static gosc_err common_check(gosc_common_context *common)
{
    common->cipher = gosc_cipher_find(common->aead);
    if (common->aead == GOSC_ALG_NONE || common->group_enc != GOSC_ALG_NONE ||
        common->signature != GOSC_ALG_NONE || common->agreement != GOSC_ALG_NONE) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    if (common->cipher == NULL || common->cipher->tag_len == 0) {
        return GOSC_ERR_ALGORITHM_UNKNOWN;
    }
    common->aead_cipher = common->cipher;
    common->common_iv_len = common->cipher->nonce_len;
    common->id_max = (uint8_t)(common->cipher->nonce_len - 6);
    return GOSC_OK;
}

/* [1, [alg_aead], request_kid, request_piv, h''] (RFC 8613 section 5.4; no option is class I). */
static void aad_array_write(gosc_writer *writer, const gosc_common_context *common, const gosc_aad_input *in)
{
    gosc_aad_array_begin(writer, 5, 1);
    gosc_cbor_write_int(writer, common->aead);
    gosc_aad_array_request(writer, in);
}

const gosc_dialect gosc_dialect_oscore = {
    .name = "oscore",
    .flags_allowed = 0x1f,
    .echo_code = 0x81,
    .common_check = common_check,
    .aad_array_write = aad_array_write,
};
