/* SPDX-License-Identifier: BSD-2-Clause */
/* DER, as far as the public key of a certificate. */
#include "der.h"

enum {
    TAG_LONG = 0x1f,     /* low bits of a tag of several bytes */
    LENGTH_SHORT = 0x80, /* lengths below stand in one byte; 0x80 is the indefinite length */
    LENGTH_BYTES_MAX = 4,
    OPTIONAL = 0x40, /* added to a tag: no tag of a certificate has this bit */
};

gosc_span gosc_der_read(gosc_reader *reader, uint8_t tag)
{
    bool good = gosc_read_u8(reader) == tag && (tag & TAG_LONG) != TAG_LONG;
    uint32_t len = gosc_read_u8(reader);
    if (len >= LENGTH_SHORT) {
        uint32_t n_bytes = len - LENGTH_SHORT;
        good = good && n_bytes <= LENGTH_BYTES_MAX;
        len = good ? (uint32_t)gosc_read_be(reader, n_bytes) : 0;
        /* X.690 section 10.1: the shortest length. */
        good = good && len >= LENGTH_SHORT && len >> (8 * (n_bytes - 1)) != 0;
    }
    if (!good) {
        reader->failed = true;
    }
    return gosc_read_bytes(reader, len);
}

/*
 * Takes all elements of contents, whose tags are given in order; what they hold goes to `found`, absent for
 * an OPTIONAL one that is not there. False when one is missing or cut, or when something is left over.
 */
static bool walk(gosc_span contents, const char *tags, gosc_span *found)
{
    gosc_reader reader;
    gosc_reader_init(&reader, contents);
    for (; *tags != '\0'; tags++) {
        uint8_t tag = (uint8_t)*tags & (uint8_t)~OPTIONAL;
        bool here = gosc_reader_left(&reader) > 0 && *reader.next == tag;
        bool is_optional = ((uint8_t)*tags & OPTIONAL) != 0;
        *found = GOSC_ABSENT;
        if (here || !is_optional) {
            *found = gosc_der_read(&reader, tag);
        }
        found++;
    }
    return !reader.failed && gosc_reader_left(&reader) == 0;
}

/* Tags as walk takes them; 40 is OPTIONAL. */
#define SEQUENCE "\x30"
#define BIT_STRING "\x03"
#define CERTIFICATE SEQUENCE SEQUENCE BIT_STRING
/* [0] version, serialNumber, signature, issuer, validity, subject, key, unique identifiers, extensions */
#define TBS_CERTIFICATE "\xe0\x02" SEQUENCE SEQUENCE SEQUENCE SEQUENCE SEQUENCE "\xc1\xc2\xe3"
#define SUBJECT_PUBLIC_KEY_INFO SEQUENCE BIT_STRING

gosc_err gosc_der_spki(gosc_span certificate, gosc_span *algorithm, gosc_span *key)
{
    enum {
        VERSION = 0,
        SIGNATURE = 2,
        SPKI = 6
    };
    gosc_span whole[3];
    gosc_span tbs[sizeof TBS_CERTIFICATE];
    gosc_span part[2];
    if (!walk(certificate, SEQUENCE, whole) || !walk(whole[0], CERTIFICATE, whole) ||
        !walk(whole[0], TBS_CERTIFICATE, tbs) || !gosc_span_equal(tbs[SIGNATURE], whole[1])) {
        return GOSC_ERR_DER_MALFORMED;
    }
    /* RFC 5280 section 4.1.2.1: absent (v1), or 1 (v2), 2 (v3): DER does not write a default. */
    if (tbs[VERSION].ptr != NULL &&
        (!walk(tbs[VERSION], "\x02", part) || part->len != 1 || part->ptr[0] < 1 || part->ptr[0] > 2)) {
        return GOSC_ERR_DER_MALFORMED;
    }
    /* A key has whole bytes: its first byte, the number of unused bits, is 0. */
    if (!walk(tbs[SPKI], SUBJECT_PUBLIC_KEY_INFO, part) || part[1].len == 0 || part[1].ptr[0] != 0) {
        return GOSC_ERR_DER_MALFORMED;
    }
    *algorithm = part[0];
    *key = gosc_span_of(part[1].ptr + 1, part[1].len - 1);
    return GOSC_OK;
}
