/* SPDX-License-Identifier: BSD-2-Clause */
#include "protect.h"

#include <string.h>

#include "message.h"
#include "nonce.h"
#include "option_class.h"

/* A message on its way out: what the steps below hand to each other. */
typedef struct outgoing {
    gosc_security_context *context;
    gosc_coap_pdu pdu; /* as the application wrote it */
    gosc_suite suite;
    gosc_oscore_option option;
    uint8_t piv[GOSC_PARTIAL_IV_MAX]; /* behind option.partial_iv_bytes */
    uint8_t option_flags;             /* beyond those that follow from the fields */
    bool is_request;
    bool takes_ssn;
    gosc_buf scratch;
} outgoing;

static gosc_err parse_plain(outgoing *m, gosc_span plain)
{
    gosc_err err = gosc_coap_pdu_parse(plain, &m->pdu);
    if (err != GOSC_OK) {
        return err;
    }
    if (!(m->is_request ? gosc_code_is_request(m->pdu.code) : gosc_code_is_response(m->pdu.code))) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    return gosc_span_present(gosc_option_find(m->pdu.options, GOSC_OPTION_OSCORE)) ? GOSC_ERR_ALREADY_PROTECTED
                                                                                   : GOSC_OK;
}

/* check_mode: refuses what the context is not set up for before anything else of it is looked at. */
static gosc_err check_mode(const gosc_security_context *context, bool group_mode)
{
    gosc_err err = gosc_mode_check(&context->common, group_mode);
    if (err != GOSC_OK) {
        return err;
    }
    return context->sender.present ? GOSC_OK : GOSC_ERR_SENDER_MISSING;
}

/* take_partial_iv uses the Sender Sequence Number; it moves when the message is complete. */
static gosc_err take_partial_iv(outgoing *m)
{
    if (m->context->sender.ssn > GOSC_PARTIAL_IV_LIMIT) {
        return GOSC_ERR_SSN_EXHAUSTED;
    }
    m->takes_ssn = true;
    m->option.partial_iv.number = m->context->sender.ssn;
    m->option.partial_iv_bytes = gosc_span_of(m->piv, gosc_partial_iv_encode(m->option.partial_iv, m->piv));
    return GOSC_OK;
}

/*
 * write_option writes the option value into scratch. A signature inside the option (group-02) is not known yet: its place
 * is reserved and returned in option.signature.
 */
static gosc_err write_option(outgoing *m, gosc_span *value)
{
    static const uint8_t unknown[GOSC_SIGNATURE_MAX];
    gosc_buf room;
    if (gosc_buf_cut(&m->scratch, GOSC_OPTION_VALUE_MAX, &room) != GOSC_OK) {
        return GOSC_ERR_ROOM;
    }
    if (m->context->common.dialect->signature_in_option) {
        m->option.signature = gosc_span_of(unknown, m->suite.signature_len);
    }
    gosc_writer writer;
    gosc_writer_init(&writer, room);
    gosc_oscore_option_write(&writer, &m->option, m->option_flags);
    *value = gosc_writer_span(&writer);
    return writer.failed ? GOSC_ERR_ROOM : GOSC_OK;
}

/*
 * write_parts distributes the message: code, Inner options and payload become the plaintext (in scratch), the header and
 * the Outer options go out.
 */
static gosc_err write_parts(outgoing *m, gosc_span option, gosc_writer *out, gosc_span *plaintext)
{
    /* A Proxy-Uri grows a little when it is split: a byte for each long path segment or query argument. */
    size_t most = 1 + m->pdu.options.len + m->pdu.options.len / 8 + 16 + 1 + m->pdu.payload.len;
    gosc_buf room;
    if (gosc_buf_cut(&m->scratch, most, &room) != GOSC_OK) {
        return GOSC_ERR_ROOM;
    }
    gosc_writer inner;
    bool observe = false;
    gosc_coap_pdu outer = m->pdu;
    gosc_writer_init(&inner, room);
    gosc_write_u8(&inner, m->pdu.code);
    gosc_coap_header_write(out, &outer);
    gosc_err err = gosc_options_split(&m->pdu, m->is_request, option, &inner, out, &observe);
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

/* signature_room gives where the signature goes: the place kept in the option, or behind the ciphertext. */
static uint8_t *signature_room(const outgoing *m, gosc_writer *out, size_t options_at, size_t options_end)
{
    if (!m->context->common.dialect->signature_in_option) {
        return gosc_write_room(out, m->suite.signature_len);
    }
    gosc_span options = gosc_span_of(out->start + options_at, options_end - options_at);
    gosc_span value = gosc_option_find(options, GOSC_OPTION_OSCORE);
    size_t behind = m->suite.signature_len + m->option.kid.len;
    return out->start + (value.ptr - out->start) + value.len - behind;
}

static gosc_err encrypt(const outgoing *m, const gosc_binding *binding, const gosc_aad *aad, gosc_span plaintext,
                        uint8_t *ciphertext)
{
    uint8_t nonce[GOSC_NONCE_MAX];
    const gosc_cipher *cipher = m->suite.cipher;
    gosc_nonce_make(m->context->common.common_iv, cipher->nonce_len, binding->nonce_id, binding->nonce_piv, nonce);
    return gosc_crypto_seal(cipher, m->suite.key, nonce, gosc_aad_enc_structure(aad), plaintext, ciphertext);
}

/* encrypt_and_sign lets the ciphertext arise where it is signed, then copies it out. */
static gosc_err encrypt_and_sign(const outgoing *m, const gosc_binding *binding, const gosc_aad *aad,
                                 gosc_span plaintext, uint8_t *ciphertext, uint8_t *signature)
{
    gosc_err err = encrypt(m, binding, aad, plaintext, aad->ciphertext);
    if (err != GOSC_OK) {
        return err;
    }
    memcpy(ciphertext, aad->ciphertext, aad->ciphertext_len);
    return m->context->common.dialect->group->countersign(m->context, aad, binding->nonce_piv_bytes,
                                                          binding->nonce_id, m->is_request, signature);
}

/* seal does what requests and responses have in common, from the option value to the last byte. */
static gosc_err seal(outgoing *m, const gosc_binding *binding, gosc_writer *out)
{
    gosc_span option;
    gosc_span plaintext;
    gosc_err err = write_option(m, &option);
    if (err == GOSC_OK) {
        err = write_parts(m, option, out, &plaintext);
    }
    if (err != GOSC_OK) {
        return err;
    }
    size_t options_at = 4 + m->pdu.token.len;
    size_t options_end = gosc_writer_span(out).len;
    size_t ciphertext_len = plaintext.len + m->suite.cipher->tag_len;
    bool is_signed = m->suite.signature_len > 0;
    gosc_aad aad;
    gosc_write_u8(out, 0xff);
    uint8_t *ciphertext = gosc_write_room(out, ciphertext_len);
    uint8_t *signature = is_signed ? signature_room(m, out, options_at, options_end) : NULL;
    err = gosc_message_aad(m->context, binding, option, m->context->sender.credential, is_signed ? ciphertext_len : 0,
                           m->scratch, &aad);
    if (err != GOSC_OK || out->failed) {
        return GOSC_ERR_ROOM;
    }
    return is_signed ? encrypt_and_sign(m, binding, &aad, plaintext, ciphertext, signature)
                     : encrypt(m, binding, &aad, plaintext, ciphertext);
}

/* finish seals, wipes the plaintext, and moves the state when all went well. */
static gosc_err finish(outgoing *m, const gosc_binding *binding, gosc_buf scratch, gosc_buf out, size_t *out_len)
{
    gosc_writer writer;
    gosc_writer_init(&writer, out);
    gosc_err err = seal(m, binding, &writer);
    gosc_crypto_wipe(scratch.ptr, (size_t)(m->scratch.ptr - scratch.ptr));
    if (err != GOSC_OK) {
        gosc_crypto_wipe(out.ptr, gosc_writer_span(&writer).len);
        return err;
    }
    if (m->takes_ssn) {
        m->context->sender.ssn++;
    }
    *out_len = gosc_writer_span(&writer).len;
    return GOSC_OK;
}

/* target_find gives the Recipient Context a request goes to; a group request goes to none in particular. */
static gosc_err target_find(const gosc_security_context *context, const gosc_protect_params *params,
                            gosc_recipient_context **target)
{
    *target = NULL;
    if (params->group_mode) {
        return GOSC_OK;
    }
    *target = gosc_span_present(params->target) ? gosc_recipient_context_find(context, params->target)
                                                : gosc_recipient_context_first(context);
    return *target == NULL ? GOSC_ERR_RECIPIENT_UNKNOWN : GOSC_OK;
}

gosc_err gosc_protect_request(gosc_security_context *context, const gosc_protect_params *params, gosc_span plain,
                              gosc_buf scratch, gosc_exchange *exchange, gosc_buf out, size_t *out_len)
{
    outgoing m = {.context = context, .is_request = true, .scratch = scratch};
    gosc_recipient_context *target = NULL;
    gosc_err err = parse_plain(&m, plain);
    if (err == GOSC_OK) {
        err = check_mode(context, params->group_mode);
    }
    if (err == GOSC_OK) {
        err = target_find(context, params, &target);
    }
    if (err == GOSC_OK) {
        err = gosc_suite_resolve(context, target, params->group_mode, true, scratch, &m.suite);
    }
    if (err == GOSC_OK) {
        err = take_partial_iv(&m);
    }
    if (err != GOSC_OK) {
        return err;
    }
    bool in_group = context->common.dialect->group != NULL;
    m.option.kid = gosc_id_span(&context->sender.id);
    m.option.kid_context = in_group || params->kid_context ? context->common.wire_id_context : GOSC_ABSENT;
    m.option_flags = params->group_mode ? GOSC_FLAG_GROUP : 0;
    gosc_binding binding = gosc_binding_of_request(context, &m.option);
    err = finish(&m, &binding, scratch, out, out_len);
    if (err == GOSC_OK) {
        gosc_exchange_bind(exchange, context, &m.pdu, &m.option, params->group_mode,
                           gosc_observe_is_registration(m.pdu.options));
        exchange->responder = target != NULL ? target->id : (gosc_id){.len = 0};
    }
    return err;
}

/* response_option decides which fields the option of a response has. */
static void response_option(outgoing *m, const gosc_protect_params *params, const gosc_exchange *exchange)
{
    const gosc_common_context *common = &m->context->common;
    if (common->dialect->group == NULL) {
        /* Only response 1 of RFC 8613 Appendix B.2 has a kid context. */
        m->option.kid_context = params->kid_context ? common->wire_id_context : GOSC_ABSENT;
        return;
    }
    bool moved = m->context != exchange->context;
    if (params->kid || exchange->group_mode) {
        m->option.kid = gosc_id_span(&m->context->sender.id);
    }
    if (params->kid_context || moved) {
        m->option.kid_context = common->id_context;
    }
    m->option_flags = params->group_mode ? GOSC_FLAG_GROUP : 0;
}

/* response_partial_iv: own number, or the nonce of the request, which serves the first response alone, and only under the
 * context of the request (RFC 8613 section 8.3; Group OSCORE -28 section 7.3). */
static gosc_err response_partial_iv(outgoing *m, bool own, const gosc_exchange *exchange)
{
    if (own) {
        return take_partial_iv(m);
    }
    return exchange->answered || m->context != exchange->context ? GOSC_ERR_NONCE_REUSE : GOSC_OK;
}

gosc_err gosc_protect_response(gosc_security_context *context, const gosc_protect_params *params,
                               gosc_exchange *exchange, gosc_span plain, gosc_buf scratch, gosc_buf out,
                               size_t *out_len)
{
    /* oscore and group-02 finish an exchange under the context it began with. */
    outgoing m = {.context = context->common.dialect->has_modes ? context : exchange->context, .scratch = scratch};
    context = m.context;
    gosc_recipient_context *client = NULL;
    gosc_err err = parse_plain(&m, plain);
    if (err == GOSC_OK) {
        err = check_mode(context, params->group_mode);
    }
    if (err == GOSC_OK && !params->group_mode && context->common.dialect->has_modes) {
        client = gosc_recipient_context_find(context, gosc_id_span(&exchange->request_kid));
        err = client == NULL ? GOSC_ERR_RECIPIENT_UNKNOWN : GOSC_OK;
    }
    if (err == GOSC_OK) {
        err = gosc_suite_resolve(context, client, params->group_mode, true, scratch, &m.suite);
    }
    if (err == GOSC_OK) {
        err = response_partial_iv(&m, params->own_partial_iv, exchange);
    }
    if (err != GOSC_OK) {
        return err;
    }
    response_option(&m, params, exchange);
    gosc_span own_id = gosc_id_span(&context->sender.id);
    gosc_binding binding = gosc_binding_of_response(exchange, &m.option, own_id);
    err = finish(&m, &binding, scratch, out, out_len);
    if (err == GOSC_OK) {
        exchange->answered = true;
    }
    return err;
}
