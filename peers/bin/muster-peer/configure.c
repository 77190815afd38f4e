/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups, Security Contexts, addresses, and what the peer can do. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"

#define TIME_MAX INT64_C(9007199254740991)
#define END                                                                                                  \
    {                                                                                                        \
        .kind = VEC_END                                                                                      \
    }
#define MAYBE(k, what)                                                                                       \
    {                                                                                                        \
        .key = k, .kind = what, .flags = VEC_OPTIONAL | VEC_NULLABLE                                         \
    }

static const char *const ports[] = {"stdio", "udp", NULL};
static const char *const roles[] = {"client", "server", "silent", NULL};
static const char *const classes[] = {"success", "client-error", "server-error", NULL};
static const char *const echoes[] = {"off", "auto", NULL};
static const char *const methods[] = {"echo", "baseline", "best-effort", NULL};

const vec_rule peer_hello_keys[] = {
    {.key = "port", .kind = VEC_WORD, .flags = VEC_OPTIONAL | VEC_NULLABLE, .words = ports},
    END,
};

static const vec_rule one_role = {.kind = VEC_WORD, .words = roles};
static const vec_rule one_class = {.kind = VEC_WORD, .words = classes};
static const vec_rule one_application = {.kind = VEC_TEXT, .min = 1, .max = IO_APPLICATION_NAME_MAX - 1};
static const vec_rule one_address = {.kind = VEC_TEXT, .min = 3, .max = IO_ADDRESS_TEXT_MAX - 1};
#define TIME(k)                                                                                              \
    {                                                                                                        \
        .key = k, .kind = VEC_INT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .min = 0, .max = UINT32_MAX         \
    }
static const vec_rule policy_keys[] = {
    TIME("leisure_ms"),
    {.key = "echo", .kind = VEC_WORD, .flags = VEC_OPTIONAL | VEC_NULLABLE, .words = echoes},
    TIME("freshness_ms"),
    MAYBE("retry_echo", VEC_BOOL),
    TIME("exchange_ms"),
    {.key = "suppress",
     .kind = VEC_LIST,
     .flags = VEC_OPTIONAL | VEC_NULLABLE | VEC_UNIQUE,
     .of = &one_class},
    MAYBE("error_replies", VEC_BOOL),
    MAYBE("rederive", VEC_BOOL),
    MAYBE("verify", VEC_BOOL),
    {.key = "applications",
     .kind = VEC_LIST,
     .flags = VEC_OPTIONAL | VEC_NULLABLE | VEC_UNIQUE,
     .max = IO_APPLICATIONS_MAX,
     .of = &one_application},
    {.key = "synchronisation", .kind = VEC_WORD, .flags = VEC_OPTIONAL | VEC_NULLABLE, .words = methods},
    END,
};
const vec_rule peer_configure_keys[] = {
    {.key = "group", .kind = VEC_TEXT, .min = 1, .max = IO_NAME_MAX - 1},
    {.key = "context", .kind = VEC_ANY},
    {.key = "roles", .kind = VEC_LIST, .flags = VEC_UNIQUE, .min = 1, .of = &one_role},
    {.key = "addresses", .kind = VEC_LIST, .max = IO_ADDRESSES_MAX, .of = &one_address},
    {.key = "join", .kind = VEC_LIST, .flags = VEC_OPTIONAL | VEC_NULLABLE, .max = 16, .of = &one_address},
    {.key = "policy", .kind = VEC_OBJECT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .of = policy_keys},
    {.key = "keep", .kind = VEC_TEXT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .min = 1, .max = 1024},
    END,
};
const vec_rule peer_rekey_keys[] = {
    {.key = "group", .kind = VEC_TEXT, .min = 1, .max = IO_NAME_MAX - 1},
    {.key = "context", .kind = VEC_ANY},
    {.key = "grace_ms", .kind = VEC_INT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .min = 0, .max = TIME_MAX},
    END,
};
const vec_rule peer_membership_keys[] = {
    {.key = "address", .kind = VEC_TEXT, .min = 2, .max = IO_ADDRESS_TEXT_MAX - 1},
    {.key = "port", .kind = VEC_INT, .flags = VEC_OPTIONAL | VEC_NULLABLE, .min = 1, .max = UINT16_MAX},
    END,
};

/* ---- hello ---- */

static json_t *numbers(const int32_t *list, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(array, json_integer(list[i]));
    }
    return array;
}

static json_t *words(const char *const *list)
{
    json_t *array = json_array();
    for (; *list != NULL; list++) {
        (void)json_array_append_new(array, json_string(*list));
    }
    return array;
}

#define NUMBERS(list) numbers(list, sizeof(list) / sizeof((list)[0]))

static json_t *dialect(const char *name, const char *const *readings, const char *const *modes)
{
    static const int32_t aead[] = {10, 11, 12, 13, 1, 2, 3, 24, 30, 31, 32, 33};
    static const int32_t group_enc[] = {10, 11, 12, 13, 1, 2, 3, 24, 30, 31, 32, 33, -65534, -65533, -65532};
    static const int32_t signature[] = {-8, -7, -35, -36};
    static const int32_t agreement[] = {-27, -28};
    static const int32_t hkdf[] = {5, 7};
    static const char *const formats[] = {"ccs", "cwt", "x509", NULL};
    static const char *const none[] = {NULL};
    bool group = strcmp(name, "oscore") != 0;
    bool has_modes = strcmp(name, "group-28") == 0;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "dialect", name, "readings",
                     words(readings), "modes", words(modes), "aead", NUMBERS(aead), "group_enc",
                     has_modes ? NUMBERS(group_enc) : json_array(), "signature",
                     group ? NUMBERS(signature) : json_array(), "agreement",
                     has_modes ? NUMBERS(agreement) : json_array(), "hkdf", NUMBERS(hkdf), "cred_formats",
                     words(group ? formats : none));
}

json_t *peer_hello(peer *p, vec_arena *arena, const json_t *request, const char **fault, bool *unsupported)
{
    static const char *const none[] = {NULL};
    static const char *const of_28[] = {"CS5", "CS4", NULL};
    static const char *const of_02[] = {"S1/E1", "S2/E1", "S3/E1", "S1/E0", "S2/E0", "S3/E0", NULL};
    static const char *const modes[] = {"group", "pairwise", NULL};
    static const char *const features[] = {
        "echo",        "observe",     "block",   "state",           "seed",      "rekey",
        "forget",      "silent",      "members", "multicast",       "responses", "resources",
        "cancel",      "no-response", "protect", "interop-tests",   "rederive",  "applications",
        "outer-block", "check",       "plain",   "no-verification", NULL};
    (void)arena;
    (void)unsupported;
    if (!vec_is_null(request, "port")) {
        peer_port port = vec_get_is(request, "port", "udp") ? PEER_UDP : PEER_STDIO;
        if (port != p->port && p->groups != NULL) {
            *fault = "the port cannot change any more";
            return NULL;
        }
        p->port = port;
    }
    json_t *dialects = json_array();
    (void)json_array_append_new(dialects, dialect("oscore", none, none));
    (void)json_array_append_new(dialects, dialect("group-02", of_02, none));
    (void)json_array_append_new(dialects, dialect("group-28", of_28, modes));
    return json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "name", "muster-peer", "version", "1", "protocol",
                     1, "ports", words(ports), "roles", words(roles), "dialects", dialects, "features",
                     words(features));
}

/* ---- Security Contexts ---- */

typedef struct granted {
    vec_arena arena;
    vec_context context;
} granted;

static void granted_release(void *arg)
{
    granted *g = arg;
    gosc_security_context_wipe(&g->context.security);
    vec_arena_free(&g->arena);
    free(g);
}

void peer_group_free(peer_group *group)
{
    if (group->rederive != NULL) {
        granted_release(group->rederive);
    }
    free(group);
}

/* rederive_set keeps the parameters of a context that passed grant_make, for Appendix B.2. */
static const char *rederive_set(peer_group *group, const json_t *object, io_group_params *params)
{
    granted *g = calloc(1, sizeof *g);
    if (g == NULL) {
        return "no memory";
    }
    vec_context_read(&g->arena, object, &g->context);
    group->rederive = g;
    if (g->context.params.dialect->group != NULL || g->context.n_recipients != 1) {
        return "rederive: only in oscore, with one other end";
    }
    params->rederive = &g->context.params;
    params->rederive_recipient = g->context.recipients[0].id;
    return NULL;
}

/* grant_make makes a Security Context of a Context object. */
static bool grant_make(vec_arena *arena, const peer_group *group, const json_t *object,
                       io_security_grant *grant, const char **fault, bool *unsupported)
{
    vec_check check;
    vec_check_init(&check, "context");
    if (!vec_context_check(&check, object)) {
        *fault = vec_printf(arena, "%s", check.fault);
        return false;
    }
    granted *g = calloc(1, sizeof *g);
    if (g == NULL) {
        *fault = "no memory";
        return false;
    }
    vec_context_read(&g->arena, object, &g->context);
    if (group->has_freshness) {
        g->context.params.freshness_ms = group->freshness_ms;
    }
    g->context.params.sync = group->sync;
    gosc_err err = vec_context_set_up(&g->arena, &g->context);
    if (err != GOSC_OK) {
        *unsupported = g->context.unsupported != NULL;
        *fault = gosc_err_name(err);
        granted_release(g);
        return false;
    }
    if (group->unverified && g->context.params.dialect != &gosc_dialect_group_02) {
        *fault = "verify: expected true, only group-02 knows recipients that do not verify";
        granted_release(g);
        return false;
    }
    g->context.security.common.signatures_unchecked = group->unverified;
    *grant = (io_security_grant){
        .context = &g->context.security,
        .longest_credential = g->context.longest_credential,
        .release = granted_release,
        .arg = g,
    };
    return true;
}

/* ---- addresses ---- */

static bool address_among(const io_address *list, size_t n, const io_address *address)
{
    for (size_t i = 0; i < n; i++) {
        if (io_address_equal(&list[i], address)) {
            return true;
        }
    }
    return false;
}

static const char *address_own(peer *p, io_address *address)
{
    if (io_address_is_multicast(address)) {
        return "a group address cannot be one's own";
    }
    const char *why = p->port == PEER_UDP ? io_udp_open(&p->udp, address) : NULL;
    if (why != NULL || address_among(p->owned, p->n_owned, address)) {
        return why;
    }
    if (p->n_owned == PEER_JOINED_MAX) {
        return "too many addresses";
    }
    p->owned[p->n_owned++] = *address;
    return NULL;
}

static const char *group_join(peer *p, const io_address *address)
{
    if (!io_address_is_multicast(address)) {
        return "no group address";
    }
    if (address_among(p->joined, p->n_joined, address)) {
        return NULL;
    }
    if (p->n_joined == PEER_JOINED_MAX) {
        return "too many groups joined";
    }
    const char *why = p->port == PEER_UDP ? io_udp_join(&p->udp, address) : NULL;
    if (why == NULL) {
        p->joined[p->n_joined++] = *address;
    }
    return why;
}

static bool membership_read(const json_t *request, io_address *address, const char **fault)
{
    int64_t port = vec_get_int(request, "port", IO_PORT_COAP);
    if (!io_address_parse_host(vec_get_text(request, "address"), (uint16_t)port, address)) {
        *fault = "address: expected an IP address without port";
        return false;
    }
    return true;
}

json_t *peer_join(peer *p, vec_arena *arena, const json_t *request, const char **fault, bool *unsupported)
{
    io_address address;
    (void)arena;
    (void)unsupported;
    if (membership_read(request, &address, fault)) {
        *fault = group_join(p, &address);
    }
    return *fault == NULL ? json_object() : NULL;
}

json_t *peer_leave(peer *p, vec_arena *arena, const json_t *request, const char **fault, bool *unsupported)
{
    io_address address;
    (void)arena;
    (void)unsupported;
    if (!membership_read(request, &address, fault)) {
        return NULL;
    }
    for (size_t i = 0; i < p->n_joined; i++) {
        if (io_address_equal(&p->joined[i], &address)) {
            p->joined[i] = p->joined[--p->n_joined];
            *fault = p->port == PEER_UDP ? io_udp_leave(&p->udp, &address) : NULL;
            return *fault == NULL ? json_object() : NULL;
        }
    }
    *fault = "not joined";
    return NULL;
}

/* ---- configure ---- */

static unsigned roles_read(const json_t *list)
{
    unsigned all = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        if (strcmp(word, "client") == 0) {
            all |= IO_ROLE_CLIENT;
        } else {
            all |= strcmp(word, "server") == 0 ? IO_ROLE_SERVER : IO_ROLE_SILENT;
        }
    }
    return all;
}

static unsigned suppress_read(const json_t *list)
{
    unsigned all = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        if (strcmp(word, "success") == 0) {
            all |= 1U << 2;
        } else {
            all |= strcmp(word, "client-error") == 0 ? 1U << 4 : 1U << 5;
        }
    }
    return all;
}

static void policy_read(const json_t *object, io_policy *policy, peer_group *group)
{
    *policy = io_policy_defaults;
    if (object == NULL) {
        return;
    }
    policy->leisure_ms = (uint32_t)vec_get_int(object, "leisure_ms", policy->leisure_ms);
    policy->exchange_ms = (uint32_t)vec_get_int(object, "exchange_ms", policy->exchange_ms);
    policy->echo = !vec_get_is(object, "echo", "off");
    policy->retry_echo = vec_get_bool(object, "retry_echo", policy->retry_echo);
    policy->error_replies = vec_get_bool(object, "error_replies", policy->error_replies);
    policy->rederive = vec_get_bool(object, "rederive", false);
    if (!vec_is_null(object, "suppress")) {
        policy->suppress = suppress_read(json_object_get(object, "suppress"));
    }
    group->unverified = !vec_get_bool(object, "verify", true);
    group->has_freshness = !vec_is_null(object, "freshness_ms");
    group->freshness_ms = (uint32_t)vec_get_int(object, "freshness_ms", 0);
    if (vec_get_is(object, "synchronisation", "baseline")) {
        group->sync = gosc_sync_baseline;
    } else if (vec_get_is(object, "synchronisation", "best-effort")) {
        group->sync = gosc_sync_best_effort;
    }
}

/* keep_open gives the state of a directory, opened once. */
static io_state_db *keep_open(peer *p, vec_arena *arena, const char *directory, const char **fault)
{
    char why[IO_STATE_FAULT_MAX];
    for (size_t i = 0; i < p->n_keeps; i++) {
        if (strcmp(p->keeps[i].directory, directory) == 0) {
            return p->keeps[i].db;
        }
    }
    if (p->n_keeps == PEER_KEEPS_MAX) {
        *fault = "too many directories";
        return NULL;
    }
    io_state_db *db = io_state_db_open(directory, why);
    size_t len = strlen(directory) + 1;
    char *copy = malloc(len);
    if (db == NULL || copy == NULL) {
        *fault = vec_printf(arena, "keep: %s", db == NULL ? why : "no memory");
        free(copy);
        io_state_db_close(db);
        return NULL;
    }
    memcpy(copy, directory, len);
    p->keeps[p->n_keeps++] = (peer_keep){copy, db};
    return db;
}

/* addresses_read takes the addresses of a group up, and the groups it listens to. */
static const char *addresses_read(peer *p, vec_arena *arena, const json_t *request, io_group_params *params)
{
    const json_t *own = json_object_get(request, "addresses");
    const json_t *join = json_object_get(request, "join");
    for (size_t i = 0; i < json_array_size(own) + json_array_size(join); i++) {
        bool is_own = i < json_array_size(own);
        const char *text = json_string_value(is_own ? json_array_get(own, i)
                                                    : json_array_get(join, i - json_array_size(own)));
        io_address address;
        if (!io_address_parse(text, &address)) {
            return vec_printf(arena, "expected address:port, found \"%s\"", text);
        }
        const char *why = is_own ? address_own(p, &address) : group_join(p, &address);
        if (why != NULL) {
            return vec_printf(arena, "%s: %s", text, why);
        }
        if (is_own) {
            params->addresses[params->n_addresses++] = address;
        }
    }
    return NULL;
}

static json_t *addresses_list(const io_group_params *params)
{
    json_t *list = json_array();
    for (size_t i = 0; i < params->n_addresses; i++) {
        char text[IO_ADDRESS_TEXT_MAX];
        (void)json_array_append_new(list, json_string(io_address_format(&params->addresses[i], text)));
    }
    return list;
}

json_t *peer_configure(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                       bool *unsupported)
{
    io_security_grant grant;
    const char *keep = vec_get_text(request, "keep");
    io_group_params params = {.name = vec_get_text(request, "group"),
                              .roles = roles_read(json_object_get(request, "roles"))};
    peer_group *group = calloc(1, sizeof *group);
    if (group == NULL) {
        *fault = "no memory";
        return NULL;
    }
    memcpy(group->name, params.name, strlen(params.name) + 1);
    policy_read(json_object_get(request, "policy"), &params.policy, group);
    if (!grant_make(arena, group, json_object_get(request, "context"), &grant, fault, unsupported)) {
        free(group);
        return NULL;
    }
    if (params.policy.rederive) {
        *fault = rederive_set(group, json_object_get(request, "context"), &params);
    }
    if (*fault == NULL && keep != NULL) {
        params.keep = keep_open(p, arena, keep, fault);
    }
    if (*fault == NULL) {
        *fault = addresses_read(p, arena, request, &params);
    }
    const json_t *applications = json_object_get(json_object_get(request, "policy"), "applications");
    for (size_t i = 0; *fault == NULL && i < json_array_size(applications); i++) {
        const char *name = json_string_value(json_array_get(applications, i));
        *fault = io_resources_apply(&p->resources, name, params.name) ? NULL : "too many application groups";
    }
    if (*fault == NULL) {
        *fault = io_endpoint_group_add(p->endpoint, &params, &grant);
    }
    if (*fault != NULL) {
        grant.release(grant.arg);
        peer_group_free(group);
        return NULL;
    }
    group->next = p->groups;
    p->groups = group;
    return json_pack("{s:o}", "addresses", addresses_list(&params));
}

json_t *peer_rekey(peer *p, vec_arena *arena, const json_t *request, const char **fault, bool *unsupported)
{
    io_security_grant grant;
    const char *name = vec_get_text(request, "group");
    io_group *group = io_endpoint_group_find(p->endpoint, name);
    const peer_group *known = p->groups;
    while (known != NULL && strcmp(known->name, name) != 0) {
        known = known->next;
    }
    if (group == NULL || known == NULL) {
        *fault = "no such group";
        return NULL;
    }
    if (!grant_make(arena, known, json_object_get(request, "context"), &grant, fault, unsupported)) {
        return NULL;
    }
    *fault = io_endpoint_rekey(p->endpoint, group, &grant, (uint64_t)vec_get_int(request, "grace_ms", 0));
    if (*fault != NULL) {
        grant.release(grant.arg);
        return NULL;
    }
    return json_object();
}

/* ---- state ---- */

static json_t *recipients_list(const gosc_security_context *context)
{
    json_t *list = json_array();
    for (size_t i = 0; i < context->n_recipients; i++) {
        const gosc_recipient_context *one = &context->recipients[i];
        if (!one->used) {
            continue;
        }
        bool seen = one->window.valid && one->window.seen != 0;
        json_t *highest = seen ? json_integer((json_int_t)one->window.highest) : json_null();
        (void)json_array_append_new(list, json_pack("{s:o, s:b, s:o}", "id", peer_hex(gosc_id_span(&one->id)),
                                                    "valid", one->window.valid, "highest", highest));
    }
    return list;
}

/* digest_of is equal for equal states: numbers, windows, challenges. */
static json_t *digest_of(vec_arena *arena, const gosc_security_context *context)
{
    uint8_t digest[16];
    size_t room = 64 + context->n_recipients * 128;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(arena, room), room});
    gosc_write_be(&writer, context->sender.ssn, 8);
    gosc_write_u8(&writer, context->new_windows_invalid);
    for (size_t i = 0; i < context->n_recipients; i++) {
        const gosc_recipient_context *one = &context->recipients[i];
        if (one->used) {
            gosc_write_u8(&writer, one->id.len);
            gosc_write_bytes(&writer, gosc_id_span(&one->id));
            gosc_write_u8(&writer, one->window.valid);
            gosc_write_be(&writer, one->window.highest, 8);
            gosc_write_be(&writer, one->window.seen, 8);
            gosc_write_u8(&writer, one->echo.fresh);
            gosc_write_bytes(&writer, gosc_span_of(one->echo.value, one->echo.len));
        }
    }
    gosc_err err = gosc_crypto_hkdf(GOSC_ALG_HMAC_256, GOSC_ABSENT, gosc_writer_span(&writer), GOSC_EMPTY,
                                    (gosc_buf){digest, sizeof digest});
    return err == GOSC_OK && !writer.failed ? peer_hex(gosc_span_of(digest, sizeof digest)) : json_null();
}

json_t *peer_state(peer *p, vec_arena *arena, const json_t *request, const char **fault, bool *unsupported)
{
    const io_group *group = io_endpoint_group_find(p->endpoint, vec_get_text(request, "group"));
    (void)unsupported;
    if (group == NULL) {
        *fault = "no such group";
        return NULL;
    }
    const gosc_security_context *context = io_group_context(group);
    json_int_t n = (json_int_t)io_group_n_contexts(group);
    if (context == NULL) {
        return json_pack("{s:n, s:[], s:n, s:I}", "ssn", "recipients", "digest", "derivations", n);
    }
    json_t *ssn = context->sender.present ? json_integer((json_int_t)context->sender.ssn) : json_null();
    return json_pack("{s:o, s:o, s:o, s:I}", "ssn", ssn, "recipients", recipients_list(context), "digest",
                     digest_of(arena, context), "derivations", n);
}
