/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "schema.h"

enum {
    SECRET_LEN = 16, /* bytes */
};

json_t *run_credentials_load(vec_check *check, const char *folder)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/credentials.json", folder);
    vec_check_init(check, path);
    json_t *root = vec_json_file(check, path);
    if (root != NULL && !json_is_object(json_object_get(root, "curves"))) {
        (void)vec_fault(check, "expected the key \"curves\", found none");
        json_decref(root);
        return NULL;
    }
    return root;
}

/* ---- algorithms ---- */

static int32_t param_alg(const json_t *params, const char *key, int32_t usual)
{
    const json_t *value = json_object_get(params, key);
    if (value == NULL) {
        return usual;
    }
    return json_is_integer(value) ? (int32_t)json_integer_value(value) : GOSC_ALG_NONE;
}

static run_suite suite_from(const json_t *params, const char *dialect, run_suite usual)
{
    bool is_28 = strcmp(dialect, "group-28") == 0;
    bool is_group = strcmp(dialect, "oscore") != 0;
    run_suite suite = {
        .hkdf = param_alg(params, "hkdf", usual.hkdf),
        .aead = param_alg(params, "aead", usual.aead),
        .group_enc = is_28 ? param_alg(params, "group_enc", usual.group_enc) : GOSC_ALG_NONE,
        .signature = is_group ? param_alg(params, "signature", usual.signature) : GOSC_ALG_NONE,
        .cred_format = vec_get_text(params, "cred_format") != NULL ? vec_get_text(params, "cred_format")
                                                                   : usual.cred_format,
        .reading = vec_get_text(params, "reading") != NULL ? vec_get_text(params, "reading") : usual.reading,
    };
    int32_t agreement = suite.hkdf == GOSC_ALG_HMAC_512 ? GOSC_ALG_ECDH_SS_512 : GOSC_ALG_ECDH_SS_256;
    suite.agreement = is_28 ? param_alg(params, "agreement", agreement) : GOSC_ALG_NONE;
    return suite;
}

run_suite run_suite_of(const json_t *plan)
{
    const char *dialect = vec_get_text(plan, "dialect");
    /* The two modes compute with different algorithms, with keys of different lengths. Tags and nonces are
     * alike, so that a stack that mixes those up fails where that is looked for, and not everywhere. */
    const run_suite usual = {
        .hkdf = GOSC_ALG_HMAC_256,
        .aead = strcmp(dialect, "group-28") == 0 ? GOSC_ALG_CCM_16_64_256 : GOSC_ALG_CCM_16_64_128,
        .group_enc = GOSC_ALG_CCM_16_64_128,
        .signature = GOSC_ALG_EDDSA,
        .cred_format = "ccs",
    };
    return suite_from(json_object_get(plan, "params"), dialect, usual);
}

static const char *curve_of(const run_suite *suite)
{
    switch (suite->signature) {
    case GOSC_ALG_ES256:
        return "1";
    case GOSC_ALG_ES384:
        return "2";
    case GOSC_ALG_ES512:
        return "3";
    case GOSC_ALG_NONE:
        return "4";
    default:
        return "6";
    }
}

static size_t id_max_of(const run_suite *suite)
{
    const gosc_cipher *aead = gosc_cipher_find(suite->aead);
    const gosc_cipher *group = gosc_cipher_find(suite->group_enc);
    size_t least = GOSC_NONCE_MAX;
    if (aead != NULL && aead->nonce_len < least) {
        least = aead->nonce_len;
    }
    if (group != NULL && group->nonce_len < least) {
        least = group->nonce_len;
    }
    return least - 6;
}

/* ---- identifiers ---- */

/* id_make gives the Sender ID of the index-th member: of different lengths, the first one's empty, unless
 * told otherwise. */
static gosc_span id_make(vec_arena *arena, const char *set, size_t index, size_t id_max)
{
    static const size_t lengths[] = {0, 1, 2, 3, GOSC_KID_MAX, 1, 2, 4};
    size_t len = lengths[index % (sizeof lengths / sizeof lengths[0])];
    uint8_t first = (uint8_t)(0x11 + index);
    if (set != NULL && strcmp(set, "short") == 0) {
        len = 1;
    } else if (set != NULL && strcmp(set, "long") == 0) {
        len = id_max;
    } else if (set != NULL && strcmp(set, "padded") == 0) {
        /* Identifiers that only padding tells apart: "", 00, 0000, 01, 0001. */
        len = index < 3 ? index : index == 4 ? 2 : 1;
        first = (uint8_t)(index < 3 || index == 4 ? 0 : index == 3 ? 1 : 0x11 + index);
    } else if (len == 0 && index > 0) {
        len = 1;
    }
    len = len > id_max ? id_max : len;
    uint8_t *bytes = vec_alloc(arena, GOSC_KID_MAX);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(first + 0x20 * i);
    }
    if (set != NULL && strcmp(set, "padded") == 0) {
        memset(bytes, 0, GOSC_KID_MAX);
        bytes[len > 0 ? len - 1 : 0] = index == 4 ? 1 : first;
    }
    return gosc_span_of(bytes, len);
}

/* ---- secrets ---- */

static gosc_span derived(vec_arena *arena, const run_group *group, unsigned epoch, const char *what,
                         size_t len)
{
    uint8_t *bytes = vec_alloc(arena, len);
    const char *label = vec_printf(arena, "%s %u %s", group->name, epoch, what);
    gosc_span ikm = gosc_span_of(label, strlen(label));
    if (gosc_crypto_hkdf(GOSC_ALG_HMAC_256, GOSC_ABSENT, ikm, GOSC_EMPTY, (gosc_buf){bytes, len}) !=
        GOSC_OK) {
        memset(bytes, 0x5a, len);
    }
    return gosc_span_of(bytes, len);
}

static gosc_span override_hex(vec_arena *arena, const run_group *group, const char *key)
{
    return vec_get_hex(arena, group->overrides, key);
}

gosc_span run_group_gid(const run_world *world, const run_group *group, unsigned epoch)
{
    vec_arena *arena = world->arena;
    gosc_span given = override_hex(arena, group, "id_context");
    if (epoch >= RUN_DERIVED) {
        gosc_span id_context = group->derived[epoch - RUN_DERIVED];
        gosc_writer writer;
        gosc_writer_init(&writer, (gosc_buf){vec_alloc(arena, id_context.len + 9), id_context.len + 9});
        gosc_cbor_write_bstr(&writer, id_context);
        return gosc_writer_span(&writer);
    }
    if (strcmp(group->dialect, "oscore") == 0) {
        return epoch == 0 ? given : gosc_span_of(vec_printf(arena, "%c", (int)(0x40 + epoch)), 1);
    }
    /* Prefix and epoch, as the Gids of a Group Manager often are. */
    uint8_t *gid = vec_alloc(arena, 8);
    size_t prefix = gosc_span_present(given) ? given.len : 3;
    const uint8_t usual[3] = {(uint8_t)(0xb1 + group->index), 0xf0, 0x5c};
    prefix = prefix > 7 ? 7 : prefix;
    memcpy(gid, gosc_span_present(given) ? given.ptr : usual, prefix);
    gid[prefix] = (uint8_t)epoch;
    return gosc_span_of(gid, prefix + 1);
}

/* ---- members ---- */

static bool takes(const json_t *peer, const char *role)
{
    return run_has(json_object_get(peer, "role"), role);
}

static bool is_silent(const json_t *peer)
{
    return peer != NULL && takes(peer, "silent") && !takes(peer, "client") && !takes(peer, "server");
}

static bool in_group(const json_t *peer, const char *group)
{
    const json_t *list = json_object_get(peer, "group");
    return list == NULL ? strcmp(group, "g") == 0 : run_has(list, group);
}

/* member_make gives the index-th key pair of the group's curve to a member. */
static bool member_make(const run_world *world, vec_check *check, const json_t *credentials, run_group *group,
                        const json_t *peer, size_t index)
{
    vec_arena *arena = world->arena;
    const json_t *pair =
        json_array_get(json_object_get(json_object_get(credentials, "curves"), curve_of(&group->suite)),
                       peer != NULL ? index : 5);
    run_member *member = &group->members[group->n_members];
    bool is_group = strcmp(group->dialect, "oscore") != 0;
    const char *set = vec_get_text(json_object_get(world->plan, "params"), "ids");
    size_t id_max = id_max_of(&group->suite);
    /* The adversary's key pair is nobody else's. */
    if (peer != NULL && index >= 5) {
        pair = json_array_get(
            json_object_get(json_object_get(credentials, "curves"), curve_of(&group->suite)), index + 1);
    }
    if (is_group && (pair == NULL || vec_get_text(pair, group->suite.cred_format) == NULL)) {
        return vec_fault(
            check, "expected a key pair for each member, found fewer than %zu on that curve in that format",
            index + 2);
    }
    *member = (run_member){
        .name = peer != NULL ? vec_get_text(peer, "name") : RUN_ADVERSARY,
        .id = is_silent(peer) ? GOSC_ABSENT : id_make(arena, set, index, id_max),
        .later = vec_get_hex(arena, peer, "later_id"),
        .credential = is_group ? vec_get_hex(arena, pair, group->suite.cred_format) : GOSC_ABSENT,
        .private_key = is_group ? vec_get_hex(arena, pair, "private_key") : GOSC_ABSENT,
        .peer = peer,
    };
    gosc_span given = vec_get_hex(arena, peer, "id");
    if (gosc_span_present(given)) {
        member->id = given;
    }
    if (member->id.len > id_max || member->later.len > id_max) {
        return vec_fault(check, "expected an identifier of at most %zu bytes for %s", id_max, member->name);
    }
    group->n_members++;
    return true;
}

static bool wants_adversary(const json_t *plan)
{
    const json_t *steps = json_object_get(plan, "steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        if (vec_get_is(step, "as", "insider")) {
            return true;
        }
    }
    return false;
}

static run_group *group_add(run_world *world, const char *name, const run_suite *suite, size_t n_members)
{
    run_group *group = &world->groups[world->n_groups];
    *group = (run_group){.name = name, .index = world->n_groups, .suite = *suite, .address = ""};
    group->overrides = json_object_get(json_object_get(world->plan, "worlds"), name);
    group->dialect = vec_get_text(group->overrides, "dialect");
    group->dialect = group->dialect != NULL ? group->dialect : world->dialect;
    if (group->overrides != NULL) {
        group->suite = suite_from(group->overrides, group->dialect, *suite);
    }
    group->members = vec_alloc(world->arena, (n_members + 1) * sizeof *group->members);
    world->n_groups++;
    return group;
}

/* pairs_make: in plain OSCORE each client shares a context with each server. */
static bool pairs_make(run_world *world, vec_check *check, const json_t *credentials, const run_suite *suite)
{
    const json_t *peers = json_object_get(world->plan, "peers");
    size_t n = json_array_size(peers);
    world->groups = vec_alloc(world->arena, n * n * sizeof *world->groups);
    for (size_t i = 0; i < n * n; i++) {
        const json_t *client = json_array_get(peers, i / n);
        const json_t *server = json_array_get(peers, i % n);
        if (i / n == i % n || !takes(client, "client") || !takes(server, "server") ||
            (takes(server, "client") && takes(client, "server") && i / n > i % n)) {
            continue;
        }
        const char *name =
            vec_printf(world->arena, "%s-%s", vec_get_text(client, "name"), vec_get_text(server, "name"));
        run_group *group = group_add(world, name, suite, 2);
        if (!member_make(world, check, credentials, group, client, i / n) ||
            !member_make(world, check, credentials, group, server, i % n)) {
            return false;
        }
    }
    return world->n_groups > 0 || vec_fault(check, "expected a client and a server");
}

/* group_names: of all peers, each once. */
static json_t *group_names(const json_t *peers)
{
    json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *list = json_object_get(json_array_get(peers, i), "group");
        if (list == NULL && !run_has(names, "g")) {
            (void)json_array_append_new(names, json_string("g"));
        }
        for (size_t j = 0; j < json_array_size(list); j++) {
            json_t *name = json_array_get(list, j);
            if (!run_has(names, json_string_value(name))) {
                (void)json_array_append(names, name);
            }
        }
    }
    return names;
}

/* address_set gives a group its multicast address: one of its own, or that of another group made before. */
static bool address_set(run_world *world, vec_check *check, run_group *group)
{
    if (strcmp(group->dialect, world->dialect) != 0) {
        return true; /* a pair has none */
    }
    const char *other = vec_get_text(group->overrides, "multicast_of");
    const json_t *family = json_object_get(group->overrides, "family");
    const char *text = json_string_value(family);
    bool is_four = text != NULL && strcmp(text, "ipv4") == 0;
    if (family != NULL && !is_four && (text == NULL || strcmp(text, "ipv6") != 0)) {
        return vec_fault(check, "expected the family ipv6 or ipv4 of the group %s", group->name);
    }
    group->address = is_four ? vec_printf(world->arena, "239.192.0.%zu:5683", group->index + 1)
                             : vec_printf(world->arena, "[ff15::c0:%zx]:5683", group->index + 1);
    if (other == NULL) {
        return true;
    }
    const run_group *first = run_world_group(world, other);
    if (first == NULL || first == group || family != NULL) {
        return vec_fault(check, "expected multicast_of a group named before %s, and no family beside it",
                         group->name);
    }
    group->address = first->address;
    return true;
}

static bool groups_make(run_world *world, vec_check *check, const json_t *credentials, const run_suite *suite)
{
    const json_t *peers = json_object_get(world->plan, "peers");
    size_t n = json_array_size(peers);
    json_t *names = group_names(peers);
    bool good = true;
    world->groups = vec_alloc(world->arena, (json_array_size(names) + 1) * sizeof *world->groups);
    for (size_t i = 0; good && i < json_array_size(names); i++) {
        const char *name = vec_printf(world->arena, "%s", json_string_value(json_array_get(names, i)));
        run_group *group = group_add(world, name, suite, n);
        good = address_set(world, check, group);
        for (size_t j = 0; good && j < n; j++) {
            const json_t *peer = json_array_get(peers, j);
            if (in_group(peer, name)) {
                good = member_make(world, check, credentials, group, peer, j);
            }
        }
        if (good && wants_adversary(world->plan)) {
            good = member_make(world, check, credentials, group, NULL, n);
        }
    }
    json_decref(names);
    return good;
}

bool run_world_make(vec_arena *arena, vec_check *check, const json_t *plan, const json_t *credentials,
                    const run_suite *suite, run_world *world)
{
    *world = (run_world){
        .arena = arena, .plan = plan, .credentials = credentials, .dialect = vec_get_text(plan, "dialect")};
    vec_check_init(check, vec_get_text(plan, "id"));
    (void)vec_place_push(check, "peers");
    bool is_pairs = strcmp(world->dialect, "oscore") == 0;
    return is_pairs ? pairs_make(world, check, credentials, suite)
                    : groups_make(world, check, credentials, suite);
}

run_group *run_world_group(const run_world *world, const char *name)
{
    for (size_t i = 0; i < world->n_groups; i++) {
        if (name == NULL || strcmp(world->groups[i].name, name) == 0) {
            return &world->groups[i];
        }
    }
    return NULL;
}

run_group *run_world_pair(const run_world *world, const char *name, const char *one, const char *other)
{
    for (size_t i = 0; i < world->n_groups; i++) {
        run_group *group = &world->groups[i];
        bool named = name == NULL || strcmp(group->name, name) == 0;
        if (named && run_group_member(group, one) != RUN_NO_MEMBER &&
            (other == NULL || run_group_member(group, other) != RUN_NO_MEMBER)) {
            return group;
        }
    }
    return NULL;
}

size_t run_group_member(const run_group *group, const char *name)
{
    for (size_t i = 0; i < group->n_members; i++) {
        if (strcmp(group->members[i].name, name) == 0) {
            return i;
        }
    }
    return RUN_NO_MEMBER;
}

gosc_span run_member_id(const run_member *member, unsigned epoch)
{
    bool renamed = epoch > 0 && epoch < RUN_DERIVED && gosc_span_present(member->later);
    return renamed ? member->later : member->id;
}

size_t run_group_member_by_id(const run_group *group, unsigned epoch, gosc_span id)
{
    for (size_t i = 0; i < group->n_members; i++) {
        if (gosc_span_equal(run_member_id(&group->members[i], epoch), id)) {
            return i;
        }
    }
    return RUN_NO_MEMBER;
}

/* ---- Context objects ---- */

static json_t *hex_json(vec_arena *arena, gosc_span bytes)
{
    return gosc_span_present(bytes) ? json_string(vec_hex_write(arena, bytes)) : json_null();
}

static json_t *alg_json(int32_t alg)
{
    return alg != GOSC_ALG_NONE ? json_integer(alg) : json_null();
}

/* others_make lists the members that `self` knows: as Recipient Contexts, or as members not heard yet. Who is stale
 * is in no list of the epochs behind the first, as if the Group Manager had said so. */
static json_t *others_make(const run_world *world, const run_group *group, unsigned epoch, size_t self)
{
    bool is_group = strcmp(group->dialect, "oscore") != 0;
    const json_t *knows = json_object_get(group->members[self].peer, "knows");
    json_t *list = json_array();
    for (size_t i = 0; i < group->n_members; i++) {
        const run_member *other = &group->members[i];
        bool is_stale = epoch > 0 && vec_get_bool(other->peer, "stale", false);
        if (i == self || !gosc_span_present(other->id) || is_stale ||
            (knows != NULL && !run_has(knows, other->name))) {
            continue;
        }
        json_t *one = json_object();
        (void)json_object_set_new(one, "id", hex_json(world->arena, run_member_id(other, epoch)));
        if (is_group) {
            bool is_later = epoch == 0 && vec_get_bool(other->peer, "credential_later", false);
            (void)json_object_set_new(one, "credential",
                                      hex_json(world->arena, is_later ? GOSC_ABSENT : other->credential));
        }
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *sender_make(const run_world *world, const run_member *self, unsigned epoch)
{
    if (!gosc_span_present(self->id)) {
        return json_null();
    }
    json_t *sender = json_object();
    (void)json_object_set_new(sender, "id", hex_json(world->arena, run_member_id(self, epoch)));
    (void)json_object_set_new(sender, "ssn",
                              json_integer(epoch == 0 ? vec_get_int(self->peer, "ssn", 0) : 0));
    if (gosc_span_present(self->credential)) {
        (void)json_object_set_new(sender, "credential", hex_json(world->arena, self->credential));
        (void)json_object_set_new(sender, "private_key", hex_json(world->arena, self->private_key));
    }
    return sender;
}

static gosc_span manager_credential(const run_world *world, const run_group *group)
{
    return vec_get_hex(world->arena, json_object_get(world->credentials, "manager"),
                       group->suite.cred_format);
}

static void set_policy(const run_world *world, const run_member *self, unsigned epoch, json_t *context)
{
    const json_t *params = json_object_get(world->plan, "params");
    const json_t *window = json_object_get(self->peer, "window_size");
    window = window != NULL ? window : json_object_get(params, "window_size");
    if (json_is_integer(window)) {
        (void)json_object_set_new(context, "window_size", json_integer(json_integer_value(window)));
    }
    if (epoch == 0 && vec_get_text(self->peer, "windows") != NULL) {
        (void)json_object_set_new(context, "windows", json_string(vec_get_text(self->peer, "windows")));
    }
    if (json_object_get(self->peer, "freshness_ms") != NULL) {
        (void)json_object_set_new(context, "freshness_ms",
                                  json_integer(vec_get_int(self->peer, "freshness_ms", 0)));
    }
    if (json_object_get(self->peer, "max_recipients") != NULL) {
        (void)json_object_set_new(context, "max_recipients",
                                  json_integer(vec_get_int(self->peer, "max_recipients", 0)));
    }
}

json_t *run_world_context(const run_world *world, const run_group *group, unsigned epoch, size_t member)
{
    vec_arena *arena = world->arena;
    const run_suite *suite = &group->suite;
    const run_member *self = &group->members[member];
    bool is_group = strcmp(group->dialect, "oscore") != 0;
    bool unheard = vec_get_bool(self->peer, "members", false) && is_group;
    gosc_span secret = override_hex(arena, group, "master_secret");
    gosc_span salt = override_hex(arena, group, "master_salt");
    json_t *context = json_object();
    (void)json_object_set_new(context, "dialect", json_string(group->dialect));
    if (suite->reading != NULL) {
        (void)json_object_set_new(context, "reading", json_string(suite->reading));
    }
    (void)json_object_set_new(context, "hkdf", json_integer(suite->hkdf));
    (void)json_object_set_new(context, "aead", alg_json(suite->aead));
    (void)json_object_set_new(context, "group_enc", alg_json(suite->group_enc));
    (void)json_object_set_new(context, "signature", alg_json(suite->signature));
    (void)json_object_set_new(context, "agreement", alg_json(suite->agreement));
    secret = gosc_span_present(secret) && epoch == 0
                 ? secret
                 : derived(arena, group, epoch, "master secret", SECRET_LEN);
    salt = gosc_span_present(salt) && epoch == 0 ? salt : derived(arena, group, epoch, "master salt", 8);
    (void)json_object_set_new(context, "master_secret", hex_json(arena, secret));
    (void)json_object_set_new(context, "master_salt", hex_json(arena, salt));
    (void)json_object_set_new(context, "id_context", hex_json(arena, run_group_gid(world, group, epoch)));
    if (is_group) {
        (void)json_object_set_new(context, "cred_format", json_string(suite->cred_format));
    }
    if (strcmp(group->dialect, "group-28") == 0) {
        (void)json_object_set_new(context, "gm_cred", hex_json(arena, manager_credential(world, group)));
    }
    (void)json_object_set_new(context, "sender", sender_make(world, self, epoch));
    (void)json_object_set_new(context, unheard ? "members" : "recipients",
                              others_make(world, group, epoch, member));
    set_policy(world, self, epoch, context);
    return context;
}

unsigned run_world_derived(run_world *world, run_group *group, gosc_span id_context)
{
    for (size_t i = 0; i < group->n_derived; i++) {
        if (gosc_span_equal(group->derived[i], id_context)) {
            return RUN_DERIVED + (unsigned)i;
        }
    }
    gosc_span *more = vec_alloc(world->arena, (group->n_derived + 1) * sizeof *more);
    if (group->n_derived > 0) {
        memcpy(more, group->derived, group->n_derived * sizeof *more);
    }
    more[group->n_derived] = vec_copy(world->arena, id_context);
    group->derived = more;
    return RUN_DERIVED + (unsigned)group->n_derived++;
}

/* view_make sets up a context without any pairwise key: most are never used, and each costs a key agreement.
 */
static gosc_security_context *view_make(run_world *world, const run_group *group, unsigned epoch,
                                        size_t member)
{
    vec_arena *arena = world->arena;
    vec_context *read = vec_alloc(arena, sizeof *read);
    json_t *object = run_world_context(world, group, epoch >= RUN_DERIVED ? 0 : epoch, member);
    vec_context_read(arena, object, read);
    json_decref(object);
    if (epoch >= RUN_DERIVED) {
        read->params.id_context = group->derived[epoch - RUN_DERIVED];
        read->params.wire_id_context = run_group_gid(world, group, epoch);
    }
    gosc_security_context *context = vec_alloc(arena, sizeof *context);
    read->params.recipients = vec_alloc(arena, (group->n_members + 1) * sizeof *read->params.recipients);
    read->params.n_recipients = group->n_members;
    read->params.windows_invalid = false;
    read->params.window_size = 0;
    if (read->params.dialect == NULL || gosc_security_context_init(&read->params, context) != GOSC_OK) {
        return NULL;
    }
    for (size_t i = 0; i < group->n_members; i++) {
        const run_member *other = &group->members[i];
        if (i != member && gosc_span_present(other->id) &&
            gosc_recipient_context_add(context, run_member_id(other, epoch), other->credential) != GOSC_OK) {
            return NULL;
        }
    }
    return context;
}

gosc_security_context *run_world_view(run_world *world, run_group *group, unsigned epoch, size_t member)
{
    for (const run_view *view = group->views; view != NULL; view = view->older) {
        if (view->epoch == epoch && view->member == member) {
            return view->context;
        }
    }
    run_view *view = vec_alloc(world->arena, sizeof *view);
    *view = (run_view){epoch, member, view_make(world, group, epoch, member), group->views};
    group->views = view;
    return view->context;
}
