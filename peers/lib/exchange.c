/* SPDX-License-Identifier: BSD-2-Clause */
#include "exchange.h"

#include <string.h>

#include "message.h"

void gosc_exchange_init(gosc_exchange *exchange, gosc_response_number *numbers, size_t n_numbers)
{
    *exchange = (gosc_exchange){.numbers = numbers, .n_numbers = n_numbers};
    if (n_numbers > 0) {
        memset(numbers, 0, n_numbers * sizeof numbers[0]);
    }
}

bool gosc_exchange_is_long(const gosc_exchange *exchange)
{
    return exchange->observe || (exchange->group_mode && exchange->context->common.dialect->has_modes);
}

void gosc_exchange_bind(gosc_exchange *exchange, const gosc_message *m, bool observe)
{
    const gosc_oscore_option *option = &m->option;
    exchange->context = m->context;
    exchange->token_len = (uint8_t)m->pdu.token.len;
    memcpy(exchange->token, m->pdu.token.ptr, m->pdu.token.len);
    exchange->group_mode = m->group_mode;
    exchange->observe = observe;
    exchange->answered = false;
    exchange->request_kid.len = (uint8_t)option->kid.len;
    memcpy(exchange->request_kid.bytes, option->kid.ptr, option->kid.len);
    exchange->request_piv_len = (uint8_t)option->partial_iv_bytes.len;
    memcpy(exchange->request_piv, option->partial_iv_bytes.ptr, option->partial_iv_bytes.len);
    exchange->request_piv_number = option->partial_iv;
    exchange->request_kid_context = m->context->common.id_context;
    if (m->peer != NULL) {
        exchange->responder = m->peer->id;
    }
}

gosc_response_number *gosc_exchange_number_find(const gosc_exchange *exchange,
                                                const gosc_security_context *context, const gosc_id *kid)
{
    gosc_response_number *free_slot = NULL;
    for (size_t i = 0; i < exchange->n_numbers; i++) {
        gosc_response_number *number = &exchange->numbers[i];
        if (number->context == context && gosc_span_equal(gosc_id_span(&number->kid), gosc_id_span(kid))) {
            return number;
        }
        if (number->context == NULL && free_slot == NULL) {
            free_slot = number;
        }
    }
    return free_slot;
}

void gosc_exchange_number_claim(gosc_response_number *number, const gosc_security_context *context,
                                const gosc_id *kid)
{
    number->context = context;
    number->kid = *kid;
}
