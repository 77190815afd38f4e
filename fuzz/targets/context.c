/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security Contexts from any parameters: made twice they are the same, refused they leave nothing behind, and
 * the other end finds the same keys.
 */
#include <string.h>

#include "common.h"
#include "lanes.h"

enum {
    N_RECIPIENTS = 3,
};

typedef struct end {
    gosc_security_context context;
    gosc_recipient_context recipients[N_RECIPIENTS];
} end;

static int32_t take_alg(fuzz_input *in)
{
    static const int32_t algs[] = {0,  10, 1,   24,  12,  33,  -65534, -65532, 2,  3, 5,        7,
                                   -8, -7, -35, -36, -27, -28, 11,     13,     30, 9, INT32_MIN};
    return algs[fuzz_u8(in) % (sizeof algs / sizeof algs[0])];
}

/* Bytes, or absent. */
static gosc_span take_span(fuzz_input *in, size_t most)
{
    uint8_t len = fuzz_u8(in);
    return len == 0xff ? GOSC_ABSENT : fuzz_bytes(in, len % (most + 1));
}

static gosc_context_params take_params(fuzz_input *in, const fuzz_lane *lane)
{
    static const gosc_dialect *const dialects[] = {
        &gosc_dialect_oscore,        &gosc_dialect_group_28,      &gosc_dialect_group_28_cs4,
        &gosc_dialect_group_02,      &gosc_dialect_group_02_s2e1, &gosc_dialect_group_02_s3e1,
        &gosc_dialect_group_02_s1e0, &gosc_dialect_group_02_s2e0, &gosc_dialect_group_02_s3e0};
    gosc_context_params p = {.dialect = dialects[fuzz_u8(in) % 9]};
    uint8_t set = fuzz_u8(in);
    p.hkdf = (set & 1) != 0 ? 7 : (set & 2) != 0 ? take_alg(in) : 5;
    p.aead = take_alg(in);
    p.group_enc = take_alg(in);
    p.signature = take_alg(in);
    p.agreement = take_alg(in);
    p.credential_format = (gosc_credential_format)((set & 4) != 0 ? fuzz_u8(in) % 5 : 1);
    p.master_secret = take_span(in, 64);
    p.master_salt = take_span(in, 16);
    p.id_context = (set & 8) != 0 ? fuzz_exact(gosc_span_of(lane->credential_bytes, 250U + 12U * (set >> 4)))
                                  : take_span(in, 20);
    p.gm_credential = take_span(in, 8);
    p.sender_id = take_span(in, 9);
    p.window_size = fuzz_u8(in) % 80;
    p.windows_invalid = fuzz_bool(in);
    p.sender_credential = (set & 16) != 0 ? take_span(in, 90) : lane->credential[FUZZ_CLIENT];
    p.private_key =
        (set & 32) != 0 ? take_span(in, 70) : lane->ends->end[FUZZ_CLIENT].context.sender.private_key;
    p.n_recipients = N_RECIPIENTS;
    return p;
}

static gosc_err init(const gosc_context_params *params, end *e)
{
    gosc_context_params p = *params;
    p.recipients = e->recipients;
    return gosc_security_context_init(&p, &e->context);
}

/* Only the table stays lent. */
static void check_refused(const end *e)
{
    static end copy;
    memcpy(&copy, e, sizeof copy);
    memset(&copy.context.recipients, 0, sizeof copy.context.recipients);
    memset(&copy.context.n_recipients, 0, sizeof copy.context.n_recipients);
    const uint8_t *bytes = (const uint8_t *)&copy;
    for (size_t i = 0; i < sizeof copy; i++) {
        FUZZ_CHECK(bytes[i] == 0, "what is refused is wiped");
    }
}

static void check_set_up(const gosc_context_params *p, const end *e)
{
    const gosc_common_context *c = &e->context.common;
    FUZZ_CHECK(p->hkdf == 5 || p->hkdf == 7, "HKDF is one of two");
    FUZZ_CHECK(p->master_secret.len > 0, "there is a Master Secret");
    FUZZ_CHECK(p->id_context.len <= GOSC_ID_CONTEXT_MAX, "the ID Context fits");
    FUZZ_CHECK(p->window_size <= 64, "the window fits");
    FUZZ_CHECK(e->context.window_size >= 1, "a window has a width");
    FUZZ_CHECK(c->cipher != NULL && c->common_iv_len >= c->cipher->nonce_len &&
                   c->common_iv_len <= GOSC_NONCE_MAX,
               "the Common IV serves every nonce");
    FUZZ_CHECK(c->aead_cipher == NULL ||
                   (c->aead_cipher->tag_len > 0 && c->id_max + 6 <= c->aead_cipher->nonce_len),
               "identifiers fit the AEAD's nonce");
    FUZZ_CHECK(c->group_cipher == NULL || c->id_max + 6 <= c->group_cipher->nonce_len,
               "and that of group mode");
    FUZZ_CHECK(e->context.sender.present == (p->sender_id.ptr != NULL),
               "silent servers have no Sender Context");
    FUZZ_CHECK(e->context.sender.id.len <= c->id_max, "the Sender ID fits");
    bool in_group = p->dialect->group != NULL;
    FUZZ_CHECK(!in_group || (p->id_context.ptr != NULL &&
                             (c->signature_len > 0 || c->pairwise_mode || !e->context.sender.present)),
               "a group has a Gid and a mode, but a silent server nothing to agree with");
    FUZZ_CHECK(in_group || (c->signature_len == 0 && p->agreement == 0 && p->group_enc == 0),
               "plain OSCORE signs nothing");
    FUZZ_CHECK(!p->dialect->has_modes || p->gm_credential.ptr != NULL,
               "group-28 has a credential of the Group Manager");
}

/* The other end, with sender and recipient changed over, derives the same keys. */
static void check_other_end(const gosc_context_params *params, end *here, gosc_span id, const fuzz_lane *lane)
{
    static end there;
    gosc_context_params p = *params;
    p.sender_id = id;
    p.sender_credential = lane->credential[FUZZ_SERVER];
    p.private_key = lane->ends->end[FUZZ_SERVER].context.sender.private_key;
    if (init(&p, &there) != GOSC_OK) {
        return; /* the credentials of the lane do not fit these algorithms */
    }
    gosc_recipient_context *mine = gosc_recipient_context_find(&here->context, id);
    gosc_err err = gosc_recipient_context_add(&there.context, params->sender_id, params->sender_credential);
    FUZZ_CHECK(err == GOSC_OK, "an ID fits at both ends");
    size_t len = here->context.common.cipher->key_len;
    FUZZ_CHECK(memcmp(mine->key, there.context.sender.key, len) == 0, "Recipient Key here, Sender Key there");
    FUZZ_CHECK(memcmp(there.recipients[0].key, here->context.sender.key, len) == 0, "and the other way");
    FUZZ_CHECK(memcmp(here->context.common.common_iv, there.context.common.common_iv, GOSC_NONCE_MAX) == 0,
               "one Common IV");
    if (!here->context.common.pairwise_mode || mine->credential.ptr == NULL) {
        return;
    }
    gosc_buf scratch = fuzz_room(1024);
    err = gosc_pairwise_keys_ready(&here->context, mine, scratch);
    FUZZ_CHECK(gosc_pairwise_keys_ready(&there.context, &there.recipients[0], scratch) == err,
               "both ends agree, or none");
    if (err == GOSC_OK) {
        len = here->context.common.aead_cipher->key_len;
        FUZZ_CHECK(memcmp(mine->pairwise_recipient_key, there.recipients[0].pairwise_sender_key, len) == 0 &&
                       memcmp(mine->pairwise_sender_key, there.recipients[0].pairwise_recipient_key, len) ==
                           0,
                   "pairwise keys are the same, crossed");
    }
}

static void check_recipients(fuzz_input *in, const gosc_context_params *params, end *e, const fuzz_lane *lane)
{
    gosc_span id = fuzz_bytes(in, fuzz_u8(in) % 9);
    gosc_span credential = fuzz_bool(in) ? take_span(in, 90) : lane->credential[FUZZ_SERVER];
    bool own = params->sender_id.ptr != NULL && gosc_span_equal(params->sender_id, id);
    gosc_err err = gosc_recipient_context_add(&e->context, id, credential);
    bool fits = id.len <= e->context.common.id_max && !own;
    FUZZ_CHECK(fits || err == GOSC_ERR_CONTEXT_INVALID,
               "an ID that does not fit, or the own one, is refused");
    FUZZ_CHECK((gosc_recipient_context_find(&e->context, id) != NULL) == (err == GOSC_OK),
               "it is there when it was added");
    if (err != GOSC_OK) {
        FUZZ_CHECK(!e->recipients[0].used, "a refusal takes no slot");
        return;
    }
    FUZZ_CHECK(e->recipients[0].window.valid == !params->windows_invalid, "its window is as the set-up says");
    FUZZ_CHECK(gosc_recipient_context_add(&e->context, id, credential) == GOSC_ERR_CONTEXT_INVALID,
               "but not twice");
    if (params->sender_id.ptr != NULL && credential.ptr == lane->credential[FUZZ_SERVER].ptr) {
        check_other_end(params, e, id, lane);
    }
    FUZZ_CHECK(gosc_recipient_context_delete(&e->context, id) &&
                   !gosc_recipient_context_delete(&e->context, id) && e->context.new_windows_invalid,
               "it is deleted once, and windows made from now on are invalid");
}

void fuzz_target(fuzz_input *in)
{
    static end first, second;
    memset(&first, 0xee, sizeof first);
    memset(&second, 0x11, sizeof second);
    fuzz_lane *lane = fuzz_lane_open(FUZZ_PAIRWISE, 0);
    gosc_context_params params = take_params(in, lane);
    gosc_err err = init(&params, &first);
    FUZZ_CHECK(init(&params, &second) == err, "the same parameters, the same verdict");
    if (err != GOSC_OK) {
        check_refused(&first);
        return;
    }
    check_set_up(&params, &first);
    FUZZ_CHECK(
        memcmp(first.context.common.common_iv, second.context.common.common_iv,
               first.context.common.common_iv_len) == 0 &&
            (!first.context.sender.present || memcmp(first.context.sender.key, second.context.sender.key,
                                                     first.context.common.cipher->key_len) == 0),
        "the same parameters, the same keys");
    check_recipients(in, &params, &first, lane);
}
