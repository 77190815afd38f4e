/* SPDX-License-Identifier: BSD-2-Clause */
/* A signature checker (draft-ietf-core-oscore-groupcomm-28 section 7.5): it has no keys but the Signature Encryption Key
 * and the members' public ones, and reads no content. */
#include "peer.h"

#include "../../../vectors/endpoint.h"
#include "schema.h"

static const char *const directions[] = {"request", "response", NULL};

const vec_rule peer_check_keys[] = {
    {.key = "context", .kind = VEC_ANY},
    {.key = "direction", .kind = VEC_WORD, .words = directions},
    {.key = "protected", .kind = VEC_HEX},
    {.key = "request", .kind = VEC_HEX, .flags = VEC_OPTIONAL | VEC_NULLABLE},
    {.key = "sender", .kind = VEC_HEX, .flags = VEC_OPTIONAL | VEC_NULLABLE},
    {.kind = VEC_END},
};

/* What is judged, and the request it belongs to. */
typedef struct sight {
    gosc_coap_pdu pdu;
    gosc_span value; /* of the OSCORE option */
    gosc_oscore_option option;
    bool is_request;
} sight;

static bool sight_take(const gosc_common_context *common, gosc_span datagram, sight *s)
{
    bool parsed = gosc_coap_pdu_parse(datagram, &s->pdu) == GOSC_OK;
    s->value = parsed ? gosc_option_find(s->pdu.options, GOSC_OPTION_OSCORE) : GOSC_ABSENT;
    return gosc_span_present(s->value) &&
           gosc_oscore_option_parse(s->value, common->dialect->flags_allowed, 0, &s->option) == GOSC_OK;
}

/* values_take says what the message is bound to: its own fields, or those of the request with the same Token (GO-7.5-03);
 * NULL, or what is missing. */
static const char *values_take(const gosc_common_context *common, const sight *s, const sight *asked,
                               gosc_aad_input *bound, gosc_span *gid)
{
    const sight *first = asked == NULL ? s : asked;
    if (asked != NULL && !gosc_span_equal(asked->pdu.token, s->pdu.token)) {
        return "another-token";
    }
    if (!gosc_span_present(first->option.kid) || !gosc_span_present(first->option.partial_iv_bytes) ||
        !gosc_span_present(first->option.kid_context)) {
        return "no-request";
    }
    *gid = gosc_span_present(s->option.kid_context) ? s->option.kid_context : first->option.kid_context;
    *bound = (gosc_aad_input){
        .request_kid = first->option.kid,
        .request_piv = first->option.partial_iv_bytes,
        .request_kid_context = first->option.kid_context,
        .option = s->value,
    };
    return gosc_span_equal(*gid, common->id_context) ? NULL : "unknown-group";
}

/* signature_check: the keystream is that of whose Partial IV the nonce is made of: its own, else the request's. */
static gosc_err signature_check(vec_arena *arena, const gosc_common_context *common, const sight *s,
                                gosc_aad_input *bound, const gosc_recipient_context *sender)
{
    bool own = gosc_span_present(s->option.partial_iv_bytes);
    size_t signature_len = common->signature_len;
    if (s->pdu.payload.len <= signature_len) {
        return GOSC_ERR_SIGNATURE_INVALID;
    }
    gosc_span ciphertext = gosc_span_of(s->pdu.payload.ptr, s->pdu.payload.len - signature_len);
    gosc_span signature = gosc_span_of(ciphertext.ptr + ciphertext.len, signature_len);
    bound->sender_cred = sender->credential;
    size_t room = gosc_scratch_len(s->pdu.payload.len, sender->credential.len + common->gm_credential.len);
    gosc_aad aad;
    gosc_err err =
        gosc_aad_build(common, bound, ciphertext.len, (gosc_buf){vec_alloc(arena, room), room}, &aad);
    if (err != GOSC_OK) {
        return err;
    }
    for (size_t i = 0; i < ciphertext.len; i++) {
        aad.ciphertext[i] = ciphertext.ptr[i];
    }
    return gosc_counter_signature_verify(
        common, &sender->public_key, &aad, own ? s->option.partial_iv_bytes : bound->request_piv,
        own ? gosc_id_span(&sender->id) : bound->request_kid, s->is_request, signature);
}

/* judge gives the verdict and its reason. */
static const char *judge(vec_arena *arena, const gosc_security_context *context, const json_t *request,
                         const char **reason)
{
    const gosc_common_context *common = &context->common;
    sight s, asked;
    gosc_aad_input bound;
    gosc_span gid;
    bool is_response = vec_get_is(request, "direction", "response");
    s.is_request = !is_response;
    *reason = "no-oscore";
    if (!sight_take(common, vec_get_hex(arena, request, "protected"), &s)) {
        return "not-applicable";
    }
    if ((s.option.flags & GOSC_FLAG_GROUP) == 0) {
        *reason = "pairwise-mode"; /* outsiders have no key for it (GO-7.5-05) */
        return "not-applicable";
    }
    bool has_request = is_response && sight_take(common, vec_get_hex(arena, request, "request"), &asked);
    *reason = is_response && !has_request
                  ? "no-request"
                  : values_take(common, &s, is_response ? &asked : NULL, &bound, &gid);
    if (*reason != NULL) {
        return "unknown";
    }
    /* The option says who it is from, else who listens does, by address for instance (GO-7.5-04). */
    gosc_span kid = gosc_span_present(s.option.kid) ? s.option.kid : vec_get_hex(arena, request, "sender");
    const gosc_recipient_context *sender =
        gosc_span_present(kid) ? gosc_recipient_context_find(context, kid) : NULL;
    *reason = "unknown-sender";
    if (sender == NULL || !gosc_span_present(sender->credential)) {
        return "unknown";
    }
    gosc_err err = signature_check(arena, common, &s, &bound, sender);
    *reason = err == GOSC_OK ? NULL : gosc_err_name(err);
    return err == GOSC_OK ? "valid" : "invalid";
}

json_t *peer_check(peer *p, vec_arena *arena, const json_t *request, const char **fault, bool *unsupported)
{
    vec_check check;
    const json_t *object = json_object_get(request, "context");
    const char *reason = NULL;
    (void)p;
    vec_check_init(&check, "context");
    if (!vec_context_check(&check, object)) {
        *fault = vec_printf(arena, "%s", check.fault);
        return NULL;
    }
    vec_context *context = vec_alloc(arena, sizeof *context);
    vec_context_read(arena, object, context);
    gosc_err err = vec_context_set_up(arena, context);
    const gosc_common_context *common = &context->security.common;
    *unsupported = context->unsupported != NULL ||
                   (err == GOSC_OK && (!common->dialect->has_modes || common->signature_len == 0));
    if (err != GOSC_OK || *unsupported) {
        *fault = *unsupported ? NULL : gosc_err_name(err);
        return NULL;
    }
    const char *verdict = judge(arena, &context->security, request, &reason);
    return json_pack("{s:s, s:o}", "verdict", verdict, "reason", peer_text(reason));
}
