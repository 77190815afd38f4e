/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of a log as pcapng: on the wire, and decrypted. */
#ifndef REP_CAPTURE_H
#define REP_CAPTURE_H

#include "observe/log.h"

/*
 * rep_capture_write writes PATH: interface `wire` has each packet as it was sent, interface `inner` the CoAP
 * message inside it (type, Message ID and Token of the outer one; code, options and payload of the
 * plaintext).
 *
 * In        title  comment of the section: which case
 * Errors    false; errno tells
 */
bool rep_capture_write(const obs_log *log, const char *title, const char *path);

#endif
