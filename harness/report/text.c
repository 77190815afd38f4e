/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/*
 * character_len gives how many bytes the next character has.
 *
 * Out       good  it may stand in a document; else the bytes are to be replaced
 */
static size_t character_len(const char *text, bool *good)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t len = c[0] < 0x80 ? 1 : c[0] >= 0xc2 && c[0] < 0xe0 ? 2 : c[0] >= 0xe0 && c[0] < 0xf0 ? 3 : 4;
    uint32_t point = c[0];
    *good = false;
    if (len > 1) {
        if (c[0] < 0xc2 || c[0] > 0xf4) {
            return 1;
        }
        point = c[0] & (0x7fU >> len);
        for (size_t i = 1; i < len; i++) {
            if ((c[i] & 0xc0) != 0x80) {
                return i;
            }
            point = point << 6 | (c[i] & 0x3fU);
        }
        if ((len == 3 && point < 0x800) || (len == 4 && (point < 0x10000 || point > 0x10ffff)) ||
            (point >= 0xd800 && point < 0xe000)) {
            return len;
        }
    }
    bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    bool forbidden = (point & 0xfffe) == 0xfffe || (point >= 0xfdd0 && point <= 0xfdef);
    bool turns = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
                 point == 0x2028 || point == 0x2029;
    *good = !control && !forbidden && !turns;
    return len;
}

void rep_escape(FILE *file, const char *text)
{
    while (text != NULL && *text != '\0') {
        bool good;
        size_t len = character_len(text, &good);
        const char *as = NULL;
        switch (*text) {
        case '<':
            as = "&lt;";
            break;
        case '>':
            as = "&gt;";
            break;
        case '&':
            as = "&amp;";
            break;
        case '"':
            as = "&quot;";
            break;
        case '\'':
            as = "&#39;";
            break;
        case '\n':
        case '\t':
            as = " ";
            break;
        default:
            as = good ? NULL : REPLACEMENT;
            break;
        }
        if (as != NULL) {
            (void)fputs(as, file);
        } else {
            (void)fwrite(text, 1, len, file);
        }
        text += len;
    }
}

void rep_line(FILE *file, const char *text)
{
    while (text != NULL && *text != '\0') {
        bool good;
        size_t len = character_len(text, &good);
        if (good) {
            (void)fwrite(text, 1, len, file);
        } else {
            (void)fputc(*text == '\n' || *text == '\t' ? ' ' : '?', file);
        }
        text += len;
    }
}

const char *rep_clean(vec_arena *arena, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    char *clean = vec_alloc(arena, 3 * strlen(text) + 1);
    char *next = clean;
    while (*text != '\0') {
        bool good;
        size_t len = character_len(text, &good);
        const char *from = good ? text : REPLACEMENT;
        size_t n = good ? len : strlen(REPLACEMENT);
        memcpy(next, from, n);
        next += n;
        text += len;
    }
    *next = '\0';
    return clean;
}

const char *rep_payload(vec_arena *arena, const char *hex)
{
    gosc_span bytes;
    if (hex == NULL || !vec_hex_parse(arena, hex, strlen(hex), &bytes) || bytes.len == 0) {
        return NULL;
    }
    char *text = vec_alloc(arena, bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] < 0x20 || bytes.ptr[i] > 0x7e) {
            return NULL;
        }
        text[i] = (char)bytes.ptr[i];
    }
    return text;
}
