/*
 * Names and sentences of results. One string each instead of an array of pointers: a third of the size on a
 * small machine, and nothing to relocate. SPDX-License-Identifier: BSD-2-Clause
 */
#include "error.h"

#include <stdint.h>
#include <string.h>

#define NUMBER(name, number, text, sentence) (number),
#define NAME(name, number, text, sentence) text "\0"
#define SENTENCE(name, number, text, sentence) sentence "\0"

static const uint8_t numbers[] = {GOSC_ERRORS(NUMBER)};

/* texts holds one string for each entry of numbers, and one more for what is none of them. */
static const char *text_of(const char *texts, gosc_err err)
{
    for (size_t i = 0; i < sizeof numbers && numbers[i] != (unsigned)err; i++) {
        while (*texts != '\0') {
            texts++;
        }
        texts++;
    }
    return texts;
}

const char *gosc_err_name(gosc_err err)
{
    return text_of(GOSC_ERRORS(NAME) "unknown", err);
}

const char *gosc_strerror(gosc_err err)
{
    return text_of(GOSC_ERRORS(SENTENCE) "unknown error number", err);
}
