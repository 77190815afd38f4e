/* SPDX-License-Identifier: BSD-2-Clause */
/* Mistakes in the nonce. */
#include <string.h>

#include "trial.h"

/* How a nonce may be built otherwise. */
typedef struct recipe {
    const char *said;
    gosc_span id;
    uint64_t piv;
    int size;        /* added to the first byte */
    bool id_at_left; /* padded behind instead of before */
    bool piv_at_left;
    bool iv_tail; /* the trailing bytes of the Common IV instead of the leading ones */
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
        try_identity(s, layers->sender_id, layers->request_piv,
                     "Partial IV of the request with the responder's ID") ||
        try_identity(s, layers->request_kid, layers->request_piv,
                     "that of the request, though there is a Partial IV")) {
        return true;
    }
    const recipe recipes[] = {
        {.said = "ID_PIV is the ID of the endpoint that looks (not in the keystream)",
         .id = own_id,
         .piv = number},
        {.said = "ID_PIV is the ID of the other end (not in the keystream)", .id = other_id, .piv = number},
        {.said = "without ID_PIV", .no_id = true, .piv = number},
        {.said = "the length of ID_PIV is 0",
         .id = layers->nonce_id,
         .size = -(int)layers->nonce_id.len,
         .piv = number},
        {.said = "the length of ID_PIV is that of its padded form",
         .id = layers->nonce_id,
         .size = (int)(layers->nonce.len - 6 - layers->nonce_id.len),
         .piv = number},
        {.said = "ID_PIV is padded on the right", .id = layers->nonce_id, .id_at_left = true, .piv = number},
        {.said = "Partial IV is padded on the right",
         .id = layers->nonce_id,
         .piv_at_left = true,
         .piv = number},
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
