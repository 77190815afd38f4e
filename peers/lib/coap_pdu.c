/*
 * CoAP messages: one decoder for an option, used by the check and by the walk.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "coap_pdu.h"

enum {
    VERSION = 1,
    PAYLOAD_MARKER = 0xff,
    EXTEND_8 = 13,  /* nibble: one more byte, from 13 */
    EXTEND_16 = 14, /* nibble: two more bytes, from 269 */
    EXTEND_16_BASE = 269,
    NUMBER_MAX = 65535,
    HEADER_LEN = 4,
    HEAD_MAX = 5, /* bytes of an option before its value */
};

/* RFC 7252 section 3.1: what a nibble and the bytes it announces stand for; 15 is none. */
static uint32_t extended_read(gosc_reader *reader, uint32_t nibble)
{
    if (nibble < EXTEND_8) {
        return nibble;
    }
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
    *number += extended_read(reader, head >> 4);
    uint32_t len = extended_read(reader, head & 15);
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
    uint32_t head = (uint32_t)gosc_read_be(&reader, HEADER_LEN);
    uint32_t token_len = head >> 24 & 15;
    gosc_span token = gosc_read_bytes(&reader, token_len);
    uint8_t code = (uint8_t)(head >> 16);
    if (reader.failed || head >> 30 != VERSION || token_len > GOSC_COAP_TOKEN_MAX ||
        (code == GOSC_CODE_EMPTY && datagram.len != HEADER_LEN)) {
        return GOSC_ERR_COAP_MALFORMED;
    }
    gosc_err err = gosc_coap_content_parse(gosc_read_rest(&reader), &pdu->options, &pdu->payload);
    if (err != GOSC_OK) {
        return err;
    }
    pdu->type = (uint8_t)(head >> 28 & 3);
    pdu->code = code;
    pdu->message_id = (uint16_t)head;
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

void gosc_option_write(gosc_writer *writer, uint16_t *previous, uint16_t number, gosc_span value)
{
    if (number < *previous || value.len > EXTEND_16_BASE + UINT16_MAX) {
        writer->failed = true;
        return;
    }
    const size_t parts[2] = {(size_t)number - *previous, value.len};
    uint8_t head[HEAD_MAX];
    size_t len = 1;
    size_t nibbles = 0;
    *previous = number;
    for (size_t i = 0; i < 2; i++) {
        size_t part = parts[i];
        size_t nibble = part;
        if (part >= EXTEND_16_BASE) {
            nibble = EXTEND_16;
            part -= EXTEND_16_BASE;
            head[len++] = (uint8_t)(part >> 8);
            head[len++] = (uint8_t)part;
        } else if (part >= EXTEND_8) {
            nibble = EXTEND_8;
            head[len++] = (uint8_t)(part - EXTEND_8);
        }
        nibbles = nibbles << 4 | nibble;
    }
    head[0] = (uint8_t)nibbles;
    gosc_write_bytes(writer, gosc_span_of(head, len));
    gosc_write_bytes(writer, value);
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
