/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replay and order of responses of one server, against the list of all that came (vectors/README.md, "numbers
 * and exchanges").
 */
#include <string.h>

#include "common.h"

enum {
    N_MAX = 256,
};

typedef struct event {
    bool has_piv;
    uint64_t piv;
} event;

typedef struct history {
    event events[N_MAX];
    size_t n;
} history;

static gosc_err expect(const history *h, const event *e, bool several)
{
    bool answered = false;
    bool same = false;
    bool any_piv = false;
    uint64_t largest = 0;
    for (size_t i = 0; i < h->n; i++) {
        const event *old = &h->events[i];
        answered = true;
        same = same || (!old->has_piv && !e->has_piv);
        any_piv = any_piv || old->has_piv;
        largest = old->has_piv && old->piv > largest ? old->piv : largest;
    }
    same = same || (e->has_piv && any_piv && e->piv == largest);
    if (same || (answered && !several)) {
        return GOSC_ERR_RESPONSE_REPLAY;
    }
    return any_piv && (!e->has_piv || e->piv < largest) ? GOSC_ERR_RESPONSE_OLD : GOSC_OK;
}

void fuzz_target(fuzz_input *in)
{
    static history h;
    gosc_response_number number = {.context = NULL};
    bool several = fuzz_bool(in);
    h.n = 0;
    while (in->left.len >= 2 && h.n < N_MAX) {
        uint8_t set = fuzz_u8(in);
        event e = {.has_piv = (set & 1) != 0};
        e.piv = e.has_piv ? fuzz_u8(in) * (UINT64_C(1) << (set >> 3)) : 0;
        const gosc_partial_iv piv = {e.piv};
        gosc_response_number before;
        memcpy(&before, &number, sizeof before);
        gosc_err err = gosc_response_number_check(&number, several, e.has_piv, piv);
        if (err == GOSC_OK) {
            err = gosc_response_number_order(&number, e.has_piv, piv);
        }
        FUZZ_CHECK(err == expect(&h, &e, several), "number and history agree");
        FUZZ_CHECK(memcmp(&before, &number, sizeof before) == 0, "a judgement changes nothing");
        if (err == GOSC_OK) {
            gosc_response_number_commit(&number, e.has_piv, piv);
            h.events[h.n++] = e;
        }
    }
}
