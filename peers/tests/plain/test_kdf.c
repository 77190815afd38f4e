/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Info arrays against a naive writer, and derivation against HKDF over what that writer makes. What the bytes
 * must be in the end is shown by the derive vectors.
 */
#include "kdf.h"

#include "scene.h"

enum {
    INFO_ROOM = GOSC_ID_CONTEXT_MAX + 64,
};

typedef struct row {
    const char *text;
    const char *id, *id_context; /* hexadecimal; NULL: absent */
    int32_t alg;
    const char *type;
    size_t len;
    const char *info;
} row;

/* RFC 8613 Appendix C.1, C.3; Group OSCORE -28 sections 2.1.9, 2.3, by hand. */
static const row rows[] = {
    {"O-3.2.1-02 C.1 sender key", "", NULL, 10, GOSC_TYPE_KEY, 16, "8540f60a634b657910"},
    {"O-3.2.1-02 C.1 recipient key", "01", NULL, 10, GOSC_TYPE_KEY, 16, "854101f60a634b657910"},
    {"O-3.2.1-02 C.1 Common IV", "", NULL, 10, GOSC_TYPE_IV, 13, "8540f60a6249560d"},
    {"O-3.2.1-02 C.3 with ID Context", "01", "37cbf3210017a2d3", 10, GOSC_TYPE_KEY, 16,
     "8541014837cbf3210017a2d30a634b657910"},
    {"O-3.2.1-03 an empty ID Context is not null", "01", "", 10, GOSC_TYPE_KEY, 16, "854101400a634b657910"},
    {"GO-2.1.9-03 Signature Encryption Key", "", "44616c", 10, GOSC_TYPE_SEKEY, 16,
     "85404344616c0a6553454b657910"},
    {"GO-2.1.9-04 a key of 32 bytes has a head of two", "", "44616c", 24, GOSC_TYPE_SEKEY, 32,
     "85404344616c18186553454b65791820"},
    {"GO-2.3-01 a negative algorithm", "25", "44616c", -65534, GOSC_TYPE_KEY, 16,
     "8541254344616c39fffd634b657910"},
};

static void info_rows(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[INFO_ROOM];
        gosc_span id = bytes_hex(rows[i].id);
        gosc_span id_context = bytes_hex(rows[i].id_context);
        gosc_writer writer;
        gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
        gosc_kdf_info(&writer, id, id_context, rows[i].alg, rows[i].type, rows[i].len);
        tap_ok(!writer.failed && bytes_equal_hex(gosc_writer_span(&writer), rows[i].info), rows[i].text);
        bytes_free(id);
        bytes_free(id_context);
    }
}

static void keystream_rows(void)
{
    static const struct {
        const char *text, *id, *gid;
        bool is_request;
        size_t len;
        const char *info;
    } keystreams[] = {
        {"GO-4.2-05 request", "25", "44616c", true, 64, "8441254344616cf51840"},
        {"GO-4.2-08 response", "25", "44616c", false, 64, "8441254344616cf41840"},
        {"GO-4.2-06 an empty Sender ID", "", "44616c", true, 64, "84404344616cf51840"},
        {"GO-4.2-09 ES512", "52", "", false, 132, "84415240f41884"},
    };
    for (size_t i = 0; i < COUNT(keystreams); i++) {
        uint8_t room[INFO_ROOM];
        gosc_span id = bytes_hex(keystreams[i].id);
        gosc_span gid = bytes_hex(keystreams[i].gid);
        gosc_writer writer;
        gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
        gosc_kdf_keystream_info(&writer, id, gid, keystreams[i].is_request, keystreams[i].len);
        tap_ok(!writer.failed && bytes_equal_hex(gosc_writer_span(&writer), keystreams[i].info),
               keystreams[i].text);
        bytes_free(id);
        bytes_free(gid);
    }
}

/* A byte string as CBOR, naively; at most 65535 bytes. */
static size_t put_bstr(uint8_t *at, gosc_span bytes)
{
    size_t n = 1;
    at[0] = (uint8_t)(0x40 + bytes.len);
    if (bytes.len > 255) {
        at[0] = 0x59;
        at[1] = (uint8_t)(bytes.len >> 8);
        at[2] = (uint8_t)bytes.len;
        n = 3;
    } else if (bytes.len > 23) {
        at[0] = 0x58;
        at[1] = (uint8_t)bytes.len;
        n = 2;
    }
    memcpy(at + n, bytes.ptr, bytes.len);
    return n + bytes.len;
}

/* Every length of ID Context that an option can carry, in the array of a key with algorithm 10 and 16 bytes.
 */
static void id_contexts(void)
{
    uint8_t gid[GOSC_ID_CONTEXT_MAX];
    bool good = true;
    for (size_t i = 0; i < sizeof gid; i++) {
        gid[i] = (uint8_t)tap_random(256);
    }
    for (size_t len = 0; len <= GOSC_ID_CONTEXT_MAX; len++) {
        static const uint8_t tail[] = {0x0a, 0x63, 'K', 'e', 'y', 0x10};
        uint8_t want[INFO_ROOM] = {0x85, 0x47, 1, 2, 3, 4, 5, 6, 7};
        uint8_t got[INFO_ROOM];
        size_t n = 9 + put_bstr(want + 9, gosc_span_of(gid, len));
        memcpy(want + n, tail, sizeof tail);
        n += sizeof tail;
        for (size_t room = n - 1; room <= n; room++) {
            gosc_writer writer;
            gosc_writer_init(&writer, (gosc_buf){got, room});
            gosc_kdf_info(&writer, gosc_span_of(want + 2, 7), gosc_span_of(gid, len), 10, GOSC_TYPE_KEY, 16);
            good = good && writer.failed == (room < n);
        }
        good = good && memcmp(got, want, n) == 0;
    }
    tap_ok(good, "O-3.2.1-04 ID Contexts of every length, and none in one byte less of room");
}

/* What can differ between two derivations; each must make a difference. */
typedef struct derivation {
    gosc_kdf_input in;
    const char *type;
    size_t len;
} derivation;

static derivation usual(void)
{
    return (derivation){.in = {.hkdf = 5,
                               .alg = 10,
                               .salt = SPAN(scene_salt),
                               .ikm = SPAN(scene_secret),
                               .id = gosc_span_of("\x25", 1),
                               .id_context = SPAN(scene_gid)},
                        .type = GOSC_TYPE_KEY,
                        .len = 16};
}

static void derive_is_hkdf(int32_t hkdf, size_t len)
{
    derivation d = usual();
    uint8_t info[INFO_ROOM];
    uint8_t got[GOSC_KEY_MAX + 1], want[GOSC_KEY_MAX];
    char text[100];
    d.in.hkdf = hkdf;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){info, sizeof info});
    gosc_kdf_info(&writer, d.in.id, d.in.id_context, d.in.alg, d.type, len);
    memset(got, 0xc5, sizeof got);
    gosc_err err = gosc_kdf_derive(&d.in, d.type, got, len);
    scene_need(gosc_crypto_hkdf(hkdf, d.in.salt, d.in.ikm, gosc_writer_span(&writer), (gosc_buf){want, len}),
               "hkdf");
    (void)snprintf(text, sizeof text, "O-3.2.1-01 HKDF over info, %zu bytes with hash %d", len, (int)hkdf);
    tap_ok(err == GOSC_OK && memcmp(got, want, len) == 0 && got[len] == 0xc5, text);
}

static bool differs(const derivation *d, const uint8_t *from)
{
    uint8_t okm[GOSC_KEY_MAX] = {0};
    scene_need(gosc_kdf_derive(&d->in, d->type, okm, d->len), "derive");
    return memcmp(okm, from, 16) != 0;
}

static void each_input_counts(void)
{
    uint8_t first[GOSC_KEY_MAX] = {0};
    derivation d = usual();
    tap_ok(gosc_kdf_derive(&d.in, d.type, first, d.len) == GOSC_OK && !differs(&d, first),
           "O-3.2.1-02 the same inputs derive the same");
    d.in.hkdf = 7;
    tap_ok(differs(&d, first), "O-3.2.1-01 another hash, another key");
    d = usual();
    d.in.alg = 30;
    tap_ok(differs(&d, first), "O-3.2.1-02 another algorithm, another key");
    d = usual();
    d.in.salt = GOSC_EMPTY;
    tap_ok(differs(&d, first), "GO-2.3-05 another salt, another key");
    d = usual();
    d.in.ikm = SPAN(scene_salt);
    tap_ok(differs(&d, first), "O-3.2.1-02 another secret, another key");
    d = usual();
    d.in.id = GOSC_EMPTY;
    tap_ok(differs(&d, first), "O-3.2.1-02 another ID, another key");
    d = usual();
    d.in.id_context = GOSC_ABSENT;
    tap_ok(differs(&d, first), "O-3.2.1-03 no ID Context, another key");
    d = usual();
    d.type = GOSC_TYPE_SEKEY;
    tap_ok(differs(&d, first), "GO-2.1.9-03 another label, another key");
    d = usual();
    d.len = 32;
    tap_ok(differs(&d, first), "GO-2.1.9-04 a longer key does not begin with the shorter one");
}

static void limits(void)
{
    static uint8_t long_gid[GOSC_ID_CONTEXT_MAX + 100];
    uint8_t key[17];
    derivation d = usual();
    d.in.id = gosc_span_of(long_gid, 7);
    d.in.id_context = gosc_span_of(long_gid, GOSC_ID_CONTEXT_MAX);
    d.in.alg = -65534;
    tap_ok(gosc_kdf_derive(&d.in, GOSC_TYPE_SEKEY, key, 16) == GOSC_OK,
           "O-3.3-05 the longest info array has room");
    d.in.id_context = SPAN(long_gid);
    memset(key, 0xc5, sizeof key);
    tap_ok(gosc_kdf_derive(&d.in, GOSC_TYPE_KEY, key, 16) == GOSC_ERR_USAGE &&
               scene_all(key, 0xc5, sizeof key),
           "O-3.3-05 a longer ID Context: usage, and no key");
    d = usual();
    d.in.hkdf = 6;
    tap_ok(gosc_kdf_derive(&d.in, GOSC_TYPE_KEY, key, 16) == GOSC_ERR_USAGE, "O-3.2.1-01 hash 6 is none");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    scene_need(gosc_crypto_init(), "crypto");
    info_rows();
    keystream_rows();
    id_contexts();
    derive_is_hkdf(5, 13);
    derive_is_hkdf(5, 16);
    derive_is_hkdf(5, 32);
    derive_is_hkdf(7, 24);
    derive_is_hkdf(7, 32);
    each_input_counts();
    limits();
    return tap_done();
}
