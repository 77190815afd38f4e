/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echo challenge and response at the server (RFC 9175 section 2.3; RFC 8613 Appendix B.1.2; Group OSCORE -28 section 9; -02
 * Appendix E.3). Values are chosen by the caller: unpredictable, at least 8 bytes, never twice.
 */
#ifndef GOSC_ECHO_H
#define GOSC_ECHO_H

#include "protect.h"

/* gosc_echo_is_due: whether a verified request of this client must show freshness before it is delivered. */
bool gosc_echo_is_due(const gosc_security_context *context, const gosc_recipient_context *client);

/*
 * gosc_echo_check judges the Inner Echo option of a verified request that must show freshness.
 *
 * In        value   of the option, absent when there is none
 * Errors    GOSC_ERR_ECHO_REQUIRED: no Echo, or no challenge outstanding; GOSC_ERR_ECHO_MISMATCH; GOSC_ERR_ECHO_EXPIRED
 * Effects   none: the value stays outstanding until gosc_echo_commit
 */
GOSC_MUST_USE
gosc_err gosc_echo_check(const gosc_security_context *context, const gosc_recipient_context *client,
                         gosc_span value, uint64_t now_ms);

/* gosc_echo_commit uses the value up; an invalid window becomes valid with piv as its lower limit. */
void gosc_echo_commit(const gosc_security_context *context, gosc_recipient_context *client,
                      gosc_partial_iv piv);

/*
 * gosc_echo_challenge makes the response that carries a challenge: 4.01 (group-02: 4.03) with Echo alone inside, under an
 * own Partial IV; and remembers the value for this client.
 *
 * In        exchange    of the request that is to be repeated
 *           value       1 to 40 bytes
 *           pdu         header to answer with: type, Message ID and token
 *           group_mode  mode of the challenge
 * Errors    GOSC_ERR_USAGE (length of value, or the client is not known), and those of gosc_protect_response
 */
GOSC_MUST_USE
gosc_err gosc_echo_challenge(gosc_security_context *context, gosc_exchange *exchange, gosc_span value,
                             uint64_t now_ms, const gosc_coap_pdu *pdu, bool group_mode, gosc_buf scratch,
                             gosc_buf out, size_t *out_len);

#endif
