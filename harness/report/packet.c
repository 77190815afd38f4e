/* SPDX-License-Identifier: BSD-2-Clause */
/* One packet, layer by layer. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "names.h"
#include "page.h"
#include "text.h"

enum {
    HEX_MAX = 1200, /* digits shown of one field; all of them are in the log of the bundle */
};

static void hex_write(const rep_page *page, const char *hex, size_t len)
{
    size_t shown = len > HEX_MAX ? HEX_MAX : len;
    (void)fprintf(page->file, "%.*s", (int)shown, hex);
    if (shown < len) {
        (void)fprintf(page->file, "... (%zu bytes)", len / 2);
    }
}

static void begin(const rep_page *page, const char *title)
{
    (void)fprintf(page->file, "<h5>%s</h5><dl>", title);
}

static void end(const rep_page *page)
{
    (void)fputs("</dl>", page->file);
}

static void row(const rep_page *page, const char *name, const char *text)
{
    (void)fputs("<dt>", page->file);
    rep_escape(page->file, name);
    (void)fputs("</dt><dd>", page->file);
    rep_escape(page->file, text);
    (void)fputs("</dd>", page->file);
}

/* row_bytes writes bytes in hex; null is not there, no bytes are "empty". */
static void row_bytes(const rep_page *page, const char *name, const char *hex, const char *remark)
{
    (void)fprintf(page->file, "<dt>%s</dt><dd>", name);
    if (hex == NULL) {
        (void)fputs("none", page->file);
    } else if (hex[0] == '\0') {
        (void)fputs("empty", page->file);
    } else {
        (void)fputs("<code>", page->file);
        hex_write(page, hex, strlen(hex));
        (void)fputs("</code>", page->file);
    }
    if (remark != NULL) {
        (void)fputs(" <i>", page->file);
        rep_escape(page->file, remark);
        (void)fputs("</i>", page->file);
    }
    (void)fputs("</dd>", page->file);
}

static const char *code_name(const char *code)
{
    static const char *const names[][2] = {
        {"0.00", "Empty"},
        {"0.01", "GET"},
        {"0.02", "POST"},
        {"0.03", "PUT"},
        {"0.04", "DELETE"},
        {"0.05", "FETCH"},
        {"0.06", "PATCH"},
        {"0.07", "iPATCH"},
        {"2.01", "Created"},
        {"2.02", "Deleted"},
        {"2.03", "Valid"},
        {"2.04", "Changed"},
        {"2.05", "Content"},
        {"2.31", "Continue"},
        {"4.00", "Bad Request"},
        {"4.01", "Unauthorized"},
        {"4.02", "Bad Option"},
        {"4.03", "Forbidden"},
        {"4.04", "Not Found"},
        {"4.05", "Method Not Allowed"},
        {"4.08", "Request Entity Incomplete"},
        {"4.09", "Conflict"},
        {"4.13", "Request Entity Too Large"},
        {"4.15", "Unsupported Content-Format"},
        {"5.00", "Internal Server Error"},
        {"5.01", "Not Implemented"},
        {"5.03", "Service Unavailable"},
    };
    for (size_t i = 0; code != NULL && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i][0], code) == 0) {
            return names[i][1];
        }
    }
    return "";
}

/* ---- options ---- */

static uint64_t number_of(gosc_span bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len && i < 8; i++) {
        value = value << 8 | bytes.ptr[i];
    }
    return value;
}

/* option_meaning gives an option's value in words; NULL for opaque ones. */
static const char *option_meaning(vec_arena *arena, int64_t number, const char *hex)
{
    gosc_span bytes;
    if (!vec_hex_parse(arena, hex, strlen(hex), &bytes)) {
        return NULL;
    }
    switch (number) {
    case 3:
    case 8:
    case 11:
    case 15:
    case 20:
    case 35:
    case 39: {
        const char *text = rep_payload(arena, hex);
        return text != NULL ? vec_printf(arena, "\"%s\"", text) : NULL;
    }
    case 6:
    case 7:
    case 12:
    case 14:
    case 16:
    case 17:
    case 28:
    case 60:
    case 258:
        return bytes.len <= 4 ? vec_printf(arena, "%" PRIu64, number_of(bytes)) : "too long";
    case 23:
    case 27: {
        uint64_t v = number_of(bytes);
        return vec_printf(arena, "block %" PRIu64 ", %u bytes each, %s", v >> 4, 16U << (v & 7),
                          (v & 8) != 0 ? "more follow" : "the last");
    }
    default:
        return NULL;
    }
}

static void options_write(const rep_page *page, const json_t *options, const char *of_none)
{
    if (json_array_size(options) == 0) {
        row(page, "Options", of_none);
    }
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *pair = json_array_get(options, i);
        int64_t number = json_integer_value(json_array_get(pair, 0));
        const char *hex = json_string_value(json_array_get(pair, 1));
        const char *name = number >= 0 && number <= 65535 ? rep_option_name((uint16_t)number) : "unknown";
        const char *title = vec_printf(page->arena, "%" PRId64 " %s", number, name);
        if (number == GOSC_OPTION_OSCORE) {
            row(page, title, "opened below");
            continue;
        }
        hex = hex != NULL ? hex : "";
        row_bytes(page, title, hex, option_meaning(page->arena, number, hex));
    }
}

/* ---- CoAP ---- */

static void datagram_write(const rep_page *page, const json_t *entry)
{
    const char *data = rep_text_or(entry, "data", "");
    const char *token = rep_text_or(entry, "token", "");
    const char *payload = vec_get_text(entry, "payload");
    size_t len = strlen(data), token_len = strlen(token), payload_len = payload != NULL ? strlen(payload) : 0;
    begin(page, "Datagram");
    row(page, "From, to",
        vec_printf(page->arena, "%s → %s", rep_text_or(entry, "src", "?"), rep_text_or(entry, "dst", "?")));
    (void)fprintf(page->file, "<dt>%zu bytes</dt><dd><code>", len / 2);
    if (vec_get_bool(entry, "coap", false) && len >= 8 + token_len + payload_len) {
        (void)fprintf(page->file, "<b class=\"h\">%.8s</b><b class=\"t\">%.*s</b><b class=\"o\">", data,
                      (int)token_len, data + 8);
        hex_write(page, data + 8 + token_len, len - 8 - token_len - payload_len);
        (void)fputs("</b><b class=\"y\">", page->file);
        hex_write(page, data + len - payload_len, payload_len);
        (void)fputs("</b>", page->file);
    } else {
        hex_write(page, data, len);
    }
    (void)fputs("</code></dd>", page->file);
    end(page);
}

static void coap_write(const rep_page *page, const json_t *entry)
{
    const char *code = rep_text_or(entry, "outer_code", "?");
    begin(page, "CoAP header and outer options");
    if (!vec_get_bool(entry, "coap", false)) {
        row(page, "CoAP", "this is no CoAP message");
        end(page);
        return;
    }
    row(page, "Type, code",
        vec_printf(page->arena, "%s, %s %s", rep_text_or(entry, "type", "?"), code, code_name(code)));
    row(page, "Message ID", vec_printf(page->arena, "%" PRId64, vec_get_int(entry, "message_id", -1)));
    row_bytes(page, "Token", vec_get_text(entry, "token"), NULL);
    options_write(page, json_object_get(entry, "options"), "none");
    if (json_object_get(entry, "oscore") == NULL) {
        const char *payload = vec_get_text(entry, "payload");
        row_bytes(page, "Payload", payload, rep_payload(page->arena, payload));
    }
    end(page);
}

/* ---- OSCORE option (RFC 8613 section 6.1; Group OSCORE section 4) ---- */

static void flags_write(const rep_page *page, unsigned flags)
{
    static const char *const names[] = {"reserved", "reserved", "group", "kid context", "kid"};
    (void)fputs("<dt>Flag bits</dt><dd><code>", page->file);
    for (unsigned i = 0; i < 5; i++) {
        unsigned bit = 0x80U >> i;
        (void)fprintf(page->file, "%s%u%s", (flags & bit) != 0 ? "<b>" : "", (flags & bit) != 0,
                      (flags & bit) != 0 ? "</b>" : "");
    }
    (void)fprintf(page->file, " %u%u%u</code> <i>", flags >> 2 & 1, flags >> 1 & 1, flags & 1);
    for (unsigned i = 0; i < 5; i++) {
        if ((flags & (0x80U >> i)) != 0) {
            (void)fprintf(page->file, "%s, ", names[i]);
        }
    }
    (void)fprintf(page->file, "n = %u</i></dd>", flags & 7U);
}

static void option_write(const rep_page *page, const json_t *oscore)
{
    gosc_span o;
    vec_arena *arena = page->arena;
    const char *hex = rep_text_or(oscore, "option", "");
    const char *kid = vec_get_text(oscore, "kid");
    begin(page, "OSCORE option");
    if (!vec_hex_parse(arena, hex, strlen(hex), &o) || o.len == 0) {
        row_bytes(page, "Value", hex, NULL);
        end(page);
        return;
    }
    unsigned flags = o.ptr[0];
    size_t at = 1, piv_len = flags & 7U;
    flags_write(page, flags);
    if (o.len < at + piv_len) {
        row(page, "Partial IV", "the option ends in it");
        end(page);
        return;
    }
    row_bytes(
        page, "Partial IV", piv_len > 0 ? vec_hex_write(arena, gosc_span_of(o.ptr + at, piv_len)) : NULL,
        piv_len > 0 ? vec_printf(arena, "%" PRIu64, number_of(gosc_span_of(o.ptr + at, piv_len))) : NULL);
    at += piv_len;
    if ((flags & 0x10) != 0 && (at >= o.len || o.len - at - 1 < o.ptr[at])) {
        row(page, "kid context", "the option ends in it");
        end(page);
        return;
    }
    if ((flags & 0x10) != 0) {
        row_bytes(page, "kid context", vec_hex_write(arena, gosc_span_of(o.ptr + at + 1, o.ptr[at])), NULL);
        at += 1U + o.ptr[at];
    }
    size_t kid_len = kid != NULL ? strlen(kid) / 2 : 0;
    if (vec_get_is(page->plan, "dialect", "group-02") && (flags & 0x20) != 0 && o.len > at + kid_len) {
        row_bytes(page, "Countersignature",
                  vec_hex_write(arena, gosc_span_of(o.ptr + at, o.len - at - kid_len)), NULL);
    }
    row_bytes(page, "kid", (flags & 8) != 0 ? kid : NULL, vec_get_text(oscore, "sender"));
    end(page);
}

/* ---- COSE and what is inside ---- */

static const char *algorithm(const rep_page *page, const char *key)
{
    int64_t number = vec_get_int(page->world, key, 0);
    return number == 0 || page->world == NULL
               ? "none"
               : vec_printf(page->arena, "%s (%" PRId64 ")", rep_algorithm_name((int32_t)number), number);
}

/* aad_write opens the AAD; its bytes are told where it cannot be opened. */
static void aad_write(const rep_page *page, const char *hex)
{
    gosc_span aad;
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    bool good = file != NULL && hex != NULL && vec_hex_parse(page->arena, hex, strlen(hex), &aad) &&
                rep_diag(file, aad);
    if (file != NULL) {
        good = fclose(file) == 0 && good;
    }
    if (good) {
        (void)fprintf(page->file, "<dt>AAD</dt><dd><code>%s</code></dd>", text);
    } else {
        row_bytes(page, "AAD", hex, NULL);
    }
    free(text);
}

static void cose_write(const rep_page *page, const json_t *entry)
{
    const json_t *oscore = json_object_get(entry, "oscore");
    const json_t *seal = json_object_get(entry, "seal");
    bool group_28 = vec_get_is(page->plan, "dialect", "group-28") && vec_get_is(oscore, "mode", "group");
    begin(page, "COSE");
    const char *epoch = vec_printf(page->arena, "%" PRId64, vec_get_int(oscore, "epoch", -1));
    bool known = vec_get_text(oscore, "group") != NULL;
    row(page, "Mode, context",
        vec_printf(page->arena, "%s, %s%s%s%s", rep_text_or(oscore, "mode", "?"),
                   known ? "group " : "no context fits", rep_text_or(oscore, "group", ""),
                   known ? ", epoch " : "", known ? epoch : ""));
    row(page, "Verifies",
        vec_get_bool(oscore, "verified", false)
            ? "yes"
            : vec_printf(page->arena, "no: %s", rep_text_or(oscore, "why", "not known")));
    if (seal != NULL) {
        row(page, "Algorithms",
            vec_printf(page->arena, "%s%s%s", algorithm(page, group_28 ? "group_enc" : "aead"),
                       vec_get_bool(oscore, "signature", false) ? ", signature " : "",
                       vec_get_bool(oscore, "signature", false) ? algorithm(page, "signature") : ""));
        row_bytes(page, "Key", vec_get_text(seal, "key"), NULL);
        row_bytes(page, "Nonce", vec_get_text(seal, "nonce"), NULL);
        aad_write(page, vec_get_text(seal, "aad"));
        const char *payload = rep_text_or(entry, "payload", "");
        const char *ciphertext = rep_text_or(seal, "ciphertext", "");
        size_t len = strlen(ciphertext) / 2, all = strlen(payload) / 2;
        row(page, "Ciphertext",
            vec_printf(page->arena, "%zu bytes with tag%s", len,
                       all > len ? ", then the encrypted signature" : ""));
    }
    end(page);
}

static void inner_write(const rep_page *page, const json_t *inner)
{
    const char *code = rep_text_or(inner, "code", "?");
    const char *payload = vec_get_text(inner, "payload");
    begin(page, "Plaintext");
    if (vec_get_bool(inner, "malformed", false)) {
        row(page, "Content", "no code, options and payload: malformed");
        end(page);
        return;
    }
    row(page, "Code", vec_printf(page->arena, "%s %s", code, code_name(code)));
    options_write(page, json_object_get(inner, "options"), "none");
    row_bytes(page, "Payload", payload, rep_payload(page->arena, payload));
    end(page);
}

/* ---- all ---- */

static void summary_write(const rep_page *page, const json_t *entry)
{
    const char *fate = rep_fate(page, vec_get_int(entry, "packet", 0));
    const json_t *oscore = json_object_get(entry, "oscore");
    const char *inner = rep_inner_text(page->arena, entry);
    const char *to = vec_get_text(entry, "to");
    (void)fprintf(page->file, "<summary%s><b>%" PRId64 "</b> ",
                  rep_is_found(page, entry) ? " class=\"bad\"" : "", vec_get_int(entry, "packet", 0));
    rep_escape(page->file, rep_text_or(entry, "name", "not named"));
    (void)fputs(" <i>", page->file);
    rep_escape(page->file, rep_text_or(entry, "by", "?"));
    (void)fputs(" → ", page->file);
    rep_escape(page->file, to != NULL ? to : rep_text_or(entry, "cast", "?"));
    (void)fprintf(page->file, " · %s %s", rep_text_or(entry, "type", ""),
                  rep_text_or(entry, "outer_code", ""));
    if (oscore != NULL) {
        (void)fprintf(page->file, " · %s", rep_text_or(oscore, "mode", "?"));
    }
    if (inner[0] != '\0') {
        (void)fputs(" · ", page->file);
        rep_escape(page->file, inner);
    }
    if (fate[0] != '\0') {
        (void)fprintf(page->file, " · %s", fate);
    }
    (void)fputs("</i></summary>", page->file);
}

void rep_packet_write(const rep_page *page, const json_t *entry)
{
    const json_t *oscore = json_object_get(entry, "oscore");
    (void)fprintf(page->file, "<details class=\"p\" id=\"c%zup%" PRId64 "\">", page->number,
                  vec_get_int(entry, "packet", 0));
    summary_write(page, entry);
    datagram_write(page, entry);
    coap_write(page, entry);
    if (oscore != NULL) {
        option_write(page, oscore);
        cose_write(page, entry);
    }
    if (json_object_get(entry, "inner") != NULL) {
        inner_write(page, json_object_get(entry, "inner"));
    }
    (void)fputs("</details>\n", page->file);
}
