/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of play.c share (not for others). */
#ifndef RUN_PLAY_PARTS_H
#define RUN_PLAY_PARTS_H

#include "play.h"

/* run_complain passes on what a peer did wrong, once; gives false. */
bool run_complain(run_play *play, const run_peer *peer);
/* run_lab_said passes on what the lab could not do; true when it could. */
bool run_lab_said(run_play *play, lab_err err);
const char *run_peer_or_null(const run_play *play, int peer);

/* run_packet_seen records a packet that was just sent. */
void run_packet_seen(run_play *play, const lab_packet *packet);

/* Calls of the lab and of the peers; arg is the play. */
void run_lab_happened(void *arg, const lab_event *event);
void run_lab_deliver(void *arg, int number, const lab_packet *packet);
void run_lab_woken(void *arg, int number, uint64_t now_us);
run_event_call run_peer_told;

/* run_tick tells a peer the time (port stdio); it answers when it wants to be told again. */
bool run_tick(run_play *play, run_peer *peer);

/* run_await_member (port tun) waits until it was seen on the wire that a peer has joined or left a group, for some time.
 */
bool run_await_member(run_play *play, const run_peer *peer, const lab_addr *group, bool joined);

/* run_probe: a peer that says ok to nonsense is not believed in anything else. run_hello asks what it can do.
 */
bool run_probe(run_play *play, run_peer *peer);
bool run_hello(run_play *play, run_peer *peer);

#endif
