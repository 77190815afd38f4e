/* SPDX-License-Identifier: BSD-2-Clause */
/* Mistakes in aad_array, element by element. */
#include "trial.h"

enum {
    ITEMS_MAX = 12,
};

typedef struct array {
    gosc_span items[ITEMS_MAX]; /* encoded */
    size_t n;
} array;

static bool array_read(gosc_span bytes, array *a)
{
    gosc_reader reader;
    gosc_reader_init(&reader, bytes);
    a->n = gosc_cbor_read_array(&reader);
    for (size_t i = 0; i < a->n && a->n <= ITEMS_MAX; i++) {
        a->items[i] = gosc_cbor_skip(&reader);
    }
    return !reader.failed && a->n > 0 && a->n <= ITEMS_MAX;
}

static gosc_span array_write(search *s, const array *a)
{
    size_t len = 16;
    for (size_t i = 0; i < a->n; i++) {
        len += a->items[i].len;
    }
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, len), len});
    gosc_cbor_write_head(&writer, GOSC_CBOR_ARRAY, a->n);
    for (size_t i = 0; i < a->n; i++) {
        gosc_write_bytes(&writer, a->items[i]);
    }
    return gosc_writer_span(&writer);
}

/* name_of names the elements of aad_array (inner: of its list of algorithms). */
static const char *name_of(const search *s, bool inner, size_t i)
{
    static const char *const of_28[] = {"oscore_version", "algorithms",  "request_kid",
                                        "request_piv",    "options",     "request_kid_context",
                                        "OSCORE_option",  "sender_cred", "gm_cred"};
    static const char *const algorithms_28[] = {"alg_aead", "alg_group_enc", "alg_signature",
                                                "alg_pairwise_key_agreement"};
    static const char *const algorithms_02[] = {"alg_aead", "alg_countersign"};
    bool is_28 = s->subject->context->common.dialect->has_modes;
    if (inner) {
        return is_28 ? algorithms_28[i < 4 ? i : 3] : algorithms_02[i < 2 ? i : 1];
    }
    return of_28[i < 9 ? i : 8];
}

bool trial_external_aad(search *s, gosc_span bytes, const char *said)
{
    static const char *const where[] = {"", " (in what is signed)", " (in what is encrypted)"};
    for (int i = 0; i < (s->subject->layers.is_signed ? 3 : 1); i++) {
        trial t = trial_of(s);
        gosc_span enc = t.layers.enc_structure;
        gosc_span to_be_signed = t.layers.to_be_signed;
        t.layers.external_aad = bytes;
        (void)trial_structures(s, &t);
        if (i == 1) {
            t.layers.enc_structure = enc;
        } else if (i == 2) {
            t.layers.to_be_signed = to_be_signed;
        }
        if (trial_decrypt(s, &t) && trial_judge(s, &t, "%s%s", said, where[i])) {
            return true;
        }
    }
    return false;
}

/* try_edit wraps an edited list of algorithms up again, if it is that, and tries it. */
static bool try_edit(search *s, const array *outer, const array *edited, bool inner, const char *said)
{
    array whole = *outer;
    gosc_span bytes = array_write(s, edited);
    if (inner) {
        whole.items[1] = bytes;
        bytes = array_write(s, &whole);
    }
    return trial_external_aad(s, bytes, said);
}

static bool try_items(search *s, const array *outer, const array *list, bool inner)
{
    static const struct {
        const char *said;
        const char *item;
        size_t len;
    } puts[] = {{"empty", "\x40", 1}, {"null", "\xf6", 1}, {"0", "\x00", 1},   {"2", "\x02", 1},
                {"[]", "\x80", 1},    {"\"\"", "\x60", 1}, {"true", "\xf5", 1}};
    for (size_t i = 0; i < list->n; i++) {
        array a = *list;
        for (size_t j = i; j + 1 < a.n; j++) {
            a.items[j] = a.items[j + 1];
        }
        a.n--;
        if (try_edit(s, outer, &a, inner, vec_printf(s->arena, "AAD: %s is missing", name_of(s, inner, i)))) {
            return true;
        }
        for (size_t k = 0; k < sizeof puts / sizeof puts[0]; k++) {
            a = *list;
            a.items[i] = gosc_span_of(puts[k].item, puts[k].len);
            const char *said = vec_printf(s->arena, "AAD: %s is %s", name_of(s, inner, i), puts[k].said);
            if (!gosc_span_equal(a.items[i], list->items[i]) && try_edit(s, outer, &a, inner, said)) {
                return true;
            }
        }
        for (size_t j = i + 1; j < list->n; j++) {
            a = *list;
            a.items[i] = list->items[j];
            a.items[j] = list->items[i];
            const char *said = vec_printf(s->arena, "AAD: %s and %s are swapped", name_of(s, inner, i),
                                          name_of(s, inner, j));
            if (!gosc_span_equal(a.items[i], a.items[j]) && try_edit(s, outer, &a, inner, said)) {
                return true;
            }
        }
    }
    return false;
}

/* try_numbers: another algorithm number in the place of one. */
static bool try_numbers(search *s, const array *outer, const array *list)
{
    static const int32_t numbers[] = {1,   2,   3,      5,      7,      10,  11,  12,  13,  24,
                                      30,  31,  32,     33,     -7,     -8,  -35, -36, -27, -28,
                                      -29, -30, -65534, -65533, -65532, -19, -9,  0};
    uint8_t bytes[GOSC_CBOR_HEAD_MAX];
    for (size_t i = 0; i < list->n; i++) {
        for (size_t j = 0; j < sizeof numbers / sizeof numbers[0]; j++) {
            array a = *list;
            gosc_writer writer;
            gosc_writer_init(&writer, (gosc_buf){bytes, sizeof bytes});
            gosc_cbor_write_int(&writer, numbers[j]);
            a.items[i] = gosc_writer_span(&writer);
            const char *said = vec_printf(s->arena, "AAD: %s is %d", name_of(s, true, i), (int)numbers[j]);
            if (!gosc_span_equal(a.items[i], list->items[i]) && try_edit(s, outer, &a, true, said)) {
                return true;
            }
        }
    }
    return false;
}

/* try_algorithms: the list of algorithms as another dialect has it. */
static bool try_algorithms(search *s, const array *outer)
{
    const gosc_common_context *c = &s->subject->context->common;
    const int32_t all[] = {c->aead, c->group_enc, c->signature, c->agreement};
    for (size_t n = 1; n <= 4; n++) {
        array whole = *outer;
        gosc_writer writer;
        gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, 32), 32});
        gosc_cbor_write_head(&writer, GOSC_CBOR_ARRAY, n);
        for (size_t i = 0; i < n; i++) {
            int32_t alg = n == 2 && i == 1 ? c->signature : all[i];
            if (alg == GOSC_ALG_NONE) {
                gosc_cbor_write_null(&writer);
            } else {
                gosc_cbor_write_int(&writer, alg);
            }
        }
        whole.items[1] = gosc_writer_span(&writer);
        const char *said = vec_printf(s->arena, "AAD: a list of %zu algorithms", n);
        if (!gosc_span_equal(whole.items[1], outer->items[1]) && try_edit(s, outer, &whole, false, said)) {
            return true;
        }
    }
    return false;
}

/* try_prefixes: another Enc_structure around external_aad. */
static bool try_prefixes(search *s)
{
    static const struct {
        const char *said;
        const char *prefix;
        size_t len;
    } all[] = {
        {"Enc_structure: context \"Encrypt\"",
         "\x83\x67"
         "Encrypt\x40",
         10},
        {"Enc_structure: context \"Encrypt1\"",
         "\x83\x68"
         "Encrypt1\x40",
         11},
        {"Enc_structure: protected header a0",
         "\x83\x68"
         "Encrypt0\x41\xa0",
         12},
        {"Enc_structure: protected header null",
         "\x83\x68"
         "Encrypt0\xf6",
         11},
        {"Enc_structure: protected header with the algorithm",
         "\x83\x68"
         "Encrypt0\x43\xa1\x01\x0a",
         14},
        {"Enc_structure: an element more",
         "\x84\x68"
         "Encrypt0\x40\x40",
         12},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0] && s->subject->layers.cipher->tag_len > 0; i++) {
        trial t = trial_of(s);
        size_t len = t.layers.external_aad.len + 32;
        gosc_writer writer;
        gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, len), len});
        gosc_write_bytes(&writer, gosc_span_of(all[i].prefix, all[i].len));
        gosc_cbor_write_bstr(&writer, t.layers.external_aad);
        t.layers.enc_structure = gosc_writer_span(&writer);
        if (trial_decrypt(s, &t) && trial_judge(s, &t, "%s", all[i].said)) {
            return true;
        }
    }
    trial t = trial_of(s);
    t.layers.enc_structure = t.layers.external_aad;
    return trial_decrypt(s, &t) && trial_judge(s, &t, "aad_array is the AAD, without Enc_structure");
}

/* try_forms: aad_array as a dialect has it that knows less. */
static bool try_forms(search *s, const array *outer)
{
    array a = *outer;
    if (a.n > 5) {
        a.n = 5;
        if (try_edit(s, outer, &a, false, "AAD: only the five elements of RFC 8613")) {
            return true;
        }
        a.n = 7;
        if (try_edit(s, outer, &a, false, "AAD: sender_cred and gm_cred are missing")) {
            return true;
        }
    }
    return trial_external_aad(s, GOSC_EMPTY, "external_aad is empty");
}

bool trial_aad(search *s)
{
    array outer;
    array inner;
    if (!array_read(s->subject->layers.external_aad, &outer)) {
        return false;
    }
    return try_items(s, &outer, &outer, false) || try_forms(s, &outer) ||
           (outer.n > 1 && array_read(outer.items[1], &inner) &&
            (try_items(s, &outer, &inner, true) || try_numbers(s, &outer, &inner) ||
             try_algorithms(s, &outer))) ||
           try_prefixes(s);
}
