/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet.h"

enum {
    OPTION_OSCORE = 9,
    PAYLOAD_MARKER = 0xff,
    FLAG_GROUP = 0x20,
};

/* nibble_read resolves a 4-bit delta or length (RFC 7252 section 3.1); 15 is reserved. */
static uint32_t nibble_read(gosc_reader *reader, uint8_t nibble)
{
    switch (nibble) {
    case 13:
        return (uint32_t)gosc_read_be(reader, 1) + 13;
    case 14:
        return (uint32_t)gosc_read_be(reader, 2) + 269;
    case 15:
        reader->failed = true;
        return 0;
    default:
        return nibble;
    }
}

/* options_walk looks for the OSCORE option; gives up where the options are broken. */
static gosc_span options_walk(gosc_reader *reader)
{
    uint32_t number = 0;
    while (gosc_reader_left(reader) > 0) {
        uint8_t head = gosc_read_u8(reader);
        if (head == PAYLOAD_MARKER) {
            break;
        }
        number += nibble_read(reader, head >> 4);
        uint32_t len = nibble_read(reader, head & 15);
        gosc_span value = gosc_read_bytes(reader, len);
        if (reader->failed || number > OPTION_OSCORE) {
            break;
        }
        if (number == OPTION_OSCORE) {
            return value;
        }
    }
    return GOSC_ABSENT;
}

static lab_is is_of(uint8_t type, uint8_t code)
{
    if (code == 0) {
        static const lab_is empty[] = {LAB_IS_PING, LAB_IS_OTHER, LAB_IS_ACK, LAB_IS_RESET};
        return empty[type];
    }
    switch (code >> 5) {
    case 0:
        return LAB_IS_REQUEST;
    case 2:
    case 3:
    case 4:
    case 5:
        return LAB_IS_RESPONSE;
    default:
        return LAB_IS_OTHER;
    }
}

static lab_mode mode_of(gosc_span oscore)
{
    if (!gosc_span_present(oscore)) {
        return LAB_MODE_PLAIN;
    }
    return oscore.len > 0 && (oscore.ptr[0] & FLAG_GROUP) != 0 ? LAB_MODE_GROUP : LAB_MODE_OTHER;
}

lab_coap lab_coap_read(gosc_span bytes)
{
    lab_coap coap = {.is = LAB_IS_OTHER, .mode = LAB_MODE_PLAIN};
    gosc_reader reader;
    gosc_reader_init(&reader, bytes);
    uint8_t head = gosc_read_u8(&reader);
    uint8_t code = gosc_read_u8(&reader);
    uint16_t message_id = (uint16_t)gosc_read_be(&reader, 2);
    gosc_span token = gosc_read_bytes(&reader, head & 15);
    if (reader.failed || head >> 6 != 1 || (head & 15) > 8) {
        return coap;
    }
    coap.type = (head >> 4) & 3;
    coap.code = code;
    coap.message_id = message_id;
    coap.token = token;
    coap.is = is_of(coap.type, code);
    coap.oscore = options_walk(&reader);
    coap.mode = mode_of(coap.oscore);
    return coap;
}

const char *lab_cause_name(lab_cause cause)
{
    switch (cause) {
    case LAB_CAUSE_PEER:
        return "peer";
    case LAB_CAUSE_REPLAY:
        return "replay";
    case LAB_CAUSE_REDIRECT:
        return "redirect";
    case LAB_CAUSE_SPOOF:
        return "spoof";
    case LAB_CAUSE_EDIT:
        return "edit";
    case LAB_CAUSE_FORGE:
        return "forge";
    default:
        return "unknown";
    }
}

const char *lab_is_name(lab_is is)
{
    switch (is) {
    case LAB_IS_REQUEST:
        return "request";
    case LAB_IS_RESPONSE:
        return "response";
    case LAB_IS_ACK:
        return "ack";
    case LAB_IS_RESET:
        return "reset";
    case LAB_IS_PING:
        return "ping";
    case LAB_IS_OTHER:
        return "other";
    case LAB_IS_ANY:
    default:
        return "any";
    }
}

const char *lab_mode_name(lab_mode mode)
{
    switch (mode) {
    case LAB_MODE_PLAIN:
        return "plain";
    case LAB_MODE_GROUP:
        return "group";
    case LAB_MODE_OTHER:
        return "other";
    case LAB_MODE_ANY:
    default:
        return "any";
    }
}

const char *lab_cast_name(lab_cast cast)
{
    switch (cast) {
    case LAB_CAST_UNICAST:
        return "unicast";
    case LAB_CAST_MULTICAST:
        return "multicast";
    case LAB_CAST_ANY:
    default:
        return "any";
    }
}
