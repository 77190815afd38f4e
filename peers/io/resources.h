/* SPDX-License-Identifier: BSD-2-Clause */
/* The resources of every server peer (interop/PROTOCOL.md, "Resources of every server peer"). */
#ifndef IO_RESOURCES_H
#define IO_RESOURCES_H

#include "endpoint.h"
#include "resources_interop.h"

enum {
    IO_LIGHT_MAX = 64, /* bytes of its state */
    IO_OBSERVED_MAX = 512,
    IO_LARGE_LEN = 1200, /* of /large, before anyone writes it */
    IO_LARGE_MAX = 8192,
    IO_PIECES_MAX = 256,
    IO_SEPARATE_MS = 50,
    IO_APPLICATIONS_MAX = 16,
    IO_APPLICATION_NAME_MAX = 32, /* characters, with the closing zero */
};

/* An application group this device belongs to: /gp/NAME/... is answered through one group only, so that being a
 * member of a security group gives no access by itself (GC-2.1-06). */
typedef struct io_application {
    char name[IO_APPLICATION_NAME_MAX];
    char group[IO_NAME_MAX];
} io_application;

typedef struct io_resources {
    uint8_t light[IO_LIGHT_MAX];
    size_t light_len;
    uint8_t observed[IO_OBSERVED_MAX];
    size_t observed_len;
    uint8_t large[IO_LARGE_MAX];
    size_t large_len;
    bool pieces[IO_PIECES_MAX]; /* of /firmware, accepted */
    io_application applications[IO_APPLICATIONS_MAX];
    size_t n_applications;
    io_interop_resources interop;
    char text[4 * IO_PIECES_MAX + 1536];
} io_resources;

void io_resources_init(io_resources *resources);

/* io_resources_apply makes the device a member of an application group that uses a group. False: no room. */
bool io_resources_apply(io_resources *resources, const char *application, const char *group);

/* io_resources_answer is the application of an endpoint; arg is the resources. */
void io_resources_answer(io_resources *resources, const io_app_request *request, io_app_answer *answer);

/* io_resources_change sets what /observe (or one of the interop tests) gives; false: another path, or too long. */
bool io_resources_change(io_resources *resources, const char *path, gosc_span payload);

#endif
