/* SPDX-License-Identifier: BSD-2-Clause */
/* The nonce: figures of RFC 8613 Appendix C, and a second computation from its three parts. */
#include "nonce.h"

#include <string.h>

#include "bytes.h"
#include "tap.h"

typedef struct row {
    const char *text;
    const char *common_iv;
    size_t nonce_len;
    const char *id;
    uint64_t piv;
    const char *nonce;
} row;

static const row rows[] = {
    {"O-5.2-01 RFC 8613 C.1.1 sender", "4622d4dd6d944168eefb54987c", 13, "", 0, "4622d4dd6d944168eefb54987c"},
    {"O-5.2-01 RFC 8613 C.1.1 recipient", "4622d4dd6d944168eefb54987c", 13, "01", 0,
     "4722d4dd6d944169eefb54987c"},
    {"O-5.2-01 RFC 8613 C.4", "4622d4dd6d944168eefb54987c", 13, "", 0x14, "4622d4dd6d944168eefb549868"},
    {"O-5.2-01 RFC 8613 C.5", "be35ae297d2dace910c52e99f9", 13, "00", 0x14, "bf35ae297d2dace910c52e99ed"},
    {"GO-3.3-01 seven bytes take the head of the Common IV", "00112233445566778899aabbcc", 7, "", 0,
     "00112233445566"},
    {"GO-3.3-01 twelve bytes take the head of the Common IV", "00112233445566778899aabbcc", 12, "25", 5,
     "01112233445543778899aabe"},
    {"GO-3.3-02 one byte of ID in a nonce of 7", "00000000000000", 7, "ff", 0xffffffffff, "01ffffffffffff"},
    {"GO-3.3-02 the longest ID", "00000000000000000000000000", 13, "01020304050607", 0x0102030405,
     "07010203040506070102030405"},
};

/* build writes the parts one by one: length, padded ID, padded number. */
static void build(const uint8_t *common_iv, size_t nonce_len, gosc_span id, uint64_t number, uint8_t *nonce)
{
    uint8_t parts[13] = {0};
    parts[0] = (uint8_t)id.len;
    size_t id_room = nonce_len - 6;
    for (size_t i = 0; i < id.len; i++) {
        parts[1 + id_room - id.len + i] = id.ptr[i];
    }
    for (size_t i = nonce_len; i-- > nonce_len - 5;) {
        parts[i] = (uint8_t)number;
        number >>= 8;
    }
    for (size_t i = 0; i < nonce_len; i++) {
        nonce[i] = parts[i] ^ common_iv[i];
    }
}

static bool chance(size_t nonce_len)
{
    for (int round = 0; round < 4000; round++) {
        uint8_t common_iv[13];
        uint8_t id[7];
        uint8_t want[13] = {0};
        uint8_t got[14] = {0};
        for (size_t i = 0; i < sizeof common_iv; i++) {
            common_iv[i] = (uint8_t)tap_random(256);
        }
        size_t id_len = tap_random(nonce_len - 5);
        for (size_t i = 0; i < id_len; i++) {
            id[i] = (uint8_t)tap_random(256);
        }
        uint64_t number = ((uint64_t)tap_random(256) << 32 | tap_random(UINT64_C(1) << 32)) >> tap_random(40);
        build(common_iv, nonce_len, gosc_span_of(id, id_len), number, want);
        got[nonce_len] = 0xa5;
        gosc_nonce_make(common_iv, nonce_len, gosc_span_of(id, id_len), (gosc_partial_iv){number}, got);
        if (memcmp(got, want, nonce_len) != 0 || got[nonce_len] != 0xa5) {
            tap_note("nonce differs for number", number, id, id_len);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t nonce[13];
        gosc_span common_iv = bytes_hex(rows[i].common_iv);
        gosc_span id = bytes_hex(rows[i].id);
        gosc_span want = bytes_hex(rows[i].nonce);
        gosc_nonce_make(common_iv.ptr, rows[i].nonce_len, id, (gosc_partial_iv){rows[i].piv}, nonce);
        tap_ok(gosc_span_equal(gosc_span_of(nonce, rows[i].nonce_len), want), rows[i].text);
        bytes_free(common_iv);
        bytes_free(id);
        bytes_free(want);
    }
    tap_ok(chance(7), "GO-3.3-02 nonces of 7 bytes from their parts");
    tap_ok(chance(12), "GO-3.3-02 nonces of 12 bytes from their parts");
    tap_ok(chance(13), "O-5.2-01 nonces of 13 bytes from their parts");
    return tap_done();
}
