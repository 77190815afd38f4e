/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the protocol and most of its operations. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MAX INT64_C(9007199254740991)
#define END                                                                                                  \
    {                                                                                                        \
        .kind = VEC_END                                                                                      \
    }
#define MAYBE(k, what)                                                                                       \
    {                                                                                                        \
        .key = k, .kind = what, .flags = VEC_OPTIONAL | VEC_NULLABLE                                         \
    }
#define NAME(k)                                                                                              \
    {                                                                                                        \
        .key = k, .kind = VEC_TEXT, .min = 1, .max = IO_NAME_MAX - 1                                         \
    }
#define ADDRESS(k)                                                                                           \
    {                                                                                                        \
        .key = k, .kind = VEC_TEXT, .min = 3, .max = IO_ADDRESS_TEXT_MAX - 1                                 \
    }

static const char *const modes[] = {"group", "pairwise", "plain", NULL};
static const char *const types[] = {"CON", "NON", NULL};
static const char *const method_names[] = {"GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "IPATCH", NULL};
static const char *const losses[] = {"windows", "all", NULL};
static const vec_rule one_query = {.kind = VEC_TEXT, .max = 255};
static const vec_rule one_option = {.kind = VEC_ANY};

static const vec_rule no_keys[] = {END};
static const vec_rule send_keys[] = {
    NAME("exchange"),
    NAME("group"),
    ADDRESS("to"),
    {.key = "mode", .kind = VEC_WORD, .flags = VEC_OPTIONAL | VEC_NULLABLE, .words = modes},
    {.key = "target", .kind = VEC_HEX, .flags = VEC_OPTIONAL | VEC_NULLABLE},
    {.key = "type", .kind = VEC_WORD, .flags = VEC_OPTIONAL | VEC_NULLABLE, .words = types},
    {.key = "method", .kind = VEC_WORD, .words = method_names},
    {.key = "path", .kind = VEC_TEXT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .max = IO_PATH_MAX - 1},
    {.key = "query", .kind = VEC_LIST, .flags = VEC_OPTIONAL | VEC_NULLABLE, .max = 16, .of = &one_query},
    {.key = "observe", .kind = VEC_INT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .min = 0, .max = 1},
    {.key = "options", .kind = VEC_LIST, .flags = VEC_OPTIONAL | VEC_NULLABLE, .max = 32, .of = &one_option},
    MAYBE("payload", VEC_HEX),
    {.key = "token", .kind = VEC_HEX, .flags = VEC_OPTIONAL | VEC_NULLABLE, .max = GOSC_COAP_TOKEN_MAX},
    {.key = "open_ms", .kind = VEC_INT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .min = 0, .max = TIME_MAX},
    END,
};
static const vec_rule finish_keys[] = {NAME("exchange"), END};
static const vec_rule notify_keys[] = {
    NAME("group"),
    {.key = "path", .kind = VEC_TEXT, .min = 1, .max = IO_PATH_MAX - 1},
    MAYBE("payload", VEC_HEX),
    END,
};
static const vec_rule forget_keys[] = {
    NAME("group"), {.key = "what", .kind = VEC_WORD, .words = losses}, END};
static const vec_rule state_keys[] = {NAME("group"), END};
static const vec_rule seed_keys[] = {{.key = "seed", .kind = VEC_INT, .min = 0, .max = TIME_MAX}, END};
static const vec_rule datagram_keys[] = {
    ADDRESS("from"),
    ADDRESS("to"),
    {.key = "data", .kind = VEC_HEX, .max = 65535},
    {.key = "now_ms", .kind = VEC_INT, .min = 0, .max = TIME_MAX},
    END,
};
static const vec_rule tick_keys[] = {{.key = "now_ms", .kind = VEC_INT, .min = 0, .max = TIME_MAX}, END};

/* ---- operations ---- */

static io_group *group_named(peer *p, const json_t *request, const char **fault)
{
    io_group *group = io_endpoint_group_find(p->endpoint, vec_get_text(request, "group"));
    if (group == NULL) {
        *fault = "no such group";
    }
    return group;
}

/* options_read takes [[number, "hex"], ...]; false: something else stands there. */
static bool options_read(vec_arena *arena, const json_t *list, io_options *options)
{
    static const vec_rule number = {.kind = VEC_INT, .min = 0, .max = UINT16_MAX};
    static const vec_rule value = {.kind = VEC_HEX};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        vec_check check;
        vec_check_init(&check, "options");
        if (json_array_size(one) != 2 || !vec_check_value(&check, &number, json_array_get(one, 0)) ||
            !vec_check_value(&check, &value, json_array_get(one, 1))) {
            return false;
        }
        io_options_add(options, (uint16_t)json_integer_value(json_array_get(one, 0)),
                       vec_hex_of(arena, json_array_get(one, 1)));
    }
    return true;
}

static json_t *send_op(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                       bool *unsupported)
{
    io_options options = {.n = 0};
    uint8_t token[GOSC_COAP_TOKEN_MAX];
    size_t token_len = 0;
    (void)unsupported;
    io_send send = {.exchange = vec_get_text(request, "exchange"), .group = group_named(p, request, fault)};
    if (send.group == NULL) {
        return NULL;
    }
    if (!io_address_parse(vec_get_text(request, "to"), &send.to)) {
        *fault = "to: expected address:port";
        return NULL;
    }
    const json_t *query = json_object_get(request, "query");
    for (size_t i = 0; i < json_array_size(query); i++) {
        const json_t *one = json_array_get(query, i);
        io_options_add(&options, GOSC_OPTION_URI_QUERY,
                       gosc_span_of(json_string_value(one), json_string_length(one)));
    }
    if (!options_read(arena, json_object_get(request, "options"), &options)) {
        *fault = "options: expected a list of [number, \"hex\"]";
        return NULL;
    }
    bool multicast = io_address_is_multicast(&send.to);
    /* Dialects without modes have one only, and the endpoint knows which. */
    send.plain = vec_get_is(request, "mode", "plain");
    send.group_mode = !vec_get_is(request, "mode", "pairwise");
    send.target = vec_get_hex(arena, request, "target");
    send.confirmable = vec_is_null(request, "type") ? !multicast : vec_get_is(request, "type", "CON");
    send.method = peer_method_find(vec_get_text(request, "method"));
    send.path = vec_get_text(request, "path");
    send.options = &options;
    send.has_observe = !vec_is_null(request, "observe");
    send.observe = (uint32_t)vec_get_int(request, "observe", 0);
    send.payload = vec_get_hex(arena, request, "payload");
    send.token = vec_get_hex(arena, request, "token");
    send.has_open_ms = !vec_is_null(request, "open_ms");
    send.open_ms = (uint64_t)vec_get_int(request, "open_ms", 0);
    *fault = io_endpoint_send(p->endpoint, &send, token, &token_len);
    return *fault == NULL ? json_pack("{s:o}", "token", peer_hex(gosc_span_of(token, token_len))) : NULL;
}

static json_t *finish_op(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                         bool *unsupported)
{
    (void)arena;
    (void)unsupported;
    *fault = io_endpoint_finish(p->endpoint, vec_get_text(request, "exchange"));
    return *fault == NULL ? json_object() : NULL;
}

static json_t *notify_op(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                         bool *unsupported)
{
    io_group *group = group_named(p, request, fault);
    const char *path = vec_get_text(request, "path");
    (void)unsupported;
    if (group == NULL) {
        return NULL;
    }
    gosc_span payload = vec_get_hex(arena, request, "payload");
    if (!io_resources_change(&p->resources, path, payload)) {
        *fault = "no observable resource there, or the payload is empty or too long";
        return NULL;
    }
    return json_pack("{s:I}", "n_observers", (json_int_t)io_endpoint_notify(p->endpoint, group, path));
}

static json_t *forget_op(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                         bool *unsupported)
{
    io_group *group = group_named(p, request, fault);
    (void)arena;
    (void)unsupported;
    if (group == NULL) {
        return NULL;
    }
    io_endpoint_forget(p->endpoint, group, vec_get_is(request, "what", "all"));
    return json_object();
}

static json_t *seed_op(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                       bool *unsupported)
{
    (void)arena;
    (void)unsupported;
    if (!p->lab) {
        *fault = "only after a start with --lab";
        return NULL;
    }
    io_random_seed(&p->random, (uint64_t)vec_get_int(request, "seed", 0));
    io_endpoint_renumber(p->endpoint);
    return json_object();
}

/* time_take takes the time of port stdio over; false: the port is another, or the time went back. */
static bool time_take(peer *p, const json_t *request, const char **fault)
{
    uint64_t now_ms = (uint64_t)vec_get_int(request, "now_ms", 0);
    if (p->port != PEER_STDIO) {
        *fault = "only on port stdio";
    } else if (now_ms < p->now_ms) {
        *fault = "now_ms goes back";
    } else {
        p->now_ms = now_ms;
    }
    return *fault == NULL;
}

static json_t *next_of(const peer *p)
{
    uint64_t next = io_endpoint_next_ms(p->endpoint);
    return json_pack("{s:o}", "next_ms", next == IO_NEVER ? json_null() : json_integer((json_int_t)next));
}

/* is_mine: whether a datagram on port stdio would reach this peer. */
static bool is_mine(const peer *p, const io_address *to)
{
    bool group = io_address_is_multicast(to);
    const io_address *list = group ? p->joined : p->owned;
    for (size_t i = 0; i < (group ? p->n_joined : p->n_owned); i++) {
        if (io_address_equal(&list[i], to)) {
            return true;
        }
    }
    return false;
}

static json_t *datagram_op(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                           bool *unsupported)
{
    io_path path;
    (void)unsupported;
    if (!time_take(p, request, fault)) {
        return NULL;
    }
    if (!io_address_parse(vec_get_text(request, "from"), &path.peer) ||
        !io_address_parse(vec_get_text(request, "to"), &path.local)) {
        *fault = "from, to: expected address:port";
        return NULL;
    }
    if (!is_mine(p, &path.local)) {
        const io_event event = {.kind = IO_EVENT_REJECTED, .text = "not-mine", .from = path.peer};
        peer_event(p, &event);
        io_endpoint_tick(p->endpoint, p->now_ms);
    } else {
        io_endpoint_datagram(p->endpoint, &path, vec_get_hex(arena, request, "data"), p->now_ms);
    }
    return next_of(p);
}

static json_t *tick_op(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                       bool *unsupported)
{
    (void)arena;
    (void)unsupported;
    if (!time_take(p, request, fault)) {
        return NULL;
    }
    io_endpoint_tick(p->endpoint, p->now_ms);
    return next_of(p);
}

static json_t *quit_op(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                       bool *unsupported)
{
    (void)arena;
    (void)request;
    (void)fault;
    (void)unsupported;
    p->quit = true;
    return json_object();
}

const peer_row peer_rows[] = {
    {"hello", peer_hello_keys, peer_hello},
    {"configure", peer_configure_keys, peer_configure},
    {"send", send_keys, send_op},
    {"finish", finish_keys, finish_op},
    {"notify", notify_keys, notify_op},
    {"rekey", peer_rekey_keys, peer_rekey},
    {"forget", forget_keys, forget_op},
    {"join", peer_membership_keys, peer_join},
    {"leave", peer_membership_keys, peer_leave},
    {"state", state_keys, peer_state},
    {"seed", seed_keys, seed_op},
    {"datagram", datagram_keys, datagram_op},
    {"tick", tick_keys, tick_op},
    {"protect", peer_protect_keys, peer_protect},
    {"unprotect", peer_unprotect_keys, peer_unprotect},
    {"check", peer_check_keys, peer_check},
    {"quit", no_keys, quit_op},
    {NULL, NULL, NULL},
};

/* ---- lines ---- */

static void answer_fault(peer *p, const json_t *id, const char *fault)
{
    peer_put(p, json_pack("{s:O?, s:s}", "id", id, "error", fault));
}

static const peer_row *row_find(const char *op)
{
    const peer_row *row = peer_rows;
    while (row->op != NULL && strcmp(row->op, op) != 0) {
        row++;
    }
    return row->op == NULL ? NULL : row;
}

/* check_keys holds a request against the keys of its operation. */
static bool check_keys(vec_check *check, const peer_row *row, const json_t *request)
{
    const vec_rule whole[] = {{.key = "id", .kind = VEC_ANY},
                              {.key = "op", .kind = VEC_ANY},
                              {.kind = VEC_INCLUDE, .of = row->keys},
                              END};
    const vec_rule object = {.kind = VEC_OBJECT, .of = whole};
    return vec_check_value(check, &object, request);
}

static void operate(peer *p, const json_t *request, const json_t *id)
{
    vec_arena arena = {NULL};
    vec_check check;
    const char *fault = NULL;
    bool unsupported = false;
    const char *op = vec_get_text(request, "op");
    const peer_row *row = row_find(op);
    json_t *answer = NULL;
    vec_check_init(&check, op);
    if (row == NULL) {
        unsupported = true;
    } else if (!check_keys(&check, row, request)) {
        fault = check.fault;
    } else {
        answer = row->call(p, &arena, request, &fault, &unsupported);
    }
    if (answer != NULL) {
        json_t *whole = json_pack("{s:O, s:b}", "id", id, "ok", true);
        (void)json_object_update(whole, answer);
        json_decref(answer);
        peer_put(p, whole);
    } else if (unsupported) {
        peer_put(p, json_pack("{s:O, s:s}", "id", id, "unsupported", op));
    } else {
        answer_fault(p, id, fault);
    }
    vec_arena_free(&arena);
}

void peer_line(peer *p, const char *line, size_t len)
{
    vec_check check;
    vec_check_init(&check, "line");
    json_t *request = vec_json_text(&check, line, len);
    const json_t *id = json_object_get(request, "id");
    const json_t *op = json_object_get(request, "op");
    if (request == NULL) {
        answer_fault(p, NULL, check.fault);
    } else if (!json_is_integer(id) || json_integer_value(id) < 0) {
        answer_fault(p, NULL, "expected an object with an id (an integer, not negative)");
    } else if (!json_is_string(op)) {
        answer_fault(p, id, "expected an op (a text)");
    } else {
        operate(p, request, id);
    }
    json_decref(request);
}

void peer_line_too_long(peer *p)
{
    answer_fault(p, NULL, "the line is longer than 1 MiB");
}
