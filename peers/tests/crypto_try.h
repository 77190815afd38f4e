/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of a crypto adapter share: inputs from crypto_kat.h in memory of exactly their size. */
#ifndef MUSTER_CRYPTO_TRY_H
#define MUSTER_CRYPTO_TRY_H

#include "bytes.h"
#include "crypto.h"
#include "crypto_kat.h"
#include "tap.h"

#define TRY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* try_say names a test: requirement, what is tried, and with which algorithm, curve or row. */
static inline bool try_say(bool cond, const char *id, const char *what, int32_t number)
{
    char text[160];
    (void)snprintf(text, sizeof text, "%s %s %d", id, what, (int)number);
    return tap_ok(cond, text);
}

static inline gosc_span try_filled(uint64_t seed, size_t len)
{
    uint8_t *room = bytes_room(len);
    kat_fill(seed, room, len);
    return gosc_span_of(room, len);
}

static inline gosc_public_key try_key(int32_t curve, gosc_span x, gosc_span y)
{
    bool okp = curve == GOSC_CURVE_X25519 || curve == GOSC_CURVE_ED25519;
    return (gosc_public_key){.curve = curve, .x = x, .y = okp ? GOSC_ABSENT : y};
}

static inline gosc_public_key try_compressed(const gosc_public_key *key)
{
    gosc_public_key out = *key;
    if (gosc_span_present(key->y)) {
        out.y_odd = (key->y.ptr[key->y.len - 1] & 1) == 1;
        out.y = GOSC_ABSENT;
    }
    return out;
}

static inline bool try_zero(const uint8_t *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (ptr[i] != 0) {
            return false;
        }
    }
    return true;
}

/* One signature with all that belongs to it. */
typedef struct try_signing {
    int32_t alg;
    gosc_span private_key, x, y, message, signature;
    gosc_public_key key;
} try_signing;

static inline void try_free(try_signing *s)
{
    gosc_span all[] = {s->private_key, s->x, s->y, s->message, s->signature};
    for (size_t i = 0; i < TRY_COUNT(all); i++) {
        bytes_free(all[i]);
    }
}

static inline try_signing try_signing_of(int32_t alg, int32_t curve, const char *private_key, const char *x,
                                         const char *y, gosc_span message, const char *signature)
{
    try_signing s = {alg,     bytes_hex(private_key), bytes_hex(x), bytes_hex(y),
                     message, bytes_hex(signature),   {0}};
    s.key = try_key(curve, s.x, s.y);
    return s;
}

static inline try_signing try_kat_signing(const struct kat_sign *k)
{
    uint8_t *message = bytes_room(k->len);
    kat_fill(k->seed, message, k->len);
    return try_signing_of(k->alg, k->curve, k->private_key, k->x, k->y, gosc_span_of(message, k->len),
                          k->signature);
}

/* The third row of each algorithm: a message of 100 bytes. */
static inline try_signing try_sample(int32_t alg)
{
    size_t row = 2;
    while (row + 4 < TRY_COUNT(kat_signs) && kat_signs[row].alg != alg) {
        row += 4;
    }
    return try_kat_signing(&kat_signs[row]);
}

#endif
