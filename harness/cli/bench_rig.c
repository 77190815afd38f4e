/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench_rig.h"

#include <string.h>

#include "schema.h"

#define ALICE_CRED                                                                                           \
    "a20265616c69636508a101a301012006215820fd9dd8302ff131aba0d077fa5ac1cf9b986b8ab0f0322629cdfc9ef6fa9cf332"
#define BOB_CRED                                                                                             \
    "a2026e626f622d7468652d73657276657208a101a301012006215820dbbc02c1e6d71e57b91250bd6788454ad8768886e54666" \
    "9f47eb10b3"                                                                                             \
    "dfc73fd5"
#define ALICE_GROUP                                                                                          \
    "'sender': {'id': '25', 'credential': '" ALICE_CRED                                                      \
    "', 'private_key': '17ba8b4a7eb8dc501ca7233285be84a796425f82d6acc725f9549cd43f90b1db'},"                 \
    "'recipients': [{'id': '52', 'credential': '" BOB_CRED "'}]}"
#define BOB_GROUP                                                                                            \
    "'sender': {'id': '52', 'credential': '" BOB_CRED                                                        \
    "', 'private_key': '0a3df60586061d6d2a3bf1f084a72002d94fe71cffe373cc59e157935c13b73f'},"                 \
    "'recipients': [{'id': '25', 'credential': '" ALICE_CRED "'}]}"
#define SECRETS "'master_secret': '9eb1405603ad7162c55f0b2d2e85cd52', 'master_salt': '3b8093485b06e853',"
#define GROUP_02                                                                                             \
    "{'dialect': 'group-02', 'signature': -8, 'id_context': '44616c', 'cred_format': 'ccs'," SECRETS
#define GROUP_28                                                                                             \
    "{'dialect': 'group-28', 'group_enc': 10, 'aead': 10, 'signature': -8, 'agreement': -27, 'id_context': " \
    "'44616c',"                                                                                              \
    "'cred_format': 'ccs', 'gm_cred': '" ALICE_CRED "'," SECRETS

/* Contexts as in vectors, ' standing for ". */
static const char *const contexts[RIG_N_SETTINGS][2] = {
    [RIG_OSCORE] = {"{'dialect': 'oscore'," SECRETS "'sender': {'id': '25'}, 'recipients': [{'id': '52'}]}",
                    "{'dialect': 'oscore'," SECRETS "'sender': {'id': '52'}, 'recipients': [{'id': '25'}]}"},
    [RIG_GROUP_02] = {GROUP_02 ALICE_GROUP, GROUP_02 BOB_GROUP},
    [RIG_GROUP_28_GROUP] = {GROUP_28 ALICE_GROUP, GROUP_28 BOB_GROUP},
    [RIG_GROUP_28_PAIRWISE] = {GROUP_28 ALICE_GROUP, GROUP_28 BOB_GROUP},
};

const char *rig_setting_name(rig_setting setting)
{
    static const char *const names[] = {"oscore", "group-02", "group-28 group", "group-28 pairwise"};
    return names[setting];
}

const char *rig_operation_name(rig_operation operation)
{
    static const char *const names[] = {"protect request", "verify request", "protect response",
                                        "verify response", "derive"};
    return names[operation];
}

static bool context_build(rig *r, size_t i)
{
    char text[1024];
    vec_check check;
    vec_check_init(&check, "bench");
    size_t len = strlen(contexts[r->setting][i]);
    if (len >= sizeof text) {
        return false;
    }
    for (size_t j = 0; j <= len; j++) {
        char c = contexts[r->setting][i][j];
        text[j] = c == '\'' ? '"' : c;
    }
    json_t *object = vec_json_text(&check, text, len);
    bool good = object != NULL && vec_context_check(&check, object);
    if (good) {
        vec_context_read(&r->arena, object, &r->contexts[i]);
        good = vec_context_set_up(&r->arena, &r->contexts[i]) == GOSC_OK;
    }
    json_decref(object);
    return good;
}

/* plain_build writes a message: POST to /light, or 2.04, with a payload. */
static gosc_span plain_build(rig *r, bool is_request)
{
    static const uint8_t payload[RIG_PAYLOAD] = {1};
    size_t room = RIG_PAYLOAD + 64;
    uint16_t previous = 0;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(&r->arena, room), room});
    const gosc_coap_pdu pdu = {
        .type = GOSC_COAP_NON,
        .code = is_request ? GOSC_CODE_POST : GOSC_CODE_CHANGED,
        .message_id = 1,
        .token = gosc_span_of("\x71\x72", 2),
    };
    gosc_coap_header_write(&writer, &pdu);
    if (is_request) {
        gosc_option_write(&writer, &previous, GOSC_OPTION_URI_PATH, gosc_span_of("light", 5));
    }
    gosc_coap_payload_write(&writer,
                            r->payload_len > 0 ? gosc_span_of(payload, r->payload_len) : GOSC_ABSENT);
    return gosc_writer_span(&writer);
}

static gosc_buf scratch_of(rig *r)
{
    return (gosc_buf){r->scratch, sizeof r->scratch};
}

/* requests_build protects a batch of requests, each with a Partial IV of its own. */
static bool requests_build(rig *r)
{
    gosc_span plain = plain_build(r, true);
    for (size_t i = 0; i < RIG_BATCH; i++) {
        gosc_exchange_init(&r->exchanges[i], &r->numbers[i], 1);
        if (gosc_protect_request(r->client.contexts[0], &r->params, plain, scratch_of(r), &r->exchanges[i],
                                 (gosc_buf){r->messages[i], RIG_MESSAGE}, &r->message_len[i]) != GOSC_OK) {
            return false;
        }
    }
    return true;
}

/* responses_build opens the requests at the server and, for verifying, protects an answer to each. */
static bool responses_build(rig *r, bool answers)
{
    gosc_context_store store = {r->server.contexts, 1};
    gosc_span plain = plain_build(r, false);
    gosc_exchange exchange;
    for (size_t i = 0; i < RIG_BATCH; i++) {
        gosc_received received;
        gosc_span datagram = gosc_span_of(r->messages[i], r->message_len[i]);
        gosc_exchange_init(&exchange, NULL, 0);
        if (gosc_unprotect_request(&store, datagram, 0, scratch_of(r), &exchange, &received,
                                   (gosc_buf){r->out, sizeof r->out}) != GOSC_OK) {
            return false;
        }
        if (!answers) {
            r->exchanges[i] = exchange;
        } else if (gosc_protect_response(r->server.contexts[0], &r->params, &exchange, plain, scratch_of(r),
                                         (gosc_buf){r->messages[i], RIG_MESSAGE},
                                         &r->message_len[i]) != GOSC_OK) {
            return false;
        }
    }
    return true;
}

/* layers_of takes a message apart as its sender made it. */
static bool layers_of(rig *r, const vec_endpoint *sealer, gosc_span request, gosc_span datagram,
                      bool is_request, vec_layers *layers)
{
    const gosc_security_context *context = sealer->contexts[0];
    const vec_layers_input in = {
        .context = context,
        .other = &context->recipients[0],
        .sealing = true,
        .is_request = is_request,
        .datagram = datagram,
        .request = request,
    };
    return vec_layers_outer(&in, layers) == GOSC_OK && vec_layers_inner(&r->arena, &in, layers) == GOSC_OK &&
           layers->opened == GOSC_OK;
}

/* bare_build gives the bare calls what the operation gives to the adapter: for each message of the batch its
 * own keys, lengths and signature, since none of them is equally fast for all. */
static bool bare_build(rig *r, const gosc_span *requests, bool is_request)
{
    const vec_endpoint *sealer = is_request ? &r->client : &r->server;
    r->sealer = sealer->contexts[0];
    for (size_t i = 0; i < RIG_BATCH; i++) {
        gosc_span datagram = vec_copy(&r->arena, gosc_span_of(r->messages[i], r->message_len[i]));
        if (!layers_of(r, sealer, requests[i], datagram, is_request, &r->layers[i])) {
            return false;
        }
    }
    return true;
}

static bool messages_build(rig *r)
{
    gosc_span requests[RIG_BATCH];
    bool is_request = r->operation == RIG_PROTECT_REQUEST || r->operation == RIG_VERIFY_REQUEST;
    r->plain = plain_build(r, is_request);
    if (!requests_build(r)) {
        return false;
    }
    for (size_t i = 0; i < RIG_BATCH; i++) {
        requests[i] = vec_copy(&r->arena, gosc_span_of(r->messages[i], r->message_len[i]));
    }
    if (is_request) {
        return bare_build(r, requests, true);
    }
    if (!responses_build(r, true) || !bare_build(r, requests, false)) {
        return false;
    }
    if (r->operation == RIG_VERIFY_RESPONSE) {
        return true;
    }
    for (size_t i = 0; i < RIG_BATCH; i++) { /* the server's exchanges */
        memcpy(r->messages[i], requests[i].ptr, requests[i].len);
        r->message_len[i] = requests[i].len;
    }
    gosc_replay_window_init(&r->server.contexts[0]->recipients[0].window, GOSC_REPLAY_WINDOW_DEFAULT, true);
    return responses_build(r, false);
}

bool rig_build(rig *r, rig_setting setting, rig_operation operation, size_t payload_len)
{
    *r = (rig){.setting = setting, .operation = operation, .payload_len = payload_len};
    if (!context_build(r, 0) || !context_build(r, 1)) {
        return false;
    }
    vec_endpoint_init(&r->client, &r->arena, &r->contexts[0]);
    vec_endpoint_init(&r->server, &r->arena, &r->contexts[1]);
    bool group = setting == RIG_GROUP_02 || setting == RIG_GROUP_28_GROUP;
    r->params = (gosc_protect_params){
        .group_mode = group,
        .target = group ? GOSC_ABSENT : r->contexts[0].recipients[0].id,
    };
    bool good = operation == RIG_DERIVE || messages_build(r);
    gosc_replay_window_init(&r->saved_window, GOSC_REPLAY_WINDOW_DEFAULT, true);
    return good;
}

void rig_free(rig *r)
{
    vec_arena_free(&r->arena);
}

void rig_rewind(rig *r)
{
    r->server.contexts[0]->recipients[0].window = r->saved_window;
    r->client.contexts[0]->sender.ssn = 1000;
    memset(r->numbers, 0, sizeof r->numbers);
    for (size_t i = 0; i < RIG_BATCH; i++) {
        r->exchanges[i].answered = false;
    }
}

static bool derive_one(rig *r)
{
    gosc_security_context context;
    gosc_recipient_context recipients[1];
    gosc_context_params params = r->contexts[0].params;
    params.recipients = recipients;
    params.n_recipients = 1;
    const vec_member *other = &r->contexts[0].recipients[0];
    if (gosc_security_context_init(&params, &context) != GOSC_OK ||
        gosc_recipient_context_add(&context, other->id, other->credential) != GOSC_OK) {
        return false;
    }
    return r->setting != RIG_GROUP_28_PAIRWISE ||
           gosc_pairwise_keys_ready(&context, &recipients[0], scratch_of(r)) == GOSC_OK;
}

static bool run_one(rig *r, size_t i)
{
    gosc_received received;
    gosc_buf out = {r->out, sizeof r->out};
    gosc_span datagram = gosc_span_of(r->messages[i], r->message_len[i]);
    gosc_security_context *client = r->client.contexts[0];
    gosc_security_context *server = r->server.contexts[0];
    gosc_context_store store = {&server, 1};
    gosc_exchange exchange;
    size_t len;
    gosc_exchange_init(&exchange, NULL, 0);
    switch (r->operation) {
    case RIG_PROTECT_REQUEST:
        return gosc_protect_request(client, &r->params, r->plain, scratch_of(r), &exchange, out, &len) ==
               GOSC_OK;
    case RIG_VERIFY_REQUEST:
        return gosc_unprotect_request(&store, datagram, 0, scratch_of(r), &exchange, &received, out) ==
               GOSC_OK;
    case RIG_PROTECT_RESPONSE:
        return gosc_protect_response(server, &r->params, &r->exchanges[i], r->plain, scratch_of(r), out,
                                     &len) == GOSC_OK;
    case RIG_VERIFY_RESPONSE:
        store.contexts = &client;
        return gosc_unprotect_response(&store, &r->exchanges[i], datagram, scratch_of(r), &received, out) ==
               GOSC_OK;
    case RIG_DERIVE:
        return derive_one(r);
    case RIG_N_OPERATIONS:
    default:
        return false;
    }
}

bool rig_run(rig *r, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        good = run_one(r, i) && good;
    }
    return good;
}
