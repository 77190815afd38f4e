/* SPDX-License-Identifier: BSD-2-Clause */
/* Families option, coap, credential: bytes to fields and back. */
#include <string.h>

#include "replay_family.h"
#include "replay_key.h"

static gosc_err option_parse(const gosc_dialect *dialect, gosc_span value, size_t signature_len,
                             bool is_request, gosc_oscore_option *option)
{
    gosc_err err = gosc_oscore_option_parse(value, dialect->flags_allowed, dialect->flags_required, option);
    if (err == GOSC_OK && dialect->signature_in_option) {
        err = gosc_oscore_option_split(option, signature_len);
    }
    if (err == GOSC_OK) {
        err = gosc_oscore_option_check_kid(option);
    }
    if (err != GOSC_OK || !is_request) {
        return err;
    }
    if (!gosc_span_present(option->partial_iv_bytes)) {
        return GOSC_ERR_PARTIAL_IV_MISSING;
    }
    if (!gosc_span_present(option->kid)) {
        return GOSC_ERR_KID_MISSING;
    }
    return dialect->group != NULL && !gosc_span_present(option->kid_context) ? GOSC_ERR_KID_CONTEXT_MISSING
                                                                             : GOSC_OK;
}

/* canonical_same: encoding gives the bytes again, or other ones where the vector says that it does. */
static bool canonical_same(vec_verdict *verdict, const json_t *vector, gosc_span bytes,
                           const gosc_writer *writer)
{
    gosc_span encoded = gosc_writer_span(writer);
    if (writer->failed) {
        return vec_fail(verdict, "encoding: expected bytes, found a writer without room");
    }
    if (vec_get_bool(vector, "canonical", true)) {
        return vec_same_bytes(verdict, "encoding", bytes, encoded);
    }
    return !gosc_span_equal(bytes, encoded) ||
           vec_fail(verdict, "encoding: expected other bytes (canonical is false), found the same");
}

/* shorten: leading zeros of a Partial IV are kept by the parser; the writer is given what an endpoint would
 * send. */
static void shorten(gosc_oscore_option *option)
{
    gosc_span *piv = &option->partial_iv_bytes;
    while (piv->len > 1 && piv->ptr[0] == 0) {
        piv->ptr++;
        piv->len--;
    }
}

void vec_replay_option(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    vec_arena *arena = &replay->arena;
    const json_t *json = vector->json;
    const json_t *expect = json_object_get(json, "expect");
    const gosc_dialect *dialect = vec_dialect_find(vector->file->dialect, NULL);
    if (dialect == NULL) {
        (void)vec_unsupported(verdict, "dialect not built in");
        return;
    }
    gosc_span value = vec_get_hex(arena, json, "value");
    gosc_oscore_option option = {0};
    gosc_err err = option_parse(dialect, value, (size_t)vec_get_int(json, "signature_len", 0),
                                vec_get_is(json, "direction", "request"), &option);
    if (!vec_same_result(verdict, "parsing", vector->reason, err) || !vector->is_ok) {
        return;
    }
    bool good =
        vec_same_flag(verdict, "group_flag", vec_get_bool(expect, "group_flag", false),
                      (option.flags & GOSC_FLAG_GROUP) != 0) &&
        vec_same_bytes(verdict, "partial_iv", vec_get_hex(arena, expect, "partial_iv"),
                       option.partial_iv_bytes) &&
        vec_same_bytes(verdict, "kid_context", vec_get_hex(arena, expect, "kid_context"),
                       option.kid_context) &&
        vec_same_bytes(verdict, "signature", vec_get_hex(arena, expect, "signature"), option.signature) &&
        vec_same_bytes(verdict, "kid", vec_get_hex(arena, expect, "kid"), option.kid);
    uint64_t number = 0;
    for (size_t i = 0; i < option.partial_iv_bytes.len; i++) {
        number = number << 8 | option.partial_iv_bytes.ptr[i];
    }
    if (!good || !vec_same_number(verdict, "number of partial_iv", (int64_t)number,
                                  (int64_t)option.partial_iv.number)) {
        return;
    }
    uint8_t room[GOSC_OPTION_VALUE_MAX];
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    shorten(&option);
    gosc_oscore_option_write(&writer, &option, option.flags & GOSC_FLAG_GROUP);
    (void)canonical_same(verdict, json, value, &writer);
}

static bool same_options(vec_replay *replay, vec_verdict *verdict, const json_t *list, gosc_span options)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    size_t n = 0;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        const json_t *pair = json_array_get(list, n);
        if (pair == NULL) {
            return vec_fail(verdict, "options: expected %zu, found more", n);
        }
        gosc_span value = vec_hex_of(&replay->arena, json_array_get(pair, 1));
        if (!vec_same_number(verdict, "options, number", (int64_t)json_integer_value(json_array_get(pair, 0)),
                             option.number) ||
            !vec_same_bytes(verdict, "options, value", value, option.value)) {
            return false;
        }
        n++;
    }
    return vec_same_number(verdict, "options", (int64_t)json_array_size(list), (int64_t)n);
}

/* write_again makes the message anew: header, each option by its number and value, payload. */
static void write_again(gosc_writer *writer, const gosc_coap_pdu *pdu)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    uint16_t previous = 0;
    gosc_coap_header_write(writer, pdu);
    gosc_option_iter_init(&iter, pdu->options);
    while (gosc_option_next(&iter, &option)) {
        gosc_option_write(writer, &previous, option.number, option.value);
    }
    gosc_coap_payload_write(writer, pdu->payload);
}

void vec_replay_coap(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    vec_arena *arena = &replay->arena;
    const json_t *expect = json_object_get(vector->json, "expect");
    gosc_span message = vec_get_hex(arena, vector->json, "message");
    gosc_coap_pdu pdu = {0};
    gosc_err err = gosc_coap_pdu_parse(message, &pdu);
    if (!vec_same_result(verdict, "parsing", vector->reason, err) || !vector->is_ok) {
        return;
    }
    bool good =
        vec_same_number(verdict, "type", vec_get_int(expect, "type", -1), pdu.type) &&
        vec_same_number(verdict, "code", vec_get_int(expect, "code", -1), pdu.code) &&
        vec_same_number(verdict, "message_id", vec_get_int(expect, "message_id", -1), pdu.message_id) &&
        vec_same_bytes(verdict, "token", vec_get_hex(arena, expect, "token"), pdu.token) &&
        same_options(replay, verdict, json_object_get(expect, "options"), pdu.options) &&
        vec_same_bytes(verdict, "payload", vec_get_hex(arena, expect, "payload"), pdu.payload);
    if (!good) {
        return;
    }
    gosc_writer writer;
    size_t len = message.len + 16;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(arena, len), len});
    write_again(&writer, &pdu);
    if (!canonical_same(verdict, vector->json, message, &writer)) {
        return;
    }
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(arena, len), len});
    gosc_coap_pdu_write(&writer, &pdu);
    (void)canonical_same(verdict, vector->json, message, &writer);
}

bool vec_same_key(vec_arena *arena, vec_verdict *verdict, const json_t *expect, const gosc_public_key *key)
{
    bool compressed =
        gosc_curve_len(key->curve) > 0 && key->curve <= GOSC_CURVE_P521 && !gosc_span_present(key->y);
    if (vec_is_null(expect, "y_odd") == compressed) {
        return vec_fail(verdict, "y_odd: expected %s, found %s", compressed ? "null" : "a sign",
                        compressed ? "a sign" : "null");
    }
    return vec_same_number(verdict, "curve", vec_get_int(expect, "curve", 0), key->curve) &&
           vec_same_bytes(verdict, "x", vec_get_hex(arena, expect, "x"), key->x) &&
           vec_same_bytes(verdict, "y", vec_get_hex(arena, expect, "y"), key->y) &&
           (!compressed ||
            vec_same_flag(verdict, "y_odd", vec_get_bool(expect, "y_odd", false), key->y_odd)) &&
           vec_same_number(verdict, "alg", vec_get_int(expect, "alg", GOSC_ALG_NONE), key->alg);
}

void vec_replay_credential(vec_replay *replay, const vec_vector *vector, vec_verdict *verdict)
{
    const char *name = vec_get_text(vector->json, "cred_format");
    gosc_credential_format format = strcmp(name, "ccs") == 0   ? GOSC_CREDENTIAL_CCS
                                    : strcmp(name, "cwt") == 0 ? GOSC_CREDENTIAL_CWT
                                                               : GOSC_CREDENTIAL_X509;
    gosc_public_key key = {0};
    gosc_err err =
        gosc_credential_parse(format, vec_get_hex(&replay->arena, vector->json, "credential"), &key);
    if (vec_same_result(verdict, "parsing", vector->reason, err) && vector->is_ok) {
        (void)vec_same_key(&replay->arena, verdict, json_object_get(vector->json, "expect"), &key);
    }
}
