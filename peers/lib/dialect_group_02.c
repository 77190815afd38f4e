/* SPDX-License-Identifier: BSD-2-Clause */
/* draft-ietf-core-oscore-groupcomm-02 (2018): the countersignature stands in the option. */
#include "cbor.h"
#include "group.h"
#include "group_message.h"

static gosc_err common_check(gosc_common_context *common)
{
    const gosc_cipher *cipher = gosc_cipher_find(common->aead);
    if (common->aead != GOSC_ALG_NONE && (cipher == NULL || cipher->tag_len == 0)) {
        return GOSC_ERR_ALGORITHM_UNKNOWN;
    }
    gosc_err err = gosc_group_common_check(common);
    if (err != GOSC_OK) {
        return err;
    }
    if (cipher == NULL || common->signature == GOSC_ALG_NONE || common->group_enc != GOSC_ALG_NONE ||
        common->agreement != GOSC_ALG_NONE) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    common->cipher = cipher;
    common->aead_cipher = cipher;
    common->group_cipher = cipher;
    common->signature_len = (uint8_t)gosc_signature_len(common->signature);
    common->common_iv_len = cipher->nonce_len;
    common->id_max = (uint8_t)(cipher->nonce_len - 6);
    return GOSC_OK;
}

/* [1, [alg_aead, alg_countersign], request_kid, request_piv, h'']. */
static void aad_array_write(gosc_writer *writer, const gosc_common_context *common, const gosc_aad_input *in)
{
    gosc_aad_array_begin(writer, 5, 2);
    gosc_cbor_write_int(writer, common->aead);
    gosc_cbor_write_int(writer, common->signature);
    gosc_aad_array_request(writer, in);
}

static const gosc_group_calls group_calls = {
    .own_key_set = gosc_group_own_key_set,
    .credential_check = gosc_group_credential_check,
    .option_split = gosc_oscore_option_split,
    .mode_check = gosc_group_mode_check,
    .suite = gosc_group_suite,
    .sender_find = gosc_group_sender_find,
    .sender_keep = gosc_recipient_context_keep,
    .context_find = gosc_group_context_find,
    .seal = gosc_group_seal,
    .verify = gosc_group_verify,
};

/* One row a reading: the context string with what follows it, and whether external_aad is signed. */
#define GROUP_02(suffix, reading_name, prefix, signs_aad)                                                    \
    const gosc_dialect gosc_dialect_group_02##suffix = {                                                     \
        .name = "group-02",                                                                                  \
        .reading = reading_name,                                                                             \
        .flags_allowed = 0x3f,                                                                               \
        .flags_required = 0x28,                                                                              \
        .echo_code = 0x83,                                                                                   \
        .signature_in_option = true,                                                                         \
        .echo_restarts = true,                                                                               \
        .signs_external_aad = signs_aad,                                                                     \
        .countersign_prefix_len = sizeof prefix - 1,                                                         \
        .countersign_prefix = prefix,                                                                        \
        .common_check = common_check,                                                                        \
        .aad_array_write = aad_array_write,                                                                  \
        .group = &group_calls,                                                                               \
    }

GROUP_02(, "S1/E1", GOSC_COUNTERSIGN_5, true);
GROUP_02(_s2e1, "S2/E1", GOSC_COUNTERSIGN_4, true);
GROUP_02(_s3e1, "S3/E1", GOSC_COUNTERSIGN_5_OLD, true);
GROUP_02(_s1e0, "S1/E0", GOSC_COUNTERSIGN_5, false);
GROUP_02(_s2e0, "S2/E0", GOSC_COUNTERSIGN_4, false);
GROUP_02(_s3e0, "S3/E0", GOSC_COUNTERSIGN_5_OLD, false);
