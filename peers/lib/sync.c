/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync.h"

gosc_err gosc_sync_best_effort(const gosc_security_context *context, gosc_recipient_context *client,
                               gosc_partial_iv piv)
{
    (void)context;
    (void)piv;
    if (!client->window.valid) {
        gosc_replay_window_init(&client->window, client->window.size, true);
    }
    return GOSC_OK;
}

gosc_err gosc_sync_baseline(const gosc_security_context *context, gosc_recipient_context *client,
                            gosc_partial_iv piv)
{
    (void)context;
    if (client->window.valid) {
        return GOSC_OK;
    }
    gosc_replay_window_restart(&client->window, piv);
    return GOSC_ERR_SYNCHRONISED;
}

gosc_err gosc_sync_gap(const gosc_security_context *context, gosc_recipient_context *client,
                       gosc_partial_iv piv)
{
    gosc_replay_window *window = &client->window;
    if (window->seen != 0 && piv.number > window->highest &&
        piv.number - window->highest > context->sync_gap) {
        window->valid = false;
    }
    return GOSC_OK;
}
