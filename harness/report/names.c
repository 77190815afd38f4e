/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <stdio.h>

typedef struct named {
    int32_t number;
    const char *name;
} named;

static const char *find(const named *table, size_t n, int32_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].number == number) {
            return table[i].name;
        }
    }
    return "unknown";
}

const char *rep_option_name(uint16_t number)
{
    static const named options[] = {
        {1, "If-Match"},   {3, "Uri-Host"},        {4, "ETag"},          {5, "If-None-Match"},
        {6, "Observe"},    {7, "Uri-Port"},        {8, "Location-Path"}, {9, "OSCORE"},
        {11, "Uri-Path"},  {12, "Content-Format"}, {14, "Max-Age"},      {15, "Uri-Query"},
        {16, "Hop-Limit"}, {17, "Accept"},         {19, "Q-Block1"},     {20, "Location-Query"},
        {21, "EDHOC"},     {23, "Block2"},         {27, "Block1"},       {28, "Size2"},
        {31, "Q-Block2"},  {35, "Proxy-Uri"},      {39, "Proxy-Scheme"}, {60, "Size1"},
        {252, "Echo"},     {258, "No-Response"},   {292, "Request-Tag"},
    };
    return find(options, sizeof options / sizeof options[0], number);
}

void rep_code_write(uint8_t code, char text[8])
{
    (void)snprintf(text, 8, "%u.%02u", (unsigned)code >> 5, (unsigned)code & 31);
}

const char *rep_algorithm_name(int32_t alg)
{
    static const named algorithms[] = {
        {GOSC_ALG_NONE, "none"},
        {GOSC_ALG_A128GCM, "A128GCM"},
        {GOSC_ALG_A192GCM, "A192GCM"},
        {GOSC_ALG_A256GCM, "A256GCM"},
        {GOSC_ALG_HMAC_256, "HKDF SHA-256"},
        {GOSC_ALG_HMAC_512, "HKDF SHA-512"},
        {GOSC_ALG_CCM_16_64_128, "AES-CCM-16-64-128"},
        {GOSC_ALG_CCM_16_64_256, "AES-CCM-16-64-256"},
        {GOSC_ALG_CCM_64_64_128, "AES-CCM-64-64-128"},
        {GOSC_ALG_CCM_64_64_256, "AES-CCM-64-64-256"},
        {GOSC_ALG_CHACHA20_POLY1305, "ChaCha20/Poly1305"},
        {GOSC_ALG_CCM_16_128_128, "AES-CCM-16-128-128"},
        {GOSC_ALG_CCM_16_128_256, "AES-CCM-16-128-256"},
        {GOSC_ALG_CCM_64_128_128, "AES-CCM-64-128-128"},
        {GOSC_ALG_CCM_64_128_256, "AES-CCM-64-128-256"},
        {GOSC_ALG_A128CTR, "A128CTR"},
        {GOSC_ALG_A192CTR, "A192CTR"},
        {GOSC_ALG_A256CTR, "A256CTR"},
        {GOSC_ALG_EDDSA, "EdDSA"},
        {GOSC_ALG_ES256, "ES256"},
        {GOSC_ALG_ES384, "ES384"},
        {GOSC_ALG_ES512, "ES512"},
        {GOSC_ALG_ECDH_SS_256, "ECDH-SS + HKDF-256"},
        {GOSC_ALG_ECDH_SS_512, "ECDH-SS + HKDF-512"},
    };
    return find(algorithms, sizeof algorithms / sizeof algorithms[0], alg);
}
