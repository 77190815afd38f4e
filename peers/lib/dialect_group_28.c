/* SPDX-License-Identifier: BSD-2-Clause */
/* draft-ietf-core-oscore-groupcomm-28: group mode and pairwise mode. */
#include "cbor.h"
#include "group.h"
#include "group_message.h"
#include "pairwise.h"

/* find_ciphers: an algorithm that is set shapes lengths and AAD, also where the mode it belongs to is not complete. */
static gosc_err find_ciphers(gosc_common_context *common)
{
    common->aead_cipher = gosc_cipher_find(common->aead);
    common->group_cipher = gosc_cipher_find(common->group_enc);
    if ((common->aead != GOSC_ALG_NONE &&
         (common->aead_cipher == NULL || common->aead_cipher->tag_len == 0)) ||
        (common->group_enc != GOSC_ALG_NONE && common->group_cipher == NULL) ||
        (common->agreement != GOSC_ALG_NONE && common->agreement != GOSC_ALG_ECDH_SS_256 &&
         common->agreement != GOSC_ALG_ECDH_SS_512)) {
        return GOSC_ERR_ALGORITHM_UNKNOWN;
    }
    return GOSC_OK;
}

/* set_lengths: section 2.1.4 (Common IV: the larger nonce), 2.2 (Sender ID: the smaller nonce less 6). */
static void set_lengths(gosc_common_context *common)
{
    const gosc_cipher *group = common->group_cipher != NULL ? common->group_cipher : common->aead_cipher;
    const gosc_cipher *aead = common->aead_cipher != NULL ? common->aead_cipher : group;
    bool aead_longer = aead->nonce_len > group->nonce_len;
    common->cipher = group;
    common->common_iv_len = (aead_longer ? aead : group)->nonce_len;
    common->id_max = (uint8_t)((aead_longer ? group : aead)->nonce_len - 6);
}

static gosc_err common_check(gosc_common_context *common)
{
    gosc_err err = find_ciphers(common);
    if (err == GOSC_OK) {
        err = gosc_group_common_check(common);
    }
    if (err != GOSC_OK) {
        return err;
    }
    bool group_mode = common->group_cipher != NULL && common->signature != GOSC_ALG_NONE;
    common->pairwise_mode = common->aead_cipher != NULL && common->agreement != GOSC_ALG_NONE;
    /* -27 and -28 name their HKDF; the group has one HKDF for all. */
    int32_t same_hkdf = common->hkdf == GOSC_ALG_HMAC_256 ? GOSC_ALG_ECDH_SS_256 : GOSC_ALG_ECDH_SS_512;
    bool other_hkdf = common->agreement != GOSC_ALG_NONE && common->agreement != same_hkdf;
    if ((!group_mode && !common->pairwise_mode) || other_hkdf || !gosc_span_present(common->gm_credential)) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    set_lengths(common);
    common->signature_len = group_mode ? (uint8_t)gosc_signature_len(common->signature) : 0;
    return GOSC_OK;
}

static void write_alg(gosc_writer *writer, int32_t alg)
{
    if (alg == GOSC_ALG_NONE) {
        gosc_cbor_write_null(writer);
    } else {
        gosc_cbor_write_int(writer, alg);
    }
}

/* The nine elements of section 3.4. */
static void aad_array_write(gosc_writer *writer, const gosc_common_context *common, const gosc_aad_input *in)
{
    gosc_aad_array_begin(writer, 9, 4);
    write_alg(writer, common->aead);
    write_alg(writer, common->group_enc);
    write_alg(writer, common->signature);
    write_alg(writer, common->agreement);
    gosc_aad_array_request(writer, in);
    gosc_cbor_write_bstr(writer, in->request_kid_context);
    gosc_cbor_write_bstr(writer, in->option);
    gosc_cbor_write_bstr(writer, in->sender_cred);
    gosc_cbor_write_bstr(writer, common->gm_credential);
}

static const gosc_group_calls group_calls = {
    .own_key_set = gosc_group_own_key_set,
    .credential_check = gosc_group_credential_check,
    .pairwise_derive = gosc_pairwise_derive,
    .mode_check = gosc_group_mode_check,
    .suite = gosc_group_suite,
    .sender_find = gosc_group_sender_find,
    .sender_keep = gosc_recipient_context_keep,
    .context_find = gosc_group_context_find,
    .seal = gosc_group_seal,
    .verify = gosc_group_verify,
};

#define GROUP_28(suffix, reading_name, prefix)                                                               \
    const gosc_dialect gosc_dialect_group_28##suffix = {                                                     \
        .name = "group-28",                                                                                  \
        .reading = reading_name,                                                                             \
        .flags_allowed = 0x3f,                                                                               \
        .echo_code = 0x81,                                                                                   \
        .has_modes = true,                                                                                   \
        .signature_first = true,                                                                             \
        .signs_external_aad = true,                                                                          \
        .countersign_prefix_len = sizeof prefix - 1,                                                         \
        .countersign_prefix = prefix,                                                                        \
        .common_check = common_check,                                                                        \
        .aad_array_write = aad_array_write,                                                                  \
        .group = &group_calls,                                                                               \
    }

GROUP_28(, "CS5", GOSC_COUNTERSIGN_5);
GROUP_28(_cs4, "CS4", GOSC_COUNTERSIGN_4);
