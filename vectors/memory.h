/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of the replayer: taken piece by piece, given back as a whole. Running out of it ends the program:
 * there is nothing a replayer could do about it.
 */
#ifndef VEC_MEMORY_H
#define VEC_MEMORY_H

#include "gosc.h"

typedef struct vec_arena {
    struct vec_block *blocks; /* newest first */
} vec_arena;

/* vec_alloc gives len zeroed bytes, aligned for any type; they live until vec_arena_free. */
__attribute__((returns_nonnull)) void *vec_alloc(vec_arena *arena, size_t len);

/* vec_arena_free gives everything back, overwritten; the arena is empty and can be used again. */
void vec_arena_free(vec_arena *arena);

/* vec_copy copies bytes; absent stays absent, empty stays present. */
gosc_span vec_copy(vec_arena *arena, gosc_span bytes);

/* vec_printf formats into memory of the arena. */
const char *vec_printf(vec_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* vec_hex_write gives lower-case hex, "null" for an absent span. */
const char *vec_hex_write(vec_arena *arena, gosc_span bytes);

/* vec_hex_parse reads lower-case hex; false when it is none, or longer than its text (text_len characters).
 */
bool vec_hex_parse(vec_arena *arena, const char *text, size_t text_len, gosc_span *bytes);

#endif
