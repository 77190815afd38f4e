/* SPDX-License-Identifier: BSD-2-Clause */
/* The message is another member's than it says, or made under another context. */
#include <string.h>

#include "trial.h"

/* member_as gives a Recipient Context with all keys for an ID, NULL when there can be none. */
static gosc_recipient_context *member_as(search *s, gosc_security_context *context, gosc_span id,
                                         bool is_pairwise)
{
    gosc_recipient_context *made = vec_alloc(s->arena, sizeof *made);
    gosc_recipient_context *found = NULL;
    size_t len = gosc_scratch_len(0, s->subject->source->longest_credential);
    gosc_buf scratch = {vec_alloc(s->arena, len), len};
    if (gosc_recipient_context_provisional(context, id, made, &found) != GOSC_OK ||
        (is_pairwise && gosc_pairwise_keys_ready(context, found, scratch) != GOSC_OK)) {
        return NULL;
    }
    return found;
}

/* try_as judges the message as one that `who` protected under a context; what the option says of kid is kept.
 */
static bool try_as(search *s, gosc_security_context *context, const gosc_recipient_context *who,
                   const char *said)
{
    const subject *u = s->subject;
    trial t = trial_of(s);
    bool is_pairwise = context->common.dialect->has_modes && !t.layers.group_mode;
    const uint8_t *key = is_pairwise ? who->pairwise_recipient_key : who->key;
    t.common = context->common;
    t.layers.key = gosc_span_of(key, t.layers.cipher->key_len);
    t.layers.sender_id = gosc_id_span(&who->id);
    t.layers.sender_cred = who->credential;
    t.signer = who->public_key;
    if (u->is_request || gosc_span_present(t.layers.fields.partial_iv_bytes)) {
        t.layers.nonce_id = t.layers.sender_id;
    }
    if (u->is_request) {
        t.layers.request_kid = t.layers.sender_id;
    }
    if (gosc_span_present(t.layers.fields.kid)) {
        gosc_oscore_option option = t.layers.fields;
        gosc_writer writer;
        gosc_writer_init(&writer,
                         (gosc_buf){vec_alloc(s->arena, GOSC_OPTION_VALUE_MAX), GOSC_OPTION_VALUE_MAX});
        option.kid = t.layers.sender_id;
        gosc_oscore_option_write(&writer, &option, option.flags & GOSC_FLAG_GROUP);
        t.layers.option = gosc_writer_span(&writer);
    }
    return trial_derive(s, &t) && trial_judge(s, &t, "%s", said);
}

static bool try_members(search *s)
{
    const subject *u = s->subject;
    const vec_context *c = u->source;
    bool is_pairwise = u->context->common.dialect->has_modes && !u->layers.group_mode;
    for (size_t i = 0; i < c->n_recipients + c->n_members; i++) {
        const vec_member *one = i < c->n_recipients ? &c->recipients[i] : &c->members[i - c->n_recipients];
        const gosc_recipient_context *who = member_as(s, u->context, one->id, is_pairwise);
        const char *name = vec_hex_write(s->arena, one->id);
        if (who != NULL &&
            try_as(s, u->context, who, vec_printf(s->arena, "made by member %s, not by who it says", name))) {
            return true;
        }
    }
    return false;
}

/* try_contexts: keys of the context before or after a rekey. */
static bool try_contexts(search *s)
{
    const subject *u = s->subject;
    bool is_pairwise = u->context->common.dialect->has_modes && !u->layers.group_mode;
    const vec_context *other = u->source == u->newest ? u->older : u->newest;
    if (other == NULL) {
        return false;
    }
    gosc_security_context *context = vec_context_fresh(s->arena, other);
    const gosc_recipient_context *who = member_as(s, context, u->layers.sender_id, is_pairwise);
    if (who == NULL) {
        return false;
    }
    const char *name = u->source == u->newest ? "the context of the request" : "the newest context";
    if (try_as(s, context, who, vec_printf(s->arena, "made under %s", name))) {
        return true;
    }
    trial t = trial_of(s);
    t.layers.key =
        gosc_span_of(is_pairwise ? who->pairwise_recipient_key : who->key, t.layers.cipher->key_len);
    if (trial_derive(s, &t) && trial_judge(s, &t, "key of %s", name)) {
        return true;
    }
    t = trial_of(s);
    memcpy(t.common.common_iv, context->common.common_iv, sizeof t.common.common_iv);
    if (trial_derive(s, &t) && trial_judge(s, &t, "Common IV of %s", name)) {
        return true;
    }
    t = trial_of(s);
    memcpy(t.common.signature_encryption_key, context->common.signature_encryption_key,
           sizeof t.common.signature_encryption_key);
    if (trial_derive(s, &t) && trial_judge(s, &t, "Signature Encryption Key of %s", name)) {
        return true;
    }
    t = trial_of(s);
    t.common.gm_credential = context->common.gm_credential;
    return trial_derive(s, &t) && trial_judge(s, &t, "gm_cred of %s", name);
}

bool trial_members(search *s)
{
    return !s->subject->sealing && (try_members(s) || try_contexts(s));
}
