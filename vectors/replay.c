/* SPDX-License-Identifier: BSD-2-Clause */
#include "replay.h"

#include <string.h>

#include "replay_family.h"

void vec_replay_init(vec_replay *replay)
{
    *replay = (vec_replay){.file = NULL};
}

static void file_leave(vec_replay *replay)
{
    json_decref(replay->context_index);
    vec_arena_free(&replay->file_arena);
    *replay = (vec_replay){.arena = replay->arena};
}

void vec_replay_free(vec_replay *replay)
{
    file_leave(replay);
    vec_arena_free(&replay->arena);
}

/* file_enter reads the contexts of a file; they are set up when a vector needs them. */
static void file_enter(vec_replay *replay, const vec_file *file)
{
    const char *name;
    json_t *object;
    size_t n = json_object_size(file->contexts);
    file_leave(replay);
    replay->file = file;
    replay->context_index = json_object();
    replay->contexts = vec_alloc(&replay->file_arena, n * sizeof *replay->contexts);
    json_object_foreach(file->contexts, name, object)
    {
        vec_context *context = vec_alloc(&replay->file_arena, sizeof *context);
        vec_context_read(&replay->file_arena, object, context);
        (void)json_object_set_new(replay->context_index, name, json_integer((json_int_t)replay->n_contexts));
        replay->contexts[replay->n_contexts++] = context;
    }
}

vec_context *vec_replay_context(vec_replay *replay, const vec_file *file, const char *name)
{
    if (replay->file != file) {
        file_enter(replay, file);
    }
    const json_t *index = json_object_get(replay->context_index, name);
    if (index == NULL) {
        return NULL;
    }
    vec_context *context = replay->contexts[json_integer_value(index)];
    gosc_err err = vec_context_set_up(&replay->file_arena, context);
    return err == context->err ? context : NULL; /* what came of it stays in context->err */
}

vec_context *vec_replay_ready(vec_replay *replay, const vec_vector *vector, const json_t *object,
                              const char *key, vec_verdict *verdict)
{
    const char *name = vec_get_text(object, key);
    vec_context *context = name == NULL ? NULL : vec_replay_context(replay, vector->file, name);
    if (context == NULL) {
        (void)vec_fail(verdict, "%s: expected the name of a context, found none", key);
        return NULL;
    }
    if (context->unsupported != NULL) {
        (void)vec_unsupported(verdict, context->unsupported);
        return NULL;
    }
    if (context->err != GOSC_OK) {
        (void)vec_fail(verdict, "set-up of context %s: expected ok, found %s", name,
                       gosc_err_name(context->err));
        return NULL;
    }
    return context;
}

/* lacks_cipher: whether the crypto adapter of this build has no such cipher, or not with so long an AAD. */
static bool lacks_cipher(vec_replay *replay, int32_t alg, size_t aad_len)
{
    static const uint8_t zeros[GOSC_KEY_MAX];
    uint8_t out[1 + GOSC_TAG_MAX];
    const gosc_cipher *cipher = gosc_cipher_find(alg);
    gosc_span aad = gosc_span_of(vec_alloc(&replay->arena, aad_len), aad_len);
    return cipher != NULL &&
           gosc_crypto_seal(cipher, zeros, zeros, aad, gosc_span_of(zeros, 1), out) != GOSC_OK;
}

/* lacks_algorithm: a failure may be that of a build without one of the context's ciphers: not supported, not
 * failed. */
static bool lacks_algorithm(vec_replay *replay, const vec_vector *vector)
{
    static const char *const keys[] = {"context", "sender", "receiver", NULL};
    const json_t *intermediate = json_object_get(vector->json, "intermediate");
    size_t aad_len = json_string_length(json_object_get(intermediate, "enc_structure")) / 2;
    bool lacks = false;
    for (const char *const *key = keys; *key != NULL; key++) {
        const char *name = vec_get_text(vector->json, *key);
        const vec_context *context = name == NULL ? NULL : vec_replay_context(replay, vector->file, name);
        lacks = lacks || (context != NULL && (lacks_cipher(replay, context->params.aead, aad_len) ||
                                              lacks_cipher(replay, context->params.group_enc, aad_len)));
    }
    vec_arena_free(&replay->arena);
    return lacks;
}

void vec_replay_vector(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    static const struct {
        const char *name;
        void (*replay)(vec_replay *, const vec_vector *, vec_verdict *);
    } families[] = {
        {"derive", vec_replay_derive},
        {"option", vec_replay_option},
        {"coap", vec_replay_coap},
        {"cose", vec_replay_cose},
        {"credential", vec_replay_credential},
        {"message", vec_replay_message},
        {"sequence", vec_replay_sequence},
    };
    *verdict = (vec_verdict){.outcome = VEC_PASSED};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (strcmp(families[i].name, vector->file->family) == 0) {
            families[i].replay(replay, vector, verdict);
            vec_arena_free(&replay->arena);
            if (verdict->outcome == VEC_FAILED && lacks_algorithm(replay, vector)) {
                *verdict = (vec_verdict){.outcome = VEC_PASSED};
                (void)vec_unsupported(
                    verdict,
                    "the crypto adapter lacks a cipher of the context, or its AAD is too long for it");
            }
            return;
        }
    }
    (void)vec_unsupported(verdict, "family not built in");
}
