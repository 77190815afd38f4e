/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shapes a protected message can have, and how one of each comes about between Alice (client) and Bob
 * (server).
 */
#ifndef MUSTER_SHAPES_H
#define MUSTER_SHAPES_H

#include "scene.h"

typedef struct shape {
    const char *name;
    const scene_set *set;
    bool is_response;
    bool asked_in_group; /* mode of the request; of the message itself, when it is one */
    bool group_mode;     /* mode of the response */
    bool own_partial_iv;
    bool kid;
    bool kid_context;
    bool outer; /* with options that stay outside */
} shape;

/* POST coap://h/lamp "on" through a proxy: Uri-Host and Proxy-Scheme stand on both sides of the OSCORE
 * option. */
static const uint8_t shape_proxied[] = {0x52, 0x02, 0x7d, 0x41, 0x86, 0x31, 0x31, 'h', 0x84, 'l', 'a',
                                        'm',  'p',  0xd4, 0x0f, 'c',  'o',  'a',  'p', 0xff, 'o', 'n'};

static const shape shapes[] = {
    {.name = "oscore request", .set = &scene_oscore},
    {.name = "oscore request with kid context", .set = &scene_oscore, .kid_context = true},
    {.name = "oscore request with outer options", .set = &scene_oscore, .outer = true},
    {.name = "oscore response", .set = &scene_oscore, .is_response = true},
    {.name = "oscore response with Partial IV",
     .set = &scene_oscore,
     .is_response = true,
     .own_partial_iv = true},
    {.name = "group-02 request", .set = &scene_02, .asked_in_group = true},
    {.name = "group-02 request with outer options", .set = &scene_02, .asked_in_group = true, .outer = true},
    {.name = "group-02 response",
     .set = &scene_02,
     .is_response = true,
     .asked_in_group = true,
     .group_mode = true},
    {.name = "group-02 response with Partial IV",
     .set = &scene_02,
     .is_response = true,
     .asked_in_group = true,
     .group_mode = true,
     .own_partial_iv = true},
    {.name = "group-02 response with kid context",
     .set = &scene_02,
     .is_response = true,
     .asked_in_group = true,
     .group_mode = true,
     .kid_context = true},
    {.name = "group-28 group request", .set = &scene_28, .asked_in_group = true},
    {.name = "group-28 group request with outer options",
     .set = &scene_28,
     .asked_in_group = true,
     .outer = true},
    {.name = "group-28 pairwise request", .set = &scene_28},
    {.name = "group-28 group response to group request",
     .set = &scene_28,
     .is_response = true,
     .asked_in_group = true,
     .group_mode = true},
    {.name = "group-28 group response to group request, with Partial IV",
     .set = &scene_28,
     .is_response = true,
     .asked_in_group = true,
     .group_mode = true,
     .own_partial_iv = true},
    {.name = "group-28 group response to group request, with kid context",
     .set = &scene_28,
     .is_response = true,
     .asked_in_group = true,
     .group_mode = true,
     .kid_context = true},
    {.name = "group-28 pairwise response to group request",
     .set = &scene_28,
     .is_response = true,
     .asked_in_group = true},
    {.name = "group-28 pairwise response to group request, with Partial IV",
     .set = &scene_28,
     .is_response = true,
     .asked_in_group = true,
     .own_partial_iv = true},
    {.name = "group-28 group response to pairwise request",
     .set = &scene_28,
     .is_response = true,
     .group_mode = true},
    {.name = "group-28 group response to pairwise request, with Partial IV",
     .set = &scene_28,
     .is_response = true,
     .group_mode = true,
     .own_partial_iv = true},
    {.name = "group-28 pairwise response to pairwise request", .set = &scene_28, .is_response = true},
    {.name = "group-28 pairwise response to pairwise request, with Partial IV",
     .set = &scene_28,
     .is_response = true,
     .own_partial_iv = true},
    {.name = "group-28 pairwise response to pairwise request, with kid",
     .set = &scene_28,
     .is_response = true,
     .kid = true},
};

/* Who protects the message, and who opens it. */
static inline size_t shape_sender(const shape *f)
{
    return f->is_response ? BOB : ALICE;
}

static inline size_t shape_receiver(const shape *f)
{
    return f->is_response ? ALICE : BOB;
}

static inline gosc_protect_params shape_how(const scene *s, const shape *f)
{
    return (gosc_protect_params){.group_mode = f->is_response ? f->group_mode : f->asked_in_group,
                                 .target = s->people[BOB].id,
                                 .own_partial_iv = f->own_partial_iv,
                                 .kid = f->kid,
                                 .kid_context = f->kid_context};
}

static inline gosc_span shape_plain(const shape *f)
{
    return f->is_response ? SPAN(scene_content) : f->outer ? SPAN(shape_proxied) : SPAN(scene_post);
}

/* shape_prepare brings the scene to where the message is protected next. Pairwise keys are derived already:
 * they are a cache, which the first message of a pair fills. Numbers are not at their beginning, nor is the
 * window. */
static inline void shape_prepare(scene *s, const shape *f, const scene_set *set)
{
    scene_init(s, set);
    for (size_t i = 0; set->dialect->has_modes && set->agreement != 0 && i < 2; i++) {
        for (size_t k = 0; k < SCENE_PEOPLE - 1; k++) {
            scene_need(
                gosc_pairwise_keys_ready(&s->members[i].context, &s->members[i].table[k], scene_scratch(s)),
                "pairwise keys");
        }
    }
    s->members[ALICE].context.sender.ssn = 0x1234;
    s->members[BOB].context.sender.ssn = 0x77;
    const gosc_protect_params how = {.group_mode = f->asked_in_group, .target = s->people[BOB].id};
    scene_need(scene_ask(s, ALICE, &how, SPAN(scene_post)), "request before");
    scene_need(scene_hear(s, BOB, scene_sent(s), 0), "request before, heard");
    if (!f->is_response) {
        gosc_exchange_init(&s->members[ALICE].asked, s->members[ALICE].numbers, SCENE_NUMBERS);
    }
}

/* shape_protect protects the message with memory that is given. */
static inline gosc_err shape_protect(scene *s, const shape *f, gosc_buf scratch, gosc_buf out,
                                     size_t *out_len)
{
    scene_member *m = &s->members[shape_sender(f)];
    const gosc_protect_params how = shape_how(s, f);
    if (f->is_response) {
        return gosc_protect_response(&m->context, &how, &m->answered, shape_plain(f), scratch, out, out_len);
    }
    return gosc_protect_request(&m->context, &how, shape_plain(f), scratch, &m->asked, out, out_len);
}

/* shape_open opens a datagram with memory that is given. */
static inline gosc_err shape_open(scene *s, const shape *f, gosc_span datagram, gosc_buf scratch,
                                  gosc_buf out)
{
    scene_member *m = &s->members[shape_receiver(f)];
    gosc_security_context *contexts[] = {&m->context};
    const gosc_context_store store = {contexts, 1};
    if (f->is_response) {
        return gosc_unprotect_response(&store, &m->asked, datagram, scratch, &s->received, out);
    }
    return gosc_unprotect_request(&store, datagram, 0, scratch, &m->answered, &s->received, out);
}

/* shape_make leaves the message in wire, ready to be opened. */
static inline void shape_make(scene *s, const shape *f, const scene_set *set)
{
    shape_prepare(s, f, set);
    scene_need(shape_protect(s, f, scene_scratch(s), (gosc_buf){s->wire, sizeof s->wire}, &s->wire_len),
               f->name);
}

#endif
