/* SPDX-License-Identifier: BSD-2-Clause */
#include "exchange.h"

#include <string.h>

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

void gosc_exchange_bind(gosc_exchange *exchange, gosc_security_context *context, const gosc_coap_pdu *pdu,
                        const gosc_oscore_option *option, bool group_mode, bool observe)
{
    exchange->context = context;
    memcpy(exchange->token, pdu->token.ptr, pdu->token.len);
    exchange->token_len = (uint8_t)pdu->token.len;
    exchange->group_mode = group_mode;
    exchange->observe = observe;
    memcpy(exchange->request_kid.bytes, option->kid.ptr, option->kid.len);
    exchange->request_kid.len = (uint8_t)option->kid.len;
    memcpy(exchange->request_piv, option->partial_iv_bytes.ptr, option->partial_iv_bytes.len);
    exchange->request_piv_len = (uint8_t)option->partial_iv_bytes.len;
    exchange->request_piv_number = option->partial_iv;
    exchange->request_kid_context = context->common.dialect->group != NULL ? context->common.id_context : GOSC_ABSENT;
    exchange->answered = false;
}

gosc_response_number *gosc_exchange_number_find(const gosc_exchange *exchange, const gosc_security_context *context,
                                                gosc_span kid)
{
    gosc_response_number *free_slot = NULL;
    for (size_t i = 0; i < exchange->n_numbers; i++) {
        gosc_response_number *number = &exchange->numbers[i];
        if (number->context == context && gosc_span_equal(gosc_span_of(number->kid, number->kid_len), kid)) {
            return number;
        }
        if (number->context == NULL && free_slot == NULL) {
            free_slot = number;
        }
    }
    return free_slot;
}

void gosc_exchange_number_claim(gosc_response_number *number, const gosc_security_context *context, gosc_span kid)
{
    if (number->context == NULL) {
        number->context = context;
        memcpy(number->kid, kid.ptr, kid.len);
        number->kid_len = (uint8_t)kid.len;
    }
}
