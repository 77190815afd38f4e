/* SPDX-License-Identifier: BSD-2-Clause */
#include "forge.h"

#include <sodium.h>
#include <string.h>

enum {
    ROOM = 8192, /* bytes of a forged message */
};

static const struct {
    const char *name;
    adv_fault fault;
} faults[] = {
    {"wrong-key", ADV_WRONG_KEY},
    {"wrong-nonce", ADV_WRONG_NONCE},
    {"group-as-pairwise", ADV_GROUP_AS_PAIRWISE},
    {"pairwise-as-group", ADV_PAIRWISE_AS_GROUP},
    {"old-epoch", ADV_OLD_EPOCH},
    {"no-signature", ADV_NO_SIGNATURE},
    {"zero-signature", ADV_ZERO_SIGNATURE},
    {"other-signature", ADV_OTHER_SIGNATURE},
    {"unmasked-signature", ADV_UNMASKED_SIGNATURE},
    {"prehashed-signature", ADV_PREHASHED_SIGNATURE},
    {"aad-request-kid", ADV_AAD_REQUEST_KID},
    {"aad-request-piv", ADV_AAD_REQUEST_PIV},
    {"aad-kid-context", ADV_AAD_KID_CONTEXT},
    {"aad-option", ADV_AAD_OPTION},
    {"aad-sender-cred", ADV_AAD_SENDER_CRED},
    {"aad-gm-cred", ADV_AAD_GM_CRED},
    {"aad-algorithms", ADV_AAD_ALGORITHMS},
    {"inner-malformed", ADV_INNER_MALFORMED},
    {"inner-oscore", ADV_INNER_OSCORE},
};

bool adv_fault_of(const char *name, adv_fault *fault)
{
    *fault = ADV_NO_FAULT;
    for (size_t i = 0; name != NULL && i < sizeof faults / sizeof faults[0]; i++) {
        if (strcmp(faults[i].name, name) == 0) {
            *fault = faults[i].fault;
        }
    }
    return name == NULL || *fault != ADV_NO_FAULT;
}

adv_who adv_who_of(const char *name)
{
    if (strcmp(name, "insider") == 0) {
        return ADV_INSIDER;
    }
    return strcmp(name, "owner") == 0 ? ADV_OWNER : ADV_OUTSIDER;
}

/* A message in the making. */
typedef struct making {
    run_world *world;
    vec_arena *arena;
    const adv_order *order;
    gosc_security_context *view;   /* of the member it claims to come from */
    gosc_security_context *signer; /* whose private key signs */
    gosc_common_context common;    /* a copy, to be bent */
    const gosc_cipher *cipher;
    uint8_t key[GOSC_KEY_MAX];
    gosc_oscore_option option;
    uint8_t piv[GOSC_PARTIAL_IV_MAX];
    gosc_span option_value;
    gosc_aad_input bound;
    gosc_span nonce_id, nonce_piv_bytes;
    gosc_partial_iv nonce_piv;
    uint8_t signature[GOSC_SIGNATURE_MAX];
} making;

static bool is_own(const making *m)
{
    return strcmp(m->order->group->members[m->order->claims].name, RUN_ADVERSARY) == 0;
}

/* spoil gives bytes that differ from these, of the same length (one byte, where there are none). */
static gosc_span spoil(vec_arena *arena, gosc_span bytes)
{
    size_t len = bytes.len > 0 ? bytes.len : 1;
    uint8_t *copy = vec_alloc(arena, len);
    if (bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    copy[len - 1] = (uint8_t)(copy[len - 1] ^ 0x01);
    return gosc_span_of(copy, len);
}

/* ---- keys ---- */

static const char *pairwise_key(making *m, gosc_security_context *view, size_t target)
{
    if (target == RUN_NO_MEMBER) {
        return "a pairwise message needs a target";
    }
    const run_member *member = &m->order->group->members[target];
    gosc_recipient_context *other = gosc_recipient_context_find(view, run_member_id(member, m->order->epoch));
    gosc_buf scratch = {vec_alloc(m->arena, ROOM), ROOM};
    if (other == NULL || gosc_pairwise_keys_ready(view, other, scratch) != GOSC_OK) {
        return "there is no pairwise key for this target";
    }
    memcpy(m->key, other->pairwise_sender_key, sizeof m->key);
    return NULL;
}

/* pick_key: what this adversary can have. An insider that claims another's kid in pairwise mode has only its
 * own keys. */
static const char *pick_key(making *m, gosc_security_context *adversary)
{
    const adv_order *o = m->order;
    bool pairwise = m->common.dialect->has_modes && !o->group_mode;
    const char *why = NULL;
    m->cipher = o->group_mode ? m->common.group_cipher : m->common.aead_cipher;
    if (m->cipher == NULL) {
        return "the group has no such mode";
    }
    memcpy(m->key, m->view->sender.key, sizeof m->key);
    if ((pairwise && o->fault != ADV_GROUP_AS_PAIRWISE) || o->fault == ADV_PAIRWISE_AS_GROUP) {
        bool insider = o->who == ADV_INSIDER && !is_own(m) && adversary != NULL;
        why = pairwise_key(m, insider ? adversary : m->view, o->target);
    }
    if (o->who == ADV_OUTSIDER || o->fault == ADV_WRONG_KEY) {
        for (size_t i = 0; i < sizeof m->key; i++) {
            m->key[i] = (uint8_t)(m->key[i] ^ 0x5a);
        }
    }
    return why;
}

/* pick_signer: the owner of the kid where the adversary is the owner, else the adversary itself; for
 * other-signature anyone but the owner. */
static const char *pick_signer(making *m, gosc_security_context *adversary)
{
    const adv_order *o = m->order;
    m->signer = o->who == ADV_OWNER || is_own(m) ? m->view : adversary;
    if (o->fault == ADV_OTHER_SIGNATURE || m->signer == NULL) {
        m->signer = NULL;
        for (size_t i = 0; m->signer == NULL && i < o->group->n_members; i++) {
            if (i != o->claims && gosc_span_present(o->group->members[i].id)) {
                m->signer = run_world_view(m->world, o->group, o->epoch, i);
            }
        }
    }
    return m->signer != NULL ? NULL : "there is nobody who could sign";
}

/* ---- what it is bound to ---- */

static void bind(making *m)
{
    const adv_order *o = m->order;
    bool own = o->request == NULL || o->own_piv;
    m->option.kid = o->kid;
    m->option.kid_context = o->kid_context;
    if (own) {
        m->option.partial_iv.number = o->piv;
        m->option.partial_iv_bytes =
            gosc_span_of(m->piv, gosc_partial_iv_encode(m->option.partial_iv, m->piv));
    }
    const gosc_oscore_option *asked = o->request != NULL ? &o->request->layers.fields : &m->option;
    m->bound = (gosc_aad_input){
        .request_kid = asked->kid,
        .request_piv = asked->partial_iv_bytes,
        .request_kid_context = asked->kid_context,
        .sender_cred = m->view->sender.credential,
    };
    m->nonce_id = own ? gosc_id_span(&m->view->sender.id) : asked->kid;
    m->nonce_piv_bytes = own ? m->option.partial_iv_bytes : asked->partial_iv_bytes;
    m->nonce_piv = own ? m->option.partial_iv : asked->partial_iv;
}

static const char *option_write(making *m, gosc_span signature)
{
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(m->arena, GOSC_OPTION_VALUE_MAX), GOSC_OPTION_VALUE_MAX});
    m->option.signature = signature;
    gosc_oscore_option_write(&writer, &m->option, m->order->group_mode ? GOSC_FLAG_GROUP : 0);
    m->option_value = gosc_writer_span(&writer);
    return writer.failed ? "the OSCORE option is too long" : NULL;
}

static void bend(making *m)
{
    gosc_aad_input *b = &m->bound;
    switch (m->order->fault) {
    case ADV_AAD_REQUEST_KID:
        b->request_kid = spoil(m->arena, b->request_kid);
        break;
    case ADV_AAD_REQUEST_PIV:
        b->request_piv = spoil(m->arena, b->request_piv);
        break;
    case ADV_AAD_KID_CONTEXT:
        b->request_kid_context = spoil(m->arena, b->request_kid_context);
        break;
    case ADV_AAD_OPTION:
        b->option = spoil(m->arena, b->option);
        break;
    case ADV_AAD_SENDER_CRED:
        b->sender_cred = spoil(m->arena, b->sender_cred);
        break;
    case ADV_AAD_GM_CRED:
        m->common.gm_credential = spoil(m->arena, m->common.gm_credential);
        break;
    case ADV_AAD_ALGORITHMS:
        m->common.aead = m->common.aead == GOSC_ALG_A256GCM ? GOSC_ALG_CCM_16_64_128 : GOSC_ALG_A256GCM;
        break;
    case ADV_NO_FAULT:
    case ADV_WRONG_KEY:
    case ADV_WRONG_NONCE:
    case ADV_GROUP_AS_PAIRWISE:
    case ADV_PAIRWISE_AS_GROUP:
    case ADV_OLD_EPOCH:
    case ADV_NO_SIGNATURE:
    case ADV_ZERO_SIGNATURE:
    case ADV_OTHER_SIGNATURE:
    case ADV_UNMASKED_SIGNATURE:
    case ADV_PREHASHED_SIGNATURE:
    case ADV_INNER_MALFORMED:
    case ADV_INNER_OSCORE:
    default:
        break;
    }
}

/* ---- content ---- */

static gosc_span plaintext_make(const making *m)
{
    const gosc_coap_pdu *plain = &m->order->plain;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(m->arena, ROOM), ROOM});
    gosc_write_u8(&writer, plain->code);
    if (m->order->fault == ADV_INNER_OSCORE) {
        uint16_t previous = 0;
        gosc_option_write(&writer, &previous, GOSC_OPTION_OSCORE, GOSC_EMPTY);
        return gosc_writer_span(&writer);
    }
    gosc_write_bytes(&writer, plain->options);
    gosc_coap_payload_write(&writer, plain->payload);
    if (m->order->fault == ADV_INNER_MALFORMED && !gosc_span_present(plain->payload)) {
        gosc_write_u8(&writer, 0xff); /* a marker without payload */
    } else if (m->order->fault == ADV_INNER_MALFORMED) {
        writer.start[1] = 0xf0; /* option delta 15 */
    }
    return gosc_writer_span(&writer);
}

/* sign_prehashed makes an Ed25519ph signature (RFC 8032 section 5.1), which no text here knows. */
static gosc_err sign_prehashed(const gosc_sender_context *signer, gosc_span message, uint8_t *signature)
{
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    crypto_sign_ed25519ph_state state;
    if (signer->public_key.curve != GOSC_CURVE_ED25519 || signer->private_key.len != crypto_sign_SEEDBYTES ||
        crypto_sign_seed_keypair(public_key, secret_key, signer->private_key.ptr) != 0) {
        return GOSC_ERR_USAGE;
    }
    (void)crypto_sign_ed25519ph_init(&state);
    (void)crypto_sign_ed25519ph_update(&state, message.ptr, message.len);
    return crypto_sign_ed25519ph_final_create(&state, signature, NULL, secret_key) == 0 ? GOSC_OK
                                                                                        : GOSC_ERR_CRYPTO;
}

static gosc_err sign(making *m, const gosc_aad *aad)
{
    size_t len = m->common.signature_len;
    if (m->order->fault == ADV_ZERO_SIGNATURE) {
        memset(m->signature, 0, len);
    } else {
        const gosc_sender_context *signer = &m->signer->sender;
        gosc_span signed_bytes = gosc_aad_countersign_structure(&m->common, aad);
        gosc_err err = m->order->fault == ADV_PREHASHED_SIGNATURE
                           ? sign_prehashed(signer, signed_bytes, m->signature)
                           : gosc_crypto_sign(m->common.signature, signer->private_key, &signer->public_key,
                                              signed_bytes, m->signature);
        if (err != GOSC_OK) {
            return err;
        }
    }
    if (m->common.dialect->signature_in_option || m->order->fault == ADV_UNMASKED_SIGNATURE) {
        return GOSC_OK;
    }
    uint8_t keystream[GOSC_SIGNATURE_MAX];
    gosc_err err = gosc_counter_signature_keystream(&m->common, m->nonce_piv_bytes, m->nonce_id,
                                                    m->order->request == NULL, keystream);
    for (size_t i = 0; err == GOSC_OK && i < len; i++) {
        m->signature[i] = (uint8_t)(m->signature[i] ^ keystream[i]);
    }
    return err;
}

/* seal encrypts and signs; ciphertext gets bytes of the arena. */
static gosc_err seal(making *m, bool is_signed, gosc_span *ciphertext)
{
    gosc_span plaintext = plaintext_make(m);
    size_t len = plaintext.len + m->cipher->tag_len;
    gosc_buf room = {vec_alloc(m->arena, 2 * ROOM), 2 * ROOM};
    gosc_aad aad;
    uint8_t nonce[GOSC_NONCE_MAX];
    gosc_err err = gosc_aad_build(&m->common, &m->bound, is_signed ? len : 0, room, &aad);
    if (err != GOSC_OK) {
        return err;
    }
    gosc_nonce_make(m->common.common_iv, m->cipher->nonce_len, m->nonce_id, m->nonce_piv, nonce);
    if (m->order->fault == ADV_WRONG_NONCE) {
        nonce[0] = (uint8_t)(nonce[0] ^ 0x80);
    }
    uint8_t *out = vec_alloc(m->arena, len);
    err = gosc_crypto_seal(m->cipher, m->key, nonce, gosc_aad_enc_structure(&aad), plaintext, out);
    *ciphertext = gosc_span_of(out, len);
    if (err == GOSC_OK && is_signed) {
        memcpy(aad.ciphertext, out, len);
        err = sign(m, &aad);
    }
    return err;
}

static gosc_span datagram_make(making *m, gosc_span ciphertext, bool signature_behind)
{
    const adv_order *o = m->order;
    gosc_writer writer;
    uint16_t previous = 0;
    gosc_coap_pdu outer = o->plain;
    bool is_request = o->request == NULL;
    outer.code = (uint8_t)(is_request ? (o->observe ? GOSC_CODE_FETCH : GOSC_CODE_POST)
                                      : (o->observe ? GOSC_CODE_CONTENT : GOSC_CODE_CHANGED));
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(m->arena, ROOM), ROOM});
    gosc_coap_header_write(&writer, &outer);
    if (o->observe) {
        gosc_option_write(&writer, &previous, GOSC_OPTION_OBSERVE, o->outer_observe);
    }
    gosc_option_write(&writer, &previous, GOSC_OPTION_OSCORE, m->option_value);
    gosc_write_u8(&writer, 0xff);
    gosc_write_bytes(&writer, ciphertext);
    if (signature_behind) {
        gosc_write_bytes(&writer, gosc_span_of(m->signature, m->common.signature_len));
    }
    return gosc_writer_span(&writer);
}

static size_t adversary_of(const adv_order *order)
{
    return run_group_member(order->group, RUN_ADVERSARY);
}

const char *adv_forge(run_world *world, const adv_order *order, gosc_span *datagram)
{
    making m = {.world = world, .arena = world->arena, .order = order};
    size_t self = adversary_of(order);
    gosc_security_context *adversary =
        self != RUN_NO_MEMBER ? run_world_view(world, order->group, order->epoch, self) : NULL;
    m.view = run_world_view(world, order->group, order->epoch, order->claims);
    if (m.view == NULL || !m.view->sender.present) {
        return "the member it claims to come from has no Sender Context";
    }
    m.common = m.view->common;
    bool is_signed = order->group_mode && m.common.signature_len > 0;
    bool with_signature = is_signed && order->fault != ADV_NO_SIGNATURE;
    bool in_option = m.common.dialect->signature_in_option;
    const char *why = pick_key(&m, adversary);
    if (why == NULL && is_signed) {
        why = pick_signer(&m, adversary);
    }
    if (why != NULL) {
        return why;
    }
    bind(&m);
    /* The option is authenticated in group-28, so it is complete before; in group-02 it holds the signature.
     */
    why = option_write(&m, in_option && is_signed ? gosc_span_of(m.signature, m.common.signature_len)
                                                  : GOSC_ABSENT);
    m.bound.option = m.option_value;
    bend(&m);
    gosc_span ciphertext = GOSC_ABSENT;
    if (why == NULL && seal(&m, is_signed, &ciphertext) != GOSC_OK) {
        why = "the message could not be sealed";
    }
    if (why == NULL && in_option) {
        why = option_write(&m,
                           with_signature ? gosc_span_of(m.signature, m.common.signature_len) : GOSC_ABSENT);
    }
    if (why == NULL) {
        *datagram = datagram_make(&m, ciphertext, with_signature && !in_option);
    }
    return why;
}
