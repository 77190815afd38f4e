/* SPDX-License-Identifier: BSD-2-Clause */
#include "unprotect.h"

#include "echo.h"
#include "message.h"
#include "option_class.h"

/* What was inside. */
typedef struct content {
    uint8_t *plaintext; /* in scratch; NULL before there is any */
    size_t plaintext_len;
    gosc_span options;
    gosc_span payload;
} content;

/* parse_outer reads header, options and payload, and takes the one OSCORE option. */
static gosc_err parse_outer(gosc_message *m, gosc_span datagram)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_err err = gosc_coap_pdu_parse(datagram, &m->pdu);
    if (err != GOSC_OK || !gosc_message_code_fits(m, m->pdu.code)) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    gosc_option_iter_init(&iter, m->pdu.options);
    while (gosc_option_next(&iter, &option)) {
        if (option.number != GOSC_OPTION_OSCORE) {
            continue;
        }
        if (gosc_span_present(m->option_value)) {
            return GOSC_ERR_OPTION_REPEATED;
        }
        m->option_value = option.value;
    }
    if (!gosc_span_present(m->option_value)) {
        return GOSC_ERR_NOT_OSCORE;
    }
    return gosc_span_present(m->pdu.payload) ? GOSC_OK : GOSC_ERR_PAYLOAD_MISSING;
}

/* parse_option reads the option by the grammar of the context's dialect. */
static gosc_err parse_option(gosc_message *m)
{
    const gosc_common_context *common = &m->context->common;
    const gosc_dialect *dialect = common->dialect;
    gosc_err err = gosc_oscore_option_parse(m->option_value, dialect->flags_allowed, dialect->flags_required,
                                            &m->option);
    if (err == GOSC_OK && dialect->group != NULL && dialect->group->option_split != NULL) {
        err = dialect->group->option_split(&m->option, common->signature_len);
    }
    if (err != GOSC_OK) {
        return err;
    }
    m->group_mode = (m->option.flags & GOSC_FLAG_GROUP) != 0;
    return gosc_oscore_option_check_kid(&m->option);
}

/* check_request_fields: what every request carries, and whether its kid context is that of this context. */
static gosc_err check_request_fields(const gosc_message *m)
{
    const gosc_common_context *common = &m->context->common;
    gosc_span kid_context = m->option.kid_context;
    if (!gosc_span_present(m->option.partial_iv_bytes)) {
        return GOSC_ERR_PARTIAL_IV_MISSING;
    }
    if (!gosc_span_present(m->option.kid)) {
        return GOSC_ERR_KID_MISSING;
    }
    if (!gosc_span_present(kid_context)) {
        return common->dialect->group != NULL ? GOSC_ERR_KID_CONTEXT_MISSING : GOSC_OK;
    }
    return gosc_span_equal(kid_context, common->wire_id_context) ? GOSC_OK : GOSC_ERR_CONTEXT_NOT_FOUND;
}

/* find_sender finds whose message it claims to be, and checks that there is content beside tag and signature. */
static gosc_err find_sender(gosc_message *m, gosc_span kid)
{
    const gosc_common_context *common = &m->context->common;
    const gosc_dialect *dialect = common->dialect;
    gosc_err err = GOSC_OK;
    if (dialect->group != NULL) {
        err = dialect->group->sender_find(m, kid);
    } else {
        m->peer = gosc_recipient_context_find(m->context, kid);
        err = m->peer != NULL ? GOSC_OK : GOSC_ERR_CONTEXT_NOT_FOUND;
    }
    if (err != GOSC_OK) {
        return err;
    }
    size_t least = 1U + (m->group_mode ? common->group_cipher : common->aead_cipher)->tag_len;
    if (m->group_mode && !dialect->signature_in_option) {
        least += common->signature_len;
    }
    return m->pdu.payload.len < least ? GOSC_ERR_PAYLOAD_SHORT : GOSC_OK;
}

/* parse_plaintext takes it apart: code, options, payload (RFC 8613 section 5.3). */
static gosc_err parse_plaintext(const gosc_message *m, content *c)
{
    gosc_span behind_code = gosc_span_of(c->plaintext + 1, c->plaintext_len - 1);
    gosc_err err = gosc_coap_content_parse(behind_code, &c->options, &c->payload);
    if (err != GOSC_OK || !gosc_message_code_fits(m, c->plaintext[0]) ||
        gosc_span_present(gosc_option_find(c->options, GOSC_OPTION_OSCORE))) {
        return GOSC_ERR_INNER_MALFORMED;
    }
    return GOSC_OK;
}

/* open_content verifies and decrypts into scratch, in the order the dialect wants, and parses what comes out. */
static gosc_err open_content(gosc_message *m, content *c)
{
    const gosc_dialect *dialect = m->context->common.dialect;
    gosc_span ciphertext = m->pdu.payload;
    gosc_span signature = m->option.signature;
    uint8_t nonce[GOSC_NONCE_MAX];
    gosc_err err = gosc_message_suite(m, false);
    if (err != GOSC_OK) {
        return err;
    }
    if (m->signature_len > 0 && !dialect->signature_in_option) {
        ciphertext.len -= m->signature_len;
        signature = gosc_span_of(ciphertext.ptr + ciphertext.len, m->signature_len);
    }
    c->plaintext_len = ciphertext.len - m->cipher->tag_len;
    c->plaintext = gosc_buf_cut(&m->scratch, c->plaintext_len);
    if (c->plaintext == NULL) {
        return GOSC_ERR_ROOM;
    }
    err = gosc_message_aad(m, m->peer->credential, ciphertext.len);
    if (err == GOSC_OK && m->signature_len > 0 && dialect->signature_first) {
        err = dialect->group->verify(m, ciphertext, signature);
    }
    if (err == GOSC_OK) {
        gosc_message_nonce(m, nonce);
        err = gosc_crypto_open(m->cipher, m->key, nonce, gosc_aad_enc_structure(&m->aad), ciphertext,
                               c->plaintext);
    }
    if (err == GOSC_OK && m->signature_len > 0 && !dialect->signature_first) {
        err = dialect->group->verify(m, ciphertext, signature);
    }
    return err == GOSC_OK ? parse_plaintext(m, c) : err;
}

/* write_message puts together what the application gets, and says how it came. */
static gosc_err write_message(const gosc_message *m, const content *c, gosc_buf out, gosc_received *received)
{
    gosc_writer writer;
    gosc_writer_init(&writer, out);
    gosc_coap_header_write(&writer, &m->pdu);
    gosc_err err = gosc_options_merge(m->pdu.options, c->options, &writer);
    gosc_coap_payload_write(&writer, c->payload);
    if (err != GOSC_OK || writer.failed) {
        return GOSC_ERR_ROOM;
    }
    out.ptr[1] = c->plaintext[0];
    received->message = gosc_writer_span(&writer);
    received->context = m->context;
    received->sender = m->peer;
    received->group_mode = m->group_mode;
    received->has_partial_iv = gosc_span_present(m->option.partial_iv_bytes);
    received->partial_iv = m->option.partial_iv;
    return GOSC_OK;
}

/* keep_sender keeps the Recipient Context of a message that verified, should it be a new one. */
static void keep_sender(gosc_message *m, gosc_received *received)
{
    const gosc_dialect *dialect = m->context->common.dialect;
    if (dialect->group != NULL) {
        m->peer = dialect->group->sender_keep(m->context, m->peer);
    }
    received->sender = m->peer;
}

/* leave wipes what must not stay behind: plaintext in scratch, keys; the message too, when it is not to be delivered. */
static gosc_err leave(gosc_message *m, const content *c, gosc_err err, gosc_received *received, gosc_buf out)
{
    if (c->plaintext != NULL) {
        gosc_crypto_wipe(c->plaintext, c->plaintext_len);
    }
    if (m->provisional.used) {
        gosc_crypto_wipe(&m->provisional, sizeof m->provisional);
    }
    if (err != GOSC_OK) {
        received->message = GOSC_ABSENT;
        if (c->plaintext != NULL) {
            gosc_crypto_wipe(out.ptr, out.len);
        }
    }
    return err;
}

/*
 * commit_request moves the state for a request that verified: Recipient Context, window, Echo. A request that must show
 * freshness and brings no Echo is told so and is verified all the same: a valid window has seen it, and its sender is
 * known from now on. A wrong or late Echo moves nothing.
 */
static gosc_err commit_request(gosc_message *m, const content *c, uint64_t now_ms, gosc_received *received)
{
    const gosc_security_context *context = m->context;
    gosc_partial_iv piv = m->option.partial_iv;
    gosc_err err = context->sync != NULL ? context->sync(context, m->peer, piv) : GOSC_OK;
    bool due = err == GOSC_OK && gosc_echo_is_due(context, m->peer);
    if (due) {
        err = gosc_echo_check(context, m->peer, gosc_option_find(c->options, GOSC_OPTION_ECHO), now_ms);
    }
    if (err == GOSC_ERR_ECHO_MISMATCH || err == GOSC_ERR_ECHO_EXPIRED) {
        return err;
    }
    keep_sender(m, received);
    if (m->peer->window.valid) {
        gosc_replay_window_commit(&m->peer->window, piv);
    }
    if (due && err == GOSC_OK) {
        gosc_echo_commit(context, m->peer, piv);
    }
    return err;
}

/* verify_request does all that can fail before any state moves. */
static gosc_err verify_request(gosc_message *m, content *c)
{
    gosc_err err = parse_option(m);
    if (err == GOSC_OK) {
        err = check_request_fields(m);
    }
    if (err == GOSC_OK) {
        err = find_sender(m, m->option.kid);
    }
    if (err == GOSC_OK && m->peer->window.valid) {
        err = gosc_replay_window_check(&m->peer->window, m->option.partial_iv);
    }
    if (err != GOSC_OK) {
        return err;
    }
    gosc_message_bind(m, NULL, GOSC_ABSENT);
    return open_content(m, c);
}

/* is_verified: the request verified, even if it is not to be delivered: no other context need be tried. */
static bool is_verified(gosc_err err)
{
    return err == GOSC_OK || (err >= GOSC_ERR_ECHO_REQUIRED && err <= GOSC_ERR_SYNCHRONISED);
}

/* try_request judges a request under one context. */
static gosc_err try_request(gosc_message *m, uint64_t now_ms, gosc_exchange *exchange,
                            gosc_received *received, gosc_buf out)
{
    content c = {.plaintext = NULL};
    gosc_err err = verify_request(m, &c);
    if (err == GOSC_OK) {
        err = write_message(m, &c, out, received);
    }
    if (err == GOSC_OK) {
        err = commit_request(m, &c, now_ms, received);
        gosc_exchange_bind(exchange, m, gosc_observe_is_registration(c.options));
    }
    return leave(m, &c, err, received, out);
}

gosc_err gosc_unprotect_request(const gosc_context_store *store, gosc_span datagram, uint64_t now_ms,
                                gosc_buf scratch, gosc_exchange *exchange, gosc_received *received,
                                gosc_buf out)
{
    gosc_message m = {.is_request = true};
    received->message = GOSC_ABSENT;
    gosc_err err = parse_outer(&m, datagram);
    if (err != GOSC_OK) {
        return err;
    }
    /* Two managers may have given out the same Gid: each context is tried, the refusal that came furthest is told. */
    gosc_err furthest = GOSC_OK;
    for (size_t i = 0; i < store->n_contexts; i++) {
        m.context = store->contexts[i];
        m.scratch = scratch;
        m.signature_len = 0;
        err = try_request(&m, now_ms, exchange, received, out);
        if (is_verified(err)) {
            return err;
        }
        furthest = err > furthest ? err : furthest;
    }
    return furthest == GOSC_OK ? GOSC_ERR_CONTEXT_NOT_FOUND : furthest;
}

/* find_responder: who answers, and whether that is who was asked (Group OSCORE -28 sections 7.4, 8.6). */
static gosc_err find_responder(gosc_message *m, const gosc_context_store *store,
                               const gosc_exchange *exchange)
{
    const gosc_dialect *dialect = m->context->common.dialect;
    gosc_span asked = gosc_id_span(&exchange->responder);
    gosc_span kid = asked;
    if (dialect->group != NULL) {
        if (gosc_span_present(m->option.kid)) {
            kid = m->option.kid;
        } else if (exchange->group_mode) {
            return GOSC_ERR_KID_MISSING;
        }
        gosc_err err = dialect->group->context_find(m, store, exchange);
        if (err != GOSC_OK) {
            return err;
        }
    }
    gosc_err err = find_sender(m, kid);
    if (err == GOSC_OK && !exchange->group_mode && !gosc_span_equal(kid, asked)) {
        return GOSC_ERR_RESPONDER_MISMATCH;
    }
    return err;
}

/* verify_response does all that can fail before any state moves. */
static gosc_err verify_response(gosc_message *m, const gosc_context_store *store,
                                const gosc_exchange *exchange, content *c, gosc_response_number **number)
{
    gosc_partial_iv piv;
    gosc_err err = parse_option(m);
    if (err == GOSC_OK &&
        !gosc_span_equal(m->pdu.token, gosc_span_of(exchange->token, exchange->token_len))) {
        err = GOSC_ERR_TOKEN_MISMATCH;
    }
    if (err == GOSC_OK) {
        err = find_responder(m, store, exchange);
    }
    if (err != GOSC_OK) {
        return err;
    }
    bool has_piv = gosc_span_present(m->option.partial_iv_bytes);
    piv = m->option.partial_iv;
    *number = gosc_exchange_number_find(exchange, m->context, &m->peer->id);
    if (*number == NULL) {
        return GOSC_ERR_ROOM;
    }
    err = gosc_response_number_check(*number, gosc_exchange_is_long(exchange), has_piv, piv);
    if (err == GOSC_OK) {
        gosc_message_bind(m, exchange, gosc_id_span(&m->peer->id));
        err = open_content(m, c);
    }
    if (err != GOSC_OK) {
        return err;
    }
    if (!exchange->observe && gosc_span_present(gosc_option_find(c->options, GOSC_OPTION_OBSERVE))) {
        return GOSC_ERR_INNER_OBSERVE;
    }
    return gosc_response_number_order(*number, has_piv, piv);
}

gosc_err gosc_unprotect_response(const gosc_context_store *store, gosc_exchange *exchange, gosc_span datagram,
                                 gosc_buf scratch, gosc_received *received, gosc_buf out)
{
    gosc_message m = {.context = exchange->context, .scratch = scratch};
    content c = {.plaintext = NULL};
    gosc_response_number *number = NULL;
    gosc_err err = parse_outer(&m, datagram);
    if (err == GOSC_OK) {
        err = verify_response(&m, store, exchange, &c, &number);
    }
    if (err == GOSC_OK) {
        err = write_message(&m, &c, out, received);
    }
    if (err == GOSC_OK) {
        keep_sender(&m, received);
        gosc_exchange_number_claim(number, m.context, &m.peer->id);
        gosc_response_number_commit(number, received->has_partial_iv, received->partial_iv);
    }
    return leave(&m, &c, err, received, out);
}
