/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Synchronisation with a client whose Sender Sequence Number is not known (Group OSCORE -02 Appendix E; -28 section
 * 2.6.1.2). Each method is a value of gosc_context_params.sync; without one there is the Echo challenge alone (E.3).
 */
#ifndef GOSC_SYNC_H
#define GOSC_SYNC_H

#include "context.h"

/*
 * gosc_sync_best_effort (-02 Appendix E.1): through an invalid window the first request counts and is delivered; what was
 * sent before it can be replayed once.
 */
gosc_sync_method gosc_sync_best_effort;

/*
 * gosc_sync_baseline (-02 Appendix E.2): through an invalid window the first request sets the number and is dropped, later
 * ones are delivered.
 *
 * Errors    GOSC_ERR_SYNCHRONISED: verified, not to be delivered
 */
gosc_sync_method gosc_sync_baseline;

/* gosc_sync_gap (-02 Appendix E.3): a jump of the Partial IV beyond context->sync_gap means that synchronisation was lost:
 * the window becomes invalid and the challenge follows. */
gosc_sync_method gosc_sync_gap;

#endif
