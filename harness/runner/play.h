/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Playing one case: peers are started in the lab, the steps are done one after the other, and everything that
 * happens goes into the log. Nothing is judged here.
 */
#ifndef RUN_PLAY_H
#define RUN_PLAY_H

#include "observe/log.h"
#include "observe/open.h"
#include "peer.h"
#include "scenario.h"
#include "world.h"

enum {
    RUN_SETTLE_MS =
        60, /* what comes within this time after something happened belongs to it (/separate: 50) */
    RUN_EVENTS_MAX = 50000, /* of one case: a loop between peers ends there */
    RUN_OPEN_MS = 20000,    /* how long an exchange stays open, unless the step says */
};

typedef struct run_program {
    char *const *argv; /* ended by NULL */
} run_program;

typedef struct run_config {
    const char *scenarios; /* folder of credentials.json */
    run_program reference; /* plays all places that nobody else takes */
    run_program subject;   /* argv NULL: the reference too */
    const char *place;     /* of those marked as subject, the one that it takes; NULL: all */
    uint64_t seed;
    const char *date; /* of the run, for the log */
    uint32_t patience_ms;
    const json_t *claims; /* what the subject said to `hello` before the run; NULL: not known */
    const char *folder;   /* where peers keep what survives a restart; NULL: nowhere */
    FILE *trace;          /* lines of the protocol; NULL: not told */
    bool attach;          /* a debugger may take the peers: told there, and a line of input waited for */
} run_config;

/* What is known of a packet beside its record in the lab. */
typedef struct run_packet {
    uint32_t number;
    const char *of;    /* step it belongs to; NULL: none */
    uint32_t reply_to; /* request it answers; 0: none or not known */
    obs_opened *opened;
    const char *name;
} run_packet;

typedef struct run_rule {
    struct run_play *play;
    const json_t *step;
    struct run_rule *next;
} run_rule;

typedef struct run_play {
    vec_arena arena;
    const json_t *plan;
    const run_config *config;
    const char *port;
    json_t *credentials;
    lab *lab;
    bool is_stdio;
    obs_log log;
    run_world world;
    run_peer peers[RUN_PEERS_MAX];
    const json_t *plans[RUN_PEERS_MAX]; /* of the peers */
    unsigned epochs[RUN_PEERS_MAX];     /* the peer is in */
    size_t n_peers;
    run_packet *packets; /* by number - 1 */
    size_t n_packets, packet_room;
    run_rule *rules;
    /* Why something happens just now: the packet that a peer was given, or the step it was asked for. */
    uint32_t cause;
    const char *cause_of;
    uint64_t told_ms[RUN_PEERS_MAX];    /* port stdio: time a peer was told last */
    const char *last_of[RUN_PEERS_MAX]; /* step a peer was asked for last */
    uint64_t active_us;                 /* when something happened last */
    size_t n_events, n_notes;           /* n_notes: of these, notes of peers */
    uint32_t n_restarts;
    uint32_t n_forged; /* Message IDs and Tokens of the adversary */
    bool broken;       /* no use to go on */
} run_play;

/* How it went on the harness's side; everything else is in the log. */
typedef enum run_end {
    RUN_PLAYED = 0,
    RUN_UNSUPPORTED,  /* a peer cannot do what the case needs */
    RUN_INCONCLUSIVE, /* the lab cannot */
    RUN_BROKEN,       /* a peer or the scenario broke it off */
} run_end;

/* run_play_case plays a plan; the log is complete whatever happened. Give everything back with run_play_free.
 */
run_end run_play_case(run_play *play, const json_t *plan, const char *port, const run_config *config);

/*
 * run_claims starts the subject once, outside of any case, and asks it what it can do.
 *
 * Returns   its answer, to be given back with json_decref; NULL: it gave none that fits, and each case will say so
 */
json_t *run_claims(const run_config *config);
void run_play_free(run_play *play);

/* ---- between play.c and the steps ---- */

uint64_t run_now_ms(const run_play *play);
run_peer *run_play_peer(run_play *play, const char *name);
size_t run_play_index(const run_play *play, const run_peer *peer);

/* run_log adds an entry; run_say one that only holds a text, as the harness's own complaint: the case cannot
 * go on. */
json_t *run_log(run_play *play, const char *kind);
bool run_say(run_play *play, const char *kind, const char *by, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * run_ask asks a peer and writes question and answer to the log; everything that happens meanwhile belongs to
 * step `of`.
 *
 * In        request  reference is taken;  may_fail  an error is an answer like others
 * Returns   the answer (to be given back), NULL: the case is broken or the peer said no
 */
json_t *run_ask(run_play *play, run_peer *peer, json_t *request, const char *of, bool may_fail);

/* run_settle lets everything happen that follows from what was done; run_pass lets time pass, then settles.
 */
bool run_settle(run_play *play);
bool run_pass(run_play *play, uint64_t ms);

/* run_packet_named finds a packet by name; NULL: complains. */
const lab_packet *run_packet_named(run_play *play, const char *name);
run_packet *run_packet_of(run_play *play, uint32_t number);

/* run_configure tells a peer about all its groups; run_groups_of lists those a step means. */
bool run_configure(run_play *play, run_peer *peer, bool after_restart);
bool run_start_peer(run_play *play, run_peer *peer);
/* run_seed makes a peer's randomness follow from ours, where it can. */
bool run_seed(run_play *play, run_peer *peer);

/* run_step does one step; false: the case is broken. */
bool run_step(run_play *play, const json_t *step);
/* run_send sends a request as a step says. */
bool run_send(run_play *play, const json_t *step, const char *by, const char *name);

/* run_group_family: of the multicast address of a group; IPv6 where there is none. */
lab_family run_group_family(const run_group *group);

/* run_place gives the address of a peer, of the group, or the address itself; false: complains. */
bool run_place(run_play *play, const json_t *step, const char *text, const run_group *group, lab_addr *addr);

#endif
