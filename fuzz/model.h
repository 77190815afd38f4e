/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second, slow decoder of CoAP content and a second opinion on option classes: what the targets expect of
 * the library. Plain arrays, no shared code; speed and memory are of no concern here.
 */
#ifndef MUSTER_FUZZ_MODEL_H
#define MUSTER_FUZZ_MODEL_H

#include "gosc.h"

enum {
    MODEL_OPTIONS_MAX = 40000, /* more count as malformed: no target takes inputs that long */
};

typedef struct model_option {
    uint32_t number;
    gosc_span value;
} model_option;

typedef struct model_message {
    uint8_t type, code;
    uint16_t message_id;
    gosc_span token;
    size_t n_options;
    model_option options[MODEL_OPTIONS_MAX];
    gosc_span payload; /* absent without marker */
} model_message;

/* model_content_parse fills options and payload; model_message_parse all. False: malformed, or too many
 * options. */
bool model_content_parse(gosc_span content, model_message *message);
bool model_message_parse(gosc_span datagram, model_message *message);

/* model_has: how many options have that number. */
size_t model_count(const model_message *message, uint32_t number);
const model_option *model_find(const model_message *message, uint32_t number);

/* model_is_u: option travels outside alone. */
bool model_is_u(uint32_t number);

/* model_add inserts an option behind those with the same or a smaller number. */
void model_add(model_message *message, uint32_t number, gosc_span value);

/* model_opened turns a message as the application wrote it into the one the other application must get:
 * Observe of a response emptied, Proxy-Uri cut. False: its Proxy-Uri cannot be cut. Decoded parts are written
 * to room. */
bool model_opened(const model_message *plain, bool is_request, gosc_buf room, model_message *opened);

/* model_merge puts together what is handed to the application: outer options of class U alone, inner ones of
 * all other classes. */
void model_merge(const model_message *outer, const model_message *inner, model_message *merged);

/* model_equal compares options and payload; header too when whole. */
bool model_equal(const model_message *a, const model_message *b, bool whole);

#endif
