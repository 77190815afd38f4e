/* Mistakes in the nonce, and in countersignatures and what hides them. SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "trial.h"

/* How a nonce may be built otherwise. */
typedef struct recipe {
    const char *said;
    gosc_span id;
    uint64_t piv;
    int size;             /* added to the first byte */
    bool id_at_left;      /* padded behind instead of before */
    bool piv_at_left;
    bool iv_tail;         /* the trailing bytes of the Common IV instead of the leading ones */
    bool no_iv;
    bool no_id;
} recipe;

static bool try_recipe(search *s, const recipe *r)
{
    trial t = trial_of(s);
    size_t len = t.layers.nonce.len;
    size_t id_room = len - 6;
    uint8_t *nonce = vec_alloc(s->arena, GOSC_NONCE_MAX);
    gosc_span id = r->no_id ? GOSC_EMPTY : r->id;
    if (id.len > id_room || t.common.common_iv_len < len) {
        return false;
    }
    nonce[0] = (uint8_t)((int)id.len + r->size);
    memcpy(nonce + 1 + (r->id_at_left ? 0 : id_room - id.len), id.ptr, id.len);
    uint8_t bytes[GOSC_PARTIAL_IV_MAX];
    size_t piv_len = r->piv_at_left ? gosc_partial_iv_encode((gosc_partial_iv){r->piv}, bytes) : sizeof bytes;
    for (size_t i = 0; i < piv_len; i++) {
        nonce[len - 5 + i] = (uint8_t)(r->piv >> (8 * (piv_len - 1 - i)));
    }
    const uint8_t *iv = t.common.common_iv + (r->iv_tail ? t.common.common_iv_len - len : 0);
    for (size_t i = 0; i < len && !r->no_iv; i++) {
        nonce[i] ^= iv[i];
    }
    t.layers.nonce = gosc_span_of(nonce, len);
    return trial_decrypt(s, &t) && trial_judge(s, &t, "nonce: %s", r->said);
}

/* try_identity: nonce, and with it the keystream, from another ID or Partial IV. */
static bool try_identity(search *s, gosc_span id, gosc_span piv, const char *said)
{
    trial t = trial_of(s);
    t.layers.nonce_id = id;
    t.layers.nonce_piv_bytes = piv;
    t.layers.nonce_piv.number = 0;
    for (size_t i = 0; i < piv.len; i++) {
        t.layers.nonce_piv.number = t.layers.nonce_piv.number << 8 | piv.ptr[i];
    }
    return trial_derive(s, &t) && trial_judge(s, &t, "nonce: %s", said);
}

bool trial_nonces(search *s)
{
    const subject *u = s->subject;
    const vec_layers *layers = &u->layers;
    const gosc_sender_context *own = &u->context->sender;
    gosc_span own_id = own->present ? gosc_id_span(&own->id) : GOSC_EMPTY;
    gosc_span other_id = u->other != NULL ? gosc_id_span(&u->other->id) : GOSC_EMPTY;
    gosc_span piv = layers->nonce_piv_bytes;
    uint64_t number = layers->nonce_piv.number;
    if (try_identity(s, own_id, piv, "ID_PIV is the ID of the endpoint that looks") ||
        try_identity(s, other_id, piv, "ID_PIV is the ID of the other end") ||
        try_identity(s, layers->request_kid, piv, "ID_PIV is the kid of the request") ||
        try_identity(s, layers->sender_id, layers->request_piv, "Partial IV of the request with the responder's ID") ||
        try_identity(s, layers->request_kid, layers->request_piv, "that of the request, though there is a Partial IV")) {
        return true;
    }
    const recipe recipes[] = {
        {.said = "ID_PIV is the ID of the endpoint that looks (not in the keystream)", .id = own_id, .piv = number},
        {.said = "ID_PIV is the ID of the other end (not in the keystream)", .id = other_id, .piv = number},
        {.said = "without ID_PIV", .no_id = true, .piv = number},
        {.said = "the length of ID_PIV is 0", .id = layers->nonce_id, .size = -(int)layers->nonce_id.len, .piv = number},
        {.said = "the length of ID_PIV is that of its padded form", .id = layers->nonce_id,
         .size = (int)(layers->nonce.len - 6 - layers->nonce_id.len), .piv = number},
        {.said = "ID_PIV is padded on the right", .id = layers->nonce_id, .id_at_left = true, .piv = number},
        {.said = "Partial IV is padded on the right", .id = layers->nonce_id, .piv_at_left = true, .piv = number},
        {.said = "Partial IV is 0", .id = layers->nonce_id, .piv = 0},
        {.said = "Partial IV is one more", .id = layers->nonce_id, .piv = number + 1},
        {.said = "Partial IV is cut to 32 bits", .id = layers->nonce_id, .piv = number & UINT32_MAX},
        {.said = "the Common IV is cut at its head", .id = layers->nonce_id, .iv_tail = true, .piv = number},
        {.said = "the Common IV is left out", .id = layers->nonce_id, .no_iv = true, .piv = number},
    };
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        if (try_recipe(s, &recipes[i])) {
            return true;
        }
    }
    return false;
}

/* ---- countersignatures ---- */

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
    for (size_t i = 0; i < c->n_recipients + c->n_members + 1; i++) {
        const vec_member own = {gosc_id_span(&u->context->sender.id), u->context->sender.credential};
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
    if (trial_judge(s, &t, "signature: the bare ciphertext is signed")) {
        return true;
    }
    return gosc_span_present(layers->encrypted_signature) && try_masks(s);
}
