/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AAD and Countersign_structure against a second construction: a naive writer that knows CBOR heads and
 * nothing of the way aad.c lays its structures around each other. Every dialect row, lengths on both sides of
 * each head, room to the byte.
 */
#include "aad.h"

#include "scene.h"

enum {
    BAG_ROOM = 300000,
    CANARY = 0xc5,
};

/* A growing string of bytes; roomy enough for every row. */
typedef struct bag {
    uint8_t bytes[BAG_ROOM];
    size_t len;
} bag;

static void bag_put(bag *b, const void *bytes, size_t len)
{
    if (len > 0) {
        memcpy(b->bytes + b->len, bytes, len);
    }
    b->len += len;
}

static void bag_head(bag *b, unsigned major, size_t n)
{
    uint8_t head[5] = {(uint8_t)(major << 5)};
    size_t more = n < 24 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : 4;
    head[0] |= (uint8_t)(more == 0 ? n : more == 1 ? 24 : more == 2 ? 25 : 26);
    for (size_t i = 0; i < more; i++) {
        head[1 + i] = (uint8_t)(n >> (8 * (more - 1 - i)));
    }
    bag_put(b, head, 1 + more);
}

static void bag_bstr(bag *b, gosc_span bytes)
{
    bag_head(b, 2, bytes.len);
    bag_put(b, bytes.ptr, bytes.len);
}

static void bag_text(bag *b, const char *text)
{
    bag_head(b, 3, strlen(text));
    bag_put(b, text, strlen(text));
}

/* An algorithm number; 0 is null. */
static void bag_alg(bag *b, int32_t alg)
{
    if (alg == 0) {
        bag_put(b, "\xf6", 1);
    } else if (alg > 0) {
        bag_head(b, 0, (size_t)alg);
    } else {
        bag_head(b, 1, (size_t)(-1 - (int64_t)alg));
    }
}

/* One case: lengths of what varies, and algorithms. */
typedef struct row {
    const char *text;
    size_t kid, piv, kid_context, option, cred, gm, ciphertext;
    int32_t aead, group_enc, signature, agreement;
} row;

static const row rows[] = {
    {"short", 1, 1, 3, 7, 40, 10, 14, 10, 10, -8, -27},
    {"nothing but empty strings", 0, 1, 0, 0, 0, 0, 9, 24, 10, -8, -27},
    {"longest kid, Partial IV and Gid", 7, 5, 255, 255, 60, 61, 20, 30, -65534, -36, -28},
    {"heads of one byte, the last", 1, 2, 23, 23, 23, 23, 23, 10, 1, -7, -27},
    {"heads of two bytes, the first", 1, 2, 24, 24, 24, 24, 24, 33, 2, -35, -28},
    {"heads of two bytes, the last", 1, 3, 254, 254, 255, 255, 255, 31, 3, -36, -27},
    {"heads of three bytes, the first", 1, 4, 255, 255, 256, 256, 256, 32, 24, -8, -27},
    {"heads of three bytes, the last", 1, 1, 3, 7, 65535, 65535, 65535, 10, 10, -8, -27},
    {"heads of five bytes, the first", 1, 1, 3, 7, 65536, 65536, 65536, 10, 10, -8, -27},
    {"pairwise mode alone, nothing signed", 2, 1, 3, 9, 50, 70, 0, 24, 0, 0, -27},
    {"group mode alone", 2, 1, 3, 9, 50, 70, 30, 0, -65532, -8, 0},
    {"half a mode beside a whole one", 2, 1, 3, 9, 50, 70, 30, 12, 13, -8, 0},
};

typedef struct input {
    gosc_common_context common;
    gosc_aad_input in;
    gosc_span ciphertext;
} input;

/* The aad_array of a dialect by its text alone: RFC 8613 section 5.4, -02 section 3, -28 section 3.4. */
static void naive_array(const input *i, bag *out)
{
    const gosc_common_context *c = &i->common;
    bool is_28 = strcmp(c->dialect->name, "group-28") == 0;
    bool is_02 = strcmp(c->dialect->name, "group-02") == 0;
    out->len = 0;
    bag_head(out, 4, is_28 ? 9 : 5);
    bag_put(out, "\x01", 1);
    bag_head(out, 4, is_28 ? 4 : is_02 ? 2 : 1);
    bag_alg(out, c->aead);
    if (is_28) {
        bag_alg(out, c->group_enc);
    }
    if (is_28 || is_02) {
        bag_alg(out, c->signature);
    }
    if (is_28) {
        bag_alg(out, c->agreement);
    }
    bag_bstr(out, i->in.request_kid);
    bag_bstr(out, i->in.request_piv);
    bag_put(out, "\x40", 1);
    if (is_28) {
        bag_bstr(out, i->in.request_kid_context);
        bag_bstr(out, i->in.option);
        bag_bstr(out, i->in.sender_cred);
        bag_bstr(out, c->gm_credential);
    }
}

/* Countersign_structure by the name of the reading. */
static void naive_countersign(const input *i, const bag *array, bag *out)
{
    const char *reading = i->common.dialect->reading;
    bool four = strcmp(reading, "CS4") == 0 || strncmp(reading, "S2", 2) == 0;
    out->len = 0;
    bag_head(out, 4, four ? 4 : 5);
    bag_text(out, strncmp(reading, "S3", 2) == 0 ? "CounterSignature" : "CounterSignature0");
    bag_put(out, "\x40\x40", four ? 1 : 2);
    bag_bstr(out, strstr(reading, "E0") != NULL ? GOSC_EMPTY : gosc_span_of(array->bytes, array->len));
    bag_bstr(out, i->ciphertext);
}

static void naive_enc(const bag *array, bag *out)
{
    out->len = 0;
    bag_put(out,
            "\x83\x68"
            "Encrypt0"
            "\x40",
            11);
    bag_bstr(out, gosc_span_of(array->bytes, array->len));
}

static gosc_span filled(uint8_t **pool, size_t len)
{
    uint8_t *start = *pool;
    for (size_t i = 0; i < len; i++) {
        start[i] = (uint8_t)tap_random(256);
    }
    *pool += len;
    return gosc_span_of(start, len);
}

static void input_make(const gosc_dialect *dialect, const row *r, uint8_t *pool, input *i)
{
    i->common = (gosc_common_context){.dialect = dialect,
                                      .aead = r->aead,
                                      .group_enc = r->group_enc,
                                      .signature = r->signature,
                                      .agreement = r->agreement,
                                      .gm_credential = filled(&pool, r->gm)};
    i->in.request_kid = filled(&pool, r->kid);
    i->in.request_piv = filled(&pool, r->piv);
    i->in.request_kid_context = filled(&pool, r->kid_context);
    i->in.option = filled(&pool, r->option);
    i->in.sender_cred = filled(&pool, r->cred);
    i->ciphertext = filled(&pool, r->ciphertext);
}

static bool equal(const char *what, gosc_span got, const bag *want)
{
    if (gosc_span_equal(got, gosc_span_of(want->bytes, want->len))) {
        return true;
    }
    tap_note(what, want->len, got.ptr, got.len < 100 ? got.len : 100);
    return false;
}

/* Builds in room of exactly `len` bytes between canaries and compares all three structures. */
static gosc_err build(const input *i, size_t len, bool *same)
{
    static bag array, whole;
    uint8_t *room = bytes_room(len + 2);
    memset(room, CANARY, len + 2);
    gosc_aad aad;
    gosc_err err = gosc_aad_build(&i->common, &i->in, i->ciphertext.len, (gosc_buf){room + 1, len}, &aad);
    *same = true;
    if (err == GOSC_OK) {
        naive_array(i, &array);
        whole.len = 0;
        bag_bstr(&whole, gosc_span_of(array.bytes, array.len));
        *same = equal("external_aad", aad.external_aad, &whole) && aad.ciphertext_len == i->ciphertext.len;
        naive_enc(&array, &whole);
        *same = *same && equal("Enc_structure", gosc_aad_enc_structure(&aad), &whole);
        if (i->ciphertext.len > 0 && i->common.dialect->reading != NULL) {
            memcpy(aad.ciphertext, i->ciphertext.ptr, i->ciphertext.len);
            naive_countersign(i, &array, &whole);
            *same = *same &&
                    equal("Countersign_structure", gosc_aad_countersign_structure(&i->common, &aad), &whole);
        }
    }
    *same = *same && room[0] == CANARY && room[len + 1] == CANARY;
    free(room);
    return err;
}

/* One row under one dialect: exact room works, one byte less never does; for short rows every length less. */
static void try_row(const gosc_dialect *dialect, const char *id, const row *r)
{
    static uint8_t pool[BAG_ROOM];
    static input i;
    static bag array;
    char text[160];
    input_make(dialect, r, pool, &i);
    naive_array(&i, &array);
    size_t head = r->ciphertext < 24 ? 1 : r->ciphertext < 0x100 ? 2 : r->ciphertext < 0x10000 ? 3 : 5;
    size_t needed = GOSC_AAD_LEAD + array.len + head + r->ciphertext;
    const char *reading = dialect->reading != NULL ? dialect->reading : "";
    bool same = false;
    gosc_err err = build(&i, needed, &same);
    (void)snprintf(text, sizeof text, "%s %s %s: %s", id, dialect->name, reading, r->text);
    tap_ok(err == GOSC_OK && same, text);

    bool refused = true;
    for (size_t len = needed > 2000 ? needed - 3 : 0; len < needed; len++) {
        bool kept = false;
        refused = build(&i, len, &kept) == GOSC_ERR_ROOM && kept && refused;
    }
    (void)snprintf(text, sizeof text, "%s %s %s: %s, in less room", id, dialect->name, reading, r->text);
    tap_ok(refused, text);
}

static void try_dialect(const gosc_dialect *dialect, const char *id)
{
    /* Only group-28 knows algorithms that are not set. */
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool set = rows[i].aead != 0 && (rows[i].signature != 0 || dialect->group == NULL);
        if (set || dialect->has_modes) {
            try_row(dialect, id, &rows[i]);
        }
    }
}

/* The lead covers the longest prefix of all, and the largest head. */
static void lead(void)
{
    static const gosc_dialect *const dialects[] = {&gosc_dialect_group_28,      &gosc_dialect_group_28_cs4,
                                                   &gosc_dialect_group_02,      &gosc_dialect_group_02_s2e1,
                                                   &gosc_dialect_group_02_s3e1, &gosc_dialect_group_02_s1e0,
                                                   &gosc_dialect_group_02_s2e0, &gosc_dialect_group_02_s3e0};
    bool fits = true;
    for (size_t i = 0; i < COUNT(dialects); i++) {
        fits = fits && dialects[i]->countersign_prefix_len > 0 &&
               dialects[i]->countersign_prefix_len <= GOSC_AAD_PREFIX_MAX;
    }
    tap_ok(fits && GOSC_AAD_PREFIX_MAX + 9 <= GOSC_AAD_LEAD, "GO-3.4-14 every prefix and head fits the lead");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    lead();
    try_dialect(&gosc_dialect_oscore, "O-5.4-01");
    try_dialect(&gosc_dialect_group_28, "GO-3.4-01");
    try_dialect(&gosc_dialect_group_28_cs4, "GO-3.1-04");
    try_dialect(&gosc_dialect_group_02, "G02-3-04");
    try_dialect(&gosc_dialect_group_02_s2e1, "G02-3-03");
    try_dialect(&gosc_dialect_group_02_s3e1, "G02-3-03");
    try_dialect(&gosc_dialect_group_02_s1e0, "G02-3-05");
    try_dialect(&gosc_dialect_group_02_s2e0, "G02-3-05");
    try_dialect(&gosc_dialect_group_02_s3e0, "G02-3-05");
    return tap_done();
}
