/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The replay window against a set of numbers: everything verified so far, and a line below which all is seen.
 */
#include "common.h"

enum {
    N_MAX = 256, /* numbers in the set */
};

typedef struct set {
    uint64_t numbers[N_MAX];
    size_t n;
    uint64_t highest; /* when n > 0 or floor > 0 */
    uint64_t floor;   /* all below are seen */
    uint64_t width;
} set;

static bool is_new(const set *s, uint64_t p)
{
    bool any = s->n > 0 || s->floor > 0;
    if (!any || p > s->highest) {
        return true;
    }
    if (p < s->floor || s->highest - p >= s->width) {
        return false;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->numbers[i] == p) {
            return false;
        }
    }
    return true;
}

/* A number near what the window knows, or anywhere: 2 bytes of the input. */
static uint64_t next_number(fuzz_input *in, uint64_t highest)
{
    uint8_t kind = fuzz_u8(in);
    uint64_t by = fuzz_u8(in);
    uint64_t number = highest;
    switch (kind & 3) {
    case 0:
        number = highest + (by & 0x7f);
        break;
    case 1:
        number = highest - (by < highest ? by : highest);
        break;
    case 2:
        number = (uint64_t)1 << by % 41;
        number -= kind >> 7;
        break;
    default:
        number = by;
        break;
    }
    return number < GOSC_PARTIAL_IV_LIMIT ? number : GOSC_PARTIAL_IV_LIMIT;
}

void fuzz_target(fuzz_input *in)
{
    gosc_replay_window window;
    set s = {.width = fuzz_u8(in) % GOSC_REPLAY_WINDOW_MAX + 1U};
    gosc_replay_window_init(&window, (uint8_t)s.width, true);
    while (in->left.len >= 2 && s.n < N_MAX) {
        bool restart = (in->left.ptr[in->left.len - 1] & 0x7c) == 0x7c;
        gosc_partial_iv piv = {next_number(in, s.highest)};
        if (restart) {
            gosc_replay_window_restart(&window, piv);
            s = (set){.highest = piv.number, .floor = piv.number + 1, .width = s.width};
        }
        gosc_replay_window before = window;
        gosc_err err = gosc_replay_window_check(&window, piv);
        FUZZ_CHECK(before.highest == window.highest && before.seen == window.seen, "a check changes nothing");
        FUZZ_CHECK(err == (is_new(&s, piv.number) ? GOSC_OK : GOSC_ERR_REPLAY), "window and set agree");
        if (err == GOSC_OK) {
            gosc_replay_window_commit(&window, piv);
            s.highest = (s.n == 0 && s.floor == 0) || piv.number > s.highest ? piv.number : s.highest;
            s.numbers[s.n++] = piv.number;
            FUZZ_CHECK(gosc_replay_window_check(&window, piv) == GOSC_ERR_REPLAY, "a number counts once");
        }
    }
}
