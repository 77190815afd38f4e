/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that came from peers or the network, made fit for a document. Whatever is in it, the result is valid
 * UTF-8 without control characters, without characters that XML forbids and without those that turn the
 * direction of writing; U+FFFD stands for what had to go. NULL is nothing.
 */
#ifndef REP_TEXT_H
#define REP_TEXT_H

#include <stdio.h>

#include "read.h"

/* rep_escape writes text for HTML and XML, in content and between double quotes. */
void rep_escape(FILE *file, const char *text);

/* rep_line writes text as one line for terminals and TAP. */
void rep_line(FILE *file, const char *text);

/* rep_clean gives valid UTF-8 without control characters, for JSON. */
const char *rep_clean(vec_arena *arena, const char *text);

/* rep_payload gives the characters of a payload in hex when all of them can be read; NULL: they cannot. */
const char *rep_payload(vec_arena *arena, const char *hex);

#endif
