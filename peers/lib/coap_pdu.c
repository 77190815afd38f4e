/* SPDX-License-Identifier: BSD-2-Clause */
/* CoAP messages: one decoder for an option, used by the check and by the walk. */
#include "coap_pdu.h"

#include <string.h>

enum {
    VERSION = 1,
    PAYLOAD_MARKER = 0xff,
    EXTEND_8 = 13,  /* nibble: one more byte, from 13 */
    EXTEND_16 = 14, /* nibble: two more bytes, from 269 */
    EXTEND_16_BASE = 269,
    NUMBER_MAX = 65535,
    HEADER_LEN = 4,
};

/* RFC 7252 section 3.1: what a nibble from 13 on and the bytes it announces stand for; 15 is none. */
static uint32_t extended_read(gosc_reader *reader, uint32_t nibble)
{
    if (nibble == EXTEND_8) {
        return (uint32_t)EXTEND_8 + gosc_read_u8(reader);
    }
    if (nibble > EXTEND_16) {
        reader->failed = true;
    }
    return EXTEND_16_BASE + (uint32_t)gosc_read_be(reader, 2);
}

/* The sum has 32 bits: a delta is below 2^17, so it cannot wrap before it is found too large. */
static gosc_span option_read(gosc_reader *reader, uint32_t *number)
{
    uint32_t head = gosc_read_u8(reader);
    uint32_t delta = head >> 4;
    uint32_t len = head & 15;
    if (delta >= EXTEND_8) {
        delta = extended_read(reader, delta);
    }
    if (len >= EXTEND_8) {
        len = extended_read(reader, len);
    }
    *number += delta;
    if (*number > NUMBER_MAX) {
        reader->failed = true;
    }
    return gosc_read_bytes(reader, len);
}

gosc_err gosc_coap_content_parse(gosc_span content, gosc_span *options, gosc_span *payload)
{
    gosc_option_iter iter;
    gosc_option_iter_init(&iter, content);
    gosc_reader *reader = &iter.reader;
    gosc_span list = {reader->next, 0};
    gosc_span body = GOSC_ABSENT;
    while (!reader->failed && reader->next != reader->end) {
        if (*reader->next == PAYLOAD_MARKER) {
            body = (gosc_span){reader->next + 1, gosc_reader_left(reader) - 1};
            break;
        }
        (void)option_read(reader, &iter.number);
    }
    if (reader->failed || (body.ptr != NULL && body.len == 0)) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    list.len = (size_t)(reader->next - list.ptr);
    *options = list;
    *payload = body;
    return GOSC_OK;
}

gosc_err gosc_coap_pdu_parse(gosc_span datagram, gosc_coap_pdu *pdu)
{
    gosc_reader reader;
    gosc_reader_init(&reader, datagram);
    const uint8_t *head = gosc_read_bytes(&reader, HEADER_LEN).ptr;
    if (head == NULL) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    gosc_span token = gosc_read_bytes(&reader, head[0] & 15U);
    if (reader.failed || head[0] >> 6 != VERSION || token.len > GOSC_COAP_TOKEN_MAX ||
        (head[1] == GOSC_CODE_EMPTY && datagram.len != HEADER_LEN) ||
        gosc_coap_content_parse(gosc_read_rest(&reader), &pdu->options, &pdu->payload) != GOSC_OK) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    pdu->type = head[0] >> 4 & 3;
    pdu->code = head[1];
    pdu->message_id = (uint16_t)(head[2] << 8 | head[3]);
    pdu->token = token;
    return GOSC_OK;
}

void gosc_option_iter_init(gosc_option_iter *iter, gosc_span options)
{
    gosc_reader_init(&iter->reader, options);
    iter->number = 0;
}

bool gosc_option_next(gosc_option_iter *iter, gosc_coap_option *option)
{
    if (iter->reader.next == iter->reader.end) {
        return false;
    }
    option->value = option_read(&iter->reader, &iter->number);
    option->number = (uint16_t)iter->number;
    return !iter->reader.failed;
}

gosc_span gosc_option_find(gosc_span options, uint16_t number)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option) && option.number <= number) {
        if (option.number == number) {
            return option.value;
        }
    }
    return GOSC_ABSENT;
}

/* Bytes that a delta or length takes behind its nibble. */
static size_t n_extended(size_t value)
{
    return (size_t)(value >= EXTEND_8) + (value >= EXTEND_16_BASE);
}

/* Gives the nibble, writes what goes behind it and moves *at on. */
static size_t extended_put(uint8_t **at, size_t value)
{
    size_t n = n_extended(value);
    if (n == 0) {
        return value;
    }
    if (n == 2) {
        value -= EXTEND_16_BASE - EXTEND_8;
        *(*at)++ = (uint8_t)((value - EXTEND_8) >> 8);
    }
    *(*at)++ = (uint8_t)(value - EXTEND_8);
    return EXTEND_8 - 1 + n;
}

void gosc_option_write(gosc_writer *writer, uint16_t *previous, uint16_t number, gosc_span value)
{
    if (number < *previous || value.len > EXTEND_16_BASE + UINT16_MAX) {
        writer->failed = true;
        return;
    }
    size_t delta = (size_t)number - *previous;
    *previous = number;
    uint8_t *head = gosc_write_room(writer, 1 + n_extended(delta) + n_extended(value.len) + value.len);
    if (head != NULL) {
        uint8_t *at = head + 1;
        size_t nibble = extended_put(&at, delta);
        *head = (uint8_t)(nibble << 4 | extended_put(&at, value.len));
        if (value.len > 0) {
            memcpy(at, value.ptr, value.len);
        }
    }
}

void gosc_coap_header_write(gosc_writer *writer, const gosc_coap_pdu *pdu)
{
    if (pdu->token.len > GOSC_COAP_TOKEN_MAX) {
        writer->failed = true;
        return;
    }
    uint32_t first = VERSION << 6 | (pdu->type & 3U) << 4 | (uint32_t)pdu->token.len;
    gosc_write_be(writer, first << 24 | (uint32_t)pdu->code << 16 | pdu->message_id, HEADER_LEN);
    gosc_write_bytes(writer, pdu->token);
}

void gosc_coap_payload_write(gosc_writer *writer, gosc_span payload)
{
    if (payload.len > 0) {
        gosc_write_u8(writer, PAYLOAD_MARKER);
        gosc_write_bytes(writer, payload);
    }
}

void gosc_coap_pdu_write(gosc_writer *writer, const gosc_coap_pdu *pdu)
{
    gosc_coap_header_write(writer, pdu);
    gosc_write_bytes(writer, pdu->options);
    gosc_coap_payload_write(writer, pdu->payload);
}
