/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting, asking and configuring peers. */
#include "play_parts.h"

#include <string.h>

#include "needs.h"

/* sets_timers: operations after which a peer may want to be woken at another time than before. */
static bool sets_timers(const char *op)
{
    static const char *const quiet[] = {"seed", "state", "configure", "join", "leave", NULL};
    for (const char *const *one = quiet; *one != NULL; one++) {
        if (strcmp(*one, op) == 0) {
            return false;
        }
    }
    return true;
}

json_t *run_ask(run_play *play, run_peer *peer, json_t *request, const char *of, bool may_fail)
{
    size_t index = run_play_index(play, peer);
    const char *op = vec_printf(&play->arena, "%s", vec_get_text(request, "op"));
    json_t *entry = run_log(play, "op");
    obs_set_text(entry, "by", peer->name);
    obs_set_text(entry, "op", op);
    obs_set_text(entry, "of", of);
    if (!peer->runs) {
        (void)run_say(play, "scenario", peer->name, "it does not run: it cannot be asked for \"%s\"", op);
        json_decref(request);
        return NULL;
    }
    /* On port stdio an operation happens at the time told last. */
    if (play->is_stdio && play->told_ms[index] < run_now_ms(play) && !run_tick(play, peer)) {
        json_decref(request);
        return NULL;
    }
    play->cause_of = of;
    play->last_of[index] = of;
    json_t *answer = run_peer_ask(peer, request);
    play->cause_of = NULL;
    if (answer == NULL) {
        (void)run_complain(play, peer);
        return NULL;
    }
    entry = run_log(play, "answer");
    obs_set_text(entry, "by", peer->name);
    obs_set_text(entry, "op", op);
    obs_set_text(entry, "of", of);
    json_t *said = json_deep_copy(answer);
    (void)json_object_del(said, "id");
    (void)json_object_set_new(entry, "answer", said);
    const char *error = vec_get_text(answer, "error");
    if (json_object_get(answer, "unsupported") != NULL) {
        (void)run_say(play, "unsupported", peer->name, "says \"%s\" is unsupported", op);
    } else if (error != NULL && !may_fail) {
        (void)run_say(play, "refused", peer->name, "expected ok to \"%s\", found the error: %s", op, error);
    }
    if (play->broken || (play->is_stdio && sets_timers(op) && !run_tick(play, peer))) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

/* run_probe: a peer that says ok to nonsense is not believed in anything else. */
bool run_probe(run_play *play, run_peer *peer)
{
    json_t *answer = run_peer_ask(peer, json_pack("{s:s}", "op", "zwiebelfisch"));
    if (answer == NULL) {
        return run_complain(play, peer);
    }
    bool good =
        vec_get_is(answer, "unsupported", "zwiebelfisch") ||
        run_say(play, "garbage", peer->name, "expected \"unsupported\" to a nonsense operation, found %s",
                json_object_get(answer, "ok") != NULL ? "ok" : "another answer");
    json_decref(answer);
    return good;
}

bool run_hello(run_play *play, run_peer *peer)
{
    vec_check check;
    json_t *answer =
        run_peer_ask(peer, json_pack("{s:s,s:s}", "op", "hello", "port", play->is_stdio ? "stdio" : "udp"));
    if (answer == NULL) {
        return run_complain(play, peer);
    }
    (void)json_object_del(answer, "id");
    json_decref(peer->hello);
    peer->hello = answer;
    json_t *entry = run_log(play, "hello");
    obs_set_text(entry, "by", peer->name);
    (void)json_object_set_new(entry, "hello", json_deep_copy(answer));
    vec_check_init(&check, "hello");
    return run_hello_check(&check, answer) || run_say(play, "garbage", peer->name, "%s", check.fault);
}

bool run_seed(run_play *play, run_peer *peer)
{
    if (!run_has(json_object_get(peer->hello, "features"), "seed")) {
        return true;
    }
    uint64_t seed = play->config->seed * 1000003 + run_play_index(play, peer) + 1 + 100 * play->n_restarts;
    json_t *answer =
        run_ask(play, peer, json_pack("{s:s,s:I}", "op", "seed", "seed", (json_int_t)(seed & 0x7fffffff)),
                NULL, true);
    json_decref(answer);
    return !play->broken;
}

bool run_start_peer(run_play *play, run_peer *peer)
{
    const run_config *config = play->config;
    bool other = peer->is_subject && config->subject.argv != NULL;
    play->told_ms[run_play_index(play, peer)] = 0;
    return run_peer_start(peer, play->lab, other ? config->subject.argv : config->reference.argv, NULL) ||
           run_complain(play, peer);
}

static json_t *address_list(const char *address)
{
    return address[0] != '\0' ? json_pack("[s]", address) : json_array();
}

static bool is_server(const json_t *plan)
{
    const json_t *roles = json_object_get(plan, "role");
    return run_has(roles, "server") || run_has(roles, "silent");
}

static json_t *configure_request(run_play *play, const run_peer *peer, const run_group *group, size_t member,
                                 bool after_restart)
{
    char text[LAB_ADDR_TEXT];
    size_t index = run_play_index(play, peer);
    const json_t *plan = play->plans[index];
    lab_addr own = lab_peer_addr(play->lab, peer->number, run_group_family(group), 5683);
    json_t *request = json_object();
    json_t *context = run_world_context(&play->world, group, play->epochs[index], member);
    /* Who keeps state knows by itself what became of its windows. */
    if (after_restart && !vec_get_bool(plan, "keep", false)) {
        obs_set_text(context, "windows", "invalid");
    }
    obs_set_text(request, "op", "configure");
    obs_set_text(request, "group", group->name);
    (void)json_object_set_new(request, "context", context);
    (void)json_object_set_new(request, "roles", json_deep_copy(json_object_get(plan, "role")));
    (void)json_object_set_new(request, "addresses", address_list(lab_addr_write(&own, text)));
    if (is_server(plan) && vec_get_bool(plan, "joined", true) && group->address[0] != '\0') {
        (void)json_object_set_new(request, "join", address_list(group->address));
    }
    if (json_object_get(plan, "policy") != NULL) {
        (void)json_object_set_new(request, "policy", json_deep_copy(json_object_get(plan, "policy")));
    }
    if (vec_get_bool(plan, "keep", false) && play->config->folder != NULL) {
        (void)json_object_set_new(request, "keep",
                                  json_sprintf("%s/keep-%s", play->config->folder, peer->name));
    }
    return request;
}

static bool tell_joined(run_play *play, const run_peer *peer, const run_group *group)
{
    lab_addr address;
    if (!lab_addr_parse(group->address, &address)) {
        return true;
    }
    if (!play->is_stdio) {
        return run_await_member(play, peer, &address, true);
    }
    return run_lab_said(play, lab_join(play->lab, peer->number, &address));
}

bool run_configure(run_play *play, run_peer *peer, bool after_restart)
{
    for (size_t i = 0; i < play->world.n_groups; i++) {
        const run_group *group = &play->world.groups[i];
        size_t member = run_group_member(group, peer->name);
        if (member == RUN_NO_MEMBER) {
            continue;
        }
        json_t *request = configure_request(play, peer, group, member, after_restart);
        bool joins = json_object_get(request, "join") != NULL;
        json_t *answer = run_ask(play, peer, request, NULL, false);
        json_decref(answer);
        if (answer == NULL || (joins && !tell_joined(play, peer, group))) {
            return false;
        }
    }
    return true;
}
