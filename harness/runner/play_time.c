/* SPDX-License-Identifier: BSD-2-Clause */
/* Letting things happen. */
#include <poll.h>

#include "play_parts.h"

enum {
    MEMBER_US = 2000000, /* port tun: until the kernel has reported a membership */
    PROBE_US = 3000,     /* port tun: for what a peer that was kept from running has to send */
};

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

/* wait_real (port tun) waits for packets and for what the peers say, so that both are read in the order they came. */
static void wait_real(const run_play *play, uint64_t until_us)
{
    struct pollfd wishes[RUN_PEERS_MAX + 1] = {{.fd = lab_fd(play->lab), .events = POLLIN}};
    nfds_t n = 1;
    for (size_t i = 0; i < play->n_peers; i++) {
        if (play->peers[i].runs) {
            wishes[n++] = (struct pollfd){.fd = play->peers[i].process.out, .events = POLLIN};
        }
    }
    uint64_t now_us = lab_now_us(play->lab);
    uint64_t left_ms = until_us > now_us ? (until_us - now_us + 999) / 1000 : 0;
    (void)poll(wishes, n, left_ms > 60000 ? 60000 : (int)left_ms);
}

static bool advance(run_play *play, uint64_t until_us)
{
    if (!play->is_stdio) {
        uint64_t next_us = lab_next_us(play->lab);
        wait_real(play, next_us < until_us ? next_us : until_us);
        return step_all(play);
    }
    return run_lab_said(play, lab_advance(play->lab, until_us, NULL)) && !play->broken && step_all(play);
}

/* is_quiet (port tun): a busy host may keep a peer from running for longer than we wait. Each is asked for nonsense:
 * once it has answered, it has looked at its sockets as well. */
static bool is_quiet(run_play *play, bool *quiet)
{
    uint32_t n_packets = lab_n_packets(play->lab);
    size_t n_events = play->n_events - play->n_notes;
    for (size_t i = 0; i < play->n_peers; i++) {
        if (play->peers[i].runs && !run_probe(play, &play->peers[i])) {
            return false;
        }
    }
    wait_real(play, lab_now_us(play->lab) + PROBE_US);
    bool good = step_all(play);
    *quiet = n_packets == lab_n_packets(play->lab) && n_events == play->n_events - play->n_notes;
    return good;
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
        if (++n_wakes > RUN_EVENTS_MAX) {
            return run_say(play, "flood", NULL, "the peers do not come to rest");
        }
        bool quiet = false;
        if (!play->is_stdio && lab_now_us(play->lab) >= rest_us) {
            if (!is_quiet(play, &quiet) || quiet) {
                return quiet;
            }
            continue;
        }
        if (!advance(play, play->is_stdio || next_us < rest_us ? next_us : rest_us)) {
            return false;
        }
    }
}

bool run_await_member(run_play *play, const run_peer *peer, const lab_addr *group, bool joined)
{
    uint64_t until_us = lab_now_us(play->lab) + MEMBER_US;
    while (lab_is_member(play->lab, peer->number, group) != joined && lab_now_us(play->lab) < until_us) {
        if (!advance(play, until_us)) {
            return false;
        }
    }
    return true;
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
