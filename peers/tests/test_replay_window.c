/* SPDX-License-Identifier: BSD-2-Clause */
/* The replay window against a naive model: the set of all numbers ever committed. */
#include "replay_window.h"

#include <string.h>

#include "tap.h"

enum {
    N_SEEN_MAX = 160,
    N_STEPS = 64,
    N_ROUNDS = 400,
};

/* The model: what was seen, and the largest of it. */
typedef struct model {
    uint64_t seen[N_SEEN_MAX];
    size_t n_seen;
    uint64_t highest;
    uint8_t size;
} model;

static void model_commit(model *m, uint64_t number)
{
    m->seen[m->n_seen++] = number;
    if (m->n_seen == 1 || number > m->highest) {
        m->highest = number;
    }
}

static bool model_is_new(const model *m, uint64_t number)
{
    for (size_t i = 0; i < m->n_seen; i++) {
        if (m->seen[i] == number) {
            return false;
        }
    }
    return m->n_seen == 0 || number > m->highest || m->highest - number < m->size;
}

static gosc_partial_iv piv(uint64_t number)
{
    return (gosc_partial_iv){number};
}

/* agree checks that window and model judge number alike, then feeds it to both when it is new. */
static bool agree(gosc_replay_window *window, model *m, uint64_t number)
{
    gosc_replay_window before = *window;
    gosc_err err = gosc_replay_window_check(window, piv(number));
    bool same = memcmp(&before, window, sizeof before) == 0;
    bool expected = model_is_new(m, number);
    if (!same || (err == GOSC_OK) != expected || (err != GOSC_OK && err != GOSC_ERR_REPLAY)) {
        tap_note("number judged wrongly", number, &m->size, 1);
        return false;
    }
    if (expected) {
        gosc_replay_window_commit(window, piv(number));
        model_commit(m, number);
    }
    return true;
}

/* Every sequence of four numbers out of twelve that sit on the edges of this window. */
static bool short_sequences(uint8_t size)
{
    const uint64_t base = 100;
    const uint64_t edges[] = {0,
                              1,
                              base - 1,
                              base,
                              base + 1,
                              base + size - 2,
                              base + size - 1,
                              base + size,
                              base + size + 1,
                              base + 63,
                              base + 64,
                              base + 65};
    const size_t n = sizeof edges / sizeof edges[0];
    for (size_t code = 0; code < n * n * n * n; code++) {
        gosc_replay_window window;
        model m = {.size = size};
        gosc_replay_window_init(&window, size, true);
        size_t rest = code;
        for (size_t step = 0; step < 4; step++, rest /= n) {
            if (!agree(&window, &m, edges[rest % n])) {
                return false;
            }
        }
    }
    return true;
}

static bool jumps(uint8_t size)
{
    const uint64_t lengths[] = {1,
                                7,
                                8,
                                9,
                                31,
                                32,
                                33,
                                63,
                                64,
                                65,
                                127,
                                128,
                                255,
                                256,
                                65535,
                                65536,
                                UINT64_C(1) << 31,
                                UINT64_C(1) << 32,
                                UINT64_C(1) << 39};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        gosc_replay_window window;
        model m = {.size = size};
        gosc_replay_window_init(&window, size, true);
        uint64_t low = 70;
        uint64_t high = low + lengths[i];
        if (!agree(&window, &m, low) || !agree(&window, &m, low - 1) || !agree(&window, &m, high)) {
            return false;
        }
        for (uint64_t back = 0; back < 70; back++) {
            uint64_t number = high - back;
            if (!agree(&window, &m, number) || !agree(&window, &m, number)) {
                return false;
            }
        }
        if (!agree(&window, &m, low) || !agree(&window, &m, low - 1) || !agree(&window, &m, 0)) {
            return false;
        }
    }
    return true;
}

static bool chance(uint8_t size)
{
    for (int round = 0; round < N_ROUNDS; round++) {
        gosc_replay_window window;
        model m = {.size = size};
        gosc_replay_window_init(&window, size, true);
        uint64_t start = (uint64_t)tap_random(UINT64_C(1) << 32) << tap_random(8);
        for (int step = 0; step < N_STEPS; step++) {
            if (!agree(&window, &m, start + tap_random(3U * size + 4U))) {
                return false;
            }
        }
    }
    return true;
}

static void limits(void)
{
    gosc_replay_window window;
    gosc_replay_window_init(&window, GOSC_REPLAY_WINDOW_DEFAULT, true);
    tap_ok(window.valid && gosc_replay_window_check(&window, piv(0)) == GOSC_OK,
           "O-7.4-03 number 0 is new at first");
    gosc_replay_window_commit(&window, piv(0));
    tap_ok(gosc_replay_window_check(&window, piv(0)) == GOSC_ERR_REPLAY, "O-7.4-01 number 0 counts once");
    tap_ok(gosc_replay_window_check(&window, piv(1)) == GOSC_OK, "O-7.4-03 number 1 is new after 0");
    gosc_replay_window_commit(&window, piv(GOSC_PARTIAL_IV_LIMIT));
    tap_ok(gosc_replay_window_check(&window, piv(GOSC_PARTIAL_IV_LIMIT)) == GOSC_ERR_REPLAY &&
               gosc_replay_window_check(&window, piv(GOSC_PARTIAL_IV_LIMIT - 31)) == GOSC_OK &&
               gosc_replay_window_check(&window, piv(GOSC_PARTIAL_IV_LIMIT - 32)) == GOSC_ERR_REPLAY,
           "O-7.4-04 the largest number is used, and its window has 32 places");
    tap_ok(gosc_replay_window_check(&window, piv(0)) == GOSC_ERR_REPLAY,
           "GO-5.3-06 left of the window is a replay");
}

static void restart(void)
{
    gosc_replay_window window;
    gosc_replay_window_init(&window, 32, false);
    tap_ok(!window.valid, "GO-2.6.1.2-01 a window can start invalid");
    gosc_replay_window_restart(&window, piv(1000));
    bool all_below = true;
    for (uint64_t back = 0; back <= 80; back++) {
        all_below = all_below && gosc_replay_window_check(&window, piv(1000 - back)) == GOSC_ERR_REPLAY;
    }
    tap_ok(window.valid && all_below, "GO-9-18 after an Echo the number seen is the lower limit");
    tap_ok(gosc_replay_window_check(&window, piv(1001)) == GOSC_OK, "GO-9-18 numbers above it are new");
    gosc_replay_window_commit(&window, piv(1003));
    tap_ok(gosc_replay_window_check(&window, piv(1002)) == GOSC_OK &&
               gosc_replay_window_check(&window, piv(1000)) == GOSC_ERR_REPLAY &&
               gosc_replay_window_check(&window, piv(999)) == GOSC_ERR_REPLAY,
           "GO-9-18 the limit stays when the window moves");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    limits();
    restart();
    for (int size = 1; size <= GOSC_REPLAY_WINDOW_MAX; size++) {
        char text[96];
        bool whole = size == 1 || size == 2 || size == 31 || size == 32 || size == 33 || size >= 63;
        bool good =
            jumps((uint8_t)size) && chance((uint8_t)size) && (!whole || short_sequences((uint8_t)size));
        (void)snprintf(text, sizeof text, "O-7.4-04 window of %d agrees with the set of seen numbers", size);
        tap_ok(good, text);
    }
    return tap_done();
}
