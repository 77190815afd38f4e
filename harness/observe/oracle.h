/* SPDX-License-Identifier: BSD-2-Clause */
/* Always-on oracles: what holds in every run, whatever the scenario says. Each is a function over the log. */
#ifndef OBS_ORACLE_H
#define OBS_ORACLE_H

#include "log.h"

typedef struct obs_finding {
    const char *oracle;
    bool is_warning; /* the text of the dialect only recommends it */
    bool is_crash;   /* a report of a sanitizer */
    int64_t entry;   /* number of the entry that shows it */
    char text[400];
} obs_finding;

typedef void obs_report(void *arg, const obs_finding *finding);

/*
 * obs_oracles_run lets all of them look.
 *
 *   nonce-reuse          a sender used one (key, nonce) for two different pairs of AAD and plaintext
 *   plaintext            application data, path or query readable on the wire
 *   reply-to-multicast   an answer to a multicast request that did not verify (group-02: forbidden; group-28: not
 *                        recommended)
 *   group-source         a datagram left from a group address
 *   no-coap              a datagram that is no CoAP message
 *   unverified           the application was given what does not verify, or something else than was sent
 *   not-alive            a peer was not there at the end
 *   sanitizer            a sanitizer reported
 */
void obs_oracles_run(const json_t *plan, const obs_log *log, obs_report *report, void *arg);

/* Names of all of them, ended by NULL. */
extern const char *const obs_oracle_names[];

#endif
