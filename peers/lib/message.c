/* SPDX-License-Identifier: BSD-2-Clause */
#include "message.h"

#include "nonce.h"

gosc_err gosc_message_suite(gosc_message *m, bool sending)
{
    const gosc_common_context *common = &m->context->common;
    m->cipher = common->aead_cipher;
    m->key = sending ? m->context->sender.key : m->peer->key;
    return common->dialect->group != NULL ? common->dialect->group->suite(m, sending) : GOSC_OK;
}

void gosc_message_bind(gosc_message *m, const gosc_exchange *exchange, gosc_span responder_id)
{
    gosc_aad_input *bound = &m->bound;
    bool own_piv = exchange == NULL || gosc_span_present(m->option.partial_iv_bytes);
    bound->request_kid = m->option.kid;
    bound->request_piv = m->option.partial_iv_bytes;
    bound->request_kid_context = m->context->common.id_context;
    m->nonce_id = bound->request_kid;
    if (exchange != NULL) {
        bound->request_kid = gosc_id_span(&exchange->request_kid);
        bound->request_piv = gosc_span_of(exchange->request_piv, exchange->request_piv_len);
        bound->request_kid_context = exchange->request_kid_context;
        m->nonce_id = own_piv ? responder_id : bound->request_kid;
    }
    m->nonce_piv_bytes = own_piv ? m->option.partial_iv_bytes : bound->request_piv;
    m->nonce_piv = own_piv ? m->option.partial_iv : exchange->request_piv_number;
}

gosc_err gosc_message_aad(gosc_message *m, gosc_span sender_cred, size_t ciphertext_len)
{
    m->bound.option = m->option_value;
    m->bound.sender_cred = sender_cred;
    return gosc_aad_build(&m->context->common, &m->bound, m->signature_len > 0 ? ciphertext_len : 0,
                          m->scratch, &m->aad);
}

void gosc_message_nonce(const gosc_message *m, uint8_t nonce[GOSC_NONCE_MAX])
{
    gosc_nonce_make(m->context->common.common_iv, m->cipher->nonce_len, m->nonce_id, m->nonce_piv, nonce);
}

bool gosc_message_code_fits(const gosc_message *m, uint8_t code)
{
    uint8_t code_class = code >> 5;
    if (m->is_request) {
        return code_class == 0 && code != GOSC_CODE_EMPTY;
    }
    return code_class == 2 || code_class == 4 || code_class == 5;
}

uint8_t *gosc_buf_cut(gosc_buf *from, size_t len)
{
    uint8_t *part = from->ptr;
    if (from->len < len) {
        return NULL;
    }
    from->ptr += len;
    from->len -= len;
    return part;
}

bool gosc_observe_is_registration(gosc_span options)
{
    gosc_span value = gosc_option_find(options, GOSC_OPTION_OBSERVE);
    bool zero = gosc_span_present(value);
    for (size_t i = 0; i < value.len; i++) {
        zero = zero && value.ptr[i] == 0;
    }
    return zero;
}
