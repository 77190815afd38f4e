/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Replay Window of a Recipient Context (RFC 8613 sections 3.2.2, 7.4; Group OSCORE -28 section 2.6.1.2).
 * Checking and committing are two calls: nothing moves before all verification passed.
 */
#ifndef GOSC_REPLAY_WINDOW_H
#define GOSC_REPLAY_WINDOW_H

#include "oscore_option.h"

enum {
    GOSC_REPLAY_WINDOW_MAX = 64,     /* numbers */
    GOSC_REPLAY_WINDOW_DEFAULT = 32, /* RFC 8613 section 3.2.2 */
};

/* Numbers highest - size + 1 .. highest can be told apart; all below count as seen, all above as new. */
typedef struct gosc_replay_window {
    uint64_t highest; /* largest number committed; meaningless while seen is 0 */
    uint64_t seen;    /* bit i: highest - i was seen; 0: nothing seen yet */
    uint8_t size;     /* 1 to 64 */
    bool valid;       /* false: state was lost, no number can be judged until gosc_replay_window_restart */
} gosc_replay_window;

/* gosc_replay_window_init: nothing seen, every number is new. */
void gosc_replay_window_init(gosc_replay_window *window, uint8_t size, bool valid);

/*
 * gosc_replay_window_check says whether a number is new.
 *
 * Spec      RFC 8613 section 7.4 (O-7.4-*)
 * Errors    GOSC_ERR_REPLAY when it was seen or lies left of the window
 * Effects   none
 */
GOSC_MUST_USE
gosc_err gosc_replay_window_check(const gosc_replay_window *window, gosc_partial_iv piv);

/* gosc_replay_window_commit marks a number that passed the check as seen. */
void gosc_replay_window_commit(gosc_replay_window *window, gosc_partial_iv piv);

/* gosc_replay_window_restart makes piv the lower limit: it and all below are seen, all above new; the window is valid
 * (RFC 8613 Appendix B.1.2; Group OSCORE -28 section 9). */
void gosc_replay_window_restart(gosc_replay_window *window, gosc_partial_iv piv);

#endif
