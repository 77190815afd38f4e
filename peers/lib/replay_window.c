/* SPDX-License-Identifier: BSD-2-Clause */
#include "replay_window.h"

void gosc_replay_window_init(gosc_replay_window *window, uint8_t size, bool valid)
{
    *window = (gosc_replay_window){.size = size, .valid = valid};
}

gosc_err gosc_replay_window_check(const gosc_replay_window *window, gosc_partial_iv piv)
{
    if (window->seen == 0 || piv.number > window->highest) {
        return GOSC_OK;
    }
    uint64_t behind = window->highest - piv.number;
    if (behind >= window->size || ((window->seen >> behind) & 1) != 0) {
        return GOSC_ERR_REPLAY;
    }
    return GOSC_OK;
}

void gosc_replay_window_commit(gosc_replay_window *window, gosc_partial_iv piv)
{
    if (window->seen != 0 && piv.number <= window->highest) {
        window->seen |= UINT64_C(1) << (window->highest - piv.number);
        return;
    }
    uint64_t jump = piv.number - window->highest;
    /* A shift by the width of the word is undefined in C and leaves the word unchanged on common machines. */
    bool kept = window->seen != 0 && jump < GOSC_REPLAY_WINDOW_MAX;
    window->seen = kept ? (window->seen << jump) | 1 : 1;
    window->highest = piv.number;
}

void gosc_replay_window_restart(gosc_replay_window *window, gosc_partial_iv piv)
{
    window->highest = piv.number;
    window->seen = UINT64_MAX;
    window->valid = true;
}
