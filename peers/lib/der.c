/*
 * DER, as far as the public key of a certificate.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "der.h"

enum {
    TAG_LONG = 0x1f,     /* low bits of a tag of several bytes */
    LENGTH_SHORT = 0x80, /* lengths below stand in one byte; 0x80 is the indefinite length */
    LENGTH_BYTES_MAX = 4,
    EXTENSIONS = 0xa3,
    NO_TAG = 0,
};

static gosc_span element_read(gosc_reader *reader, uint8_t *tag)
{
    *tag = gosc_read_u8(reader);
    uint64_t len = gosc_read_u8(reader);
    bool good = (*tag & TAG_LONG) != TAG_LONG;
    if (len >= LENGTH_SHORT) {
        size_t n_bytes = (size_t)len - LENGTH_SHORT;
        good = good && n_bytes <= LENGTH_BYTES_MAX;
        len = good ? gosc_read_be(reader, n_bytes) : 0;
        /* X.690 section 10.1: the shortest length. */
        good = good && len >= LENGTH_SHORT && len >> (8 * (n_bytes - 1)) != 0;
    }
    if (!good) {
        reader->failed = true;
    }
    return gosc_read_bytes(reader, (size_t)len);
}

gosc_span gosc_der_read(gosc_reader *reader, uint8_t tag)
{
    uint8_t found;
    gosc_span contents = element_read(reader, &found);
    if (found != tag) {
        reader->failed = true;
        return GOSC_ABSENT;
    }
    return contents;
}

void gosc_der_skip(gosc_reader *reader)
{
    uint8_t tag;
    (void)element_read(reader, &tag);
}

static uint8_t peek_tag(const gosc_reader *reader)
{
    return gosc_reader_left(reader) > 0 ? *reader->next : NO_TAG;
}

static void sequence_enter(gosc_reader *reader, gosc_reader *inside)
{
    gosc_reader_init(inside, gosc_der_read(reader, GOSC_DER_SEQUENCE));
}

/* Every byte of it was read, and well. */
static bool finished(const gosc_reader *reader)
{
    return !reader->failed && gosc_reader_left(reader) == 0;
}

/* RFC 5280 section 4.1.2.1: absent (v1), or 1 (v2), 2 (v3): DER does not write a default. */
static bool version_is_good(gosc_reader *tbs)
{
    if (peek_tag(tbs) != GOSC_DER_CONTEXT_0) {
        return true;
    }
    gosc_reader version;
    gosc_reader_init(&version, gosc_der_read(tbs, GOSC_DER_CONTEXT_0));
    gosc_span number = gosc_der_read(&version, GOSC_DER_INTEGER);
    return finished(&version) && number.len == 1 && (number.ptr[0] == 1 || number.ptr[0] == 2);
}

static bool spki_read(gosc_reader *tbs, gosc_span *algorithm, gosc_span *parameters, gosc_span *key)
{
    gosc_reader spki;
    gosc_reader identifier;
    sequence_enter(tbs, &spki);
    sequence_enter(&spki, &identifier);
    *algorithm = gosc_der_read(&identifier, GOSC_DER_OID);
    *parameters = gosc_reader_left(&identifier) > 0 ? gosc_der_read(&identifier, GOSC_DER_OID) : GOSC_ABSENT;
    gosc_reader bits;
    gosc_reader_init(&bits, gosc_der_read(&spki, GOSC_DER_BIT_STRING));
    uint8_t n_unused = gosc_read_u8(&bits);
    *key = gosc_read_rest(&bits);
    return finished(&identifier) && finished(&spki) && finished(&bits) && n_unused == 0;
}

gosc_err gosc_der_spki(gosc_span certificate, gosc_span *algorithm, gosc_span *parameters, gosc_span *key)
{
    static const uint8_t optional[] = {0x81, 0x82, EXTENSIONS}; /* unique identifiers, extensions */
    gosc_reader whole;
    gosc_reader signed_part;
    gosc_reader tbs;
    gosc_span found[3];
    gosc_reader_init(&whole, certificate);
    sequence_enter(&whole, &signed_part);
    sequence_enter(&signed_part, &tbs);
    bool good = version_is_good(&tbs);
    (void)gosc_der_read(&tbs, GOSC_DER_INTEGER);                        /* serialNumber */
    gosc_span inner_algorithm = gosc_der_read(&tbs, GOSC_DER_SEQUENCE); /* signature */
    for (int i = 0; i < 3; i++) {
        (void)gosc_der_read(&tbs, GOSC_DER_SEQUENCE); /* issuer, validity, subject */
    }
    good = spki_read(&tbs, &found[0], &found[1], &found[2]) && good;
    for (size_t i = 0; i < sizeof optional; i++) {
        if (peek_tag(&tbs) == optional[i]) {
            gosc_der_skip(&tbs);
        }
    }
    gosc_span outer_algorithm = gosc_der_read(&signed_part, GOSC_DER_SEQUENCE);
    (void)gosc_der_read(&signed_part, GOSC_DER_BIT_STRING); /* signatureValue */
    if (!good || !finished(&tbs) || !finished(&signed_part) || !finished(&whole) ||
        !gosc_span_equal(inner_algorithm, outer_algorithm)) {
        return GOSC_ERR_DER_MALFORMED;
    }
    *algorithm = found[0];
    *parameters = found[1];
    *key = found[2];
    return GOSC_OK;
}
