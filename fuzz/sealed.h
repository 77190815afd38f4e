/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of the sealed targets: the input becomes the plaintext and the fields of a message that is
 * authentic, so every mutation gets past authentication and into what lies behind it.
 */
#ifndef MUSTER_FUZZ_SEALED_H
#define MUSTER_FUZZ_SEALED_H

#include "common.h"
#include "lanes.h"

void fuzz_sealed(fuzz_input *in, fuzz_kind kind);

#endif
