/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening packets with the harness's own keys, layer by layer. */
#ifndef OBS_OPEN_H
#define OBS_OPEN_H

#include "layers.h"
#include "runner/world.h"

typedef struct obs_opened {
    gosc_span datagram;
    bool is_coap;
    bool is_request;
    bool is_protected; /* has an OSCORE option */
    gosc_coap_pdu pdu;
    gosc_err err;     /* GOSC_OK: it verifies, signature included; else the first thing that is wrong */
    run_group *group; /* NULL: none fits */
    unsigned epoch;
    size_t sender, target; /* members; RUN_NO_MEMBER: not known, none in particular */
    vec_layers layers;
    bool has_layers;                  /* nonce, AAD and ciphertext are known, whether or not they verify */
    const struct obs_opened *request; /* of a response; NULL: not known */
} obs_opened;

/* Who is believed to send and receive; NULL: not known. */
typedef struct obs_parties {
    const char *from, *to;
    const obs_opened *request; /* for responses */
} obs_parties;

/* obs_open takes a packet apart as far as the keys of the world allow. */
void obs_open(run_world *world, gosc_span datagram, const obs_parties *parties, obs_opened *opened);

/* obs_open_write adds `oscore`, `inner` and `seal` to the entry of a packet. */
void obs_open_write(run_world *world, const obs_opened *opened, json_t *entry);

/* Text forms: 0.03, 2.05; path of an option list ("/a/b", "/" for none). */
const char *obs_code_text(vec_arena *arena, uint8_t code);
bool obs_code_parse(const char *text, uint8_t *code);
const char *obs_method_name(uint8_t code); /* NULL: no method */
uint8_t obs_method_code(const char *name); /* 0: no method */
const char *obs_path_text(vec_arena *arena, gosc_span options);

#endif
