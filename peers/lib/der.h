/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Just enough DER (X.690) to walk a certificate to its SubjectPublicKeyInfo. Definite, shortest lengths;
 * one-byte tags.
 */
#ifndef GOSC_DER_H
#define GOSC_DER_H

#include "span.h"

enum {
    GOSC_DER_INTEGER = 0x02,
    GOSC_DER_BIT_STRING = 0x03,
    GOSC_DER_SEQUENCE = 0x30,
};

/* gosc_der_read takes one element with exactly that tag and gives its contents; else sets reader->failed. */
gosc_span gosc_der_read(gosc_reader *reader, uint8_t tag);

/*
 * gosc_der_spki gives algorithm and key of a certificate's SubjectPublicKeyInfo.
 *
 * Spec      RFC 5280 section 4.1; trailing bytes after the certificate are refused
 * Out       algorithm   contents of the AlgorithmIdentifier, not looked into
 *           key         BIT STRING contents without the unused-bits byte (which must be 0)
 * Errors    GOSC_ERR_DER_MALFORMED
 */
GOSC_MUST_USE
gosc_err gosc_der_spki(gosc_span certificate, gosc_span *algorithm, gosc_span *key);

#endif
