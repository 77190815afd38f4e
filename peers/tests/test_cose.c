/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COSE: algorithms against the registry's numbers, COSE_Encrypt0 against a table, its cuts and its flips.
 */
#include "cose.h"

#include "bytes.h"
#include "cbor.h"
#include "credential.h"
#include "tap.h"

/* COSE Algorithms registry: number, key, nonce, tag. */
static const struct {
    int32_t alg;
    size_t key_len;
    size_t nonce_len;
    size_t tag_len;
} ciphers[] = {
    {1, 16, 12, 16}, {2, 24, 12, 16}, {3, 32, 12, 16},     {10, 16, 13, 8},     {11, 32, 13, 8},
    {12, 16, 7, 8},  {13, 32, 7, 8},  {24, 32, 12, 16},    {30, 16, 13, 16},    {31, 32, 13, 16},
    {32, 16, 7, 16}, {33, 32, 7, 16}, {-65534, 16, 12, 0}, {-65533, 24, 12, 0}, {-65532, 32, 12, 0},
};

static void algorithms(void)
{
    bool rows = true;
    bool others = true;
    size_t n_known = 0;
    for (int32_t alg = -70000; alg <= 70000; alg++) {
        const gosc_cipher *cipher = gosc_cipher_find(alg);
        bool known = false;
        for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
            if (ciphers[i].alg == alg) {
                known = true;
                rows = rows && cipher != NULL && cipher->alg == alg &&
                       cipher->key_len == ciphers[i].key_len && cipher->nonce_len == ciphers[i].nonce_len &&
                       cipher->tag_len == ciphers[i].tag_len;
            }
        }
        n_known += known;
        others = others && (known || cipher == NULL);
    }
    tap_ok(rows && n_known == 15,
           "GO-2.1.7-04 GO-10-02 GO-10-03 key, nonce and tag length of every cipher (H14)");
    tap_ok(others, "O-5.2-03 GO-2.1.7-07 no other number is a cipher, AES-CBC neither");

    tap_ok(gosc_signature_len(GOSC_ALG_EDDSA) == 64 && gosc_signature_len(GOSC_ALG_ES256) == 64 &&
               gosc_signature_len(GOSC_ALG_ES384) == 96 && gosc_signature_len(GOSC_ALG_ES512) == 132,
           "GO-4.2-09 lengths of signatures");
    bool none = true;
    bool fits = true;
    for (int32_t alg = -300; alg <= 300; alg++) {
        int32_t curve = alg == -8    ? GOSC_CURVE_ED25519
                        : alg == -7  ? GOSC_CURVE_P256
                        : alg == -35 ? GOSC_CURVE_P384
                        : alg == -36 ? GOSC_CURVE_P521
                                     : 0;
        none = none && (curve != 0 || gosc_signature_len(alg) == 0);
        for (int32_t other = -2; other < 12; other++) {
            fits = fits && gosc_signature_fits(alg, other) == (curve != 0 && other == curve);
        }
    }
    tap_ok(none, "no other number is a Signature Algorithm");
    tap_ok(fits, "GO-2.4-04 a key serves the Signature Algorithm of its curve alone");
}

static const struct {
    const char *text;
    const char *object;
    int32_t label;
    bool good;
    bool ascending; /* written again it is the same */
} rows[] = {
    {"O-5-02 request: kid and Partial IV", "8340a204410006411441aa", 12, true, true},
    {"O-5-02 response: empty map", "8340a041aa", 12, true, true},
    {"GO-3-01 all headers", "8340a4 044125 064105 0a4344616c 0c4401020304 41aa", 12, true, true},
    {"G02-3-03 all headers, label 9 before 10", "8340a4 044125 064105 094401020304 0a4344616c 41aa", 9, true,
     true},
    {"headers in any order", "8340a2 064105 044125 41aa", 12, true, false},
    {"empty kid and empty kid context", "8340a2 0440 0a40 41aa", 12, true, true},
    {"kid of 7 bytes", "8340a1 0447 01020304050607 41aa", 12, true, true},
    {"G02-3-14 kid of 8 bytes", "8340a1 0448 0102030405060708 41aa", 12, false, false},
    {"Partial IV of 5 bytes", "8340a1 0645 0102030405 41aa", 12, true, true},
    {"O-6.1-04 Partial IV of 6 bytes", "8340a1 0646 010203040506 41aa", 12, false, false},
    {"empty Partial IV", "8340a1 0640 41aa", 12, false, false},
    {"label of the other text", "8340a1 094401020304 41aa", 12, false, false},
    {"label of the other text, the other way", "8340a1 0c4401020304 41aa", 9, false, false},
    {"alg in the unprotected map (A35)", "8340a1 010a 41aa", 12, false, false},
    {"crit in the unprotected map (A36)", "8340a1 028104 41aa", 12, false, false},
    {"text label", "8340a1 616b 4100 41aa", 12, false, false},
    {"kid twice", "8340a2 044100 044101 41aa", 12, false, false},
    {"empty kid twice", "8340a2 0440 0440 41aa", 12, false, false},
    {"kid is text", "8340a1 046100 41aa", 12, false, false},
    {"kid is null", "8340a1 04f6 41aa", 12, false, false},
    {"O-5-02 protected header with a map in it", "8341a0a041aa", 12, false, false},
    {"protected header is null (E3)", "83f6a041aa", 12, false, false},
    {"protected header is a map", "83a0a041aa", 12, false, false},
    {"O-5-02 tagged", "d08340a041aa", 12, false, false},
    {"array of 2", "8240a0", 12, false, false},
    {"array of 4", "8440a041aa40", 12, false, false},
    {"a byte behind", "8340a041aa00", 12, false, false},
    {"ciphertext empty", "8340a040", 12, false, false},
    {"ciphertext is null", "8340a0f6", 12, false, false},
    {"length of the ciphertext not the shortest (A34)", "8340a05801aa", 12, false, false},
    {"label not in its shortest form", "8340a1 1804 4100 41aa", 12, false, false},
};

static bool holds(gosc_span bytes, const gosc_cose_encrypt0 *object)
{
    const gosc_span parts[] = {object->kid, object->partial_iv, object->kid_context, object->countersignature,
                               object->ciphertext};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!bytes_inside(parts[i], bytes)) {
            return false;
        }
    }
    return object->kid.len <= 7 && object->partial_iv.len <= 5 && object->ciphertext.len > 0 &&
           (object->partial_iv.ptr == NULL || object->partial_iv.len > 0);
}

static bool same_again(gosc_span bytes, const gosc_cose_encrypt0 *object, int32_t label)
{
    uint8_t *room = bytes_room(bytes.len);
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, bytes.len});
    gosc_cose_encrypt0_write(&writer, object, label);
    bool same = !writer.failed && gosc_span_equal(gosc_writer_span(&writer), bytes);
    gosc_writer_init(&writer, (gosc_buf){room, bytes.len - 1});
    gosc_cose_encrypt0_write(&writer, object, label);
    same = same && writer.failed;
    bytes_free(gosc_span_of(room, bytes.len));
    return same;
}

/* Whatever is accepted is good CBOR and comes back from the writer with the same length. Takes bytes over. */
static bool changed_holds(gosc_span bytes, int32_t label)
{
    gosc_cose_encrypt0 object;
    bool right = true;
    if (gosc_cose_encrypt0_parse(bytes, label, &object) == GOSC_OK) {
        uint8_t *room = bytes_room(bytes.len);
        gosc_writer writer;
        gosc_writer_init(&writer, (gosc_buf){room, bytes.len});
        gosc_cose_encrypt0_write(&writer, &object, label);
        right = holds(bytes, &object) && gosc_cbor_check(bytes) == GOSC_OK && !writer.failed &&
                gosc_writer_span(&writer).len == bytes.len;
        bytes_free(gosc_span_of(room, bytes.len));
    }
    bytes_free(bytes);
    return right;
}

static void encrypt0(void)
{
    bool cuts = true;
    bool flips = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span bytes = bytes_hex(rows[i].object);
        gosc_cose_encrypt0 object = {0};
        gosc_err err = gosc_cose_encrypt0_parse(bytes, rows[i].label, &object);
        bool right = err == GOSC_ERR_COSE_MALFORMED && !rows[i].good && object.ciphertext.ptr == NULL;
        if (err == GOSC_OK) {
            right = rows[i].good && holds(bytes, &object) &&
                    same_again(bytes, &object, rows[i].label) == rows[i].ascending;
        }
        tap_ok(right, rows[i].text);
        for (size_t len = 0; rows[i].good && len < bytes.len; len++) {
            gosc_span cut = bytes_copy(gosc_span_of(bytes.ptr, len));
            cuts = cuts && gosc_cose_encrypt0_parse(cut, rows[i].label, &object) == GOSC_ERR_COSE_MALFORMED;
            bytes_free(cut);
        }
        for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
            flips = changed_holds(bytes_flip(bytes, bit), rows[i].label) && flips;
        }
        bytes_free(bytes);
    }
    tap_ok(cuts, "every cut of a good object is malformed");
    tap_ok(flips, "no flipped bit gives more than the object holds");

    gosc_span bytes = bytes_hex("8340a4 044125 064105 0a4344616c 0c4401020304 41aa");
    gosc_cose_encrypt0 object;
    tap_ok(gosc_cose_encrypt0_parse(bytes, 12, &object) == GOSC_OK && bytes_equal_hex(object.kid, "25") &&
               bytes_equal_hex(object.partial_iv, "05") && bytes_equal_hex(object.kid_context, "44616c") &&
               bytes_equal_hex(object.countersignature, "01020304") &&
               bytes_equal_hex(object.ciphertext, "aa"),
           "GO-3-01 every header has its place");
    bytes_free(bytes);
    bytes = bytes_hex("8340a0 41aa");
    tap_ok(gosc_cose_encrypt0_parse(bytes, 12, &object) == GOSC_OK && object.kid.ptr == NULL &&
               object.partial_iv.ptr == NULL && object.kid_context.ptr == NULL &&
               object.countersignature.ptr == NULL,
           "O-5-11 what is not there is absent");
    bytes_free(bytes);
}

int main(void)
{
    algorithms();
    encrypt0();
    return tap_done();
}
