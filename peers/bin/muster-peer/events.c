/* SPDX-License-Identifier: BSD-2-Clause */
/* What the peer says. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

json_t *peer_text(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

json_t *peer_hex(gosc_span bytes)
{
    vec_arena arena = {NULL};
    if (!gosc_span_present(bytes)) {
        return json_null();
    }
    json_t *text = json_string(vec_hex_write(&arena, bytes));
    vec_arena_free(&arena);
    return text;
}

void peer_put(peer *p, json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    size_t len = line == NULL ? 0 : strlen(line);
    if (len > 0 && p->out_len + len + 1 > p->out_room) {
        size_t room = 2 * (p->out_len + len + 1);
        char *more = realloc(p->out, room);
        if (more == NULL) {
            fprintf(stderr, "muster-peer: out of memory\n");
            exit(2);
        }
        p->out = more;
        p->out_room = room;
    }
    if (len > 0) {
        memcpy(p->out + p->out_len, line, len);
        p->out[p->out_len + len] = '\n';
        p->out_len += len + 1;
    }
    free(line);
}

void peer_flush(peer *p)
{
    for (size_t done = 0; done < p->out_len;) {
        ssize_t n = write(STDOUT_FILENO, p->out + done, p->out_len - done);
        if (n <= 0) {
            exit(0); /* nobody listens any more: as if standard input had ended */
        }
        done += (size_t)n;
    }
    p->out_len = 0;
}

static json_t *address_text(const io_address *address)
{
    char text[IO_ADDRESS_TEXT_MAX];
    return address->len == 0 ? json_null() : json_string(io_address_format(address, text));
}

static json_t *partial_iv_hex(const io_event *event)
{
    uint8_t bytes[GOSC_PARTIAL_IV_MAX];
    if (!event->has_partial_iv) {
        return json_null();
    }
    return peer_hex(gosc_span_of(bytes, gosc_partial_iv_encode(event->partial_iv, bytes)));
}

/* options_list: [[number, "hex"], ...], but for one number. */
static json_t *options_list(gosc_span options, uint16_t but)
{
    json_t *list = json_array();
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        if (option.number != but) {
            json_t *one = json_array();
            (void)json_array_append_new(one, json_integer(option.number));
            (void)json_array_append_new(one, peer_hex(option.value));
            (void)json_array_append_new(list, one);
        }
    }
    return list;
}

static const char *const methods[] = {NULL, "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "IPATCH"};

uint8_t peer_method_find(const char *name)
{
    for (uint8_t i = 1; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(name, methods[i]) == 0) {
            return i;
        }
    }
    return 0;
}

static json_t *code_text(uint8_t code)
{
    char text[8];
    if (code > 0 && code < sizeof methods / sizeof methods[0]) {
        return json_string(methods[code]);
    }
    (void)snprintf(text, sizeof text, "%d.%02d", code >> 5, code & 31);
    return json_string(text);
}

static void put(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

/* put_sender: whose message it was, and how it was protected. */
static void put_sender(json_t *object, const io_event *event)
{
    put(object, "group", peer_text(event->group));
    put(object, "kid", peer_hex(event->kid));
    put(object, "mode", peer_text(event->mode));
    put(object, "partial_iv", partial_iv_hex(event));
    put(object, "from", address_text(&event->from));
}

static void put_content(json_t *object, const io_event *event, uint16_t but)
{
    put(object, "payload", peer_hex(event->payload));
    put(object, "options", options_list(event->options, but));
}

void peer_event(void *arg, const io_event *event)
{
    static const char *const names[] = {
        [IO_EVENT_DELIVERED] = "delivered",   [IO_EVENT_RESPONSE] = "response",
        [IO_EVENT_CHALLENGED] = "challenged", [IO_EVENT_REJECTED] = "rejected",
        [IO_EVENT_CLOSED] = "closed",         [IO_EVENT_NOTE] = "note",
    };
    json_t *object = json_object();
    put(object, "event", json_string(names[event->kind]));
    switch (event->kind) {
    case IO_EVENT_DELIVERED:
        put_sender(object, event);
        put(object, "multicast", json_boolean(event->multicast));
        put(object, "method", code_text(event->code));
        put(object, "path", peer_text(event->text));
        put_content(object, event, GOSC_OPTION_URI_PATH);
        break;
    case IO_EVENT_RESPONSE:
        put(object, "exchange", peer_text(event->exchange));
        put_sender(object, event);
        put(object, "code", code_text(event->code));
        put_content(object, event, 0);
        put(object, "protected", json_boolean(event->is_protected));
        break;
    case IO_EVENT_CHALLENGED:
        put(object, "exchange", peer_text(event->exchange));
        put(object, "kid", peer_hex(event->kid));
        put(object, "from", address_text(&event->from));
        break;
    case IO_EVENT_REJECTED:
        put(object, "reason", peer_text(event->text));
        put(object, "from", address_text(&event->from));
        put(object, "group", peer_text(event->group));
        put(object, "exchange", peer_text(event->exchange));
        break;
    case IO_EVENT_CLOSED:
        put(object, "exchange", peer_text(event->exchange));
        put(object, "why", peer_text(event->text));
        break;
    case IO_EVENT_NOTE:
    default:
        put(object, "text", peer_text(event->text));
        break;
    }
    peer_put(arg, object);
}

void peer_note(peer *p, const char *text)
{
    const io_event event = {.kind = IO_EVENT_NOTE, .text = text};
    peer_event(p, &event);
}

void peer_datagram(void *arg, const io_path *path, gosc_span datagram)
{
    peer *p = arg;
    if (p->port == PEER_UDP) {
        if (!io_udp_send(&p->udp, path, datagram)) {
            peer_note(p, "the system would not send a datagram");
        }
        return;
    }
    json_t *object = json_object();
    put(object, "event", json_string("datagram"));
    put(object, "from", address_text(&path->local));
    put(object, "to", address_text(&path->peer));
    put(object, "data", peer_hex(datagram));
    peer_put(p, object);
}

void peer_app(void *arg, const io_app_request *request, io_app_answer *answer)
{
    peer *p = arg;
    io_resources_answer(&p->resources, request, answer);
}
