/* SPDX-License-Identifier: BSD-2-Clause */
/* Family derive: a context and what it gives. */
#include "replay_family.h"

typedef enum info_type {
    INFO_KEY,
    INFO_IV,
    INFO_SEKEY,
} info_type;

/* info writes the info array of a derivation. */
static gosc_span info(vec_replay *replay, const gosc_common_context *common, gosc_span id, int32_t alg,
                      info_type type, size_t len)
{
    gosc_buf room = {vec_alloc(&replay->arena, GOSC_INFO_MAX), GOSC_INFO_MAX};
    gosc_writer writer;
    gosc_writer_init(&writer, room);
    if (type == INFO_KEY) {
        gosc_kdf_info(&writer, id, common->id_context, alg, GOSC_TYPE_KEY, len);
    } else if (type == INFO_IV) {
        gosc_kdf_info(&writer, id, common->id_context, alg, GOSC_TYPE_IV, len);
    } else {
        gosc_kdf_info(&writer, id, common->id_context, alg, GOSC_TYPE_SEKEY, len);
    }
    return writer.failed ? GOSC_ABSENT : gosc_writer_span(&writer);
}

/* joined puts the input keying material of a pairwise key together. */
static gosc_span joined(vec_replay *replay, gosc_span first, gosc_span second, gosc_span secret)
{
    size_t len = first.len + second.len + secret.len;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(&replay->arena, len), len});
    gosc_write_bytes(&writer, first);
    gosc_write_bytes(&writer, second);
    gosc_write_bytes(&writer, secret);
    return gosc_writer_span(&writer);
}

static bool compare_common(vec_replay *replay, const gosc_security_context *context, const json_t *expect,
                           vec_verdict *verdict)
{
    const gosc_common_context *common = &context->common;
    const gosc_sender_context *sender = &context->sender;
    size_t key_len = common->cipher->key_len;
    int32_t alg = common->cipher->alg;
    bool hides = common->dialect->has_modes && common->group_cipher != NULL && common->signature_len > 0;
    gosc_span id = gosc_id_span(&sender->id);
    gosc_span key = sender->present ? gosc_span_of(sender->key, key_len) : GOSC_ABSENT;
    gosc_span sender_info = sender->present ? info(replay, common, id, alg, INFO_KEY, key_len) : GOSC_ABSENT;
    gosc_span iv_info = info(replay, common, GOSC_EMPTY, alg, INFO_IV, common->common_iv_len);
    gosc_span se_info = hides ? info(replay, common, GOSC_EMPTY, alg, INFO_SEKEY, key_len) : GOSC_ABSENT;
    gosc_span se_key = hides ? gosc_span_of(common->signature_encryption_key, key_len) : GOSC_ABSENT;
    gosc_span iv = gosc_span_of(common->common_iv, common->common_iv_len);
    vec_arena *arena = &replay->arena;
    return vec_same_bytes(verdict, "sender_info", vec_get_hex(arena, expect, "sender_info"), sender_info) &&
           vec_same_bytes(verdict, "sender_key", vec_get_hex(arena, expect, "sender_key"), key) &&
           vec_same_bytes(verdict, "iv_info", vec_get_hex(arena, expect, "iv_info"), iv_info) &&
           vec_same_bytes(verdict, "common_iv", vec_get_hex(arena, expect, "common_iv"), iv) &&
           vec_same_bytes(verdict, "signature_encryption_info",
                          vec_get_hex(arena, expect, "signature_encryption_info"), se_info) &&
           vec_same_bytes(verdict, "signature_encryption_key",
                          vec_get_hex(arena, expect, "signature_encryption_key"), se_key);
}

static bool compare_recipients(vec_replay *replay, const gosc_security_context *context, const json_t *expect,
                               vec_verdict *verdict)
{
    const gosc_common_context *common = &context->common;
    const json_t *list = json_object_get(expect, "recipients");
    size_t n = 0;
    for (size_t i = 0; i < context->n_recipients; i++) {
        n += context->recipients[i].used;
    }
    if (!vec_same_number(verdict, "recipients", (int64_t)json_array_size(list), (int64_t)n)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        gosc_span id = vec_get_hex(&replay->arena, one, "id");
        const gosc_recipient_context *recipient = gosc_recipient_context_find(context, id);
        if (recipient == NULL) {
            return vec_fail(verdict, "recipients %zu: expected a Recipient Context of this id, found none",
                            i);
        }
        size_t key_len = common->cipher->key_len;
        gosc_span made =
            info(replay, common, gosc_id_span(&recipient->id), common->cipher->alg, INFO_KEY, key_len);
        if (!vec_same_bytes(verdict, "recipients info", vec_get_hex(&replay->arena, one, "info"), made) ||
            !vec_same_bytes(verdict, "recipients key", vec_get_hex(&replay->arena, one, "key"),
                            gosc_span_of(recipient->key, key_len))) {
            return false;
        }
    }
    return true;
}

static bool compare_pair(vec_replay *replay, const gosc_security_context *context,
                         const gosc_recipient_context *recipient, const json_t *expect, vec_verdict *verdict)
{
    const gosc_common_context *common = &context->common;
    const gosc_sender_context *sender = &context->sender;
    vec_arena *arena = &replay->arena;
    uint8_t *bytes = vec_alloc(arena, GOSC_SECRET_MAX);
    gosc_err err = gosc_pairwise_secret(sender, &recipient->public_key, bytes);
    if (err != GOSC_OK || !recipient->has_pairwise_keys) {
        return vec_fail(verdict, "pairwise: expected keys, found %s", gosc_err_name(err));
    }
    size_t len = common->aead_cipher->key_len;
    gosc_span secret = gosc_span_of(bytes, gosc_curve_len(recipient->public_key.curve));
    gosc_span to = joined(replay, sender->credential, recipient->credential, secret);
    gosc_span from = joined(replay, recipient->credential, sender->credential, secret);
    gosc_span to_info = info(replay, common, gosc_id_span(&sender->id), common->aead, INFO_KEY, len);
    gosc_span from_info = info(replay, common, gosc_id_span(&recipient->id), common->aead, INFO_KEY, len);
    gosc_span to_key = gosc_span_of(recipient->pairwise_sender_key, len);
    gosc_span from_key = gosc_span_of(recipient->pairwise_recipient_key, len);
    return vec_same_bytes(verdict, "shared_secret", vec_get_hex(arena, expect, "shared_secret"), secret) &&
           vec_same_bytes(verdict, "sender_ikm", vec_get_hex(arena, expect, "sender_ikm"), to) &&
           vec_same_bytes(verdict, "sender_info", vec_get_hex(arena, expect, "sender_info"), to_info) &&
           vec_same_bytes(verdict, "pairwise sender_key", vec_get_hex(arena, expect, "sender_key"), to_key) &&
           vec_same_bytes(verdict, "recipient_ikm", vec_get_hex(arena, expect, "recipient_ikm"), from) &&
           vec_same_bytes(verdict, "recipient_info", vec_get_hex(arena, expect, "recipient_info"),
                          from_info) &&
           vec_same_bytes(verdict, "recipient_key", vec_get_hex(arena, expect, "recipient_key"), from_key);
}

static void compare_pairwise(vec_replay *replay, const gosc_security_context *context, const json_t *expect,
                             vec_verdict *verdict)
{
    const json_t *list = json_object_get(expect, "pairwise");
    size_t n = 0;
    for (size_t i = 0; i < context->n_recipients; i++) {
        n += context->recipients[i].used && context->recipients[i].has_pairwise_keys;
    }
    if (!vec_same_number(verdict, "pairwise", (int64_t)json_array_size(list), (int64_t)n)) {
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        gosc_span id = vec_get_hex(&replay->arena, one, "id");
        const gosc_recipient_context *recipient = gosc_recipient_context_find(context, id);
        if (recipient == NULL) {
            (void)vec_fail(verdict, "pairwise %zu: expected a Recipient Context of this id, found none", i);
            return;
        }
        if (!compare_pair(replay, context, recipient, one, verdict)) {
            return;
        }
    }
}

void vec_replay_derive(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    const json_t *expect = json_object_get(vector->json, "expect");
    vec_context *context = vec_replay_context(replay, vector->file, vec_get_text(vector->json, "context"));
    if (context->unsupported != NULL) {
        (void)vec_unsupported(verdict, context->unsupported);
        return;
    }
    if (!vec_same_result(verdict, "set-up", vector->reason, context->err) || !vector->is_ok) {
        return;
    }
    const gosc_security_context *security = vec_context_fresh(&replay->arena, context);
    if (compare_common(replay, security, expect, verdict) &&
        compare_recipients(replay, security, expect, verdict)) {
        compare_pairwise(replay, security, expect, verdict);
    }
}
