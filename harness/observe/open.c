/* SPDX-License-Identifier: BSD-2-Clause */
#include "open.h"

#include <stdio.h>
#include <string.h>

#include "log.h"

static const struct {
    const char *name;
    uint8_t code;
} methods[] = {
    {"GET", 1}, {"POST", 2}, {"PUT", 3}, {"DELETE", 4}, {"FETCH", 5}, {"PATCH", 6}, {"iPATCH", 7},
};

const char *obs_method_name(uint8_t code)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (methods[i].code == code) {
            return methods[i].name;
        }
    }
    return NULL;
}

uint8_t obs_method_code(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return methods[i].code;
        }
    }
    return 0;
}

const char *obs_code_text(vec_arena *arena, uint8_t code)
{
    return vec_printf(arena, "%d.%02d", code >> 5, code & 31);
}

bool obs_code_parse(const char *text, uint8_t *code)
{
    unsigned class_of, detail;
    char end;
    if (sscanf(text, "%1u.%2u%c", &class_of, &detail, &end) != 2 || class_of > 7 || detail > 31) {
        return false;
    }
    *code = (uint8_t)(class_of << 5 | detail);
    return true;
}

const char *obs_path_text(vec_arena *arena, gosc_span options)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    const char *path = "";
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        if (option.number == GOSC_OPTION_URI_PATH) {
            path = vec_printf(arena, "%s/%.*s", path, (int)option.value.len, (const char *)option.value.ptr);
        }
    }
    return path[0] != '\0' ? path : "/";
}

/* ---- one attempt: this group, this epoch, this sender, this target ---- */

static gosc_recipient_context *other_of(run_world *world, gosc_security_context *view, const obs_opened *o,
                                        bool keys)
{
    if (o->target == RUN_NO_MEMBER) {
        return NULL;
    }
    gosc_recipient_context *other =
        gosc_recipient_context_find(view, run_member_id(&o->group->members[o->target], o->epoch));
    if (other != NULL && keys) {
        size_t len = gosc_scratch_len(0, 4096);
        gosc_buf scratch = {vec_alloc(world->arena, len), len};
        if (gosc_pairwise_keys_ready(view, other, scratch) != GOSC_OK) {
            return NULL;
        }
    }
    return other;
}

static gosc_err verify_signature(const gosc_security_context *view, const vec_layers *layers)
{
    if (!layers->is_signed) {
        return GOSC_OK;
    }
    return gosc_crypto_verify(view->common.signature, &view->sender.public_key, layers->to_be_signed,
                              layers->signature);
}

/* attempt opens as if the sender had sealed it just now: all keys are those of its own context. */
static gosc_err attempt(run_world *world, obs_opened *o)
{
    gosc_security_context *view = run_world_view(world, o->group, o->epoch, o->sender);
    if (view == NULL || !view->sender.present) {
        return GOSC_ERR_SENDER_MISSING;
    }
    vec_layers_input in = {
        .context = view,
        .sealing = true,
        .is_request = o->is_request,
        .datagram = o->datagram,
        .request = o->request != NULL ? o->request->datagram : GOSC_ABSENT,
    };
    vec_layers layers;
    gosc_err err = vec_layers_outer(&in, &layers);
    if (err != GOSC_OK) {
        return err;
    }
    bool pairwise = view->common.dialect->has_modes && !layers.group_mode;
    in.other = other_of(world, view, o, pairwise);
    if (pairwise && in.other == NULL) {
        return GOSC_ERR_MODE_UNSUPPORTED;
    }
    if (!gosc_span_present(layers.nonce_piv_bytes)) {
        return GOSC_ERR_PARTIAL_IV_MISSING;
    }
    if (!gosc_span_present(layers.request_kid)) {
        return GOSC_ERR_KID_MISSING;
    }
    err = vec_layers_inner(world->arena, &in, &layers);
    if (err != GOSC_OK) {
        return err;
    }
    o->layers = layers;
    o->has_layers = true;
    if (layers.opened != GOSC_OK) {
        return layers.opened;
    }
    return verify_signature(view, &layers);
}

/* better keeps the attempt that got further: layers that are known beat none. */
static void better(obs_opened *best, const obs_opened *one, gosc_err err)
{
    if (best->group == NULL || err == GOSC_OK || (one->has_layers && !best->has_layers)) {
        *best = *one;
        best->err = err;
    }
}

/* ---- which group, epoch and sender could it be? ---- */

static bool gid_fits(run_world *world, run_group *group, unsigned epoch, gosc_span kid_context)
{
    return !gosc_span_present(kid_context) ||
           gosc_span_equal(run_group_gid(world, group, epoch), kid_context);
}

static bool parse_fields(run_world *world, const obs_opened *o, gosc_oscore_option *fields, gosc_err *err)
{
    gosc_security_context *view = NULL;
    for (size_t i = 0; view == NULL && i < world->groups[0].n_members; i++) {
        view = run_world_view(world, &world->groups[0], 0, i);
    }
    vec_layers layers;
    /* Only the outer layer is looked at: any request does for a response, when its own is not known. */
    vec_layers_input in = {.context = view,
                           .is_request = o->is_request,
                           .datagram = o->datagram,
                           .request = o->request != NULL ? o->request->datagram : o->datagram};
    if (view == NULL) {
        *err = GOSC_ERR_CONTEXT_NOT_FOUND;
        return false;
    }
    *err = vec_layers_outer(&in, &layers);
    *fields = layers.fields;
    return *err == GOSC_OK;
}

static bool has_modes(const run_group *group)
{
    return strcmp(group->dialect, "group-28") == 0;
}

/* try_targets: group mode has none in particular; pairwise mode is tried with the likeliest first. */
static void try_targets(run_world *world, const obs_parties *parties, obs_opened *one, bool pairwise,
                        obs_opened *best)
{
    size_t likely = RUN_NO_MEMBER;
    if (!one->is_request && one->request != NULL) {
        likely = one->request->sender;
    } else if (parties->to != NULL) {
        likely = run_group_member(one->group, parties->to);
    }
    one->target = likely;
    if (!pairwise || likely != RUN_NO_MEMBER) {
        better(best, one, attempt(world, one));
    }
    for (size_t i = 0; pairwise && best->err != GOSC_OK && i < one->group->n_members; i++) {
        if (i != likely && i != one->sender) {
            one->target = i;
            better(best, one, attempt(world, one));
        }
    }
}

static void try_all(run_world *world, const obs_parties *parties, obs_opened *o,
                    const gosc_oscore_option *fields)
{
    /* In RFC 8613 the context of a response is that of its request, whatever kid and kid context say (section 8.4). */
    size_t asked = o->request != NULL ? o->request->target : RUN_NO_MEMBER;
    const run_group *of =
        o->request != NULL && o->request->group != NULL ? o->request->group : &world->groups[0];
    bool by_request = !o->is_request && asked != RUN_NO_MEMBER && strcmp(of->dialect, "oscore") == 0;
    for (unsigned back = 0; back <= world->n_epochs; back++) {
        unsigned epoch = world->n_epochs - back; /* the newest first */
        for (size_t i = 0; i < world->n_groups; i++) {
            obs_opened one = *o;
            one.group = &world->groups[i];
            one.epoch = epoch;
            if (!by_request && !gid_fits(world, one.group, epoch, fields->kid_context)) {
                continue;
            }
            if (!one.is_request && one.request != NULL && one.request->group != NULL &&
                (one.request->group != one.group ||
                 (!gosc_span_present(fields->kid_context) && one.request->epoch != epoch))) {
                continue;
            }
            if (by_request) {
                one.sender = asked;
            } else if (gosc_span_present(fields->kid)) {
                one.sender = run_group_member_by_id(one.group, epoch, fields->kid);
            } else if (parties->from != NULL) {
                one.sender = run_group_member(one.group, parties->from);
            } else if (one.request != NULL) {
                one.sender = asked;
            }
            if (one.sender == RUN_NO_MEMBER) {
                continue;
            }
            bool pairwise = has_modes(one.group) && (fields->flags & GOSC_FLAG_GROUP) == 0;
            try_targets(world, parties, &one, pairwise, o);
            if (o->err == GOSC_OK) {
                return;
            }
        }
    }
}

/* ---- contexts of RFC 8613 Appendix B.2 ---- */

/* unwrap gives the byte string in a kid context; absent: there is none. */
static gosc_span unwrap(gosc_span kid_context)
{
    gosc_reader reader;
    gosc_reader_init(&reader, kid_context);
    gosc_span inner = gosc_cbor_read_bstr(&reader);
    return !reader.failed && gosc_reader_left(&reader) == 0 && inner.len > 0 ? inner : GOSC_ABSENT;
}

/* derived_id gives the ID Context a message would have in a run: what it names itself, and in response 1 that of the
 * request behind it. */
static gosc_span derived_id(run_world *world, const obs_opened *o, gosc_span kid_context)
{
    gosc_span own = gosc_span_present(kid_context) ? unwrap(kid_context) : GOSC_ABSENT;
    if (o->is_request || !gosc_span_present(own)) {
        return own;
    }
    gosc_span asked = o->request == NULL ? GOSC_ABSENT : unwrap(o->request->layers.fields.kid_context);
    if (!gosc_span_present(asked)) {
        return GOSC_ABSENT;
    }
    uint8_t *both = vec_alloc(world->arena, own.len + asked.len);
    memcpy(both, own.ptr, own.len);
    memcpy(both + own.len, asked.ptr, asked.len);
    return gosc_span_of(both, own.len + asked.len);
}

static void try_derived(run_world *world, const obs_parties *parties, obs_opened *o,
                        const gosc_oscore_option *fields)
{
    gosc_span id = derived_id(world, o, fields->kid_context);
    bool follows = !o->is_request && o->request != NULL && o->request->epoch >= RUN_DERIVED;
    if (o->is_request && !gosc_span_present(fields->kid)) {
        return;
    }
    for (size_t i = 0; i < world->n_groups && o->err != GOSC_OK; i++) {
        obs_opened one = *o;
        one.group = &world->groups[i];
        if (!o->is_request && (o->request == NULL || o->request->group != one.group)) {
            continue;
        }
        one.sender = o->is_request ? run_group_member_by_id(one.group, 0, fields->kid) : o->request->target;
        if (one.sender == RUN_NO_MEMBER || (!gosc_span_present(id) && !follows)) {
            continue;
        }
        one.epoch = gosc_span_present(id) ? run_world_derived(world, one.group, id) : o->request->epoch;
        try_targets(world, parties, &one, false, o);
    }
}

void obs_open(run_world *world, gosc_span datagram, const obs_parties *parties, obs_opened *opened)
{
    gosc_oscore_option fields;
    *opened = (obs_opened){.datagram = datagram,
                           .err = GOSC_ERR_COAP_MALFORMED,
                           .sender = RUN_NO_MEMBER,
                           .target = RUN_NO_MEMBER};
    if (gosc_coap_pdu_parse(datagram, &opened->pdu) != GOSC_OK) {
        return;
    }
    opened->is_coap = true;
    opened->is_request = opened->pdu.code >> 5 == 0 && opened->pdu.code != GOSC_CODE_EMPTY;
    opened->request = opened->is_request ? NULL : parties->request;
    opened->err = GOSC_ERR_NOT_OSCORE;
    if (!gosc_span_present(gosc_option_find(opened->pdu.options, GOSC_OPTION_OSCORE))) {
        return;
    }
    opened->is_protected = true;
    if (!parse_fields(world, opened, &fields, &opened->err)) {
        return;
    }
    opened->layers.fields = fields;
    opened->layers.group_mode = (fields.flags & GOSC_FLAG_GROUP) != 0;
    if (!opened->is_request && opened->request == NULL && !gosc_span_present(fields.partial_iv_bytes)) {
        opened->err = GOSC_ERR_TOKEN_MISMATCH; /* an answer to nothing */
        return;
    }
    opened->err = GOSC_ERR_CONTEXT_NOT_FOUND;
    try_all(world, parties, opened, &fields);
    if (opened->err != GOSC_OK && strcmp(world->dialect, "oscore") == 0) {
        try_derived(world, parties, opened, &fields);
    }
}

/* ---- told ---- */

static json_t *options_json(vec_arena *arena, gosc_span options)
{
    json_t *list = json_array();
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        json_t *pair = json_array();
        (void)json_array_append_new(pair, json_integer(option.number));
        (void)json_array_append_new(pair, json_string(vec_hex_write(arena, option.value)));
        (void)json_array_append_new(list, pair);
    }
    return list;
}

static json_t *inner_json(vec_arena *arena, gosc_span plaintext)
{
    json_t *inner = json_object();
    gosc_span options, payload;
    if (plaintext.len == 0 || gosc_coap_content_parse(gosc_span_of(plaintext.ptr + 1, plaintext.len - 1),
                                                      &options, &payload) != GOSC_OK) {
        obs_set_bool(inner, "malformed", true);
        return inner;
    }
    obs_set_text(inner, "code", obs_code_text(arena, plaintext.ptr[0]));
    obs_set_text(inner, "method", obs_method_name(plaintext.ptr[0]));
    obs_set_text(inner, "path", obs_path_text(arena, options));
    (void)json_object_set_new(inner, "options", options_json(arena, options));
    obs_set_hex(arena, inner, "payload", payload);
    return inner;
}

void obs_open_write(run_world *world, const obs_opened *opened, json_t *entry)
{
    vec_arena *arena = world->arena;
    if (!opened->is_coap) {
        return;
    }
    (void)json_object_set_new(entry, "options", options_json(arena, opened->pdu.options));
    obs_set_hex(arena, entry, "payload", opened->pdu.payload);
    if (!opened->is_protected) {
        return;
    }
    const gosc_oscore_option *fields = &opened->layers.fields;
    json_t *oscore = json_object();
    bool group_mode = (fields->flags & GOSC_FLAG_GROUP) != 0;
    obs_set_hex(arena, oscore, "option", gosc_option_find(opened->pdu.options, GOSC_OPTION_OSCORE));
    const run_group *group = opened->group != NULL ? opened->group : &world->groups[0];
    obs_set_text(oscore, "mode", group_mode ? "group" : has_modes(group) ? "pairwise" : "oscore");
    obs_set_hex(arena, oscore, "kid", fields->kid);
    obs_set_hex(arena, oscore, "kid_context", fields->kid_context);
    if (gosc_span_present(fields->partial_iv_bytes)) {
        obs_set_int(oscore, "partial_iv", (int64_t)fields->partial_iv.number);
    }
    obs_set_bool(oscore, "verified", opened->err == GOSC_OK);
    obs_set_text(oscore, "why", opened->err == GOSC_OK ? NULL : gosc_err_name(opened->err));
    if (opened->group != NULL) {
        obs_set_text(oscore, "group", opened->group->name);
        obs_set_int(oscore, "epoch", opened->epoch);
        obs_set_text(oscore, "sender", opened->group->members[opened->sender].name);
    }
    if (opened->has_layers) {
        const vec_layers *layers = &opened->layers;
        json_t *seal = json_object();
        obs_set_bool(oscore, "signature", layers->is_signed);
        obs_set_hex(arena, seal, "key", layers->key);
        obs_set_hex(arena, seal, "nonce", layers->nonce);
        obs_set_hex(arena, seal, "aad", layers->enc_structure);
        obs_set_hex(arena, seal, "ciphertext", layers->ciphertext);
        (void)json_object_set_new(entry, "seal", seal);
        if (layers->opened == GOSC_OK) {
            (void)json_object_set_new(entry, "inner", inner_json(arena, layers->plaintext));
        }
    }
    (void)json_object_set_new(entry, "oscore", oscore);
}
