/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include <string.h>

/* Takes the extension of a nibble at *at; false when it is not there or reserved. */
static bool extension(gosc_span s, size_t *at, uint32_t nibble, uint32_t *value)
{
    *value = nibble;
    if (nibble == 15) {
        return false;
    }
    size_t n = nibble == 13 ? 1 : nibble == 14 ? 2 : 0;
    if (s.len - *at < n) {
        return false;
    }
    if (n == 1) {
        *value = 13U + s.ptr[*at];
    } else if (n == 2) {
        *value = 269U + 256U * s.ptr[*at] + s.ptr[*at + 1];
    }
    *at += n;
    return true;
}

bool model_content_parse(gosc_span s, model_message *m)
{
    size_t at = 0;
    uint32_t number = 0;
    m->n_options = 0;
    m->payload = GOSC_ABSENT;
    while (at < s.len) {
        uint8_t head = s.ptr[at++];
        if (head == 0xff) {
            m->payload = gosc_span_of(s.ptr + at, s.len - at);
            return m->payload.len > 0;
        }
        uint32_t delta;
        uint32_t len;
        if (!extension(s, &at, head >> 4, &delta) || !extension(s, &at, head & 15, &len) ||
            len > s.len - at) {
            return false;
        }
        number += delta;
        if (number > 65535 || m->n_options == MODEL_OPTIONS_MAX) {
            return false;
        }
        m->options[m->n_options++] = (model_option){number, gosc_span_of(s.ptr + at, len)};
        at += len;
    }
    return true;
}

bool model_message_parse(gosc_span s, model_message *m)
{
    if (s.len < 4 || s.ptr[0] >> 6 != 1) {
        return false;
    }
    size_t token_len = s.ptr[0] & 15;
    m->type = s.ptr[0] >> 4 & 3;
    m->code = s.ptr[1];
    m->message_id = (uint16_t)(s.ptr[2] * 256 + s.ptr[3]);
    if (token_len > 8 || s.len < 4 + token_len || (m->code == 0 && s.len != 4)) {
        return false;
    }
    m->token = gosc_span_of(s.ptr + 4, token_len);
    return model_content_parse(gosc_span_of(s.ptr + 4 + token_len, s.len - 4 - token_len), m);
}

size_t model_count(const model_message *m, uint32_t number)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_options; i++) {
        n += m->options[i].number == number;
    }
    return n;
}

const model_option *model_find(const model_message *m, uint32_t number)
{
    for (size_t i = 0; i < m->n_options; i++) {
        if (m->options[i].number == number) {
            return &m->options[i];
        }
    }
    return NULL;
}

bool model_is_u(uint32_t number)
{
    switch (number) {
    case 3:  /* Uri-Host */
    case 7:  /* Uri-Port */
    case 9:  /* OSCORE */
    case 16: /* Hop-Limit */
    case 21: /* EDHOC */
    case 35: /* Proxy-Uri */
    case 39: /* Proxy-Scheme */
        return true;
    default:
        return false;
    }
}

void model_add(model_message *m, uint32_t number, gosc_span value)
{
    size_t at = m->n_options;
    if (at == MODEL_OPTIONS_MAX) {
        return;
    }
    while (at > 0 && m->options[at - 1].number > number) {
        m->options[at] = m->options[at - 1];
        at--;
    }
    m->options[at] = (model_option){number, value};
    m->n_options++;
}

static int hex_digit(uint8_t c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = c != 0 ? strchr(digits, c) : NULL;
    return found == NULL ? -1 : (int)((found - digits) % 16);
}

/* Percent-decodes into room and shortens it by what was used. */
static bool decode(gosc_span text, gosc_buf *room, gosc_span *decoded)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '%') {
            if (text.len - i < 3 || hex_digit(text.ptr[i + 1]) < 0 || hex_digit(text.ptr[i + 2]) < 0) {
                return false;
            }
            c = (uint8_t)(16 * hex_digit(text.ptr[i + 1]) + hex_digit(text.ptr[i + 2]));
            i += 2;
        }
        if (n == room->len) {
            return false;
        }
        room->ptr[n++] = c;
    }
    *decoded = gosc_span_of(room->ptr, n);
    room->ptr += n;
    room->len -= n;
    return true;
}

static size_t find_byte(gosc_span s, size_t from, uint8_t one, uint8_t other)
{
    while (from < s.len && s.ptr[from] != one && s.ptr[from] != other) {
        from++;
    }
    return from;
}

/* Adds an option for every part between separators. */
static bool add_parts(model_message *m, uint32_t number, gosc_span list, uint8_t separator, gosc_buf *room)
{
    for (size_t at = 0; at <= list.len;) {
        size_t end = find_byte(list, at, separator, separator);
        gosc_span value;
        if (!decode(gosc_span_of(list.ptr + at, end - at), room, &value)) {
            return false;
        }
        model_add(m, number, value);
        at = end + 1;
    }
    return true;
}

/* scheme://authority stays outside, /path and ?query go inside. */
static bool cut_proxy_uri(model_message *m, gosc_span uri, gosc_buf *room)
{
    size_t at = 0;
    while (at + 3 <= uri.len && memcmp(uri.ptr + at, "://", 3) != 0) {
        at++;
    }
    if (at + 3 > uri.len || find_byte(uri, 0, '#', '#') < uri.len) {
        return false;
    }
    size_t path = find_byte(uri, at + 3, '/', '?');
    size_t query = find_byte(uri, path, '?', '?');
    model_add(m, 35, gosc_span_of(uri.ptr, path));
    if (query > path + 1 &&
        !add_parts(m, 11, gosc_span_of(uri.ptr + path + 1, query - path - 1), '/', room)) {
        return false;
    }
    return query == uri.len ||
           add_parts(m, 15, gosc_span_of(uri.ptr + query + 1, uri.len - query - 1), '&', room);
}

bool model_opened(const model_message *plain, bool is_request, gosc_buf room, model_message *opened)
{
    opened->type = plain->type;
    opened->code = plain->code;
    opened->message_id = plain->message_id;
    opened->token = plain->token;
    opened->payload = plain->payload;
    opened->n_options = 0;
    for (size_t i = 0; i < plain->n_options; i++) {
        model_option option = plain->options[i];
        if (option.number == 6 && !is_request) {
            option.value = GOSC_EMPTY;
        }
        if (option.number != 35) {
            model_add(opened, option.number, option.value);
        }
    }
    const model_option *uri = model_find(plain, 35);
    return uri == NULL || (model_count(plain, 35) == 1 && cut_proxy_uri(opened, uri->value, &room));
}

void model_merge(const model_message *outer, const model_message *inner, model_message *merged)
{
    merged->n_options = 0;
    merged->payload = inner->payload;
    for (size_t i = 0; i < outer->n_options; i++) {
        if (model_is_u(outer->options[i].number) && outer->options[i].number != 9) {
            model_add(merged, outer->options[i].number, outer->options[i].value);
        }
    }
    for (size_t i = 0; i < inner->n_options; i++) {
        if (!model_is_u(inner->options[i].number)) {
            model_add(merged, inner->options[i].number, inner->options[i].value);
        }
    }
}

static bool same_bytes(gosc_span a, gosc_span b)
{
    return a.len == b.len && (a.ptr == NULL) == (b.ptr == NULL) &&
           (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool model_equal(const model_message *a, const model_message *b, bool whole)
{
    if (whole && (a->type != b->type || a->code != b->code || a->message_id != b->message_id ||
                  !same_bytes(a->token, b->token))) {
        return false;
    }
    if (a->n_options != b->n_options || !same_bytes(a->payload, b->payload)) {
        return false;
    }
    for (size_t i = 0; i < a->n_options; i++) {
        if (a->options[i].number != b->options[i].number ||
            !same_bytes(a->options[i].value, b->options[i].value)) {
            return false;
        }
    }
    return true;
}
