/* SPDX-License-Identifier: BSD-2-Clause */
#include "echo.h"

#include <string.h>

bool gosc_echo_is_due(const gosc_security_context *context, const gosc_recipient_context *client)
{
    return !client->window.valid || (context->freshness_ms > 0 && !client->echo.fresh);
}

gosc_err gosc_echo_check(const gosc_security_context *context, const gosc_recipient_context *client,
                         gosc_span value, uint64_t now_ms)
{
    const gosc_echo *echo = &client->echo;
    if (!gosc_span_present(value) || echo->len == 0) {
        return GOSC_ERR_ECHO_REQUIRED;
    }
    if (value.len != echo->len || !gosc_secret_equal(value.ptr, echo->value, echo->len)) {
        return GOSC_ERR_ECHO_MISMATCH;
    }
    bool late = context->freshness_ms > 0 && now_ms - echo->sent_ms >= context->freshness_ms;
    return late ? GOSC_ERR_ECHO_EXPIRED : GOSC_OK;
}

void gosc_echo_commit(const gosc_security_context *context, gosc_recipient_context *client,
                      gosc_partial_iv piv)
{
    client->echo.len = 0;
    client->echo.fresh = true;
    if (!client->window.valid || context->common.dialect->echo_restarts) {
        gosc_replay_window_restart(&client->window, piv);
    }
}

gosc_err gosc_echo_challenge(gosc_security_context *context, gosc_exchange *exchange, gosc_span value,
                             uint64_t now_ms, const gosc_coap_pdu *pdu, bool group_mode, gosc_buf scratch,
                             gosc_buf out, size_t *out_len)
{
    if (!context->common.dialect->has_modes) {
        context = exchange->context; /* where oscore and group-02 finish an exchange */
    }
    gosc_recipient_context *client =
        gosc_recipient_context_find(context, gosc_id_span(&exchange->request_kid));
    if (client == NULL || value.len == 0 || value.len > GOSC_ECHO_MAX) {
        return GOSC_ERR_USAGE;
    }
    uint8_t plain[4 + GOSC_COAP_TOKEN_MAX + 3 + GOSC_ECHO_MAX];
    uint16_t previous = 0;
    gosc_coap_pdu answer = *pdu;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){plain, sizeof plain});
    answer.code = context->common.dialect->echo_code;
    gosc_coap_header_write(&writer, &answer);
    gosc_option_write(&writer, &previous, GOSC_OPTION_ECHO, value);

    const gosc_protect_params params = {.group_mode = group_mode, .own_partial_iv = true, .kid = true};
    gosc_err err =
        gosc_protect_response(context, &params, exchange, gosc_writer_span(&writer), scratch, out, out_len);
    if (err != GOSC_OK) {
        return err;
    }
    memcpy(client->echo.value, value.ptr, value.len);
    client->echo.len = (uint8_t)value.len;
    client->echo.sent_ms = now_ms;
    return GOSC_OK;
}
