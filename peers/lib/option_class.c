/* SPDX-License-Identifier: BSD-2-Clause */
/* Option classes, and the two ways of options: apart for protection, together again for the application. */
#include "option_class.h"

#include <string.h>

#define BIT(number) (UINT32_C(1) << ((number)&31))

enum {
    OPTION_REQUEST_TAG = 292,
    N_LOW_NUMBERS = 64, /* in the masks below */
};

/* U: Uri-Host, Uri-Port, OSCORE (RFC 8613), Hop-Limit (RFC 8768), EDHOC (RFC 9668); Proxy-Uri, Proxy-Scheme.
 */
static const uint32_t only_u[] = {BIT(3) | BIT(7) | BIT(9) | BIT(16) | BIT(21), BIT(35) | BIT(39)};
/* E and U: Observe, Max-Age, Q-Block1 (RFC 9177), Block2, Block1, Size2, Q-Block2; Size1. */
static const uint32_t both[] = {BIT(6) | BIT(14) | BIT(19) | BIT(23) | BIT(27) | BIT(28) | BIT(31), BIT(60)};

uint8_t gosc_option_class(uint16_t number)
{
    bool in_both =
        number == GOSC_OPTION_ECHO || number == GOSC_OPTION_NO_RESPONSE || number == OPTION_REQUEST_TAG;
    if (number < N_LOW_NUMBERS) {
        if ((only_u[number / 32] & BIT(number)) != 0) {
            return GOSC_CLASS_U;
        }
        in_both = (both[number / 32] & BIT(number)) != 0;
    }
    /* O-4.1-01: what is not known is E. */
    return in_both ? GOSC_CLASS_E | GOSC_CLASS_U : GOSC_CLASS_E;
}

/* One of the two lists that are written. */
typedef struct lane {
    gosc_writer *writer;
    uint16_t last; /* number */
} lane;

static void put(lane *to, uint32_t number, const gosc_span *value)
{
    gosc_option_write(to->writer, &to->last, (uint16_t)number, *value);
}

/* The way of options into the two lists. */
typedef struct splitter {
    lane inner;
    lane outer;
    gosc_span oscore;    /* absent when it is written, or not wanted */
    gosc_span authority; /* Proxy-Uri up to its path; absent when there is none, or it is written */
    gosc_span path;      /* its segments, absent when there are none, or they are written */
    gosc_span query;     /* its arguments, likewise */
} splitter;

/* Where the first of two characters stands, from `at` on; the length when there is none. */
static size_t find(const gosc_span *text, size_t at, uint8_t one, uint8_t other)
{
    while (at < text->len && text->ptr[at] != one && text->ptr[at] != other) {
        at++;
    }
    return at;
}

/* O-4.1.3.3-01, -02: scheme and authority stay outside; what follows them goes inside. */
static bool proxy_uri_cut(splitter *split, const gosc_span *uri)
{
    size_t at = 0;
    while (at + 3 <= uri->len && memcmp(uri->ptr + at, "://", 3) != 0) {
        at++;
    }
    size_t authority = find(uri, at + 3, '/', '?');
    size_t path = find(uri, authority, '?', '?');
    split->authority = gosc_span_of(uri->ptr, authority);
    if (path > authority + 1) {
        split->path = gosc_span_of(uri->ptr + authority + 1, path - authority - 1);
    }
    if (path < uri->len) {
        split->query = gosc_span_of(uri->ptr + path + 1, uri->len - path - 1);
    }
    return at + 3 <= uri->len && find(uri, 0, '#', '#') == uri->len; /* no fragment */
}

/* The value of a hexadecimal digit, 16 for any other character. */
static unsigned digit(uint8_t c)
{
    unsigned number = c - (unsigned)'0';
    unsigned letter = (c | 0x20U) - 'a';
    return number < 10 ? number : letter < 6 ? letter + 10 : 16;
}

/* Percent-decodes (RFC 3986 section 2.1); out is NULL to count. Gives the length, SIZE_MAX for a bad escape.
 */
static size_t percent_decode(const uint8_t *text, size_t text_len, uint8_t *out)
{
    size_t len = 0;
    unsigned bad = 0;
    for (size_t i = 0; i < text_len; i++) {
        unsigned c = text[i];
        if (c == '%') {
            c = 0;
            for (int n = 0; n < 2; n++) {
                i++;
                unsigned value = i < text_len ? digit(text[i]) : 16;
                bad |= value;
                c = c << 4 | value;
            }
        }
        if (out != NULL) {
            out[len] = (uint8_t)c;
        }
        len++;
    }
    return bad < 16 ? len : SIZE_MAX;
}

/* One Inner option for each part of a path or query; false for a bad escape. */
static bool parts_write(splitter *split, uint32_t number, uint8_t separator, gosc_span *list)
{
    gosc_span text = *list;
    *list = GOSC_ABSENT;
    size_t at = 0;
    size_t end;
    do {
        end = find(&text, at, separator, separator);
        gosc_span decoded = {text.ptr + at, percent_decode(text.ptr + at, end - at, NULL)};
        if (decoded.len > end - at) {
            return false;
        }
        /* Writes an option of the right length, then its bytes over the beginning of the encoded ones. */
        put(&split->inner, number, &decoded);
        if (!split->inner.writer->failed) {
            (void)percent_decode(decoded.ptr, end - at, split->inner.writer->next - decoded.len);
        }
        at = end + 1;
    } while (end < text.len);
    return true;
}

/* Writes what has its place before the options with this number; false for a bad escape. */
static bool pending_write(splitter *split, uint32_t number)
{
    if (number > GOSC_OPTION_OSCORE && split->oscore.ptr != NULL) {
        put(&split->outer, GOSC_OPTION_OSCORE, &split->oscore);
        split->oscore = GOSC_ABSENT;
    }
    if (number > GOSC_OPTION_URI_PATH && split->path.ptr != NULL &&
        !parts_write(split, GOSC_OPTION_URI_PATH, '/', &split->path)) {
        return false;
    }
    return number <= GOSC_OPTION_URI_QUERY || split->query.ptr == NULL ||
           parts_write(split, GOSC_OPTION_URI_QUERY, '&', &split->query);
}

gosc_err gosc_options_split(const gosc_coap_pdu *pdu, bool is_request, gosc_span oscore, gosc_writer *inner,
                            gosc_writer *outer, bool *observe)
{
    splitter split = {.inner = {inner, 0}, .outer = {outer, 0}, .oscore = oscore};
    uint8_t *const begin[2] = {inner->next, outer->next};
    gosc_err err = GOSC_OK;
    bool has_observe = false;
    bool has_uri = false;
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, pdu->options);
    while (gosc_option_next(&iter, &option)) {
        uint32_t number = option.number;
        if (!pending_write(&split, number)) {
            return GOSC_ERR_COAP_MALFORMED;
        }
        if (number == GOSC_OPTION_OSCORE) {
            err = GOSC_ERR_ALREADY_PROTECTED;
        } else if (number == GOSC_OPTION_PROXY_URI && !has_uri) {
            /* Its parts stand before it, so all begins again; that is rare enough not to look for it first.
             */
            has_uri = true;
            split = (splitter){.inner = {inner, 0}, .outer = {outer, 0}, .oscore = oscore};
            inner->next = begin[0];
            outer->next = begin[1];
            gosc_option_iter_init(&iter, pdu->options);
            if (!proxy_uri_cut(&split, &option.value)) {
                return GOSC_ERR_COAP_MALFORMED;
            }
            continue;
        } else if (number == GOSC_OPTION_PROXY_URI) {
            if (split.authority.ptr == NULL) { /* a second one */
                return GOSC_ERR_COAP_MALFORMED;
            }
            option.value = split.authority;
            split.authority = GOSC_ABSENT;
        } else if (number == GOSC_OPTION_OBSERVE) {
            has_observe = true;
            put(&split.outer, number, &option.value);
            /* O-4.1.3.5.1-01, O-4.1.3.5.2-03: in a request both hold the value, in a notification Inner is
             * empty. */
            if (!is_request) {
                option.value = GOSC_EMPTY;
            }
        }
        put(gosc_option_class(option.number) == GOSC_CLASS_U ? &split.outer : &split.inner, number,
            &option.value);
    }
    /* OSCORE may be left; the parts of a Proxy-Uri stand before it and are written. */
    (void)pending_write(&split, UINT32_MAX);
    if (err == GOSC_OK && (inner->failed || outer->failed)) {
        err = GOSC_ERR_ROOM;
    }
    if (err == GOSC_OK) {
        *observe = has_observe;
    }
    return err;
}

/* The number of the next option whose class is U (of the outer list) or is not (of the inner one). */
static uint32_t kept_next(gosc_option_iter *iter, bool want_u, gosc_coap_option *option)
{
    while (gosc_option_next(iter, option)) {
        bool is_u = gosc_option_class(option->number) == GOSC_CLASS_U;
        if (is_u == want_u && option->number != GOSC_OPTION_OSCORE) {
            return option->number;
        }
    }
    return UINT32_MAX;
}

gosc_err gosc_options_merge(gosc_span outer, gosc_span inner, gosc_writer *merged)
{
    gosc_option_iter iters[2];
    gosc_coap_option options[2]; /* inner, outer: no number is kept from both */
    lane to = {merged, 0};
    gosc_option_iter_init(&iters[0], inner);
    gosc_option_iter_init(&iters[1], outer);
    uint32_t numbers[2] = {kept_next(&iters[0], false, &options[0]), kept_next(&iters[1], true, &options[1])};
    for (;;) {
        size_t i = numbers[1] < numbers[0];
        if (numbers[i] == UINT32_MAX) {
            return merged->failed ? GOSC_ERR_ROOM : GOSC_OK;
        }
        put(&to, numbers[i], &options[i].value);
        numbers[i] = kept_next(&iters[i], i, &options[i]);
    }
}
