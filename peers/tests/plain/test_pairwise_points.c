/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two points of Ed25519 that no key of X25519 belongs to, y = 1 and y = -1: refused before anything is computed. The
 * real adapter would find them out too; the plain one takes every key, so that nothing but the refusal itself is seen.
 */
#include "pairwise.h"

#include "scene.h"

static scene s;

static gosc_err secret_with(int32_t curve, const uint8_t x[32])
{
    gosc_sender_context own = s.members[ALICE].context.sender;
    own.public_key.curve = curve;
    uint8_t secret[GOSC_SECRET_MAX];
    const gosc_public_key other = {.curve = curve, .x = gosc_span_of(x, 32), .y = GOSC_ABSENT};
    return gosc_pairwise_secret(&own, &other, secret);
}

static void point(uint8_t first, uint8_t fill, uint8_t last, uint8_t x[32])
{
    memset(x, fill, 32);
    x[0] = first;
    x[31] = last;
}

static void refused(void)
{
    static const struct {
        const char *text;
        uint8_t first, fill, last;
        gosc_err wanted;
    } rows[] = {
        {"GO-2.5.2.1-01 y = 1", 0x01, 0x00, 0x00, GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-01 y = 1, sign bit set", 0x01, 0x00, 0x80, GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-01 y = -1", 0xec, 0xff, 0x7f, GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-01 y = -1, sign bit set", 0xec, 0xff, 0xff, GOSC_ERR_KEY_INVALID},
        {"GO-2.5.2.1-01 y = 2 is a point like others", 0x02, 0x00, 0x00, GOSC_OK},
        {"GO-2.5.2.1-01 y = -2 too", 0xeb, 0xff, 0x7f, GOSC_OK},
        {"GO-2.5.2.1-01 1 with ones above it", 0x01, 0xff, 0x7f, GOSC_OK},
        {"GO-2.5.2.1-01 the low byte of -1 with zeros above it", 0xec, 0x00, 0x00, GOSC_OK},
        {"GO-2.5.2.1-01 bit 254 counts: 1", 0x01, 0x00, 0x40, GOSC_OK},
        {"GO-2.5.2.1-01 bit 254 counts: -1", 0xec, 0xff, 0x3f, GOSC_OK},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t x[32];
        point(rows[i].first, rows[i].fill, rows[i].last, x);
        scene_says(secret_with(GOSC_CURVE_ED25519, x), rows[i].wanted, rows[i].text);
    }
}

/* Another value of any byte is another point. */
static void each_byte(void)
{
    bool taken = true;
    for (size_t at = 0; at < 32; at++) {
        uint8_t plus[32], minus[32];
        point(0x01, 0x00, 0x00, plus);
        point(0xec, 0xff, 0x7f, minus);
        plus[at] ^= 0x04;
        minus[at] ^= 0x04;
        taken = taken && secret_with(GOSC_CURVE_ED25519, plus) == GOSC_OK &&
                secret_with(GOSC_CURVE_ED25519, minus) == GOSC_OK;
    }
    tap_ok(taken, "GO-2.5.2.1-01 one bit off in any byte is taken");
}

static void x25519(void)
{
    uint8_t x[32];
    point(0x01, 0x00, 0x00, x);
    scene_says(secret_with(GOSC_CURVE_X25519, x), GOSC_OK,
               "GO-2.5.2.1-01 the rule is one of Ed25519 keys; with X25519 the secret itself is judged");
}

int main(void)
{
    scene_init(&s, &scene_28);
    refused();
    each_byte();
    x25519();
    return tap_done();
}
