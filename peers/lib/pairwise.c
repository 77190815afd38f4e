/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairwise.h"

#include <string.h>

/* is_plus_minus_one: y = 1 or y = -1 mod p as 32 little-endian bytes, sign bit aside: 0100..00 or ecff..ff7f. */
static bool is_plus_minus_one(const uint8_t *y)
{
    uint8_t fill = y[0] == 0x01 ? 0x00 : 0xff;
    uint8_t differs = (uint8_t)((y[31] ^ fill) << 1);
    for (size_t i = 1; i < 31; i++) {
        differs |= y[i] ^ fill;
    }
    return differs == 0 && (y[0] == 0x01 || y[0] == 0xec);
}

gosc_err gosc_pairwise_secret(const gosc_sender_context *sender, const gosc_public_key *other,
                              uint8_t secret[GOSC_SECRET_MAX])
{
    if (other->curve != sender->public_key.curve) {
        return GOSC_ERR_CREDENTIAL_MALFORMED;
    }
    if (other->curve == GOSC_CURVE_ED25519 && is_plus_minus_one(other->x.ptr)) {
        return GOSC_ERR_KEY_INVALID;
    }
    gosc_err err = gosc_crypto_agree(sender->private_key, other, secret);
    if (err != GOSC_OK) {
        return err;
    }
    uint8_t any = 0;
    for (size_t i = 0; i < gosc_curve_len(other->curve); i++) {
        any |= secret[i];
    }
    return any == 0 ? GOSC_ERR_AGREEMENT_ZERO : GOSC_OK;
}

/* one_direction: salt is the key of the sending side, IKM its credential, the receiver's credential, the secret. */
static gosc_err one_direction(const gosc_common_context *common, gosc_kdf_input *in, gosc_span sender_cred,
                              gosc_span recipient_cred, gosc_span secret, gosc_buf scratch, uint8_t *key)
{
    gosc_writer ikm;
    gosc_writer_init(&ikm, scratch);
    gosc_write_bytes(&ikm, sender_cred);
    gosc_write_bytes(&ikm, recipient_cred);
    gosc_write_bytes(&ikm, secret);
    in->ikm = gosc_writer_span(&ikm);
    gosc_err err = GOSC_ERR_ROOM;
    if (!ikm.failed) {
        err = gosc_kdf_derive(in, GOSC_TYPE_KEY, key, common->aead_cipher->key_len);
    }
    gosc_crypto_wipe(scratch.ptr, in->ikm.len);
    return err;
}

gosc_err gosc_pairwise_derive(const gosc_security_context *context, gosc_recipient_context *recipient,
                              gosc_buf scratch)
{
    const gosc_common_context *common = &context->common;
    const gosc_sender_context *sender = &context->sender;
    if (!sender->present) {
        return GOSC_ERR_SENDER_MISSING;
    }
    uint8_t bytes[GOSC_SECRET_MAX];
    gosc_err err = gosc_pairwise_secret(sender, &recipient->public_key, bytes);
    gosc_span secret = gosc_span_of(bytes, gosc_curve_len(recipient->public_key.curve));
    gosc_kdf_input in = {.hkdf = common->hkdf,
                         .alg = common->aead,
                         .salt = gosc_span_of(sender->key, common->cipher->key_len),
                         .id = gosc_id_span(&sender->id),
                         .id_context = common->id_context};
    if (err == GOSC_OK) {
        err = one_direction(common, &in, sender->credential, recipient->credential, secret, scratch,
                            recipient->pairwise_sender_key);
    }
    in.salt.ptr = recipient->key;
    in.id = gosc_id_span(&recipient->id);
    if (err == GOSC_OK) {
        err = one_direction(common, &in, recipient->credential, sender->credential, secret, scratch,
                            recipient->pairwise_recipient_key);
    }
    gosc_crypto_wipe(bytes, sizeof bytes);
    return err;
}
