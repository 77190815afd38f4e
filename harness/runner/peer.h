/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer process and its side of the peer protocol (interop/PROTOCOL.md): lines out, lines in, each bounded
 * in length, number and time. What a peer does wrong is kept as a complaint; nothing it does can harm the
 * harness.
 */
#ifndef RUN_PEER_H
#define RUN_PEER_H

#include <stdio.h>

#include "lab/lab.h"
#include "read.h"

enum {
    RUN_LINE_MAX = 1 << 20,     /* bytes of a line */
    RUN_OUTPUT_MAX = 16 << 20,  /* bytes a peer may write in one case */
    RUN_STDERR_MAX = 256 << 10, /* bytes of standard error that are kept */
};

/* An interpreter and its libraries have to be loaded, perhaps on a busy host. */
enum {
    RUN_START_FACTOR = 4
};

typedef enum run_wrong {
    RUN_WRONG_NOTHING = 0,
    RUN_WRONG_CRASH,   /* ended, closed its output, was killed by a signal */
    RUN_WRONG_HANG,    /* no answer in time */
    RUN_WRONG_GARBAGE, /* a line that is not of the protocol */
    RUN_WRONG_FLOOD,   /* too long a line, or too many */
    RUN_WRONG_START,   /* could not be started */
} run_wrong;

const char *run_wrong_name(run_wrong wrong);

struct run_peer;
/* Told of each event, in order; the object belongs to the caller. */
typedef void run_event_call(void *arg, struct run_peer *peer, const json_t *event);

typedef struct run_peer {
    const char *name;
    int number; /* in the lab */
    bool is_subject;
    bool runs;
    lab_process process;
    run_event_call *event;
    void *arg;
    uint32_t
        patience_ms;   /* for one answer; the first after a start may take RUN_START_FACTOR times as long */
    bool has_answered; /* since its start */
    FILE *trace;       /* every line of the protocol is told there; NULL: none */
    json_int_t next_id;
    char *in; /* what was read and is no whole line yet */
    size_t in_len, in_room;
    size_t n_read; /* bytes of output in this case */
    char *err;     /* standard error */
    size_t err_len;
    run_wrong wrong; /* first one */
    char why[512];   /* one line */
    bool exited;
    int status; /* of waitpid, when exited */
    json_t *hello;
} run_peer;

/* run_peer_start starts the program in the lab; from then on this process takes no notice of SIGPIPE. False: peer->wrong. */
bool run_peer_start(run_peer *peer, lab *l, char *const *argv, const char *dir);

/*
 * run_peer_ask sends a request and waits for its answer; events that come meanwhile are told.
 *
 * In        request  object without id; the reference is taken
 * Returns   the answer, to be given back with json_decref; NULL: peer->wrong
 */
json_t *run_peer_ask(run_peer *peer, json_t *request);

/* run_peer_poll tells the events that are there already (port tun). False: peer->wrong. */
bool run_peer_poll(run_peer *peer);

/* run_peer_quit asks for the end and waits for it. False: peer->wrong (a status other than 0 is a crash). */
bool run_peer_quit(run_peer *peer);

/* run_peer_kill ends it at once, as a scenario asks for. */
void run_peer_kill(run_peer *peer, lab *l);

/* run_peer_free: the process must have ended or belong to the lab's clean-up. */
void run_peer_free(run_peer *peer);

#endif
