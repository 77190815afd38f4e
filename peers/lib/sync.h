/*
 * Synchronisation with a client whose Sender Sequence Number is not known: what a server does while a Replay Window is
 * invalid (Group OSCORE -02 Appendix E; -28 section 2.6.1.2).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef GOSC_SYNC_H
#define GOSC_SYNC_H

#include "context.h"

/*
 * gosc_sync_gap applies the policy that a jump of the Partial IV beyond context->sync_gap means lost synchronisation: the
 * window becomes invalid. Call only for a request that verified. (-02 Appendix E.3; off while sync_gap is 0.)
 */
void gosc_sync_gap(const gosc_security_context *context, gosc_recipient_context *client, gosc_partial_iv piv);

/*
 * gosc_sync_start makes an invalid window valid without a challenge, for the two methods that need none.
 *
 * Spec      -02 Appendix E.1 (best effort): the request counts and is delivered; what was sent before can be replayed once
 *           -02 Appendix E.2 (baseline): the request only sets the number, later ones are delivered
 * Errors    GOSC_ERR_SYNCHRONISED (baseline): not to be delivered;
 *           GOSC_ERR_ECHO_REQUIRED when the method is the challenge: nothing was done
 */
GOSC_MUST_USE
gosc_err gosc_sync_start(const gosc_security_context *context, gosc_recipient_context *client, gosc_partial_iv piv);

#endif
