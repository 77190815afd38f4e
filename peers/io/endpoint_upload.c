/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies that come in blocks (RFC 7959, RFC 9175 section 3). */
#include "endpoint_state.h"

#include <stdlib.h>
#include <string.h>

/* tag_of encodes the Request-Tag options; false: longer than what is kept. */
static bool tag_of(gosc_span options, gosc_buf room, size_t *len)
{
    gosc_writer writer;
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_writer_init(&writer, room);
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        if (option.number == IO_OPTION_REQUEST_TAG) {
            gosc_write_u8(&writer, (uint8_t)option.value.len);
            gosc_write_bytes(&writer, option.value);
        }
    }
    *len = gosc_writer_span(&writer).len;
    return !writer.failed;
}

void io_upload_end(io_upload *upload)
{
    free(upload->body);
    *upload = (io_upload){.body = NULL};
}

/* is_same: blocks belong together when client, resource and Request-Tag are the same (E-3.3-01). */
static bool is_same(const io_upload *a, const io_upload *b)
{
    return a->body != NULL && a->context == b->context &&
           gosc_span_equal(gosc_id_span(&a->kid), gosc_id_span(&b->kid)) &&
           strcmp(a->resource, b->resource) == 0 &&
           gosc_span_equal(gosc_span_of(a->tag, a->tag_len), gosc_span_of(b->tag, b->tag_len));
}

/* upload_find gives the body a block belongs to; a first block begins one, in place of the one untouched for
 * longest. */
static io_upload *upload_find(io_endpoint *endpoint, const io_upload *like, bool first)
{
    io_upload *least = &endpoint->uploads[0];
    for (size_t i = 0; i < IO_UPLOADS_MAX; i++) {
        io_upload *one = &endpoint->uploads[i];
        if (is_same(one, like)) {
            return one;
        }
        if (least->body != NULL && (one->body == NULL || one->touched_ms < least->touched_ms)) {
            least = one;
        }
    }
    if (!first) {
        return NULL;
    }
    uint8_t *body = least->body != NULL ? least->body : io_body_new();
    if (body == NULL) {
        return NULL;
    }
    *least = *like;
    least->body = body;
    return least;
}

uint8_t io_upload_take(io_endpoint *endpoint, const gosc_security_context *context, const gosc_id *kid,
                       const char *path, const gosc_coap_pdu *pdu, const io_block *block, io_upload **upload)
{
    io_upload like = {.context = context, .kid = *kid, .touched_ms = endpoint->now_ms};
    size_t size = io_block_size(block);
    size_t begin = block->number * size;
    bool whole = block->more ? pdu->payload.len == size : pdu->payload.len <= size;
    memcpy(like.resource, path, strlen(path) + 1);
    if (!whole || !tag_of(pdu->options, (gosc_buf){like.tag, sizeof like.tag}, &like.tag_len)) {
        return IO_CODE_BAD_REQUEST;
    }
    io_upload *one = upload_find(endpoint, &like, block->number == 0);
    if (one != NULL && block->number == 0) {
        one->len = 0;
    }
    if (one == NULL || one->len != begin) {
        return IO_CODE_INCOMPLETE;
    }
    if (begin + pdu->payload.len > IO_BODY_MAX) {
        io_upload_end(one);
        return IO_CODE_TOO_LARGE;
    }
    if (pdu->payload.len > 0) {
        memcpy(one->body + begin, pdu->payload.ptr, pdu->payload.len);
    }
    one->len = begin + pdu->payload.len;
    one->touched_ms = endpoint->now_ms;
    *upload = one;
    return block->more ? IO_CODE_CONTINUE : 0;
}
