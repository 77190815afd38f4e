/* SPDX-License-Identifier: BSD-2-Clause */
/* Protected messages that a proxy cut into outer blocks (RFC 8613 section 4.1.3.4.2): they are put together before any
 * step of OSCORE (O-8.2.1-01, O-8.4.1-01). */
#include "endpoint_state.h"

#include <stdlib.h>
#include <string.h>

void io_outer_end(io_outer *outer)
{
    free(outer->body);
    *outer = (io_outer){.body = NULL};
}

/* begin makes room for a message of which this is the first block; false: no memory. */
static bool begin(io_outer *outer, const io_address *peer, gosc_span option)
{
    uint8_t *body = outer->body != NULL ? outer->body : malloc(IO_OUTER_MAX);
    *outer = (io_outer){.body = body, .peer = *peer, .option_len = option.len};
    if (option.len > 0) {
        memcpy(outer->option, option.ptr, option.len);
    }
    return body != NULL;
}

/* add appends a block; NULL, or why it is none of this message. */
static const char *add(io_outer *outer, const gosc_coap_pdu *pdu, const io_block *block)
{
    size_t size = io_block_size(block);
    bool whole = block->more ? pdu->payload.len == size : pdu->payload.len <= size;
    if (!whole || block->number * size != outer->len) {
        return "block-mismatch";
    }
    if (pdu->payload.len > IO_OUTER_MAX - outer->len) {
        io_outer_end(outer);
        return "too-large"; /* MAX_UNFRAGMENTED_SIZE (O-4.1.3.4.2-02) */
    }
    if (pdu->payload.len > 0) {
        memcpy(outer->body + outer->len, pdu->payload.ptr, pdu->payload.len);
    }
    outer->len += pdu->payload.len;
    return NULL;
}

/* put_together replaces what came in by the whole message, without the Block option; the bytes are the caller's to free.
 * NULL: it cannot be. */
static uint8_t *put_together(const io_outer *outer, uint16_t but, io_incoming *in)
{
    size_t room = in->datagram.len + outer->len + 8;
    uint8_t *bytes = malloc(room);
    io_options options = {.n = 0};
    gosc_writer writer;
    if (bytes == NULL) {
        return NULL;
    }
    io_options_add_encoded(&options, in->news.pdu.options, but);
    gosc_writer_init(&writer, (gosc_buf){bytes, room});
    gosc_coap_header_write(&writer, &in->news.pdu);
    io_options_write(&options, &writer);
    gosc_coap_payload_write(&writer, gosc_span_of(outer->body, outer->len));
    in->datagram = gosc_writer_span(&writer);
    if (options.failed || writer.failed || gosc_coap_pdu_parse(in->datagram, &in->news.pdu) != GOSC_OK) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* ---- requests ---- */

/* outer_find gives the message a block belongs to: of the same client, under the same option; else the one untouched for
 * longest, should this be a first block. */
static io_outer *outer_find(io_endpoint *endpoint, const io_address *peer, gosc_span option, bool first)
{
    io_outer *least = &endpoint->outers[0];
    for (size_t i = 0; i < IO_OUTERS_MAX; i++) {
        io_outer *one = &endpoint->outers[i];
        if (one->body != NULL && io_address_equal(&one->peer, peer) &&
            gosc_span_equal(gosc_span_of(one->option, one->option_len), option)) {
            least = one;
            first = true;
            break;
        }
        if (least->body != NULL && (one->body == NULL || one->touched_ms < least->touched_ms)) {
            least = one;
        }
    }
    return first ? least : NULL;
}

/* ask_on acknowledges a block, unprotected as it came. */
static void ask_on(io_endpoint *endpoint, const io_incoming *in, const io_block *block)
{
    io_options options = {.n = 0};
    io_options_add_uint(&options, IO_OPTION_BLOCK1, io_block_value(block));
    gosc_span plain =
        io_response_write(endpoint, in->news.pdu.token, IO_CODE_CONTINUE, &options, GOSC_ABSENT);
    if (gosc_span_present(plain)) {
        memcpy(endpoint->wire, plain.ptr, plain.len);
    }
    io_response_send(endpoint, NULL, &in->path, in->news.request, plain.len);
}

void io_outer_request(io_endpoint *endpoint, io_incoming *in)
{
    io_block block;
    const gosc_coap_pdu *pdu = &in->news.pdu;
    gosc_span option = gosc_option_find(pdu->options, GOSC_OPTION_OSCORE);
    bool good = io_block_find(pdu->options, IO_OPTION_BLOCK1, &block);
    if ((good && !block.present) || in->news.multicast || !gosc_span_present(option)) {
        io_server_receive(endpoint, in);
        return;
    }
    bool first = good && block.number == 0;
    io_outer *outer = good && option.len <= GOSC_OPTION_VALUE_MAX
                          ? outer_find(endpoint, &in->path.peer, option, first)
                          : NULL;
    const char *why = outer == NULL || (first && !begin(outer, &in->path.peer, option))
                          ? "block-mismatch"
                          : add(outer, pdu, &block);
    if (why != NULL) {
        io_rejected(endpoint, in, NULL, NULL, why);
        io_layer_drop(&endpoint->layer, in->news.request);
        return;
    }
    outer->touched_ms = endpoint->now_ms;
    if (block.more) {
        ask_on(endpoint, in, &block);
        return;
    }
    uint8_t *bytes = put_together(outer, IO_OPTION_BLOCK1, in);
    io_outer_end(outer);
    if (bytes == NULL) {
        io_layer_drop(&endpoint->layer, in->news.request);
        return;
    }
    io_server_receive(endpoint, in);
    free(bytes);
}

/* ---- responses ---- */

/* leg_of: the unicast request a response in blocks belongs to; NULL: there is none. */
static io_leg *leg_of(io_endpoint *endpoint, uint32_t owner)
{
    for (size_t i = 0; endpoint->n_legs > 0 && i < IO_LEGS_MAX; i++) {
        io_leg *leg = &endpoint->legs[i];
        if (leg->used && leg->handle == owner) {
            return leg->multicast || leg->sent == NULL ? NULL : leg;
        }
    }
    return NULL;
}

/* ask_next asks for another outer block: the request as it was sent, without its payload (RFC 7959 section 3.3). */
static void ask_next(io_endpoint *endpoint, io_leg *leg, const io_block *block)
{
    gosc_coap_pdu pdu;
    io_options options = {.n = 0};
    gosc_writer writer;
    const io_block next = {
        .present = true, .number = block->number + 1, .size_exponent = block->size_exponent};
    if (gosc_coap_pdu_parse(gosc_span_of(leg->sent, leg->sent_len), &pdu) != GOSC_OK) {
        return;
    }
    io_options_add_encoded(&options, pdu.options, 0);
    io_options_add_uint(&options, IO_OPTION_BLOCK2, io_block_value(&next));
    gosc_writer_init(&writer, (gosc_buf){endpoint->wire, sizeof endpoint->wire});
    gosc_coap_header_write(&writer, &pdu);
    io_options_write(&options, &writer);
    if (writer.failed ||
        io_layer_request(&endpoint->layer, leg->handle, &leg->path, leg->confirmable,
                         (gosc_buf){endpoint->wire, gosc_writer_span(&writer).len},
                         io_random_u32(endpoint->params.random), endpoint->now_ms) != GOSC_OK) {
        io_outer_end(&leg->outer);
    }
}

void io_outer_response(io_endpoint *endpoint, io_incoming *in)
{
    io_block block;
    const gosc_coap_pdu *pdu = &in->news.pdu;
    gosc_span option = gosc_option_find(pdu->options, GOSC_OPTION_OSCORE);
    bool good = io_block_find(pdu->options, IO_OPTION_BLOCK2, &block);
    io_leg *leg = leg_of(endpoint, in->news.owner);
    if ((good && !block.present) || leg == NULL || !gosc_span_present(option)) {
        io_client_receive(endpoint, in);
        return;
    }
    bool first = good && block.number == 0;
    bool same =
        good && (first || gosc_span_equal(gosc_span_of(leg->outer.option, leg->outer.option_len), option));
    bool ready = same && option.len <= GOSC_OPTION_VALUE_MAX &&
                 (first ? begin(&leg->outer, &in->path.peer, option) : leg->outer.body != NULL);
    const char *why = ready ? add(&leg->outer, pdu, &block) : "block-mismatch";
    if (why != NULL) {
        io_rejected(endpoint, in, NULL, leg->ask, why);
        return;
    }
    if (block.more) {
        ask_next(endpoint, leg, &block);
        return;
    }
    uint8_t *bytes = put_together(&leg->outer, IO_OPTION_BLOCK2, in);
    io_outer_end(&leg->outer);
    if (bytes != NULL) {
        io_client_receive(endpoint, in);
    }
    free(bytes);
}
