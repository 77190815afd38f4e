/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CoAP messages: our parser against libcoap's (4.3). Where they differ, the difference has a name below; any
 * other stops the run. What both accept must be the same message.
 */
#include <coap3/coap.h>

#include "common.h"
#include "model.h"

enum {
    PDU_ROOM = 1 << 16,
};

/* Lengths libcoap demands of the options it knows (RFC 7252 table 4 and later registrations). We leave that
 * to the application: RFC 7252 section 5.4.3 treats such an option like an unknown one, not the message as
 * malformed. */
static bool has_option_length(const model_message *m)
{
    static const struct {
        uint16_t number, least, most;
    } rows[] = {{1, 0, 8},   {3, 1, 255}, {4, 1, 8},     {5, 0, 0},    {6, 0, 3},  {7, 0, 2},
                {8, 0, 255}, {9, 0, 255}, {11, 0, 255},  {12, 0, 2},   {14, 0, 4}, {15, 1, 255},
                {16, 1, 1},  {17, 0, 2},  {19, 0, 3},    {20, 0, 255}, {23, 0, 3}, {27, 0, 3},
                {28, 0, 4},  {31, 0, 3},  {35, 1, 1034}, {39, 1, 255}, {60, 0, 4}, {252, 1, 40},
                {258, 0, 1}, {292, 0, 8}};
    for (size_t i = 0; i < m->n_options; i++) {
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            size_t len = m->options[i].value.len;
            if (m->options[i].number == rows[k].number && (len < rows[k].least || len > rows[k].most)) {
                return true;
            }
        }
    }
    return false;
}

/* Signalling (7.xx) has options of its own, whose lengths libcoap judges by other rows. */
static bool is_signalling(const model_message *m)
{
    return m->code >> 5 == 7;
}

/* libcoap 4.3.1 lets option numbers pass 65535 and wrap; RFC 7252 section 3.1 has none that large. */
static bool passes_65535(gosc_span message)
{
    static const uint32_t bytes_of[16] = {[13] = 1, [14] = 2};
    static const uint32_t base_of[16] = {[13] = 13, [14] = 269};
    gosc_reader r;
    uint32_t number = 0;
    gosc_reader_init(&r, message);
    (void)gosc_read_bytes(&r, 4U + (message.len > 0 ? message.ptr[0] & 15U : 0));
    while (!r.failed && gosc_reader_left(&r) > 0 && number <= 65535) {
        uint8_t head = gosc_read_u8(&r);
        uint32_t part[2] = {head >> 4, head & 15U};
        for (size_t i = 0; i < 2; i++) {
            uint32_t nibble = part[i];
            part[i] = nibble < 13 ? nibble : base_of[nibble];
            part[i] += bytes_of[nibble] > 0 ? (uint32_t)gosc_read_be(&r, bytes_of[nibble]) : 0;
        }
        number += part[0];
        (void)gosc_read_bytes(&r, part[1]);
    }
    return number > 65535;
}

static void check_same(const coap_pdu_t *theirs, const gosc_coap_pdu *ours)
{
    coap_opt_iterator_t iter;
    gosc_option_iter our_iter;
    gosc_coap_option option;
    coap_bin_const_t token = coap_pdu_get_token(theirs);
    const uint8_t *data = NULL;
    size_t len = 0;
    FUZZ_CHECK((uint8_t)coap_pdu_get_type(theirs) == ours->type &&
                   (uint8_t)coap_pdu_get_code(theirs) == ours->code &&
                   (uint16_t)coap_pdu_get_mid(theirs) == ours->message_id,
               "same header as libcoap");
    FUZZ_CHECK(gosc_span_equal(gosc_span_of(token.s, token.length), ours->token), "same token as libcoap");
    gosc_option_iter_init(&our_iter, ours->options);
    (void)coap_option_iterator_init(theirs, &iter, COAP_OPT_ALL);
    for (coap_opt_t *opt = coap_option_next(&iter); opt != NULL; opt = coap_option_next(&iter)) {
        FUZZ_CHECK(gosc_option_next(&our_iter, &option) && iter.number == option.number &&
                       gosc_span_equal(gosc_span_of(coap_opt_value(opt), coap_opt_length(opt)), option.value),
                   "same option as libcoap");
    }
    FUZZ_CHECK(!gosc_option_next(&our_iter, &option), "as many options as libcoap");
    bool has_data = coap_get_data(theirs, &len, &data) != 0;
    FUZZ_CHECK(gosc_span_equal(has_data ? gosc_span_of(data, len) : GOSC_ABSENT, ours->payload),
               "same payload as libcoap");
}

void fuzz_target(fuzz_input *in)
{
    static coap_pdu_t *pdu;
    static model_message model;
    gosc_span message = fuzz_rest(in);
    gosc_coap_pdu ours;
    if (pdu == NULL) {
        coap_startup();
        coap_set_log_level(0); /* LOG_EMERG in 4.3.1, COAP_LOG_EMERG later */
        pdu = coap_pdu_init(COAP_MESSAGE_CON, 0, 0, PDU_ROOM);
        FUZZ_CHECK(pdu != NULL, "libcoap starts");
    }
    bool good = gosc_coap_pdu_parse(message, &ours) == GOSC_OK;
    if (message.len >= PDU_ROOM) {
        return;
    }
    bool other = coap_pdu_parse(COAP_PROTO_UDP, message.ptr, message.len, pdu) > 0;
    /* The second decoder is asked only why libcoap may refuse. */
    bool named = !other && model_message_parse(message, &model) &&
                 (has_option_length(&model) || is_signalling(&model));
    FUZZ_CHECK(!good || other || named, "libcoap accepts what we accept");
    FUZZ_CHECK(!other || good || passes_65535(message), "we accept what libcoap accepts");
    if (good && other) {
        check_same(pdu, &ours);
    }
}
