/* SPDX-License-Identifier: BSD-2-Clause */
#include "subject.h"

/* judge lets the reference open (or, for a message of this endpoint, just opens nothing). */
static gosc_err judge(subject *s, vec_exchange **exchange)
{
    gosc_received received;
    vec_endpoint endpoint;
    vec_endpoint_init(&endpoint, s->arena, s->older != NULL ? s->older : s->newest);
    gosc_err err = GOSC_OK;
    *exchange = NULL;
    if (s->sealing) {
        return GOSC_OK;
    }
    if (s->is_request) {
        return vec_open_request(&endpoint, s->datagram, 0, vec_exchange_new(&endpoint, NULL), &received);
    }
    err = vec_exchange_of_request(&endpoint, endpoint.contexts[0], s->request, s->target, exchange);
    if (err == GOSC_OK && s->older != NULL) {
        vec_endpoint_rekey(&endpoint, s->newest);
    }
    return err == GOSC_OK ? vec_open_response(&endpoint, s->datagram, *exchange, &received) : err;
}

/* pick_context: a response of group-28 may name another one than that of the request; what oscore and
 * group-02 answer is under the context of the request. */
static void pick_context(subject *s)
{
    const gosc_oscore_option *option = &s->layers.fields;
    const vec_context *newest = s->newest;
    bool named = newest->params.dialect->has_modes && gosc_span_present(option->kid_context) &&
                 gosc_span_equal(option->kid_context, newest->params.id_context);
    s->source = s->older == NULL || named ? newest : s->older;
    s->context = vec_context_fresh(s->arena, s->source);
}

static gosc_err find_other(subject *s, const vec_exchange *exchange)
{
    const gosc_dialect *dialect = s->context->common.dialect;
    gosc_span id = s->layers.fields.kid;
    if (s->sealing) {
        id = s->is_request ? s->target : s->layers.request_kid;
    } else if (!s->is_request && (dialect->group == NULL || !gosc_span_present(id))) {
        id = exchange != NULL ? gosc_id_span(&exchange->exchange.responder) : GOSC_ABSENT;
    }
    if (!gosc_span_present(id)) {
        return s->sealing ? GOSC_OK : GOSC_ERR_KID_MISSING;
    }
    return gosc_recipient_context_provisional(s->context, id, &s->provisional, &s->other);
}

static gosc_err look_inside(subject *s, const vec_layers_input *in)
{
    bool is_pairwise = s->context->common.dialect->has_modes && !s->layers.group_mode;
    if (is_pairwise && s->other != NULL) {
        size_t len = gosc_scratch_len(0, s->source->longest_credential);
        gosc_buf scratch = {vec_alloc(s->arena, len), len};
        gosc_err err = gosc_pairwise_keys_ready(s->context, s->other, scratch);
        if (err != GOSC_OK) {
            return err;
        }
    }
    return vec_layers_inner(s->arena, in, &s->layers);
}

const gosc_public_key *subject_signer(const subject *s)
{
    return s->sealing ? &s->context->sender.public_key : &s->other->public_key;
}

void subject_look(subject *s)
{
    vec_exchange *exchange;
    s->verdict = judge(s, &exchange);
    s->context = vec_context_fresh(s->arena, s->older != NULL ? s->older : s->newest);
    vec_layers_input in = {
        .context = s->context,
        .sealing = s->sealing,
        .is_request = s->is_request,
        .datagram = s->datagram,
        .request = s->request,
    };
    s->outer = vec_layers_outer(&in, &s->layers);
    s->inner = s->outer;
    s->signature = GOSC_ERR_SIGNATURE_INVALID;
    if (s->outer != GOSC_OK) {
        return;
    }
    pick_context(s);
    in.context = s->context;
    s->inner = find_other(s, exchange);
    in.other = s->other;
    if (s->inner == GOSC_OK) {
        s->inner = look_inside(s, &in);
    }
    if (s->inner != GOSC_OK || !s->layers.is_signed) {
        s->signature = s->inner;
        return;
    }
    s->signature = gosc_crypto_verify(s->context->common.signature, subject_signer(s), s->layers.to_be_signed,
                                      s->layers.signature);
}
