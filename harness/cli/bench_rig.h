/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two endpoints, warm, and the operations between them that are measured; beside each the bare adapter calls
 * it cannot do without.
 */
#ifndef CLI_BENCH_RIG_H
#define CLI_BENCH_RIG_H

#include "endpoint.h"
#include "layers.h"

enum {
    RIG_BATCH = 64,      /* operations between two looks at the clock */
    RIG_MESSAGE = 2048,  /* bytes of room for a message */
    RIG_PAYLOAD = 1024,  /* bytes, the longest payload */
    RIG_SCRATCH = 16384, /* bytes */
};

typedef enum rig_operation {
    RIG_PROTECT_REQUEST,
    RIG_VERIFY_REQUEST,
    RIG_PROTECT_RESPONSE,
    RIG_VERIFY_RESPONSE,
    RIG_DERIVE,
    RIG_N_OPERATIONS,
} rig_operation;

typedef enum rig_setting {
    RIG_OSCORE,
    RIG_GROUP_02,
    RIG_GROUP_28_GROUP,
    RIG_GROUP_28_PAIRWISE,
    RIG_N_SETTINGS,
} rig_setting;

typedef struct rig {
    vec_arena arena;
    rig_setting setting;
    rig_operation operation;
    size_t payload_len;
    const char *mode;
    vec_context contexts[2]; /* client, server */
    vec_endpoint client, server;
    gosc_replay_window saved_window;
    gosc_protect_params params;
    gosc_span plain; /* what is protected */
    uint8_t messages[RIG_BATCH][RIG_MESSAGE];
    size_t message_len[RIG_BATCH];
    gosc_exchange exchanges[RIG_BATCH];
    gosc_response_number numbers[RIG_BATCH];
    uint8_t out[RIG_MESSAGE];
    uint8_t scratch[RIG_SCRATCH];

    /* The bare calls: same lengths, same keys, the messages of the batch in turn. */
    vec_layers layers[RIG_BATCH];
    const gosc_security_context *sealer;
    uint8_t bare_out[RIG_MESSAGE];
} rig;

const char *rig_setting_name(rig_setting setting);
const char *rig_operation_name(rig_operation operation);

/* rig_build makes all ready; false when something of it fails (nothing that is measured may fail). */
bool rig_build(rig *r, rig_setting setting, rig_operation operation, size_t payload_len);
void rig_free(rig *r);

/* rig_rewind puts back what a batch moved: replay window, Response Numbers, Sender Sequence Numbers. Not
 * measured. */
void rig_rewind(rig *r);
/* rig_run does n operations, rig_run_bare as many times the bare calls; false when one fails. */
bool rig_run(rig *r, size_t n);
bool rig_run_bare(rig *r, size_t n);

#endif
