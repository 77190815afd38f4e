/* SPDX-License-Identifier: BSD-2-Clause */
/* Family cose: COSE_Encrypt0, what is authenticated and signed, COSE_Key. */
#include <string.h>

#include "replay_family.h"
#include "replay_key.h"

static bool same_encrypt0(vec_arena *arena, vec_verdict *verdict, const json_t *expect,
                          const gosc_cose_encrypt0 *object)
{
    return vec_same_bytes(verdict, "kid", vec_get_hex(arena, expect, "kid"), object->kid) &&
           vec_same_bytes(verdict, "partial_iv", vec_get_hex(arena, expect, "partial_iv"),
                          object->partial_iv) &&
           vec_same_bytes(verdict, "kid_context", vec_get_hex(arena, expect, "kid_context"),
                          object->kid_context) &&
           vec_same_bytes(verdict, "countersignature", vec_get_hex(arena, expect, "countersignature"),
                          object->countersignature) &&
           vec_same_bytes(verdict, "ciphertext", vec_get_hex(arena, expect, "ciphertext"),
                          object->ciphertext);
}

static void replay_encrypt0(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    vec_arena *arena = &replay->arena;
    const json_t *expect = json_object_get(vector->json, "expect");
    int32_t label = (int32_t)vec_get_int(vector->json, "label", 0);
    gosc_span bytes = vec_get_hex(arena, vector->json, "object");
    gosc_cose_encrypt0 object = {.kid = GOSC_ABSENT};
    gosc_err err = gosc_cose_encrypt0_parse(bytes, label, &object);
    if (!vec_same_result(verdict, "parsing", vector->reason, err) || !vector->is_ok ||
        !same_encrypt0(arena, verdict, expect, &object)) {
        return;
    }
    /* Headers come in any order; the writer has one of its own, and what it writes must be read as the same.
     */
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(arena, bytes.len + 32), bytes.len + 32});
    gosc_cose_encrypt0_write(&writer, &object, label);
    gosc_span written = gosc_writer_span(&writer);
    if (writer.failed ||
        !vec_same_number(verdict, "written again, bytes", (int64_t)bytes.len, (int64_t)written.len)) {
        return;
    }
    err = gosc_cose_encrypt0_parse(written, label, &object);
    if (vec_same_result(verdict, "parsing what was written", NULL, err)) {
        (void)same_encrypt0(arena, verdict, expect, &object);
    }
}

/* common_of makes as much of a Common Context as the structures need. Numbers are encoded as they are, known
 * or not. */
static bool common_of(vec_replay *replay, const vec_vector *vector, gosc_common_context *common)
{
    const json_t *algorithms = json_object_get(vector->json, "algorithms");
    *common = (gosc_common_context){
        .dialect = vec_dialect_find(vector->file->dialect, vec_get_text(vector->json, "reading")),
        .aead = (int32_t)vec_get_int(algorithms, "aead", GOSC_ALG_NONE),
        .group_enc = (int32_t)vec_get_int(algorithms, "group_enc", GOSC_ALG_NONE),
        .signature = (int32_t)vec_get_int(algorithms, "signature", GOSC_ALG_NONE),
        .agreement = (int32_t)vec_get_int(algorithms, "agreement", GOSC_ALG_NONE),
        .gm_credential = vec_get_hex(&replay->arena, vector->json, "gm_cred"),
    };
    return common->dialect != NULL;
}

static void replay_structures(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    vec_arena *arena = &replay->arena;
    const json_t *json = vector->json;
    const json_t *expect = json_object_get(json, "expect");
    gosc_common_context common;
    if (!common_of(replay, vector, &common)) {
        (void)vec_unsupported(verdict, "dialect or reading not built in");
        return;
    }
    const gosc_aad_input in = {
        .request_kid = vec_get_hex(arena, json, "request_kid"),
        .request_piv = vec_get_hex(arena, json, "request_piv"),
        .request_kid_context = vec_get_hex(arena, json, "request_kid_context"),
        .option = vec_get_hex(arena, json, "option"),
        .sender_cred = vec_get_hex(arena, json, "sender_cred"),
    };
    gosc_span ciphertext = vec_get_hex(arena, json, "ciphertext");
    bool is_signed =
        common.dialect->group != NULL && common.signature != GOSC_ALG_NONE && gosc_span_present(ciphertext);
    size_t len = 512 + in.request_kid.len + in.request_piv.len + in.request_kid_context.len + in.option.len +
                 in.sender_cred.len + common.gm_credential.len + ciphertext.len;
    gosc_buf room = {vec_alloc(arena, len), len};
    gosc_aad aad;
    gosc_err err = gosc_aad_build(&common, &in, is_signed ? ciphertext.len : 0, room, &aad);
    if (!vec_same_result(verdict, "building", vector->reason, err) || !vector->is_ok) {
        return;
    }
    gosc_reader reader;
    gosc_reader_init(&reader, aad.external_aad);
    gosc_span array = gosc_cbor_read_bstr(&reader);
    if (!vec_same_bytes(verdict, "external_aad", vec_get_hex(arena, expect, "external_aad"), array) ||
        !vec_same_bytes(verdict, "enc_structure", vec_get_hex(arena, expect, "enc_structure"),
                        gosc_aad_enc_structure(&aad))) {
        return;
    }
    gosc_span to_be_signed = GOSC_ABSENT;
    if (is_signed) {
        memcpy(aad.ciphertext, ciphertext.ptr, ciphertext.len);
        to_be_signed = gosc_aad_countersign_structure(&common, &aad);
    }
    (void)vec_same_bytes(verdict, "to_be_signed", vec_get_hex(arena, expect, "to_be_signed"), to_be_signed);
}

static void replay_key(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    gosc_public_key key = {0};
    gosc_err err = gosc_cose_key_parse(vec_get_hex(&replay->arena, vector->json, "cose_key"), &key);
    if (vec_same_result(verdict, "parsing", vector->reason, err) && vector->is_ok) {
        (void)vec_same_key(&replay->arena, verdict, json_object_get(vector->json, "expect"), &key);
    }
}

void vec_replay_cose(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    const char *kind = vec_get_text(vector->json, "kind");
    if (strcmp(kind, "encrypt0") == 0) {
        replay_encrypt0(replay, vector, verdict);
    } else if (strcmp(kind, "structures") == 0) {
        replay_structures(replay, vector, verdict);
    } else {
        replay_key(replay, vector, verdict);
    }
}
