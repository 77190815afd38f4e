/* SPDX-License-Identifier: BSD-2-Clause */
#include "context.h"

#include <string.h>

static gosc_err id_set(const gosc_common_context *common, gosc_span bytes, gosc_id *id)
{
    if (bytes.len > common->id_max) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    memcpy(id->bytes, bytes.ptr, bytes.len);
    id->len = (uint8_t)bytes.len;
    return GOSC_OK;
}

/* derive makes a secret of the Common Context's inputs. */
static gosc_err derive(const gosc_common_context *common, gosc_span id, const char *type, uint8_t *okm,
                       size_t okm_len)
{
    const gosc_kdf_input in = {.hkdf = common->hkdf,
                               .alg = common->cipher->alg,
                               .salt = common->master_salt,
                               .ikm = common->master_secret,
                               .id = id,
                               .id_context = common->id_context};
    return gosc_kdf_derive(&in, type, okm, okm_len);
}

/* derive_key makes the Sender or Recipient Key of an ID. */
static gosc_err derive_key(const gosc_common_context *common, const gosc_id *id, uint8_t *key)
{
    return derive(common, gosc_id_span(id), GOSC_TYPE_KEY, key, common->cipher->key_len);
}

static gosc_err common_init(const gosc_context_params *params, gosc_common_context *common)
{
    common->dialect = params->dialect;
    common->hkdf = params->hkdf;
    common->aead = params->aead;
    common->group_enc = params->group_enc;
    common->signature = params->signature;
    common->agreement = params->agreement;
    common->credential_format = params->credential_format;
    common->master_secret = params->master_secret;
    common->master_salt = params->master_salt;
    common->id_context = params->id_context;
    common->wire_id_context = params->wire_id_context;
    common->gm_credential = params->gm_credential;
    if (!gosc_span_present(params->wire_id_context)) {
        common->wire_id_context = params->id_context;
    }
    if (params->hkdf != GOSC_ALG_HMAC_256 && params->hkdf != GOSC_ALG_HMAC_512) {
        return GOSC_ERR_ALGORITHM_UNKNOWN;
    }
    gosc_err err = params->dialect->common_check(common);
    if (err != GOSC_OK) {
        return err;
    }
    if (params->master_secret.len == 0 || params->id_context.len > GOSC_ID_CONTEXT_MAX) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    err = derive(common, GOSC_EMPTY, GOSC_TYPE_IV, common->common_iv, common->common_iv_len);
    /* The Signature Encryption Key hides countersignatures (Group OSCORE -28 section 2.1.7). */
    if (err == GOSC_OK && common->dialect->has_modes && common->signature_len > 0) {
        err = derive(common, GOSC_EMPTY, GOSC_TYPE_SEKEY, common->signature_encryption_key,
                     common->cipher->key_len);
    }
    return err;
}

static gosc_err sender_init(const gosc_context_params *params, gosc_security_context *context)
{
    gosc_sender_context *sender = &context->sender;
    const gosc_group_calls *group = context->common.dialect->group;
    sender->present = gosc_span_present(params->sender_id);
    if (!sender->present) {
        context->common.pairwise_mode = false; /* a silent server has no key to agree with */
        return GOSC_OK;
    }
    gosc_err err = id_set(&context->common, params->sender_id, &sender->id);
    if (err != GOSC_OK) {
        return err;
    }
    sender->ssn = params->ssn;
    if (group != NULL) {
        err = group->own_key_set(context, params->sender_credential, params->private_key);
        if (err != GOSC_OK) {
            return err;
        }
    }
    return derive_key(&context->common, &sender->id, sender->key);
}

gosc_err gosc_security_context_init(const gosc_context_params *params, gosc_security_context *context)
{
    uint8_t window_size = params->window_size == 0 ? GOSC_REPLAY_WINDOW_DEFAULT : params->window_size;
    context->recipients = params->recipients;
    context->n_recipients = params->n_recipients;
    gosc_security_context_wipe(context);
    context->member_find = params->member_find;
    context->member_arg = params->member_arg;
    context->freshness_ms = params->freshness_ms;
    context->sync = params->sync;
    context->sync_gap = params->sync_gap;
    context->window_size = window_size;
    context->new_windows_invalid = params->windows_invalid;
    gosc_err err = common_init(params, &context->common);
    if (err == GOSC_OK && window_size > GOSC_REPLAY_WINDOW_MAX) {
        err = GOSC_ERR_CONTEXT_INVALID;
    }
    if (err == GOSC_OK) {
        err = sender_init(params, context);
    }
    if (err != GOSC_OK) {
        gosc_security_context_wipe(context);
    }
    return err;
}

void gosc_security_context_wipe(gosc_security_context *context)
{
    gosc_recipient_context *recipients = context->recipients;
    size_t n_recipients = context->n_recipients;
    gosc_crypto_wipe(recipients, n_recipients * sizeof recipients[0]);
    gosc_crypto_wipe(context, sizeof *context);
    context->recipients = recipients;
    context->n_recipients = n_recipients;
}

gosc_recipient_context *gosc_recipient_context_find(const gosc_security_context *context, gosc_span id)
{
    for (size_t i = 0; i < context->n_recipients; i++) {
        gosc_recipient_context *recipient = &context->recipients[i];
        if (recipient->used &&
            (!gosc_span_present(id) || gosc_span_equal(gosc_id_span(&recipient->id), id))) {
            return recipient;
        }
    }
    return NULL;
}

/* slot_find gives a free slot of the table, NULL when it is full. */
static gosc_recipient_context *slot_find(const gosc_security_context *context)
{
    for (size_t i = 0; i < context->n_recipients; i++) {
        if (!context->recipients[i].used) {
            return &context->recipients[i];
        }
    }
    return NULL;
}

static gosc_err recipient_init(const gosc_security_context *context, gosc_span id, gosc_span credential,
                               gosc_recipient_context *recipient)
{
    const gosc_common_context *common = &context->common;
    memset(recipient, 0, sizeof *recipient);
    recipient->used = true;
    recipient->credential = credential;
    gosc_err err = id_set(common, id, &recipient->id);
    if (err == GOSC_OK && common->dialect->group != NULL && gosc_span_present(credential)) {
        err = common->dialect->group->credential_check(common, credential, &recipient->public_key);
    }
    if (err == GOSC_OK) {
        err = derive_key(common, &recipient->id, recipient->key);
    }
    gosc_replay_window_init(&recipient->window, context->window_size, !context->new_windows_invalid);
    return err;
}

gosc_err gosc_recipient_context_add(gosc_security_context *context, gosc_span id, gosc_span credential)
{
    const gosc_sender_context *sender = &context->sender;
    if ((sender->present && gosc_span_equal(gosc_id_span(&sender->id), id)) ||
        gosc_recipient_context_find(context, id) != NULL) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    gosc_recipient_context *slot = slot_find(context);
    if (slot == NULL) {
        return GOSC_ERR_ROOM;
    }
    gosc_err err = recipient_init(context, id, credential, slot);
    if (err != GOSC_OK) {
        gosc_crypto_wipe(slot, sizeof *slot);
    }
    return err;
}

bool gosc_recipient_context_delete(gosc_security_context *context, gosc_span id)
{
    gosc_recipient_context *recipient = gosc_recipient_context_find(context, id);
    if (recipient == NULL) {
        return false;
    }
    gosc_crypto_wipe(recipient, sizeof *recipient);
    context->new_windows_invalid = true;
    return true;
}

gosc_err gosc_recipient_context_provisional(const gosc_security_context *context, gosc_span kid,
                                            gosc_recipient_context *provisional,
                                            gosc_recipient_context **found)
{
    *found = gosc_recipient_context_find(context, kid);
    if (*found != NULL) {
        return GOSC_OK;
    }
    gosc_span credential = GOSC_ABSENT;
    if (context->member_find == NULL || context->n_recipients == 0) {
        return GOSC_ERR_RECIPIENT_UNKNOWN;
    }
    gosc_err err = context->member_find(context->member_arg, kid, &credential);
    if (err == GOSC_OK) {
        err = recipient_init(context, kid, credential, provisional);
    }
    if (err != GOSC_OK) {
        return err;
    }
    /* Another one will have to make way: that is a deletion, and this window cannot be trusted either. */
    provisional->window.valid = provisional->window.valid && slot_find(context) != NULL;
    *found = provisional;
    return GOSC_OK;
}

static gosc_recipient_context *oldest(const gosc_security_context *context)
{
    gosc_recipient_context *least = &context->recipients[0];
    for (size_t i = 1; i < context->n_recipients; i++) {
        if (context->recipients[i].last_used < least->last_used) {
            least = &context->recipients[i];
        }
    }
    return least;
}

static bool in_table(const gosc_security_context *context, const gosc_recipient_context *recipient)
{
    for (size_t i = 0; i < context->n_recipients; i++) {
        if (recipient == &context->recipients[i]) {
            return true;
        }
    }
    return false;
}

gosc_recipient_context *gosc_recipient_context_keep(gosc_security_context *context,
                                                    gosc_recipient_context *recipient)
{
    recipient->last_used = ++context->n_verified;
    if (in_table(context, recipient)) {
        return recipient;
    }
    gosc_recipient_context *slot = slot_find(context);
    if (slot == NULL) {
        slot = oldest(context);
        context->new_windows_invalid = true;
    }
    *slot = *recipient;
    gosc_crypto_wipe(recipient, sizeof *recipient);
    return slot;
}

gosc_err gosc_pairwise_keys_ready(const gosc_security_context *context, gosc_recipient_context *recipient,
                                  gosc_buf scratch)
{
    if (recipient->has_pairwise_keys) {
        return GOSC_OK;
    }
    if (!context->common.pairwise_mode) {
        return GOSC_ERR_MODE_UNSUPPORTED;
    }
    if (!gosc_span_present(recipient->credential)) {
        return GOSC_ERR_CREDENTIAL_MISSING;
    }
    gosc_err err = context->common.dialect->group->pairwise_derive(context, recipient, scratch);
    recipient->has_pairwise_keys = err == GOSC_OK;
    return err;
}
