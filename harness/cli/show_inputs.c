/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes into the cryptography: keys, nonce, AAD, each with its parts. */
#include <string.h>

#include "names.h"
#include "show.h"

static gosc_span info_of(const subject *s, gosc_span id, int32_t alg, const char *type, size_t len)
{
    size_t room = GOSC_INFO_MAX;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, room), room});
    gosc_cbor_write_head(&writer, GOSC_CBOR_ARRAY, 5);
    gosc_cbor_write_bstr(&writer, id);
    gosc_cbor_write_bstr(&writer, s->context->common.id_context);
    gosc_cbor_write_int(&writer, alg);
    gosc_cbor_write_tstr(&writer, gosc_span_of(type, strlen(type)));
    gosc_cbor_write_int(&writer, (int64_t)len);
    return gosc_writer_span(&writer);
}

static void show_pairwise(FILE *out, const subject *s)
{
    const gosc_common_context *common = &s->context->common;
    const gosc_sender_context *own = &s->context->sender;
    uint8_t secret[GOSC_SECRET_MAX];
    if (s->other == NULL) {
        return;
    }
    gosc_span own_key = gosc_span_of(own->key, common->cipher->key_len);
    gosc_span other_key = gosc_span_of(s->other->key, common->cipher->key_len);
    cli_show_bytes(out, s->arena, "  salt (sender's key)", s->sealing ? own_key : other_key);
    cli_show_bytes(out, s->arena, "  IKM: sender_cred", s->layers.sender_cred);
    cli_show_bytes(out, s->arena, "  recipient_cred", s->sealing ? s->other->credential : own->credential);
    if (gosc_pairwise_secret(own, &s->other->public_key, secret) == GOSC_OK) {
        cli_show_bytes(out, s->arena, "  shared secret",
                       gosc_span_of(secret, gosc_curve_len(s->other->public_key.curve)));
    }
    cli_show_bytes(out, s->arena, "  info",
                   info_of(s, s->layers.sender_id, common->aead, "Key", common->aead_cipher->key_len));
}

void cli_show_keys(FILE *out, const subject *s)
{
    const gosc_common_context *common = &s->context->common;
    const vec_layers *layers = &s->layers;
    bool is_pairwise = common->dialect->has_modes && !layers->group_mode;
    (void)fprintf(out, "\nSecurity Context (%s%s%s%s)\n", common->dialect->name,
                  common->dialect->reading != NULL ? ", reading " : "",
                  common->dialect->reading != NULL ? common->dialect->reading : "",
                  s->source == s->newest ? "" : ", that of the request");
    cli_show_bytes(out, s->arena, "ID Context", common->id_context);
    cli_show_bytes(out, s->arena, "Master Secret", common->master_secret);
    cli_show_bytes(out, s->arena, "Master Salt", common->master_salt);
    (void)fprintf(out, "  %-20s %s (%d)\n", "HKDF", rep_algorithm_name(common->hkdf), (int)common->hkdf);
    cli_show_bytes(out, s->arena, "Sender ID",
                   s->context->sender.present ? gosc_id_span(&s->context->sender.id) : GOSC_ABSENT);
    cli_show_bytes(out, s->arena, "Recipient ID",
                   s->other != NULL ? gosc_id_span(&s->other->id) : GOSC_ABSENT);
    if (s->inner != GOSC_OK) {
        return;
    }
    (void)fprintf(out, "\nKeys (%s; protected by %s)\n",
                  !common->dialect->has_modes ? common->dialect->name
                  : is_pairwise               ? "pairwise mode"
                                              : "group mode",
                  vec_hex_write(s->arena, layers->sender_id));
    (void)fprintf(out, "  %-20s %s (%d)\n", "cipher", rep_algorithm_name(layers->cipher->alg),
                  (int)layers->cipher->alg);
    cli_show_bytes(out, s->arena, "key", layers->key);
    if (is_pairwise) {
        show_pairwise(out, s);
    } else {
        cli_show_bytes(out, s->arena, "  info",
                       info_of(s, layers->sender_id, common->cipher->alg, "Key", common->cipher->key_len));
    }
    cli_show_bytes(out, s->arena, "Common IV", gosc_span_of(common->common_iv, common->common_iv_len));
    cli_show_bytes(out, s->arena, "  info",
                   info_of(s, GOSC_EMPTY, common->cipher->alg, "IV", common->common_iv_len));
    if (gosc_span_present(layers->encrypted_signature)) {
        cli_show_bytes(out, s->arena, "Sig. Encryption Key",
                       gosc_span_of(common->signature_encryption_key, common->cipher->key_len));
        cli_show_bytes(out, s->arena, "  info",
                       info_of(s, GOSC_EMPTY, common->cipher->alg, "SEKey", common->cipher->key_len));
    }
}

void cli_show_nonce(FILE *out, const subject *s)
{
    const vec_layers *layers = &s->layers;
    const gosc_common_context *common = &s->context->common;
    size_t len = layers->nonce.len;
    uint8_t parts[GOSC_NONCE_MAX] = {0};
    uint8_t zeros[GOSC_NONCE_MAX] = {0};
    gosc_nonce_make(zeros, len, layers->nonce_id, layers->nonce_piv, parts);
    bool own = gosc_span_present(layers->fields.partial_iv_bytes);
    (void)fprintf(out, "\nNonce (%s)\n", own ? "from the Partial IV of this message" : "from the request");
    cli_show_bytes(out, s->arena, "ID_PIV", layers->nonce_id);
    cli_show_bytes(out, s->arena, "  its length", gosc_span_of(parts, 1));
    cli_show_bytes(out, s->arena, "  padded", gosc_span_of(parts + 1, len - 6));
    cli_show_bytes(out, s->arena, "Partial IV, padded", gosc_span_of(parts + len - 5, 5));
    cli_show_bytes(out, s->arena, "XOR Common IV", gosc_span_of(common->common_iv, len));
    if (common->common_iv_len > len) {
        (void)fprintf(out, "  %-20s the first %zu of %u bytes\n", "", len, common->common_iv_len);
    }
    cli_show_bytes(out, s->arena, "nonce", layers->nonce);
}

static void show_item(FILE *out, const subject *s, const char *name, gosc_span item)
{
    gosc_reader reader;
    gosc_reader_init(&reader, item);
    if (gosc_cbor_peek_major(&reader) == GOSC_CBOR_BSTR) {
        char label[40];
        (void)snprintf(label, sizeof label, "  %s", name);
        cli_show_bytes(out, s->arena, label, gosc_cbor_read_bstr(&reader));
    } else {
        (void)fprintf(out, "    %-18s %s (CBOR)\n", name, vec_hex_write(s->arena, item));
    }
}

void cli_show_aad(FILE *out, const subject *s)
{
    static const char *const names[] = {"oscore_version", "algorithms",  "request_kid",
                                        "request_piv",    "options",     "request_kid_context",
                                        "OSCORE_option",  "sender_cred", "gm_cred"};
    gosc_reader reader;
    (void)fputs("\nexternal_aad\n", out);
    gosc_reader_init(&reader, s->layers.external_aad);
    size_t n = gosc_cbor_read_array(&reader);
    for (size_t i = 0; i < n && !reader.failed; i++) {
        show_item(out, s, names[i < 9 ? i : 8], gosc_cbor_skip(&reader));
    }
    cli_show_bytes(out, s->arena, "aad_array", s->layers.external_aad);
    cli_show_bytes(out, s->arena, "Enc_structure", s->layers.enc_structure);
}
