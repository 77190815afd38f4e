/* SPDX-License-Identifier: BSD-2-Clause */
#include "edit.h"

#include <string.h>

#include "observe/open.h"

enum {
    OPTIONS_MAX = 64,
    ROOM = 70000, /* bytes of an edited datagram */
};

/* A message in parts, each to be replaced by itself. */
typedef struct parts {
    gosc_coap_pdu pdu;
    gosc_coap_option options[OPTIONS_MAX];
    size_t n_options;
} parts;

static bool take_apart(gosc_span datagram, parts *p)
{
    gosc_option_iter iter;
    p->n_options = 0;
    if (gosc_coap_pdu_parse(datagram, &p->pdu) != GOSC_OK) {
        return false;
    }
    gosc_option_iter_init(&iter, p->pdu.options);
    while (p->n_options < OPTIONS_MAX && gosc_option_next(&iter, &p->options[p->n_options])) {
        p->n_options++;
    }
    return true;
}

static gosc_span put_together(vec_arena *arena, const parts *p)
{
    gosc_writer writer;
    uint16_t previous = 0;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(arena, ROOM), ROOM});
    gosc_coap_header_write(&writer, &p->pdu);
    for (size_t i = 0; i < p->n_options; i++) {
        gosc_option_write(&writer, &previous, p->options[i].number, p->options[i].value);
    }
    gosc_coap_payload_write(&writer, p->pdu.payload);
    return gosc_writer_span(&writer);
}

static gosc_coap_option *option_find(parts *p, uint16_t number)
{
    for (size_t i = 0; i < p->n_options; i++) {
        if (p->options[i].number == number) {
            return &p->options[i];
        }
    }
    return NULL;
}

/* option_add puts an option at its place, behind others of its number. */
static bool option_add(parts *p, uint16_t number, gosc_span value)
{
    size_t at = p->n_options;
    if (p->n_options == OPTIONS_MAX) {
        return false;
    }
    while (at > 0 && p->options[at - 1].number > number) {
        p->options[at] = p->options[at - 1];
        at--;
    }
    p->options[at] = (gosc_coap_option){number, value};
    p->n_options++;
    return true;
}

static void option_drop(parts *p, uint16_t number)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n_options; i++) {
        if (p->options[i].number != number) {
            p->options[kept++] = p->options[i];
        }
    }
    p->n_options = kept;
}

/* ---- header ---- */

static const char *set_header(vec_arena *arena, const json_t *set, adv_lookup *lookup, void *arg, parts *p)
{
    const json_t *token = json_object_get(set, "token");
    const json_t *id = json_object_get(set, "message_id");
    const json_t *from = json_is_object(token) ? token : json_is_object(id) ? id : NULL;
    gosc_coap_pdu other = {.token = GOSC_EMPTY};
    if (from != NULL) {
        gosc_span datagram = lookup(arg, vec_get_text(from, "of") != NULL ? vec_get_text(from, "of") : "");
        if (gosc_coap_pdu_parse(datagram, &other) != GOSC_OK) {
            return "token, message_id: expected {\"of\": a packet}";
        }
    }
    if (json_is_object(token)) {
        p->pdu.token = vec_copy(arena, other.token);
    } else if (token != NULL) {
        gosc_span bytes = vec_hex_of(arena, token);
        if (!gosc_span_present(bytes) || bytes.len > GOSC_COAP_TOKEN_MAX) {
            return "token: expected hex of 0 to 8 bytes";
        }
        p->pdu.token = bytes;
    }
    if (json_is_object(id)) {
        p->pdu.message_id = other.message_id;
    } else if (id != NULL) {
        p->pdu.message_id = (uint16_t)json_integer_value(id);
    }
    if (json_object_get(set, "type") != NULL) {
        p->pdu.type = (uint8_t)vec_get_int(set, "type", 0);
    }
    const char *code = vec_get_text(set, "code");
    if (code != NULL && !obs_code_parse(code, &p->pdu.code)) {
        return "code: expected c.dd";
    }
    return NULL;
}

/* ---- the OSCORE option ---- */

static bool touches_option(const json_t *set)
{
    static const char *const keys[] = {"kid", "kid_context", "partial_iv", "group_flag"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (json_object_get(set, keys[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void replace(vec_arena *arena, const json_t *set, const char *key, gosc_span *field)
{
    if (json_object_get(set, key) != NULL) {
        *field = vec_get_hex(arena, set, key);
    }
}

static const char *set_option(vec_arena *arena, const json_t *set, const adv_shape *shape, parts *p)
{
    gosc_coap_option *found = option_find(p, GOSC_OPTION_OSCORE);
    gosc_span whole = vec_get_hex(arena, set, "option");
    if (gosc_span_present(whole)) {
        if (found != NULL) {
            found->value = whole;
        }
        return found != NULL || option_add(p, GOSC_OPTION_OSCORE, whole) ? NULL : "option: no room";
    }
    if (!touches_option(set)) {
        return NULL;
    }
    gosc_oscore_option fields;
    if (found == NULL || gosc_oscore_option_parse(found->value, 0x3f, 0, &fields) != GOSC_OK ||
        (shape->signature_in_option && gosc_oscore_option_split(&fields, shape->signature_len) != GOSC_OK)) {
        return "the packet has no OSCORE option that could be read";
    }
    bool flag = vec_get_bool(set, "group_flag", (fields.flags & GOSC_FLAG_GROUP) != 0);
    replace(arena, set, "kid", &fields.kid);
    replace(arena, set, "kid_context", &fields.kid_context);
    replace(arena, set, "partial_iv", &fields.partial_iv_bytes);
    gosc_writer writer;
    gosc_writer_init(&writer,
                     (gosc_buf){vec_alloc(arena, 2 * GOSC_OPTION_VALUE_MAX), 2 * GOSC_OPTION_VALUE_MAX});
    gosc_oscore_option_write(&writer, &fields, flag ? GOSC_FLAG_GROUP : 0);
    if (writer.failed) {
        return "the OSCORE option would be too long";
    }
    found->value = gosc_writer_span(&writer);
    return NULL;
}

static const char *set_options(vec_arena *arena, const json_t *set, parts *p)
{
    const json_t *list = json_object_get(set, "outer_option");
    if (json_object_get(set, "drop_option") != NULL) {
        option_drop(p, (uint16_t)vec_get_int(set, "drop_option", 0));
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        gosc_span value = vec_hex_of(arena, json_array_get(pair, 1));
        json_int_t number = json_integer_value(json_array_get(pair, 0));
        if (!gosc_span_present(value) || number < 1 || number > UINT16_MAX ||
            !option_add(p, (uint16_t)number, value)) {
            return "outer_option: expected a list of [number, hex]";
        }
    }
    if (json_object_get(set, "payload") != NULL) {
        p->pdu.payload = vec_get_hex(arena, set, "payload");
    }
    const json_t *slice = json_object_get(set, "slice");
    if (slice != NULL) {
        size_t from = (size_t)json_integer_value(json_array_get(slice, 0));
        size_t most = (size_t)json_integer_value(json_array_get(slice, 1));
        if (from >= p->pdu.payload.len) {
            return "slice: the payload ends before it";
        }
        size_t left = p->pdu.payload.len - from;
        p->pdu.payload = gosc_span_of(p->pdu.payload.ptr + from, left < most ? left : most);
    }
    return NULL;
}

/* ---- bits ---- */

static bool layer_find(gosc_span datagram, const char *layer, const adv_shape *shape, gosc_span *found)
{
    gosc_coap_pdu pdu;
    *found = datagram;
    if (strcmp(layer, "datagram") == 0) {
        return true;
    }
    if (gosc_coap_pdu_parse(datagram, &pdu) != GOSC_OK) {
        return false;
    }
    size_t behind = shape->signature_in_option ? 0 : shape->signature_len;
    gosc_span option = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
    if (strcmp(layer, "token") == 0) {
        *found = pdu.token;
    } else if (strcmp(layer, "option") == 0) {
        *found = option;
    } else if (strcmp(layer, "payload") == 0) {
        *found = pdu.payload;
    } else if (strcmp(layer, "signature") == 0 && shape->signature_in_option) {
        gosc_oscore_option fields;
        bool good = gosc_span_present(option) &&
                    gosc_oscore_option_parse(option, 0x3f, 0, &fields) == GOSC_OK &&
                    gosc_oscore_option_split(&fields, shape->signature_len) == GOSC_OK;
        *found = good ? fields.signature : GOSC_ABSENT;
    } else if (pdu.payload.len < behind + shape->tag_len) {
        return false;
    } else if (strcmp(layer, "signature") == 0) {
        *found = gosc_span_of(pdu.payload.ptr + pdu.payload.len - behind, behind);
    } else if (strcmp(layer, "tag") == 0) {
        *found = gosc_span_of(pdu.payload.ptr + pdu.payload.len - behind - shape->tag_len, shape->tag_len);
    } else {
        *found = gosc_span_of(pdu.payload.ptr, pdu.payload.len - behind);
    }
    return found->ptr != NULL && found->len > 0;
}

/* flip turns bit n of a layer over, counted from its first byte's highest bit; it wraps at the layer's end.
 */
static const char *flip(const json_t *set, const adv_shape *shape, gosc_span bytes, uint8_t *room)
{
    const json_t *order = json_object_get(set, "flip");
    gosc_span layer;
    if (order == NULL) {
        return NULL;
    }
    if (!layer_find(bytes, vec_get_text(order, "layer"), shape, &layer)) {
        return "flip: the packet has no such layer";
    }
    size_t bit = (size_t)vec_get_int(order, "bit", 0) % (8 * layer.len);
    size_t at = (size_t)(layer.ptr - bytes.ptr) + bit / 8;
    room[at] = (uint8_t)(room[at] ^ (0x80 >> bit % 8));
    return NULL;
}

const char *adv_edit(vec_arena *arena, const json_t *set, const adv_shape *shape, adv_lookup *lookup,
                     void *arg, gosc_span datagram, gosc_span *edited)
{
    parts p;
    gosc_span bytes = vec_get_hex(arena, set, "bytes");
    if (!gosc_span_present(bytes) && take_apart(datagram, &p)) {
        const char *why = set_header(arena, set, lookup, arg, &p);
        why = why != NULL ? why : set_option(arena, set, shape, &p);
        why = why != NULL ? why : set_options(arena, set, &p);
        if (why != NULL) {
            return why;
        }
        bytes = put_together(arena, &p);
    } else if (!gosc_span_present(bytes)) {
        bytes = datagram;
    }
    gosc_span more = vec_get_hex(arena, set, "append");
    uint8_t *room = vec_alloc(arena, bytes.len + more.len + 1);
    memcpy(room, bytes.ptr, bytes.len);
    const char *why = flip(set, shape, bytes, room);
    size_t cut = (size_t)vec_get_int(set, "truncate", 0);
    size_t len = cut < bytes.len ? bytes.len - cut : 0;
    if (more.len > 0) {
        memcpy(room + len, more.ptr, more.len);
    }
    *edited = gosc_span_of(room, len + more.len);
    return why;
}
