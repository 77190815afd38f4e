/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in words: CoAP options and codes, COSE algorithms. */
#ifndef REP_NAMES_H
#define REP_NAMES_H

#include "gosc.h"

/* rep_option_name: "unknown" for a number that has no name here. */
const char *rep_option_name(uint16_t number);
/* rep_code_write writes a code as c.dd. */
void rep_code_write(uint8_t code, char text[8]);
/* rep_algorithm_name: "none" for 0, "unknown" for a number that has no name here. */
const char *rep_algorithm_name(int32_t alg);

#endif
