/* SPDX-License-Identifier: BSD-2-Clause */
/* The value of the OSCORE option (RFC 8613 section 6.1; Group OSCORE -28 section 4; -02 section 3). */
#ifndef GOSC_OSCORE_OPTION_H
#define GOSC_OSCORE_OPTION_H

#include "span.h"

enum {
    GOSC_FLAG_PIV_LEN = 0x07,
    GOSC_FLAG_KID = 0x08,
    GOSC_FLAG_KID_CONTEXT = 0x10,
    GOSC_FLAG_GROUP = 0x20, /* -28: Group Flag; -02: counter signature present */
    GOSC_OPTION_VALUE_MAX = 255,
    GOSC_KID_MAX = 7,        /* largest nonce (13) less 6 */
    GOSC_PARTIAL_IV_MAX = 5, /* bytes */
};

/* Largest Partial IV, 2^40 - 1. */
#define GOSC_PARTIAL_IV_LIMIT UINT64_C(0xffffffffff)

/* A Partial IV: a number. How many bytes carried it is kept in the option's span, for the AAD alone. */
typedef struct gosc_partial_iv {
    uint64_t number;
} gosc_partial_iv;

/* An identifier: Sender ID, Recipient ID, kid. */
typedef struct gosc_id {
    uint8_t bytes[GOSC_KID_MAX];
    uint8_t len; /* bytes */
} gosc_id;

static inline gosc_span gosc_id_span(const gosc_id *id)
{
    return (gosc_span){id->bytes, id->len};
}

typedef struct gosc_oscore_option {
    uint8_t flags;              /* first byte; 0 for an empty value */
    gosc_span partial_iv_bytes; /* as encoded, 1 to 5 bytes; absent when n is 0 */
    gosc_partial_iv partial_iv; /* its number; 0 when absent */
    gosc_span kid_context;      /* absent when bit 0x10 is clear; may be present and empty */
    gosc_span kid;              /* absent when bit 0x08 is clear; in -02 split sets it */
    gosc_span signature;        /* -02 only, set by split */
} gosc_oscore_option;

/*
 * gosc_oscore_option_parse reads flags, Partial IV, kid context and tail. In -02 the tail is signature and
 * kid together: `kid` then holds the whole tail until gosc_oscore_option_split.
 *
 * Spec      RFC 8613 section 6.1 (O-6.1-*), 2; an empty value has no flag byte
 * In        value     option value, 0 to 255 bytes
 *           allowed   flag bits this dialect knows; any other set bit is malformed
 *           required  flag bits that must be set (-02: 0x28)
 * Out       option    spans into value
 * Errors    GOSC_ERR_OPTION_MALFORMED: reserved bit or missing required one, n of 6 or 7, cut field, bytes
 * left over although bit 0x08 is clear (-02 requires it, so its tail is never left over)
 */
GOSC_MUST_USE
gosc_err gosc_oscore_option_parse(gosc_span value, uint8_t allowed, uint8_t required,
                                  gosc_oscore_option *option);

/*
 * gosc_oscore_option_split separates the tail of a -02 option into counter signature and kid.
 *
 * Spec      Group OSCORE -02 section 3 (G02-3-11, G02-3-12, G02-3-14)
 * In        signature_len  bytes, the fixed length of the Counter Signature Algorithm (64 for Ed25519)
 * Out       option->signature, option->kid (present even when empty)
 * Errors    GOSC_ERR_OPTION_MALFORMED when the tail is shorter than the signature
 */
GOSC_MUST_USE
gosc_err gosc_oscore_option_split(gosc_oscore_option *option, size_t signature_len);

/* gosc_oscore_option_check_kid: a kid longer than any nonce allows is malformed (GOSC_ERR_OPTION_MALFORMED).
 */
GOSC_MUST_USE
gosc_err gosc_oscore_option_check_kid(const gosc_oscore_option *option);

/* gosc_partial_iv_encode writes the shortest big-endian form, 1 to 5 bytes (0 is one zero byte); gives the
 * length. */
size_t gosc_partial_iv_encode(gosc_partial_iv piv, uint8_t out[GOSC_PARTIAL_IV_MAX]);

/*
 * gosc_oscore_option_write appends the value built from option's fields; flags are computed: n, h and k from
 * the presence of the fields, plus extra_flags (GOSC_FLAG_GROUP). All clear gives an empty value.
 *
 * Errors    writer->failed when there is no room or the value would exceed 255 bytes
 */
void gosc_oscore_option_write(gosc_writer *writer, const gosc_oscore_option *option, uint8_t extra_flags);

#endif
