/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint_state.h"

#include <stdlib.h>
#include <string.h>

const io_policy io_policy_defaults = {
    .leisure_ms = 0,
    .echo = true,
    .retry_echo = true,
    .error_replies = false,
    .exchange_ms = IO_MULTICAST_OPEN_MS,
    .suppress = 1U << 4 | 1U << 5,
};

io_endpoint *io_endpoint_new(const io_endpoint_params *params)
{
    io_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (endpoint != NULL) {
        endpoint->params = *params;
        io_layer_init(&endpoint->layer, &params->layer, (uint16_t)io_random_u32(params->random),
                      params->datagram, params->arg);
    }
    return endpoint;
}

void io_endpoint_renumber(io_endpoint *endpoint)
{
    endpoint->layer.message_id = (uint16_t)io_random_u32(endpoint->params.random);
}

/* ---- events ---- */

io_event io_event_of(io_event_kind kind, const io_group *group)
{
    return (io_event){.kind = kind, .group = group != NULL ? group->name : NULL, .kid = GOSC_ABSENT};
}

void io_event_tell(io_endpoint *endpoint, const io_event *event)
{
    endpoint->params.event(endpoint->params.arg, event);
}

void io_rejected(io_endpoint *endpoint, const io_incoming *in, const io_group *group, const io_ask *ask,
                 const char *reason)
{
    io_event event = io_event_of(IO_EVENT_REJECTED, group);
    event.text = reason;
    event.from = in->path.peer;
    if (ask != NULL) {
        event.exchange = ask->name;
        event.group = ask->group->name;
    }
    io_event_tell(endpoint, &event);
}

void io_event_received(io_event *event, const gosc_received *received, const io_address *from)
{
    event->is_protected = true;
    event->from = *from;
    event->kid = gosc_id_span(&received->sender->id);
    event->has_partial_iv = received->has_partial_iv;
    event->partial_iv = received->partial_iv;
    if (received->context->common.dialect->has_modes) {
        event->mode = received->group_mode ? "group" : "pairwise";
    }
}

/* ---- groups and contexts ---- */

io_group *io_endpoint_group_find(io_endpoint *endpoint, const char *name)
{
    io_group *group = endpoint->groups;
    while (group != NULL && strcmp(group->name, name) != 0) {
        group = group->next;
    }
    return group;
}

gosc_security_context *io_group_context(const io_group *group)
{
    return group->newest == NULL ? NULL : group->newest->grant.context;
}

uint32_t io_group_n_contexts(const io_group *group)
{
    return group->n_contexts;
}

gosc_context_store io_store_of(io_endpoint *endpoint, unsigned roles)
{
    size_t n = 0;
    for (const io_group *group = endpoint->groups; group != NULL; group = group->next) {
        const io_security *one = (group->params.roles & roles) != 0 ? group->newest : NULL;
        for (; one != NULL; one = one->older) {
            if (one->receive_until_ms > endpoint->now_ms) {
                endpoint->store[n++] = one->grant.context;
            }
        }
    }
    return (gosc_context_store){endpoint->store, n};
}

io_security *io_security_of(io_endpoint *endpoint, const gosc_security_context *context, io_group **group)
{
    for (io_group *one = endpoint->groups; one != NULL; one = one->next) {
        for (io_security *security = one->newest; security != NULL; security = security->older) {
            if (security->grant.context == context) {
                *group = one;
                return security;
            }
        }
    }
    return NULL;
}

gosc_buf io_scratch(io_endpoint *endpoint, size_t message_len)
{
    size_t len = message_len;
    size_t longest = 0;
    for (const io_group *group = endpoint->groups; group != NULL; group = group->next) {
        for (const io_security *one = group->newest; one != NULL; one = one->older) {
            longest = one->grant.longest_credential > longest ? one->grant.longest_credential : longest;
        }
    }
    len = gosc_scratch_len(len, longest);
    if (len > endpoint->scratch_len) {
        uint8_t *more = realloc(endpoint->scratch, len);
        if (more != NULL) {
            endpoint->scratch = more;
            endpoint->scratch_len = len;
        }
    }
    return (gosc_buf){endpoint->scratch, endpoint->scratch_len};
}

uint8_t *io_body_new(void)
{
    return malloc(IO_BODY_MAX);
}

bool io_local_for(const io_endpoint *endpoint, const io_group *group, const io_address *peer,
                  io_address *local)
{
    for (size_t i = 0; group != NULL && i < group->params.n_addresses; i++) {
        if (group->params.addresses[i].len == peer->len) {
            *local = group->params.addresses[i];
            return true;
        }
    }
    for (const io_group *one = endpoint->groups; one != NULL; one = one->next) {
        for (size_t i = 0; i < one->params.n_addresses; i++) {
            if (one->params.addresses[i].len == peer->len) {
                *local = one->params.addresses[i];
                return true;
            }
        }
    }
    return false;
}

/* keep_is_shared: two groups that count with one Sender Context would repeat nonces. */
static bool keep_is_shared(const io_endpoint *endpoint, const io_ssn_keeper *keeper)
{
    for (const io_group *group = endpoint->groups; group != NULL; group = group->next) {
        for (const io_security *one = group->newest; one != NULL; one = one->older) {
            if (keeper->db != NULL && one->keeper.db == keeper->db &&
                memcmp(one->keeper.key, keeper->key, sizeof keeper->key) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* windows_lose makes the windows of a context invalid, as after a restart. */
static void windows_lose(gosc_security_context *context)
{
    context->new_windows_invalid = true;
    for (size_t i = 0; i < context->n_recipients; i++) {
        context->recipients[i].window.valid = false;
        context->recipients[i].echo = (gosc_echo){.len = 0};
    }
}

/* is_renamed: the Sender ID of this context is another one than before; it stays so for those that follow. */
static bool is_renamed(const io_security *before, const gosc_security_context *context)
{
    const gosc_sender_context *was = before == NULL ? NULL : &before->grant.context->sender;
    if (was == NULL || !was->present || !context->sender.present) {
        return false;
    }
    return before->is_renamed || !gosc_span_equal(gosc_id_span(&was->id), gosc_id_span(&context->sender.id));
}

/* security_install puts a Security Context in front of those a group has. */
static const char *security_install(io_endpoint *endpoint, io_group *group, const io_security_grant *grant)
{
    size_t n = 1;
    for (const io_group *one = endpoint->groups; one != NULL; one = one->next) {
        for (const io_security *security = one->newest; security != NULL; security = security->older) {
            n++;
        }
    }
    if (n > endpoint->store_room) {
        gosc_security_context **store = realloc(endpoint->store, 2 * n * sizeof *store);
        if (store == NULL) {
            return "no memory";
        }
        endpoint->store = store;
        endpoint->store_room = 2 * n;
    }
    io_security *security = calloc(1, sizeof *security);
    bool known = false;
    if (security == NULL) {
        return "no memory";
    }
    security->grant = *grant;
    security->receive_until_ms = IO_NEVER;
    if (io_ssn_keeper_begin(&security->keeper, group->params.keep, grant->context, &known) != GOSC_OK) {
        free(security);
        return "the kept state cannot be read";
    }
    if (keep_is_shared(endpoint, &security->keeper)) {
        free(security);
        return "this Sender Context is in use already";
    }
    if (known) {
        windows_lose(grant->context);
    }
    security->is_renamed = is_renamed(group->newest, grant->context);
    if (security->is_renamed) {
        io_server_end_observations(endpoint, group); /* clients need not follow us (GO-7.4-15) */
    }
    security->older = group->newest;
    group->newest = security;
    group->n_contexts++;
    return NULL;
}

const char *io_endpoint_group_add(io_endpoint *endpoint, const io_group_params *params,
                                  const io_security_grant *grant)
{
    if (io_endpoint_group_find(endpoint, params->name) != NULL) {
        return "a group of that name is there already";
    }
    io_group *group = calloc(1, sizeof *group);
    if (group == NULL || strlen(params->name) >= sizeof group->name) {
        free(group);
        return "no memory, or the name is too long";
    }
    memcpy(group->name, params->name, strlen(params->name) + 1);
    group->params = *params;
    group->params.name = group->name;
    /* Who comes back without its windows has lost its context where Appendix B.2 is done. */
    bool is_lost = params->rederive != NULL && params->rederive->windows_invalid;
    if (params->rederive != NULL && !io_run_renew(group)) {
        free(group);
        return "no memory";
    }
    const char *fault = is_lost ? NULL : security_install(endpoint, group, grant);
    if (fault != NULL) {
        io_run_drop(group);
        free(group);
        return fault;
    }
    if (is_lost) {
        grant->release(grant->arg);
    }
    io_group **last = &endpoint->groups;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = group;
    return NULL;
}

static void security_free(io_endpoint *endpoint, io_security *security)
{
    io_ssn_keeper_end(&security->keeper, security->grant.context);
    io_client_scrub(endpoint, security->grant.context);
    io_server_scrub(endpoint, security->grant.context);
    security->grant.release(security->grant.arg);
    free(security);
}

/* group_tidy gives back old contexts that serve nobody any more. */
static void group_tidy(io_endpoint *endpoint, io_group *group)
{
    io_security **link = group->newest == NULL ? NULL : &group->newest->older;
    while (link != NULL && *link != NULL) {
        io_security *one = *link;
        if (one->receive_until_ms <= endpoint->now_ms && !io_client_uses(endpoint, one->grant.context) &&
            !io_server_uses(endpoint, one->grant.context)) {
            *link = one->older;
            security_free(endpoint, one);
        } else {
            link = &one->older;
        }
    }
}

const char *io_endpoint_rekey(io_endpoint *endpoint, io_group *group, const io_security_grant *grant,
                              uint64_t grace_ms)
{
    io_security *before = group->newest;
    const char *fault = security_install(endpoint, group, grant);
    if (fault != NULL) {
        return fault;
    }
    /* What was reserved for the old context is not given back: running exchanges may still take of it. */
    if (before != NULL) {
        before->receive_until_ms =
            grace_ms < IO_NEVER - endpoint->now_ms ? endpoint->now_ms + grace_ms : IO_NEVER;
    }
    if (!io_client_grow(endpoint, group)) {
        return "no memory";
    }
    group_tidy(endpoint, group);
    return NULL;
}

void io_endpoint_forget(io_endpoint *endpoint, io_group *group, bool everything)
{
    io_server_drop(endpoint, group);
    if (!everything) {
        for (const io_security *one = group->newest; one != NULL; one = one->older) {
            gosc_security_context *context = one->grant.context;
            for (size_t i = 0; context->common.dialect->group != NULL && i < context->n_recipients; i++) {
                gosc_recipient_context *recipient = &context->recipients[i];
                const gosc_id id = recipient->id;
                if (recipient->used) {
                    (void)gosc_recipient_context_delete(context, gosc_id_span(&id));
                }
            }
            windows_lose(context);
        }
        return;
    }
    io_client_drop(endpoint, group, "failed");
    while (group->newest != NULL) {
        io_security *one = group->newest;
        group->newest = one->older;
        security_free(endpoint, one);
    }
    if (group->run != NULL) {
        (void)io_run_renew(group); /* without memory there is no run */
    }
}

static void nobody_listens(void *arg, const io_event *event)
{
    (void)arg;
    (void)event;
}

void io_endpoint_free(io_endpoint *endpoint)
{
    endpoint->params.event = nobody_listens;
    while (endpoint->groups != NULL) {
        io_group *group = endpoint->groups;
        io_endpoint_forget(endpoint, group, true);
        endpoint->groups = group->next;
        io_run_drop(group);
        free(group);
    }
    if (endpoint->scratch != NULL) {
        gosc_crypto_wipe(endpoint->scratch, endpoint->scratch_len);
    }
    for (size_t i = 0; i < IO_OUTERS_MAX; i++) {
        io_outer_end(&endpoint->outers[i]);
    }
    free(endpoint->scratch);
    free(endpoint->store);
    gosc_crypto_wipe(endpoint->plain, sizeof endpoint->plain);
    gosc_crypto_wipe(endpoint->opened, sizeof endpoint->opened);
    free(endpoint);
}

/* ---- datagrams and time ---- */

static void tidy(io_endpoint *endpoint)
{
    for (io_group *group = endpoint->groups; group != NULL; group = group->next) {
        group_tidy(endpoint, group);
    }
}

/* owner_lost: a message was rejected or never acknowledged. */
static void owner_lost(io_endpoint *endpoint, uint32_t owner)
{
    if ((owner & IO_OWNER_BIT) != 0) {
        io_server_gone(endpoint, owner);
    } else {
        io_client_failed(endpoint, owner, "failed");
    }
}

void io_endpoint_datagram(io_endpoint *endpoint, const io_path *path, gosc_span datagram, uint64_t now_ms)
{
    io_incoming in = {.path = *path, .datagram = datagram};
    io_endpoint_tick(endpoint, now_ms);
    if (datagram.len > IO_IN_MAX) {
        io_rejected(endpoint, &in, NULL, NULL, "room");
        return;
    }
    io_layer_receive(&endpoint->layer, path, datagram, endpoint->now_ms, &in.news);
    switch (in.news.kind) {
    case IO_LAYER_REQUEST:
        io_outer_request(endpoint, &in);
        break;
    case IO_LAYER_RESPONSE:
        io_outer_response(endpoint, &in);
        break;
    case IO_LAYER_RESET:
    case IO_LAYER_TIMEOUT:
        owner_lost(endpoint, in.news.owner);
        break;
    case IO_LAYER_STRAY:
        io_rejected(endpoint, &in, NULL, NULL, gosc_err_name(GOSC_ERR_TOKEN_MISMATCH));
        break;
    case IO_LAYER_MALFORMED:
        io_rejected(endpoint, &in, NULL, NULL, gosc_err_name(GOSC_ERR_COAP_MALFORMED));
        break;
    case IO_LAYER_NOTHING:
    default:
        break;
    }
    tidy(endpoint);
}

void io_endpoint_tick(io_endpoint *endpoint, uint64_t now_ms)
{
    io_layer_news news;
    if (now_ms > endpoint->now_ms) {
        endpoint->now_ms = now_ms;
    }
    while (io_layer_tick(&endpoint->layer, endpoint->now_ms, &news)) {
        owner_lost(endpoint, news.owner);
    }
    io_server_tick(endpoint);
    io_client_tick(endpoint);
    tidy(endpoint);
}

uint64_t io_endpoint_next_ms(const io_endpoint *endpoint)
{
    const uint64_t times[] = {io_layer_next_ms(&endpoint->layer), io_client_next_ms(endpoint),
                              io_server_next_ms(endpoint)};
    uint64_t next = IO_NEVER;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        next = times[i] < next ? times[i] : next;
    }
    return next;
}
