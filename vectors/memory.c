/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_LEN = 16384, /* bytes; a larger piece gets a block of its own */
    ALIGNMENT = 16,
};

struct vec_block {
    struct vec_block *older;
    size_t len;  /* bytes of room */
    size_t used; /* bytes */
    _Alignas(ALIGNMENT) uint8_t bytes[];
};

static struct vec_block *block_add(vec_arena *arena, size_t len)
{
    size_t room = len > BLOCK_LEN ? len : BLOCK_LEN;
    struct vec_block *block = calloc(1, sizeof *block + room);
    if (block == NULL) {
        fprintf(stderr, "muster: out of memory\n");
        exit(2);
    }
    block->len = room;
    block->older = arena->blocks;
    arena->blocks = block;
    return block;
}

void *vec_alloc(vec_arena *arena, size_t len)
{
    size_t rounded = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct vec_block *block = arena->blocks;
    if (rounded == 0) {
        rounded = ALIGNMENT;
    }
    if (block == NULL || block->len - block->used < rounded) {
        block = block_add(arena, rounded);
    }
    void *piece = block->bytes + block->used;
    block->used += rounded;
    return piece;
}

void vec_arena_free(vec_arena *arena)
{
    while (arena->blocks != NULL) {
        struct vec_block *block = arena->blocks;
        arena->blocks = block->older;
        gosc_crypto_wipe(block->bytes, block->used);
        free(block);
    }
}

gosc_span vec_copy(vec_arena *arena, gosc_span bytes)
{
    if (!gosc_span_present(bytes)) {
        return GOSC_ABSENT;
    }
    uint8_t *copy = vec_alloc(arena, bytes.len);
    memcpy(copy, bytes.ptr, bytes.len);
    return gosc_span_of(copy, bytes.len);
}

const char *vec_printf(vec_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = vec_alloc(arena, (size_t)(len < 0 ? 0 : len) + 1);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)(len < 0 ? 0 : len) + 1, format, args);
    va_end(args);
    return text;
}

const char *vec_hex_write(vec_arena *arena, gosc_span bytes)
{
    static const char digits[] = "0123456789abcdef";
    if (!gosc_span_present(bytes)) {
        return "null";
    }
    char *text = vec_alloc(arena, 2 * bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    return text;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool vec_hex_parse(vec_arena *arena, const char *text, size_t text_len, gosc_span *bytes)
{
    if (text_len % 2 != 0) {
        return false;
    }
    uint8_t *room = vec_alloc(arena, text_len / 2);
    for (size_t i = 0; i < text_len / 2; i++) {
        int high = digit_value(text[2 * i]);
        int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        room[i] = (uint8_t)(high << 4 | low);
    }
    *bytes = gosc_span_of(room, text_len / 2);
    return true;
}
