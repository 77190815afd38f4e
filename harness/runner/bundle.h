/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A case on disk: enough to run it again and to judge it again.
 *
 *   DIR/case.json          plan, seed, port, command of the peer under test and its place
 *   DIR/events.jsonl       the log
 *   DIR/verdict.json       what the judge said
 *   DIR/contexts.json      Context objects of all members, by group, epoch and name
 *   DIR/traffic.pcapng     packets on the wire, and decrypted
 *   DIR/stderr-PEER.txt    standard error of a peer that wrote any
 */
#ifndef RUN_BUNDLE_H
#define RUN_BUNDLE_H

#include "play.h"

/* run_bundle_name: the id of a case as the name of a folder. */
const char *run_bundle_name(vec_arena *arena, const char *id);

/* run_bundle_write writes DIR and what is in it; false: *why says why not. */
bool run_bundle_write(run_play *play, const char *dir, const char *command, const json_t *verdict,
                      const char **why);

/* run_bundle_read gives the object of DIR/case.json; NULL: check->fault. */
json_t *run_bundle_read(vec_check *check, const char *dir);

#endif
