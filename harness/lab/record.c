/* SPDX-License-Identifier: BSD-2-Clause */
#include "record.h"

#include <stdlib.h>
#include <string.h>

bool lab_grow(void **array, size_t *room, size_t n, size_t item_len)
{
    if (n < *room) {
        return true;
    }
    size_t wanted = *room == 0 ? 16 : *room * 2;
    void *grown = wanted > SIZE_MAX / item_len ? NULL : realloc(*array, wanted * item_len);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *room = wanted;
    return true;
}

bool lab_name_is_good(const char *name)
{
    return name != NULL && name[0] != '\0' && strlen(name) < LAB_NAME_MAX;
}

/* packet_copy keeps the bytes behind the struct: one block, one life. Empty bytes stay present. */
static lab_packet *packet_copy(const lab_packet *packet)
{
    uint8_t *block = malloc(sizeof *packet + packet->bytes.len + 1);
    if (block == NULL) {
        return NULL;
    }
    lab_packet *copy = (lab_packet *)(void *)block;
    *copy = *packet;
    uint8_t *bytes = block + sizeof *packet;
    if (packet->bytes.len > 0) {
        memcpy(bytes, packet->bytes.ptr, packet->bytes.len);
    }
    bytes[packet->bytes.len] = 0;
    copy->bytes = gosc_span_of(bytes, packet->bytes.len);
    copy->coap = lab_coap_read(copy->bytes);
    copy->name = NULL;
    return copy;
}

const lab_packet *lab_record_add(lab_record *record, const lab_packet *packet)
{
    size_t room = record->packets_room;
    void *array = record->packets;
    if (record->n_packets == UINT32_MAX - 1 ||
        !lab_grow(&array, &room, record->n_packets, sizeof(lab_packet *))) {
        return NULL;
    }
    record->packets = array;
    record->packets_room = (uint32_t)room;
    lab_packet *copy = packet_copy(packet);
    if (copy == NULL) {
        return NULL;
    }
    record->packets[record->n_packets++] = copy;
    copy->number = record->n_packets;
    return copy;
}

const lab_packet *lab_record_at(const lab_record *record, uint32_t number)
{
    return number == 0 || number > record->n_packets ? NULL : record->packets[number - 1];
}

lab_err lab_record_name_add(lab_record *record, uint32_t number, const char *name)
{
    if (!lab_name_is_good(name) || number == 0 || number > record->n_packets) {
        return LAB_ERR_USAGE;
    }
    lab_record_name *entry = malloc(sizeof *entry);
    if (entry == NULL) {
        return LAB_ERR_MEMORY;
    }
    entry->number = number;
    memcpy(entry->text, name, strlen(name) + 1);
    entry->older = record->names;
    record->names = entry;
    lab_packet *packet = record->packets[number - 1];
    if (packet->name == NULL) {
        packet->name = entry->text;
    }
    return LAB_OK;
}

const lab_packet *lab_record_find(const lab_record *record, const char *name)
{
    for (const lab_record_name *n = record->names; n != NULL; n = n->older) {
        if (strcmp(n->text, name) == 0) {
            return lab_record_at(record, n->number);
        }
    }
    return NULL;
}

void lab_record_free(lab_record *record)
{
    for (uint32_t i = 0; i < record->n_packets; i++) {
        free(record->packets[i]);
    }
    while (record->names != NULL) {
        lab_record_name *older = record->names->older;
        free(record->names);
        record->names = older;
    }
    free(record->packets);
    *record = (lab_record){0};
}
