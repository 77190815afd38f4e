/* SPDX-License-Identifier: BSD-2-Clause */
/* muster bench lab: one request by multicast to many live servers. */
#define _GNU_SOURCE
#include "bench_lab.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_common.h"
#include "runner/world.h"

enum {
    SERVERS_MAX = 100,
    PEERS_MAX = SERVERS_MAX + 1, /* the client is the first */
    ROUNDS_MAX = 1000,
    ROUND_US = 3000000, /* a round that has not ended by then has lost something */
    READY_US = 20000000,
    EYE_MS = 200, /* what a human eye takes for simultaneous */
    STATUS_FORBIDDEN = 3,
};

static const char group_address[] = "[ff15::c0:1]:5683";

static const char help[] =
    "usage: muster bench lab [--servers N] [--rounds N] [--json] [--output F] [--reference CMD]\n"
    "\n"
    "Sends one request by multicast to N live servers, each in a network namespace of its own, and measures "
    "how far\n"
    "the first and the last server are apart, and when the last response is back at the client: without "
    "protection\n"
    "(the smallest CoAP peers there can be), in group mode, and, for comparison, in pairwise mode, which "
    "takes a\n"
    "request for each server. Times count from the request on the wire; they hold the network, the kernel, "
    "all\n"
    "processes on this machine, and the harness that is the switch between them. 200 ms is what a human eye "
    "takes\n"
    "for simultaneous.\n"
    "\n"
    "  --servers N      2 to 100 (default 100)\n"
    "  --rounds N       1 to 1000 (default 20), after one that does not count\n"
    "  --json           one JSON document, times in microseconds\n"
    "  --output F       write to F instead of standard output; F appears whole or not at all\n"
    "  --reference CMD  another peer\n"
    "\n"
    "Exit status: 0, 1 when a server was never reached, 2 usage, 3 where the host forbids namespaces or TUN "
    "devices.\n"
    "\n"
    "example: muster bench lab --servers 20 --rounds 5\n";

typedef enum way {
    WAY_PLAIN,
    WAY_GROUP,
    WAY_PAIRWISE,
    N_WAYS,
} way;

static const char *const way_names[N_WAYS] = {"unprotected", "group mode", "pairwise mode"};

/* One round, in microseconds since the first request was on the wire. */
typedef struct round_times {
    uint64_t spread_us;   /* between the first and the last server that acted */
    uint64_t acted_us;    /* until the last one acted */
    uint64_t answered_us; /* until the client had the last response */
    size_t n_acted, n_answered;
} round_times;

typedef struct row {
    round_times *rounds;
    size_t n_requests, request_len;
    size_t n_lost_requests, n_lost_responses;
} row;

typedef struct bench {
    vec_arena arena;
    lab *lab;
    size_t n_servers, n_rounds;
    run_program reference;
    bool is_plain;
    run_peer peers[PEERS_MAX];
    lab_process plain[PEERS_MAX];
    bool ready[PEERS_MAX];
    const char *ids[PEERS_MAX]; /* Sender IDs, hex */
    uint32_t n_sent;            /* names of exchanges */
    /* the round that runs */
    uint64_t request_us, first_us, last_us, answered_us;
    size_t request_len, n_acted, n_answered;
} bench;

/* ---- what happens ---- */

static void lab_happened(void *arg, const lab_event *event)
{
    bench *b = arg;
    if (event->kind == LAB_SEEN && event->packet->from_peer == 0 && b->request_us == 0) {
        b->request_us = event->at_us;
        b->request_len = event->packet->bytes.len;
    }
}

static void acted(bench *b)
{
    uint64_t now_us = lab_now_us(b->lab);
    b->first_us = b->n_acted == 0 ? now_us : b->first_us;
    b->last_us = now_us;
    b->n_acted++;
}

static void answered(bench *b)
{
    b->answered_us = lab_now_us(b->lab);
    b->n_answered++;
}

static void peer_told(void *arg, run_peer *peer, const json_t *event)
{
    bench *b = arg;
    if (vec_get_is(event, "event", "delivered") && peer->number != 0) {
        acted(b);
    } else if (vec_get_is(event, "event", "response") && peer->number == 0) {
        answered(b);
    }
}

static bool plain_read(bench *b, size_t i)
{
    char text[512];
    ssize_t n = read(b->plain[i].out, text, sizeof text);
    for (ssize_t at = 0; at < n; at++) {
        b->ready[i] = b->ready[i] || text[at] == '\n';
        if (text[at] == 'd' && b->ready[i] && i > 0) {
            acted(b);
        } else if (text[at] == 'r' && b->ready[i] && i == 0) {
            answered(b);
        }
    }
    return n > 0;
}

/* pump lets things happen until something did, or until a time. False: one line was told. */
static bool pump(bench *b, uint64_t until_us)
{
    struct pollfd wishes[PEERS_MAX + 1] = {{.fd = lab_fd(b->lab), .events = POLLIN}};
    size_t n = b->n_servers + 1;
    for (size_t i = 0; i < n; i++) {
        wishes[i + 1] =
            (struct pollfd){.fd = b->is_plain ? b->plain[i].out : b->peers[i].process.out, .events = POLLIN};
    }
    uint64_t now_us = lab_now_us(b->lab);
    (void)poll(wishes, n + 1, until_us > now_us ? (int)((until_us - now_us) / 1000) + 1 : 0);
    for (size_t i = 0; i < n; i++) {
        bool good =
            wishes[i + 1].revents == 0 || (b->is_plain ? plain_read(b, i) : run_peer_poll(&b->peers[i]));
        if (!good) {
            (void)cli_complain("bench lab: peer %zu: %s", i,
                               b->is_plain ? "ended before its time" : b->peers[i].why);
            return false;
        }
    }
    if (lab_step(b->lab, NULL) != LAB_OK) {
        (void)cli_complain("bench lab: %s", lab_complaint(b->lab));
        return false;
    }
    return true;
}

/* ---- setting up ---- */

static bool all_ready(const bench *b)
{
    lab_addr group;
    bool good = lab_addr_parse(group_address, &group);
    for (size_t i = 0; good && i <= b->n_servers; i++) {
        good = (!b->is_plain || b->ready[i]) && (i == 0 || lab_is_member(b->lab, (int)i, &group));
    }
    return good;
}

/* ready_wait: every server runs, and the lab has seen it join. */
static bool ready_wait(bench *b)
{
    uint64_t until_us = lab_now_us(b->lab) + READY_US;
    while (!all_ready(b)) {
        if (lab_now_us(b->lab) >= until_us) {
            (void)cli_complain("bench lab: expected every server to join within %d s, found one that did not",
                               READY_US / 1000000);
            return false;
        }
        if (!pump(b, until_us)) {
            return false;
        }
    }
    return true;
}

static bool plain_start(bench *b)
{
    static char self[] = "/proc/self/exe", command[] = "bench", word[] = "lab-plain", client[] = "client";
    static char group[] = "ff15::c0:1";
    for (size_t i = 0; i <= b->n_servers; i++) {
        char *argv[] = {self, command, word, group, i == 0 ? client : NULL, NULL};
        if (lab_spawn(b->lab, (int)i, argv, NULL, NULL, &b->plain[i]) != LAB_OK) {
            (void)cli_complain("bench lab: %s", lab_complaint(b->lab));
            return false;
        }
    }
    return true;
}

static json_t *plan_make(size_t n_servers)
{
    json_t *peers = json_pack("[{s:s,s:s,s:[s]}]", "name", "switch", "place", "switch", "role", "client");
    for (size_t i = 1; i <= n_servers; i++) {
        json_t *lamp = json_pack("{s:o,s:s,s:[s],s:[s]}", "name", json_sprintf("lamp%d", (int)i), "place",
                                 "lamp", "role", "server", "knows", "switch");
        (void)json_array_append_new(peers, lamp);
    }
    return json_pack("{s:s,s:s,s:{},s:o,s:[]}", "id", "bench-lab", "dialect", "group-28", "params", "peers",
                     peers, "steps");
}

static bool ask(run_peer *peer, json_t *request)
{
    json_t *answer = run_peer_ask(peer, request);
    bool good = answer != NULL && json_is_true(json_object_get(answer, "ok"));
    if (!good) {
        const char *why = answer != NULL ? vec_get_text(answer, "error") : peer->why;
        (void)cli_complain("bench lab: %s: %s", peer->name,
                           why != NULL ? why : "expected ok, found another answer");
    }
    json_decref(answer);
    return good;
}

static bool peer_configure(bench *b, const run_world *world, size_t i)
{
    char own[LAB_ADDR_TEXT];
    const run_group *group = run_world_group(world, NULL);
    size_t member = run_group_member(group, b->peers[i].name);
    lab_addr addr = lab_peer_addr(b->lab, (int)i, LAB_IPV6, 5683);
    b->ids[i] = vec_hex_write(&b->arena, group->members[member].id);
    json_t *request = json_pack("{s:s,s:s,s:o,s:[s],s:[s]}", "op", "configure", "group", group->name,
                                "context", run_world_context(world, group, 0, member), "roles",
                                i == 0 ? "client" : "server", "addresses", lab_addr_write(&addr, own));
    if (i > 0) {
        (void)json_object_set_new(request, "join", json_pack("[s]", group_address));
    }
    return ask(&b->peers[i], request);
}

static bool protected_start(bench *b)
{
    vec_check check;
    run_world world;
    json_t *plan = plan_make(b->n_servers);
    json_t *credentials = run_credentials_load(&check, run_scenario_folder_default());
    const run_suite suite = run_suite_of(plan);
    bool good = credentials != NULL && run_world_make(&b->arena, &check, plan, credentials, &suite, &world);
    if (!good) {
        (void)cli_complain("bench lab: %s", check.fault);
    }
    for (size_t i = 0; good && i <= b->n_servers; i++) {
        b->peers[i] = (run_peer){.name = lab_peer_name(b->lab, (int)i),
                                 .number = (int)i,
                                 .event = peer_told,
                                 .arg = b,
                                 .patience_ms = READY_US / 1000};
        good = run_peer_start(&b->peers[i], b->lab, b->reference.argv, NULL);
        if (!good) {
            (void)cli_complain("bench lab: %s", b->peers[i].why);
        }
    }
    for (size_t i = 0; good && i <= b->n_servers; i++) {
        good = ask(&b->peers[i], json_pack("{s:s,s:s}", "op", "hello", "port", "udp")) &&
               peer_configure(b, &world, i);
    }
    json_decref(plan);
    json_decref(credentials);
    return good;
}

/* start gives -1, or the exit status. */
static int start(bench *b, bool is_plain)
{
    const lab_config config = {.port = LAB_TUN, .arg = b, .event = lab_happened};
    b->is_plain = is_plain;
    lab_err err = lab_open(&config, &b->lab);
    for (size_t i = 0; err == LAB_OK && i <= b->n_servers; i++) {
        int number;
        err = lab_peer_add(b->lab, i == 0 ? "switch" : vec_printf(&b->arena, "lamp%zu", i), &number);
    }
    if (err != LAB_OK) {
        (void)cli_complain("bench lab: %s", b->lab != NULL ? lab_complaint(b->lab) : "out of memory");
        return err == LAB_ERR_FORBIDDEN ? STATUS_FORBIDDEN : CLI_USAGE;
    }
    return (is_plain ? plain_start(b) : protected_start(b)) && ready_wait(b) ? -1 : CLI_USAGE;
}

static void stop(bench *b)
{
    for (size_t i = 0; i <= b->n_servers; i++) {
        if (b->is_plain && b->plain[i].pid > 0) {
            (void)close(b->plain[i].in);
            (void)close(b->plain[i].out);
            (void)close(b->plain[i].err);
        }
    }
    lab_close(b->lab);
    b->lab = NULL;
    for (size_t i = 0; i <= b->n_servers; i++) {
        run_peer_free(&b->peers[i]);
        b->peers[i] = (run_peer){.name = NULL};
        b->plain[i] = (lab_process){.pid = 0};
        b->ready[i] = false;
    }
}

/* ---- one round ---- */

static json_t *send_make(bench *b, const char *to, const char *mode)
{
    return json_pack("{s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:i}", "op", "send", "exchange",
                     json_sprintf("e%u", (unsigned)++b->n_sent), "group", "g", "to", to, "mode", mode, "type",
                     "NON", "method", "GET", "path", "/light", "open_ms", ROUND_US / 1000);
}

static bool send_one_by_one(bench *b)
{
    for (size_t i = 1; i <= b->n_servers; i++) {
        char to[LAB_ADDR_TEXT];
        lab_addr addr = lab_peer_addr(b->lab, (int)i, LAB_IPV6, 5683);
        json_t *request = send_make(b, lab_addr_write(&addr, to), "pairwise");
        (void)json_object_set_new(request, "target", json_string(b->ids[i]));
        /* Those before are on their way meanwhile. */
        if (!ask(&b->peers[0], request) || !pump(b, 0)) {
            return false;
        }
    }
    return true;
}

static bool request_send(bench *b, way how)
{
    if (how == WAY_PLAIN) {
        return write(b->plain[0].in, "go\n", 3) == 3;
    }
    return how == WAY_GROUP ? ask(&b->peers[0], send_make(b, group_address, "group")) : send_one_by_one(b);
}

static bool round_run(bench *b, way how, round_times *times)
{
    b->request_us = 0;
    b->answered_us = 0;
    b->n_acted = 0;
    b->n_answered = 0;
    uint64_t until_us = lab_now_us(b->lab) + ROUND_US;
    if (!request_send(b, how)) {
        return false;
    }
    while ((b->n_acted < b->n_servers || b->n_answered < b->n_servers) && lab_now_us(b->lab) < until_us) {
        if (!pump(b, until_us)) {
            return false;
        }
    }
    *times = (round_times){.n_acted = b->n_acted, .n_answered = b->n_answered};
    if (b->n_acted > 0) {
        times->spread_us = b->last_us - b->first_us;
        times->acted_us = b->last_us - b->request_us;
    }
    if (b->n_answered > 0) {
        times->answered_us = b->answered_us - b->request_us;
    }
    return true;
}

static bool rounds_run(bench *b, way how, row *r)
{
    round_times warm;
    *r = (row){.rounds = vec_alloc(&b->arena, b->n_rounds * sizeof *r->rounds),
               .n_requests = how == WAY_PAIRWISE ? b->n_servers : 1};
    if (!round_run(b, how, &warm)) {
        return false;
    }
    for (size_t i = 0; i < b->n_rounds; i++) {
        if (!round_run(b, how, &r->rounds[i])) {
            return false;
        }
        r->n_lost_requests += b->n_servers - r->rounds[i].n_acted;
        r->n_lost_responses += r->rounds[i].n_acted - r->rounds[i].n_answered;
    }
    r->request_len = b->request_len;
    return true;
}

/* ---- telling ---- */

typedef struct figure {
    uint64_t median_us, worst_us;
} figure;

static int compare_us(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static figure figure_of(bench *b, const row *r, size_t offset)
{
    uint64_t *all = vec_alloc(&b->arena, b->n_rounds * sizeof *all);
    for (size_t i = 0; i < b->n_rounds; i++) {
        memcpy(&all[i], (const char *)&r->rounds[i] + offset, sizeof all[i]);
    }
    qsort(all, b->n_rounds, sizeof *all, compare_us);
    return (figure){all[b->n_rounds / 2], all[b->n_rounds - 1]};
}

static json_t *figure_json(figure f)
{
    return json_pack("{s:I,s:I}", "median", (json_int_t)f.median_us, "worst", (json_int_t)f.worst_us);
}

static void tell_json(bench *b, const row *rows, FILE *file)
{
    json_t *list = json_array();
    for (way how = 0; how < N_WAYS; how++) {
        const row *r = &rows[how];
        json_t *one =
            json_pack("{s:s,s:I,s:I,s:o,s:o,s:o,s:I,s:I}", "way", way_names[how], "requests",
                      (json_int_t)r->n_requests, "request_bytes", (json_int_t)r->request_len, "spread_us",
                      figure_json(figure_of(b, r, offsetof(round_times, spread_us))), "acted_us",
                      figure_json(figure_of(b, r, offsetof(round_times, acted_us))), "answered_us",
                      figure_json(figure_of(b, r, offsetof(round_times, answered_us))), "lost_requests",
                      (json_int_t)r->n_lost_requests, "lost_responses", (json_int_t)r->n_lost_responses);
        (void)json_array_append_new(list, one);
    }
    json_t *whole = json_pack("{s:s,s:I,s:I,s:i,s:o}", "format", "muster-bench-lab-1", "servers",
                              (json_int_t)b->n_servers, "rounds", (json_int_t)b->n_rounds, "eye_us",
                              EYE_MS * 1000, "rows", list);
    (void)json_dumpf(whole, file, JSON_INDENT(1));
    (void)fputc('\n', file);
    json_decref(whole);
}

static const char *ms_text(bench *b, figure f)
{
    return vec_printf(&b->arena, "%llu.%llu / %llu.%llu", (unsigned long long)(f.median_us / 1000),
                      (unsigned long long)(f.median_us % 1000 / 100), (unsigned long long)(f.worst_us / 1000),
                      (unsigned long long)(f.worst_us % 1000 / 100));
}

static void tell_text(bench *b, const row *rows, FILE *file)
{
    (void)fprintf(file, "one request to %zu servers, %zu rounds; milliseconds, median / worst\n\n",
                  b->n_servers, b->n_rounds);
    (void)fprintf(file, "%-14s  %-16s  %-16s  %-16s  %-16s  %s\n", "", "first to last", "last one acted",
                  "last response", "requests", "lost");
    for (way how = 0; how < N_WAYS; how++) {
        const row *r = &rows[how];
        (void)fprintf(file, "%-14s  %-16s  %-16s  %-16s  %3zu of %3zu bytes  %zu\n", way_names[how],
                      ms_text(b, figure_of(b, r, offsetof(round_times, spread_us))),
                      ms_text(b, figure_of(b, r, offsetof(round_times, acted_us))),
                      ms_text(b, figure_of(b, r, offsetof(round_times, answered_us))), r->n_requests,
                      r->request_len, r->n_lost_requests + r->n_lost_responses);
    }
    (void)fprintf(file, "\naim: first to last within %d ms, which a human eye takes for simultaneous\n",
                  EYE_MS);
}

static int run(bench *b, bool json, const char *path)
{
    row rows[N_WAYS] = {{.rounds = NULL}};
    cli_output output;
    int status = start(b, true);
    status = status < 0 && !rounds_run(b, WAY_PLAIN, &rows[WAY_PLAIN]) ? CLI_USAGE : status;
    stop(b);
    status = status < 0 ? start(b, false) : status;
    for (way how = WAY_GROUP; status < 0 && how < N_WAYS; how++) {
        status = rounds_run(b, how, &rows[how]) ? -1 : CLI_USAGE;
    }
    stop(b);
    if (status >= 0 || (status = cli_output_open(&output, path)) != CLI_GOOD) {
        return status;
    }
    (json ? tell_json : tell_text)(b, rows, output.file);
    for (way how = 0; how < N_WAYS; how++) {
        status = rows[how].n_lost_requests == b->n_rounds * b->n_servers ? CLI_FAILED : status;
    }
    return cli_output_close(&output, status);
}

int cli_bench_lab(int argc, char **argv)
{
    cli_number servers = {.given = false}, rounds = {.given = false};
    bool json = false;
    const char *output = NULL, *reference = NULL;
    char **words;
    size_t n_words;
    const cli_option options[] = {
        {"--servers", CLI_NUMBER, &servers},   {"--rounds", CLI_NUMBER, &rounds},
        {"--json", CLI_FLAG, &json},           {"--output", CLI_TEXT, &output},
        {"--reference", CLI_TEXT, &reference}, {NULL, CLI_END, NULL},
    };
    int status = cli_parse(argc, argv, options, help, &words, &n_words, 0);
    if (status < 0 && servers.given && (servers.value < 2 || servers.value > SERVERS_MAX)) {
        status = cli_complain("bench lab: --servers: expected 2 to %d, found %llu", SERVERS_MAX,
                              (unsigned long long)servers.value);
    }
    if (status < 0 && rounds.given && (rounds.value < 1 || rounds.value > ROUNDS_MAX)) {
        status = cli_complain("bench lab: --rounds: expected 1 to %d, found %llu", ROUNDS_MAX,
                              (unsigned long long)rounds.value);
    }
    if (status < 0 && gosc_crypto_init() != GOSC_OK) {
        status = cli_complain("bench lab: the crypto library does not start");
    }
    bench *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return cli_complain("bench lab: out of memory");
    }
    if (status < 0) {
        b->n_servers = servers.given ? (size_t)servers.value : SERVERS_MAX;
        b->n_rounds = rounds.given ? (size_t)rounds.value : 20;
        status = cli_program_of(&b->arena, "bench lab", reference, &b->reference);
    }
    if (status < 0) {
        status = run(b, json, output);
    }
    vec_arena_free(&b->arena);
    free(b);
    return status;
}
