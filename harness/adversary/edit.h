/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits of packets on their way: single bits of a layer, header fields, options, fields of the OSCORE option.
 */
#ifndef ADV_EDIT_H
#define ADV_EDIT_H

#include "read.h"

/* What cannot be seen without keys: where tag and countersignature stand in the payload. */
typedef struct adv_shape {
    size_t tag_len;           /* bytes */
    size_t signature_len;     /* bytes; 0: not signed */
    bool signature_in_option; /* group-02 */
} adv_shape;

/* adv_lookup gives the datagram a name of a packet stands for, absent when there is none. */
typedef gosc_span adv_lookup(void *arg, const char *packet);

/*
 * adv_edit makes an edited copy.
 *
 * In        set     what to change (harness/scenarios/README.md, "edit"), in the order of the table there
 * Out       edited  bytes of the arena
 * Returns   NULL, or one line that says what cannot be done
 */
const char *adv_edit(vec_arena *arena, const json_t *set, const adv_shape *shape, adv_lookup *lookup,
                     void *arg, gosc_span datagram, gosc_span *edited);

#endif
