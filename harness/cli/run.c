/* SPDX-License-Identifier: BSD-2-Clause */
/* muster run: scenarios in the lab. */
#define _XOPEN_SOURCE 700
#include "run_common.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "evidence.h"
#include "report/files.h"
#include "run_report.h"
#include "runner/tell.h"
#include "runner/waiver.h"

static const char help[] =
    "usage: muster run [OPTION]... [PATTERN]...\n"
    "\n"
    "Play scenarios in the lab and judge them. PATTERN picks scenarios or cases by id (shell pattern).\n"
    "\n"
    "  --peer P          the peer under test, a name from interop/ or a command; it takes the places marked "
    "as subject,\n"
    "                    one after the other, among reference peers. Several --peer: all cases with each\n"
    "  --list            only list the cases\n"
    "  --smoke           only cases of the smoke test\n"
    "  --port PORT       only on stdio or tun (default: on every port a scenario names)\n"
    "  --seed N          of all randomness (default 1);  --repeat N  play everything N times, with N seeds\n"
    "  --jobs N          cases at the same time (default: three for each processor; most of them wait)\n"
    "  --fail-fast       stop at the first failure\n"
    "  --report DIR      everything below in one folder: index.html, junit.xml, results.tap, results.jsonl, "
    "and\n"
    "                    cases/ with a bundle of each case that did not pass;  --keep  of all cases\n"
    "  --html FILE       the report to read: one file, nothing else needed\n"
    "  --json FILE       records, one JSON object a line;  --junit FILE  JUnit XML;  --tap  TAP on standard "
    "output\n"
    "  --pcap DIR        a capture of each case, on the wire and decrypted (Wireshark)\n"
    "  --out DIR         a bundle for each case: log, contexts, verdict, capture (muster repro, muster "
    "judge)\n"
    "  --waivers FILE    known failures with reason, link and expiry\n"
    "  --allow-inconclusive   exit status 0 although something could not be judged\n"
    "  --patience MS     how long a peer may take for one answer (default 5000);  --limit S  for a case "
    "(default 60)\n"
    "  --dir DIR         folder of scenarios (default harness/scenarios);  --file F  only this file\n"
    "  --reference CMD   the peer that takes all other places\n"
    "  -v                a line for each case\n"
    "  --debug           one case at a time: every line of the peer protocol is shown, the processes of the "
    "peers are\n"
    "                    named and a line of input is waited for, so that a debugger can take them; no time "
    "limits\n"
    "                    but those given; bundles of all cases are kept (without --out: in muster-debug)\n"
    "\n"
    "Exit status: 0 nothing failed, 1 something failed, 2 usage, 3 something inconclusive, or the stack of\n"
    "--peer is not installed.\n"
    "\n"
    "example: muster run --peer ./my-peer --report report 'replay-*'\n";

enum {
    JOBS_EACH = 3, /* at the same time on one processor: those on port tun wait most of the time */
};

typedef struct settings {
    const char *reference, *port, *out, *json, *junit, *html, *report, *pcap, *waivers, *folder;
    cli_texts files, peers;
    cli_number seed, repeat, jobs, patience, limit;
    bool list, smoke, fail_fast, tap, keep, allow_inconclusive, verbose, debug;
    char **patterns;
    size_t n_patterns;
} settings;

/* ---- choosing ---- */

static bool port_is_wanted(const settings *s, const char *port)
{
    return s->port == NULL || strcmp(s->port, port) == 0;
}

static bool is_chosen(const settings *s, const run_case *one)
{
    if (s->smoke && !one->smoke) {
        return false;
    }
    for (size_t i = 0; i < s->n_patterns; i++) {
        if (fnmatch(s->patterns[i], one->id, 0) == 0 || fnmatch(s->patterns[i], one->scenario, 0) == 0) {
            return true;
        }
    }
    return s->n_patterns == 0;
}

/* A peer under test. */
typedef struct subject {
    const char *command; /* NULL: the reference peers are among themselves */
    run_program program;
    json_t *claims;   /* its answer to hello; NULL: not known */
    const char *name; /* tells peers of one run apart; NULL: it is the only one */
} subject;

/* The jobs under construction. */
typedef struct plan {
    const settings *s;
    vec_arena *arena;
    const subject *subjects;
    size_t n_subjects;
    run_job *jobs; /* NULL: they are only counted */
    size_t n;
} plan;

static void job_add(plan *p, const run_case *one, const char *port, const char *place, uint64_t seed,
                    const subject *who)
{
    uint64_t first = p->s->seed.given ? p->s->seed.value : 1;
    bool again = p->s->repeat.given && p->s->repeat.value > 1 && seed != first;
    const char *suffix = who->name;
    if (again) {
        suffix = vec_printf(p->arena, "%s%sseed-%llu", suffix != NULL ? suffix : "",
                            suffix != NULL ? "+" : "", (unsigned long long)seed);
    }
    if (p->jobs != NULL) {
        p->jobs[p->n] = (run_job){.one = one,
                                  .port = port,
                                  .place = place,
                                  .seed = seed,
                                  .number = p->n,
                                  .command = who->command,
                                  .subject = who->program,
                                  .claims = who->claims,
                                  .suffix = suffix};
    }
    p->n++;
}

/* jobs_on adds the jobs of a case on one port: one for each place that a peer under test may take, so that it
 * stands alone among reference peers. */
static void jobs_on(plan *p, const run_case *one, const char *port, uint64_t seed, const subject *who)
{
    json_t *places = run_plan_places(one->plan);
    size_t n_places = who->command != NULL ? json_array_size(places) : 0;
    for (size_t i = 0; i < n_places; i++) {
        const char *place = vec_printf(p->arena, "%s", json_string_value(json_array_get(places, i)));
        job_add(p, one, port, place, seed, who);
    }
    if (who->command == NULL) {
        job_add(p, one, port, NULL, seed, who);
    }
    json_decref(places);
}

/* has_sockets_only: whoever has no port stdio plays what was written for it in real time. */
static bool has_sockets_only(const subject *who)
{
    const json_t *ports = json_object_get(who->claims, "ports");
    return run_has(ports, "udp") && !run_has(ports, "stdio");
}

/* jobs_of adds the jobs of a case: on each of its ports, unless one was asked for. */
static void jobs_of(plan *p, const run_case *one, uint64_t seed, const subject *who)
{
    const json_t *ports = json_object_get(one->plan, "ports");
    if (has_sockets_only(who) && port_is_wanted(p->s, "tun")) {
        jobs_on(p, one, "tun", seed, who);
        return;
    }
    for (size_t i = 0; i < json_array_size(ports); i++) {
        const char *port = json_string_value(json_array_get(ports, i));
        if (port_is_wanted(p->s, port)) {
            jobs_on(p, one, port, seed, who);
        }
    }
}

static void jobs_all(plan *p, const run_book *book)
{
    const settings *s = p->s;
    uint64_t repeat = s->repeat.given && s->repeat.value > 0 ? s->repeat.value : 1;
    uint64_t seed = s->seed.given ? s->seed.value : 1;
    for (size_t k = 0; k < p->n_subjects; k++) {
        for (uint64_t r = 0; r < repeat; r++) {
            for (size_t i = 0; i < book->n_cases; i++) {
                if (is_chosen(s, &book->cases[i])) {
                    jobs_of(p, &book->cases[i], seed + r, &p->subjects[k]);
                }
            }
        }
    }
}

/* choose makes the jobs. A case without place for a peer under test says nothing about it. */
static void choose(plan *p, const run_book *book)
{
    jobs_all(p, book);
    p->jobs = vec_alloc(p->arena, (p->n + 1) * sizeof *p->jobs);
    p->n = 0;
    jobs_all(p, book);
}

/* ---- running ---- */

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    stopped = number;
}

typedef struct progress {
    const settings *s;
    json_t **records;
    char **pages;
    size_t n_jobs, n_done, n_bad;
    size_t n_unwritten; /* cases whose files could not be written */
    char *unsure;       /* why a case was inconclusive, told last */
    size_t n_unsure;    /* cases after it with the same reason */
    uint64_t began_ms;
    bool terminal;
} progress;

static uint64_t now_ms(void)
{
    return cli_now_ns() / 1000000;
}

static void line_clear(const progress *p)
{
    if (p->terminal) {
        (void)fputs("\r\033[K", stderr);
    }
}

static bool is_bad(const json_t *record)
{
    obs_verdict verdict = obs_verdict_of(vec_get_text(record, "verdict"));
    return verdict == OBS_FAIL || verdict == OBS_CRASH || verdict == OBS_HANG;
}

/* is_told: the reason why a case is inconclusive is told once: a host that forbids something forbids it to all. */
static bool is_told(progress *p, const json_t *record)
{
    const char *why = vec_get_text(record, "why");
    if (p->s->verbose || why == NULL || !vec_get_is(record, "verdict", "inconclusive")) {
        return false;
    }
    if (p->unsure != NULL && strcmp(p->unsure, why) == 0) {
        p->n_unsure++;
        return true;
    }
    if (p->unsure == NULL) {
        p->unsure = strdup(why);
    }
    return false;
}

/* unwritten_tell says once that the run goes on without its files. */
static void unwritten_tell(progress *p, json_t *record)
{
    const char *why = vec_get_text(record, "unwritten");
    if (why != NULL && p->n_unwritten++ == 0) {
        line_clear(p);
        (void)cli_complain("run: %s; the run goes on", why);
    }
    (void)json_object_del(record, "unwritten");
}

static bool on_record(void *arg, size_t job, json_t *record)
{
    progress *p = arg;
    bool bad = is_bad(record);
    unwritten_tell(p, record);
    const char *page = vec_get_text(record, "page");
    if (page != NULL) {
        p->pages[job] = strdup(page);
    }
    (void)json_object_del(record, "page");
    p->records[job] = record;
    p->n_done++;
    p->n_bad += bad;
    /* With waivers nothing is known before they were applied. */
    bool wanted = p->s->verbose || !vec_get_is(record, "verdict", "pass");
    if (p->s->waivers == NULL && !p->s->tap && wanted && !is_told(p, record)) {
        line_clear(p);
        run_tell_case(stdout, record);
        (void)fflush(stdout);
    }
    return !(bad && p->s->fail_fast);
}

static void on_tick(void *arg, size_t n_running)
{
    const progress *p = arg;
    uint64_t passed = now_ms() - p->began_ms;
    if (!p->terminal || passed < 500) {
        return;
    }
    uint64_t left = p->n_done > 0 ? passed * (p->n_jobs - p->n_done) / p->n_done / 1000 : 0;
    (void)fprintf(stderr, "\r\033[K%zu of %zu, %zu failed, %zu running, about %llu s left", p->n_done,
                  p->n_jobs, p->n_bad, n_running, (unsigned long long)left);
}

/* files_write leaves the reports and says where the one to be read is. */
static int files_write(const settings *s, const progress *p, const char *today, uint64_t took_ms)
{
    vec_arena arena = {NULL};
    const char *path;
    const char *what = NULL;
    for (size_t i = 0; i < s->n_patterns; i++) {
        what =
            vec_printf(&arena, "%s%s%s", what != NULL ? what : "", what != NULL ? " " : "", s->patterns[i]);
    }
    const run_report report = {.records = p->records,
                               .pages = p->pages,
                               .n = p->n_jobs,
                               .took_ms = took_ms,
                               .seed = s->seed.given ? s->seed.value : 1,
                               .date = today,
                               .scenarios = s->folder != NULL ? s->folder : run_scenario_folder_default(),
                               .what = s->smoke && what == NULL ? "--smoke" : what,
                               .folder = s->report,
                               .html = s->html,
                               .junit = s->junit,
                               .json = s->json};
    int status = cli_report_write(&report, &arena, &path);
    if (path != NULL) {
        char *whole = realpath(path, NULL);
        (void)fprintf(s->tap ? stderr : stdout, "report: %s\n", whole != NULL ? whole : path);
        free(whole);
    }
    vec_arena_free(&arena);
    return status;
}

static int tell_all(const settings *s, const json_t *waivers, const char *today, progress *p,
                    uint64_t took_ms)
{
    run_waivers_apply(waivers, today, p->records, p->n_jobs);
    for (size_t i = 0; s->waivers != NULL && !s->tap && i < p->n_jobs; i++) {
        if (p->records[i] != NULL && (s->verbose || !vec_get_is(p->records[i], "verdict", "pass"))) {
            run_tell_case(stdout, p->records[i]);
        }
    }
    run_tally tally = run_tally_count(p->records, p->n_jobs);
    int status = run_tally_status(&tally, s->allow_inconclusive);
    const char *stale =
        s->n_patterns == 0 && !s->smoke ? run_waivers_stale(waivers, p->records, p->n_jobs) : NULL;
    if (s->tap) {
        rep_tap_write(stdout, p->records, p->n_jobs);
    }
    if (stale != NULL) {
        (void)fprintf(s->tap ? stderr : stdout,
                      "fail         waiver \"%s\": expected a case that it fits, found none\n", stale);
        status = CLI_FAILED;
    }
    if (files_write(s, p, today, took_ms) != CLI_GOOD) {
        status = CLI_USAGE;
    }
    if (p->n_unwritten > 0) {
        status = CLI_USAGE;
    }
    if (p->n_unsure > 0 && !s->tap) {
        (void)printf("inconclusive %zu more, for the same reason: %s\n", p->n_unsure, p->unsure);
    }
    if (!s->tap) {
        (void)printf("evidence: these scenarios were seen to kill %zu pairs of requirement and mutant\n",
                     evidence_pairs(cli_root_default(), p->records, p->n_jobs));
        run_tell_sum(stdout, &tally, p->records, p->n_jobs, took_ms);
    }
    if (fflush(stdout) != 0) {
        return cli_complain("standard output: expected room, found: %s", strerror(errno));
    }
    return status;
}

static void signals_take(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

static int play(const settings *s, const run_pool_config *config, const run_job *jobs, size_t n,
                const json_t *waivers)
{
    progress p = {
        .s = s, .n_jobs = n, .began_ms = now_ms(), .terminal = isatty(STDERR_FILENO) != 0 && !s->debug};
    p.records = calloc(n, sizeof *p.records);
    p.pages = calloc(n, sizeof *p.pages);
    if (p.records == NULL || p.pages == NULL) {
        free(p.records);
        free(p.pages);
        return cli_complain("run: out of memory");
    }
    (void)run_pool(config, jobs, n, on_record, on_tick, &p);
    line_clear(&p);
    int status = tell_all(s, waivers, config->play.date, &p, now_ms() - p.began_ms);
    for (size_t i = 0; i < n; i++) {
        json_decref(p.records[i]);
        free(p.pages[i]);
    }
    free(p.records);
    free(p.pages);
    free(p.unsure);
    if (stopped != 0) {
        (void)fprintf(stderr, "muster: run: stopped by signal %d\n", (int)stopped);
        return 128 + (int)stopped;
    }
    return status;
}

static void list_cases(const run_job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *place = jobs[i].place;
        (void)printf("%s%s%s%s\t%s\n", jobs[i].one->id, place != NULL ? " as " : "",
                     place != NULL ? place : "", strcmp(jobs[i].port, "tun") == 0 ? " on tun" : "",
                     jobs[i].one->title);
    }
}

/* claims_ask starts each peer once, so that cases it cannot take part in need not start it, and it is known
 * which port it has. That is given no more time than a case. */
static void claims_ask(const run_pool_config *config, subject *subjects, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (subjects[i].command != NULL) {
            run_config one = config->play;
            one.subject = subjects[i].program;
            if (one.patience_ms > config->limit_ms / RUN_START_FACTOR) {
                one.patience_ms = config->limit_ms / RUN_START_FACTOR;
            }
            subjects[i].claims = run_claims(&one);
        }
    }
}

/* subjects_make makes the programs of all peers under test; none: the reference peers alone. */
static int subjects_make(const settings *s, vec_arena *arena, subject *subjects)
{
    int status = -1;
    for (size_t i = 0; status < 0 && i < s->peers.n; i++) {
        subjects[i].command = s->peers.items[i];
        subjects[i].name = s->peers.n > 1 ? vec_printf(arena, "peer-%zu", i + 1) : NULL;
        status = cli_program_of(arena, "run", s->peers.items[i], &subjects[i].program);
    }
    return status;
}

static int prepare(const settings *s, vec_arena *arena, run_pool_config *config)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int status = cli_program_of(arena, "run", s->reference, &config->play.reference);
    config->play.scenarios = s->folder != NULL ? s->folder : run_scenario_folder_default();
    config->play.patience_ms = s->patience.given ? (uint32_t)s->patience.value
                               : s->debug        ? CLI_UNHURRIED_MS
                                                 : 5000;
    config->play.trace = s->debug ? stderr : NULL;
    config->play.attach = s->debug;
    config->out = s->out == NULL && s->report == NULL && s->debug ? "muster-debug" : s->out;
    if (s->out == NULL && s->report != NULL) {
        config->out = vec_printf(arena, "%s/cases", s->report);
        config->keep = s->keep || s->debug ? RUN_KEEP_ALL : RUN_KEEP_BAD;
    }
    config->captures = s->pcap;
    config->pages = s->html != NULL || s->report != NULL;
    config->jobs = s->debug        ? 1
                   : s->jobs.given ? (size_t)s->jobs.value
                                   : JOBS_EACH * (size_t)(processors > 0 ? processors : 1);
    config->limit_ms = s->limit.given ? (uint32_t)s->limit.value * 1000 : s->debug ? CLI_UNHURRIED_MS : 60000;
    config->stop = &stopped;
    config->fail_fast = s->fail_fast;
    status = status < 0 ? cli_report_prepare(config->out) : status;
    return status < 0 ? cli_report_prepare(s->pcap) : status;
}

static int run(const settings *s)
{
    vec_check check;
    run_book book;
    run_pool_config config = {.limit_ms = 0};
    char today[16];
    json_t *waivers = NULL;
    const char *folder = s->folder != NULL ? s->folder : run_scenario_folder_default();
    cli_today(today);
    config.play.date = today;
    bool good = run_book_load(&book, folder, s->files.items, s->files.n, &check);
    if (good && s->waivers != NULL) {
        waivers = run_waivers_load(&check, s->waivers);
        good = waivers != NULL;
    }
    plan p = {.s = s, .arena = &book.arena, .n_subjects = s->peers.n > 0 ? s->peers.n : 1};
    subject *subjects = vec_alloc(&book.arena, p.n_subjects * sizeof *subjects);
    memset(subjects, 0, p.n_subjects * sizeof *subjects);
    int status = good ? subjects_make(s, &book.arena, subjects) : cli_complain("%s", check.fault);
    p.subjects = subjects;
    if (status < 0) {
        status = prepare(s, &book.arena, &config);
    }
    if (status < 0) {
        claims_ask(&config, subjects, p.n_subjects); /* a signal ends that at once */
        signals_take();
        choose(&p, &book);
    }
    if (status < 0 && p.n == 0) {
        status = cli_complain("run: expected a scenario or case that matches \"%s\", found none in %s",
                              s->n_patterns > 0 ? s->patterns[0] : "*", folder);
    } else if (status < 0 && s->list) {
        list_cases(p.jobs, p.n);
        status = CLI_GOOD;
    }
    if (status < 0) {
        status = play(s, &config, p.jobs, p.n, waivers);
    }
    for (size_t i = 0; i < p.n_subjects; i++) {
        json_decref(subjects[i].claims);
    }
    json_decref(waivers);
    run_book_free(&book);
    return status;
}

int cli_run(int argc, char **argv)
{
    settings s = {.reference = NULL};
    size_t room = (size_t)argc;
    s.files.items = calloc(room, sizeof *s.files.items);
    s.peers.items = calloc(room, sizeof *s.peers.items);
    const cli_option options[] = {
        {"--peer", CLI_TEXTS, &s.peers},
        {"--reference", CLI_TEXT, &s.reference},
        {"--port", CLI_TEXT, &s.port},
        {"--out", CLI_TEXT, &s.out},
        {"--json", CLI_TEXT, &s.json},
        {"--junit", CLI_TEXT, &s.junit},
        {"--html", CLI_TEXT, &s.html},
        {"--report", CLI_TEXT, &s.report},
        {"--pcap", CLI_TEXT, &s.pcap},
        {"--keep", CLI_FLAG, &s.keep},
        {"--waivers", CLI_TEXT, &s.waivers},
        {"--dir", CLI_TEXT, &s.folder},
        {"--file", CLI_TEXTS, &s.files},
        {"--seed", CLI_NUMBER, &s.seed},
        {"--repeat", CLI_NUMBER, &s.repeat},
        {"--jobs", CLI_NUMBER, &s.jobs},
        {"--patience", CLI_NUMBER, &s.patience},
        {"--limit", CLI_NUMBER, &s.limit},
        {"--list", CLI_FLAG, &s.list},
        {"--smoke", CLI_FLAG, &s.smoke},
        {"--fail-fast", CLI_FLAG, &s.fail_fast},
        {"--tap", CLI_FLAG, &s.tap},
        {"-v", CLI_FLAG, &s.verbose},
        {"--debug", CLI_FLAG, &s.debug},
        {"--allow-inconclusive", CLI_FLAG, &s.allow_inconclusive},
        {NULL, CLI_END, NULL},
    };
    int status = s.files.items != NULL && s.peers.items != NULL
                     ? cli_parse(argc, argv, options, help, &s.patterns, &s.n_patterns, room)
                     : CLI_USAGE;
    if (status < 0 && s.port != NULL && strcmp(s.port, "stdio") != 0 && strcmp(s.port, "tun") != 0) {
        status = cli_complain("run: --port: expected stdio or tun, found \"%s\"", s.port);
    }
    if (status < 0) {
        status =
            gosc_crypto_init() == GOSC_OK ? run(&s) : cli_complain("run: the crypto library does not start");
    }
    free(s.files.items);
    free(s.peers.items);
    return status;
}
