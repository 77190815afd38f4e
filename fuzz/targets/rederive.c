/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New contexts after loss of state (RFC 8613 Appendix B.2): steps of both ends in any order, lost, repeated,
 * late and tampered messages, against a model that knows which R2 is outstanding. Only the answer to it
 * establishes a context, both ends have the same keys then, and what is refused changes nothing that lasts.
 */
#include <string.h>

#include "common.h"

enum {
    WIRE_MAX = 200, /* bytes of a message here */
    N_KEPT = 4,     /* messages of each direction that may come again */
    N_STEPS_MAX = 24,
};

typedef struct message {
    uint8_t bytes[WIRE_MAX];
    size_t len;
    unsigned r2;     /* request: the R2 it answers, 0: none; response: the R2 it brings */
    unsigned run;    /* request: of the client */
    unsigned serial; /* request: its own; response: of the request it answers */
} message;

typedef struct run {
    gosc_rederive client, server;
    gosc_exchange asked, answered;
    gosc_response_number numbers[2];
    message requests[N_KEPT], responses[N_KEPT];
    unsigned n_requests, n_responses;
    unsigned n_random;     /* how often fresh bytes were made; names an R2 too */
    unsigned client_run;   /* 0: not started */
    unsigned client_r2;    /* that the client's candidate answers; 0: none */
    unsigned server_r2;    /* outstanding; 0: none */
    unsigned to_answer;    /* serial of the request 1 that waits for response 1; 0: none */
    unsigned asked_serial; /* of the request 1 the client waits for; 0: none */
} run;

static const uint8_t client_id[] = {0x11};
static const uint8_t server_id[] = {0x22, 0x33};

static gosc_span fresh(run *r, uint8_t len, uint8_t *room)
{
    r->n_random++;
    memset(room, 0x5a, GOSC_REDERIVE_R_MAX);
    room[0] = (uint8_t)r->n_random;
    return gosc_span_of(room, GOSC_REDERIVE_R_MIN + len % (GOSC_REDERIVE_R_MAX - GOSC_REDERIVE_R_MIN + 1U));
}

static gosc_buf scratch_room(void)
{
    return fuzz_room(gosc_scratch_len(WIRE_MAX, 0));
}

static void start(run *r)
{
    static const uint8_t secret[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    gosc_context_params params = {.dialect = &gosc_dialect_oscore, .hkdf = GOSC_ALG_HMAC_256};
    memset(r, 0, sizeof *r);
    params.aead = GOSC_ALG_CCM_16_64_128;
    params.master_secret = gosc_span_of(secret, sizeof secret);
    params.sender_id = gosc_span_of(client_id, sizeof client_id);
    gosc_rederive_init(&r->client, &params, gosc_span_of(server_id, sizeof server_id));
    params.sender_id = gosc_span_of(server_id, sizeof server_id);
    gosc_rederive_init(&r->server, &params, gosc_span_of(client_id, sizeof client_id));
}

/* The client begins, or begins again. */
static void client_start(run *r, uint8_t len)
{
    uint8_t room[GOSC_REDERIVE_R_MAX];
    gosc_span r1 = fresh(r, len, room);
    FUZZ_CHECK(gosc_rederive_start(&r->client, r1) == GOSC_OK, "a run begins");
    r->client_run = r->n_random;
    r->client_r2 = 0;
    r->asked_serial = 0;
}

/* Request 1 or 2 with the candidate. */
static void client_ask(run *r)
{
    static const uint8_t plain[] = {0x41, 0x01, 0x00, 0x01, 0xaa, 0xb1, 'x'};
    const gosc_protect_params params = {.kid_context = true};
    gosc_exchange exchange;
    if (r->client_run == 0) {
        return;
    }
    message *m = &r->requests[r->n_requests % N_KEPT];
    gosc_exchange_init(&exchange, r->numbers, 2);
    gosc_err err =
        gosc_protect_request(gosc_rederive_candidate(&r->client), &params, gosc_span_of(plain, sizeof plain),
                             scratch_room(), &exchange, (gosc_buf){m->bytes, WIRE_MAX}, &m->len);
    FUZZ_RESULT(err, GOSC_OK, "the candidate protects");
    m->r2 = r->client_r2;
    m->run = r->client_run;
    m->serial = ++r->n_requests;
    if (r->client_r2 == 0) {
        r->asked = exchange;
        r->asked_serial = m->serial;
    }
}

static void check_keys(const run *r)
{
    const gosc_rederive_slot *c = &r->client.slots[r->client.established ? 1 - r->client.in_use : 0];
    const gosc_rederive_slot *s = &r->server.slots[r->server.in_use];
    FUZZ_CHECK(memcmp(c->context.sender.key, s->recipient.key, 16) == 0 &&
                   memcmp(s->context.sender.key, c->recipient.key, 16) == 0,
               "both ends have the same keys");
}

/* The server gets a request of the client, whichever. */
static void server_receive(run *r, uint8_t pick, uint8_t len)
{
    if (r->n_requests == 0) {
        return;
    }
    uint8_t room[GOSC_REDERIVE_R_MAX];
    const message *m = &r->requests[pick % (r->n_requests < N_KEPT ? r->n_requests : N_KEPT)];
    gosc_received received;
    bool is_final = false;
    gosc_span r2 = fresh(r, len, room);
    gosc_span datagram = fuzz_exact(gosc_span_of(m->bytes, m->len));
    gosc_err err = gosc_rederive_receive(&r->server, datagram, r2, scratch_room(), &r->answered, &received,
                                         fuzz_room(m->len + 16), &is_final);
    FUZZ_RESULT(err, GOSC_OK, "a request of the client verifies");
    FUZZ_CHECK(is_final == (m->r2 != 0 && m->r2 == r->server_r2),
               "the answer to the outstanding R2 is final, and only that");
    FUZZ_CHECK(is_final == (received.message.ptr != NULL), "request 1 is not handed over");
    FUZZ_CHECK(!is_final || gosc_rederive_context(&r->server) != NULL, "a final request establishes");
    if (is_final && m->run == r->client_run && m->r2 == r->client_r2) {
        check_keys(r);
    }
    r->to_answer = is_final ? 0 : m->serial;
    r->server_r2 = is_final ? 0 : r->n_random;
}

/* Response 1 with the server's candidate. */
static void server_answer(run *r)
{
    static const uint8_t plain[] = {0x61, 0x81, 0x00, 0x01, 0xaa};
    const gosc_protect_params params = {.kid_context = true, .own_partial_iv = true};
    if (r->to_answer == 0) {
        return;
    }
    message *m = &r->responses[r->n_responses % N_KEPT];
    gosc_exchange exchange = r->answered;
    gosc_err err = gosc_protect_response(gosc_rederive_candidate(&r->server), &params, &exchange,
                                         gosc_span_of(plain, sizeof plain), scratch_room(),
                                         (gosc_buf){m->bytes, WIRE_MAX}, &m->len);
    FUZZ_RESULT(err, GOSC_OK, "the server answers request 1");
    m->serial = r->to_answer;
    m->r2 = r->server_r2;
    r->n_responses++;
}

/* The client gets a response of the server, whichever. */
static void client_continue(run *r, uint8_t pick, uint8_t len)
{
    if (r->n_responses == 0 || r->asked_serial == 0) {
        return;
    }
    uint8_t room[GOSC_REDERIVE_R_MAX];
    const message *m = &r->responses[pick % (r->n_responses < N_KEPT ? r->n_responses : N_KEPT)];
    gosc_received received;
    gosc_exchange exchange = r->asked;
    gosc_response_number numbers[2] = {{.context = NULL}, {.context = NULL}};
    exchange.numbers = numbers;
    gosc_err err =
        gosc_rederive_continue(&r->client, &exchange, fuzz_exact(gosc_span_of(m->bytes, m->len)),
                               fresh(r, len, room), scratch_room(), &received, fuzz_room(m->len + 16));
    FUZZ_CHECK((err == GOSC_OK) == (m->serial == r->asked_serial),
               "the answer to this request verifies, and no other");
    r->client_r2 = err == GOSC_OK ? m->r2 : 0;
    /* After a refusal the candidate cannot make request 1 again. */
    r->client_run = err == GOSC_OK ? r->client_run : 0;
    r->asked_serial = 0;
}

/* A request nobody sent: a changed byte in the ciphertext, or anything at all. */
static void attack(run *r, fuzz_input *in, uint8_t pick)
{
    uint8_t room[GOSC_REDERIVE_R_MAX];
    uint8_t bytes[WIRE_MAX];
    gosc_span datagram = fuzz_bytes(in, fuzz_u8(in) % WIRE_MAX);
    if ((pick & 1) != 0 && r->n_requests > 0) {
        const message *m = &r->requests[pick / 2 % (r->n_requests < N_KEPT ? r->n_requests : N_KEPT)];
        memcpy(bytes, m->bytes, m->len);
        bytes[m->len - 1U - fuzz_u8(in) % 12U] ^= (uint8_t)(1U << fuzz_u8(in) % 8);
        datagram = fuzz_exact(gosc_span_of(bytes, m->len));
    }
    const gosc_security_context *in_use = gosc_rederive_context(&r->server);
    static gosc_rederive before;
    gosc_received received;
    gosc_exchange exchange;
    bool is_final = false;
    gosc_exchange_init(&exchange, NULL, 0);
    memcpy(&before, &r->server, sizeof before);
    gosc_err err = gosc_rederive_receive(&r->server, datagram, fresh(r, pick, room), scratch_room(),
                                         &exchange, &received, fuzz_room(datagram.len + 16), &is_final);
    FUZZ_CHECK(err != GOSC_OK, "what the client did not send is refused");
    FUZZ_CHECK(in_use == gosc_rederive_context(&r->server) && before.r_len == r->server.r_len &&
                   memcmp(before.r, r->server.r, sizeof before.r) == 0,
               "and the run goes on");
    FUZZ_CHECK(in_use == NULL || memcmp(&before.slots[before.in_use], &r->server.slots[before.in_use],
                                        sizeof before.slots[0]) == 0,
               "and the context in use is as it was");
    /* The candidate cannot protect response 1 any more: an owner sends it before it reads on. */
    r->to_answer = 0;
}

void fuzz_target(fuzz_input *in)
{
    static run r;
    start(&r);
    for (int i = 0; i < N_STEPS_MAX && in->left.len > 0; i++) {
        uint8_t step = fuzz_u8(in);
        uint8_t pick = step / 8 % N_KEPT;
        uint8_t len = fuzz_u8(in);
        switch (step % 8) {
        case 0:
            client_start(&r, len);
            break;
        case 1:
        case 2:
            client_ask(&r);
            break;
        case 3:
        case 4:
            server_receive(&r, pick, len);
            break;
        case 5:
            server_answer(&r);
            break;
        case 6:
            client_continue(&r, pick, len);
            break;
        default:
            attack(&r, in, len);
            break;
        }
    }
}
