/* SPDX-License-Identifier: BSD-2-Clause */
/* The value of the OSCORE option. */
#include "oscore_option.h"

gosc_err gosc_oscore_option_parse(gosc_span value, uint8_t allowed, uint8_t required,
                                  gosc_oscore_option *option)
{
    gosc_reader reader;
    gosc_reader_init(&reader, value);
    /* O-6.1-10: an empty value has no flag byte. A lone 00 reads the same (O-6.1-09). */
    uint8_t flags = value.len > 0 ? gosc_read_u8(&reader) : 0;
    size_t n = flags & GOSC_FLAG_PIV_LEN;
    if (value.len > GOSC_OPTION_VALUE_MAX || (flags & ~allowed) != 0 || (flags & required) != required ||
        n > GOSC_PARTIAL_IV_MAX) {
        return GOSC_ERR_OPTION_MALFORMED;
    }
    gosc_reader number = reader;
    gosc_oscore_option parsed = {.flags = flags, .partial_iv = {gosc_read_be(&number, n)}};
    if (n > 0) {
        parsed.partial_iv_bytes = gosc_read_bytes(&reader, n);
    }
    if ((flags & GOSC_FLAG_KID_CONTEXT) != 0) {
        parsed.kid_context = gosc_read_bytes(&reader, gosc_read_u8(&reader));
    }
    if ((flags & GOSC_FLAG_KID) != 0) {
        parsed.kid = gosc_read_rest(&reader);
    }
    /* O-6.1-08: bytes behind the last field belong to none. */
    if (reader.failed || gosc_reader_left(&reader) > 0) {
        return GOSC_ERR_OPTION_MALFORMED;
    }
    *option = parsed;
    return GOSC_OK;
}

gosc_err gosc_oscore_option_split(gosc_oscore_option *option, size_t signature_len)
{
    gosc_reader reader;
    gosc_reader_init(&reader, option->kid);
    gosc_span signature = gosc_read_bytes(&reader, signature_len);
    if (reader.failed) {
        return GOSC_ERR_OPTION_MALFORMED;
    }
    option->signature = signature;
    option->kid = gosc_read_rest(&reader);
    return GOSC_OK;
}

gosc_err gosc_oscore_option_check_kid(const gosc_oscore_option *option)
{
    return option->kid.len <= GOSC_KID_MAX ? GOSC_OK : GOSC_ERR_OPTION_MALFORMED;
}

size_t gosc_partial_iv_encode(gosc_partial_iv piv, uint8_t out[GOSC_PARTIAL_IV_MAX])
{
    uint64_t above = piv.number;
    size_t len = 0;
    do {
        len++;
        above >>= 8;
    } while (above != 0 && len < GOSC_PARTIAL_IV_MAX);
    for (size_t i = len; i > 0; i--) {
        out[i - 1] = (uint8_t)piv.number;
        piv.number >>= 8;
    }
    return len;
}

void gosc_oscore_option_write(gosc_writer *writer, const gosc_oscore_option *option, uint8_t extra_flags)
{
    const gosc_span *context = &option->kid_context;
    size_t n = option->partial_iv_bytes.len;
    uint8_t flags = (uint8_t)(n | extra_flags);
    size_t len = 1 + n + option->signature.len + option->kid.len;
    if (context->ptr != NULL) {
        flags |= GOSC_FLAG_KID_CONTEXT;
        len += 1 + context->len;
    }
    if (option->kid.ptr != NULL) {
        flags |= GOSC_FLAG_KID;
    }
    if (n > GOSC_PARTIAL_IV_MAX || len > GOSC_OPTION_VALUE_MAX) {
        writer->failed = true;
        return;
    }
    /* O-2-01, O-6.1-09: no field at all is an empty value, never a zero byte. */
    if (flags == 0) {
        return;
    }
    gosc_write_u8(writer, flags);
    gosc_write_bytes(writer, option->partial_iv_bytes);
    if (context->ptr != NULL) {
        gosc_write_u8(writer, (uint8_t)context->len);
        gosc_write_bytes(writer, *context);
    }
    gosc_write_bytes(writer, option->signature);
    gosc_write_bytes(writer, option->kid);
}
