/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that speaks only `oscore`, as a device links it: every public call of both roles, one dialect
 * row. Its own code stands in a section that make footprint does not count. Never run.
 */
#include "gosc.h"

#define UNCOUNTED __attribute__((section(".harness"), used))

/* What the program knows about itself; the linker gives it an address, nothing is ever read. */
typedef struct footprint_world {
    gosc_context_params params;
    gosc_security_context context;
    gosc_context_store store;
    gosc_protect_params protect;
    gosc_exchange exchange;
    gosc_received received;
    gosc_coap_pdu pdu;
    gosc_span in, id;
    gosc_buf scratch, out;
    uint64_t now_ms;
    size_t out_len;
} footprint_world;

int footprint_main(footprint_world *w);

UNCOUNTED int footprint_main(footprint_world *w)
{
    int results = 0;
    w->params.dialect = &gosc_dialect_oscore;
    results |= gosc_crypto_init();
    results |= gosc_security_context_init(&w->params, &w->context);
    results |= gosc_recipient_context_add(&w->context, w->id, w->in);
    gosc_exchange_init(&w->exchange, NULL, 0);
    results |=
        gosc_protect_request(&w->context, &w->protect, w->in, w->scratch, &w->exchange, w->out, &w->out_len);
    results |=
        gosc_unprotect_request(&w->store, w->in, w->now_ms, w->scratch, &w->exchange, &w->received, w->out);
    results |= gosc_echo_challenge(&w->context, &w->exchange, w->id, w->now_ms, &w->pdu, false, w->scratch,
                                   w->out, &w->out_len);
    results |=
        gosc_protect_response(&w->context, &w->protect, &w->exchange, w->in, w->scratch, w->out, &w->out_len);
    results |= gosc_unprotect_response(&w->store, &w->exchange, w->in, w->scratch, &w->received, w->out);
    gosc_security_context_wipe(&w->context);
    return results;
}
