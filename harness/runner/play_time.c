/* Letting things happen. SPDX-License-Identifier: BSD-2-Clause */
#include "play_parts.h"

bool run_lab_said(run_play *play, lab_err err)
{
    return err == LAB_OK || run_say(play, "lab", NULL, "%s", lab_complaint(play->lab));
}

static bool poll_peers(run_play *play)
{
    for (size_t i = 0; !play->is_stdio && i < play->n_peers; i++) {
        if (play->peers[i].runs && !run_peer_poll(&play->peers[i])) {
            return run_complain(play, &play->peers[i]);
        }
    }
    return true;
}

/* step_all does what is due, until there is nothing more. */
static bool step_all(run_play *play)
{
    unsigned n_done = 1;
    while (n_done > 0) {
        if (!run_lab_said(play, lab_step(play->lab, &n_done)) || play->broken || !poll_peers(play)) {
            return false;
        }
        if (play->n_events > RUN_EVENTS_MAX) {
            return run_say(play, "flood", NULL, "more than %d events: the peers do not come to rest",
                           RUN_EVENTS_MAX);
        }
    }
    return true;
}

static bool advance(run_play *play, uint64_t until_us)
{
    return run_lab_said(play, lab_advance(play->lab, until_us, NULL)) && !play->broken && step_all(play);
}

bool run_settle(run_play *play)
{
    play->active_us = lab_now_us(play->lab);
    size_t n_wakes = 0;
    for (;;) {
        if (!step_all(play)) {
            return false;
        }
        uint64_t rest_us = play->active_us + RUN_SETTLE_MS * 1000;
        uint64_t next_us = lab_next_us(play->lab);
        if (play->is_stdio && (next_us == LAB_NEVER || next_us > rest_us)) {
            return true;
        }
        if (!play->is_stdio && lab_now_us(play->lab) >= rest_us) {
            return true;
        }
        if (++n_wakes > RUN_EVENTS_MAX) {
            return run_say(play, "flood", NULL, "the peers do not come to rest");
        }
        if (!advance(play, play->is_stdio || next_us < rest_us ? next_us : rest_us)) {
            return false;
        }
    }
}

bool run_pass(run_play *play, uint64_t ms)
{
    uint64_t until_us = lab_now_us(play->lab) + ms * 1000;
    size_t n_wakes = 0;
    while (lab_now_us(play->lab) < until_us) {
        if (++n_wakes > RUN_EVENTS_MAX) {
            return run_say(play, "flood", NULL, "the peers do not come to rest");
        }
        if (!step_all(play) || !advance(play, until_us)) {
            return false;
        }
    }
    return run_settle(play);
}
