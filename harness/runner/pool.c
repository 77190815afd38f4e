/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bundle.h"
#include "observe/judge.h"
#include "report/capture.h"
#include "report/page.h"
#include "report/text.h"

enum {
    JOBS_MAX = 64,
    RECORD_MAX = 8 << 20, /* bytes */
    TICK_MS = 200,
    KEEP_ROOM = 1 << 20, /* bytes, for what the peers of a case keep */
};

typedef struct worker {
    pid_t pid; /* 0: free */
    int fd;
    size_t job;
    uint64_t began_ms;
    bool ended; /* has closed its pipe */
    char *text; /* of the record, so far */
    size_t len, room;
    /* For what its peers keep, "": none. Ours to remove: a worker may be killed at any time. */
    char folder[512];
} worker;

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- one job ---- */

static bool wants_folder(const json_t *plan)
{
    const json_t *peers = json_object_get(plan, "peers");
    for (size_t i = 0; i < json_array_size(peers); i++) {
        if (vec_get_bool(json_array_get(peers, i), "keep", false)) {
            return true;
        }
    }
    return false;
}

/* folders_keep makes what is below: a folder for each peer that keeps state. */
static bool folders_keep(const json_t *plan, const char *folder)
{
    const json_t *peers = json_object_get(plan, "peers");
    char path[1024];
    bool good = true;
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *peer = json_array_get(peers, i);
        (void)snprintf(path, sizeof path, "%s/keep-%s", folder, vec_get_text(peer, "name"));
        good = good && (!vec_get_bool(peer, "keep", false) || mkdir(path, 0700) == 0);
    }
    return good;
}

/* folder_make makes a folder that nobody else has. */
static bool folder_make(char *folder, size_t room)
{
    const char *place = getenv("TMPDIR");
    int len = snprintf(folder, room, "%s/muster-keep-", place != NULL && place[0] != '\0' ? place : P_tmpdir);
    if (len < 0 || (size_t)len + 7 > room) {
        return false;
    }
    memset(folder + len, 'X', 6);
    folder[len + 6] = '\0';
    return mkdtemp(folder) != NULL;
}

/* folder_empty removes what is in a folder, two levels deep, and the folder; false: something is still there. */
static bool folder_empty(const char *folder)
{
    char path[1024], inner[2048];
    DIR *top = opendir(folder);
    for (struct dirent *one; top != NULL && (one = readdir(top)) != NULL;) {
        if (one->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
        DIR *below = opendir(path);
        for (struct dirent *two; below != NULL && (two = readdir(below)) != NULL;) {
            if (strcmp(two->d_name, ".") != 0 && strcmp(two->d_name, "..") != 0) {
                (void)snprintf(inner, sizeof inner, "%s/%s", path, two->d_name);
                (void)unlink(inner);
            }
        }
        if (below != NULL) {
            (void)closedir(below);
        }
        (void)(rmdir(path) == 0 || unlink(path) == 0);
    }
    if (top != NULL) {
        (void)closedir(top);
    }
    return rmdir(folder) == 0;
}

/* folder_remove removes what peers keep. Those that were killed may still be on their way out. */
static void folder_remove(const char *folder)
{
    const struct timespec moment = {0, 2000000};
    for (unsigned i = 0; i < 100 && !folder_empty(folder); i++) {
        (void)nanosleep(&moment, NULL);
    }
}

static void set_copy(json_t *record, const json_t *plan, const char *key)
{
    json_t *value = json_object_get(plan, key);
    (void)json_object_set_new(record, key, value != NULL ? json_deep_copy(value) : json_null());
}

/* topic_of gives the folder a scenario lies in. */
static const char *topic_of(vec_arena *arena, const char *path)
{
    const char *end = path != NULL ? strrchr(path, '/') : NULL;
    const char *begin = end;
    while (begin != NULL && begin > path && begin[-1] != '/') {
        begin--;
    }
    return end != NULL ? vec_printf(arena, "%.*s", (int)(end - begin), begin) : NULL;
}

static json_t *record_start(const run_job *job)
{
    static const char *const kept[] = {"id", "scenario", "title", "req", "dialect", "params"};
    json_t *record = json_object();
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        set_copy(record, job->one->plan, kept[i]);
    }
    obs_set_text(record, "port", job->port);
    obs_set_text(record, "place", job->place);
    obs_set_int(record, "seed", (int64_t)job->seed);
    vec_arena arena = {NULL};
    obs_set_text(record, "peer", rep_clean(&arena, job->command));
    obs_set_text(record, "run", job->suffix);
    obs_set_text(record, "topic", topic_of(&arena, job->one->path));
    vec_arena_free(&arena);
    return record;
}

/* implementation_of gives name and version of the peer under test, as it told them. */
static const char *implementation_of(run_play *play)
{
    for (size_t i = 0; i < play->n_peers; i++) {
        const run_peer *peer = &play->peers[i];
        const char *name = vec_get_text(peer->hello, "name");
        const char *version = vec_get_text(peer->hello, "version");
        if (name != NULL && (peer->is_subject || play->config->subject.argv == NULL)) {
            return vec_printf(&play->arena, "%s%s%s", name, version != NULL ? " " : "",
                              version != NULL ? version : "");
        }
    }
    return NULL;
}

static bool is_kept(const run_pool_config *config, const json_t *verdict)
{
    return config->keep == RUN_KEEP_ALL ||
           (!vec_get_is(verdict, "verdict", "pass") && !vec_get_is(verdict, "verdict", "unsupported"));
}

/* files_write leaves bundle and capture; what could not be written is told in the record, the verdict stands. */
static void files_write(const run_pool_config *config, const run_job *job, run_play *play,
                        const json_t *verdict, json_t *record)
{
    const char *why = NULL;
    const char *name = vec_printf(&play->arena, "%s%s%s%s%s%s", run_bundle_name(&play->arena, job->one->id),
                                  job->place != NULL ? "+" : "", job->place != NULL ? job->place : "",
                                  strcmp(job->port, "tun") == 0 ? "+tun" : "", job->suffix != NULL ? "+" : "",
                                  job->suffix != NULL ? job->suffix : "");
    if (config->out != NULL && is_kept(config, verdict)) {
        const char *dir = vec_printf(&play->arena, "%s/%s", config->out, name);
        if (run_bundle_write(play, dir, job->command, verdict, &why)) {
            obs_set_text(record, "bundle", dir);
        }
    }
    if (config->captures != NULL) {
        const char *path = vec_printf(&play->arena, "%s/%s.pcapng", config->captures, name);
        if (!rep_capture_write(&play->log, job->one->id, path)) {
            why = vec_printf(&play->arena, "%s: expected a file that can be written, found: %s", path,
                             strerror(errno));
        }
    }
    obs_set_text(record, "unwritten", why);
}

static void page_add(const run_job *job, const run_play *play, const json_t *verdict, json_t *record)
{
    char *page = rep_page_text(job->number, job->one->plan, &play->log, verdict);
    obs_set_text(record, "page", page);
    free(page);
}

static json_t *record_of_loss(const run_job *job, obs_verdict verdict, uint64_t ms, const char *why);

/* has_room: a full disk is no fault of a peer. */
static bool has_room(const char *folder)
{
    struct statvfs info;
    return statvfs(folder, &info) != 0 || info.f_bavail * info.f_frsize >= KEEP_ROOM;
}

/* job_play plays and judges one job; folder: for what its peers keep, NULL: none. */
static json_t *job_play(const run_pool_config *config, const run_job *job, const char *folder)
{
    uint64_t began_ms = now_ms();
    if (wants_folder(job->one->plan) &&
        (folder == NULL || !has_room(folder) || !folders_keep(job->one->plan, folder))) {
        return record_of_loss(job, OBS_INCONCLUSIVE, 0,
                              "expected room for what peers keep (environment variable TMPDIR), found none");
    }
    run_config play_config = config->play;
    run_play play;
    play_config.seed = job->seed;
    play_config.place = job->place;
    play_config.subject = job->subject;
    play_config.claims = job->claims;
    play_config.folder = folder;
    (void)run_play_case(&play, job->one->plan, job->port, &play_config);
    json_t *verdict = obs_judge(job->one->plan, &play.log);
    json_t *record = record_start(job);
    (void)json_object_update(record, verdict);
    obs_set_int(record, "ms", (int64_t)(now_ms() - began_ms));
    obs_set_text(record, "implementation", implementation_of(&play));
    if (config->pages) {
        page_add(job, &play, verdict, record);
    }
    files_write(config, job, &play, verdict, record);
    json_decref(verdict);
    run_play_free(&play);
    return record;
}

/* ---- workers ---- */

/* worker_clear frees what a worker that has ended leaves behind. */
static void worker_clear(worker *w)
{
    if (w->folder[0] != '\0') {
        folder_remove(w->folder);
    }
    free(w->text);
    *w = (worker){.pid = 0};
}

static _Noreturn void worker_run(const run_pool_config *config, const run_job *job, const char *folder,
                                 int fd, pid_t parent)
{
    (void)setpgid(0, 0);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(1);
    }
    json_t *record = job_play(config, job, folder);
    char *text = json_dumps(record, JSON_COMPACT);
    size_t len = strlen(text);
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(fd, text + done, len - done);
        if (n <= 0 && errno != EINTR) {
            _exit(1);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    free(text);
    json_decref(record);
    _exit(0);
}

static bool worker_start(worker *w, const run_pool_config *config, const run_job *jobs, size_t job)
{
    int ends[2];
    pid_t parent = getpid();
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    *w = (worker){.pid = 0};
    bool has_folder = wants_folder(jobs[job].one->plan) && folder_make(w->folder, sizeof w->folder);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        worker_run(config, &jobs[job], has_folder ? w->folder : NULL, ends[1], parent);
    }
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        worker_clear(w);
        return false;
    }
    if (!has_folder) {
        w->folder[0] = '\0';
    }
    w->pid = pid;
    w->fd = ends[0];
    w->job = job;
    w->began_ms = now_ms();
    return true;
}

/* worker_read takes what is there; false at the end. */
static bool worker_read(worker *w)
{
    if (w->room - w->len < 65536) {
        size_t room = w->room + 131072;
        char *more = room <= RECORD_MAX ? realloc(w->text, room) : NULL;
        if (more == NULL) {
            return false;
        }
        w->text = more;
        w->room = room;
    }
    ssize_t n = read(w->fd, w->text + w->len, w->room - w->len);
    if (n > 0) {
        w->len += (size_t)n;
    }
    return n > 0 || (n < 0 && errno == EINTR);
}

static void worker_kill(worker *w)
{
    /* Its peers are killed with it: each asked the system for that. */
    (void)kill(w->pid, SIGKILL);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    (void)close(w->fd);
    worker_clear(w);
}

static json_t *record_of_loss(const run_job *job, obs_verdict verdict, uint64_t ms, const char *why)
{
    json_t *record = record_start(job);
    obs_set_text(record, "verdict", obs_verdict_name(verdict));
    obs_set_text(record, "why", why);
    (void)json_object_set_new(record, "findings", json_pack("[{s:s,s:s}]", "kind", "harness", "text", why));
    (void)json_object_set_new(record, "warnings", json_array());
    (void)json_object_set_new(record, "chosen", json_array());
    obs_set_int(record, "ms", (int64_t)ms);
    return record;
}

/* worker_end gives the record of a worker that has closed its pipe. */
static json_t *worker_end(worker *w, const run_job *jobs)
{
    json_error_t error;
    uint64_t ms = now_ms() - w->began_ms;
    json_t *record = w->len > 0 ? json_loadb(w->text, w->len, 0, &error) : NULL;
    const run_job *job = &jobs[w->job];
    int status = 0;
    pid_t pid = w->pid;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    (void)close(w->fd);
    worker_clear(w);
    if (record != NULL) {
        return record;
    }
    char why[120];
    (void)snprintf(why, sizeof why, "the harness itself broke off (wait status 0x%x)", (unsigned)status);
    return record_of_loss(job, OBS_INCONCLUSIVE, ms, why);
}

static void workers_wait(worker *workers, size_t n)
{
    struct pollfd fds[JOBS_MAX];
    for (size_t i = 0; i < n; i++) {
        fds[i] = (struct pollfd){.fd = workers[i].pid != 0 ? workers[i].fd : -1, .events = POLLIN};
    }
    if (poll(fds, (nfds_t)n, TICK_MS) <= 0) {
        for (size_t i = 0; i < n; i++) {
            fds[i].revents = 0;
        }
    }
    for (size_t i = 0; i < n; i++) {
        workers[i].ended = fds[i].revents != 0 && !worker_read(&workers[i]);
    }
}

size_t run_pool(const run_pool_config *config, const run_job *jobs, size_t n_jobs, run_record_call *record,
                run_tick_call *tick, void *arg)
{
    worker workers[JOBS_MAX] = {{.pid = 0}};
    size_t n_workers = config->jobs < 1 ? 1 : config->jobs > JOBS_MAX ? JOBS_MAX : config->jobs;
    size_t next = 0, n_done = 0, n_running = 0;
    bool go_on = true;
    while ((go_on && next < n_jobs) || n_running > 0) {
        for (size_t i = 0; i < n_workers && go_on && next < n_jobs; i++) {
            if (workers[i].pid == 0) {
                go_on = worker_start(&workers[i], config, jobs, next);
                next += go_on;
                n_running += go_on;
            }
        }
        workers_wait(workers, n_workers);
        tick(arg, n_running);
        go_on = go_on && !*config->stop;
        for (size_t i = 0; i < n_workers; i++) {
            worker *w = &workers[i];
            json_t *ended = NULL;
            size_t job = w->job;
            if (w->pid == 0) {
                continue;
            }
            if (*config->stop) {
                worker_kill(w);
                n_running--;
                continue;
            }
            if (w->ended) {
                ended = worker_end(w, jobs);
            } else if (now_ms() - w->began_ms > config->limit_ms) {
                char why[120];
                (void)snprintf(why, sizeof why, "the case took longer than %u ms", config->limit_ms);
                worker_kill(w);
                ended = record_of_loss(&jobs[job], OBS_HANG, config->limit_ms, why);
            }
            if (ended != NULL) {
                n_running--;
                n_done++;
                go_on = record(arg, job, ended) && go_on;
            }
        }
    }
    return n_done;
}
