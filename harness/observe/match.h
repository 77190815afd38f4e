/* SPDX-License-Identifier: BSD-2-Clause */
/* Expectations against entries of the log. */
#ifndef OBS_MATCH_H
#define OBS_MATCH_H

#include "log.h"

/* What was found under a name so far: name -> number of the entry. */
typedef struct obs_finds {
    const json_t *entries; /* of the log */
    json_t *found;         /* object; NULL: none */
} obs_finds;

/* obs_match: does this entry fulfil an expectation (an object with `see`)? Counts are not looked at. */
bool obs_match(const obs_finds *finds, const json_t *entry, const json_t *see);

/* obs_match_any: does any entry of a log, up to now, fulfil it? */
bool obs_match_any(const obs_log *log, const json_t *see);

/* obs_packet_find gives the entry of a packet by name: STEP (of the adversary), STEP.request,
 * STEP.response@PEER#2, or by a name of `finds`; NULL: none. */
const json_t *obs_packet_find(const obs_finds *finds, const char *name);

/* obs_packet_entry gives the entry of a packet by its number; NULL: none. */
const json_t *obs_packet_entry(const json_t *entries, int64_t packet);

/* obs_options_have: whether a list of [number, hex] has an option. */
const char *obs_options_have(const json_t *options, int64_t number);

#endif
