/* SPDX-License-Identifier: BSD-2-Clause */
#include "group.h"

gosc_err gosc_group_credential_check(const gosc_common_context *common, gosc_span credential,
                                     gosc_public_key *key)
{
    gosc_err err = gosc_credential_parse(common->credential_format, credential, key);
    if (err != GOSC_OK) {
        return err;
    }
    /* With group mode the key is one of the Signature Algorithm, else one of the key agreement. */
    bool is_signing = common->signature_len > 0;
    int32_t alg = is_signing ? common->signature : common->agreement;
    if ((key->alg != GOSC_ALG_NONE && key->alg != alg) ||
        (is_signing && !gosc_signature_fits(alg, key->curve))) {
        return GOSC_ERR_CREDENTIAL_MALFORMED;
    }
    /* An Ed25519 key that only verifies signatures is looked at by the verification. */
    return key->curve == GOSC_CURVE_ED25519 ? GOSC_OK : gosc_crypto_public_check(key);
}

gosc_err gosc_group_common_check(gosc_common_context *common)
{
    if (common->signature != GOSC_ALG_NONE && gosc_signature_len(common->signature) == 0) {
        return GOSC_ERR_ALGORITHM_UNKNOWN;
    }
    if (!gosc_span_present(common->id_context) || common->credential_format < GOSC_CREDENTIAL_CCS ||
        common->credential_format > GOSC_CREDENTIAL_X509) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    return GOSC_OK;
}

gosc_err gosc_group_own_key_set(gosc_security_context *context, gosc_span credential, gosc_span private_key)
{
    gosc_sender_context *sender = &context->sender;
    if (!gosc_span_present(credential) || !gosc_span_present(private_key)) {
        return GOSC_ERR_CONTEXT_INVALID;
    }
    sender->credential = credential;
    sender->private_key = private_key;
    gosc_err err = gosc_group_credential_check(&context->common, credential, &sender->public_key);
    return err == GOSC_OK ? gosc_crypto_pair_check(private_key, &sender->public_key) : err;
}
