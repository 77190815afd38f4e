/* SPDX-License-Identifier: BSD-2-Clause */
#include "unprotect.h"

#include <string.h>

#include "echo.h"
#include "message.h"
#include "nonce.h"
#include "option_class.h"
#include "sync.h"

/* A message on its way in: what the steps below hand to each other. */
typedef struct incoming {
    gosc_coap_pdu pdu; /* outer */
    gosc_span option_value;
    gosc_oscore_option option;
    gosc_security_context *context; /* under judgement */
    bool is_request;
    bool group_mode;
    gosc_recipient_context provisional;
    gosc_recipient_context *sender; /* in the table, or &provisional */
    gosc_buf scratch;
    gosc_span plaintext;
    uint8_t inner_code;
    gosc_span inner_options;
    gosc_span inner_payload;
} incoming;

/* find_option takes the one OSCORE option of a message. */
static gosc_err find_option(gosc_span options, gosc_span *value)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    *value = GOSC_ABSENT;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        if (option.number != GOSC_OPTION_OSCORE) {
            continue;
        }
        if (gosc_span_present(*value)) {
            return GOSC_ERR_OPTION_REPEATED;
        }
        *value = option.value;
    }
    return gosc_span_present(*value) ? GOSC_OK : GOSC_ERR_NOT_OSCORE;
}

static gosc_err parse_outer(incoming *m, gosc_span datagram)
{
    gosc_err err = gosc_coap_pdu_parse(datagram, &m->pdu);
    if (err != GOSC_OK) {
        return err;
    }
    if (!(m->is_request ? gosc_code_is_request(m->pdu.code) : gosc_code_is_response(m->pdu.code))) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    err = find_option(m->pdu.options, &m->option_value);
    if (err != GOSC_OK) {
        return err;
    }
    return gosc_span_present(m->pdu.payload) ? GOSC_OK : GOSC_ERR_PAYLOAD_MISSING;
}

/* parse_option reads the option by the grammar of a context's dialect. */
static gosc_err parse_option(incoming *m, const gosc_common_context *common)
{
    const gosc_dialect *dialect = common->dialect;
    gosc_err err =
        gosc_oscore_option_parse(m->option_value, dialect->flags_allowed, dialect->flags_required, &m->option);
    if (err == GOSC_OK && dialect->signature_in_option) {
        err = gosc_oscore_option_split(&m->option, common->signature_len);
    }
    if (err != GOSC_OK) {
        return err;
    }
    m->group_mode = (m->option.flags & GOSC_FLAG_GROUP) != 0;
    return gosc_oscore_option_check_kid(&m->option);
}

/* check_request_fields: what every request carries. */
static gosc_err check_request_fields(const incoming *m)
{
    if (!gosc_span_present(m->option.partial_iv_bytes)) {
        return GOSC_ERR_PARTIAL_IV_MISSING;
    }
    if (!gosc_span_present(m->option.kid)) {
        return GOSC_ERR_KID_MISSING;
    }
    if (m->context->common.dialect->group != NULL && !gosc_span_present(m->option.kid_context)) {
        return GOSC_ERR_KID_CONTEXT_MISSING;
    }
    return GOSC_OK;
}

/* find_sender finds whose message it claims to be; a member heard for the first time is provisional. */
static gosc_err find_sender(incoming *m, gosc_span kid)
{
    const gosc_security_context *context = m->context;
    bool in_group = context->common.dialect->group != NULL;
    gosc_err err = gosc_mode_check(&context->common, m->group_mode);
    if (err != GOSC_OK) {
        return err;
    }
    if (in_group && context->sender.present && gosc_span_equal(gosc_id_span(&context->sender.id), kid)) {
        return GOSC_ERR_OWN_KID;
    }
    err = gosc_recipient_context_provisional(context, kid, &m->provisional, &m->sender);
    if (err == GOSC_ERR_RECIPIENT_UNKNOWN && !in_group) {
        return GOSC_ERR_CONTEXT_NOT_FOUND;
    }
    if (err == GOSC_OK && in_group && !gosc_span_present(m->sender->credential)) {
        return GOSC_ERR_CREDENTIAL_MISSING;
    }
    return err;
}

/* check_length: at least one byte of content beside tag and signature. */
static gosc_err check_length(const incoming *m)
{
    const gosc_common_context *common = &m->context->common;
    const gosc_cipher *cipher = m->group_mode ? common->group_cipher : common->aead_cipher;
    size_t behind = m->group_mode && !common->dialect->signature_in_option ? common->signature_len : 0;
    return m->pdu.payload.len < (size_t)cipher->tag_len + behind + 1 ? GOSC_ERR_PAYLOAD_SHORT : GOSC_OK;
}

static gosc_err decrypt(incoming *m, const gosc_suite *suite, const gosc_binding *binding, const gosc_aad *aad,
                        gosc_span ciphertext, uint8_t *plaintext)
{
    uint8_t nonce[GOSC_NONCE_MAX];
    gosc_nonce_make(m->context->common.common_iv, suite->cipher->nonce_len, binding->nonce_id, binding->nonce_piv,
                    nonce);
    m->plaintext = gosc_span_of(plaintext, ciphertext.len - suite->cipher->tag_len);
    return gosc_crypto_open(suite->cipher, suite->key, nonce, gosc_aad_enc_structure(aad), ciphertext, plaintext);
}

static gosc_err verify_signature(const incoming *m, const gosc_binding *binding, const gosc_aad *aad,
                                 gosc_span ciphertext, gosc_span signature)
{
    const gosc_common_context *common = &m->context->common;
    memcpy(aad->ciphertext, ciphertext.ptr, ciphertext.len);
    return common->dialect->group->countersign_verify(common, &m->sender->public_key, aad, binding->nonce_piv_bytes,
                                                      binding->nonce_id, m->is_request, signature);
}

/* open_content verifies and decrypts into scratch, in the order the dialect wants. */
static gosc_err open_content(incoming *m, const gosc_binding *binding)
{
    const gosc_dialect *dialect = m->context->common.dialect;
    gosc_suite suite;
    gosc_err err = gosc_suite_resolve(m->context, m->sender, m->group_mode, false, m->scratch, &suite);
    if (err != GOSC_OK) {
        return err;
    }
    gosc_span ciphertext = m->pdu.payload;
    gosc_span signature = m->option.signature;
    if (suite.signature_len > 0 && !dialect->signature_in_option) {
        ciphertext.len -= suite.signature_len;
        signature = gosc_span_of(ciphertext.ptr + ciphertext.len, suite.signature_len);
    }
    gosc_buf plaintext;
    gosc_aad aad;
    err = gosc_buf_cut(&m->scratch, ciphertext.len - suite.cipher->tag_len, &plaintext);
    if (err == GOSC_OK) {
        err = gosc_message_aad(m->context, binding, m->option_value, m->sender->credential,
                               suite.signature_len > 0 ? ciphertext.len : 0, m->scratch, &aad);
    }
    if (err == GOSC_OK && suite.signature_len > 0 && dialect->signature_first) {
        err = verify_signature(m, binding, &aad, ciphertext, signature);
    }
    if (err == GOSC_OK) {
        err = decrypt(m, &suite, binding, &aad, ciphertext, plaintext.ptr);
    }
    if (err == GOSC_OK && suite.signature_len > 0 && !dialect->signature_first) {
        err = verify_signature(m, binding, &aad, ciphertext, signature);
    }
    return err;
}

/* parse_inner takes the plaintext apart: code, options, payload (RFC 8613 section 5.3). */
static gosc_err parse_inner(incoming *m)
{
    m->inner_code = m->plaintext.ptr[0];
    gosc_span content = gosc_span_of(m->plaintext.ptr + 1, m->plaintext.len - 1);
    gosc_err err = gosc_coap_content_parse(content, &m->inner_options, &m->inner_payload);
    bool fits = m->is_request ? gosc_code_is_request(m->inner_code) : gosc_code_is_response(m->inner_code);
    if (err != GOSC_OK || !fits || gosc_span_present(gosc_option_find(m->inner_options, GOSC_OPTION_OSCORE))) {
        return GOSC_ERR_INNER_MALFORMED;
    }
    return GOSC_OK;
}

/* write_message puts together what the application gets. */
static gosc_err write_message(const incoming *m, gosc_buf out, gosc_span *message)
{
    gosc_writer writer;
    gosc_coap_pdu header = m->pdu;
    header.code = m->inner_code;
    gosc_writer_init(&writer, out);
    gosc_coap_header_write(&writer, &header);
    gosc_err err = gosc_options_merge(m->pdu.options, m->inner_options, &writer);
    if (err != GOSC_OK) {
        return err;
    }
    gosc_coap_payload_write(&writer, m->inner_payload);
    *message = gosc_writer_span(&writer);
    return writer.failed ? GOSC_ERR_ROOM : GOSC_OK;
}

static void fill_received(const incoming *m, gosc_received *received)
{
    received->context = m->context;
    received->sender = m->sender;
    received->group_mode = m->group_mode;
    received->has_partial_iv = gosc_span_present(m->option.partial_iv_bytes);
    received->partial_iv = m->option.partial_iv;
}

/* show_freshness judges a request that must show it: by its Echo, or by a method that needs none. */
static gosc_err show_freshness(incoming *m, uint64_t now_ms)
{
    const gosc_security_context *context = m->context;
    gosc_span echo = gosc_option_find(m->inner_options, GOSC_OPTION_ECHO);
    gosc_err err = gosc_echo_check(context, m->sender, echo, now_ms);
    if (err == GOSC_OK) {
        gosc_echo_commit(context, m->sender, m->option.partial_iv);
    } else if (err == GOSC_ERR_ECHO_REQUIRED && !m->sender->window.valid) {
        err = gosc_sync_start(context, m->sender, m->option.partial_iv);
    }
    return err;
}

/*
 * commit_request moves the state for a request that verified: Recipient Context, window, Echo. A request that must show
 * freshness and does not is verified all the same: a valid window has seen it, and its sender is known from now on.
 */
static gosc_err commit_request(incoming *m, uint64_t now_ms)
{
    m->sender = gosc_recipient_context_keep(m->context, m->sender);
    gosc_sync_gap(m->context, m->sender, m->option.partial_iv);
    bool due = gosc_echo_is_due(m->context, m->sender);
    if (m->sender->window.valid) {
        gosc_replay_window_commit(&m->sender->window, m->option.partial_iv);
    }
    return due ? show_freshness(m, now_ms) : GOSC_OK;
}

/* verify_request does all that can fail before any state moves. */
static gosc_err verify_request(incoming *m)
{
    gosc_err err = parse_option(m, &m->context->common);
    if (err == GOSC_OK) {
        err = check_request_fields(m);
    }
    if (err != GOSC_OK) {
        return err;
    }
    gosc_span kid_context = m->option.kid_context;
    if (gosc_span_present(kid_context) && !gosc_span_equal(kid_context, m->context->common.wire_id_context)) {
        return GOSC_ERR_CONTEXT_NOT_FOUND;
    }
    err = find_sender(m, m->option.kid);
    if (err == GOSC_OK) {
        err = check_length(m);
    }
    if (err == GOSC_OK && m->sender->window.valid) {
        err = gosc_replay_window_check(&m->sender->window, m->option.partial_iv);
    }
    if (err == GOSC_OK) {
        gosc_binding binding = gosc_binding_of_request(m->context, &m->option);
        err = open_content(m, &binding);
    }
    return err == GOSC_OK ? parse_inner(m) : err;
}

/* try_request judges a request under one context. */
static gosc_err try_request(incoming *m, uint64_t now_ms, gosc_exchange *exchange, gosc_received *received,
                            gosc_buf out)
{
    gosc_err err = verify_request(m);
    if (err == GOSC_OK) {
        err = write_message(m, out, &received->message);
    }
    if (err != GOSC_OK) {
        return err;
    }
    err = commit_request(m, now_ms);
    fill_received(m, received);
    gosc_exchange_bind(exchange, m->context, &m->pdu, &m->option, m->group_mode,
                       gosc_observe_is_registration(m->inner_options));
    return err;
}

/* leave wipes what must not stay behind: plaintext and keys in scratch; the message too, when it is not to be delivered. */
static gosc_err leave(incoming *m, gosc_err err, gosc_buf scratch, gosc_received *received, gosc_buf out)
{
    gosc_crypto_wipe(scratch.ptr, (size_t)(m->scratch.ptr - scratch.ptr));
    gosc_crypto_wipe(&m->provisional, sizeof m->provisional);
    if (err != GOSC_OK) {
        received->message = GOSC_ABSENT;
        if (gosc_span_present(m->plaintext)) {
            gosc_crypto_wipe(out.ptr, out.len);
        }
    }
    return err;
}

/* is_verified: the request verified, though it is not to be delivered: no other context need be tried. */
static bool is_verified(gosc_err err)
{
    return err == GOSC_OK || err == GOSC_ERR_ECHO_REQUIRED || err == GOSC_ERR_ECHO_MISMATCH ||
           err == GOSC_ERR_ECHO_EXPIRED || err == GOSC_ERR_SYNCHRONISED;
}

gosc_err gosc_unprotect_request(const gosc_context_store *store, gosc_span datagram, uint64_t now_ms, gosc_buf scratch,
                                gosc_exchange *exchange, gosc_received *received, gosc_buf out)
{
    incoming m = {.is_request = true};
    gosc_err err = parse_outer(&m, datagram);
    if (err != GOSC_OK) {
        return err;
    }
    /* Two managers may have given out the same Gid: each context is tried, the refusal that came furthest is told. */
    gosc_err furthest = GOSC_ERR_CONTEXT_NOT_FOUND;
    for (size_t i = 0; i < store->n_contexts; i++) {
        m.context = store->contexts[i];
        m.scratch = scratch;
        err = try_request(&m, now_ms, exchange, received, out);
        if (i == 0 || is_verified(err) || err > furthest) {
            furthest = err;
        }
        if (is_verified(err)) {
            break;
        }
    }
    return leave(&m, furthest, scratch, received, out);
}

/* find_response_context: by the kid context named, else that of the request. */
static gosc_err find_response_context(incoming *m, const gosc_context_store *store, const gosc_exchange *exchange)
{
    gosc_span kid_context = m->option.kid_context;
    const gosc_dialect *dialect = exchange->context->common.dialect;
    if (dialect->group == NULL || !gosc_span_present(kid_context)) {
        return GOSC_OK;
    }
    if (!dialect->has_modes) {
        return gosc_span_equal(kid_context, exchange->request_kid_context) ? GOSC_OK : GOSC_ERR_CONTEXT_NOT_FOUND;
    }
    for (size_t i = 0; i < store->n_contexts; i++) {
        const gosc_common_context *common = &store->contexts[i]->common;
        if (common->dialect == dialect && gosc_span_equal(kid_context, common->id_context)) {
            m->context = store->contexts[i];
            return GOSC_OK;
        }
    }
    return GOSC_ERR_CONTEXT_NOT_FOUND;
}

/* find_responder: who answers, and whether that is who was asked (Group OSCORE -28 sections 7.4, 8.6). */
static gosc_err find_responder(incoming *m, const gosc_exchange *exchange)
{
    gosc_span asked = gosc_id_span(&exchange->responder);
    if (m->context->common.dialect->group == NULL) {
        m->sender = gosc_recipient_context_find(m->context, asked);
        return m->sender == NULL ? GOSC_ERR_CONTEXT_NOT_FOUND : GOSC_OK;
    }
    gosc_span kid = gosc_span_present(m->option.kid) ? m->option.kid : asked;
    gosc_err err = find_sender(m, kid);
    if (err == GOSC_OK && !exchange->group_mode && !gosc_span_equal(kid, asked)) {
        return GOSC_ERR_RESPONDER_MISMATCH;
    }
    return err;
}

/* verify_response does all that can fail before any state moves. */
static gosc_err verify_response(incoming *m, const gosc_context_store *store, const gosc_exchange *exchange,
                                gosc_response_number **number)
{
    gosc_err err = parse_option(m, &m->context->common);
    if (err != GOSC_OK) {
        return err;
    }
    if (!gosc_span_equal(m->pdu.token, gosc_span_of(exchange->token, exchange->token_len))) {
        return GOSC_ERR_TOKEN_MISMATCH;
    }
    if (exchange->group_mode && !gosc_span_present(m->option.kid)) {
        return GOSC_ERR_KID_MISSING;
    }
    err = find_response_context(m, store, exchange);
    if (err == GOSC_OK) {
        err = find_responder(m, exchange);
    }
    if (err == GOSC_OK) {
        err = check_length(m);
    }
    if (err != GOSC_OK) {
        return err;
    }
    gosc_span id = gosc_id_span(&m->sender->id);
    *number = gosc_exchange_number_find(exchange, m->context, id);
    if (*number == NULL) {
        return GOSC_ERR_ROOM;
    }
    bool has_piv = gosc_span_present(m->option.partial_iv_bytes);
    err = gosc_response_number_check(*number, gosc_exchange_is_long(exchange), has_piv, m->option.partial_iv);
    if (err == GOSC_OK) {
        gosc_binding binding = gosc_binding_of_response(exchange, &m->option, id);
        err = open_content(m, &binding);
    }
    if (err == GOSC_OK) {
        err = parse_inner(m);
    }
    if (err == GOSC_OK && !exchange->observe &&
        gosc_span_present(gosc_option_find(m->inner_options, GOSC_OPTION_OBSERVE))) {
        return GOSC_ERR_INNER_OBSERVE;
    }
    return err == GOSC_OK ? gosc_response_number_order(*number, has_piv, m->option.partial_iv) : err;
}

gosc_err gosc_unprotect_response(const gosc_context_store *store, gosc_exchange *exchange, gosc_span datagram,
                                 gosc_buf scratch, gosc_received *received, gosc_buf out)
{
    incoming m = {.context = exchange->context, .scratch = scratch};
    gosc_response_number *number = NULL;
    gosc_err err = parse_outer(&m, datagram);
    if (err != GOSC_OK) {
        return err;
    }
    err = verify_response(&m, store, exchange, &number);
    if (err == GOSC_OK) {
        err = write_message(&m, out, &received->message);
    }
    if (err == GOSC_OK) {
        m.sender = gosc_recipient_context_keep(m.context, m.sender);
        gosc_exchange_number_claim(number, m.context, gosc_id_span(&m.sender->id));
        gosc_response_number_commit(number, gosc_span_present(m.option.partial_iv_bytes), m.option.partial_iv);
        fill_received(&m, received);
    }
    return leave(&m, err, scratch, received, out);
}
