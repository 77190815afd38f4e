/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The OSCORE option in the three grammars, against a decoder written down a second time; what is read is
 * written again.
 */
#include "common.h"

/* Our expectation, by hand: positions instead of a reader. False: malformed. */
static bool second_decoder(gosc_span v, uint8_t allowed, uint8_t required, gosc_oscore_option *o)
{
    uint8_t flags = v.len > 0 ? v.ptr[0] : 0;
    size_t n = flags % 8;
    size_t at = v.len > 0;
    *o = (gosc_oscore_option){.flags = flags};
    if (v.len > 255 || (flags & allowed) != flags || (flags & required) != required || n > 5 ||
        v.len - at < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        o->partial_iv.number = o->partial_iv.number * 256 + v.ptr[at + i];
    }
    o->partial_iv_bytes = n > 0 ? gosc_span_of(v.ptr + at, n) : GOSC_ABSENT;
    at += n;
    if (flags / 16 % 2 == 1) {
        if (at == v.len || v.len - at - 1 < v.ptr[at]) {
            return false;
        }
        o->kid_context = gosc_span_of(v.ptr + at + 1, v.ptr[at]);
        at += 1U + v.ptr[at];
    }
    if (flags / 8 % 2 == 1) {
        o->kid = gosc_span_of(v.ptr + at, v.len - at);
        at = v.len;
    }
    return at == v.len;
}

static void check_fields(const gosc_oscore_option *o, const gosc_oscore_option *wanted)
{
    FUZZ_CHECK(o->flags == wanted->flags && o->partial_iv.number == wanted->partial_iv.number,
               "flags and number");
    FUZZ_CHECK(gosc_span_equal(o->partial_iv_bytes, wanted->partial_iv_bytes) &&
                   gosc_span_equal(o->kid_context, wanted->kid_context) &&
                   gosc_span_equal(o->kid, wanted->kid),
               "fields are those of the second decoder");
}

void fuzz_target(fuzz_input *in)
{
    static const gosc_dialect *const dialects[] = {&gosc_dialect_oscore, &gosc_dialect_group_02,
                                                   &gosc_dialect_group_28};
    const gosc_dialect *dialect = dialects[fuzz_u8(in) % 3];
    size_t signature_len = fuzz_u8(in) % (GOSC_SIGNATURE_MAX + 1);
    gosc_span value = fuzz_rest(in);
    gosc_oscore_option option;
    gosc_oscore_option wanted;
    gosc_err err = gosc_oscore_option_parse(value, dialect->flags_allowed, dialect->flags_required, &option);
    bool good = second_decoder(value, dialect->flags_allowed, dialect->flags_required, &wanted);
    FUZZ_CHECK((err == GOSC_OK) == good, "both decoders accept the same");
    if (!good) {
        FUZZ_CHECK(err == GOSC_ERR_OPTION_MALFORMED, "the reason is the only one there is");
        return;
    }
    check_fields(&option, &wanted);
    if (dialect->signature_in_option) {
        bool fits = wanted.kid.len >= signature_len;
        FUZZ_CHECK((gosc_oscore_option_split(&option, signature_len) == GOSC_OK) == fits,
                   "a tail is split when it is long enough");
        if (!fits) {
            check_fields(&option, &wanted);
            return;
        }
        FUZZ_CHECK(option.signature.ptr == wanted.kid.ptr && option.signature.len == signature_len &&
                       option.kid.ptr == wanted.kid.ptr + signature_len &&
                       option.kid.len == wanted.kid.len - signature_len,
                   "signature first, then kid");
    }
    FUZZ_CHECK((gosc_oscore_option_check_kid(&option) == GOSC_OK) == (option.kid.len <= 7),
               "kid of 7 bytes at most");
    gosc_writer writer;
    gosc_writer_init(&writer, fuzz_room(value.len));
    gosc_oscore_option_write(&writer, &option, option.flags & GOSC_FLAG_GROUP);
    bool lone_zero = value.len == 1 && value.ptr[0] == 0;
    FUZZ_CHECK(!writer.failed && gosc_span_equal(gosc_writer_span(&writer), lone_zero ? GOSC_EMPTY : value),
               "an option is written as read");
}
