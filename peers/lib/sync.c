/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync.h"

void gosc_sync_gap(const gosc_security_context *context, gosc_recipient_context *client, gosc_partial_iv piv)
{
    const gosc_replay_window *window = &client->window;
    if (context->sync_gap > 0 && window->valid && window->seen != 0 && piv.number > window->highest &&
        piv.number - window->highest > context->sync_gap) {
        client->window.valid = false;
    }
}

gosc_err gosc_sync_start(const gosc_security_context *context, gosc_recipient_context *client, gosc_partial_iv piv)
{
    if (context->sync_method == GOSC_SYNC_ECHO) {
        return GOSC_ERR_ECHO_REQUIRED;
    }
    if (context->sync_method == GOSC_SYNC_BASELINE) {
        gosc_replay_window_restart(&client->window, piv);
        return GOSC_ERR_SYNCHRONISED;
    }
    gosc_replay_window_init(&client->window, client->window.size, true);
    gosc_replay_window_commit(&client->window, piv);
    return GOSC_OK;
}
