/* SPDX-License-Identifier: BSD-2-Clause */
/* Option lists as applications use them: any order in, encoded order out; paths, integers, blocks. */
#ifndef IO_OPTIONS_H
#define IO_OPTIONS_H

#include "gosc.h"

enum {
    IO_OPTIONS_MAX = 64,
    IO_PATH_MAX = 512, /* characters of a path with the closing zero */

    IO_OPTION_IF_NONE_MATCH = 5,
    IO_OPTION_CONTENT_FORMAT = 12,
    IO_OPTION_ACCEPT = 17,
    IO_OPTION_BLOCK2 = 23,
    IO_OPTION_BLOCK1 = 27,
    IO_OPTION_SIZE2 = 28,
    IO_OPTION_REQUEST_TAG = 292,

    IO_CODE_PUT = 0x03,
    IO_CODE_DELETE = 0x04,
    IO_CODE_PATCH = 0x06,
    IO_CODE_IPATCH = 0x07,
    IO_CODE_DELETED = 0x42,             /* 2.02 */
    IO_CODE_CONTINUE = 0x5f,            /* 2.31 */
    IO_CODE_BAD_REQUEST = 0x80,         /* 4.00 */
    IO_CODE_BAD_OPTION = 0x82,          /* 4.02 */
    IO_CODE_NOT_FOUND = 0x84,           /* 4.04 */
    IO_CODE_METHOD_NOT_ALLOWED = 0x85,  /* 4.05 */
    IO_CODE_INCOMPLETE = 0x88,          /* 4.08 */
    IO_CODE_PRECONDITION_FAILED = 0x8c, /* 4.12 */
    IO_CODE_TOO_LARGE = 0x8d,           /* 4.13 */
    IO_CODE_INTERNAL = 0xa0,            /* 5.00 */
    IO_CODE_UNAVAILABLE = 0xa3,         /* 5.03 */
    IO_CODE_NO_PROXY = 0xa5,            /* 5.05 */

    IO_FORMAT_TEXT = 0,
    IO_FORMAT_LINKS = 40,
    IO_FORMAT_BYTES = 42,
};

/* Options in the order they were added; values are the caller's, integers are kept here. */
typedef struct io_options {
    gosc_coap_option items[IO_OPTIONS_MAX];
    size_t n;
    uint8_t integers[IO_OPTIONS_MAX][4];
    bool failed; /* too many, or a path that is none */
} io_options;

void io_options_add(io_options *list, uint16_t number, gosc_span value);
/* io_options_add_uint adds an integer in its shortest form (RFC 7252 section 3.2). */
void io_options_add_uint(io_options *list, uint16_t number, uint32_t value);
/* io_options_add_encoded adds the options of an encoded list, but for one number (0: all). */
void io_options_add_encoded(io_options *list, gosc_span encoded, uint16_t but);
/* io_options_write appends the list, in order of number and then of adding; failed: writer->failed. */
void io_options_write(const io_options *list, gosc_writer *writer);

/* io_option_uint reads an integer of up to 4 bytes; false: longer, or absent. */
bool io_option_uint(gosc_span value, uint32_t *number);

/* A Block1 or Block2 value (RFC 7959 section 2.2); size_exponent 0 to 6: 16 to 1024 bytes. */
typedef struct io_block {
    bool present;
    uint32_t number;
    bool more;
    uint8_t size_exponent;
} io_block;

/* io_block_find reads the option; false: it is there and wrong. */
bool io_block_find(gosc_span options, uint16_t number, io_block *block);
uint32_t io_block_value(const io_block *block);
static inline size_t io_block_size(const io_block *block)
{
    return (size_t)16 << block->size_exponent;
}

/* io_path_of_options writes the path as `/a/b`, bytes that need it as %XX; false: longer than IO_PATH_MAX. */
bool io_path_of_options(gosc_span options, char path[IO_PATH_MAX]);

/* io_path_segments writes the Uri-Path options of `/a/b` (NULL and "/": none) into room, encoded; they may be
 * added with io_options_add_encoded. False: no path, or no room. */
bool io_path_segments(const char *path, gosc_buf room, gosc_span *encoded);

#endif
