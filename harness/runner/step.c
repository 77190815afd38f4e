/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of peers, and of time. */
#include <stdio.h>
#include <string.h>

#include "observe/match.h"
#include "play_parts.h"
#include "steps.h"

static bool fault(run_play *play, const json_t *step, const char *what)
{
    return run_say(play, "scenario", NULL, "step %s (%s): %s", vec_get_text(step, "name"),
                   vec_get_text(step, "do"), what);
}

const lab_packet *run_packet_named(run_play *play, const char *name)
{
    const lab_packet *packet = lab_packet_find(play->lab, name);
    if (packet == NULL) {
        (void)run_say(play, "absent", NULL, "expected a packet \"%s\" on the wire, found none", name);
    }
    return packet;
}

lab_family run_group_family(const run_group *group)
{
    lab_addr addr;
    return group != NULL && lab_addr_parse(group->address, &addr) ? addr.family : LAB_IPV6;
}

bool run_place(run_play *play, const json_t *step, const char *text, const run_group *group, lab_addr *addr)
{
    const run_peer *peer = run_play_peer(play, text);
    if (peer != NULL) {
        *addr = lab_peer_addr(play->lab, peer->number, run_group_family(group), 5683);
        return true;
    }
    const char *written = strcmp(text, "group") == 0 ? (group != NULL ? group->address : "") : text;
    return lab_addr_parse(written, addr) ||
           fault(play, step, "expected a peer, a group that has an address, or an address");
}

/* ---- asking peers ---- */

static void set_if(json_t *request, const char *key, const json_t *step, const char *from)
{
    const json_t *value = json_object_get(step, from);
    if (value != NULL && !json_is_null(value)) {
        (void)json_object_set_new(request, key, json_deep_copy(value));
    }
}

gosc_span run_payload_of(run_play *play, const json_t *step)
{
    const char *text = vec_get_text(step, "payload");
    if (text != NULL) {
        return vec_copy(&play->arena, gosc_span_of(text, strlen(text)));
    }
    return vec_get_hex(&play->arena, step, "payload_hex");
}

static const char *mode_of(const json_t *step, const run_group *group, bool to_group)
{
    const char *mode = vec_get_text(step, "mode");
    if (mode != NULL && strcmp(mode, "plain") == 0) {
        return mode;
    }
    if (strcmp(group->dialect, "group-28") != 0) {
        return NULL;
    }
    if (mode != NULL) {
        return mode;
    }
    bool pairwise = group->suite.aead != GOSC_ALG_NONE && group->suite.agreement != GOSC_ALG_NONE;
    bool group_mode = group->suite.group_enc != GOSC_ALG_NONE && group->suite.signature != GOSC_ALG_NONE;
    return to_group ? (group_mode ? "group" : "pairwise") : (pairwise ? "pairwise" : "group");
}

static bool set_target(run_play *play, json_t *request, const run_group *group, unsigned epoch,
                       const char *name)
{
    size_t member = run_group_member(group, name);
    if (member == RUN_NO_MEMBER) {
        return false;
    }
    obs_set_hex(&play->arena, request, "target", run_member_id(&group->members[member], epoch));
    return true;
}

static json_t *query_of(const char *text)
{
    json_t *list = json_array();
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, "&");
        (void)json_array_append_new(list, json_stringn(text, len));
        text += len + (text[len] == '&');
    }
    return list;
}

bool run_send(run_play *play, const json_t *step, const char *by, const char *name)
{
    const char *to = vec_get_text(step, "to");
    const run_peer *target = run_play_peer(play, to);
    const run_group *group =
        run_world_pair(&play->world, vec_get_text(step, "group"), by, target != NULL ? to : NULL);
    lab_addr addr;
    char text[LAB_ADDR_TEXT];
    if (group == NULL) {
        return fault(play, step, "the peers share no context");
    }
    if (!run_place(play, step, to, group, &addr)) {
        return false;
    }
    bool to_group = lab_addr_is_group(&addr);
    json_t *request = json_object();
    obs_set_text(request, "op", "send");
    obs_set_text(request, "exchange", name);
    obs_set_text(request, "group", group->name);
    obs_set_text(request, "to", lab_addr_write(&addr, text));
    const char *mode = mode_of(step, group, to_group);
    if (mode != NULL) {
        obs_set_text(request, "mode", mode);
    }
    const char *member = vec_get_text(step, "target") != NULL ? vec_get_text(step, "target")
                         : target != NULL                     ? to
                                                              : NULL;
    if (member != NULL && strcmp(group->dialect, "oscore") != 0) {
        const run_peer *sender = run_play_peer(play, by);
        (void)set_target(play, request, group, play->epochs[run_play_index(play, sender)], member);
    }
    const char *type = vec_get_text(step, "type");
    obs_set_text(request, "type", type != NULL ? type : to_group ? "NON" : "CON");
    set_if(request, "method", step, "method");
    set_if(request, "path", step, "path");
    set_if(request, "observe", step, "observe");
    set_if(request, "options", step, "options");
    set_if(request, "token", step, "token");
    if (vec_get_text(step, "query") != NULL) {
        (void)json_object_set_new(request, "query", query_of(vec_get_text(step, "query")));
    }
    gosc_span payload = run_payload_of(play, step);
    if (gosc_span_present(payload)) {
        obs_set_hex(&play->arena, request, "payload", payload);
    }
    obs_set_int(request, "open_ms", vec_get_int(step, "open_ms", RUN_OPEN_MS));
    json_t *answer =
        run_ask(play, run_play_peer(play, by), request, name, vec_get_bool(step, "may_fail", false));
    json_decref(answer);
    return answer != NULL;
}

static bool step_send(run_play *play, const json_t *step, run_peer *peer)
{
    return run_send(play, step, peer->name, vec_get_text(step, "name"));
}

/* of_groups asks a peer once for each of its groups that the step means. */
static bool of_groups(run_play *play, const json_t *step, run_peer *peer,
                      json_t *(*make)(run_play *, const json_t *, const run_peer *, const run_group *,
                                      size_t))
{
    const char *only = vec_get_text(step, "group");
    bool any = false;
    for (size_t i = 0; i < play->world.n_groups; i++) {
        const run_group *group = &play->world.groups[i];
        size_t member = run_group_member(group, peer->name);
        if (member == RUN_NO_MEMBER || (only != NULL && strcmp(only, group->name) != 0)) {
            continue;
        }
        json_t *request = make(play, step, peer, group, member);
        if (request == NULL) {
            return false;
        }
        json_t *answer =
            run_ask(play, peer, request, vec_get_text(step, "name"), vec_get_bool(step, "may_fail", false));
        json_decref(answer);
        if (answer == NULL) {
            return false;
        }
        any = true;
    }
    return any || fault(play, step, "the peer is in no such group");
}

static json_t *op_of(const json_t *step, const run_group *group)
{
    json_t *request = json_object();
    obs_set_text(request, "op", vec_get_text(step, "do"));
    obs_set_text(request, "group", group->name);
    return request;
}

static json_t *make_notify(run_play *play, const json_t *step, const run_peer *peer, const run_group *group,
                           size_t member)
{
    json_t *request = op_of(step, group);
    gosc_span payload = run_payload_of(play, step);
    (void)peer;
    (void)member;
    set_if(request, "path", step, "path");
    if (gosc_span_present(payload)) {
        obs_set_hex(&play->arena, request, "payload", payload);
    }
    return request;
}

static json_t *make_forget(run_play *play, const json_t *step, const run_peer *peer, const run_group *group,
                           size_t member)
{
    json_t *request = op_of(step, group);
    (void)play;
    (void)peer;
    (void)member;
    set_if(request, "what", step, "what");
    return request;
}

static json_t *make_state(run_play *play, const json_t *step, const run_peer *peer, const run_group *group,
                          size_t member)
{
    (void)play;
    (void)peer;
    (void)member;
    return op_of(step, group);
}

static json_t *make_rekey(run_play *play, const json_t *step, const run_peer *peer, const run_group *group,
                          size_t member)
{
    json_t *request = op_of(step, group);
    unsigned epoch = play->epochs[run_play_index(play, peer)];
    (void)json_object_set_new(request, "context", run_world_context(&play->world, group, epoch, member));
    set_if(request, "grace_ms", step, "grace_ms");
    return request;
}

/* step_rekey moves a peer to an epoch: the one named, else the one behind its own. */
static bool step_rekey(run_play *play, const json_t *step, run_peer *peer)
{
    unsigned *epoch = &play->epochs[run_play_index(play, peer)];
    *epoch = (unsigned)vec_get_int(step, "epoch", *epoch + 1);
    if (*epoch > play->world.n_epochs) {
        play->world.n_epochs = *epoch;
    }
    return of_groups(play, step, peer, make_rekey);
}

static bool step_notify(run_play *play, const json_t *step, run_peer *peer)
{
    return of_groups(play, step, peer, make_notify);
}

static bool step_forget(run_play *play, const json_t *step, run_peer *peer)
{
    return of_groups(play, step, peer, make_forget);
}

static bool step_state(run_play *play, const json_t *step, run_peer *peer)
{
    return of_groups(play, step, peer, make_state);
}

/* make_check hands a packet that was seen to a signature checker, as the wire had it. */
static json_t *make_check(run_play *play, const json_t *step, const run_peer *peer, const run_group *group,
                          size_t member)
{
    const char *request_name = vec_get_text(step, "request");
    const char *sender = vec_get_text(step, "sender");
    unsigned epoch = play->epochs[run_play_index(play, peer)];
    const lab_packet *packet = run_packet_named(play, vec_get_text(step, "packet"));
    const lab_packet *asked = request_name != NULL ? run_packet_named(play, request_name) : NULL;
    size_t from = sender != NULL ? run_group_member(group, sender) : RUN_NO_MEMBER;
    if (packet == NULL || (request_name != NULL && asked == NULL) || packet->bytes.len < 4) {
        return NULL;
    }
    json_t *request = json_object();
    obs_set_text(request, "op", "check");
    (void)json_object_set_new(request, "context", run_world_context(&play->world, group, epoch, member));
    obs_set_text(request, "direction", packet->bytes.ptr[1] >> 5 == 0 ? "request" : "response");
    obs_set_hex(&play->arena, request, "protected", packet->bytes);
    if (asked != NULL) {
        obs_set_hex(&play->arena, request, "request", asked->bytes);
    }
    if (from != RUN_NO_MEMBER) {
        obs_set_hex(&play->arena, request, "sender", run_member_id(&group->members[from], epoch));
    }
    return request;
}

static bool step_check(run_play *play, const json_t *step, run_peer *peer)
{
    return of_groups(play, step, peer, make_check);
}

static bool step_finish(run_play *play, const json_t *step, run_peer *peer)
{
    json_t *request = json_object();
    obs_set_text(request, "op", "finish");
    set_if(request, "exchange", step, "exchange");
    json_t *answer =
        run_ask(play, peer, request, vec_get_text(step, "name"), vec_get_bool(step, "may_fail", false));
    json_decref(answer);
    return answer != NULL;
}

/* host_of cuts the port off: `join` and `leave` take a bare address. */
static const char *host_of(run_play *play, const char *address)
{
    const char *end = strrchr(address, ':');
    const char *begin = address + (address[0] == '[');
    size_t len = (size_t)(end - begin) - (address[0] == '[');
    return vec_printf(&play->arena, "%.*s", (int)len, begin);
}

static bool step_membership(run_play *play, const json_t *step, run_peer *peer)
{
    const run_group *group = run_world_pair(&play->world, vec_get_text(step, "group"), peer->name, NULL);
    lab_addr address;
    const char *other = vec_get_text(step, "address");
    const char *text = other != NULL ? other : group != NULL ? group->address : "";
    if (group == NULL || !lab_addr_parse(text, &address)) {
        return fault(play, step, "the peer is in no group that has an address");
    }
    json_t *request = json_object();
    bool joins = vec_get_is(step, "do", "join");
    obs_set_text(request, "op", vec_get_text(step, "do"));
    obs_set_text(request, "address", host_of(play, text));
    obs_set_int(request, "port", 5683);
    json_t *answer = run_ask(play, peer, request, vec_get_text(step, "name"), false);
    json_decref(answer);
    if (answer == NULL || !play->is_stdio) {
        return answer != NULL && run_await_member(play, peer, &address, joins);
    }
    lab_err err =
        joins ? lab_join(play->lab, peer->number, &address) : lab_leave(play->lab, peer->number, &address);
    return err == LAB_OK || run_say(play, "lab", NULL, "%s", lab_complaint(play->lab));
}

static void exit_log(run_play *play, const run_peer *peer)
{
    json_t *entry = run_log(play, "exit");
    obs_set_text(entry, "by", peer->name);
    obs_set_bool(entry, "expected", true);
}

static bool step_kill(run_play *play, const json_t *step, run_peer *peer)
{
    (void)step;
    run_peer_kill(peer, play->lab);
    exit_log(play, peer);
    return !play->is_stdio || lab_wake(play->lab, peer->number, LAB_NEVER) == LAB_OK;
}

/* step_restart kills a peer and starts it anew. On sockets it is told the port. What it did not keep is lost: it is
 * told that its windows are. */
static bool step_restart(run_play *play, const json_t *step, run_peer *peer)
{
    if (peer->runs && !step_kill(play, step, peer)) {
        return false;
    }
    play->n_restarts++;
    return run_start_peer(play, peer) && (play->is_stdio || run_hello(play, peer)) && run_seed(play, peer) &&
           run_configure(play, peer, true);
}

/* ---- waiting ---- */

static bool step_wait(run_play *play, const json_t *step)
{
    const json_t *until = json_object_get(step, "for");
    if (until == NULL) {
        return run_pass(play, (uint64_t)vec_get_int(step, "ms", 0));
    }
    uint64_t limit_ms = run_now_ms(play) + (uint64_t)vec_get_int(step, "at_most_ms", 1000);
    while (!obs_match_any(&play->log, until)) {
        uint64_t now = run_now_ms(play);
        if (now >= limit_ms) {
            return run_say(play, "absent", NULL, "step %s: what it waits for did not come",
                           vec_get_text(step, "name"));
        }
        if (!run_pass(play, limit_ms - now > 10 ? 10 : limit_ms - now)) {
            return false;
        }
    }
    return true;
}

/* ---- the table ---- */

static const struct {
    const char *what;
    bool (*of_peer)(run_play *, const json_t *, run_peer *);
    bool (*of_lab)(run_play *, const json_t *);
    lab_action action;
} table[] = {
    {"send", step_send, NULL, 0},
    {"notify", step_notify, NULL, 0},
    {"rekey", step_rekey, NULL, 0},
    {"forget", step_forget, NULL, 0},
    {"state", step_state, NULL, 0},
    {"check", step_check, NULL, 0},
    {"finish", step_finish, NULL, 0},
    {"join", step_membership, NULL, 0},
    {"leave", step_membership, NULL, 0},
    {"kill", step_kill, NULL, 0},
    {"restart", step_restart, NULL, 0},
    {"wait", NULL, step_wait, 0},
    {"release", NULL, run_step_release, 0},
    {"replay", NULL, run_step_replay, 0},
    {"edit", NULL, run_step_edit, 0},
    {"redirect", NULL, run_step_redirect, 0},
    {"spoof", NULL, run_step_spoof, 0},
    {"forge", NULL, run_step_forge, 0},
    {"respond", NULL, run_step_respond, 0},
    {"drop", NULL, NULL, LAB_DROP},
    {"hold", NULL, NULL, LAB_HOLD},
    {"delay", NULL, NULL, LAB_DELAY},
    {"duplicate", NULL, NULL, LAB_DUPLICATE},
};

bool run_step(run_play *play, const json_t *step)
{
    const char *what = vec_get_text(step, "do");
    const json_t *by = json_object_get(step, "by");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].what, what) != 0) {
            continue;
        }
        for (size_t j = 0; table[i].of_peer != NULL && j < json_array_size(by); j++) {
            if (!table[i].of_peer(play, step,
                                  run_play_peer(play, json_string_value(json_array_get(by, j))))) {
                return false;
            }
        }
        if (table[i].of_lab != NULL) {
            return table[i].of_lab(play, step);
        }
        return table[i].of_peer != NULL || run_step_rule_add(play, step, table[i].action);
    }
    return fault(play, step, "there is no such step");
}
