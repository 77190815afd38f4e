/* SPDX-License-Identifier: BSD-2-Clause */
#include "layers.h"

#include <string.h>

static gosc_err parse(const gosc_common_context *common, gosc_span datagram, gosc_coap_pdu *pdu,
                      gosc_span *value, gosc_oscore_option *fields)
{
    const gosc_dialect *dialect = common->dialect;
    gosc_err err = gosc_coap_pdu_parse(datagram, pdu);
    if (err != GOSC_OK) {
        return err;
    }
    *value = gosc_option_find(pdu->options, GOSC_OPTION_OSCORE);
    if (!gosc_span_present(*value)) {
        return GOSC_ERR_NOT_OSCORE;
    }
    if (!gosc_span_present(pdu->payload)) {
        return GOSC_ERR_PAYLOAD_MISSING;
    }
    err = gosc_oscore_option_parse(*value, dialect->flags_allowed, dialect->flags_required, fields);
    if (err == GOSC_OK && dialect->signature_in_option) {
        err = gosc_oscore_option_split(fields, common->signature_len);
    }
    return err == GOSC_OK ? gosc_oscore_option_check_kid(fields) : err;
}

gosc_err vec_layers_outer(const vec_layers_input *in, vec_layers *layers)
{
    const gosc_common_context *common = &in->context->common;
    const gosc_dialect *dialect = common->dialect;
    *layers = (vec_layers){.is_request = in->is_request, .opened = GOSC_ERR_DECRYPTION_FAILED};
    gosc_err err = parse(common, in->datagram, &layers->pdu, &layers->option, &layers->fields);
    if (err != GOSC_OK) {
        return err;
    }
    layers->group_mode =
        dialect->has_modes ? (layers->fields.flags & GOSC_FLAG_GROUP) != 0 : dialect->group != NULL;
    layers->is_signed = layers->group_mode && common->signature_len > 0;
    gosc_oscore_option asked = layers->fields;
    if (!in->is_request) {
        gosc_coap_pdu pdu;
        gosc_span value;
        err = parse(common, in->request, &pdu, &value, &asked);
    }
    layers->request_kid = asked.kid;
    layers->request_piv = asked.partial_iv_bytes;
    layers->request_kid_context = asked.kid_context;
    if (!in->is_request && !gosc_span_present(layers->fields.partial_iv_bytes)) {
        layers->nonce_piv_bytes = asked.partial_iv_bytes;
        layers->nonce_piv = asked.partial_iv;
    } else {
        layers->nonce_piv_bytes = layers->fields.partial_iv_bytes;
        layers->nonce_piv = layers->fields.partial_iv;
    }
    return err;
}

/* pick_key: of this endpoint when it seals, of the other end when it opens; by mode. */
static gosc_err pick_key(const vec_layers_input *in, vec_layers *layers)
{
    const gosc_common_context *common = &in->context->common;
    bool is_pairwise = common->dialect->has_modes && !layers->group_mode;
    const uint8_t *key;
    layers->cipher = layers->group_mode ? common->group_cipher : common->aead_cipher;
    if (layers->cipher == NULL || (is_pairwise && (!common->pairwise_mode || in->other == NULL))) {
        return GOSC_ERR_MODE_UNSUPPORTED;
    }
    if (is_pairwise) {
        key = in->sealing ? in->other->pairwise_sender_key : in->other->pairwise_recipient_key;
    } else {
        key = in->sealing ? in->context->sender.key : in->other->key;
    }
    layers->key = gosc_span_of(key, layers->cipher->key_len);
    return GOSC_OK;
}

gosc_err vec_layers_inner(vec_arena *arena, const vec_layers_input *in, vec_layers *layers)
{
    const gosc_common_context *common = &in->context->common;
    const gosc_sender_context *own = &in->context->sender;
    gosc_err err = pick_key(in, layers);
    if (err != GOSC_OK) {
        return err;
    }
    layers->sender_id = in->sealing ? gosc_id_span(&own->id) : gosc_id_span(&in->other->id);
    layers->sender_cred = in->sealing ? own->credential : in->other->credential;
    bool own_piv = gosc_span_present(layers->fields.partial_iv_bytes);
    layers->nonce_id = own_piv ? layers->sender_id : layers->request_kid;
    bool behind = layers->is_signed && !common->dialect->signature_in_option;
    size_t signature_len = behind ? common->signature_len : 0;
    if (layers->pdu.payload.len < (size_t)layers->cipher->tag_len + signature_len + 1) {
        return GOSC_ERR_PAYLOAD_SHORT;
    }
    layers->ciphertext = gosc_span_of(layers->pdu.payload.ptr, layers->pdu.payload.len - signature_len);
    if (behind) {
        layers->encrypted_signature =
            gosc_span_of(layers->ciphertext.ptr + layers->ciphertext.len, signature_len);
    } else if (layers->is_signed) {
        layers->signature = layers->fields.signature;
    }
    return vec_layers_derive(arena, common, layers);
}

static gosc_err derive_aad(vec_arena *arena, const gosc_common_context *common, vec_layers *layers)
{
    const gosc_aad_input in = {
        .request_kid = layers->request_kid,
        .request_piv = layers->request_piv,
        .request_kid_context = layers->request_kid_context,
        .option = layers->option,
        .sender_cred = layers->sender_cred,
    };
    size_t ciphertext_len = layers->is_signed ? layers->ciphertext.len : 0;
    size_t len = 1024 + ciphertext_len + layers->sender_cred.len + common->gm_credential.len;
    gosc_buf room = {vec_alloc(arena, len), len};
    gosc_aad aad;
    gosc_err err = gosc_aad_build(common, &in, ciphertext_len, room, &aad);
    if (err != GOSC_OK) {
        return err;
    }
    gosc_reader reader;
    gosc_reader_init(&reader, aad.external_aad);
    layers->external_aad = vec_copy(arena, gosc_cbor_read_bstr(&reader));
    layers->enc_structure =
        layers->cipher->tag_len > 0 ? vec_copy(arena, gosc_aad_enc_structure(&aad)) : GOSC_ABSENT;
    layers->to_be_signed = GOSC_ABSENT;
    if (layers->is_signed) {
        memcpy(aad.ciphertext, layers->ciphertext.ptr, layers->ciphertext.len);
        layers->to_be_signed = vec_copy(arena, gosc_aad_countersign_structure(common, &aad));
    }
    return GOSC_OK;
}

/* unmask uncovers the countersignature of group-28. */
static gosc_err unmask(vec_arena *arena, const gosc_common_context *common, vec_layers *layers)
{
    size_t len = layers->encrypted_signature.len;
    uint8_t *keystream = vec_alloc(arena, GOSC_SIGNATURE_MAX);
    uint8_t *signature = vec_alloc(arena, GOSC_SIGNATURE_MAX);
    gosc_buf room = {vec_alloc(arena, GOSC_INFO_MAX), GOSC_INFO_MAX};
    gosc_writer info;
    gosc_writer_init(&info, room);
    gosc_kdf_keystream_info(&info, layers->nonce_id, common->id_context, layers->is_request, len);
    gosc_err err = gosc_counter_signature_keystream(common, layers->nonce_piv_bytes, layers->nonce_id,
                                                    layers->is_request, keystream);
    for (size_t i = 0; err == GOSC_OK && i < len; i++) {
        signature[i] = layers->encrypted_signature.ptr[i] ^ keystream[i];
    }
    layers->keystream_info = gosc_writer_span(&info);
    layers->keystream = gosc_span_of(keystream, len);
    layers->signature = gosc_span_of(signature, len);
    return err;
}

gosc_err vec_layers_derive(vec_arena *arena, const gosc_common_context *common, vec_layers *layers)
{
    uint8_t *nonce = vec_alloc(arena, GOSC_NONCE_MAX);
    size_t nonce_len = layers->cipher->nonce_len;
    if (layers->nonce_id.len + 6 > nonce_len) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    gosc_nonce_make(common->common_iv, nonce_len, layers->nonce_id, layers->nonce_piv, nonce);
    layers->nonce = gosc_span_of(nonce, nonce_len);
    gosc_err err = derive_aad(arena, common, layers);
    if (err == GOSC_OK && gosc_span_present(layers->encrypted_signature)) {
        err = unmask(arena, common, layers);
    }
    if (err != GOSC_OK) {
        return err;
    }
    uint8_t *plaintext = vec_alloc(arena, layers->ciphertext.len);
    size_t plaintext_len = layers->ciphertext.len - layers->cipher->tag_len;
    layers->opened = gosc_crypto_open(layers->cipher, layers->key.ptr, nonce, layers->enc_structure,
                                      layers->ciphertext, plaintext);
    layers->plaintext = layers->opened == GOSC_OK ? gosc_span_of(plaintext, plaintext_len) : GOSC_ABSENT;
    return GOSC_OK;
}
