/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* number_parse reads a decimal number without sign and leading zeros, up to limit. */
static bool number_parse(const char *text, unsigned long limit, unsigned long *number)
{
    size_t len = strlen(text);
    if (len == 0 || len > 10 || strspn(text, "0123456789") != len || (text[0] == '0' && len > 1)) {
        return false;
    }
    *number = strtoul(text, NULL, 10);
    return *number <= limit;
}

/* scope_parse reads what stands behind the % of a link-local address: number or name of an interface. */
static bool scope_parse(const char *text, uint32_t *scope)
{
    unsigned long number = 0;
    if (number_parse(text, UINT32_MAX, &number)) {
        *scope = (uint32_t)number;
    } else {
        *scope = if_nametoindex(text);
    }
    return *scope != 0;
}

bool io_address_parse_host(const char *text, uint16_t port, io_address *address)
{
    char host[IO_ADDRESS_TEXT_MAX];
    if (strlen(text) >= sizeof host) {
        return false;
    }
    memcpy(host, text, strlen(text) + 1);
    *address = (io_address){.port = port};
    char *percent = strchr(host, '%');
    if (percent != NULL) {
        *percent = '\0';
        if (!scope_parse(percent + 1, &address->scope)) {
            return false;
        }
    }
    if (inet_pton(AF_INET6, host, address->bytes) == 1) {
        address->len = 16;
        return true;
    }
    address->len = 4;
    return percent == NULL && inet_pton(AF_INET, host, address->bytes) == 1;
}

bool io_address_parse(const char *text, io_address *address)
{
    char host[IO_ADDRESS_TEXT_MAX];
    unsigned long port = 0;
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    if (len == 0 || len >= sizeof host || !number_parse(colon + 1, UINT16_MAX, &port)) {
        return false;
    }
    bool bracketed = text[0] == '[' && text[len - 1] == ']' && len > 2;
    memcpy(host, bracketed ? text + 1 : text, bracketed ? len - 2 : len);
    host[bracketed ? len - 2 : len] = '\0';
    return io_address_parse_host(host, (uint16_t)port, address) && bracketed == (address->len == 16);
}

const char *io_address_format(const io_address *address, char text[IO_ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN];
    char scope[16] = "";
    if (address->len == 0 ||
        inet_ntop(address->len == 4 ? AF_INET : AF_INET6, address->bytes, host, sizeof host) == NULL) {
        (void)snprintf(text, IO_ADDRESS_TEXT_MAX, "none");
        return text;
    }
    if (address->scope != 0) {
        (void)snprintf(scope, sizeof scope, "%%%u", address->scope);
    }
    (void)snprintf(text, IO_ADDRESS_TEXT_MAX, address->len == 4 ? "%s%s:%u" : "[%s%s]:%u", host, scope,
                   address->port);
    return text;
}

bool io_address_equal(const io_address *a, const io_address *b)
{
    return a->len == b->len && a->port == b->port && a->scope == b->scope &&
           memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool io_address_is_multicast(const io_address *address)
{
    if (address->len == 4) {
        return (address->bytes[0] & 0xf0U) == 0xe0U;
    }
    return address->len == 16 && address->bytes[0] == 0xff;
}
