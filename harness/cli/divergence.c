/* SPDX-License-Identifier: BSD-2-Clause */
#include "divergence.h"

#include <stdarg.h>
#include <stdio.h>

#include "trial.h"

trial trial_of(const search *s)
{
    trial t = {.layers = s->subject->layers, .common = s->subject->context->common};
    if (s->subject->layers.is_signed) {
        t.signer = *subject_signer(s->subject);
    }
    return t;
}

bool trial_derive(search *s, trial *t)
{
    return vec_layers_derive(s->arena, &t->common, &t->layers) == GOSC_OK;
}

bool trial_decrypt(search *s, trial *t)
{
    vec_layers *layers = &t->layers;
    uint8_t *plaintext = vec_alloc(s->arena, layers->ciphertext.len);
    size_t len = layers->ciphertext.len - layers->cipher->tag_len;
    layers->opened = gosc_crypto_open(layers->cipher, layers->key.ptr, layers->nonce.ptr,
                                      layers->enc_structure, layers->ciphertext, plaintext);
    layers->plaintext = layers->opened == GOSC_OK ? gosc_span_of(plaintext, len) : GOSC_ABSENT;
    return true;
}

static gosc_span enc_structure(search *s, gosc_span external_aad)
{
    size_t len = external_aad.len + 32;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, len), len});
    gosc_cbor_write_head(&writer, GOSC_CBOR_ARRAY, 3);
    gosc_cbor_write_tstr(&writer, gosc_span_of("Encrypt0", 8));
    gosc_cbor_write_bstr(&writer, GOSC_EMPTY);
    gosc_cbor_write_bstr(&writer, external_aad);
    return gosc_writer_span(&writer);
}

static gosc_span countersign_structure(search *s, const trial *t)
{
    const gosc_dialect *dialect = t->common.dialect;
    size_t len = t->layers.external_aad.len + t->layers.ciphertext.len + 64;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, len), len});
    gosc_write_bytes(&writer, gosc_span_of(dialect->countersign_prefix, dialect->countersign_prefix_len));
    gosc_cbor_write_bstr(&writer, dialect->signs_external_aad ? t->layers.external_aad : GOSC_EMPTY);
    gosc_cbor_write_bstr(&writer, t->layers.ciphertext);
    return gosc_writer_span(&writer);
}

bool trial_structures(search *s, trial *t)
{
    if (t->layers.cipher->tag_len > 0) {
        t->layers.enc_structure = enc_structure(s, t->layers.external_aad);
    }
    if (t->layers.is_signed) {
        t->layers.to_be_signed = countersign_structure(s, t);
    }
    return trial_decrypt(s, t);
}

/* decrypts: the tag verifies; a cipher without one is judged by what comes out. */
static bool decrypts(const trial *t)
{
    gosc_span options;
    gosc_span payload;
    gosc_span plaintext = t->layers.plaintext;
    if (t->layers.opened != GOSC_OK || t->layers.cipher->tag_len > 0) {
        return t->layers.opened == GOSC_OK;
    }
    uint8_t code_class = plaintext.ptr[0] >> 5;
    bool fits = t->layers.is_request ? code_class == 0 && plaintext.ptr[0] != 0
                                     : code_class == 2 || code_class == 4 || code_class == 5;
    return fits && gosc_coap_content_parse(gosc_span_of(plaintext.ptr + 1, plaintext.len - 1), &options,
                                           &payload) == GOSC_OK;
}

bool trial_judge(search *s, const trial *t, const char *format, ...)
{
    char text[300];
    va_list args;
    s->n_tried++;
    if (!decrypts(t)) {
        return false;
    }
    if (t->layers.is_signed && gosc_crypto_verify(t->common.signature, &t->signer, t->layers.to_be_signed,
                                                  t->layers.signature) != GOSC_OK) {
        return false;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->found = vec_printf(s->arena, "%s", text);
    return true;
}

const char *cli_divergence(const subject *looked_at, size_t *n_tried)
{
    static bool (*const groups[])(search *) = {trial_readings,   trial_bindings, trial_aad,    trial_nonces,
                                               trial_signatures, trial_keys,     trial_members};
    search s = {.subject = looked_at, .arena = looked_at->arena};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0] && s.found == NULL; i++) {
        (void)groups[i](&s);
    }
    *n_tried = s.n_tried;
    return s.found;
}
