/* SPDX-License-Identifier: BSD-2-Clause */
/* Mistakes in countersignatures and in what hides them. */
#include <string.h>

#include "trial.h"

/* How a keystream may be made otherwise. */
typedef struct mask {
    const char *said;
    gosc_span id, id_context, salt;
    const uint8_t *key; /* key_len of the group's cipher */
    bool is_request;
} mask;

static bool try_mask(search *s, const mask *m)
{
    trial t = trial_of(s);
    size_t len = t.layers.encrypted_signature.len;
    uint8_t *bytes = vec_alloc(s->arena, 2 * len + GOSC_INFO_MAX);
    gosc_writer info;
    gosc_writer_init(&info, (gosc_buf){bytes + 2 * len, GOSC_INFO_MAX});
    gosc_kdf_keystream_info(&info, m->id, m->id_context, m->is_request, len);
    if (info.failed ||
        gosc_crypto_hkdf(t.common.hkdf, m->salt, gosc_span_of(m->key, t.common.cipher->key_len),
                         gosc_writer_span(&info), (gosc_buf){bytes, len}) != GOSC_OK) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bytes[len + i] = t.layers.encrypted_signature.ptr[i] ^ bytes[i];
    }
    t.layers.signature = gosc_span_of(bytes + len, len);
    return trial_judge(s, &t, "keystream: %s", m->said);
}

static bool try_masks(search *s)
{
    const subject *u = s->subject;
    const vec_layers *layers = &u->layers;
    const gosc_common_context *common = &u->context->common;
    const uint8_t *key = common->signature_encryption_key;
    const uint8_t *member_key = u->sealing || u->other == NULL ? u->context->sender.key : u->other->key;
    gosc_span id = layers->nonce_id;
    gosc_span gid = common->id_context;
    gosc_span salt = layers->nonce_piv_bytes;
    uint8_t whole[GOSC_PARTIAL_IV_MAX] = {0};
    memcpy(whole + sizeof whole - salt.len, salt.ptr, salt.len);
    bool is_request = layers->is_request;
    const mask masks[] = {
        {"is_request is the other way round", id, gid, salt, key, !is_request},
        {"the Partial IV is padded to 5 bytes", id, gid, gosc_span_of(whole, sizeof whole), key, is_request},
        {"the ID is that of the sender", layers->sender_id, gid, salt, key, is_request},
        {"the ID is that of the request", layers->request_kid, gid, salt, key, is_request},
        {"the ID is empty", GOSC_EMPTY, gid, salt, key, is_request},
        {"the ID Context is null", id, GOSC_ABSENT, salt, key, is_request},
        {"the ID Context is that of the request", id, layers->request_kid_context, salt, key, is_request},
        {"the salt is that of the request", id, gid, layers->request_piv, key, is_request},
        {"the salt is empty", id, gid, GOSC_EMPTY, key, is_request},
        {"the salt is the nonce", id, gid, layers->nonce, key, is_request},
        {"from the Sender Key", id, gid, salt, member_key, is_request},
    };
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        if (try_mask(s, &masks[i])) {
            return true;
        }
    }
    trial t = trial_of(s);
    t.layers.signature = t.layers.encrypted_signature;
    return trial_judge(s, &t, "the countersignature is not encrypted");
}

/* try_signed puts other bytes in the place of what is signed. */
static bool try_signed(search *s, gosc_span external_aad, gosc_span body, const char *said)
{
    trial t = trial_of(s);
    const gosc_dialect *dialect = t.common.dialect;
    size_t len = external_aad.len + body.len + 64;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, len), len});
    gosc_write_bytes(&writer, gosc_span_of(dialect->countersign_prefix, dialect->countersign_prefix_len));
    gosc_cbor_write_bstr(&writer, external_aad);
    gosc_cbor_write_bstr(&writer, body);
    t.layers.to_be_signed = gosc_writer_span(&writer);
    return trial_judge(s, &t, "signature: %s", said);
}

/* try_signers: the private key of another member. */
static bool try_signers(search *s)
{
    const subject *u = s->subject;
    const vec_context *c = u->source;
    const vec_member own = {gosc_id_span(&u->context->sender.id), u->context->sender.credential};
    for (size_t i = 0; i < c->n_recipients + c->n_members + 1; i++) {
        const vec_member *one = i < c->n_recipients                  ? &c->recipients[i]
                                : i < c->n_recipients + c->n_members ? &c->members[i - c->n_recipients]
                                                                     : &own;
        trial t = trial_of(s);
        if (gosc_span_present(one->credential) &&
            gosc_credential_parse(t.common.credential_format, one->credential, &t.signer) == GOSC_OK &&
            gosc_signature_fits(t.common.signature, t.signer.curve) &&
            trial_judge(s, &t, "signature: made with the private key of member %s",
                        vec_hex_write(s->arena, one->id))) {
            return true;
        }
    }
    trial t = trial_of(s);
    return gosc_span_present(t.common.gm_credential) &&
           gosc_credential_parse(t.common.credential_format, t.common.gm_credential, &t.signer) == GOSC_OK &&
           gosc_signature_fits(t.common.signature, t.signer.curve) &&
           trial_judge(s, &t, "signature: made with the private key of the Group Manager");
}

/* try_contexts: other context strings, and what stands for the protected headers. */
static bool try_contexts(search *s)
{
    static const char *const contexts[] = {"CounterSignature0",  "CounterSignature", "CounterSignature0V2",
                                           "CounterSignatureV2", "Signature1",       "Signature"};
    static const struct {
        const char *said;
        const char *bytes;
        size_t len;
        uint64_t n; /* elements */
    } headers[] = {
        {"body_protected and sign_protected", "\x40\x40", 2, 5},
        {"body_protected alone", "\x40", 1, 4},
        {"sign_protected null", "\x40\xf6", 2, 5},
        {"body_protected null", "\xf6\x40", 2, 5},
        {"headers a0", "\x41\xa0\x41\xa0", 4, 5},
        {"no header", "", 0, 3},
    };
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        for (size_t j = 0; j < sizeof headers / sizeof headers[0]; j++) {
            trial t = trial_of(s);
            size_t len = t.layers.external_aad.len + t.layers.ciphertext.len + 64;
            gosc_writer writer;
            gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, len), len});
            gosc_cbor_write_head(&writer, GOSC_CBOR_ARRAY, headers[j].n);
            gosc_cbor_write_tstr(&writer, gosc_span_of(contexts[i], strlen(contexts[i])));
            gosc_write_bytes(&writer, gosc_span_of(headers[j].bytes, headers[j].len));
            gosc_cbor_write_bstr(&writer, t.layers.external_aad);
            gosc_cbor_write_bstr(&writer, t.layers.ciphertext);
            t.layers.to_be_signed = gosc_writer_span(&writer);
            if (trial_judge(s, &t, "signature: context \"%s\", %s", contexts[i], headers[j].said)) {
                return true;
            }
        }
    }
    return false;
}

/* try_halves: the two numbers of a signature exchanged or byte-reversed. */
static bool try_halves(search *s)
{
    static const char *const said[] = {"its halves are exchanged", "its halves are little-endian"};
    for (int form = 0; form < 2; form++) {
        trial t = trial_of(s);
        size_t half = t.layers.signature.len / 2;
        uint8_t *bytes = vec_alloc(s->arena, 2 * half);
        for (size_t i = 0; i < half; i++) {
            bytes[i] = t.layers.signature.ptr[form == 0 ? half + i : half - 1 - i];
            bytes[half + i] = t.layers.signature.ptr[form == 0 ? i : 2 * half - 1 - i];
        }
        t.layers.signature = gosc_span_of(bytes, 2 * half);
        if (trial_judge(s, &t, "signature: %s", said[form])) {
            return true;
        }
    }
    return false;
}

bool trial_signatures(search *s)
{
    const vec_layers *layers = &s->subject->layers;
    if (!layers->is_signed) {
        return false;
    }
    gosc_span plaintext = gosc_span_present(layers->plaintext) ? layers->plaintext : GOSC_EMPTY;
    gosc_span bare = layers->ciphertext;
    bare.len -= layers->cipher->tag_len;
    if (try_signers(s) || try_signed(s, layers->external_aad, plaintext, "the plaintext is signed") ||
        try_signed(s, layers->external_aad, bare, "the ciphertext is signed without its tag") ||
        try_signed(s, layers->external_aad, GOSC_EMPTY, "no ciphertext is signed") ||
        try_signed(s, GOSC_EMPTY, layers->ciphertext, "external_aad is empty in what is signed")) {
        return true;
    }
    trial t = trial_of(s);
    t.layers.to_be_signed = layers->ciphertext;
    if (trial_judge(s, &t, "signature: the bare ciphertext is signed") || try_contexts(s) || try_halves(s)) {
        return true;
    }
    return gosc_span_present(layers->encrypted_signature) && try_masks(s);
}
