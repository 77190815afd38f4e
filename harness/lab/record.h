/* SPDX-License-Identifier: BSD-2-Clause */
/* The record: every packet ever seen, by number and by name. */
#ifndef LAB_RECORD_H
#define LAB_RECORD_H

#include "lab.h"

typedef struct lab_record_name {
    struct lab_record_name *older;
    uint32_t number;
    char text[LAB_NAME_MAX];
} lab_record_name;

typedef struct lab_record {
    lab_packet **packets; /* number 1 first */
    uint32_t n_packets, packets_room;
    lab_record_name *names; /* newest first */
} lab_record;

/*
 * lab_record_add copies a packet with its bytes, numbers it and reads its CoAP header.
 *
 * Returns   NULL when there is no memory
 */
const lab_packet *lab_record_add(lab_record *record, const lab_packet *packet);

const lab_packet *lab_record_at(const lab_record *record, uint32_t number);

/* lab_record_name_add: LAB_ERR_USAGE for an unknown number or a name that is empty or too long. */
lab_err lab_record_name_add(lab_record *record, uint32_t number, const char *name);

/* lab_record_find: the newest packet that was given this name. */
const lab_packet *lab_record_find(const lab_record *record, const char *name);

void lab_record_free(lab_record *record);

/* lab_name_is_good: 1 to LAB_NAME_MAX - 1 bytes. */
bool lab_name_is_good(const char *name);

/* lab_grow makes room for one more item in an array; false when there is no memory, and nothing has changed.
 */
bool lab_grow(void **array, size_t *room, size_t n, size_t item_len);

#endif
