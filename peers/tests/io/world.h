/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for tests of the endpoint: one client and three servers in one process, a network between them,
 * virtual time, seeded chance; what happened is kept.
 */
#ifndef MUSTER_WORLD_H
#define MUSTER_WORLD_H

#include <string.h>

#include "bytes.h"
#include "endpoint.h"
#include "resources.h"
#include "tap.h"

enum {
    SWITCH = 0, /* the client */
    LAMP1 = 1,
    LAMP2 = 2,
    LAMP3 = 3,
    N_MEMBERS = 4,
    HAPPENED_MAX = 256,
    FLYING_MAX = 64,
    WORLD_DATAGRAM = 1500, /* bytes */
};

/* What a test remembers of an event. */
typedef struct happened {
    int who;
    io_event_kind kind;
    char exchange[IO_NAME_MAX];
    char text[128];
    char group[IO_NAME_MAX];
    const char *mode;
    gosc_id kid;
    bool has_partial_iv, multicast, is_protected;
    uint64_t partial_iv;
    uint8_t code;
    size_t payload_len;
    uint8_t payload[1400];
} happened;

typedef struct flying {
    bool used;
    uint64_t at_ms;
    io_path path; /* as the sender sees it */
    size_t len;
    uint8_t bytes[WORLD_DATAGRAM];
} flying;

typedef struct member {
    struct world *world;
    int index;
    io_endpoint *endpoint;
    io_random random;
    io_resources resources;
    io_address address;
    bool joined;
} member;

typedef struct world {
    const gosc_dialect *dialect;
    int n_members; /* 2 in plain OSCORE */
    member members[N_MEMBERS];
    io_policy policy; /* of all */
    bool rederive;    /* two members of oscore that lost their contexts */
    gosc_context_params lost[2];
    gosc_id lost_ids[2];
    unsigned roles[N_MEMBERS];
    uint32_t freshness_ms;
    gosc_sync_method *sync;
    int no_group_mode, no_pairwise_mode; /* servers whose group-28 context lacks it; 0: none */
    io_address group;
    uint64_t now_ms;
    unsigned n_sent;
    unsigned lose; /* bit n: the next datagram but n is lost */
    bool lose_all;
    unsigned n_replayed;
    bool hold;    /* nothing arrives */
    flying last;  /* the last datagram sent */
    flying first; /* the first since world_clear */
    flying flights[FLYING_MAX];
    happened all[HAPPENED_MAX];
    size_t n_happened;
    int n_granted; /* Security Contexts given out and not given back */
} world;

typedef struct key_pair {
    const char *id;
    const char *private_key;
    const char *credential;
} key_pair;

#define CCS(name_hex, x) "a202" name_hex "08a101a3010120062158 20" x

/* RFC 8032 section 7.1, tests 1 to 3; subjects and IDs of different lengths. */
static const key_pair keys[N_MEMBERS] = {
    {"25", "83408a2dcc485ca90ba987f21495b30539baf12a7880ca5dfcf61c17b4384462",
     CCS("66737769746368", "3af61619a3e350eea1d83b3bdb28fe136a705921152c3d660e33ffe0ec3cb84e")},
    {"52", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     CCS("646c616d70", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")},
    {"5203", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     CCS("656c616d7032", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")},
    {"", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     CCS("636c3033", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")},
};
static const char manager_credential[] =
    CCS("676d616e61676572", "a6501f59cc0cc97f3a39b0bc2277d7209f67cad009a087aadbd590f7da777354");

static inline void need(bool good, const char *what)
{
    if (!good) {
        printf("Bail out! %s\n", what);
        exit(EXIT_FAILURE);
    }
}

/* ---- Security Contexts ---- */

typedef struct granted {
    gosc_security_context context;
    gosc_recipient_context recipients[N_MEMBERS];
    gosc_span ids[N_MEMBERS];
    gosc_span credentials[N_MEMBERS];
    gosc_span secret, salt, gid, manager, private_key;
    world *of;
} granted;

static inline void granted_release(void *arg)
{
    granted *g = arg;
    gosc_security_context_wipe(&g->context);
    for (int i = 0; i < N_MEMBERS; i++) {
        bytes_free(g->ids[i]);
        bytes_free(g->credentials[i]);
    }
    bytes_free(g->secret);
    bytes_free(g->salt);
    bytes_free(g->gid);
    bytes_free(g->manager);
    bytes_free(g->private_key);
    g->of->n_granted--;
    free(g);
}

static inline gosc_err member_find(void *arg, gosc_span kid, gosc_span *credential)
{
    const granted *g = arg;
    for (int i = 0; i < N_MEMBERS; i++) {
        if (gosc_span_equal(g->ids[i], kid)) {
            *credential = g->credentials[i];
            return GOSC_OK;
        }
    }
    return GOSC_ERR_RECIPIENT_UNKNOWN;
}

/* world_grant makes the Security Context of one member in one epoch; the servers know the client, the client
 * knows all. */
static inline io_security_grant world_grant(world *w, int who, unsigned epoch)
{
    granted *g = calloc(1, sizeof *g);
    need(g != NULL, "memory");
    uint8_t secret[16];
    const uint8_t gid[3] = {0xd3, 0x6d, (uint8_t)epoch};
    memset(secret, (int)(0x40 + epoch), sizeof secret);
    g->of = w;
    g->secret = bytes_copy(gosc_span_of(secret, sizeof secret));
    g->salt = bytes_hex("f1bd6f9b11ecd156");
    g->gid = bytes_copy(gosc_span_of(gid, sizeof gid));
    g->manager = bytes_hex(manager_credential);
    g->private_key = bytes_hex(keys[who].private_key);
    for (int i = 0; i < N_MEMBERS; i++) {
        g->ids[i] = bytes_hex(keys[i].id);
        g->credentials[i] = bytes_hex(keys[i].credential);
    }
    bool group = w->dialect->group != NULL;
    bool modes = w->dialect->has_modes;
    bool no_group = w->no_group_mode != 0 && w->no_group_mode == who;
    bool no_pairwise = w->no_pairwise_mode != 0 && w->no_pairwise_mode == who;
    const gosc_context_params params = {
        .dialect = w->dialect,
        .hkdf = GOSC_ALG_HMAC_256,
        .aead = modes ? GOSC_ALG_CHACHA20_POLY1305 : GOSC_ALG_CCM_16_64_128,
        .group_enc = modes && !no_group ? GOSC_ALG_CCM_16_64_128 : GOSC_ALG_NONE,
        .signature = group && !no_group ? GOSC_ALG_EDDSA : GOSC_ALG_NONE,
        .agreement = modes && !no_pairwise ? GOSC_ALG_ECDH_SS_256 : GOSC_ALG_NONE,
        .credential_format = group ? GOSC_CREDENTIAL_CCS : (gosc_credential_format)0,
        .master_secret = g->secret,
        .master_salt = g->salt,
        .id_context = group ? g->gid : GOSC_ABSENT,
        .gm_credential = modes ? g->manager : GOSC_ABSENT,
        .sender_id = g->ids[who],
        .sender_credential = group ? g->credentials[who] : GOSC_ABSENT,
        .private_key = group ? g->private_key : GOSC_ABSENT,
        .freshness_ms = w->freshness_ms,
        .sync = w->sync,
        .recipients = g->recipients,
        .n_recipients = group ? N_MEMBERS : 1,
        .member_find = group ? member_find : NULL,
        .member_arg = g,
    };
    need(gosc_security_context_init(&params, &g->context) == GOSC_OK, "a Security Context");
    for (int i = 0; i < w->n_members; i++) {
        if (i != who && (who == SWITCH || i == SWITCH)) {
            gosc_err err =
                gosc_recipient_context_add(&g->context, g->ids[i], group ? g->credentials[i] : GOSC_ABSENT);
            need(err == GOSC_OK, "a Recipient Context");
        }
    }
    w->n_granted++;
    return (io_security_grant){
        .context = &g->context, .longest_credential = 128, .release = granted_release, .arg = g};
}

/* ---- the sinks ---- */

static inline void world_datagram(void *arg, const io_path *path, gosc_span datagram)
{
    member *m = arg;
    world *w = m->world;
    flying one = {.used = true, .at_ms = w->now_ms + 1, .path = *path, .len = datagram.len};
    need(datagram.len <= sizeof one.bytes, "a shorter datagram");
    memcpy(one.bytes, datagram.ptr, datagram.len);
    w->last = one;
    if (!w->first.used) {
        w->first = one;
    }
    unsigned bit = w->n_sent < 31 ? 1U << w->n_sent : 0;
    w->n_sent++;
    bool lost = w->lose_all || (w->lose & bit) != 0;
    for (size_t i = 0; !lost && i < FLYING_MAX; i++) {
        if (!w->flights[i].used) {
            w->flights[i] = one;
            return;
        }
    }
    need(lost, "fewer datagrams in flight");
}

static inline void copy_text(char *room, size_t room_len, const char *text)
{
    (void)snprintf(room, room_len, "%s", text == NULL ? "" : text);
}

static inline void world_event(void *arg, const io_event *event)
{
    member *m = arg;
    world *w = m->world;
    need(w->n_happened < HAPPENED_MAX, "fewer events");
    happened *one = &w->all[w->n_happened++];
    *one = (happened){.who = m->index,
                      .kind = event->kind,
                      .mode = event->mode,
                      .has_partial_iv = event->has_partial_iv,
                      .partial_iv = event->partial_iv.number,
                      .multicast = event->multicast,
                      .is_protected = event->is_protected,
                      .code = event->code,
                      .payload_len = event->payload.len};
    copy_text(one->exchange, sizeof one->exchange, event->exchange);
    copy_text(one->text, sizeof one->text, event->text);
    copy_text(one->group, sizeof one->group, event->group);
    if (gosc_span_present(event->kid)) {
        one->kid.len = (uint8_t)event->kid.len;
        memcpy(one->kid.bytes, event->kid.ptr, event->kid.len);
    }
    need(event->payload.len <= sizeof one->payload, "a shorter payload");
    if (event->payload.len > 0) {
        memcpy(one->payload, event->payload.ptr, event->payload.len);
    }
}

static inline void world_app(void *arg, const io_app_request *request, io_app_answer *answer)
{
    member *m = arg;
    io_resources_answer(&m->resources, request, answer);
}

/* ---- life ---- */

/* world_init leaves roles, policy and dialect to be changed before world_start. */
static inline void world_init(world *w, const gosc_dialect *dialect)
{
    memset(w, 0, sizeof *w);
    w->dialect = dialect;
    w->n_members = dialect->group != NULL ? N_MEMBERS : 2;
    w->policy = io_policy_defaults;
    need(io_address_parse("[ff35::1]:5683", &w->group), "an address");
    for (int i = 0; i < N_MEMBERS; i++) {
        w->roles[i] = i == SWITCH ? IO_ROLE_CLIENT : IO_ROLE_SERVER;
    }
}

static inline void world_start(world *w)
{
    need(gosc_crypto_init() == GOSC_OK, "the crypto library");
    for (int i = 0; i < w->n_members; i++) {
        member *m = &w->members[i];
        char text[IO_ADDRESS_TEXT_MAX];
        (void)snprintf(text, sizeof text, "[fd00::%d]:5683", i + 1);
        *m = (member){.world = w, .index = i, .joined = i != SWITCH};
        need(io_address_parse(text, &m->address), "an address");
        io_random_seed(&m->random, (uint64_t)i + 1);
        io_resources_init(&m->resources);
        const io_endpoint_params params = {.layer = io_layer_defaults,
                                           .random = &m->random,
                                           .datagram = world_datagram,
                                           .event = world_event,
                                           .app = world_app,
                                           .arg = m};
        m->endpoint = io_endpoint_new(&params);
        need(m->endpoint != NULL, "an endpoint");
        const io_security_grant grant = world_grant(w, i, 0);
        io_group_params group = {.name = "g",
                                 .roles = w->roles[i],
                                 .policy = w->policy,
                                 .n_addresses = 1,
                                 .addresses = {m->address}};
        if (w->rederive) {
            /* Both come without state: the first exchange makes a context (RFC 8613 Appendix B.2). */
            gosc_span id = bytes_hex(keys[i].id);
            w->lost_ids[i].len = (uint8_t)id.len;
            memcpy(w->lost_ids[i].bytes, id.ptr, id.len);
            bytes_free(id);
            id = bytes_hex(keys[1 - i].id);
            w->lost_ids[1 - i].len = (uint8_t)id.len;
            memcpy(w->lost_ids[1 - i].bytes, id.ptr, id.len);
            bytes_free(id);
            w->lost[i] = (gosc_context_params){.dialect = &gosc_dialect_oscore,
                                               .hkdf = GOSC_ALG_HMAC_256,
                                               .aead = GOSC_ALG_CCM_16_64_128,
                                               .master_secret = gosc_span_of("a secret of both", 16),
                                               .sender_id = gosc_id_span(&w->lost_ids[i]),
                                               .windows_invalid = true};
            group.rederive = &w->lost[i];
            group.rederive_recipient = gosc_id_span(&w->lost_ids[1 - i]);
        }
        need(io_endpoint_group_add(m->endpoint, &group, &grant) == NULL, "a group");
    }
}

static inline void world_end(world *w)
{
    for (int i = 0; i < w->n_members; i++) {
        io_endpoint_free(w->members[i].endpoint);
    }
    need(w->n_granted == 0, "all Security Contexts given back");
}

static inline void world_clear(world *w)
{
    w->n_happened = 0;
    w->n_sent = 0;
    w->lose = 0;
    w->first.used = false;
}

static inline io_group *group_of(world *w, int who)
{
    return io_endpoint_group_find(w->members[who].endpoint, "g");
}

/* ---- time ---- */

static inline void world_arrive(world *w, const flying *one)
{
    for (int i = 0; i < w->n_members; i++) {
        member *m = &w->members[i];
        bool to_group = io_address_is_multicast(&one->path.peer);
        if (to_group ? m->joined : io_address_equal(&m->address, &one->path.peer)) {
            const io_path path = {one->path.peer, one->path.local};
            io_endpoint_datagram(m->endpoint, &path, gosc_span_of(one->bytes, one->len), w->now_ms);
        }
    }
}

/* world_run lets ms pass. */
static inline void world_run(world *w, uint64_t ms)
{
    uint64_t end = w->now_ms + ms;
    for (int steps = 0;; steps++) {
        uint64_t next = IO_NEVER;
        for (int i = 0; i < w->n_members; i++) {
            uint64_t its = io_endpoint_next_ms(w->members[i].endpoint);
            next = its < next ? its : next;
        }
        for (size_t i = 0; !w->hold && i < FLYING_MAX; i++) {
            next = w->flights[i].used && w->flights[i].at_ms < next ? w->flights[i].at_ms : next;
        }
        need(steps < 100000, "time to pass");
        if (next > end) {
            break;
        }
        w->now_ms = next > w->now_ms ? next : w->now_ms;
        for (int i = 0; i < w->n_members; i++) {
            io_endpoint_tick(w->members[i].endpoint, w->now_ms);
        }
        for (size_t i = 0; !w->hold && i < FLYING_MAX; i++) {
            if (w->flights[i].used && w->flights[i].at_ms <= w->now_ms) {
                flying one = w->flights[i];
                w->flights[i].used = false;
                world_arrive(w, &one);
            }
        }
    }
    w->now_ms = end;
    for (int i = 0; i < w->n_members; i++) {
        io_endpoint_tick(w->members[i].endpoint, w->now_ms);
    }
}

/* world_replay lets a datagram arrive again under another Message ID, so that the message layer takes it for
 * a new one. */
static inline void world_replay(world *w, const flying *one)
{
    flying again = *one;
    w->n_replayed++;
    again.bytes[2] = 0xe0;
    again.bytes[3] = (uint8_t)w->n_replayed;
    world_arrive(w, &again);
}

/* ---- asking ---- */

enum {
    REGISTER = 1,
    CANCEL = 2,
};

/* What is left out: GET /light, in group mode, Non-confirmable, no Observe, open for as long as usual. */
typedef struct question {
    const char *exchange;
    int to; /* member, or -1: the group */
    bool pairwise, confirmable;
    uint8_t method;
    const char *path;
    const char *payload;
    const io_options *options;
    int observe;     /* REGISTER, CANCEL */
    gosc_span token; /* absent: chosen by the endpoint */
    uint64_t open_ms;
} question;

#define QUESTION(...) ((question){__VA_ARGS__})

static inline const char *world_ask(world *w, question q)
{
    uint8_t token[GOSC_COAP_TOKEN_MAX];
    size_t token_len = 0;
    gosc_span id = q.to < 0 ? GOSC_ABSENT : bytes_hex(keys[q.to].id);
    const io_send send = {
        .exchange = q.exchange,
        .group = group_of(w, SWITCH),
        .to = q.to < 0 ? w->group : w->members[q.to].address,
        .group_mode = !q.pairwise,
        .target = id,
        .confirmable = q.confirmable,
        .method = q.method == 0 ? GOSC_CODE_GET : q.method,
        .path = q.path == NULL ? "/light" : q.path,
        .options = q.options,
        .has_observe = q.observe != 0,
        .observe = q.observe == CANCEL,
        .payload = q.payload == NULL ? GOSC_ABSENT : gosc_span_of(q.payload, strlen(q.payload)),
        .token = q.token,
        .has_open_ms = q.open_ms > 0,
        .open_ms = q.open_ms,
    };
    const char *fault = io_endpoint_send(w->members[SWITCH].endpoint, &send, token, &token_len);
    bytes_free(id);
    return fault;
}

/* ---- looking ---- */

/* seen counts events of a kind; who -1: of anyone; text NULL: any. */
static inline int seen(const world *w, int who, io_event_kind kind, const char *text)
{
    int n = 0;
    for (size_t i = 0; i < w->n_happened; i++) {
        const happened *one = &w->all[i];
        n += (who < 0 || one->who == who) && one->kind == kind &&
             (text == NULL || strcmp(one->text, text) == 0);
    }
    return n;
}

/* the gives the n-th event of a kind, counted from 0; one of no kind when there is none. */
static inline const happened *the(const world *w, int who, io_event_kind kind, int n)
{
    static const happened none = {.who = -1, .code = 0xff};
    for (size_t i = 0; i < w->n_happened; i++) {
        const happened *one = &w->all[i];
        if ((who < 0 || one->who == who) && one->kind == kind && n-- == 0) {
            return one;
        }
    }
    return &none;
}

static inline bool says(const happened *one, uint8_t code, const char *payload)
{
    return one->code == code && one->payload_len == strlen(payload) &&
           memcmp(one->payload, payload, one->payload_len) == 0;
}

static inline void world_tell(const world *w)
{
    static const char *const kinds[] = {"delivered", "response", "challenged", "rejected", "closed", "note"};
    for (size_t i = 0; i < w->n_happened; i++) {
        const happened *one = &w->all[i];
        printf("# %d %s %s %s %s piv %d:%llu code %02x len %zu\n", one->who, kinds[one->kind], one->exchange,
               one->text, one->mode == NULL ? "-" : one->mode, one->has_partial_iv,
               (unsigned long long)one->partial_iv, one->code, one->payload_len);
    }
}

/* check reports a test; what happened is told when it failed. */
static inline void check(const world *w, bool good, const char *text)
{
    char line[200];
    const char *name = w->dialect->name;
    (void)snprintf(line, sizeof line, "%s (%s)", text, name);
    if (!tap_ok(good, line)) {
        world_tell(w);
    }
}

#endif
