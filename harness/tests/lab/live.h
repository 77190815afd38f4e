/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the live tests share: a tiny peer (this very program, started again inside a namespace) and the talk
 * with it.
 *
 * The peer listens on UDP port 5683 over IPv6 and IPv4, obeys lines on its standard input, and prints what it
 * got: join ADDRESS, leave ADDRESS, send ADDRESS TEXT, bench ADDRESS COUNT        (addresses in the lab's
 * notation) ready, done, got ADDRESS TEXT, bench MICROSECONDS A datagram that begins with '?' is answered
 * with '!' and the rest.
 */
#ifndef MUSTER_TESTS_LAB_LIVE_H
#define MUSTER_TESTS_LAB_LIVE_H

#include "kit.h"

enum {
    LIVE_PORT = 5683,
    LIVE_WAIT_US = 5000000, /* an observation that takes longer fails */
    LIVE_OUT_ROOM = 1 << 16,
};

/* live_child is the peer: the program of the test gives main's arguments; does not return when it is one. */
void live_child(int argc, char **argv);

typedef struct live_peer {
    int number;
    lab_process process;
    char out[LIVE_OUT_ROOM];
    size_t out_len;
} live_peer;

typedef struct live {
    lab *l;
    kit_log log;
    live_peer *peers;
    int n;
} live;

/* live_open makes a lab of n peers and starts them. False: the host forbids it, and *why says so. */
bool live_open(live *w, int n, char why[400]);
void live_close(live *w);

void live_tell(live *w, int peer, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* live_said lets time pass until the peer has printed this text, and forgets it and what came before. False:
 * it did not. */
bool live_said(live *w, int peer, const char *text);

/* live_saw lets time pass until the log of events has this text. */
bool live_saw(live *w, const char *text);

/* live_idle lets time pass. */
void live_idle(live *w, uint64_t us);

/* live_clear forgets what was printed and logged so far. */
void live_clear(live *w);

unsigned live_count(const char *where, const char *what);

#endif
