/* SPDX-License-Identifier: BSD-2-Clause */
/* muster repro: one case again, told at length. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "observe/judge.h"
#include "run_common.h"
#include "runner/bundle.h"
#include "runner/tell.h"

static const char help[] =
    "usage: muster repro [OPTION]... DIR|CASE\n"
    "\n"
    "Play one case again, with the same seed and the same peer, and tell what happened. DIR is a bundle of\n"
    "`muster run --out`, CASE the id of a case.\n"
    "\n"
    "  --peer P      another peer than the bundle names;  --place NAME  it takes this place only\n"
    "                  --reference CMD  the peer that takes all other places\n"
    "  --seed N      another seed;  --out DIR  keep the new bundle there;  --dir DIR  folder of scenarios\n"
    "  --port PORT   stdio or tun\n"
    "  --patience MS how long a peer may take for one answer (default 5000)\n"
    "  --debug       every line of the peer protocol; the processes of the peers are named, and a line of "
    "input is\n"
    "                waited for, so that a debugger can take them; no time limit but a given one\n"
    "\n"
    "Exit status: 0 it did not fail, 1 it failed, 2 usage, 3 inconclusive, or the stack is not installed.\n"
    "\n"
    "example: muster repro --seed 7 'echo-resync-exact@group-28,group_enc=10,signature=-8'\n";

typedef struct settings {
    const char *peer, *reference, *out, *folder, *port, *place;
    cli_number seed, patience;
    bool debug;
} settings;

static const char *text_or(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = vec_get_text(object, key);
    return text != NULL ? text : otherwise;
}

/* tell_entry writes one line of the ladder. */
static void tell_entry(const json_t *entry)
{
    const char *kind = vec_get_text(entry, "ev");
    long long t = (long long)vec_get_int(entry, "t", 0);
    if (strcmp(kind, "packet") == 0) {
        const json_t *oscore = json_object_get(entry, "oscore");
        const json_t *inner = json_object_get(entry, "inner");
        (void)printf("%6lld  %4lld  %s %s -> %s  %s %s %s", t, (long long)vec_get_int(entry, "packet", 0),
                     text_or(entry, "by", "?"), text_or(entry, "src", "?"), text_or(entry, "dst", "?"),
                     text_or(entry, "type", "?"), text_or(entry, "outer_code", "?"),
                     text_or(entry, "name", ""));
        if (oscore != NULL) {
            (void)printf("  %s kid=%s piv=%lld epoch=%lld %s", text_or(oscore, "mode", "?"),
                         text_or(oscore, "kid", "-"), (long long)vec_get_int(oscore, "partial_iv", -1),
                         (long long)vec_get_int(oscore, "epoch", -1),
                         vec_get_bool(oscore, "verified", false) ? "verified" : text_or(oscore, "why", "?"));
        }
        if (inner != NULL) {
            (void)printf("  [%s %s %s]", text_or(inner, "code", "?"), text_or(inner, "path", ""),
                         text_or(inner, "payload", ""));
        }
        (void)fputc('\n', stdout);
        return;
    }
    json_t *rest = json_deep_copy(entry);
    (void)json_object_del(rest, "n");
    (void)json_object_del(rest, "t");
    (void)json_object_del(rest, "ev");
    if (strcmp(kind, "hello") == 0) {
        (void)json_object_del(rest, "hello");
    }
    char *text = json_dumps(rest, JSON_COMPACT);
    (void)printf("%6lld  %s %s\n", t, kind, text);
    free(text);
    json_decref(rest);
}

/* play plays the job and tells everything; the bundle always exists, here or in a place of its own. */
static int play(const run_pool_config *config, const run_job *job, const char *out)
{
    run_play played;
    run_config with_seed = config->play;
    with_seed.seed = job->seed;
    with_seed.place = job->place;
    with_seed.subject = job->subject;
    (void)run_play_case(&played, job->one->plan, job->port, &with_seed);
    for (size_t i = 0; i < json_array_size(played.log.entries); i++) {
        tell_entry(json_array_get(played.log.entries, i));
    }
    json_t *verdict = obs_judge(job->one->plan, &played.log);
    json_t *findings = json_object_get(verdict, "findings");
    (void)json_array_extend(findings, json_object_get(verdict, "warnings"));
    (void)printf("%s %s\n", vec_get_text(verdict, "verdict"), job->one->id);
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *one = json_array_get(findings, i);
        (void)printf("  %s (entry %lld): %s\n", vec_get_text(one, "kind"),
                     (long long)vec_get_int(one, "entry", -1), vec_get_text(one, "text"));
    }
    int status = CLI_GOOD;
    const char *why = NULL;
    if (out != NULL && !run_bundle_write(&played, out, job->command, verdict, &why)) {
        status = cli_complain("repro: --out: %s", why);
    }
    run_tally tally = run_tally_count(&verdict, 1);
    status = status == CLI_GOOD ? run_tally_status(&tally, false) : status;
    json_decref(verdict);
    run_play_free(&played);
    return status;
}

static const run_case *case_find(const run_book *book, const char *id)
{
    for (size_t i = 0; i < book->n_cases; i++) {
        if (strcmp(book->cases[i].id, id) == 0) {
            return &book->cases[i];
        }
    }
    return NULL;
}

/* port_of: a peer that has nothing but sockets is played on them, as in `muster run`. */
static const char *port_of(const settings *s, const run_pool_config *config, const run_job *job)
{
    run_config one = config->play;
    one.subject = job->subject;
    one.trace = NULL;
    json_t *claims = s->port == NULL && job->command != NULL ? run_claims(&one) : NULL;
    const json_t *ports = json_object_get(claims, "ports");
    const char *port = run_has(ports, "udp") && !run_has(ports, "stdio") ? "tun" : job->port;
    json_decref(claims);
    return port;
}

static int start(const settings *s, vec_arena *arena, const char *peer, const char *date, const run_job *what)
{
    run_pool_config config = {.limit_ms = 0};
    run_job with_peer = *what;
    with_peer.command = peer;
    int status = cli_program_of(arena, "repro", s->reference, &config.play.reference);
    if (status < 0 && peer != NULL) {
        status = cli_program_of(arena, "repro", peer, &with_peer.subject);
    }
    config.play.scenarios = s->folder;
    config.play.patience_ms = s->patience.given ? (uint32_t)s->patience.value
                              : s->debug        ? CLI_UNHURRIED_MS
                                                : 5000;
    config.play.trace = s->debug ? stderr : NULL;
    config.play.attach = s->debug;
    config.play.date = date;
    if (status < 0) {
        with_peer.port = port_of(s, &config, &with_peer);
        status = play(&config, &with_peer, s->out);
    }
    return status;
}

static int from_bundle(const settings *s, const char *dir)
{
    vec_check check;
    vec_arena arena = {NULL};
    char today[16];
    json_t *bundle = run_bundle_read(&check, dir);
    if (bundle == NULL) {
        return cli_complain("%s", check.fault);
    }
    json_t *plan = json_object_get(bundle, "plan");
    const run_case one = {
        .id = vec_get_text(plan, "id"), .scenario = vec_get_text(plan, "scenario"), .plan = plan};
    const run_job job = {.one = &one,
                         .port = s->port != NULL ? s->port : vec_get_text(bundle, "port"),
                         .place = s->place != NULL ? s->place : vec_get_text(bundle, "place"),
                         .seed = s->seed.given ? s->seed.value : (uint64_t)vec_get_int(bundle, "seed", 1)};
    cli_today(today);
    int status = start(s, &arena, s->peer != NULL ? s->peer : vec_get_text(bundle, "peer"), today, &job);
    json_decref(bundle);
    vec_arena_free(&arena);
    return status;
}

static int from_case(const settings *s, const char *id)
{
    vec_check check;
    run_book book;
    char today[16];
    int status;
    if (!run_book_load(&book, s->folder, NULL, 0, &check)) {
        status = cli_complain("%s", check.fault);
    } else {
        const run_case *one = case_find(&book, id);
        cli_today(today);
        if (one == NULL) {
            status = cli_complain(
                "repro: expected a folder or the id of a case (muster run --list), found \"%s\"", id);
        } else {
            const run_job job = {.one = one,
                                 .port = s->port != NULL ? s->port : vec_get_text(one->plan, "port"),
                                 .place = s->place,
                                 .seed = s->seed.given ? s->seed.value : 1};
            status = start(s, &book.arena, s->peer, today, &job);
        }
    }
    run_book_free(&book);
    return status;
}

int cli_repro(int argc, char **argv)
{
    settings s = {.folder = run_scenario_folder_default()};
    char **words;
    size_t n_words;
    struct stat info;
    const cli_option options[] = {
        {"--peer", CLI_TEXT, &s.peer},   {"--reference", CLI_TEXT, &s.reference},
        {"--out", CLI_TEXT, &s.out},     {"--dir", CLI_TEXT, &s.folder},
        {"--seed", CLI_NUMBER, &s.seed}, {"--patience", CLI_NUMBER, &s.patience},
        {"--debug", CLI_FLAG, &s.debug}, {"--port", CLI_TEXT, &s.port},
        {"--place", CLI_TEXT, &s.place}, {NULL, CLI_END, NULL},
    };
    int status = cli_parse(argc, argv, options, help, &words, &n_words, 1);
    if (status >= 0) {
        return status;
    }
    if (n_words == 0) {
        return cli_complain(
            "repro: expected a folder or the id of a case, found none (see muster repro --help)");
    }
    if (s.port != NULL && strcmp(s.port, "stdio") != 0 && strcmp(s.port, "tun") != 0) {
        return cli_complain("repro: --port: expected stdio or tun, found \"%s\"", s.port);
    }
    if (gosc_crypto_init() != GOSC_OK) {
        return cli_complain("repro: the crypto library does not start");
    }
    return stat(words[0], &info) == 0 && S_ISDIR(info.st_mode) ? from_bundle(&s, words[0])
                                                               : from_case(&s, words[0]);
}
