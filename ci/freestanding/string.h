/* SPDX-License-Identifier: BSD-2-Clause */
/* string.h for the footprint build: all that peers/lib may use of it, so that no C library is needed. */
#ifndef CI_FREESTANDING_STRING_H
#define CI_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
