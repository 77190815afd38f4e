/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Response Numbers: every sequence of up to four responses, without Partial IV or with one of three, against a naive
 * model that keeps the whole history.
 */
#include "response_number.h"

#include <string.h>

#include "tap.h"

enum {
    N_STEPS = 5,
    N_KINDS = 4
};

/* Kind 0 is a response without Partial IV, the others carry these numbers. */
static const uint64_t numbers[N_KINDS] = {0, 0, 255, 256};

static gosc_err judge(gosc_response_number *state, bool several, size_t kind)
{
    gosc_partial_iv piv = {numbers[kind]};
    gosc_response_number before = *state;
    gosc_err err = gosc_response_number_check(state, several, kind > 0, piv);
    if (err == GOSC_OK) {
        err = gosc_response_number_order(state, kind > 0, piv);
    }
    if (memcmp(&before, state, sizeof before) != 0) {
        return GOSC_ERR_USAGE; /* checking must not change state */
    }
    if (err == GOSC_OK) {
        gosc_response_number_commit(state, kind > 0, piv);
    }
    return err;
}

/* What the text wants, from the accepted history: kinds are ordered by age, 0 the oldest. */
static gosc_err expected(const size_t *accepted, size_t n_accepted, bool several, size_t kind)
{
    size_t newest = 0;
    bool newest_has_piv = false;
    for (size_t i = 0; i < n_accepted; i++) {
        newest = accepted[i] > newest ? accepted[i] : newest;
        newest_has_piv = newest_has_piv || accepted[i] > 0;
    }
    if (n_accepted > 0 && !several) {
        return GOSC_ERR_RESPONSE_REPLAY;
    }
    for (size_t i = 0; kind == 0 && i < n_accepted; i++) {
        if (accepted[i] == 0) {
            return GOSC_ERR_RESPONSE_REPLAY;
        }
    }
    if (kind > 0 && newest_has_piv && numbers[kind] == numbers[newest]) {
        return GOSC_ERR_RESPONSE_REPLAY;
    }
    return n_accepted > 0 && newest_has_piv && (kind == 0 || numbers[kind] < numbers[newest])
               ? GOSC_ERR_RESPONSE_OLD
               : GOSC_OK;
}

static bool all_sequences(bool several)
{
    size_t n_codes = 1;
    for (size_t i = 0; i < N_STEPS; i++) {
        n_codes *= N_KINDS;
    }
    for (size_t code = 0; code < n_codes; code++) {
        gosc_response_number state = {0};
        size_t accepted[N_STEPS];
        size_t n_accepted = 0;
        size_t rest = code;
        for (size_t step = 0; step < N_STEPS; step++, rest /= N_KINDS) {
            size_t kind = rest % N_KINDS;
            gosc_err want = expected(accepted, n_accepted, several, kind);
            if (judge(&state, several, kind) != want) {
                tap_note("sequence", code, (const uint8_t *)"", 0);
                return false;
            }
            if (want == GOSC_OK) {
                accepted[n_accepted++] = kind;
            }
        }
    }
    return true;
}

static void single_rules(void)
{
    gosc_response_number state = {0};
    tap_ok(judge(&state, true, 2) == GOSC_OK && state.with_piv && state.largest.number == 255,
           "GO-5.3.1-03 the first response with Partial IV sets the Response Number");
    tap_ok(judge(&state, true, 3) == GOSC_OK && state.largest.number == 256,
           "GO-5.3.1-08 a larger Partial IV overwrites it, across a byte boundary");
    tap_ok(judge(&state, true, 2) == GOSC_ERR_RESPONSE_OLD && state.largest.number == 256,
           "GO-5.3.1-07 a smaller one is old and leaves it");
    tap_ok(judge(&state, true, 3) == GOSC_ERR_RESPONSE_REPLAY, "GO-5.3.1-06 the same Partial IV is a replay");
    tap_ok(judge(&state, true, 0) == GOSC_ERR_RESPONSE_OLD, "GO-5.3.1-05 without Partial IV is oldest");
    state = (gosc_response_number){0};
    tap_ok(judge(&state, true, 0) == GOSC_OK && judge(&state, true, 0) == GOSC_ERR_RESPONSE_REPLAY,
           "GO-5.3.1-04 one response without Partial IV");
    tap_ok(judge(&state, true, 1) == GOSC_OK, "GO-5.3.1-05 Partial IV 0 is newer than none");
}

int main(void)
{
    single_rules();
    tap_ok(all_sequences(true), "O-7.4.1-03 long exchange: all sequences agree with the model");
    tap_ok(all_sequences(false), "GO-5.3.1-11 one response where one is all there can be");
    return tap_done();
}
