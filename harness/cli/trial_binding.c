/* SPDX-License-Identifier: BSD-2-Clause */
/* Mistakes in what a message is bound to, and in the reading. */
#include <string.h>

#include "trial.h"

bool trial_readings(search *s)
{
    static const char *const readings[] = {"CS5",   "CS4",   "S1/E1", "S2/E1",
                                           "S3/E1", "S1/E0", "S2/E0", "S3/E0"};
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
    return trial_derive(s, &t) &&
           trial_external_aad(s, t.layers.external_aad,
                              vec_printf(s->arena, "%s is %s", one->what, one->instead));
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

#define TAKEN(member, instead, value)                                                                        \
    {                                                                                                        \
#member, offsetof(vec_layers, member), instead, value                                                \
    }

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
              gosc_span_present(u->layers.fields.partial_iv_bytes) ? u->layers.fields.partial_iv_bytes
                                                                   : GOSC_EMPTY),
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
            const vec_member *one =
                i - 2 < c->n_recipients ? &c->recipients[i - 2] : &c->members[i - 2 - c->n_recipients];
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
        if (trial_derive(s, &t) &&
            trial_external_aad(s, t.layers.external_aad, vec_printf(s->arena, "gm_cred is %s", whose))) {
            return true;
        }
    }
    trial t = trial_of(s);
    t.layers.sender_cred = u->context->common.gm_credential;
    t.common.gm_credential = u->layers.sender_cred;
    return trial_derive(s, &t) && trial_judge(s, &t, "sender_cred and gm_cred are swapped");
}

/* option_with writes the option as it was before its Partial IV was changed on the way. */
static gosc_span option_with(search *s, gosc_span piv)
{
    gosc_oscore_option option = s->subject->layers.fields;
    gosc_writer writer;
    option.partial_iv_bytes = piv;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, GOSC_OPTION_VALUE_MAX), GOSC_OPTION_VALUE_MAX});
    gosc_oscore_option_write(&writer, &option, option.flags & GOSC_FLAG_GROUP);
    return gosc_writer_span(&writer);
}

/* try_piv: the message was made with another Partial IV than is on the wire now. */
static bool try_piv(search *s, gosc_span piv, const char *said)
{
    trial t = trial_of(s);
    if (!gosc_span_present(t.layers.fields.partial_iv_bytes) ||
        gosc_span_equal(piv, t.layers.fields.partial_iv_bytes)) {
        return false;
    }
    t.layers.option = option_with(s, piv);
    t.layers.nonce_piv_bytes = piv;
    t.layers.nonce_piv.number = 0;
    for (size_t i = 0; i < piv.len; i++) {
        t.layers.nonce_piv.number = t.layers.nonce_piv.number << 8 | piv.ptr[i];
    }
    if (t.layers.is_request) {
        t.layers.request_piv = piv;
    }
    return trial_derive(s, &t) && trial_judge(s, &t, "%s", said);
}

/* try_pivs: a Partial IV that was padded, stripped or counted on. */
static bool try_pivs(search *s)
{
    gosc_span piv = s->subject->layers.fields.partial_iv_bytes;
    if (!gosc_span_present(piv)) {
        return false;
    }
    if (try_piv(s, shortest(piv), "made with the Partial IV without leading zeros; the wire has it padded") ||
        try_piv(s, padded(s, piv), "made with the Partial IV of 5 bytes; the wire has it cut")) {
        return true;
    }
    for (size_t n = 1; piv.len + n <= GOSC_PARTIAL_IV_MAX; n++) {
        uint8_t *longer = vec_alloc(s->arena, GOSC_PARTIAL_IV_MAX);
        memcpy(longer, piv.ptr, piv.len);
        if (try_piv(s, gosc_span_of(longer, piv.len + n),
                    vec_printf(s->arena, "the Partial IV on the wire lost %zu zero bytes at its end", n))) {
            return true;
        }
    }
    return false;
}

bool trial_bindings(search *s)
{
    bool has_credentials = s->subject->context->common.dialect->has_modes;
    return try_kids(s) || (has_credentials && try_credentials(s)) || try_pivs(s);
}
