/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "peer_lines.h"

enum {
    CHUNK = 64 << 10,   /* bytes read at once */
    REAP_STEP_US = 200, /* between two looks at a process that ends */
};

const char *run_wrong_name(run_wrong wrong)
{
    switch (wrong) {
    case RUN_WRONG_CRASH:
        return "crash";
    case RUN_WRONG_HANG:
        return "hang";
    case RUN_WRONG_GARBAGE:
        return "garbage";
    case RUN_WRONG_FLOOD:
        return "flood";
    case RUN_WRONG_START:
        return "start";
    case RUN_WRONG_NOTHING:
    default:
        return "nothing";
    }
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool complain(run_peer *peer, run_wrong wrong, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool complain(run_peer *peer, run_wrong wrong, const char *format, ...)
{
    va_list args;
    if (peer->wrong != RUN_WRONG_NOTHING) {
        return false;
    }
    peer->wrong = wrong;
    va_start(args, format);
    (void)vsnprintf(peer->why, sizeof peer->why, format, args);
    va_end(args);
    for (char *c = peer->why; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    return false;
}

bool run_peer_start(run_peer *peer, lab *l, char *const *argv, const char *dir)
{
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that ends is told of, not died of */
    peer->in_len = 0;
    peer->exited = false;
    peer->has_answered = false;
    if (lab_spawn(l, peer->number, argv, NULL, dir, &peer->process) != LAB_OK) {
        return complain(peer, RUN_WRONG_START, "%s", lab_complaint(l));
    }
    peer->runs = true;
    (void)fcntl(peer->process.in, F_SETFL, O_NONBLOCK);
    (void)fcntl(peer->process.out, F_SETFL, O_NONBLOCK);
    (void)fcntl(peer->process.err, F_SETFL, O_NONBLOCK);
    return true;
}

/* reap waits for a process that has closed its output, or was killed. */
static bool reap(run_peer *peer, uint64_t until_ms)
{
    const struct timespec step = {0, REAP_STEP_US * 1000};
    while (!peer->exited) {
        pid_t pid = waitpid(peer->process.pid, &peer->status, WNOHANG);
        if (pid == peer->process.pid || (pid < 0 && errno == ECHILD)) {
            peer->exited = true;
        } else if (now_ms() >= until_ms) {
            return false;
        } else {
            (void)nanosleep(&step, NULL);
        }
    }
    return true;
}

static bool crashed(run_peer *peer, const char *when)
{
    if (!reap(peer, now_ms() + 500)) {
        return complain(peer, RUN_WRONG_CRASH, "closed its output while %s", when);
    }
    if (WIFSIGNALED(peer->status)) {
        return complain(peer, RUN_WRONG_CRASH, "was killed by signal %d while %s", WTERMSIG(peer->status),
                        when);
    }
    return complain(peer, RUN_WRONG_CRASH, "ended with status %d while %s", WEXITSTATUS(peer->status), when);
}

/* take_err keeps the beginning of standard error; false at its end. */
static bool take_err(run_peer *peer)
{
    char chunk[4096];
    for (;;) {
        ssize_t n = read(peer->process.err, chunk, sizeof chunk);
        if (n <= 0) {
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        }
        size_t room = RUN_STDERR_MAX - peer->err_len;
        size_t len = (size_t)n < room ? (size_t)n : room;
        if (peer->err == NULL) {
            peer->err = calloc(1, RUN_STDERR_MAX + 1);
        }
        if (peer->err != NULL) {
            memcpy(peer->err + peer->err_len, chunk, len);
            peer->err_len += len;
        }
    }
}

/* fill reads what is there; false: output ended or was too much. */
static bool fill(run_peer *peer, const char *when)
{
    if (peer->in_room - peer->in_len < CHUNK) {
        size_t room = peer->in_len + 2 * CHUNK;
        char *more = realloc(peer->in, room);
        if (more == NULL) {
            return complain(peer, RUN_WRONG_FLOOD, "wrote more than fits into memory");
        }
        peer->in = more;
        peer->in_room = room;
    }
    ssize_t n = read(peer->process.out, peer->in + peer->in_len, CHUNK);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR || crashed(peer, when);
    }
    if (n == 0) {
        (void)take_err(peer);
        if (peer->in_len > 0) {
            return complain(peer, RUN_WRONG_GARBAGE, "ended in the middle of a line: %.*s",
                            (int)(peer->in_len < 120 ? peer->in_len : 120), peer->in);
        }
        return crashed(peer, when);
    }
    peer->in_len += (size_t)n;
    peer->n_read += (size_t)n;
    if (peer->n_read > RUN_OUTPUT_MAX) {
        return complain(peer, RUN_WRONG_FLOOD, "wrote more than %d bytes", RUN_OUTPUT_MAX);
    }
    return true;
}

/* line_take gives the length of the first whole line, with its end; 0: there is none yet. */
static size_t line_take(run_peer *peer)
{
    const char *end = peer->in_len > 0 ? memchr(peer->in, '\n', peer->in_len) : NULL;
    size_t len = end != NULL ? (size_t)(end - peer->in) + 1 : peer->in_len;
    if (len > RUN_LINE_MAX) {
        (void)complain(peer, RUN_WRONG_FLOOD, "wrote a line of more than %d bytes", RUN_LINE_MAX);
        return 0;
    }
    return end != NULL ? len : 0;
}

static bool garbage(run_peer *peer, const char *fault, size_t line_len)
{
    return complain(peer, RUN_WRONG_GARBAGE, "%s in the line: %.*s", fault,
                    (int)(line_len - 1 < 160 ? line_len - 1 : 160), peer->in);
}

/* line_read takes one line: an event is told, an answer is given. */
static bool line_read(run_peer *peer, size_t len, const char *op, json_int_t id, json_t **answer)
{
    vec_check check;
    vec_check_init(&check, peer->name);
    if (peer->trace != NULL) {
        (void)fprintf(peer->trace, "%s > %.*s\n", peer->name, (int)(len - 1), peer->in);
    }
    json_error_t error;
    json_t *line = json_loadb(peer->in, len - 1, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(line)) {
        json_decref(line);
        return garbage(peer, "expected a JSON object", len);
    }
    bool good;
    if (json_object_get(line, "event") != NULL) {
        good = run_event_check(&check, line) || garbage(peer, check.fault, len);
        if (good) {
            peer->event(peer->arg, peer, line);
        }
        json_decref(line);
    } else if (op == NULL || !json_is_integer(json_object_get(line, "id")) ||
               json_integer_value(json_object_get(line, "id")) != id || *answer != NULL) {
        good = garbage(peer, "expected an event or the answer to what was asked", len);
        json_decref(line);
    } else {
        good = run_answer_check(&check, op, line) || garbage(peer, check.fault, len);
        if (good) {
            *answer = line;
        } else {
            json_decref(line);
        }
    }
    if (good) {
        peer->in_len -= len;
        memmove(peer->in, peer->in + len, peer->in_len);
    }
    return good;
}

/* lines_read takes whole lines until the answer is there. */
static bool lines_read(run_peer *peer, const char *op, json_int_t id, json_t **answer)
{
    size_t len;
    while ((op == NULL || *answer == NULL) && (len = line_take(peer)) > 0) {
        if (!line_read(peer, len, op, id, answer)) {
            return false;
        }
    }
    return peer->wrong == RUN_WRONG_NOTHING;
}

/* wait_for lets the peer write (and read, when there is something for it); false: nothing happened in time.
 */
static bool wait_for(run_peer *peer, bool writing, uint64_t until_ms)
{
    struct pollfd fds[3] = {
        {.fd = peer->process.out, .events = POLLIN},
        {.fd = peer->process.err, .events = POLLIN},
        {.fd = writing ? peer->process.in : -1, .events = POLLOUT},
    };
    uint64_t now = now_ms();
    int n = poll(fds, 3, now < until_ms ? (int)(until_ms - now) : 0);
    if (n > 0 && fds[1].revents != 0 && !take_err(peer)) {
        (void)close(peer->process.err);
        peer->process.err = -1;
    }
    return n > 0 || (n < 0 && errno == EINTR);
}

/* text_write hands a line over; meanwhile the peer may write, too. */
static bool text_write(run_peer *peer, const char *text, size_t len, uint64_t until_ms)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(peer->process.in, text + done, len - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n < 0 && errno == EPIPE) {
            (void)take_err(peer);
            return crashed(peer, "it was asked");
        } else if (!wait_for(peer, true, until_ms) && now_ms() >= until_ms) {
            return complain(peer, RUN_WRONG_HANG, "took no input for %u ms", peer->patience_ms);
        } else if (!fill(peer, "it was asked")) {
            return false;
        }
    }
    return true;
}

json_t *run_peer_ask(run_peer *peer, json_t *request)
{
    json_t *answer = NULL;
    json_int_t id = ++peer->next_id;
    const char *op = vec_get_text(request, "op");
    uint32_t patience_ms = peer->patience_ms * (peer->has_answered ? 1 : RUN_START_FACTOR);
    uint64_t until_ms = now_ms() + patience_ms;
    char when[80];
    (void)snprintf(when, sizeof when, "answering \"%.40s\"", op);
    if (peer->wrong != RUN_WRONG_NOTHING || !peer->runs) {
        json_decref(request);
        return NULL;
    }
    (void)json_object_set_new(request, "id", json_integer(id));
    char *text = json_dumps(request, JSON_COMPACT);
    size_t len = strlen(text);
    text[len] = '\n'; /* in the place of the closing zero */
    if (peer->trace != NULL) {
        (void)fprintf(peer->trace, "%s < %.*s\n", peer->name, (int)len, text);
    }
    bool good = text_write(peer, text, len + 1, until_ms);
    free(text);
    while (good && answer == NULL) {
        good = lines_read(peer, op, id, &answer);
        if (!good || answer != NULL) {
            break;
        }
        if (!wait_for(peer, false, until_ms) && now_ms() >= until_ms) {
            good = complain(peer, RUN_WRONG_HANG, "gave no answer to \"%.40s\" for %u ms", op, patience_ms);
        } else {
            good = fill(peer, when);
        }
    }
    json_decref(request);
    peer->has_answered = peer->has_answered || answer != NULL;
    if (!good) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

bool run_peer_poll(run_peer *peer)
{
    json_t *none = NULL;
    if (!peer->runs || peer->wrong != RUN_WRONG_NOTHING) {
        return false;
    }
    if (peer->process.err >= 0) {
        (void)take_err(peer);
    }
    return fill(peer, "nothing was asked") && lines_read(peer, NULL, 0, &none);
}

/* drain reads what a peer writes on its way out. */
static bool drain(run_peer *peer, uint64_t until_ms)
{
    json_t *none = NULL;
    for (;;) {
        if (!lines_read(peer, NULL, 0, &none)) {
            return false;
        }
        char *room = peer->in + peer->in_len;
        (void)wait_for(peer, false, until_ms);
        if (peer->in_room - peer->in_len == 0) {
            return complain(peer, RUN_WRONG_FLOOD, "wrote without end after \"quit\"");
        }
        ssize_t n = read(peer->process.out, room, peer->in_room - peer->in_len);
        if (n == 0) {
            return true;
        }
        if (n > 0) {
            peer->in_len += (size_t)n;
            peer->n_read += (size_t)n;
        } else if (now_ms() >= until_ms) {
            return complain(peer, RUN_WRONG_HANG, "did not end within %u ms after \"quit\"",
                            peer->patience_ms);
        }
    }
}

bool run_peer_quit(run_peer *peer)
{
    uint64_t until_ms = now_ms() + peer->patience_ms;
    json_t *answer = run_peer_ask(peer, json_pack("{s:s}", "op", "quit"));
    if (answer == NULL) {
        return false;
    }
    json_decref(answer);
    (void)close(peer->process.in);
    peer->process.in = -1;
    if (!drain(peer, until_ms)) {
        return false;
    }
    while (peer->process.err >= 0 && take_err(peer) && wait_for(peer, false, until_ms) &&
           now_ms() < until_ms) {
    }
    if (!reap(peer, until_ms)) {
        return complain(peer, RUN_WRONG_HANG, "did not end within %u ms after \"quit\"", peer->patience_ms);
    }
    peer->runs = false;
    if (!WIFEXITED(peer->status) || WEXITSTATUS(peer->status) != 0) {
        return crashed(peer, "ending");
    }
    return true;
}

static void close_all(run_peer *peer)
{
    int *fds[] = {&peer->process.in, &peer->process.out, &peer->process.err};
    for (size_t i = 0; i < 3; i++) {
        if (*fds[i] >= 0) {
            (void)close(*fds[i]);
            *fds[i] = -1;
        }
    }
}

void run_peer_kill(run_peer *peer, lab *l)
{
    if (!peer->runs) {
        return;
    }
    (void)take_err(peer);
    if (!peer->exited) {
        (void)kill(-peer->process.pid, SIGKILL);
        (void)kill(peer->process.pid, SIGKILL);
        (void)reap(peer, now_ms() + 2000);
    }
    lab_reaped(l, peer->number);
    close_all(peer);
    peer->in_len = 0;
    peer->runs = false;
}

void run_peer_free(run_peer *peer)
{
    if (peer->process.pid != 0) {
        close_all(peer);
    }
    free(peer->in);
    free(peer->err);
    json_decref(peer->hello);
    peer->in = NULL;
    peer->err = NULL;
    peer->hello = NULL;
}
