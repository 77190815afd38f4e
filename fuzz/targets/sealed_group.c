/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealed messages of group mode of group-28: any plaintext, authentic (see fuzz/sealed.h). */
#include "sealed.h"

void fuzz_target(fuzz_input *in)
{
    fuzz_sealed(in, FUZZ_GROUP);
}
