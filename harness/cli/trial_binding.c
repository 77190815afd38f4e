/* Mistakes in what a message is bound to, in the reading, and in aad_array. SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "trial.h"

bool trial_readings(search *s)
{
    static const char *const readings[] = {"CS5", "CS4", "S1/E1", "S2/E1", "S3/E1", "S1/E0", "S2/E0", "S3/E0"};
    const gosc_dialect *own = s->subject->context->common.dialect;
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        trial t = trial_of(s);
        t.common.dialect = vec_dialect_find(own->name, readings[i]);
        if (t.common.dialect != NULL && t.common.dialect != own && trial_derive(s, &t) &&
            trial_judge(s, &t, "reading %s instead of %s", readings[i], own->reading)) {
            return true;
        }
    }
    return false;
}

/* A value of the layers that may have been taken for another one. */
typedef struct taken {
    const char *what;
    size_t offset; /* of the span in vec_layers */
    const char *instead;
    gosc_span value;
} taken;

static bool try_taken(search *s, const taken *one)
{
    trial t = trial_of(s);
    gosc_span *span = (gosc_span *)(void *)((uint8_t *)&t.layers + one->offset);
    if (gosc_span_equal(*span, one->value)) {
        return false;
    }
    *span = one->value;
    return trial_derive(s, &t) && trial_judge(s, &t, "%s is %s", one->what, one->instead);
}

/* padded gives a Partial IV as 5 bytes, shortest without leading zeros. */
static gosc_span padded(search *s, gosc_span piv)
{
    uint8_t *bytes = vec_alloc(s->arena, GOSC_PARTIAL_IV_MAX);
    memcpy(bytes + GOSC_PARTIAL_IV_MAX - piv.len, piv.ptr, piv.len);
    return gosc_span_of(bytes, GOSC_PARTIAL_IV_MAX);
}

static gosc_span shortest(gosc_span piv)
{
    while (piv.len > 1 && piv.ptr[0] == 0) {
        piv.ptr++;
        piv.len--;
    }
    return piv;
}

#define TAKEN(member, instead, value) {#member, offsetof(vec_layers, member), instead, value}

static bool try_kids(search *s)
{
    const subject *u = s->subject;
    const gosc_sender_context *own = &u->context->sender;
    gosc_span own_id = own->present ? gosc_id_span(&own->id) : GOSC_EMPTY;
    gosc_span other_id = u->other != NULL ? gosc_id_span(&u->other->id) : GOSC_EMPTY;
    gosc_span piv = u->layers.request_piv;
    const taken all[] = {
        TAKEN(request_kid, "the ID of the endpoint that looks", own_id),
        TAKEN(request_kid, "the ID of the other end", other_id),
        TAKEN(request_kid, "empty", GOSC_EMPTY),
        TAKEN(request_kid, "the kid context", u->layers.request_kid_context),
        TAKEN(request_piv, "the Partial IV of the response",
              gosc_span_present(u->layers.fields.partial_iv_bytes) ? u->layers.fields.partial_iv_bytes : GOSC_EMPTY),
        TAKEN(request_piv, "padded to 5 bytes", padded(s, piv)),
        TAKEN(request_piv, "without its leading zeros", shortest(piv)),
        TAKEN(request_piv, "empty", GOSC_EMPTY),
        TAKEN(request_kid_context, "null", GOSC_ABSENT),
        TAKEN(request_kid_context, "empty", GOSC_EMPTY),
        TAKEN(request_kid_context, "the present Gid", u->context->common.id_context),
        TAKEN(option, "empty", GOSC_EMPTY),
        TAKEN(option, "the option of the request",
              u->is_request ? u->layers.option : vec_option_find(u->request)),
        TAKEN(option, "without its flag byte",
              u->layers.option.len > 0 ? gosc_span_of(u->layers.option.ptr + 1, u->layers.option.len - 1)
                                       : GOSC_EMPTY),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (try_taken(s, &all[i])) {
            return true;
        }
    }
    return false;
}

/* try_credentials: sender_cred and gm_cred taken for another credential that is at hand. */
static bool try_credentials(search *s)
{
    const subject *u = s->subject;
    const vec_context *c = u->source;
    size_t n = 2 + c->n_recipients + c->n_members;
    for (size_t i = 0; i < n; i++) {
        const char *whose = "the receiver's credential";
        gosc_span value = u->context->sender.credential;
        if (i == 1) {
            whose = "the Group Manager's credential";
            value = c->params.gm_credential;
        } else if (i > 1) {
            const vec_member *one = i - 2 < c->n_recipients ? &c->recipients[i - 2] : &c->members[i - 2 - c->n_recipients];
            whose = vec_printf(s->arena, "the credential of member %s", vec_hex_write(s->arena, one->id));
            value = one->credential;
        }
        if (!gosc_span_present(value)) {
            continue;
        }
        const taken cred = TAKEN(sender_cred, whose, value);
        if (try_taken(s, &cred)) {
            return true;
        }
        trial t = trial_of(s);
        t.common.gm_credential = value;
        if (trial_derive(s, &t) && trial_judge(s, &t, "gm_cred is %s", whose)) {
            return true;
        }
    }
    trial t = trial_of(s);
    t.layers.sender_cred = u->context->common.gm_credential;
    t.common.gm_credential = u->layers.sender_cred;
    return trial_derive(s, &t) && trial_judge(s, &t, "sender_cred and gm_cred are swapped");
}

bool trial_bindings(search *s)
{
    bool has_credentials = s->subject->context->common.dialect->has_modes;
    return try_kids(s) || (has_credentials && try_credentials(s));
}

/* ---- aad_array ---- */

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
    static const char *const of_28[] = {"oscore_version", "algorithms", "request_kid", "request_piv", "options",
                                        "request_kid_context", "OSCORE_option", "sender_cred", "gm_cred"};
    static const char *const algorithms_28[] = {"alg_aead", "alg_group_enc", "alg_signature", "alg_pairwise_key_agreement"};
    static const char *const algorithms_02[] = {"alg_aead", "alg_countersign"};
    bool is_28 = s->subject->context->common.dialect->has_modes;
    if (inner) {
        return is_28 ? algorithms_28[i < 4 ? i : 3] : algorithms_02[i < 2 ? i : 1];
    }
    return of_28[i < 9 ? i : 8];
}

/* try_bytes puts another aad_array in place; `signed_only` and `sealed_only` leave one of the two structures as it is. */
static bool try_bytes(search *s, gosc_span bytes, const char *said)
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
    return try_bytes(s, bytes, said);
}

static bool try_items(search *s, const array *outer, const array *list, bool inner)
{
    static const struct {
        const char *said;
        const char *item;
        size_t len;
    } puts[] = {{"empty", "\x40", 1}, {"null", "\xf6", 1}, {"zero", "\x00", 1}, {"true", "\xf5", 1}, {"[]", "\x80", 1}};
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
            const char *said =
                vec_printf(s->arena, "AAD: %s and %s are swapped", name_of(s, inner, i), name_of(s, inner, j));
            if (!gosc_span_equal(a.items[i], a.items[j]) && try_edit(s, outer, &a, inner, said)) {
                return true;
            }
        }
    }
    return false;
}

/* try_signed_alone: group-28 and group-02 with external_aad of a dialect that knows less. */
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
    return try_bytes(s, GOSC_EMPTY, "external_aad is empty");
}

bool trial_aad(search *s)
{
    array outer;
    array inner;
    if (!array_read(s->subject->layers.external_aad, &outer)) {
        return false;
    }
    return try_items(s, &outer, &outer, false) || try_forms(s, &outer) ||
           (outer.n > 1 && array_read(outer.items[1], &inner) && try_items(s, &outer, &inner, true));
}
