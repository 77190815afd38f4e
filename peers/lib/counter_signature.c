/* SPDX-License-Identifier: BSD-2-Clause */
#include "counter_signature.h"

#include <string.h>

gosc_err gosc_counter_signature_keystream(const gosc_common_context *common, gosc_span piv, gosc_span id,
                                          bool is_request, uint8_t *keystream)
{
    uint8_t info[GOSC_INFO_MAX];
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){info, sizeof info});
    gosc_kdf_keystream_info(&writer, id, common->id_context, is_request, common->signature_len);
    gosc_span key = gosc_span_of(common->signature_encryption_key, common->cipher->key_len);
    return gosc_crypto_hkdf(common->hkdf, piv, key, gosc_writer_span(&writer),
                            (gosc_buf){keystream, common->signature_len});
}

/* mask hides or uncovers a signature in place; dialects without modes send it in clear. */
static gosc_err mask(const gosc_common_context *common, gosc_span piv, gosc_span id, bool is_request,
                     uint8_t *signature)
{
    if (!common->dialect->has_modes) {
        return GOSC_OK;
    }
    uint8_t keystream[GOSC_SIGNATURE_MAX];
    gosc_err err = gosc_counter_signature_keystream(common, piv, id, is_request, keystream);
    for (size_t i = 0; err == GOSC_OK && i < common->signature_len; i++) {
        signature[i] ^= keystream[i];
    }
    return err;
}

gosc_err gosc_counter_signature_make(const gosc_security_context *context, const gosc_aad *aad,
                                     gosc_span keystream_piv, gosc_span keystream_id, bool is_request,
                                     uint8_t *signature)
{
    const gosc_common_context *common = &context->common;
    gosc_span to_be_signed = gosc_aad_countersign_structure(common, aad);
    gosc_err err = gosc_crypto_sign(common->signature, context->sender.private_key,
                                    &context->sender.public_key, to_be_signed, signature);
    if (err != GOSC_OK) {
        return err;
    }
    return mask(common, keystream_piv, keystream_id, is_request, signature);
}

gosc_err gosc_counter_signature_verify(const gosc_common_context *common, const gosc_public_key *key,
                                       const gosc_aad *aad, gosc_span keystream_piv, gosc_span keystream_id,
                                       bool is_request, gosc_span signature)
{
    uint8_t clear[GOSC_SIGNATURE_MAX];
    memcpy(clear, signature.ptr, common->signature_len);
    gosc_err err = mask(common, keystream_piv, keystream_id, is_request, clear);
    if (err != GOSC_OK) {
        return err;
    }
    gosc_span to_be_signed = gosc_aad_countersign_structure(common, aad);
    return gosc_crypto_verify(common->signature, key, to_be_signed,
                              gosc_span_of(clear, common->signature_len));
}
