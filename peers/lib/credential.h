/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Authentication credentials: opaque bytes with a public key in them (Group OSCORE -28 section 2.4, 2.5; RFC
 * 9053 key types). The bytes enter AAD and key derivation exactly as received; here only the key is read
 * from
 * them.
 */
#ifndef GOSC_CREDENTIAL_H
#define GOSC_CREDENTIAL_H

#include "span.h"

typedef enum gosc_credential_format {
    GOSC_CREDENTIAL_CCS = 1, /* CWT Claims Set, untagged map: cnf (8) -> COSE_Key (1) */
    GOSC_CREDENTIAL_CWT =
        2, /* untagged COSE_Sign1 whose payload is a claims set; its signature is not checked here */
    GOSC_CREDENTIAL_X509 = 3, /* DER certificate; its signature is not checked here */
} gosc_credential_format;

/* COSE elliptic curves. */
enum {
    GOSC_CURVE_P256 = 1,
    GOSC_CURVE_P384 = 2,
    GOSC_CURVE_P521 = 3,
    GOSC_CURVE_X25519 = 4,
    GOSC_CURVE_ED25519 = 6,
};

/* A public key as the credential states it; spans point into the credential. */
typedef struct gosc_public_key {
    int32_t curve; /* GOSC_CURVE_*; 0: no key */
    int32_t alg;   /* `alg` of a COSE_Key; 0: absent */
    gosc_span x;   /* field size (OKP: 32 bytes) */
    gosc_span y;   /* EC2 only; absent for OKP and for a compressed point */
    bool y_odd;    /* sign of a compressed point */
} gosc_public_key;

/* gosc_curve_len: bytes of one coordinate or private key on the curve; 0 for an unknown curve. */
size_t gosc_curve_len(int32_t curve);

/*
 * gosc_cose_key_parse reads a COSE_Key (RFC 9052 section 7, RFC 9053 section 7): kty OKP (1) with Ed25519 or
 * X25519, or EC2 (2) with P-256, P-384, P-521 and y as bytes or as the sign of a compressed point.
 *
 * Errors    GOSC_ERR_COSE_MALFORMED
 */
GOSC_MUST_USE
gosc_err gosc_cose_key_parse(gosc_span cose_key, gosc_public_key *key);

/*
 * gosc_credential_parse finds the public key in a credential.
 *
 * Errors    GOSC_ERR_CREDENTIAL_MALFORMED
 */
GOSC_MUST_USE
gosc_err gosc_credential_parse(gosc_credential_format format, gosc_span credential, gosc_public_key *key);

#endif
