/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First divergence: when a message does not verify, which mistake of its maker explains that? Known mistakes
 * are made one after the other until tag and countersignature verify.
 */
#ifndef CLI_DIVERGENCE_H
#define CLI_DIVERGENCE_H

#include "subject.h"

/*
 * cli_divergence looks for the mistake.
 *
 * In        s        after subject_look, with all layers there
 * Out       n_tried  mistakes that were tried
 * Returns   the mistake in words (memory of the arena), NULL when none explains it
 */
const char *cli_divergence(const subject *s, size_t *n_tried);

#endif
