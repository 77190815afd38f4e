/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sender Sequence Numbers that survive: one SQLite file in a directory, opened by one process at a time.
 *
 * A number is used only when a limit above it was made durable before (RFC 8613 section 7.5.1, Appendix
 * B.1.1), so that neither a crash nor a power cut repeats a nonce. What was reserved and not used is skipped.
 */
#ifndef IO_STATE_DB_H
#define IO_STATE_DB_H

#include "gosc.h"

enum {
    IO_STATE_KEY_LEN = 32, /* bytes that name a Sender Context without giving anything away */
    IO_STATE_JUMP = 64,    /* numbers reserved at a time: K of RFC 8613 Appendix B.1.1 */
    IO_STATE_LATE = 8,     /* skipped after a restart beside those: F, though writing comes before use */
    IO_STATE_FAULT_MAX = 256,
};

typedef struct io_state_db io_state_db;

/* What one Sender Context has reserved. */
typedef struct io_ssn_keeper {
    io_state_db *db; /* NULL: in memory only */
    uint8_t key[IO_STATE_KEY_LEN];
    uint64_t limit; /* numbers below may be used */
} io_ssn_keeper;

/*
 * io_state_db_open opens or makes the file `state.db` in a directory, for this process alone.
 *
 * Errors    NULL; fault says why in one line: no such directory, not writable, in use by another process
 */
io_state_db *io_state_db_open(const char *directory, char fault[IO_STATE_FAULT_MAX]);

void io_state_db_close(io_state_db *db);

/*
 * io_ssn_keeper_begin finds out where the Sender Sequence Number of a context may go on, and moves it there.
 *
 * In        context  a silent server has no number, but is known when it comes back
 * Out       *known   this context was here before: its replay windows are lost, if they were not kept elsewhere
 * Errors    GOSC_ERR_CRYPTO: the file cannot be read (or the key not be made)
 */
GOSC_MUST_USE
gosc_err io_ssn_keeper_begin(io_ssn_keeper *keeper, io_state_db *db, gosc_security_context *context,
                             bool *known);

/* io_ssn_keeper_reserve makes sure that the next number may be used, writing first where needed.
 * Errors: GOSC_ERR_CRYPTO: it could not be made durable, so nothing may be sent. */
GOSC_MUST_USE
gosc_err io_ssn_keeper_reserve(io_ssn_keeper *keeper, const gosc_security_context *context);

/* io_ssn_keeper_end gives back what was reserved and not used; without it that is skipped next time. */
void io_ssn_keeper_end(io_ssn_keeper *keeper, const gosc_security_context *context);

#endif
