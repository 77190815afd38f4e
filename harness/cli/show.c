/* SPDX-License-Identifier: BSD-2-Clause */
#include "show.h"

#include <string.h>

#include "names.h"

void cli_show_bytes(FILE *out, vec_arena *arena, const char *name, gosc_span bytes)
{
    if (!gosc_span_present(bytes)) {
        (void)fprintf(out, "  %-20s none\n", name);
    } else if (bytes.len == 0) {
        (void)fprintf(out, "  %-20s empty\n", name);
    } else {
        (void)fprintf(out, "  %-20s %s (%zu)\n", name, vec_hex_write(arena, bytes), bytes.len);
    }
}

/* is_text: worth to be shown as text too. */
static bool is_text(gosc_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] < 0x20 || bytes.ptr[i] > 0x7e) {
            return false;
        }
    }
    return bytes.len > 1;
}

static void show_text(FILE *out, gosc_span bytes)
{
    if (is_text(bytes)) {
        (void)fprintf(out, " \"%.*s\"", (int)bytes.len, (const char *)bytes.ptr);
    }
}

void cli_show_options(FILE *out, vec_arena *arena, gosc_span options)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        (void)fprintf(out, "  option %5u        %s: %s", (unsigned)option.number,
                      rep_option_name(option.number),
                      option.value.len == 0 ? "empty" : vec_hex_write(arena, option.value));
        show_text(out, option.value);
        (void)fputc('\n', out);
    }
}

void cli_show_payload(FILE *out, vec_arena *arena, gosc_span payload)
{
    if (!gosc_span_present(payload)) {
        (void)fprintf(out, "  %-20s none\n", "payload");
        return;
    }
    (void)fprintf(out, "  %-20s %s (%zu)", "payload", vec_hex_write(arena, payload), payload.len);
    show_text(out, payload);
    (void)fputc('\n', out);
}

static void show_bits(FILE *out, const subject *s)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } bits[] = {
        {0x80, "reserved"},       {0x40, "reserved"}, {0x20, "Group Flag"}, {0x10, "h, kid context present"},
        {0x08, "k, kid present"},
    };
    const gosc_dialect *dialect = s->newest->params.dialect;
    gosc_span value = vec_option_find(s->datagram);
    if (value.len == 0) {
        (void)fprintf(out, "  %-20s none: no field is there\n", "flag byte");
        return;
    }
    (void)fprintf(out, "  %-20s %02x\n", "flag byte", value.ptr[0]);
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        const char *name = bits[i].name;
        if (bits[i].bit == GOSC_FLAG_GROUP && !dialect->has_modes) {
            name = dialect->group != NULL ? "counter signature present" : "reserved";
        }
        (void)fprintf(out, "    0x%02x               %d  %s\n", bits[i].bit,
                      (value.ptr[0] & bits[i].bit) != 0, name);
    }
    (void)fprintf(out, "    0x07               %d  n, bytes of the Partial IV\n", value.ptr[0] & 7);
}

static void show_fields(FILE *out, const subject *s)
{
    const gosc_oscore_option *fields = &s->layers.fields;
    cli_show_bytes(out, s->arena, "Partial IV", fields->partial_iv_bytes);
    if (gosc_span_present(fields->partial_iv_bytes)) {
        (void)fprintf(out, "  %-20s %llu\n", "  as a number", (unsigned long long)fields->partial_iv.number);
    }
    cli_show_bytes(out, s->arena, "kid context", fields->kid_context);
    if (s->newest->params.dialect->signature_in_option) {
        cli_show_bytes(out, s->arena, "counter signature", fields->signature);
    }
    cli_show_bytes(out, s->arena, "kid", fields->kid);
}

void cli_show_wire(FILE *out, const subject *s)
{
    static const char *const types[] = {"CON", "NON", "ACK", "RST"};
    gosc_coap_pdu pdu;
    char code[8];
    (void)fprintf(out, "CoAP message as on the wire (%zu bytes)\n", s->datagram.len);
    if (gosc_coap_pdu_parse(s->datagram, &pdu) != GOSC_OK) {
        (void)fprintf(out, "  not a CoAP message\n");
        return;
    }
    rep_code_write(pdu.code, code);
    (void)fprintf(out, "  %-20s %s %s, Message ID %u\n", "header", types[pdu.type], code,
                  (unsigned)pdu.message_id);
    cli_show_bytes(out, s->arena, "Token", pdu.token);
    cli_show_options(out, s->arena, pdu.options);
    cli_show_payload(out, s->arena, pdu.payload);
    gosc_span value = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
    if (!gosc_span_present(value)) {
        return;
    }
    (void)fputs("\nOSCORE option\n", out);
    cli_show_bytes(out, s->arena, "value", value);
    show_bits(out, s);
    if (s->outer == GOSC_OK) {
        show_fields(out, s);
    }
}

static void show_cose(FILE *out, const subject *s)
{
    const vec_layers *layers = &s->layers;
    bool signs_new = s->context->common.dialect->has_modes;
    const gosc_cose_encrypt0 object = {
        .kid = layers->fields.kid,
        .partial_iv = layers->fields.partial_iv_bytes,
        .kid_context = layers->fields.kid_context,
        .countersignature = layers->signature,
        .ciphertext = layers->ciphertext,
    };
    size_t room = layers->ciphertext.len + layers->signature.len + 320;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, room), room});
    gosc_cose_encrypt0_write(&writer, &object, signs_new ? 12 : 9);
    (void)fputs("\nCOSE_Encrypt0, uncompressed\n", out);
    cli_show_bytes(out, s->arena, "object", gosc_writer_span(&writer));
    cli_show_bytes(out, s->arena, "ciphertext", layers->ciphertext);
    (void)fprintf(out, "  %-20s %u\n", "  of it, tag bytes", layers->cipher->tag_len);
    if (layers->is_signed) {
        cli_show_bytes(out, s->arena, signs_new ? "countersignature" : "counter signature",
                       layers->signature);
    }
}

static void show_signature(FILE *out, const subject *s)
{
    const vec_layers *layers = &s->layers;
    if (!layers->is_signed) {
        return;
    }
    (void)fputs("\nCountersignature\n", out);
    if (gosc_span_present(layers->encrypted_signature)) {
        cli_show_bytes(out, s->arena, "as on the wire", layers->encrypted_signature);
        cli_show_bytes(out, s->arena, "keystream info", layers->keystream_info);
        cli_show_bytes(out, s->arena, "  salt", layers->nonce_piv_bytes);
        cli_show_bytes(out, s->arena, "keystream", layers->keystream);
        cli_show_bytes(out, s->arena, "in clear", layers->signature);
    }
    (void)fprintf(out, "  %-20s %s\n", "reading",
                  s->context->common.dialect->reading != NULL ? s->context->common.dialect->reading
                                                              : "the only one");
    cli_show_bytes(out, s->arena, "to_be_signed", layers->to_be_signed);
    (void)fprintf(out, "  %-20s %s\n", "verifies",
                  s->signature == GOSC_OK ? "yes" : gosc_err_name(s->signature));
}

static void show_plaintext(FILE *out, const subject *s)
{
    const vec_layers *layers = &s->layers;
    char code[8];
    gosc_span options;
    gosc_span payload;
    (void)fputs("\nPlaintext\n", out);
    if (layers->opened != GOSC_OK) {
        (void)fprintf(out, "  the authentication tag does not verify\n");
        return;
    }
    cli_show_bytes(out, s->arena, "bytes", layers->plaintext);
    rep_code_write(layers->plaintext.ptr[0], code);
    (void)fprintf(out, "  %-20s %s\n", "Inner Code", code);
    gosc_span content = gosc_span_of(layers->plaintext.ptr + 1, layers->plaintext.len - 1);
    if (gosc_coap_content_parse(content, &options, &payload) != GOSC_OK) {
        (void)fprintf(out, "  what follows is no CoAP content\n");
        return;
    }
    cli_show_options(out, s->arena, options);
    cli_show_payload(out, s->arena, payload);
}

void cli_show_crypto(FILE *out, const subject *s)
{
    if (s->outer != GOSC_OK) {
        return;
    }
    cli_show_keys(out, s);
    if (s->inner != GOSC_OK) {
        return;
    }
    show_cose(out, s);
    cli_show_nonce(out, s);
    cli_show_aad(out, s);
    show_signature(out, s);
    show_plaintext(out, s);
}
