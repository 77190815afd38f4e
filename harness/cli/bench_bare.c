/* SPDX-License-Identifier: BSD-2-Clause */
/* The bare adapter calls beside each operation: same algorithms, same lengths. */
#include <string.h>

#include "bench_rig.h"

/* hkdf: one derivation over an info array as long as those of the contexts. */
static bool hkdf(const gosc_common_context *c, uint8_t *out, size_t len)
{
    static const uint8_t info[] = {0x85, 0x41, 0x25, 0x43, 0x44, 0x61, 0x6c, 0x0a, 0x63, 'K', 'e', 'y', 0x10};
    return gosc_crypto_hkdf(c->hkdf, c->master_salt, c->master_secret, gosc_span_of(info, sizeof info),
                            (gosc_buf){out, len}) == GOSC_OK;
}

/* bare_derive: Common IV, Sender and Recipient Key; groups: does the private key belong to the credential;
 * group-28: the Signature Encryption Key; pairwise: the shared secret and two keys. */
static bool bare_derive(rig *r)
{
    const gosc_security_context *context = r->client.contexts[0];
    const gosc_common_context *c = &context->common;
    bool is_28 = c->dialect->has_modes;
    uint8_t out[GOSC_SECRET_MAX];
    bool good = hkdf(c, out, c->common_iv_len) && hkdf(c, out, c->cipher->key_len) &&
                hkdf(c, out, c->cipher->key_len);
    if (good && c->dialect->group != NULL) {
        good = gosc_crypto_pair_check(context->sender.private_key, &context->sender.public_key) == GOSC_OK;
    }
    if (good && is_28) {
        good = hkdf(c, out, c->cipher->key_len);
    }
    if (good && r->setting == RIG_GROUP_28_PAIRWISE) {
        const gosc_public_key *other = &context->recipients[0].public_key;
        good = gosc_crypto_public_check(other) == GOSC_OK &&
               gosc_crypto_agree(context->sender.private_key, other, out) == GOSC_OK &&
               hkdf(c, out, c->aead_cipher->key_len) && hkdf(c, out, c->aead_cipher->key_len);
    }
    return good;
}

/* keystream: what hides the countersignature of group-28. */
static bool keystream(const rig *r, const vec_layers *l, uint8_t *out)
{
    const gosc_common_context *c = &r->sealer->common;
    if (!gosc_span_present(l->encrypted_signature)) {
        return true;
    }
    return gosc_crypto_hkdf(c->hkdf, l->nonce_piv_bytes,
                            gosc_span_of(c->signature_encryption_key, c->cipher->key_len), l->keystream_info,
                            (gosc_buf){out, c->signature_len}) == GOSC_OK;
}

static bool bare_protect(rig *r, const vec_layers *l)
{
    uint8_t stream[GOSC_SIGNATURE_MAX];
    const gosc_sender_context *sender = &r->sealer->sender;
    if (gosc_crypto_seal(l->cipher, l->key.ptr, l->nonce.ptr, l->enc_structure, l->plaintext, r->bare_out) !=
        GOSC_OK) {
        return false;
    }
    return !l->is_signed || (gosc_crypto_sign(r->sealer->common.signature, sender->private_key,
                                              &sender->public_key, l->to_be_signed, r->bare_out) == GOSC_OK &&
                             keystream(r, l, stream));
}

static bool bare_verify(rig *r, const vec_layers *l)
{
    uint8_t stream[GOSC_SIGNATURE_MAX];
    if (l->is_signed && (!keystream(r, l, stream) ||
                         gosc_crypto_verify(r->sealer->common.signature, &r->sealer->sender.public_key,
                                            l->to_be_signed, l->signature) != GOSC_OK)) {
        return false;
    }
    return gosc_crypto_open(l->cipher, l->key.ptr, l->nonce.ptr, l->enc_structure, l->ciphertext,
                            r->bare_out) == GOSC_OK;
}

bool rig_run_bare(rig *r, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        if (r->operation == RIG_DERIVE) {
            good = bare_derive(r) && good;
        } else if (r->operation == RIG_PROTECT_REQUEST || r->operation == RIG_PROTECT_RESPONSE) {
            good = bare_protect(r, &r->layers[i % RIG_BATCH]) && good;
        } else {
            good = bare_verify(r, &r->layers[i % RIG_BATCH]) && good;
        }
    }
    return good;
}
