/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skeleton: the least that speaks the peer protocol (PROTOCOL.md). Copy it and put your stack where it says
 * STACK.
 *
 * A plain CoAP server on port stdio: it answers GET /hello and has no OSCORE, so it lists no dialect and
 * calls the rest `unsupported`. Build and try it:
 *
 *     cc -std=c11 -o skeleton interop/skeleton.c -ljansson && interop/selfcheck ./skeleton
 */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATAGRAM_MAX = 65535,
    LINE_MAX_LEN = 1048576,
};

static void say(json_t *line)
{
    (void)json_dumpf(line, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    json_decref(line);
}

/* ---- STACK: from here to the next mark stands what your stack does ---- */

/* extended reads 13 and 14 of an option header (RFC 7252 section 3.1); false: cut short, or 15. */
static bool extended(const uint8_t **next, const uint8_t *end, uint32_t *value)
{
    if (*value < 13) {
        return true;
    }
    ptrdiff_t more = *value == 13 ? 1 : 2;
    if (*value == 15 || end - *next < more) {
        return false;
    }
    *value = more == 1 ? 13U + (*next)[0] : 269U + ((uint32_t)(*next)[0] << 8 | (*next)[1]);
    *next += more;
    return true;
}

/* judge gives the code of the answer to a request; 0: it is no CoAP. */
static uint8_t judge(uint8_t code, const uint8_t *next, const uint8_t *end)
{
    uint32_t number = 0;
    bool is_hello = false;
    bool unknown = false;
    for (int n_segments = 0; next < end && *next != 0xff;) {
        uint32_t delta = *next >> 4;
        uint32_t len = *next++ & 15U;
        if (!extended(&next, end, &delta) || !extended(&next, end, &len) || (size_t)(end - next) < len) {
            return 0;
        }
        number += delta;
        if (number == 11) {
            is_hello = n_segments++ == 0 && len == 5 && memcmp(next, "hello", 5) == 0;
        } else if (number % 2 == 1 && number != 3 && number != 7 && number != 15 && number != 17) {
            unknown = true; /* critical; the OSCORE option is one of those */
        }
        next += len;
    }
    if (end - next == 1) {
        return 0; /* no payload behind the marker */
    }
    if (unknown) {
        return 0x82; /* 4.02 */
    }
    return code == 1 && is_hello ? 0x45 : 0x84; /* 2.05, 4.04 */
}

/* respond writes the datagram that answers a request; 0 bytes: none. */
static size_t respond(const uint8_t *in, size_t len, uint8_t out[32])
{
    if (len < 4 || in[0] >> 6 != 1) {
        return 0;
    }
    uint8_t type = in[0] >> 4 & 3;
    size_t token_len = in[0] & 15U;
    bool fits = token_len <= 8 && len >= 4 + token_len && (in[1] != 0 || len == 4);
    uint8_t code =
        fits && in[1] > 0 && in[1] < 32 && type < 2 ? judge(in[1], in + 4 + token_len, in + len) : 0;
    if (code == 0 && type != 0) {
        return 0;
    }
    memcpy(out + 2, in + 2, 2);
    if (code == 0) { /* a Confirmable message that is no request: reset */
        out[0] = 0x70;
        out[1] = 0;
        return 4;
    }
    out[0] = (uint8_t)((type == 0 ? 0x60U : 0x50U) | token_len);
    out[1] = code;
    memcpy(out + 4, in + 4, token_len);
    if (code != 0x45) {
        return 4 + token_len;
    }
    memcpy(out + 4 + token_len, "\xffhello", 6);
    return 10 + token_len;
}

static json_t *hello(const json_t *request)
{
    (void)request;
    return json_pack("{s:s, s:s, s:i, s:[s], s:[s], s:[], s:[]}", "name", "skeleton", "version", "1",
                     "protocol", 1, "ports", "stdio", "roles", "server", "dialects", "features");
}

static json_t *datagram(const json_t *request)
{
    static uint8_t in[DATAGRAM_MAX];
    uint8_t out[32];
    char hex[65] = "";
    const char *data = json_string_value(json_object_get(request, "data"));
    const char *to = json_string_value(json_object_get(request, "to"));
    const char *from = json_string_value(json_object_get(request, "from"));
    size_t len = data == NULL ? 0 : strlen(data) / 2;
    if (data == NULL || to == NULL || from == NULL || len > sizeof in ||
        strspn(data, "0123456789abcdef") != 2 * len) {
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        const char byte[3] = {data[2 * i], data[2 * i + 1], '\0'};
        in[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    size_t out_len = respond(in, len, out);
    for (size_t i = 0; i < out_len; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", out[i]);
    }
    /* Without `configure` there is no unicast address to answer a group from. */
    if (out_len > 0 && strncmp(to, "[ff", 3) != 0 && strncmp(to, "22", 2) != 0 && strncmp(to, "23", 2) != 0) {
        say(json_pack("{s:s, s:s, s:s, s:s}", "event", "datagram", "from", to, "to", from, "data", hex));
    }
    return json_pack("{s:n}", "next_ms");
}

static json_t *tick(const json_t *request)
{
    return json_is_integer(json_object_get(request, "now_ms")) ? json_pack("{s:n}", "next_ms") : NULL;
}

static json_t *quit(const json_t *request)
{
    (void)request;
    return json_object();
}

/* ---- STACK: end ---- */

typedef struct operation {
    const char *op;
    const char *keys;                       /* between blanks */
    json_t *(*call)(const json_t *request); /* NULL: something is wrong with the values */
} operation;

static const operation operations[] = {{"hello", " id op port ", hello},
                                       {"datagram", " id op from to data now_ms ", datagram},
                                       {"tick", " id op now_ms ", tick},
                                       {"quit", " id op ", quit}};

static json_t *operate(json_t *request, const char *op)
{
    const char *key;
    json_t *value;
    for (size_t i = 0; op != NULL && i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].op, op) != 0) {
            continue;
        }
        json_object_foreach(request, key, value)
        {
            char between[34];
            (void)snprintf(between, sizeof between, " %.31s ", key);
            if (strstr(operations[i].keys, between) == NULL) {
                return json_pack("{s:s}", "error", "an unknown key");
            }
        }
        json_t *answer = operations[i].call(request);
        if (answer != NULL) {
            (void)json_object_set_new(answer, "ok", json_true());
        }
        return answer != NULL ? answer : json_pack("{s:s}", "error", "a key is missing or has a wrong value");
    }
    return json_pack("{s:s}", "unsupported", op == NULL ? "" : op);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    bool done = false;
    for (ssize_t len = 0; !done && (len = getline(&line, &room, stdin)) > 0 && line[len - 1] == '\n';) {
        json_t *request =
            len > LINE_MAX_LEN ? NULL : json_loadb(line, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
        json_t *id = json_object_get(request, "id");
        const char *op = json_string_value(json_object_get(request, "op"));
        if (!json_is_integer(id) || json_integer_value(id) < 0) {
            say(json_pack("{s:n, s:s}", "id", "error", "expected a JSON object with an id"));
        } else {
            json_t *answer = operate(request, op);
            (void)json_object_set(answer, "id", id);
            done = op != NULL && strcmp(op, "quit") == 0 && json_object_get(answer, "ok") != NULL;
            say(answer);
        }
        json_decref(request);
    }
    free(line);
    return 0;
}
