/* SPDX-License-Identifier: BSD-2-Clause */
/* What a server says without protection, and when. */
#include "endpoint_state.h"

#include <string.h>

/*
 * io_response_protect protects endpoint->plain into endpoint->wire under the newest context (oscore and
 * group-02: under that of the request); 0: it cannot be done.
 */
size_t io_response_protect(io_endpoint *endpoint, io_group *group, gosc_exchange *exchange, gosc_span plain,
                           bool own_partial_iv)
{
    size_t len = 0;
    io_security *security = group->newest;
    if (security == NULL) {
        return 0;
    }
    const gosc_dialect *dialect = security->grant.context->common.dialect;
    if (!dialect->has_modes && exchange->context != security->grant.context) {
        io_group *owner = NULL;
        security = io_security_of(endpoint, exchange->context, &owner);
        if (security == NULL) {
            return 0;
        }
    }
    /* After a rekey, and for a second response, the nonce of the request is not to be had. */
    bool own = own_partial_iv || exchange->answered || exchange->context != security->grant.context;
    /* Who knows us by another Sender ID is told the new one (GO-7.3-10, GO-8.5-04). */
    const gosc_protect_params params = {
        .group_mode = exchange->group_mode, .own_partial_iv = own, .kid = security->is_renamed};
    if (own && io_ssn_keeper_reserve(&security->keeper, security->grant.context) != GOSC_OK) {
        return 0;
    }
    gosc_err err = gosc_protect_response(security->grant.context, &params, exchange, plain,
                                         io_scratch(endpoint, plain.len),
                                         (gosc_buf){endpoint->wire, sizeof endpoint->wire}, &len);
    if (err != GOSC_OK) {
        io_event event = io_event_of(IO_EVENT_NOTE, group);
        event.text = gosc_strerror(err);
        io_event_tell(endpoint, &event);
        return 0;
    }
    return len;
}

/* io_response_write makes an unprotected response in endpoint->plain. */
gosc_span io_response_write(io_endpoint *endpoint, gosc_span token, uint8_t code, const io_options *options,
                            gosc_span payload)
{
    const gosc_coap_pdu pdu = {.type = GOSC_COAP_NON, .code = code, .token = token};
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){endpoint->plain, sizeof endpoint->plain});
    gosc_coap_header_write(&writer, &pdu);
    io_options_write(options, &writer);
    gosc_coap_payload_write(&writer, payload);
    return writer.failed ? GOSC_ABSENT : gosc_writer_span(&writer);
}

/* io_response_send hands a datagram in endpoint->wire to the message layer; from an address of ours, never
 * from a group. */
void io_response_send(io_endpoint *endpoint, const io_group *group, const io_path *path, uint32_t request,
                      size_t len)
{
    io_address local = path->local;
    if (len == 0 ||
        (io_address_is_multicast(&path->local) && !io_local_for(endpoint, group, &path->peer, &local))) {
        io_layer_drop(&endpoint->layer, request);
        return;
    }
    gosc_err err = io_layer_respond(&endpoint->layer, request, &local, (gosc_buf){endpoint->wire, len},
                                    group == NULL ? 0 : group->params.policy.leisure_ms,
                                    io_random_u32(endpoint->params.random), endpoint->now_ms);
    if (err != GOSC_OK) {
        io_layer_drop(&endpoint->layer, request);
    }
}

/* group_of_request finds the group a request speaks of: by its kid context; NULL: none, or it has none. */
static io_group *group_of_request(io_endpoint *endpoint, const gosc_coap_pdu *pdu)
{
    gosc_oscore_option option;
    gosc_span value = gosc_option_find(pdu->options, GOSC_OPTION_OSCORE);
    const uint8_t all = GOSC_FLAG_PIV_LEN | GOSC_FLAG_KID | GOSC_FLAG_KID_CONTEXT | GOSC_FLAG_GROUP;
    if (!gosc_span_present(value) || gosc_oscore_option_parse(value, all, 0, &option) != GOSC_OK ||
        !gosc_span_present(option.kid_context)) {
        return NULL;
    }
    for (io_group *group = endpoint->groups; group != NULL; group = group->next) {
        for (const io_security *one = group->newest; one != NULL; one = one->older) {
            if (gosc_span_equal(one->grant.context->common.wire_id_context, option.kid_context)) {
                return group;
            }
        }
    }
    return NULL;
}

/* may_complain: unprotected errors are sent where the policy of the group allows it, or that of all groups
 * when none is named; never in answer to multicast, never where group-02 is spoken (Group OSCORE -02
 * section 4.2). */
static bool may_complain(const io_endpoint *endpoint, const io_incoming *in, const io_group *group)
{
    bool may = !in->news.multicast && endpoint->groups != NULL;
    for (const io_group *one = endpoint->groups; one != NULL; one = one->next) {
        const gosc_security_context *context = io_group_context(one);
        if (group != NULL && one != group) {
            continue;
        }
        const gosc_dialect *dialect = context == NULL ? NULL : context->common.dialect;
        bool is_02 = dialect != NULL && dialect->group != NULL && !dialect->has_modes;
        may = may && one->params.policy.error_replies && !is_02;
    }
    return may;
}

/* What the text answers to a request that does not verify (RFC 8613 section 8.2; Group OSCORE -28
 * sections 7.2, 8.4). */
typedef struct complaint {
    gosc_err err;
    uint8_t code;
    const char *text;
} complaint;

static const complaint complaints[] = {
    {GOSC_ERR_NOT_OSCORE, GOSC_CODE_UNAUTHORIZED, "OSCORE required"},
    {GOSC_ERR_OPTION_REPEATED, IO_CODE_BAD_OPTION, "Failed to decode COSE"},
    {GOSC_ERR_PAYLOAD_MISSING, IO_CODE_BAD_OPTION, "Failed to decode COSE"},
    {GOSC_ERR_OPTION_MALFORMED, IO_CODE_BAD_OPTION, "Failed to decode COSE"},
    {GOSC_ERR_PARTIAL_IV_MISSING, IO_CODE_BAD_OPTION, "Failed to decode COSE"},
    {GOSC_ERR_KID_MISSING, IO_CODE_BAD_OPTION, "Failed to decode COSE"},
    {GOSC_ERR_KID_CONTEXT_MISSING, IO_CODE_BAD_OPTION, "Failed to decode COSE"},
    {GOSC_ERR_PAYLOAD_SHORT, IO_CODE_BAD_OPTION, "Failed to decode COSE"},
    {GOSC_ERR_CONTEXT_NOT_FOUND, GOSC_CODE_UNAUTHORIZED, "Security context not found"},
    {GOSC_ERR_RECIPIENT_UNKNOWN, GOSC_CODE_UNAUTHORIZED, "Security context not found"},
    {GOSC_ERR_CREDENTIAL_MISSING, IO_CODE_UNAVAILABLE, "No credential of this client yet"},
    {GOSC_ERR_REPLAY, GOSC_CODE_UNAUTHORIZED, "Replay detected"},
    {GOSC_ERR_DECRYPTION_FAILED, IO_CODE_BAD_REQUEST, "Decryption failed"},
    {GOSC_ERR_SIGNATURE_INVALID, IO_CODE_BAD_REQUEST, "Decryption failed"},
};

/* complaint_find: NULL where the text asks for silence. Only the lack of pairwise mode has an answer, not
 * that of group mode. */
static const complaint *complaint_find(gosc_err err, const gosc_coap_pdu *pdu)
{
    static const complaint no_pairwise = {GOSC_ERR_MODE_UNSUPPORTED, IO_CODE_BAD_OPTION,
                                          "Pairwise mode is not supported"};
    gosc_span value = gosc_option_find(pdu->options, GOSC_OPTION_OSCORE);
    if (err == GOSC_ERR_MODE_UNSUPPORTED && value.len > 0 && (value.ptr[0] & GOSC_FLAG_GROUP) == 0) {
        return &no_pairwise;
    }
    for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++) {
        if (complaints[i].err == err) {
            return &complaints[i];
        }
    }
    return NULL;
}

/* serve_plain answers a request without OSCORE for what the application gives to everyone (RFC 8613 section 9); false:
 * there is no such thing under this path. */
static bool serve_plain(io_endpoint *endpoint, const io_incoming *in)
{
    const gosc_coap_pdu *pdu = &in->news.pdu;
    char path[IO_PATH_MAX];
    io_app_answer said = {.code = IO_CODE_NOT_FOUND};
    io_options options = {.n = 0};
    if (in->news.multicast || endpoint->groups == NULL || !io_path_of_options(pdu->options, path)) {
        return false;
    }
    const io_app_request request = {
        .code = pdu->code, .path = path, .options = pdu->options, .payload = pdu->payload, .is_plain = true};
    endpoint->params.app(endpoint->params.arg, &request, &said);
    if (said.code >> 5 != 2) {
        return false;
    }
    if (said.has_format) {
        io_options_add_uint(&options, IO_OPTION_CONTENT_FORMAT, said.format);
    }
    gosc_span plain = io_response_write(endpoint, pdu->token, said.code, &options, said.payload);
    if (gosc_span_present(plain)) {
        memcpy(endpoint->wire, plain.ptr, plain.len);
    }
    io_response_send(endpoint, NULL, &in->path, in->news.request, plain.len);
    return true;
}

void io_refuse(io_endpoint *endpoint, const io_incoming *in, gosc_err err)
{
    const gosc_coap_pdu *pdu = &in->news.pdu;
    const io_group *group = group_of_request(endpoint, pdu);
    const complaint *said = complaint_find(err, pdu);
    if (err == GOSC_ERR_NOT_OSCORE && serve_plain(endpoint, in)) {
        return;
    }
    io_rejected(endpoint, in, group, NULL, gosc_err_name(err));
    if (said == NULL || !may_complain(endpoint, in, group)) {
        io_layer_drop(&endpoint->layer, in->news.request);
        return;
    }
    io_options options = {.n = 0};
    io_options_add_uint(&options, GOSC_OPTION_MAX_AGE, err == GOSC_ERR_CREDENTIAL_MISSING ? 60 : 0);
    gosc_span plain = io_response_write(endpoint, pdu->token, said->code, &options,
                                        gosc_span_of(said->text, strlen(said->text)));
    if (gosc_span_present(plain)) {
        memcpy(endpoint->wire, plain.ptr, plain.len);
    }
    io_response_send(endpoint, group, &in->path, in->news.request, plain.len);
}
