/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CoAP messages over datagrams (RFC 7252 section 3): parse into spans, walk options, write.
 * The same grammar, less the header, is the plaintext of OSCORE (RFC 8613 section 5.3).
 */
#ifndef GOSC_COAP_PDU_H
#define GOSC_COAP_PDU_H

#include "span.h"

enum {
    GOSC_COAP_CON = 0,
    GOSC_COAP_NON = 1,
    GOSC_COAP_ACK = 2,
    GOSC_COAP_RST = 3,
    GOSC_COAP_TOKEN_MAX = 8,

    GOSC_OPTION_IF_MATCH = 1,
    GOSC_OPTION_URI_HOST = 3,
    GOSC_OPTION_ETAG = 4,
    GOSC_OPTION_OBSERVE = 6,
    GOSC_OPTION_URI_PORT = 7,
    GOSC_OPTION_OSCORE = 9,
    GOSC_OPTION_URI_PATH = 11,
    GOSC_OPTION_MAX_AGE = 14,
    GOSC_OPTION_URI_QUERY = 15,
    GOSC_OPTION_PROXY_URI = 35,
    GOSC_OPTION_PROXY_SCHEME = 39,
    GOSC_OPTION_ECHO = 252,
    GOSC_OPTION_NO_RESPONSE = 258,

    GOSC_CODE_EMPTY = 0x00,
    GOSC_CODE_GET = 0x01,
    GOSC_CODE_POST = 0x02,
    GOSC_CODE_FETCH = 0x05,
    GOSC_CODE_CHANGED = 0x44,      /* 2.04 */
    GOSC_CODE_CONTENT = 0x45,      /* 2.05 */
    GOSC_CODE_UNAUTHORIZED = 0x81, /* 4.01 */
    GOSC_CODE_FORBIDDEN = 0x83,    /* 4.03 */
};

typedef struct gosc_coap_pdu {
    uint8_t type; /* GOSC_COAP_CON .. GOSC_COAP_RST */
    uint8_t code; /* class << 5 | detail */
    uint16_t message_id;
    gosc_span token;   /* 0 to 8 bytes, always present */
    gosc_span options; /* encoded option list, always present, checked */
    gosc_span payload; /* absent without payload marker, else at least 1 byte */
} gosc_coap_pdu;

typedef struct gosc_coap_option {
    uint16_t number;
    gosc_span value; /* always present, may be empty */
} gosc_coap_option;

/* Walk over an encoded option list that was checked by a parse. */
typedef struct gosc_option_iter {
    gosc_reader reader;
    uint32_t number;
} gosc_option_iter;

/*
 * gosc_coap_pdu_parse takes a datagram apart.
 *
 * Spec      RFC 7252 section 3; version 1, TKL 0 to 8, option numbers up to 65535, a payload marker needs a
 *           payload, an empty message (0.00) has exactly 4 bytes
 * Out       pdu      spans into datagram
 * Errors    GOSC_ERR_COAP_MALFORMED
 */
GOSC_MUST_USE
gosc_err gosc_coap_pdu_parse(gosc_span datagram, gosc_coap_pdu *pdu);

/*
 * gosc_coap_content_parse takes options and payload apart: what follows the token of a message, or the code
 * of a plaintext.
 *
 * Out       options, payload  as in gosc_coap_pdu
 * Errors    GOSC_ERR_COAP_MALFORMED
 */
GOSC_MUST_USE
gosc_err gosc_coap_content_parse(gosc_span content, gosc_span *options, gosc_span *payload);

void gosc_option_iter_init(gosc_option_iter *iter, gosc_span options);
/* gosc_option_next gives the next option; false at the end. The list must have passed a parse. */
bool gosc_option_next(gosc_option_iter *iter, gosc_coap_option *option);
/* gosc_option_find gives the value of the first option with that number, absent when there is none. */
gosc_span gosc_option_find(gosc_span options, uint16_t number);

/* gosc_option_write appends one option; *previous is the number written before it (0 at first) and is
 * updated. A number below *previous sets writer->failed. */
void gosc_option_write(gosc_writer *writer, uint16_t *previous, uint16_t number, gosc_span value);

/* gosc_coap_header_write appends version, type, TKL, code, Message ID and token. */
void gosc_coap_header_write(gosc_writer *writer, const gosc_coap_pdu *pdu);
/* gosc_coap_payload_write appends marker and payload; nothing when it is absent or empty. */
void gosc_coap_payload_write(gosc_writer *writer, gosc_span payload);
/* gosc_coap_pdu_write appends a whole message. */
void gosc_coap_pdu_write(gosc_writer *writer, const gosc_coap_pdu *pdu);

#endif
