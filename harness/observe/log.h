/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one ordered event log of a case: JSON objects, one a line. What is in it is all that the judge sees, so
 * that an old run can be judged again. Nothing in it depends on the clock, the machine or process ids.
 *
 * Every entry has `n` (its place, from 0), `t` (virtual or real time since the lab was opened, ms) and `ev`:
 *
 *   case       id, seed, date, port                           first
 *   hello      by, hello                                      what a peer said about itself
 *   world      suite                                          algorithms in use
 *   step       index, do, name                                a step begins; control exchanges are steps too
 *   op         by, op, id, [exchange]                         a request to a peer
 *   answer     by, op, [error, unsupported, state, ...]
 *   packet     packet, name, of, by, from, to, src, dst, is, cast, type, outer_code, message_id, token, data,
 *              cause, made_of, reply_to, [oscore, inner, seal]
 *   arrived, dropped, held, released, delayed, duplicated, edited, unrouted, joined, left, stray
 *   event      by, of, cause, event                           of a peer, as it wrote it
 *   exit       by, expected, [status, signal]
 *   complaint  by, kind, text                                 a peer broke the protocol, crashed or hung
 *   sanitizer  by, text
 *   end        how
 */
#ifndef OBS_LOG_H
#define OBS_LOG_H

#include <stdio.h>

#include "read.h"

typedef struct obs_log {
    json_t *entries; /* list */
} obs_log;

void obs_log_init(obs_log *log);
void obs_log_free(obs_log *log);

/* obs_log_add appends an entry of this kind and gives it, to be filled in; it belongs to the log. */
json_t *obs_log_add(obs_log *log, uint64_t t_ms, const char *kind);

/* obs_log_write writes all entries, one a line; false when not everything could be written. */
bool obs_log_write(const obs_log *log, FILE *file);
/* obs_log_read reads what was written; false: check->fault. */
bool obs_log_read(obs_log *log, vec_check *check, const char *path);

/* Filling entries in; a NULL text is null. */
void obs_set_text(json_t *entry, const char *key, const char *text);
void obs_set_int(json_t *entry, const char *key, int64_t value);
void obs_set_bool(json_t *entry, const char *key, bool value);
void obs_set_hex(vec_arena *arena, json_t *entry, const char *key, gosc_span bytes);

#endif
