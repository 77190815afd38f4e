/* SPDX-License-Identifier: BSD-2-Clause */
/* What the group dialects share (not for callers of the library). */
#ifndef GOSC_GROUP_H
#define GOSC_GROUP_H

#include "context.h"

/*
 * gosc_group_credential_check reads a credential and checks that its key serves the algorithms of the group.
 *
 * Spec      Group OSCORE -28 sections 2.1.1, 2.5; readings in vectors/README.md, Contexts 4
 * Errors    GOSC_ERR_CREDENTIAL_MALFORMED, GOSC_ERR_KEY_INVALID
 */
GOSC_MUST_USE
gosc_err gosc_group_credential_check(const gosc_common_context *common, gosc_span credential,
                                     gosc_public_key *key);

/*
 * gosc_group_own_key_set gives the Sender Context its credential and private key, which must belong together.
 *
 * Errors    GOSC_ERR_CONTEXT_INVALID when one is absent, those of gosc_group_credential_check, GOSC_ERR_KEY_INVALID
 */
GOSC_MUST_USE
gosc_err gosc_group_own_key_set(gosc_security_context *context, gosc_span credential, gosc_span private_key);

/* gosc_group_common_check: what every group must have (Gid, format of credentials, signature length). */
GOSC_MUST_USE
gosc_err gosc_group_common_check(gosc_common_context *common);

/* Context strings of a Countersign_structure, each with the empty protected headers that follow it. */
#define GOSC_COUNTERSIGN_5                                                                                   \
    "\x85\x71"                                                                                               \
    "CounterSignature0"                                                                                      \
    "\x40\x40"
#define GOSC_COUNTERSIGN_4                                                                                   \
    "\x84\x71"                                                                                               \
    "CounterSignature0"                                                                                      \
    "\x40"
#define GOSC_COUNTERSIGN_5_OLD                                                                               \
    "\x85\x70"                                                                                               \
    "CounterSignature"                                                                                       \
    "\x40\x40"

#endif
