/* SPDX-License-Identifier: BSD-2-Clause */
#include "context_read.h"

#include <string.h>

const gosc_dialect *vec_dialect_find(const char *name, const char *reading)
{
    static const gosc_dialect *const rows[] = {
        &gosc_dialect_oscore,        &gosc_dialect_group_28,      &gosc_dialect_group_28_cs4,
        &gosc_dialect_group_02,      &gosc_dialect_group_02_s2e1, &gosc_dialect_group_02_s3e1,
        &gosc_dialect_group_02_s1e0, &gosc_dialect_group_02_s2e0, &gosc_dialect_group_02_s3e0,
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const gosc_dialect *row = rows[i];
        bool fits = reading == NULL || (row->reading != NULL && strcmp(row->reading, reading) == 0);
        if (fits && strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

static gosc_credential_format format_of(const char *name)
{
    if (name == NULL) {
        return (gosc_credential_format)0;
    }
    if (strcmp(name, "ccs") == 0) {
        return GOSC_CREDENTIAL_CCS;
    }
    return strcmp(name, "cwt") == 0 ? GOSC_CREDENTIAL_CWT : GOSC_CREDENTIAL_X509;
}

/* algorithm_read: null and a missing key mean "not set", but 0 is a number, and nobody's. */
static int32_t algorithm_read(const json_t *object, const char *key, int32_t otherwise, vec_context *context)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value) && json_integer_value(value) == 0) {
        context->has_zero_algorithm = true;
    }
    return (int32_t)(json_is_null(value) ? GOSC_ALG_NONE : vec_get_int(object, key, otherwise));
}

static void longest(vec_context *context, gosc_span credential)
{
    if (credential.len > context->longest_credential) {
        context->longest_credential = credential.len;
    }
}

static vec_member *members_read(vec_arena *arena, const json_t *list, vec_context *context, size_t *n)
{
    *n = json_array_size(list);
    vec_member *members = vec_alloc(arena, *n * sizeof *members);
    for (size_t i = 0; i < *n; i++) {
        const json_t *one = json_array_get(list, i);
        members[i] = (vec_member){vec_get_hex(arena, one, "id"), vec_get_hex(arena, one, "credential")};
        longest(context, members[i].credential);
    }
    return members;
}

static gosc_err member_find(void *arg, gosc_span kid, gosc_span *credential)
{
    const vec_context *context = arg;
    for (size_t i = 0; i < context->n_members; i++) {
        if (gosc_span_equal(context->members[i].id, kid)) {
            *credential = context->members[i].credential;
            return GOSC_OK;
        }
    }
    /* A Recipient Context that was deleted or had to make way is that of a member still. */
    for (size_t i = 0; i < context->n_recipients; i++) {
        if (gosc_span_equal(context->recipients[i].id, kid)) {
            *credential = context->recipients[i].credential;
            return GOSC_OK;
        }
    }
    return GOSC_ERR_RECIPIENT_UNKNOWN;
}

void vec_context_read(vec_arena *arena, const json_t *object, vec_context *context)
{
    const char *name = vec_get_text(object, "dialect");
    const json_t *sender = json_object_get(object, "sender");
    int64_t freshness = vec_get_int(object, "freshness_ms", 0);
    *context = (vec_context){.window_size = vec_get_int(object, "window_size", GOSC_REPLAY_WINDOW_DEFAULT)};
    context->recipients =
        members_read(arena, json_object_get(object, "recipients"), context, &context->n_recipients);
    context->members = members_read(arena, json_object_get(object, "members"), context, &context->n_members);
    context->max_recipients =
        (size_t)vec_get_int(object, "max_recipients", (int64_t)(context->n_recipients + context->n_members));
    bool has_modes = strcmp(name, "group-28") == 0;
    context->params = (gosc_context_params){
        .dialect = vec_dialect_find(name, vec_get_text(object, "reading")),
        .hkdf = algorithm_read(object, "hkdf", GOSC_ALG_HMAC_256, context),
        .aead = algorithm_read(object, "aead", has_modes ? GOSC_ALG_NONE : GOSC_ALG_CCM_16_64_128, context),
        .group_enc = algorithm_read(object, "group_enc", GOSC_ALG_NONE, context),
        .signature = algorithm_read(object, "signature", GOSC_ALG_NONE, context),
        .agreement = algorithm_read(object, "agreement", GOSC_ALG_NONE, context),
        .credential_format = format_of(vec_get_text(object, "cred_format")),
        .master_secret = vec_get_hex(arena, object, "master_secret"),
        .master_salt = vec_get_hex(arena, object, "master_salt"),
        .id_context = vec_get_hex(arena, object, "id_context"),
        .gm_credential = vec_get_hex(arena, object, "gm_cred"),
        .sender_id = vec_get_hex(arena, sender, "id"),
        .sender_credential = vec_get_hex(arena, sender, "credential"),
        .private_key = vec_get_hex(arena, sender, "private_key"),
        .ssn = (uint64_t)vec_get_int(sender, "ssn", 0),
        .window_size = context->window_size <= UINT8_MAX ? (uint8_t)context->window_size : UINT8_MAX,
        .windows_invalid = vec_get_is(object, "windows", "invalid"),
        .freshness_ms = (uint32_t)freshness,
        .member_find = member_find,
        .member_arg = context,
    };
    longest(context, context->params.gm_credential);
    longest(context, context->params.sender_credential);
    if (context->params.dialect == NULL) {
        context->unsupported = "dialect or reading not built in";
    } else if (context->params.id_context.len > GOSC_ID_CONTEXT_MAX) {
        context->unsupported = "ID Context longer than this build derives keys from";
    } else if (freshness > (int64_t)UINT32_MAX) {
        context->unsupported = "freshness_ms above 4294967295";
    }
}

/* sets_check: what the core leaves to its caller, or cannot see (README, Contexts 3). */
static gosc_err sets_check(const vec_context *context)
{
    const gosc_security_context *security = &context->security;
    size_t n_all = context->n_recipients + context->n_members;
    for (size_t i = 0; i < n_all; i++) {
        bool is_member = i >= context->n_recipients;
        gosc_span id = is_member ? context->members[i - context->n_recipients].id : context->recipients[i].id;
        if (id.len > security->common.id_max || gosc_span_equal(id, context->params.sender_id)) {
            return GOSC_ERR_CONTEXT_INVALID;
        }
        for (size_t j = 0; j < i; j++) {
            bool other_member = j >= context->n_recipients;
            gosc_span other =
                other_member ? context->members[j - context->n_recipients].id : context->recipients[j].id;
            if (gosc_span_equal(id, other)) {
                return GOSC_ERR_CONTEXT_INVALID;
            }
        }
    }
    return context->max_recipients < context->n_recipients ? GOSC_ERR_CONTEXT_INVALID : GOSC_OK;
}

static gosc_err recipients_add(vec_arena *arena, vec_context *context)
{
    gosc_security_context *security = &context->security;
    for (size_t i = 0; i < context->n_recipients; i++) {
        const vec_member *one = &context->recipients[i];
        gosc_err err = gosc_recipient_context_add(security, one->id, one->credential);
        if (err != GOSC_OK) {
            return err;
        }
    }
    size_t scratch_len = gosc_scratch_len(0, context->longest_credential);
    gosc_buf scratch = {vec_alloc(arena, scratch_len), scratch_len};
    for (size_t i = 0; i < context->n_recipients && security->common.pairwise_mode; i++) {
        gosc_recipient_context *recipient = gosc_recipient_context_find(security, context->recipients[i].id);
        if (!security->sender.present || !gosc_span_present(recipient->credential)) {
            continue;
        }
        gosc_err err = gosc_pairwise_keys_ready(security, recipient, scratch);
        if (err != GOSC_OK) {
            return err;
        }
    }
    return GOSC_OK;
}

static gosc_err set_up(vec_arena *arena, vec_context *context)
{
    size_t n =
        context->max_recipients > context->n_recipients ? context->max_recipients : context->n_recipients;
    context->params.recipients = vec_alloc(arena, n * sizeof *context->params.recipients);
    context->params.n_recipients = n;
    if (context->has_zero_algorithm) {
        return GOSC_ERR_ALGORITHM_UNKNOWN;
    }
    gosc_err err = gosc_security_context_init(&context->params, &context->security);
    if (err == GOSC_OK && (context->window_size < 1 || context->window_size > GOSC_REPLAY_WINDOW_MAX)) {
        err = GOSC_ERR_CONTEXT_INVALID;
    }
    if (err == GOSC_OK) {
        err = sets_check(context);
    }
    return err == GOSC_OK ? recipients_add(arena, context) : err;
}

gosc_err vec_context_set_up(vec_arena *arena, vec_context *context)
{
    if (!context->is_set_up) {
        context->is_set_up = true;
        context->err = context->unsupported != NULL ? GOSC_ERR_USAGE : set_up(arena, context);
    }
    return context->err;
}

gosc_security_context *vec_context_fresh(vec_arena *arena, const vec_context *context)
{
    size_t n = context->security.n_recipients;
    gosc_security_context *fresh = vec_alloc(arena, sizeof *fresh);
    *fresh = context->security;
    fresh->recipients = vec_alloc(arena, n * sizeof *fresh->recipients);
    if (n > 0) {
        memcpy(fresh->recipients, context->security.recipients, n * sizeof *fresh->recipients);
    }
    return fresh;
}
