/* SPDX-License-Identifier: BSD-2-Clause */
/* The one world of a test program, and what its tests share. */
#ifndef MUSTER_BENCH_H
#define MUSTER_BENCH_H

#include "world.h"

/* Large: one for all tests. */
static world w;

static inline void start(const gosc_dialect *dialect)
{
    world_init(&w, dialect);
    world_start(&w);
}

static inline bool is_28(void)
{
    return w.dialect->has_modes;
}

static inline const uint8_t *bytes_at(const flying *one, size_t *len)
{
    gosc_coap_pdu pdu;
    need(gosc_coap_pdu_parse(gosc_span_of(one->bytes, one->len), &pdu) == GOSC_OK, "a CoAP message");
    gosc_span value = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
    *len = value.len;
    return value.ptr;
}

/* flags_of gives the first byte of the OSCORE option of a datagram; 0 for an empty one, 0x100 for none. */
static inline unsigned flags_of(const flying *one)
{
    size_t len = 0;
    const uint8_t *value = bytes_at(one, &len);
    if (value == NULL) {
        return 0x100;
    }
    return len == 0 ? 0 : value[0];
}

/* barrier: a good exchange with every server after all else, so that silence before it was no death. */
static inline bool barrier(void)
{
    bool good = true;
    for (int to = 1; to < w.n_members; to++) {
        world_clear(&w);
        good = good && world_ask(&w, QUESTION(.exchange = "barrier", .to = to, .path = "/hello")) == NULL;
        world_run(&w, 100);
        good = good && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1 &&
               says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), GOSC_CODE_CONTENT, "hello");
    }
    return good;
}

static inline void finish(const char *text)
{
    check(&w, barrier(), text);
    world_end(&w);
}

static const gosc_dialect *const dialects[] = {&gosc_dialect_oscore, &gosc_dialect_group_02,
                                               &gosc_dialect_group_28};

#endif
