/* SPDX-License-Identifier: BSD-2-Clause */
#include "response_number.h"

gosc_err gosc_response_number_check(const gosc_response_number *number, bool several, bool has_piv,
                                    gosc_partial_iv piv)
{
    bool answered = number->without_piv || number->with_piv;
    bool repeated = has_piv ? number->with_piv && piv.number == number->largest.number : number->without_piv;
    return repeated || (answered && !several) ? GOSC_ERR_RESPONSE_REPLAY : GOSC_OK;
}

gosc_err gosc_response_number_order(const gosc_response_number *number, bool has_piv, gosc_partial_iv piv)
{
    /* A response without Partial IV ranks oldest. */
    bool old = number->with_piv && (!has_piv || piv.number < number->largest.number);
    return old ? GOSC_ERR_RESPONSE_OLD : GOSC_OK;
}

void gosc_response_number_commit(gosc_response_number *number, bool has_piv, gosc_partial_iv piv)
{
    if (!has_piv) {
        number->without_piv = true;
        return;
    }
    number->with_piv = true;
    number->largest = piv;
}
