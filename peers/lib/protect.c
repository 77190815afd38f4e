/* SPDX-License-Identifier: BSD-2-Clause */
#include "protect.h"

#include "message.h"
#include "option_class.h"

/* start parses the message and refuses what this context cannot protect at all. */
static gosc_err start(gosc_message *m, gosc_span plain)
{
    const gosc_dialect *dialect = m->context->common.dialect;
    gosc_err err = gosc_coap_pdu_parse(plain, &m->pdu);
    if (err != GOSC_OK || !gosc_message_code_fits(m, m->pdu.code)) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    if (gosc_span_present(gosc_option_find(m->pdu.options, GOSC_OPTION_OSCORE))) {
        return GOSC_ERR_ALREADY_PROTECTED;
    }
    if (dialect->group != NULL) {
        err = dialect->group->mode_check(&m->context->common, m->group_mode);
    } else if (m->group_mode) {
        err = GOSC_ERR_MODE_UNSUPPORTED;
    }
    return err == GOSC_OK && !m->context->sender.present ? GOSC_ERR_SENDER_MISSING : err;
}

/* take_partial_iv uses the Sender Sequence Number; it moves when the message is complete. */
static gosc_err take_partial_iv(gosc_message *m, uint8_t piv[GOSC_PARTIAL_IV_MAX])
{
    m->option.partial_iv.number = m->context->sender.ssn;
    if (m->option.partial_iv.number > GOSC_PARTIAL_IV_LIMIT) {
        return GOSC_ERR_SSN_EXHAUSTED;
    }
    m->option.partial_iv_bytes = gosc_span_of(piv, gosc_partial_iv_encode(m->option.partial_iv, piv));
    return GOSC_OK;
}

/*
 * write_option writes the option value into scratch. A signature that stands inside the option (group-02) is not known
 * yet; its place is kept with zeros.
 */
static gosc_err write_option(gosc_message *m)
{
    uint8_t *room = gosc_buf_cut(&m->scratch, GOSC_OPTION_VALUE_MAX + GOSC_SIGNATURE_MAX);
    if (room == NULL) {
        return GOSC_ERR_ROOM;
    }
    if (m->context->common.dialect->signature_in_option) { /* signs whatever it sends */
        gosc_crypto_wipe(room + GOSC_OPTION_VALUE_MAX, GOSC_SIGNATURE_MAX);
        m->option.signature = gosc_span_of(room + GOSC_OPTION_VALUE_MAX, m->signature_len);
    }
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){room, GOSC_OPTION_VALUE_MAX});
    gosc_oscore_option_write(&writer, &m->option, m->group_mode ? GOSC_FLAG_GROUP : 0);
    m->option_value = gosc_writer_span(&writer);
    return writer.failed ? GOSC_ERR_ROOM : GOSC_OK;
}

/*
 * write_parts distributes the message: code, Inner options and payload become the plaintext (in scratch), the header and
 * the Outer options go out.
 */
static gosc_err write_parts(gosc_message *m, gosc_writer *out, gosc_span *plaintext)
{
    /* A Proxy-Uri grows a little when it is split: a byte for each long path segment or query argument. */
    size_t most = m->pdu.options.len + m->pdu.options.len / 8 + m->pdu.payload.len + 18;
    uint8_t *room = gosc_buf_cut(&m->scratch, most);
    if (room == NULL) {
        return GOSC_ERR_ROOM;
    }
    gosc_writer inner;
    bool observe = false;
    gosc_writer_init(&inner, (gosc_buf){room, most});
    gosc_write_u8(&inner, m->pdu.code);
    gosc_coap_header_write(out, &m->pdu);
    gosc_err err = gosc_options_split(&m->pdu, m->is_request, m->option_value, &inner, out, &observe);
    if (err != GOSC_OK) {
        return err;
    }
    gosc_coap_payload_write(&inner, m->pdu.payload);
    if (inner.failed || out->failed) {
        return GOSC_ERR_ROOM;
    }
    if (m->is_request) {
        out->start[1] = observe ? GOSC_CODE_FETCH : GOSC_CODE_POST;
    } else {
        out->start[1] = observe ? GOSC_CODE_CONTENT : GOSC_CODE_CHANGED;
    }
    *plaintext = gosc_writer_span(&inner);
    return GOSC_OK;
}

/* seal does what requests and responses have in common, from the option value to the last byte. */
static gosc_err seal(gosc_message *m, gosc_writer *out)
{
    gosc_span plaintext = GOSC_ABSENT;
    gosc_err err = write_option(m);
    if (err == GOSC_OK) {
        err = write_parts(m, out, &plaintext);
    }
    if (err == GOSC_OK) {
        err = gosc_message_aad(m, m->context->sender.credential, plaintext.len + m->cipher->tag_len);
    }
    if (err != GOSC_OK) {
        return err;
    }
    gosc_write_u8(out, 0xff);
    uint8_t *ciphertext = gosc_write_room(out, plaintext.len + m->cipher->tag_len);
    if (ciphertext == NULL) {
        return GOSC_ERR_ROOM;
    }
    if (m->signature_len > 0) {
        return m->context->common.dialect->group->seal(m, plaintext, out, ciphertext);
    }
    uint8_t nonce[GOSC_NONCE_MAX];
    gosc_message_nonce(m, nonce);
    return gosc_crypto_seal(m->cipher, m->key, nonce, gosc_aad_enc_structure(&m->aad), plaintext, ciphertext);
}

/* finish seals, wipes the plaintext, and moves the Sender Sequence Number when all went well. */
static gosc_err finish(gosc_message *m, gosc_buf out, size_t *out_len)
{
    gosc_writer writer;
    uint8_t *scratch = m->scratch.ptr;
    gosc_writer_init(&writer, out);
    gosc_err err = seal(m, &writer);
    size_t len = gosc_writer_span(&writer).len;
    gosc_crypto_wipe(scratch, (size_t)(m->scratch.ptr - scratch));
    if (err != GOSC_OK) {
        gosc_crypto_wipe(out.ptr, len);
        return err;
    }
    if (gosc_span_present(m->option.partial_iv_bytes)) {
        m->context->sender.ssn++;
    }
    *out_len = len;
    return GOSC_OK;
}

/* find_target gives the Recipient Context a request goes to; a group-mode request goes to none in particular. */
static gosc_err find_target(gosc_message *m, gosc_span target)
{
    if (m->group_mode) {
        return GOSC_OK;
    }
    m->peer = gosc_recipient_context_find(m->context, target);
    if (m->context->common.dialect->group != NULL && !gosc_span_present(target)) {
        m->peer = NULL;
    }
    return m->peer == NULL ? GOSC_ERR_RECIPIENT_UNKNOWN : GOSC_OK;
}

gosc_err gosc_protect_request(gosc_security_context *context, const gosc_protect_params *params,
                              gosc_span plain, gosc_buf scratch, gosc_exchange *exchange, gosc_buf out,
                              size_t *out_len)
{
    gosc_message m = {
        .context = context, .is_request = true, .group_mode = params->group_mode, .scratch = scratch};
    uint8_t piv[GOSC_PARTIAL_IV_MAX];
    gosc_err err = start(&m, plain);
    if (err == GOSC_OK) {
        err = find_target(&m, params->target);
    }
    if (err == GOSC_OK) {
        err = gosc_message_suite(&m, true);
    }
    if (err == GOSC_OK) {
        err = take_partial_iv(&m, piv);
    }
    if (err != GOSC_OK) {
        return err;
    }
    m.option.kid = gosc_id_span(&context->sender.id);
    if (params->kid_context || context->common.dialect->group != NULL) {
        m.option.kid_context = context->common.wire_id_context;
    }
    gosc_message_bind(&m, NULL, GOSC_ABSENT);
    err = finish(&m, out, out_len);
    if (err == GOSC_OK) {
        gosc_exchange_bind(exchange, &m, gosc_observe_is_registration(m.pdu.options));
    }
    return err;
}

/* response_option decides which fields the option of a response has, beside the Partial IV. */
static void response_option(gosc_message *m, const gosc_protect_params *params, const gosc_exchange *exchange)
{
    const gosc_common_context *common = &m->context->common;
    /* In plain OSCORE only response 1 of RFC 8613 Appendix B.2 has a kid context. */
    if (params->kid_context || m->context != exchange->context) {
        m->option.kid_context = common->wire_id_context;
    }
    if (common->dialect->group != NULL && (params->kid || exchange->group_mode)) {
        m->option.kid = gosc_id_span(&m->context->sender.id);
    }
}

gosc_err gosc_protect_response(gosc_security_context *context, const gosc_protect_params *params,
                               gosc_exchange *exchange, gosc_span plain, gosc_buf scratch, gosc_buf out,
                               size_t *out_len)
{
    /* oscore and group-02 finish an exchange under the context it began with. */
    gosc_message m = {.context = context->common.dialect->has_modes ? context : exchange->context,
                      .group_mode = params->group_mode,
                      .scratch = scratch};
    uint8_t piv[GOSC_PARTIAL_IV_MAX];
    gosc_err err = start(&m, plain);
    if (err == GOSC_OK && !m.group_mode) {
        err = find_target(&m, gosc_id_span(&exchange->request_kid));
    }
    if (err == GOSC_OK) {
        err = gosc_message_suite(&m, true);
    }
    if (err != GOSC_OK) {
        return err;
    }
    /* The nonce of the request serves the first response alone, and only under the context of the request (RFC 8613
     * section 8.3; Group OSCORE -28 section 7.3). */
    if (params->own_partial_iv) {
        err = take_partial_iv(&m, piv);
    } else if (exchange->answered || m.context != exchange->context) {
        err = GOSC_ERR_NONCE_REUSE;
    }
    if (err != GOSC_OK) {
        return err;
    }
    response_option(&m, params, exchange);
    gosc_message_bind(&m, exchange, gosc_id_span(&m.context->sender.id));
    err = finish(&m, out, out_len);
    exchange->answered = exchange->answered || err == GOSC_OK;
    return err;
}
