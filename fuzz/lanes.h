/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lanes: small groups with fixed keys, one for each set-up worth fuzzing. Made once, warm (pairwise keys
 * derived), and put back before every input by copying. Credentials fit whichever crypto adapter is linked.
 */
#ifndef MUSTER_FUZZ_LANES_H
#define MUSTER_FUZZ_LANES_H

#include "gosc.h"

typedef enum fuzz_kind {
    FUZZ_OSCORE,
    FUZZ_GROUP_02,
    FUZZ_GROUP,    /* group mode of group-28 */
    FUZZ_PAIRWISE, /* pairwise mode of group-28 */
    FUZZ_N_KINDS,
} fuzz_kind;

enum {
    FUZZ_CLIENT,
    FUZZ_SERVER,
    FUZZ_OTHER, /* a member the other two have no Recipient Context for; groups only */
    FUZZ_N_ENDS,
    FUZZ_N_RECIPIENTS = 2,     /* room in each table; one slot is taken */
    FUZZ_CREDENTIAL_MAX = 200, /* bytes */
};

typedef struct fuzz_end {
    gosc_security_context context;
    gosc_recipient_context recipients[FUZZ_N_RECIPIENTS];
} fuzz_end;

/* What of a lane changes while messages run. */
typedef struct fuzz_ends {
    fuzz_end end[FUZZ_N_ENDS];
} fuzz_ends;

struct fuzz_row;

typedef struct fuzz_lane {
    const struct fuzz_row *row;
    const char *name;
    fuzz_ends *ends; /* as they are now */
    fuzz_ends ready; /* as they are put back */
    gosc_span credential[FUZZ_N_ENDS];
    uint8_t credential_bytes[FUZZ_N_ENDS + 1][FUZZ_CREDENTIAL_MAX];
    uint8_t x[FUZZ_N_ENDS][GOSC_SECRET_MAX];
} fuzz_lane;

/* fuzz_lane_open gives one of the lanes of a kind (pick is taken modulo their number), put back. */
fuzz_lane *fuzz_lane_open(fuzz_kind kind, size_t pick);

/* fuzz_lane_id: the Sender ID of an end. */
gosc_span fuzz_lane_id(const fuzz_lane *lane, size_t end);

/* fuzz_exchange_open makes what a client remembers of a request that went to the server, as protect would
 * have; the tables of Response Numbers are lent. */
void fuzz_exchange_open(fuzz_lane *lane, bool group_mode, bool observe, gosc_span token, gosc_span partial_iv,
                        gosc_response_number numbers[2], gosc_exchange *exchange);

/* fuzz_is_plain: the transparent adapter is linked. */
bool fuzz_is_plain(void);

/* Everything a verification may change. */
typedef struct fuzz_state {
    fuzz_ends ends;
    gosc_exchange exchange;
    gosc_response_number numbers[2];
} fuzz_state;

void fuzz_state_save(const fuzz_lane *lane, const gosc_exchange *exchange, fuzz_state *state);
/* fuzz_state_same: nothing changed since it was saved, down to the last byte. */
bool fuzz_state_same(const fuzz_lane *lane, const gosc_exchange *exchange, const fuzz_state *state);

#endif
