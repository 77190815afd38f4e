/* SPDX-License-Identifier: BSD-2-Clause */
#include "message.h"

gosc_err gosc_suite_resolve(const gosc_security_context *context, gosc_recipient_context *recipient, bool group_mode,
                            bool sending, gosc_buf scratch, gosc_suite *suite)
{
    const gosc_common_context *common = &context->common;
    const uint8_t *key = sending ? context->sender.key : recipient->key;
    if (group_mode) {
        *suite = (gosc_suite){common->group_cipher, key, common->signature_len};
        return GOSC_OK;
    }
    *suite = (gosc_suite){common->aead_cipher, key, 0};
    if (!common->dialect->has_modes) {
        return GOSC_OK;
    }
    gosc_err err = gosc_pairwise_keys_ready(context, recipient, scratch);
    suite->key = sending ? recipient->pairwise_sender_key : recipient->pairwise_recipient_key;
    return err;
}

gosc_binding gosc_binding_of_request(const gosc_security_context *context, const gosc_oscore_option *option)
{
    return (gosc_binding){
        .request_kid = option->kid,
        .request_piv = option->partial_iv_bytes,
        .request_kid_context = context->common.id_context,
        .nonce_id = option->kid,
        .nonce_piv_bytes = option->partial_iv_bytes,
        .nonce_piv = option->partial_iv,
    };
}

gosc_binding gosc_binding_of_response(const gosc_exchange *exchange, const gosc_oscore_option *option,
                                      gosc_span responder_id)
{
    gosc_binding binding = {
        .request_kid = gosc_id_span(&exchange->request_kid),
        .request_piv = gosc_span_of(exchange->request_piv, exchange->request_piv_len),
        .request_kid_context = exchange->request_kid_context,
    };
    if (gosc_span_present(option->partial_iv_bytes)) {
        binding.nonce_id = responder_id;
        binding.nonce_piv_bytes = option->partial_iv_bytes;
        binding.nonce_piv = option->partial_iv;
    } else {
        binding.nonce_id = binding.request_kid;
        binding.nonce_piv_bytes = binding.request_piv;
        binding.nonce_piv = exchange->request_piv_number;
    }
    return binding;
}

gosc_err gosc_message_aad(const gosc_security_context *context, const gosc_binding *binding, gosc_span option,
                          gosc_span sender_cred, size_t ciphertext_len, gosc_buf room, gosc_aad *aad)
{
    const gosc_aad_input in = {
        .request_kid = binding->request_kid,
        .request_piv = binding->request_piv,
        .request_kid_context = binding->request_kid_context,
        .option = option,
        .sender_cred = sender_cred,
    };
    return gosc_aad_build(&context->common, &in, ciphertext_len, room, aad);
}

gosc_err gosc_mode_check(const gosc_common_context *common, bool group_mode)
{
    const gosc_dialect *dialect = common->dialect;
    bool able = group_mode == (dialect->group != NULL);
    if (dialect->has_modes) {
        able = group_mode ? common->signature_len > 0 : common->pairwise_mode;
    }
    return able ? GOSC_OK : GOSC_ERR_MODE_UNSUPPORTED;
}

bool gosc_code_is_request(uint8_t code)
{
    return (code >> 5) == 0 && code != GOSC_CODE_EMPTY;
}

bool gosc_code_is_response(uint8_t code)
{
    uint8_t code_class = code >> 5;
    return code_class == 2 || code_class == 4 || code_class == 5;
}

gosc_err gosc_buf_cut(gosc_buf *from, size_t len, gosc_buf *part)
{
    if (from->len < len) {
        return GOSC_ERR_ROOM;
    }
    *part = (gosc_buf){from->ptr, len};
    *from = (gosc_buf){from->ptr + len, from->len - len};
    return GOSC_OK;
}

bool gosc_observe_is_registration(gosc_span options)
{
    gosc_span value = gosc_option_find(options, GOSC_OPTION_OBSERVE);
    uint32_t number = 0;
    for (size_t i = 0; i < value.len; i++) {
        number |= value.ptr[i];
    }
    return gosc_span_present(value) && number == 0;
}
