/* SPDX-License-Identifier: BSD-2-Clause */
#include "play_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "needs.h"

uint64_t run_now_ms(const run_play *play)
{
    return play->lab != NULL ? lab_now_us(play->lab) / 1000 : 0;
}

run_peer *run_play_peer(run_play *play, const char *name)
{
    for (size_t i = 0; name != NULL && i < play->n_peers; i++) {
        if (strcmp(play->peers[i].name, name) == 0) {
            return &play->peers[i];
        }
    }
    return NULL;
}

size_t run_play_index(const run_play *play, const run_peer *peer)
{
    return (size_t)(peer - play->peers);
}

json_t *run_log(run_play *play, const char *kind)
{
    return obs_log_add(&play->log, run_now_ms(play), kind);
}

bool run_say(run_play *play, const char *kind, const char *by, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_t *entry = run_log(play, "complaint");
    obs_set_text(entry, "kind", kind);
    obs_set_text(entry, "by", by);
    obs_set_text(entry, "text", text);
    play->broken = true;
    return false;
}

/* run_complain passes on what a peer did wrong, once. */
bool run_complain(run_play *play, const run_peer *peer)
{
    if (!play->broken) {
        (void)run_say(play, run_wrong_name(peer->wrong), peer->name, "%s", peer->why);
    }
    return false;
}

/* ---- the whole ---- */

/* Of a place with many peers; interpreters are slow to start, and more of them say nothing new. */
enum {
    FOREIGN_MAX = 8
};

static void peers_init(run_play *play)
{
    const json_t *peers = json_object_get(play->plan, "peers");
    size_t n_subjects = 0;
    play->n_peers = json_array_size(peers);
    for (size_t i = 0; i < play->n_peers; i++) {
        play->plans[i] = json_array_get(peers, i);
        bool is_subject =
            vec_get_bool(play->plans[i], "subject", false) &&
            (play->config->place == NULL || vec_get_is(play->plans[i], "place", play->config->place)) &&
            (play->config->subject.argv == NULL || n_subjects < FOREIGN_MAX);
        n_subjects += is_subject;
        play->peers[i] = (run_peer){
            .name = vec_get_text(play->plans[i], "name"),
            .number = -1,
            .is_subject = is_subject,
            .event = run_peer_told,
            .arg = play,
            .patience_ms = play->config->patience_ms,
            .trace = play->config->trace,
        };
    }
}

static bool lab_make(run_play *play)
{
    const lab_config config = {
        .port = play->is_stdio ? LAB_STDIO : LAB_TUN,
        .arg = play,
        .event = run_lab_happened,
        .deliver = run_lab_deliver,
        .wake = run_lab_woken,
    };
    lab_err err = lab_open(&config, &play->lab);
    for (size_t i = 0; err == LAB_OK && i < play->n_peers; i++) {
        err = lab_peer_add(play->lab, play->peers[i].name, &play->peers[i].number);
    }
    if (err == LAB_ERR_FORBIDDEN) {
        return run_say(play, "forbidden", NULL, "%s", lab_complaint(play->lab));
    }
    return play->lab != NULL ? run_lab_said(play, err) : run_say(play, "lab", NULL, "out of memory");
}

/* wait_attach tells whom a debugger can take and waits for a line of input; where there is none it goes on at once. */
static void wait_attach(const run_play *play)
{
    char c = '\0';
    FILE *to = play->config->trace;
    for (size_t i = 0; to != NULL && i < play->n_peers; i++) {
        (void)fprintf(to, "%s is process %ld\n", play->peers[i].name, (long)play->peers[i].process.pid);
    }
    if (to != NULL) {
        (void)fprintf(to, "attach a debugger, then press Enter\n");
        (void)fflush(to);
    }
    while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1) {
    }
}

static bool start_all(run_play *play)
{
    for (size_t i = 0; i < play->n_peers; i++) {
        if (!run_start_peer(play, &play->peers[i])) {
            return false;
        }
    }
    if (play->config->attach) {
        wait_attach(play);
    }
    for (size_t i = 0; i < play->n_peers; i++) {
        if (!run_probe(play, &play->peers[i]) || !run_hello(play, &play->peers[i])) {
            return false;
        }
    }
    return true;
}

/* world_make decides on algorithms once it is known what all peers can do. */
static bool world_make(run_play *play)
{
    vec_check check;
    run_suite suite = run_suite_of(play->plan);
    char why[256] = "";
    bool mandatory = false;
    for (size_t i = 0; i < play->n_peers; i++) {
        run_suite_adapt(play->peers[i].hello, play->plan, &suite);
    }
    for (size_t i = 0; i < play->n_peers; i++) {
        const run_peer *peer = &play->peers[i];
        if (!run_hello_fits(peer->hello, play->plan, play->plans[i], &suite, why, sizeof why, &mandatory)) {
            return run_say(play, mandatory ? "mandatory" : "unsupported", peer->name, "%s", why);
        }
    }
    play->credentials = run_credentials_load(&check, play->config->scenarios);
    if (play->credentials == NULL ||
        !run_world_make(&play->arena, &check, play->plan, play->credentials, &suite, &play->world)) {
        return run_say(play, "scenario", NULL, "%s", check.fault);
    }
    json_t *entry = run_log(play, "world");
    obs_set_int(entry, "hkdf", suite.hkdf);
    obs_set_int(entry, "aead", suite.aead);
    obs_set_int(entry, "group_enc", suite.group_enc);
    obs_set_int(entry, "signature", suite.signature);
    obs_set_int(entry, "agreement", suite.agreement);
    json_t *members = json_object();
    for (size_t i = 0; i < play->world.n_groups; i++) {
        const run_group *group = &play->world.groups[i];
        for (size_t j = 0; j < group->n_members; j++) {
            obs_set_hex(&play->arena, members, group->members[j].name, group->members[j].id);
        }
    }
    (void)json_object_set_new(entry, "members", members);
    return true;
}

enum {
    REAL_WAIT_MS = 20000
}; /* port tun: longer waits than that are for virtual time */

static uint64_t waits_ms(const json_t *plan)
{
    const json_t *list = json_object_get(plan, "steps");
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *step = json_array_get(list, i);
        sum += vec_get_is(step, "do", "wait") ? (uint64_t)vec_get_int(step, "ms", 0) : 0;
    }
    return sum;
}

/* is_hopeless: what the subject cannot take part in need not be started. What it claims and lacks is for the
 * case itself to find. */
static bool is_hopeless(run_play *play)
{
    const json_t *claims = play->config->claims;
    char why[256] = "";
    bool mandatory = false;
    if (claims == NULL) {
        return false;
    }
    if (!play->is_stdio && !run_has(json_object_get(claims, "ports"), "stdio") &&
        waits_ms(play->plan) > REAL_WAIT_MS) {
        (void)run_say(play, "unsupported", NULL,
                      "lacks the port stdio, and the case would take %llu s of real time",
                      (unsigned long long)(waits_ms(play->plan) / 1000));
        return true;
    }
    run_suite suite = run_suite_of(play->plan);
    run_suite_adapt(claims, play->plan, &suite);
    for (size_t i = 0; i < play->n_peers; i++) {
        const run_peer *peer = &play->peers[i];
        if (peer->is_subject &&
            !run_has(json_object_get(claims, "ports"), play->is_stdio ? "stdio" : "udp")) {
            (void)run_say(play, "unsupported", peer->name, "lacks the port %s", play->port);
            return true;
        }
        if (peer->is_subject &&
            !run_hello_fits(claims, play->plan, play->plans[i], &suite, why, sizeof why, &mandatory) &&
            !mandatory) {
            (void)run_say(play, "unsupported", peer->name, "%s", why);
            return true;
        }
    }
    return false;
}

static bool control(run_play *play, const char *name)
{
    const json_t *written = json_object_get(play->plan, "control");
    if (written == NULL || (strcmp(name, "control-before") == 0 && !vec_get_bool(written, "before", true))) {
        return true;
    }
    json_t *step = json_deep_copy(written);
    obs_set_text(step, "do", "send");
    obs_set_text(step, "method", "GET");
    json_t *entry = run_log(play, "step");
    obs_set_text(entry, "do", "control");
    obs_set_text(entry, "name", name);
    bool good = run_send(play, step, vec_get_text(written, "by"), name) && run_settle(play);
    json_decref(step);
    return good;
}

static bool steps(run_play *play)
{
    const json_t *list = json_object_get(play->plan, "steps");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *step = json_array_get(list, i);
        json_t *entry = run_log(play, "step");
        obs_set_int(entry, "index", (int64_t)i);
        obs_set_text(entry, "do", vec_get_text(step, "do"));
        obs_set_text(entry, "name", vec_get_text(step, "name"));
        if (!run_step(play, step) || (vec_get_bool(step, "settle", true) && !run_settle(play))) {
            return false;
        }
    }
    return true;
}

static void exit_log(run_play *play, const run_peer *peer, bool expected)
{
    json_t *entry = run_log(play, "exit");
    obs_set_text(entry, "by", peer->name);
    obs_set_bool(entry, "expected", expected);
    if (peer->exited && WIFEXITED(peer->status)) {
        obs_set_int(entry, "status", WEXITSTATUS(peer->status));
    } else if (peer->exited && WIFSIGNALED(peer->status)) {
        obs_set_int(entry, "signal", WTERMSIG(peer->status));
    }
}

/* quit_all ends the peers. What they leave on standard error is looked at whether or not the case came to its
 * end. */
static void quit_all(run_play *play)
{
    static const char *const words[] = {"ERROR: AddressSanitizer",  "ERROR: LeakSanitizer",
                                        "WARNING: MemorySanitizer", "WARNING: ThreadSanitizer",
                                        "runtime error: ",          "Sanitizer:DEADLYSIGNAL"};
    for (size_t i = 0; i < play->n_peers; i++) {
        run_peer *peer = &play->peers[i];
        if (peer->runs && !play->broken) {
            if (run_peer_quit(peer)) {
                exit_log(play, peer, true);
                lab_reaped(play->lab, peer->number);
            } else {
                (void)run_complain(play, peer);
            }
        }
    }
    for (size_t i = 0; i < play->n_peers; i++) {
        run_peer *peer = &play->peers[i];
        if (peer->runs) {
            run_peer_kill(peer, play->lab);
        }
        for (size_t w = 0; peer->err != NULL && w < sizeof words / sizeof words[0]; w++) {
            const char *found = strstr(peer->err, words[w]);
            if (found != NULL) {
                json_t *entry = run_log(play, "sanitizer");
                obs_set_text(entry, "by", peer->name);
                (void)json_object_set_new(entry, "text",
                                          json_sprintf("%.*s", (int)strcspn(found, "\n"), found));
                break;
            }
        }
    }
}

static run_end end_of(const run_play *play)
{
    const json_t *entries = play->log.entries;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        if (!vec_get_is(entry, "ev", "complaint")) {
            continue;
        }
        if (vec_get_is(entry, "kind", "unsupported")) {
            return RUN_UNSUPPORTED;
        }
        bool ours = vec_get_is(entry, "kind", "lab") || vec_get_is(entry, "kind", "forbidden");
        return ours ? RUN_INCONCLUSIVE : RUN_BROKEN;
    }
    return RUN_PLAYED;
}

run_end run_play_case(run_play *play, const json_t *plan, const char *port, const run_config *config)
{
    static const char *const ends[] = {"played", "unsupported", "inconclusive", "broken"};
    *play = (run_play){.plan = plan, .config = config, .port = port, .is_stdio = strcmp(port, "stdio") == 0};
    obs_log_init(&play->log);
    json_t *entry = run_log(play, "case");
    obs_set_text(entry, "id", vec_get_text(plan, "id"));
    obs_set_int(entry, "seed", (int64_t)config->seed);
    obs_set_text(entry, "date", config->date);
    obs_set_text(entry, "port", port);
    peers_init(play);
    bool good = !is_hopeless(play) && lab_make(play) && start_all(play) && world_make(play);
    for (size_t i = 0; good && i < play->n_peers; i++) {
        good = run_seed(play, &play->peers[i]) && run_configure(play, &play->peers[i], false);
    }
    good = good && run_settle(play) && control(play, "control-before") && steps(play) &&
           control(play, "control-after");
    quit_all(play);
    run_end end = end_of(play);
    obs_set_text(run_log(play, "end"), "how", good || end != RUN_PLAYED ? ends[end] : ends[RUN_BROKEN]);
    return end;
}

static void nothing_delivered(void *arg, int number, const lab_packet *packet)
{
    (void)arg;
    (void)number;
    (void)packet;
}

static void nothing_told(void *arg, run_peer *peer, const json_t *event)
{
    (void)arg;
    (void)peer;
    (void)event;
}

json_t *run_claims(const run_config *config)
{
    const lab_config ours = {.port = LAB_STDIO, .deliver = nothing_delivered};
    vec_check check;
    lab *l = NULL;
    json_t *claims = NULL;
    run_peer peer = {
        .name = "subject", .event = nothing_told, .patience_ms = config->patience_ms, .trace = config->trace};
    if (config->subject.argv != NULL && lab_open(&ours, &l) == LAB_OK &&
        lab_peer_add(l, peer.name, &peer.number) == LAB_OK &&
        run_peer_start(&peer, l, config->subject.argv, NULL)) {
        claims = run_peer_ask(&peer, json_pack("{s:s}", "op", "hello"));
        (void)json_object_del(claims, "id");
        if (claims == NULL || !run_peer_quit(&peer)) {
            run_peer_kill(&peer, l);
        }
    }
    lab_close(l);
    run_peer_free(&peer);
    vec_check_init(&check, "hello");
    if (claims != NULL && !run_hello_check(&check, claims)) {
        json_decref(claims);
        claims = NULL;
    }
    return claims;
}

void run_play_free(run_play *play)
{
    lab_close(play->lab);
    for (size_t i = 0; i < play->n_peers; i++) {
        run_peer_free(&play->peers[i]);
    }
    json_decref(play->credentials);
    obs_log_free(&play->log);
    vec_arena_free(&play->arena);
}
