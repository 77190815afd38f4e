/* SPDX-License-Identifier: BSD-2-Clause */
/* CoAP messages: our parser against a second decoder, and what was parsed against what is written again. */
#include "common.h"
#include "model.h"

enum {
    N_FOUND = 16, /* options looked up by number: each walks from the front */
};

static void check_parsed(gosc_span message, const gosc_coap_pdu *pdu, const model_message *model)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_writer whole;
    gosc_writer list;
    uint16_t previous = 0;
    size_t n = 0;
    gosc_writer_init(&whole, fuzz_room(message.len));
    gosc_writer_init(&list, fuzz_room(pdu->options.len));
    FUZZ_CHECK(fuzz_inside(pdu->token, message) && fuzz_inside(pdu->options, message) &&
                   fuzz_inside(pdu->payload, message),
               "what is parsed lies in the message");
    gosc_option_iter_init(&iter, pdu->options);
    for (; gosc_option_next(&iter, &option); n++) {
        FUZZ_CHECK(n < model->n_options && option.number == model->options[n].number &&
                       gosc_span_equal(option.value, model->options[n].value),
                   "an option is what the second decoder says");
        gosc_option_write(&list, &previous, option.number, option.value);
        FUZZ_CHECK(n >= N_FOUND || gosc_span_equal(gosc_option_find(pdu->options, option.number),
                                                   model_find(model, option.number)->value),
                   "find gives the first of a number");
    }
    FUZZ_CHECK(n == model->n_options, "no option is lost");
    /* An option has one encoding only, so a message has too. */
    FUZZ_CHECK(!list.failed && gosc_span_equal(gosc_writer_span(&list), pdu->options),
               "options are written as read");
    gosc_coap_pdu_write(&whole, pdu);
    FUZZ_CHECK(!whole.failed && gosc_span_equal(gosc_writer_span(&whole), message),
               "a message is written as read");
}

void fuzz_target(fuzz_input *in)
{
    static model_message model;
    gosc_span message = fuzz_rest(in);
    gosc_coap_pdu pdu = {0};
    bool good = gosc_coap_pdu_parse(message, &pdu) == GOSC_OK;
    FUZZ_CHECK(good == model_message_parse(message, &model), "both decoders accept the same");
    if (!good) {
        FUZZ_CHECK(pdu.options.ptr == NULL, "nothing is given on error");
        return;
    }
    FUZZ_CHECK(pdu.type == model.type && pdu.code == model.code && pdu.message_id == model.message_id &&
                   gosc_span_equal(pdu.token, model.token) && gosc_span_equal(pdu.payload, model.payload),
               "header, token and payload are what the second decoder says");
    check_parsed(message, &pdu, &model);
}
