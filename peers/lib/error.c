/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of results. One string instead of an array of pointers: half the size on a small machine, and nothing
 * to relocate.
 */
#include "error.h"

#include <stddef.h>
#include <stdint.h>

#define NUMBER(name, number, text, sentence) (number),
#define NAME(name, number, text, sentence) text "\0"

static const uint8_t numbers[] = {GOSC_ERRORS(NUMBER)};

const char *gosc_err_name(gosc_err err)
{
    /* One for each number, and one more for what is none of them. */
    const char *name = GOSC_ERRORS(NAME) "unknown";
    for (size_t i = 0; i < sizeof numbers && numbers[i] != (unsigned)err; i++) {
        while (*name++ != '\0') {
        }
    }
    return name;
}
