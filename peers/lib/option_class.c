/*
 * Option classes, and the two ways of options: apart for protection, together again for the application.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "option_class.h"

#define BIT(number) (UINT32_C(1) << ((number)&31))

enum {
    OPTION_REQUEST_TAG = 292,
    N_LOW_NUMBERS = 64, /* in the masks below */
    SEPARATOR_LEN = 3,  /* "://" */
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

/* The way of options into the two lists. */
typedef struct splitter {
    gosc_writer *inner;
    gosc_writer *outer;
    uint16_t last_inner;
    uint16_t last_outer;
    gosc_span oscore;
    gosc_span authority; /* Proxy-Uri up to its path; absent when there is none */
    gosc_span path;      /* its segments, absent when there are none */
    gosc_span query;     /* its arguments, absent when there are none */
} splitter;

/* Takes bytes up to the first of two characters, which stay. */
static gosc_span until(gosc_reader *reader, uint8_t one, uint8_t other)
{
    const uint8_t *end = reader->next;
    while (end < reader->end && *end != one && *end != other) {
        end++;
    }
    return gosc_read_bytes(reader, (size_t)(end - reader->next));
}

/* O-4.1.3.3-01, -02: scheme and authority stay outside; what follows them goes inside. */
static bool proxy_uri_cut(splitter *split, gosc_span uri)
{
    gosc_reader reader;
    gosc_reader_init(&reader, uri);
    (void)until(&reader, '#', '#');
    bool good = gosc_reader_left(&reader) == 0; /* no fragment */
    gosc_reader_init(&reader, uri);
    while (gosc_reader_left(&reader) >= SEPARATOR_LEN &&
           !(reader.next[0] == ':' && reader.next[1] == '/' && reader.next[2] == '/')) {
        reader.next++;
    }
    (void)gosc_read_bytes(&reader, SEPARATOR_LEN);
    (void)until(&reader, '/', '?');
    split->authority = (gosc_span){uri.ptr, (size_t)(reader.next - uri.ptr)};
    gosc_span path = until(&reader, '?', '?');
    if (path.len > 1) {
        split->path = (gosc_span){path.ptr + 1, path.len - 1};
    }
    if (!reader.failed && gosc_reader_left(&reader) > 0) {
        reader.next++;
        split->query = gosc_read_rest(&reader);
    }
    return good && !reader.failed;
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
static size_t percent_decode(gosc_span text, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned c = text.ptr[i];
        if (c == '%') {
            unsigned high = i + 2 < text.len ? digit(text.ptr[i + 1]) : 16;
            unsigned low = i + 2 < text.len ? digit(text.ptr[i + 2]) : 16;
            if (high > 15 || low > 15) {
                return SIZE_MAX;
            }
            c = high << 4 | low;
            i += 2;
        }
        if (out != NULL) {
            out[len] = (uint8_t)c;
        }
        len++;
    }
    return len;
}

/* One Inner option for each part of a path or query; false for a bad escape. */
static bool parts_write(splitter *split, uint16_t number, uint8_t separator, gosc_span *list)
{
    if (list->ptr == NULL) {
        return true;
    }
    gosc_reader reader;
    gosc_reader_init(&reader, *list);
    *list = GOSC_ABSENT;
    for (;;) {
        gosc_span part = until(&reader, separator, separator);
        gosc_span decoded = {part.ptr, percent_decode(part, NULL)};
        if (decoded.len > part.len) {
            return false;
        }
        /* Writes an option of the right length, then its bytes over the beginning of the encoded ones. */
        gosc_option_write(split->inner, &split->last_inner, number, decoded);
        if (!split->inner->failed) {
            (void)percent_decode(part, split->inner->next - decoded.len);
        }
        if (gosc_reader_left(&reader) == 0) {
            return true;
        }
        (void)gosc_read_u8(&reader);
    }
}

/* Writes what has its place before the options with this number; false for a bad escape. */
static bool pending_write(splitter *split, uint32_t number)
{
    if (number > GOSC_OPTION_OSCORE && split->oscore.ptr != NULL) {
        gosc_option_write(split->outer, &split->last_outer, GOSC_OPTION_OSCORE, split->oscore);
        split->oscore = GOSC_ABSENT;
    }
    return (number <= GOSC_OPTION_URI_PATH || parts_write(split, GOSC_OPTION_URI_PATH, '/', &split->path)) &&
           (number <= GOSC_OPTION_URI_QUERY || parts_write(split, GOSC_OPTION_URI_QUERY, '&', &split->query));
}

gosc_err gosc_options_split(const gosc_coap_pdu *pdu, bool is_request, gosc_span oscore, gosc_writer *inner,
                            gosc_writer *outer, bool *observe)
{
    splitter split = {.inner = inner, .outer = outer, .oscore = oscore};
    gosc_span uri = gosc_option_find(pdu->options, GOSC_OPTION_PROXY_URI);
    bool good = uri.ptr == NULL || proxy_uri_cut(&split, uri);
    bool has_oscore = false;
    bool has_observe = false;
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, pdu->options);
    while (good && gosc_option_next(&iter, &option)) {
        uint8_t class = gosc_option_class(option.number);
        bool is_observe = option.number == GOSC_OPTION_OBSERVE;
        good = pending_write(&split, option.number);
        has_oscore = has_oscore || option.number == GOSC_OPTION_OSCORE;
        has_observe = has_observe || is_observe;
        if (option.number == GOSC_OPTION_PROXY_URI) {
            good = good && split.authority.ptr != NULL; /* a second one is malformed */
            option.value = split.authority;
            split.authority = GOSC_ABSENT;
        }
        if (class == GOSC_CLASS_U || is_observe) {
            gosc_option_write(outer, &split.last_outer, option.number, option.value);
        }
        if (class != GOSC_CLASS_U) {
            /* O-4.1.3.5.1-01, O-4.1.3.5.2-03: in a request both hold the value, in a notification Inner is
             * empty. */
            bool emptied = is_observe && !is_request;
            gosc_option_write(inner, &split.last_inner, option.number, emptied ? GOSC_EMPTY : option.value);
        }
    }
    if (!good || !pending_write(&split, UINT32_MAX)) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    if (has_oscore) {
        return GOSC_ERR_ALREADY_PROTECTED;
    }
    *observe = has_observe;
    return inner->failed || outer->failed ? GOSC_ERR_ROOM : GOSC_OK;
}

/* The next option whose class is U (of the outer list) or is not (of the inner one). */
static bool kept_next(gosc_option_iter *iter, bool want_u, gosc_coap_option *option)
{
    while (gosc_option_next(iter, option)) {
        bool is_u = gosc_option_class(option->number) == GOSC_CLASS_U;
        if (is_u == want_u && option->number != GOSC_OPTION_OSCORE) {
            return true;
        }
    }
    return false;
}

gosc_err gosc_options_merge(gosc_span outer, gosc_span inner, gosc_writer *merged)
{
    gosc_option_iter iters[2];
    gosc_coap_option options[2]; /* outer, inner: no number is kept from both */
    bool left[2];
    gosc_option_iter_init(&iters[0], outer);
    gosc_option_iter_init(&iters[1], inner);
    left[0] = kept_next(&iters[0], true, &options[0]);
    left[1] = kept_next(&iters[1], false, &options[1]);
    uint16_t last = 0;
    while (left[0] || left[1]) {
        size_t i = !left[0] || (left[1] && options[1].number < options[0].number);
        gosc_option_write(merged, &last, options[i].number, options[i].value);
        left[i] = kept_next(&iters[i], i == 0, &options[i]);
    }
    return merged->failed ? GOSC_ERR_ROOM : GOSC_OK;
}
