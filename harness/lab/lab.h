/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab: the network between the peers. One process is switch, router and attacker; it sees, records,
 * delays, drops, duplicates, reorders, edits and forges every packet. Two ports, one interface:
 *
 *   LAB_TUN    each peer lives in a network namespace of its own with a TUN device whose other end the lab
 *              holds: real sockets, real multicast, real MLD and IGMP reports; time is real
 *   LAB_STDIO  datagrams travel inside the peer protocol, which the caller speaks; time is virtual, and the
 *              same calls give the same events
 *
 * Peers are numbered from 0 in the order they were added. Peer i has the addresses fd00::(i+2) and
 * 10.0.0.(i+2); fd00::1 and 10.0.0.1 belong to the router, and every other address is reached through it,
 * so that replies to forged sources show up too. A peer takes two descriptors, and three more when it was
 * spawned.
 *
 *   lab_open, lab_peer_add (and lab_spawn) for each peer, then lab_rule_add, lab_inject … and lab_step or
 *   lab_advance in turn with reading the pipes of the peers; lab_close.
 *
 * The lab is one thread: lab_spawn must be called by a thread that lives as long as the peer, since the
 * peer is killed when that thread ends. Nothing is left in the file system or on the host's network, also
 * when the process is killed.
 */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include <sys/types.h>

#include "packet.h"
#include "rule.h"

enum {
    LAB_PEERS_MAX = 250,
    LAB_NAME_MAX = 64, /* bytes of a peer's or packet's name with the closing zero */
};

#define LAB_NEVER UINT64_MAX

/* Results; lab_complaint says in one line what was expected, what was found, and where. */
typedef enum lab_err {
    LAB_OK = 0,
    LAB_ERR_USAGE =
        1, /* the caller's mistake: an unknown peer, packet or rule, a call the port does not have */
    LAB_ERR_MEMORY = 2,
    LAB_ERR_SYSTEM = 3,    /* a system call failed that should not */
    LAB_ERR_FORBIDDEN = 4, /* the host forbids user namespaces or TUN devices: inconclusive, exit status 3 */
    LAB_ERR_EXEC = 5,      /* the peer's program could not be started */
} lab_err;

typedef enum lab_port {
    LAB_TUN = 1,
    LAB_STDIO,
} lab_port;

typedef enum lab_event_kind {
    LAB_SEEN = 1,   /* packet: it was sent and is on record now */
    LAB_DELIVERED,  /* packet, peer */
    LAB_DROPPED,    /* packet, peer, rule */
    LAB_HELD,       /* packet, peer, rule */
    LAB_RELEASED,   /* packet, peer: it will be delivered */
    LAB_DELAYED,    /* packet, peer, rule, due_us */
    LAB_DUPLICATED, /* packet, peer, rule; each copy has its LAB_DELIVERED */
    LAB_EDITED,     /* packet, peer, rule: an edited copy, seen next, is delivered in its place */
    LAB_UNROUTED,   /* packet: nobody has the destination address, or nobody has joined the group */
    LAB_JOINED,     /* peer, group: seen on the wire (LAB_TUN) or told by the caller (LAB_STDIO) */
    LAB_LEFT,       /* peer, group */
    LAB_STRAY,      /* peer, text: sent something that is no UDP datagram and no report */
} lab_event_kind;

typedef struct lab_event {
    lab_event_kind kind;
    uint64_t at_us;
    const lab_packet *packet; /* NULL where the kind has none */
    int peer;                 /* recipient, member, or sender of what is stray; else LAB_NOBODY */
    int rule;                 /* id of the rule that decided; 0: none */
    uint64_t due_us;          /* LAB_DELAYED */
    lab_addr group;           /* LAB_JOINED, LAB_LEFT; port 0 */
    const char *text;         /* LAB_STRAY: what it was; lives during the call */
} lab_event;

/* "seen", "delivered", …; never NULL. */
const char *lab_event_name(lab_event_kind kind);

/*
 * Called by the lab, in order. `event` may only read from the lab; `deliver` and `wake` may also call
 * lab_send, lab_join, lab_leave and lab_wake (what they send is delivered by the next lab_step).
 */
typedef struct lab_config {
    lab_port port;
    void *arg; /* for the calls below */
    /* Everything that happens; NULL: nobody listens. */
    void (*event)(void *arg, const lab_event *event);
    /* LAB_STDIO: packet->bytes arrive at the peer now, right after the LAB_DELIVERED event. */
    void (*deliver)(void *arg, int peer, const lab_packet *packet);
    /* LAB_STDIO: it is the time asked for by lab_wake. */
    void (*wake)(void *arg, int peer, uint64_t now_us);
    /* LAB_STDIO: how long every packet travels. */
    uint64_t latency_us;
} lab_config;

typedef struct lab lab;

/*
 * lab_open makes a lab without peers. LAB_TUN: forks the maker of namespaces, and finds out whether the host
 * allows what is needed.
 *
 * Out       opened    to be closed with lab_close, also after an error: lab_complaint needs it; NULL only
 *                     after LAB_ERR_MEMORY
 * Errors    LAB_ERR_FORBIDDEN, LAB_ERR_SYSTEM, LAB_ERR_MEMORY, LAB_ERR_USAGE
 */
GOSC_MUST_USE
lab_err lab_open(const lab_config *config, lab **opened);

/* lab_close kills the peers that still run (by process group), waits for them, and frees everything. NULL is
 * allowed. */
void lab_close(lab *l);

/* lab_complaint: one line about the last error; "" when there was none. Lives until the next call. */
const char *lab_complaint(const lab *l);

/*
 * lab_peer_add makes a peer, in LAB_TUN with namespace, device, addresses and routes.
 *
 * In        name      shorter than LAB_NAME_MAX, not used yet
 * Out       peer      its number
 * Errors    LAB_ERR_USAGE for a bad name or the 251st peer; LAB_ERR_FORBIDDEN, LAB_ERR_SYSTEM
 */
GOSC_MUST_USE
lab_err lab_peer_add(lab *l, const char *name, int *peer);

int lab_n_peers(const lab *l);
const char *lab_peer_name(const lab *l, int peer); /* NULL: no such peer */
int lab_peer_find(const lab *l, const char *name); /* LAB_NOBODY: none */
/* lab_peer_addr: the peer's address; no address when there is no such peer. */
lab_addr lab_peer_addr(const lab *l, int peer, lab_family family, uint16_t port);
/* lab_peer_at: who has this IP address, whatever the port; LAB_NOBODY: a group or nobody. */
int lab_peer_at(const lab *l, const lab_addr *addr);

/* A running peer: its pipes are the caller's to close. All are close-on-exec and blocking. */
typedef struct lab_process {
    pid_t pid; /* leader of a process group of its own */
    int in;    /* we write, it reads */
    int out;   /* it writes, we read */
    int err;
} lab_process;

/*
 * lab_spawn starts a program as the peer: inside its namespace (LAB_TUN) or as it is (LAB_STDIO). It inherits
 * nothing but its pipes. It is killed when the calling thread ends, and its whole process group when the
 * harness is killed.
 *
 * In        argv      argv[0] is searched in PATH; ended by NULL
 *           env       NULL: our environment
 *           dir       working directory; NULL: ours
 * Out       process   the caller reaps pid, or leaves it to lab_close
 * Errors    LAB_ERR_EXEC, LAB_ERR_USAGE, LAB_ERR_SYSTEM, LAB_ERR_MEMORY
 */
GOSC_MUST_USE
lab_err lab_spawn(lab *l, int peer, char *const *argv, char *const *env, const char *dir,
                  lab_process *process);

/* lab_reaped tells that the caller has waited for this process: what is left of its process group is killed.
 */
void lab_reaped(lab *l, pid_t pid);

/* ---- LAB_STDIO: what the peer's protocol lines say ---- */

/*
 * lab_send: a peer has sent a datagram. It is recorded, passes the rules, and is delivered by lab_step.
 *
 * Out       number    of the recorded packet; may be NULL
 */
GOSC_MUST_USE
lab_err lab_send(lab *l, int peer, const lab_addr *from, const lab_addr *to, gosc_span bytes,
                 uint32_t *number);

/* lab_join, lab_leave: the peer has said so (operations `join`, `leave`, `configure`). The port of group is
 * ignored. */
GOSC_MUST_USE
lab_err lab_join(lab *l, int peer, const lab_addr *group);
GOSC_MUST_USE
lab_err lab_leave(lab *l, int peer, const lab_addr *group);

/* lab_wake: the peer wants its next tick at this time; replaces what it asked for before. LAB_NEVER: none. */
GOSC_MUST_USE
lab_err lab_wake(lab *l, int peer, uint64_t at_us);

/* ---- both ports ---- */

/* lab_is_member: is the peer known to have joined? */
bool lab_is_member(const lab *l, int peer, const lab_addr *group);

/*
 * lab_rule_add: the rule holds for packets sent from now on. rule is copied.
 *
 * Out       id        from 1
 * Errors    LAB_ERR_USAGE for an action without what it needs, or an unknown peer
 */
GOSC_MUST_USE
lab_err lab_rule_add(lab *l, const lab_rule *rule, int *id);
/* lab_rule_remove: what it has held stays held. */
GOSC_MUST_USE
lab_err lab_rule_remove(lab *l, int id);
/* lab_rule_count: packets the rule fitted so far; acted: on how many it has acted. acted may be NULL; 0 for
 * an unknown id. */
unsigned lab_rule_count(const lab *l, int id, unsigned *acted);

/*
 * lab_release delivers what is held, in the order of the calls.
 *
 * In        number    of the packet; 0: all that is held, oldest first
 *           peer      only what was held on its way to this peer, or LAB_ANY
 * Errors    LAB_ERR_USAGE when nothing such is held
 */
GOSC_MUST_USE
lab_err lab_release(lab *l, uint32_t number, int peer);

typedef struct lab_injection {
    lab_cause cause; /* not LAB_CAUSE_PEER */
    uint32_t of;     /* packet it is made from, 0: none */
    lab_addr from;   /* no address: that of packet `of` */
    lab_addr to;     /* no address: that of packet `of` */
    gosc_span bytes; /* absent: those of packet `of` */
    int only;        /* deliver to this peer alone (on its link, also when `to` is a group), or LAB_ANY */
    uint32_t delay_ms;
    const char *name; /* copied; NULL: none */
} lab_injection;

/*
 * lab_inject: the adversary sends. The packet is recorded and delivered like any other, but no rule applies.
 *
 * Out       number    of the recorded packet; may be NULL
 * Errors    LAB_ERR_USAGE when an address or bytes are missing, the addresses differ in family, or bytes are
 * too many
 */
GOSC_MUST_USE
lab_err lab_inject(lab *l, const lab_injection *injection, uint32_t *number);

/* The record. lab_packet_at gives NULL for 0 or a number that is not used yet. */
uint32_t lab_n_packets(const lab *l);
const lab_packet *lab_packet_at(const lab *l, uint32_t number);

/* lab_name gives a packet one more name; a name that was used before means the new packet from now on. */
GOSC_MUST_USE
lab_err lab_name(lab *l, uint32_t number, const char *name);
/* lab_packet_find: NULL when nothing has that name. */
const lab_packet *lab_packet_find(const lab *l, const char *name);

/* ---- time ---- */

/* lab_now_us: since lab_open; real (a clock that does not go back) or virtual. */
uint64_t lab_now_us(const lab *l);

/* lab_next_us: when the lab has something to do by itself (a packet or a wake is due); LAB_NEVER: not before
 * something is sent. */
uint64_t lab_next_us(const lab *l);

/* lab_n_queued: packets on their way, without those held. 0 and every peer at rest: settled. */
size_t lab_n_queued(const lab *l);

/* lab_n_held: deliveries kept back by LAB_HOLD. */
size_t lab_n_held(const lab *l);

/* lab_fd: LAB_TUN: readable (poll, epoll) when a peer has sent something; LAB_STDIO: -1. */
int lab_fd(const lab *l);

/*
 * lab_step takes what the peers have sent and delivers what is due now. Does not wait, and time does not
 * move.
 *
 * Out       n_done    packets taken and deliveries made; 0: nothing to do now. May be NULL
 */
GOSC_MUST_USE
lab_err lab_step(lab *l, unsigned *n_done);

/*
 * lab_advance lets time pass until something happens, at most until limit_us, and does what lab_step does.
 * LAB_STDIO: jumps to lab_next_us or limit_us, whichever is earlier. LAB_TUN: waits that long at most.
 * limit_us LAB_NEVER with nothing queued is LAB_ERR_USAGE in LAB_STDIO: time would have no end.
 */
GOSC_MUST_USE
lab_err lab_advance(lab *l, uint64_t limit_us, unsigned *n_done);

#endif
