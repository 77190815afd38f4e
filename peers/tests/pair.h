/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two ends of plain OSCORE for tests: RFC 8613 Appendix C.1 keys, a client with empty Sender ID and a server with 01, and
 * the buffers they need. Works with either crypto adapter.
 */
#ifndef MUSTER_PAIR_H
#define MUSTER_PAIR_H

#include "gosc.h"

#include "bytes.h"
#include "tap.h"

enum {
    PAIR_ROOM = 512,
    PAIR_SCRATCH = 4096,
};

typedef struct pair {
    gosc_security_context client;
    gosc_security_context server;
    gosc_recipient_context client_table[1];
    gosc_recipient_context server_table[2];
    gosc_response_number numbers[2];
    gosc_exchange asked;    /* the client's */
    gosc_exchange answered; /* the server's */
    gosc_received received;
    uint8_t wire[PAIR_ROOM];
    size_t wire_len;
    uint8_t opened[PAIR_ROOM];
    uint8_t scratch[PAIR_SCRATCH];
} pair;

static const uint8_t pair_secret[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t pair_salt[] = {0x9e, 0x7c, 0xa9, 0x22, 0x23, 0x78, 0x63, 0x40};
static const uint8_t pair_server_id[] = {1};
/* GET /tv1, token 00003974. */
static const uint8_t pair_get[] = {0x44, 0x01, 0x5d, 0x1f, 0x00, 0x00, 0x39, 0x74, 0xb3, 't', 'v', '1'};
/* GET with Observe 0. */
static const uint8_t pair_observe[] = {0x44, 0x01, 0x5d, 0x1f, 0x00, 0x00, 0x39,
                                       0x74, 0x60, 0x53, 't',  'v',  '1'};
/* 2.05 "hi". */
static const uint8_t pair_content[] = {0x64, 0x45, 0x5d, 0x1f, 0x00, 0x00, 0x39, 0x74, 0xff, 'h', 'i'};

static inline void pair_need(gosc_err err, const char *what)
{
    if (err != GOSC_OK) {
        printf("Bail out! %s: %s\n", what, gosc_err_name(err));
        exit(EXIT_FAILURE);
    }
}

static inline gosc_context_params pair_params(void)
{
    return (gosc_context_params){
        .dialect = &gosc_dialect_oscore,
        .hkdf = GOSC_ALG_HMAC_256,
        .aead = GOSC_ALG_CCM_16_64_128,
        .master_secret = gosc_span_of(pair_secret, sizeof pair_secret),
        .master_salt = gosc_span_of(pair_salt, sizeof pair_salt),
    };
}

/* pair_init sets both ends up; change of the server's policy comes in as its parameters. */
static inline void pair_init(pair *p, const gosc_context_params *server_policy)
{
    pair_need(gosc_crypto_init(), "crypto");
    gosc_context_params params = pair_params();
    params.sender_id = GOSC_EMPTY;
    params.recipients = p->client_table;
    params.n_recipients = 1;
    pair_need(gosc_security_context_init(&params, &p->client), "client");
    pair_need(gosc_recipient_context_add(&p->client, gosc_span_of(pair_server_id, 1), GOSC_ABSENT),
              "server's context");
    params = *server_policy;
    params.sender_id = gosc_span_of(pair_server_id, 1);
    params.recipients = p->server_table;
    params.n_recipients = 2;
    pair_need(gosc_security_context_init(&params, &p->server), "server");
    pair_need(gosc_recipient_context_add(&p->server, GOSC_EMPTY, GOSC_ABSENT), "client's context");
    gosc_exchange_init(&p->asked, p->numbers, 2);
    gosc_exchange_init(&p->answered, NULL, 0);
}

static inline gosc_buf pair_scratch(pair *p)
{
    return (gosc_buf){p->scratch, sizeof p->scratch};
}

static inline gosc_buf pair_wire(pair *p)
{
    return (gosc_buf){p->wire, sizeof p->wire};
}

static inline gosc_buf pair_opened(pair *p)
{
    return (gosc_buf){p->opened, sizeof p->opened};
}

static inline gosc_span pair_sent(const pair *p)
{
    return gosc_span_of(p->wire, p->wire_len);
}

/* pair_ask lets the client protect plain; the bytes are in wire. */
static inline gosc_err pair_ask(pair *p, gosc_span plain)
{
    const gosc_protect_params params = {.kid_context = false};
    return gosc_protect_request(&p->client, &params, plain, pair_scratch(p), &p->asked, pair_wire(p),
                                &p->wire_len);
}

/* pair_hear lets the server open what is in wire. */
static inline gosc_err pair_hear(pair *p, uint64_t now_ms)
{
    gosc_security_context *contexts[] = {&p->server};
    const gosc_context_store store = {contexts, 1};
    return gosc_unprotect_request(&store, pair_sent(p), now_ms, pair_scratch(p), &p->answered, &p->received,
                                  pair_opened(p));
}

static inline gosc_err pair_answer(pair *p, gosc_span plain, bool own_partial_iv)
{
    const gosc_protect_params params = {.own_partial_iv = own_partial_iv};
    return gosc_protect_response(&p->server, &params, &p->answered, plain, pair_scratch(p), pair_wire(p),
                                 &p->wire_len);
}

/* pair_get_answer lets the client open what is in wire. */
static inline gosc_err pair_get_answer(pair *p)
{
    gosc_security_context *contexts[] = {&p->client};
    const gosc_context_store store = {contexts, 1};
    return gosc_unprotect_response(&store, &p->asked, pair_sent(p), pair_scratch(p), &p->received,
                                   pair_opened(p));
}

#endif
