/* SPDX-License-Identifier: BSD-2-Clause */
#include "seal.h"

#include "common.h"

enum {
    BESIDE_PLAINTEXT = 2000, /* bytes: everything else of a message, or of its AAD */
    ROOM = (1 << 20) + BESIDE_PLAINTEXT,
};

typedef struct parts {
    const gosc_cipher *cipher;
    const uint8_t *key;
    gosc_span nonce_id;
    gosc_span nonce_piv_bytes;
    gosc_partial_iv nonce_piv;
    size_t signature_len;
    uint8_t signature[GOSC_SIGNATURE_MAX];
} parts;

static parts choose(const gosc_security_context *sender, const gosc_recipient_context *receiver,
                    const fuzz_sealing *s)
{
    const gosc_common_context *common = &sender->common;
    bool own = s->is_request || s->option.partial_iv_bytes.ptr != NULL;
    bool pairwise = common->dialect->has_modes && !s->group_mode;
    return (parts){
        .cipher = s->group_mode ? common->group_cipher : common->aead_cipher,
        .key = pairwise ? receiver->pairwise_sender_key : sender->sender.key,
        .nonce_id = own ? gosc_id_span(&sender->sender.id) : s->request_kid,
        .nonce_piv_bytes = own ? s->option.partial_iv_bytes : s->request_piv,
        .nonce_piv = own ? s->option.partial_iv : s->request_piv_number,
        .signature_len = s->group_mode ? common->signature_len : 0,
    };
}

static gosc_span option_write(const gosc_security_context *sender, const fuzz_sealing *s, const parts *p,
                              gosc_buf room)
{
    gosc_oscore_option option = s->option;
    if (sender->common.dialect->signature_in_option) {
        option.signature = gosc_span_of(p->signature, p->signature_len);
    }
    gosc_writer w;
    gosc_writer_init(&w, room);
    gosc_oscore_option_write(&w, &option, s->group_mode ? GOSC_FLAG_GROUP : 0);
    FUZZ_CHECK(!w.failed, "an option of a lane fits");
    return gosc_writer_span(&w);
}

/* Encrypts, and signs what was encrypted; gives the ciphertext. */
static gosc_span encrypt(const gosc_security_context *sender, const fuzz_sealing *s, parts *p)
{
    const gosc_common_context *common = &sender->common;
    uint8_t option[GOSC_OPTION_VALUE_MAX];
    /* Where it holds the signature, it is not in the AAD. */
    gosc_span without_signature = option_write(sender, s, p, (gosc_buf){option, sizeof option});
    const gosc_aad_input in = {
        .request_kid = s->request_kid,
        .request_piv = s->request_piv,
        .request_kid_context = common->id_context,
        .option = without_signature,
        .sender_cred = sender->sender.credential,
    };
    size_t len = s->plaintext.len + p->cipher->tag_len;
    uint8_t nonce[GOSC_NONCE_MAX];
    static uint8_t room[ROOM];
    gosc_aad aad;
    gosc_nonce_make(common->common_iv, p->cipher->nonce_len, p->nonce_id, p->nonce_piv, nonce);
    FUZZ_CHECK(gosc_aad_build(common, &in, len, (gosc_buf){room, sizeof room}, &aad) == GOSC_OK,
               "AAD of a lane");
    FUZZ_CHECK(gosc_crypto_seal(p->cipher, p->key, nonce, gosc_aad_enc_structure(&aad), s->plaintext,
                                aad.ciphertext) == GOSC_OK,
               "sealing");
    if (p->signature_len > 0) {
        FUZZ_CHECK(gosc_counter_signature_make(sender, &aad, p->nonce_piv_bytes, p->nonce_id, s->is_request,
                                               p->signature) == GOSC_OK,
                   "signing");
    }
    return gosc_span_of(aad.ciphertext, len);
}

gosc_span fuzz_seal(const gosc_security_context *sender, const gosc_recipient_context *receiver,
                    const fuzz_sealing *s)
{
    parts p = choose(sender, receiver, s);
    gosc_span ciphertext = encrypt(sender, s, &p);
    uint8_t value[GOSC_OPTION_VALUE_MAX];
    gosc_span option = option_write(sender, s, &p, (gosc_buf){value, sizeof value});
    static uint8_t room[ROOM];
    uint16_t previous = 0;
    size_t at = 0;
    gosc_writer w;
    gosc_writer_init(&w, (gosc_buf){room, sizeof room});
    gosc_coap_header_write(&w, &s->outer);
    for (; at < s->n_outer && s->outer_options[at].number <= GOSC_OPTION_OSCORE; at++) {
        gosc_option_write(&w, &previous, s->outer_options[at].number, s->outer_options[at].value);
    }
    gosc_option_write(&w, &previous, GOSC_OPTION_OSCORE, option);
    for (; at < s->n_outer; at++) {
        gosc_option_write(&w, &previous, s->outer_options[at].number, s->outer_options[at].value);
    }
    gosc_write_u8(&w, 0xff);
    gosc_write_bytes(&w, ciphertext);
    if (!sender->common.dialect->signature_in_option) {
        gosc_write_bytes(&w, gosc_span_of(p.signature, p.signature_len));
    }
    FUZZ_CHECK(!w.failed, "room for a sealed message");
    return fuzz_exact(gosc_writer_span(&w));
}
