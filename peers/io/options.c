/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <string.h>

void io_options_add(io_options *list, uint16_t number, gosc_span value)
{
    if (list->n == IO_OPTIONS_MAX) {
        list->failed = true;
        return;
    }
    list->items[list->n++] = (gosc_coap_option){number, gosc_span_present(value) ? value : GOSC_EMPTY};
}

void io_options_add_uint(io_options *list, uint16_t number, uint32_t value)
{
    if (list->n == IO_OPTIONS_MAX) {
        list->failed = true;
        return;
    }
    uint8_t *bytes = list->integers[list->n];
    size_t len = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (len > 0 || value >> shift != 0) {
            bytes[len++] = (uint8_t)(value >> shift);
        }
    }
    io_options_add(list, number, gosc_span_of(bytes, len));
}

void io_options_add_encoded(io_options *list, gosc_span encoded, uint16_t but)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, encoded);
    while (gosc_option_next(&iter, &option)) {
        if (but == 0 || option.number != but) {
            io_options_add(list, option.number, option.value);
        }
    }
}

void io_options_write(const io_options *list, gosc_writer *writer)
{
    uint16_t previous = 0;
    if (list->failed) {
        writer->failed = true;
        return;
    }
    for (uint32_t least = 0; least <= UINT16_MAX;) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < list->n; i++) {
            uint32_t number = list->items[i].number;
            if (number == least) {
                gosc_option_write(writer, &previous, list->items[i].number, list->items[i].value);
            } else if (number > least && number < next) {
                next = number;
            }
        }
        if (next == UINT32_MAX) {
            return;
        }
        least = next;
    }
}

bool io_option_uint(gosc_span value, uint32_t *number)
{
    *number = 0;
    if (!gosc_span_present(value) || value.len > 4) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        *number = *number << 8 | value.ptr[i];
    }
    return true;
}

bool io_block_find(gosc_span options, uint16_t number, io_block *block)
{
    uint32_t value = 0;
    gosc_span bytes = gosc_option_find(options, number);
    *block = (io_block){.present = gosc_span_present(bytes)};
    if (!block->present) {
        return true;
    }
    if (bytes.len > 3 || !io_option_uint(bytes, &value) || (value & 7U) == 7) {
        return false;
    }
    block->number = value >> 4;
    block->more = (value & 8U) != 0;
    block->size_exponent = (uint8_t)(value & 7U);
    return true;
}

uint32_t io_block_value(const io_block *block)
{
    return block->number << 4 | (block->more ? 8U : 0U) | block->size_exponent;
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte != 0 && strchr("-._~!$&'()*+,;=:@", byte) != NULL);
}

bool io_path_of_options(gosc_span options, char path[IO_PATH_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    path[0] = '/';
    path[1] = '\0';
    while (gosc_option_next(&iter, &option)) {
        if (option.number != GOSC_OPTION_URI_PATH) {
            continue;
        }
        if (n + 2 + 3 * option.value.len > IO_PATH_MAX) {
            return false;
        }
        path[n++] = '/';
        for (size_t i = 0; i < option.value.len; i++) {
            uint8_t byte = option.value.ptr[i];
            if (is_plain(byte)) {
                path[n++] = (char)byte;
                continue;
            }
            path[n++] = '%';
            path[n++] = digits[byte >> 4];
            path[n++] = digits[byte & 15];
        }
        path[n] = '\0';
    }
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* segment_read decodes one segment up to the next slash; false: a bad %XX, or too long. */
static bool segment_read(const char **text, uint8_t *room, size_t room_len, size_t *len)
{
    const char *next = *text;
    for (*len = 0; *next != '\0' && *next != '/'; (*len)++) {
        if (*len == room_len) {
            return false;
        }
        if (*next != '%') {
            room[*len] = (uint8_t)*next++;
            continue;
        }
        int high = digit_value(next[1]);
        int low = high < 0 ? -1 : digit_value(next[2]);
        if (low < 0) {
            return false;
        }
        room[*len] = (uint8_t)(high << 4 | low);
        next += 3;
    }
    *text = next;
    return true;
}

bool io_path_segments(const char *path, gosc_buf room, gosc_span *encoded)
{
    gosc_writer writer;
    uint16_t previous = 0;
    gosc_writer_init(&writer, room);
    *encoded = gosc_writer_span(&writer);
    if (path == NULL || strcmp(path, "/") == 0) {
        return true;
    }
    while (*path == '/') {
        uint8_t segment[255];
        size_t len = 0;
        path++;
        if (!segment_read(&path, segment, sizeof segment, &len)) {
            return false;
        }
        gosc_option_write(&writer, &previous, GOSC_OPTION_URI_PATH, gosc_span_of(segment, len));
    }
    *encoded = gosc_writer_span(&writer);
    return *path == '\0' && !writer.failed;
}
