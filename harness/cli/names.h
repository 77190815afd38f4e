/*
 * Numbers in words: CoAP options and codes, COSE algorithms. SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include "gosc.h"

/* cli_option_name: "unknown" for a number that has no name here. */
const char *cli_option_name(uint16_t number);
/* cli_code_write writes a code as c.dd. */
void cli_code_write(uint8_t code, char text[8]);
/* cli_algorithm_name: "none" for 0, "unknown" for a number that has no name here. */
const char *cli_algorithm_name(int32_t alg);

#endif
