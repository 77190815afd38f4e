/* SPDX-License-Identifier: BSD-2-Clause */
#include "group_message.h"

#include <string.h>

#include "counter_signature.h"

gosc_err gosc_group_mode_check(const gosc_common_context *common, bool group_mode)
{
    bool able = group_mode ? common->signature_len > 0 : common->pairwise_mode;
    return able ? GOSC_OK : GOSC_ERR_MODE_UNSUPPORTED;
}

gosc_err gosc_group_suite(gosc_message *m, bool sending)
{
    const gosc_common_context *common = &m->context->common;
    if (m->group_mode) {
        m->cipher = common->group_cipher;
        m->signature_len = common->signature_len;
        return GOSC_OK;
    }
    m->key = sending ? m->peer->pairwise_sender_key : m->peer->pairwise_recipient_key;
    return gosc_pairwise_keys_ready(m->context, m->peer, m->scratch);
}

gosc_err gosc_group_sender_find(gosc_message *m, gosc_span kid)
{
    const gosc_sender_context *own = &m->context->sender;
    gosc_err err = gosc_group_mode_check(&m->context->common, m->group_mode);
    if (err != GOSC_OK) {
        return err;
    }
    if (own->present && gosc_span_equal(gosc_id_span(&own->id), kid)) {
        return GOSC_ERR_OWN_KID;
    }
    err = gosc_recipient_context_provisional(m->context, kid, &m->provisional, &m->peer);
    if (err == GOSC_OK && !gosc_span_present(m->peer->credential)) {
        return GOSC_ERR_CREDENTIAL_MISSING;
    }
    return err;
}

gosc_err gosc_group_context_find(gosc_message *m, const gosc_context_store *store,
                                 const gosc_exchange *exchange)
{
    gosc_span kid_context = m->option.kid_context;
    const gosc_dialect *dialect = m->context->common.dialect;
    if (!gosc_span_present(kid_context) ||
        (!dialect->has_modes && gosc_span_equal(kid_context, exchange->request_kid_context))) {
        return GOSC_OK;
    }
    for (size_t i = 0; dialect->has_modes && i < store->n_contexts; i++) {
        const gosc_common_context *common = &store->contexts[i]->common;
        if (common->dialect == dialect && gosc_span_equal(kid_context, common->id_context)) {
            m->context = store->contexts[i];
            return GOSC_OK;
        }
    }
    return GOSC_ERR_CONTEXT_NOT_FOUND;
}

/* signature_room gives where the signature goes: behind the ciphertext, or into the place kept for it in the option
 * (group-02), between kid context and kid. */
static uint8_t *signature_room(const gosc_message *m, gosc_writer *out)
{
    if (!m->context->common.dialect->signature_in_option) {
        return gosc_write_room(out, m->signature_len);
    }
    uint8_t *options = out->start + 4 + m->pdu.token.len;
    gosc_span value =
        gosc_option_find(gosc_span_of(options, (size_t)(out->next - options)), GOSC_OPTION_OSCORE);
    return options + (value.ptr - options) + value.len - m->signature_len - m->option.kid.len;
}

gosc_err gosc_group_seal(gosc_message *m, gosc_span plaintext, gosc_writer *out, uint8_t *ciphertext)
{
    uint8_t nonce[GOSC_NONCE_MAX];
    uint8_t *signature = signature_room(m, out);
    if (signature == NULL) {
        return GOSC_ERR_ROOM;
    }
    gosc_message_nonce(m, nonce);
    gosc_err err = gosc_crypto_seal(m->cipher, m->key, nonce, gosc_aad_enc_structure(&m->aad), plaintext,
                                    m->aad.ciphertext);
    if (err != GOSC_OK) {
        return err;
    }
    memcpy(ciphertext, m->aad.ciphertext, m->aad.ciphertext_len);
    return gosc_counter_signature_make(m->context, &m->aad, m->nonce_piv_bytes, m->nonce_id, m->is_request,
                                       signature);
}

gosc_err gosc_group_verify(const gosc_message *m, gosc_span ciphertext, gosc_span signature)
{
    if (m->context->common.signatures_unchecked) {
        return GOSC_OK;
    }
    memcpy(m->aad.ciphertext, ciphertext.ptr, ciphertext.len);
    return gosc_counter_signature_verify(&m->context->common, &m->peer->public_key, &m->aad,
                                         m->nonce_piv_bytes, m->nonce_id, m->is_request, signature);
}
