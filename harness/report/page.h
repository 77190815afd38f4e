/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page of one case: what was expected and what was seen, the message ladder, every packet layer by layer.
 * A pure function of plan, log and verdict.
 */
#ifndef REP_PAGE_H
#define REP_PAGE_H

#include "observe/log.h"

typedef struct rep_page {
    FILE *file;
    vec_arena *arena;
    const json_t *plan;
    const json_t *entries; /* of the log */
    const json_t *verdict; /* findings, warnings, chosen */
    const json_t *world;   /* entry of the log, NULL: the case did not get so far */
    size_t number;         /* of the case in its report: anchors are cN and cNpM */
} rep_page;

/*
 * rep_page_write writes the page, without heading, as HTML.
 *
 * In        verdict  as obs_judge gives it
 */
void rep_page_write(FILE *file, size_t number, const json_t *plan, const obs_log *log, const json_t *verdict);

/* Begin a part of the page; nothing that came from a peer can look like them. */
#define REP_PAGE_LADDER "<h4>Ladder</h4>"
#define REP_PAGE_PACKETS "<h4>Packets</h4>"

/* rep_page_text gives the same as a text, to be freed; NULL: no memory. */
char *rep_page_text(size_t number, const json_t *plan, const obs_log *log, const json_t *verdict);

/* ---- parts of a page ---- */

/* rep_ladder_write draws who sent what to whom, and what the peers said. */
void rep_ladder_write(const rep_page *page);
/* rep_packet_write opens one packet. */
void rep_packet_write(const rep_page *page, const json_t *entry);
/* rep_expectation_write puts an expectation into words. */
void rep_expectation_write(FILE *file, const json_t *expectation);

/* rep_fate tells what the network did to a packet ("dropped, duplicated"); "" for nothing. */
const char *rep_fate(const rep_page *page, int64_t packet);
/* rep_is_found: whether a finding or warning points at this entry. */
bool rep_is_found(const rep_page *page, const json_t *entry);
/* rep_text_or gives a text of an object, or the other. */
const char *rep_text_or(const json_t *object, const char *key, const char *otherwise);
/* rep_inner_text gives method or code and path of what is inside a packet, escaped nowhere; "" for nothing. */
const char *rep_inner_text(vec_arena *arena, const json_t *entry);

#endif
