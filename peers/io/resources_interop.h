/* SPDX-License-Identifier: BSD-2-Clause */
/* The resources of the OSCORE interop tests (interop/PROTOCOL.md, "Resources of the interop tests"). */
#ifndef IO_RESOURCES_INTEROP_H
#define IO_RESOURCES_INTEROP_H

#include "endpoint.h"

enum {
    IO_INTEROP_VALUE_MAX = 64, /* bytes of what /oscore/observe1 and 2 give */
    IO_INTEROP_OBSERVED = 2,
};

typedef struct io_interop_resources {
    uint8_t observed[IO_INTEROP_OBSERVED][IO_INTEROP_VALUE_MAX];
    size_t observed_len[IO_INTEROP_OBSERVED];
} io_interop_resources;

void io_interop_init(io_interop_resources *resources);

/* io_interop_answer answers for the paths below /oscore; others are 4.04. */
void io_interop_answer(const io_interop_resources *resources, const io_app_request *request,
                       io_app_answer *answer);

/* io_interop_change sets what /oscore/observe1 or 2 gives; "Terminate Observe" ends the observations with 5.00.
 * False: another path, or too long. */
bool io_interop_change(io_interop_resources *resources, const char *path, gosc_span payload);

#endif
