/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that speaks every dialect in every reading, with Appendix B.2 of RFC 8613 and all synchronisation methods, as a
 * device links it. What it does not need (names of errors, uncompressed COSE objects) is not linked. Its own code and data
 * stand in sections that make footprint does not count. Never run.
 */
#include "gosc.h"

#define UNCOUNTED __attribute__((section(".harness"), used))

typedef struct footprint_world {
    gosc_context_params params;
    gosc_security_context context;
    gosc_context_store store;
    gosc_protect_params protect;
    gosc_exchange exchange;
    gosc_received received;
    gosc_rederive rederive;
    gosc_coap_pdu pdu;
    gosc_span in, id;
    gosc_buf scratch, out;
    uint64_t now_ms;
    size_t out_len;
    bool is_final;
} footprint_world;

static const gosc_dialect *const rows[] __attribute__((section(".harness.rows"), used)) = {
    &gosc_dialect_oscore,        &gosc_dialect_group_28,      &gosc_dialect_group_28_cs4,
    &gosc_dialect_group_02,      &gosc_dialect_group_02_s2e1, &gosc_dialect_group_02_s3e1,
    &gosc_dialect_group_02_s1e0, &gosc_dialect_group_02_s2e0, &gosc_dialect_group_02_s3e0,
};
static gosc_sync_method *const methods[] __attribute__((section(".harness.rows"), used)) = {
    gosc_sync_best_effort, gosc_sync_baseline, gosc_sync_gap};

int footprint_main(footprint_world *w);

UNCOUNTED int footprint_main(footprint_world *w)
{
    int results = 0;
    w->params.dialect = rows[w->out_len];
    w->params.sync = methods[w->out_len];
    results |= gosc_crypto_init();
    results |= gosc_security_context_init(&w->params, &w->context);
    results |= gosc_recipient_context_add(&w->context, w->id, w->in);
    results |= gosc_recipient_context_delete(&w->context, w->id);
    results |= gosc_pairwise_keys_ready(&w->context, w->context.recipients, w->scratch);
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
    gosc_rederive_init(&w->rederive, &w->params, w->id);
    results |= gosc_rederive_start(&w->rederive, w->id);
    results |=
        gosc_rederive_continue(&w->rederive, &w->exchange, w->in, w->id, w->scratch, &w->received, w->out);
    gosc_rederive_establish(&w->rederive);
    results |= gosc_rederive_receive(&w->rederive, w->in, w->id, w->scratch, &w->exchange, &w->received,
                                     w->out, &w->is_final);
    results |= gosc_rederive_candidate(&w->rederive) == gosc_rederive_context(&w->rederive);
    gosc_security_context_wipe(&w->context);
    return results;
}
