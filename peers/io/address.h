/* SPDX-License-Identifier: BSD-2-Clause */
/* Transport addresses, and their text form of CoAP URIs: `[fd00::2]:5683`, `10.0.0.2:5683`. */
#ifndef IO_ADDRESS_H
#define IO_ADDRESS_H

#include "gosc.h"

enum {
    IO_ADDRESS_TEXT_MAX = 72, /* characters with the closing zero */
    IO_PORT_COAP = 5683,
};

typedef struct io_address {
    uint8_t bytes[16];
    uint8_t len; /* bytes: 4 or 16; 0: none */
    uint16_t port;
    uint32_t scope; /* interface of a link-local IPv6 address; 0: none */
} io_address;

/* Where a datagram travels: which address of ours, which of the other end. */
typedef struct io_path {
    io_address local;
    io_address peer;
} io_path;

/* io_address_parse reads `host:port`, io_address_parse_host a bare host. False: it is neither. */
bool io_address_parse(const char *text, io_address *address);
bool io_address_parse_host(const char *text, uint16_t port, io_address *address);

/* io_address_format writes the text form, "none" for no address; gives text. */
const char *io_address_format(const io_address *address, char text[IO_ADDRESS_TEXT_MAX]);

/* io_address_equal: host, interface and port. */
bool io_address_equal(const io_address *a, const io_address *b);

bool io_address_is_multicast(const io_address *address);

#endif
