/* SPDX-License-Identifier: BSD-2-Clause */
/* Mistakes in key derivation. */
#include <string.h>

#include "trial.h"

/* One derivation: what goes into HKDF. */
typedef struct derivation {
    int32_t hkdf, alg;
    gosc_span salt, ikm, id, id_context;
    const char *type;
    size_t info_len; /* L as written in info */
} derivation;

static bool derive(search *s, const derivation *d, uint8_t *out, size_t len)
{
    size_t room = 64 + d->id.len + d->id_context.len;
    gosc_writer info;
    gosc_writer_init(&info, (gosc_buf){vec_alloc(s->arena, room), room});
    gosc_cbor_write_head(&info, GOSC_CBOR_ARRAY, 5);
    gosc_cbor_write_bstr(&info, d->id);
    gosc_cbor_write_bstr(&info, d->id_context);
    gosc_cbor_write_int(&info, d->alg);
    gosc_cbor_write_tstr(&info, gosc_span_of(d->type, strlen(d->type)));
    gosc_cbor_write_int(&info, (int64_t)d->info_len);
    return !info.failed && gosc_crypto_hkdf(d->hkdf, d->salt, d->ikm, gosc_writer_span(&info),
                                            (gosc_buf){out, len}) == GOSC_OK;
}

/* What may be mistaken about the derivations from the Master Secret; all of them, or those of keys or the
 * Common IV. */
typedef struct mistake {
    const char *said;
    int32_t hkdf, alg; /* 0: the right one */
    bool swap;         /* salt and IKM */
    bool no_salt;
    int id_context; /* 0: right, 1: null, 2: empty */
    int id;         /* of the key: 0: right, 1: the other end's, 2: padded to the longest */
    const char *type;
    size_t info_len; /* 0: the right one */
} mistake;

typedef struct keys {
    uint8_t sender[GOSC_KEY_MAX]; /* of whoever protected the message */
    uint8_t iv[GOSC_NONCE_MAX];
    uint8_t se[GOSC_KEY_MAX];
} keys;

static gosc_span own_or_other(const subject *u, bool of_sender)
{
    bool own = of_sender == u->sealing;
    if (own) {
        return gosc_id_span(&u->context->sender.id);
    }
    return u->other != NULL ? gosc_id_span(&u->other->id) : GOSC_EMPTY;
}

static derivation base(const gosc_common_context *c)
{
    return (derivation){
        .hkdf = c->hkdf,
        .alg = c->cipher->alg,
        .salt = c->master_salt,
        .ikm = c->master_secret,
        .id_context = c->id_context,
    };
}

static void apply(search *s, const mistake *m, derivation *d)
{
    gosc_span salt = d->salt;
    d->hkdf = m->hkdf != 0 ? m->hkdf : d->hkdf;
    d->alg = m->alg != 0 ? m->alg : d->alg;
    d->type = m->type != NULL ? m->type : d->type;
    d->info_len = m->info_len != 0 ? m->info_len : d->info_len;
    if (m->swap) {
        d->salt = d->ikm;
        d->ikm = gosc_span_present(salt) ? salt : GOSC_EMPTY;
    }
    if (m->no_salt) {
        d->salt = GOSC_EMPTY;
    }
    if (m->id_context != 0) {
        d->id_context = m->id_context == 1 ? GOSC_ABSENT : GOSC_EMPTY;
    }
    if (m->id == 2 && d->id.len > 0) {
        size_t whole = s->subject->context->common.id_max;
        uint8_t *bytes = vec_alloc(s->arena, GOSC_KID_MAX);
        memcpy(bytes + whole - d->id.len, d->id.ptr, d->id.len);
        d->id = gosc_span_of(bytes, whole);
    }
}

/* rederive gives the keys under a mistake that touches keys, Common IV, or both. */
static bool rederive(search *s, const mistake *m, bool touches_keys, bool touches_iv, bool touches_se,
                     keys *k)
{
    const subject *u = s->subject;
    const gosc_common_context *c = &u->context->common;
    derivation key = base(c);
    derivation iv = base(c);
    derivation se = base(c);
    key.id = own_or_other(u, m->id != 1 || !touches_keys);
    key.type = "Key";
    key.info_len = c->cipher->key_len;
    iv.id = se.id = GOSC_EMPTY;
    iv.type = "IV";
    iv.info_len = c->common_iv_len;
    se.type = "SEKey";
    se.info_len = c->cipher->key_len;
    if (touches_keys) {
        apply(s, m, &key);
    }
    if (touches_se) {
        apply(s, m, &se);
        se.type = "SEKey";
    }
    if (touches_iv) {
        apply(s, m, &iv);
        iv.type = m->type != NULL && !touches_keys ? m->type : "IV";
        iv.info_len = m->info_len != 0 && !touches_keys ? m->info_len : c->common_iv_len;
    }
    return derive(s, &key, k->sender, c->cipher->key_len) && derive(s, &iv, k->iv, c->common_iv_len) &&
           derive(s, &se, k->se, c->cipher->key_len);
}

static bool is_pairwise(const subject *u)
{
    return u->context->common.dialect->has_modes && !u->layers.group_mode;
}

/* pairwise_ikm joins credentials and shared secret; `form` 0: right, 1: swapped, 2: without
 * credentials, 3: secret first, 4: sender's alone, 5: recipient's alone, 6: as byte strings. */
static gosc_span pairwise_ikm(search *s, int form)
{
    const subject *u = s->subject;
    gosc_span own = u->context->sender.credential;
    gosc_span other = u->other->credential;
    gosc_span from = u->sealing == (form != 1) ? own : other;
    gosc_span to = u->sealing == (form != 1) ? other : own;
    uint8_t secret[GOSC_SECRET_MAX];
    size_t len = own.len + other.len + GOSC_SECRET_MAX + 20;
    if (gosc_pairwise_secret(&u->context->sender, &u->other->public_key, secret) != GOSC_OK) {
        return GOSC_ABSENT;
    }
    gosc_span shared = gosc_span_of(secret, gosc_curve_len(u->other->public_key.curve));
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(s->arena, len), len});
    if (form == 3) {
        gosc_write_bytes(&writer, shared);
    }
    if (form == 6) {
        gosc_cbor_write_bstr(&writer, from);
        gosc_cbor_write_bstr(&writer, to);
    } else if (form != 2) {
        gosc_write_bytes(&writer, form != 5 ? from : GOSC_ABSENT);
        gosc_write_bytes(&writer, form != 4 ? to : GOSC_ABSENT);
    }
    if (form != 3) {
        gosc_write_bytes(&writer, shared);
    }
    return gosc_writer_span(&writer);
}

/* try_key puts a key and a Common IV in place. */
static bool try_key(search *s, const uint8_t *key, const keys *k, const char *said)
{
    trial t = trial_of(s);
    t.layers.key = vec_copy(s->arena, gosc_span_of(key, t.layers.cipher->key_len));
    memcpy(t.common.common_iv, k->iv, sizeof k->iv);
    memcpy(t.common.signature_encryption_key, k->se, sizeof k->se);
    return trial_derive(s, &t) && trial_judge(s, &t, "key derivation: %s", said);
}

static derivation pairwise_of(search *s, const gosc_common_context *c, const uint8_t *sender_key)
{
    derivation d = base(c);
    d.salt = vec_copy(s->arena, gosc_span_of(sender_key, c->cipher->key_len));
    d.ikm = pairwise_ikm(s, 0);
    d.id = own_or_other(s->subject, true);
    d.alg = c->aead;
    d.type = "Key";
    d.info_len = c->aead_cipher->key_len;
    return d;
}

static bool try_mistake(search *s, const mistake *m)
{
    static const char *const where[] = {"", " (keys only)", " (Common IV only)", " (Sender Key only)",
                                        " (Signature Encryption Key only)"};
    const gosc_common_context *c = &s->subject->context->common;
    for (int i = 0; i < 5; i++) {
        keys k = {{0}, {0}, {0}};
        uint8_t key[GOSC_KEY_MAX];
        if (!rederive(s, m, i < 2 || i == 3, i == 0 || i == 2, i < 2 || i == 4, &k)) {
            continue;
        }
        memcpy(key, k.sender, sizeof key);
        if (is_pairwise(s->subject)) {
            derivation d = pairwise_of(s, c, k.sender);
            if (!derive(s, &d, key, c->aead_cipher->key_len)) {
                continue;
            }
        }
        if (try_key(s, key, &k, vec_printf(s->arena, "%s%s", m->said, where[i]))) {
            return true;
        }
    }
    return false;
}

/* try_pairwise: mistakes in the pairwise key alone. */
static bool try_pairwise(search *s)
{
    const subject *u = s->subject;
    const gosc_common_context *c = &u->context->common;
    keys k = {{0}, {0}, {0}};
    keys swapped = {{0}, {0}, {0}};
    const mistake none = {.said = ""};
    const mistake other_id = {.said = "", .id = 1};
    uint8_t key[GOSC_KEY_MAX];
    if (!rederive(s, &none, true, true, true, &k) || !rederive(s, &other_id, true, true, true, &swapped)) {
        return false;
    }
    if (c->cipher->key_len == c->aead_cipher->key_len &&
        (try_key(s, k.sender, &k, "the key of group mode in pairwise mode") ||
         try_key(s, swapped.sender, &k, "the group key of the other end in pairwise mode"))) {
        return true;
    }
    static const char *const said[] = {
        "pairwise: credentials in the other order",
        "pairwise: credentials left out",
        "pairwise: shared secret before credentials",
        "pairwise: salt and IKM swapped",
        "pairwise: salt is the other end's key",
        "pairwise: salt is empty",
        "pairwise: ID of the other end in info",
        "pairwise: Group Encryption Algorithm in info",
        "pairwise: no ID Context in info",
        "pairwise: the other direction's key",
        "pairwise: only the sender's credential",
        "pairwise: only the recipient's credential",
        "pairwise: credentials as byte strings",
        "pairwise: empty ID in info",
        "pairwise: Key Agreement Algorithm in info",
    };
    for (int i = 0; i < 15; i++) {
        derivation d = pairwise_of(s, c, i == 4 || i == 9 ? swapped.sender : k.sender);
        gosc_span salt = d.salt;
        if (i < 3) {
            d.ikm = pairwise_ikm(s, i + 1);
        } else if (i == 3) {
            d.salt = d.ikm;
            d.ikm = salt;
        } else if (i == 5) {
            d.salt = GOSC_EMPTY;
        } else if (i == 7) {
            d.alg = c->group_enc;
        } else if (i == 8) {
            d.id_context = GOSC_ABSENT;
        }
        if (i == 6 || i == 9) {
            d.id = own_or_other(u, false);
        }
        if (i >= 9 && i <= 12) {
            d.ikm = pairwise_ikm(s, i == 9 ? 1 : i - 6);
        }
        if (i == 13) {
            d.id = GOSC_EMPTY;
        } else if (i == 14) {
            d.alg = c->agreement;
        }
        if (derive(s, &d, key, c->aead_cipher->key_len) && try_key(s, key, &k, said[i])) {
            return true;
        }
    }
    return false;
}

bool trial_keys(search *s)
{
    const subject *u = s->subject;
    const gosc_common_context *c = &u->context->common;
    int32_t other_hkdf = c->hkdf == GOSC_ALG_HMAC_256 ? GOSC_ALG_HMAC_512 : GOSC_ALG_HMAC_256;
    const mistake mistakes[] = {
        {.said = "Master Salt and Master Secret swapped", .swap = true},
        {.said = "Master Salt left out", .no_salt = true},
        {.said = "the other HKDF", .hkdf = other_hkdf},
        {.said = "ID Context is null", .id_context = 1},
        {.said = "ID Context is empty", .id_context = 2},
        {.said = "the ID of the other end", .id = 1},
        {.said = "the ID padded to its longest", .id = 2},
        {.said = "AEAD Algorithm in info", .alg = c->aead},
        {.said = "Group Encryption Algorithm in info", .alg = c->group_enc},
        {.said = "Signature Algorithm in info", .alg = c->signature},
        {.said = "type \"IV\" in info", .type = "IV"},
        {.said = "type \"Key\" in info", .type = "Key"},
        {.said = "type \"key\" in info", .type = "key"},
        {.said = "L in bits", .info_len = 8 * (size_t)c->cipher->key_len},
        {.said = "L is 64", .info_len = 64},
        {.said = "L is 32", .info_len = 32},
        {.said = "L is 24", .info_len = 24},
        {.said = "L is 16", .info_len = 16},
        {.said = "L is 13", .info_len = 13},
        {.said = "L is 12", .info_len = 12},
        {.said = "L is 7", .info_len = 7},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        if (try_mistake(s, &mistakes[i])) {
            return true;
        }
    }
    if (is_pairwise(u)) {
        return u->other != NULL && try_pairwise(s);
    }
    bool has_pair = c->pairwise_mode && u->other != NULL && u->other->has_pairwise_keys;
    trial t = trial_of(s);
    if (has_pair) {
        t.layers.key =
            gosc_span_of(u->sealing ? u->other->pairwise_sender_key : u->other->pairwise_recipient_key,
                         t.layers.cipher->key_len);
    }
    return has_pair && trial_derive(s, &t) && trial_judge(s, &t, "the pairwise key in group mode");
}
