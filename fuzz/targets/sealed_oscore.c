/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealed messages of plain OSCORE: any plaintext, authentic (see fuzz/sealed.h). */
#include "sealed.h"

void fuzz_target(fuzz_input *in)
{
    fuzz_sealed(in, FUZZ_OSCORE);
}
