/* SPDX-License-Identifier: BSD-2-Clause */
/* Order of deliveries: by time, then as queued. */
#include "kit.h"
#include "queue.h"

enum {
    ROUNDS = 400,
    DEEP = 3000,
};

/* The model: an array in which the next is looked for from the front. */
typedef struct model {
    uint64_t due[DEEP];
    int peer[DEEP];
    size_t n;
} model;

static int model_take(model *m)
{
    size_t best = 0;
    for (size_t i = 1; i < m->n; i++) {
        if (m->due[i] < m->due[best]) {
            best = i;
        }
    }
    int peer = m->peer[best];
    memmove(&m->due[best], &m->due[best + 1], (m->n - best - 1) * sizeof m->due[0]);
    memmove(&m->peer[best], &m->peer[best + 1], (m->n - best - 1) * sizeof m->peer[0]);
    m->n--;
    return peer;
}

static model m;

static bool round_is_good(uint32_t n_times, size_t n_steps)
{
    lab_queue queue = {0};
    m.n = 0;
    bool good = true;
    int next = 0;
    for (size_t i = 0; i < n_steps && good; i++) {
        if (m.n == 0 || tap_random(5) < 3) {
            lab_leg leg = {.due_us = tap_random(n_times), .order = 77, .peer = next++};
            m.due[m.n] = leg.due_us;
            m.peer[m.n++] = leg.peer;
            good = lab_queue_put(&queue, &leg);
        } else {
            good = lab_queue_first(&queue) != NULL && lab_queue_take(&queue).peer == model_take(&m);
        }
        good = good && queue.n == m.n;
    }
    while (good && m.n > 0) {
        good = lab_queue_take(&queue).peer == model_take(&m);
    }
    good = good && lab_queue_first(&queue) == NULL;
    lab_queue_free(&queue);
    return good;
}

int main(int argc, char **argv)
{
    static const uint32_t spread[] = {1, 2, 5, 1000};
    tap_seed(argc, argv);
    for (size_t i = 0; i < KIT_COUNT(spread); i++) {
        bool good = true;
        for (unsigned k = 0; k < ROUNDS && good; k++) {
            good = round_is_good(spread[i], 60);
        }
        char text[80];
        (void)snprintf(text, sizeof text, "%d random rounds over %u times against the model", ROUNDS,
                       spread[i]);
        tap_ok(good, text);
    }
    tap_ok(round_is_good(50, DEEP), "one deep round");
    lab_queue queue = {0};
    const uint64_t far[] = {LAB_NEVER, 0, LAB_NEVER - 1};
    for (int i = 0; i < 3; i++) {
        lab_leg leg = {.due_us = far[i], .peer = i};
        (void)lab_queue_put(&queue, &leg);
    }
    bool good = lab_queue_take(&queue).peer == 1;
    good = good && lab_queue_take(&queue).peer == 2;
    good = good && lab_queue_take(&queue).peer == 0;
    tap_ok(good, "the ends of time");
    lab_queue_free(&queue);
    return tap_done();
}
