/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies put together from Block1: what belongs together, what is too long, which body gives way to another.
 */
#include "endpoint_state.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

enum {
    BODY_LEN = 65536, /* what the reference peer takes at most, written apart from its own constant */
};

static const uint8_t text[1024] = {'t'};

/* Where a block comes from, and what for: resource, Request-Tag (0: none) and Sender ID. */
typedef struct source {
    const char *path;
    uint8_t tag;
    uint8_t kid;
} source;

static const source usual = {.path = "/large"};

/* block gives one block to an endpoint; the code io_upload_take answers, 0 when the body is whole. */
static uint8_t block(io_endpoint *endpoint, source from, uint32_t number, bool more, size_t len)
{
    uint8_t options[4];
    gosc_writer writer;
    io_options list = {.n = 0};
    io_upload *upload = NULL;
    const io_block value = {.present = true, .number = number, .more = more, .size_exponent = 6};
    gosc_writer_init(&writer, (gosc_buf){options, sizeof options});
    if (from.tag != 0) {
        io_options_add(&list, IO_OPTION_REQUEST_TAG, gosc_span_of(&from.tag, 1));
    }
    io_options_write(&list, &writer);
    const gosc_id kid = {.len = 1, .bytes = {from.kid}};
    const gosc_coap_pdu pdu = {.options = gosc_writer_span(&writer), .payload = gosc_span_of(text, len)};
    endpoint->now_ms++;
    uint8_t code = io_upload_take(endpoint, NULL, &kid, from.path, &pdu, &value, &upload);
    if (code == 0) {
        code = upload == NULL || upload->len != number * sizeof text + len ? 0xff : 0;
        io_upload_end(upload);
    }
    return code;
}

static void endpoint_end(io_endpoint *endpoint)
{
    for (size_t i = 0; i < IO_UPLOADS_MAX; i++) {
        io_upload_end(&endpoint->uploads[i]);
    }
    free(endpoint);
}

static io_endpoint *endpoint_new(void)
{
    io_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (endpoint == NULL) {
        printf("Bail out! no memory\n");
        exit(EXIT_FAILURE);
    }
    return endpoint;
}

static void test_length(void)
{
    io_endpoint *endpoint = endpoint_new();
    bool good = true;
    for (uint32_t i = 0; i < BODY_LEN / sizeof text - 1; i++) {
        good = good && block(endpoint, usual, i, true, sizeof text) == IO_CODE_CONTINUE;
    }
    tap_ok(good && block(endpoint, usual, BODY_LEN / sizeof text - 1, false, sizeof text) == 0,
           "RFC 7959 2.5 a body of 65,536 bytes is put together");
    for (uint32_t i = 0; i < BODY_LEN / sizeof text; i++) {
        good = good && block(endpoint, usual, i, true, sizeof text) == IO_CODE_CONTINUE;
    }
    tap_ok(good && block(endpoint, usual, BODY_LEN / sizeof text, false, 1) == IO_CODE_TOO_LARGE,
           "RFC 7959 2.9.3 one byte more is answered by 4.13");
    tap_ok(endpoint->uploads[0].body == NULL, "and what came of it is given up");
    tap_ok(block(endpoint, usual, 0, true, sizeof text - 1) == IO_CODE_BAD_REQUEST &&
               block(endpoint, usual, 0, true, sizeof text) == IO_CODE_CONTINUE,
           "RFC 7959 2.3 a block that is not the last is full");
    tap_ok(block(endpoint, usual, 2, true, sizeof text) == IO_CODE_INCOMPLETE &&
               block(endpoint, usual, 1, false, 0) == 0,
           "RFC 7959 2.9.2 a block that leaves a gap is answered by 4.08, the next one is taken");
    tap_ok(block(endpoint, usual, 0, true, sizeof text) == IO_CODE_CONTINUE &&
               block(endpoint, usual, 1, true, sizeof text) == IO_CODE_CONTINUE &&
               block(endpoint, usual, 1, false, 1) == IO_CODE_INCOMPLETE,
           "nothing is written over what was put together");
    endpoint_end(endpoint);
}

static void test_together(void)
{
    io_endpoint *endpoint = endpoint_new();
    const source others[] = {{.path = "/other"}, {.path = "/large", .tag = 1}, {.path = "/large", .kid = 1}};
    static const char *const names[] = {"E-3.3-01 a block of another resource goes on with no body",
                                        "E-3.3-01 nor does one with another Request-Tag",
                                        "E-3.3-01 nor does one of another sender"};
    bool good = block(endpoint, usual, 0, true, sizeof text) == IO_CODE_CONTINUE;
    for (size_t i = 0; i < 3; i++) {
        tap_ok(good && block(endpoint, others[i], 1, false, 1) == IO_CODE_INCOMPLETE, names[i]);
    }
    tap_ok(block(endpoint, usual, 1, false, 1) == 0, "E-3.3-01 the block that belongs to it does");
    endpoint_end(endpoint);
}

static void test_many(void)
{
    io_endpoint *endpoint = endpoint_new();
    bool good = true;
    for (uint8_t i = 0; i < IO_UPLOADS_MAX; i++) {
        good = good && block(endpoint, (source){.path = "/large", .kid = i}, 0, true, sizeof text) ==
                           IO_CODE_CONTINUE;
    }
    good = good && block(endpoint, usual, 1, true, sizeof text) == IO_CODE_CONTINUE;
    const source late = {.path = "/large", .kid = IO_UPLOADS_MAX};
    tap_ok(good && block(endpoint, late, 0, true, sizeof text) == IO_CODE_CONTINUE &&
               block(endpoint, usual, 2, false, 1) == 0,
           "bodies are bounded: the one touched last stays");
    tap_ok(block(endpoint, (source){.path = "/large", .kid = 1}, 1, false, 1) == IO_CODE_INCOMPLETE &&
               block(endpoint, (source){.path = "/large", .kid = 2}, 1, false, 1) == 0,
           "the one untouched for longest gave way");
    endpoint_end(endpoint);
}

int main(void)
{
    test_length();
    test_together();
    test_many();
    return tap_done();
}
