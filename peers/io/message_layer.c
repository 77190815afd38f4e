/* SPDX-License-Identifier: BSD-2-Clause */
#include "message_layer.h"

#include <string.h>

const io_layer_params io_layer_defaults = {
    .ack_timeout_ms = 2000,
    .ack_random_percent = 150,
    .max_retransmit = 4,
    .exchange_lifetime_ms = 247000,
    .non_lifetime_ms = 145000,
};

enum {
    HEADER_LEN = 4, /* of a CoAP message */
    INDEX_BITS = 10,
};

void io_layer_init(io_layer *layer, const io_layer_params *params, uint16_t first_message_id,
                   io_datagram_sink *sink, void *sink_arg)
{
    memset(layer, 0, sizeof *layer);
    layer->params = *params;
    layer->message_id = first_message_id;
    layer->sink = sink;
    layer->sink_arg = sink_arg;
}

/* handle_make gives a handle that finds its slot again, and nobody else in it later. */
static uint32_t handle_make(io_layer *layer, size_t index)
{
    layer->n_handles = (layer->n_handles + 1) & ((IO_OWNER_BIT >> INDEX_BITS) - 1);
    if (layer->n_handles == 0) {
        layer->n_handles = 1;
    }
    return layer->n_handles << INDEX_BITS | (uint32_t)index;
}

static io_layer_exchange *exchange_of(io_layer *layer, uint32_t handle)
{
    uint32_t index = handle & ((1U << INDEX_BITS) - 1);
    bool found = handle != 0 && index < IO_LAYER_EXCHANGES && layer->exchanges[index].handle == handle;
    return found ? &layer->exchanges[index] : NULL;
}

static io_layer_seen *request_of(io_layer *layer, uint32_t handle)
{
    uint32_t index = handle & ((1U << INDEX_BITS) - 1);
    bool found = handle != 0 && index < IO_LAYER_SEEN && layer->seen[index].state != IO_SEEN_FREE &&
                 layer->seen[index].handle == handle;
    return found ? &layer->seen[index] : NULL;
}

static void emit(const io_layer *layer, const io_path *path, const uint8_t *bytes, size_t len)
{
    layer->sink(layer->sink_arg, path, gosc_span_of(bytes, len));
}

/* emit_empty sends an acknowledgement or reset without content; none ever leaves for or from a group. */
static void emit_empty(const io_layer *layer, const io_path *path, uint8_t type, uint16_t message_id)
{
    const uint8_t bytes[HEADER_LEN] = {(uint8_t)(0x40 | type << 4), 0, (uint8_t)(message_id >> 8),
                                       (uint8_t)message_id};
    if (!io_address_is_multicast(&path->local) && !io_address_is_multicast(&path->peer)) {
        emit(layer, path, bytes, sizeof bytes);
    }
}

static void header_set(uint8_t *bytes, uint8_t type, uint16_t message_id)
{
    bytes[0] = (uint8_t)((bytes[0] & 0xcfU) | (unsigned)type << 4);
    bytes[2] = (uint8_t)(message_id >> 8);
    bytes[3] = (uint8_t)message_id;
}

/* ---- exchanges ---- */

static bool token_is(const io_layer_exchange *exchange, gosc_span token)
{
    return exchange->handle != 0 &&
           gosc_span_equal(gosc_span_of(exchange->token, exchange->token_len), token);
}

/* meets: whether two exchanges of one Token could be taken for each other. */
static bool meets(const io_layer_exchange *exchange, const io_address *peer)
{
    return exchange->multicast || io_address_is_multicast(peer) || io_address_equal(&exchange->peer, peer);
}

gosc_err io_layer_open(io_layer *layer, gosc_span token, const io_address *peer, uint32_t *exchange)
{
    io_layer_exchange *slot = NULL;
    for (size_t i = 0; i < IO_LAYER_EXCHANGES; i++) {
        io_layer_exchange *one = &layer->exchanges[i];
        if (token_is(one, token) && meets(one, peer)) {
            return GOSC_ERR_USAGE;
        }
        if (one->handle == 0 && slot == NULL) {
            slot = one;
        }
    }
    if (slot == NULL || token.len > sizeof slot->token) {
        return GOSC_ERR_ROOM;
    }
    *slot = (io_layer_exchange){
        .token_len = (uint8_t)token.len, .multicast = io_address_is_multicast(peer), .peer = *peer};
    memcpy(slot->token, token.ptr, token.len);
    slot->handle = handle_make(layer, (size_t)(slot - layer->exchanges));
    *exchange = slot->handle;
    return GOSC_OK;
}

uint32_t io_layer_find(const io_layer *layer, gosc_span token, const io_address *peer)
{
    for (size_t i = 0; i < IO_LAYER_EXCHANGES; i++) {
        const io_layer_exchange *one = &layer->exchanges[i];
        if (token_is(one, token) && io_address_equal(&one->peer, peer)) {
            return one->handle;
        }
    }
    return 0;
}

void io_layer_close(io_layer *layer, uint32_t exchange)
{
    io_layer_exchange *one = exchange_of(layer, exchange);
    if (one != NULL) {
        io_layer_cancel(layer, exchange);
        memset(one, 0, sizeof *one);
    }
}

/* ---- sending ---- */

static void unacked_end(io_layer *layer, io_layer_unacked *one)
{
    one->used = false;
    layer->n_unacked--;
}

void io_layer_cancel(io_layer *layer, uint32_t owner)
{
    for (size_t i = 0; i < IO_LAYER_UNACKED; i++) {
        if (layer->unacked[i].used && layer->unacked[i].owner == owner) {
            unacked_end(layer, &layer->unacked[i]);
        }
    }
}

static io_layer_unacked *unacked_room(io_layer *layer)
{
    for (size_t i = 0; i < IO_LAYER_UNACKED; i++) {
        if (!layer->unacked[i].used) {
            return &layer->unacked[i];
        }
    }
    return NULL;
}

static void sent_record(io_layer *layer, uint32_t owner, uint16_t message_id, const io_address *peer)
{
    layer->sent[layer->sent_next] = (io_layer_sent){owner, message_id, *peer};
    layer->sent_next = (layer->sent_next + 1) % IO_LAYER_SENT;
}

/* first_interval: ACK_TIMEOUT stretched by chance, up to ACK_RANDOM_FACTOR (RFC 7252 section 4.2). */
static uint64_t first_interval(const io_layer_params *params, uint32_t random)
{
    uint64_t most = (uint64_t)params->ack_timeout_ms * (params->ack_random_percent - 100) / 100;
    return params->ack_timeout_ms + (most * random >> 32);
}

/* send starts a message of our own: a request, a separate response, a notification. */
static gosc_err send(io_layer *layer, uint32_t owner, const io_path *path, bool confirmable,
                     gosc_buf datagram, uint32_t random, uint64_t now_ms)
{
    io_layer_unacked *slot = NULL;
    if (datagram.len < HEADER_LEN || (confirmable && io_address_is_multicast(&path->peer)) ||
        io_address_is_multicast(&path->local)) {
        return GOSC_ERR_USAGE;
    }
    if (confirmable) {
        slot = unacked_room(layer);
    }
    if (datagram.len > IO_DATAGRAM_MAX || (confirmable && slot == NULL)) {
        return GOSC_ERR_ROOM;
    }
    uint16_t message_id = layer->message_id++;
    header_set(datagram.ptr, confirmable ? GOSC_COAP_CON : GOSC_COAP_NON, message_id);
    if (slot != NULL) {
        slot->used = true;
        layer->n_unacked++;
        slot->message_id = message_id;
        slot->owner = owner;
        slot->path = *path;
        slot->n_sent = 1;
        slot->interval_ms = first_interval(&layer->params, random);
        slot->due_ms = now_ms + slot->interval_ms;
        slot->len = datagram.len;
        memcpy(layer->copies[slot - layer->unacked], datagram.ptr, datagram.len);
    }
    sent_record(layer, owner, message_id, &path->peer);
    emit(layer, path, datagram.ptr, datagram.len);
    return GOSC_OK;
}

gosc_err io_layer_request(io_layer *layer, uint32_t exchange, const io_path *path, bool confirmable,
                          gosc_buf datagram, uint32_t random, uint64_t now_ms)
{
    io_layer_exchange *one = exchange_of(layer, exchange);
    if (one == NULL) {
        return GOSC_ERR_USAGE;
    }
    uint16_t message_id = layer->message_id;
    gosc_err err = send(layer, exchange, path, confirmable, datagram, random, now_ms);
    if (err == GOSC_OK) {
        one->sent = true;
        one->message_id = message_id;
    }
    return err;
}

gosc_err io_layer_notify(io_layer *layer, uint32_t owner, const io_path *path, bool confirmable,
                         gosc_buf datagram, uint32_t random, uint64_t now_ms)
{
    return (owner & IO_OWNER_BIT) == 0 ? GOSC_ERR_USAGE
                                       : send(layer, owner, path, confirmable, datagram, random, now_ms);
}

/* ---- answering ---- */

static uint8_t *reply_of(io_layer *layer, const io_layer_seen *seen)
{
    return layer->replies[seen - layer->seen];
}

static void reply_keep(io_layer *layer, io_layer_seen *seen, const uint8_t *bytes, size_t len)
{
    memcpy(reply_of(layer, seen), bytes, len);
    seen->reply_len = len;
}

/* empty_reply answers with an acknowledgement or reset, and again for every duplicate. */
static void empty_reply(io_layer *layer, io_layer_seen *seen, uint8_t type)
{
    if (!seen->confirmable || seen->multicast || seen->reply_len > 0) {
        return;
    }
    const uint8_t bytes[HEADER_LEN] = {(uint8_t)(0x40 | type << 4), 0, (uint8_t)(seen->message_id >> 8),
                                       (uint8_t)seen->message_id};
    reply_keep(layer, seen, bytes, sizeof bytes);
    emit(layer, &seen->path, bytes, sizeof bytes);
}

gosc_err io_layer_respond(io_layer *layer, uint32_t request, const io_address *local, gosc_buf datagram,
                          uint32_t leisure_ms, uint32_t random, uint64_t now_ms)
{
    io_layer_seen *seen = request_of(layer, request);
    if (seen == NULL || datagram.len < HEADER_LEN ||
        (seen->state != IO_SEEN_PENDING && seen->state != IO_SEEN_POSTPONED) ||
        io_address_is_multicast(local)) {
        return GOSC_ERR_USAGE;
    }
    if (datagram.len > IO_DATAGRAM_MAX) {
        return GOSC_ERR_ROOM;
    }
    io_path path = {*local, seen->path.peer};
    if (seen->state == IO_SEEN_PENDING && seen->confirmable) {
        header_set(datagram.ptr, GOSC_COAP_ACK, seen->message_id);
        reply_keep(layer, seen, datagram.ptr, datagram.len);
        seen->state = IO_SEEN_DONE;
        emit(layer, &path, datagram.ptr, datagram.len);
        return GOSC_OK;
    }
    uint64_t wait_ms = seen->multicast ? (uint64_t)random * ((uint64_t)leisure_ms + 1) >> 32 : 0;
    if (wait_ms > 0) {
        /* NON and by multicast: duplicates get no reply, so its room is free. */
        header_set(datagram.ptr, GOSC_COAP_NON, layer->message_id++);
        reply_keep(layer, seen, datagram.ptr, datagram.len);
        seen->path = path;
        seen->state = IO_SEEN_WAITING;
        layer->n_waiting++;
        seen->due_ms = now_ms + wait_ms;
        return GOSC_OK;
    }
    gosc_err err = send(layer, IO_OWNER_BIT | request, &path, seen->confirmable, datagram, random, now_ms);
    if (err == GOSC_OK) {
        seen->state = IO_SEEN_DONE;
    }
    return err;
}

void io_layer_postpone(io_layer *layer, uint32_t request)
{
    io_layer_seen *seen = request_of(layer, request);
    if (seen != NULL && seen->state == IO_SEEN_PENDING) {
        empty_reply(layer, seen, GOSC_COAP_ACK);
        seen->state = IO_SEEN_POSTPONED;
    }
}

void io_layer_drop(io_layer *layer, uint32_t request)
{
    io_layer_seen *seen = request_of(layer, request);
    if (seen != NULL && (seen->state == IO_SEEN_PENDING || seen->state == IO_SEEN_POSTPONED)) {
        empty_reply(layer, seen, GOSC_COAP_ACK);
        seen->state = IO_SEEN_DONE;
    }
}

void io_layer_reject(io_layer *layer, uint32_t request)
{
    io_layer_seen *seen = request_of(layer, request);
    if (seen != NULL && seen->state == IO_SEEN_PENDING) {
        empty_reply(layer, seen, GOSC_COAP_RST);
        seen->state = IO_SEEN_DONE;
    }
}

/* ---- receiving ---- */

static uint64_t digest_of(gosc_span datagram)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325); /* FNV-1a; nothing secret hangs on it */
    for (size_t i = 0; i < datagram.len; i++) {
        digest = (digest ^ datagram.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

/* seen_find gives what is remembered of the very same message. */
static io_layer_seen *seen_find(io_layer *layer, const io_path *path, uint16_t message_id, gosc_span datagram,
                                uint64_t digest)
{
    for (size_t i = 0; i < IO_LAYER_SEEN; i++) {
        io_layer_seen *one = &layer->seen[i];
        if (one->state != IO_SEEN_FREE && one->message_id == message_id && one->digest == digest &&
            one->len == datagram.len && io_address_equal(&one->path.peer, &path->peer)) {
            return one;
        }
    }
    return NULL;
}

/* seen_room gives a free slot, else that of the oldest message that is over and done with. */
static io_layer_seen *seen_room(io_layer *layer, uint64_t now_ms)
{
    io_layer_seen *oldest = NULL;
    for (size_t i = 0; i < IO_LAYER_SEEN; i++) {
        io_layer_seen *one = &layer->seen[i];
        if (one->state == IO_SEEN_FREE || (one->state == IO_SEEN_DONE && one->until_ms <= now_ms)) {
            return one;
        }
        if (one->state == IO_SEEN_DONE && (oldest == NULL || one->until_ms < oldest->until_ms)) {
            oldest = one;
        }
    }
    return oldest;
}

/* remember takes a message into the table; NULL: it was there (its reply goes out again), or there is no
 * room. */
static io_layer_seen *remember(io_layer *layer, const io_path *path, const gosc_coap_pdu *pdu,
                               gosc_span datagram, uint64_t now_ms)
{
    uint64_t digest = digest_of(datagram);
    io_layer_seen *seen = seen_find(layer, path, pdu->message_id, datagram, digest);
    if (seen != NULL && seen->until_ms > now_ms) {
        if (seen->confirmable && seen->reply_len > 0) {
            emit(layer, &seen->path, reply_of(layer, seen), seen->reply_len);
        }
        return NULL;
    }
    seen = seen != NULL && seen->state == IO_SEEN_DONE ? seen : seen_room(layer, now_ms);
    if (seen == NULL) {
        return NULL;
    }
    const io_layer_params *params = &layer->params;
    seen->state = IO_SEEN_DONE;
    seen->handle = handle_make(layer, (size_t)(seen - layer->seen));
    seen->confirmable = pdu->type == GOSC_COAP_CON;
    seen->multicast = io_address_is_multicast(&path->local);
    seen->path = *path;
    seen->message_id = pdu->message_id;
    seen->len = datagram.len;
    seen->digest = digest;
    seen->until_ms = now_ms + (seen->confirmable ? params->exchange_lifetime_ms : params->non_lifetime_ms);
    seen->reply_len = 0;
    return seen;
}

static void request_in(io_layer *layer, const io_path *path, gosc_span datagram, uint64_t now_ms,
                       io_layer_news *news)
{
    news->multicast = io_address_is_multicast(&path->local);
    if (news->multicast && news->pdu.type != GOSC_COAP_NON) {
        news->kind = IO_LAYER_MALFORMED; /* RFC 7252 section 8.1; no reply whatever */
        return;
    }
    io_layer_seen *seen = remember(layer, path, &news->pdu, datagram, now_ms);
    if (seen != NULL) {
        seen->state = IO_SEEN_PENDING;
        news->kind = IO_LAYER_REQUEST;
        news->request = seen->handle;
    }
}

/* acknowledge ends retransmission of the message an ACK or RST names. */
static void acknowledge(io_layer *layer, const io_address *peer, uint16_t message_id)
{
    for (size_t i = 0; i < IO_LAYER_UNACKED; i++) {
        io_layer_unacked *one = &layer->unacked[i];
        if (one->used && one->message_id == message_id && io_address_equal(&one->path.peer, peer)) {
            unacked_end(layer, one);
        }
    }
}

static void reset_in(io_layer *layer, const io_address *peer, uint16_t message_id, io_layer_news *news)
{
    for (size_t i = 0; i < IO_LAYER_SENT; i++) {
        io_layer_sent *one = &layer->sent[i];
        if (one->owner != 0 && one->message_id == message_id && io_address_equal(&one->peer, peer)) {
            news->kind = IO_LAYER_RESET;
            news->owner = one->owner;
            one->owner = 0;
        }
    }
    acknowledge(layer, peer, message_id);
}

/* exchange_match finds the exchange a response belongs to; a piggybacked one also names the request's Message
 * ID. */
static io_layer_exchange *exchange_match(io_layer *layer, const io_address *peer, const gosc_coap_pdu *pdu)
{
    for (size_t i = 0; i < IO_LAYER_EXCHANGES; i++) {
        io_layer_exchange *one = &layer->exchanges[i];
        if (!token_is(one, pdu->token) || !(one->multicast || io_address_equal(&one->peer, peer))) {
            continue;
        }
        if (pdu->type != GOSC_COAP_ACK ||
            (one->sent && !one->multicast && one->message_id == pdu->message_id)) {
            return one;
        }
    }
    return NULL;
}

/* wants_reset: a response to nothing; of the Non-confirmable ones only notifications are worth a reset
 * (RFC 7641 section 3.6), late answers to a group request are not. */
static bool wants_reset(const gosc_coap_pdu *pdu)
{
    return pdu->type == GOSC_COAP_CON ||
           (pdu->type == GOSC_COAP_NON &&
            gosc_span_present(gosc_option_find(pdu->options, GOSC_OPTION_OBSERVE)));
}

static void response_in(io_layer *layer, const io_path *path, gosc_span datagram, uint64_t now_ms,
                        io_layer_news *news)
{
    const gosc_coap_pdu *pdu = &news->pdu;
    io_layer_exchange *exchange = exchange_match(layer, &path->peer, pdu);
    if (io_address_is_multicast(&path->local)) {
        news->kind = IO_LAYER_MALFORMED;
        return;
    }
    if (pdu->type == GOSC_COAP_ACK) {
        if (exchange != NULL) {
            acknowledge(layer, &path->peer, pdu->message_id);
        }
    } else {
        io_layer_seen *seen = remember(layer, path, pdu, datagram, now_ms);
        if (seen == NULL) {
            return;
        }
        if (exchange != NULL) {
            empty_reply(layer, seen, GOSC_COAP_ACK);
        } else if (wants_reset(pdu)) {
            seen->confirmable = true;
            empty_reply(layer, seen, GOSC_COAP_RST);
        }
    }
    news->kind = exchange != NULL ? IO_LAYER_RESPONSE : IO_LAYER_STRAY;
    news->owner = exchange != NULL ? exchange->handle : 0;
}

/* malformed_in: a Confirmable message that cannot be processed is rejected (RFC 7252 section 4.2). */
static void malformed_in(io_layer *layer, const io_path *path, gosc_span datagram, io_layer_news *news)
{
    news->kind = IO_LAYER_MALFORMED;
    if ((datagram.ptr[0] >> 4 & 3U) == GOSC_COAP_CON) {
        emit_empty(layer, path, GOSC_COAP_RST, (uint16_t)(datagram.ptr[2] << 8 | datagram.ptr[3]));
    }
}

void io_layer_receive(io_layer *layer, const io_path *path, gosc_span datagram, uint64_t now_ms,
                      io_layer_news *news)
{
    *news = (io_layer_news){.kind = IO_LAYER_NOTHING};
    if (datagram.len < HEADER_LEN || datagram.ptr[0] >> 6 != 1) {
        news->kind = IO_LAYER_MALFORMED; /* an unknown version is ignored in silence (RFC 7252 section 3) */
        return;
    }
    if (gosc_coap_pdu_parse(datagram, &news->pdu) != GOSC_OK) {
        malformed_in(layer, path, datagram, news);
        return;
    }
    const gosc_coap_pdu *pdu = &news->pdu;
    unsigned class = pdu->code >> 5;
    if (pdu->type == GOSC_COAP_RST) {
        if (pdu->code == GOSC_CODE_EMPTY) {
            reset_in(layer, &path->peer, pdu->message_id, news);
        }
    } else if (pdu->code == GOSC_CODE_EMPTY) {
        if (pdu->type == GOSC_COAP_ACK) {
            acknowledge(layer, &path->peer, pdu->message_id);
        } else if (pdu->type == GOSC_COAP_CON) {
            emit_empty(layer, path, GOSC_COAP_RST, pdu->message_id); /* "CoAP ping" */
        }
    } else if (class == 2 || class == 4 || class == 5) {
        response_in(layer, path, datagram, now_ms, news);
    } else if (class == 0 && pdu->type != GOSC_COAP_ACK) {
        request_in(layer, path, datagram, now_ms, news);
    } else {
        malformed_in(layer, path, datagram, news);
    }
}

/* ---- time ---- */

/* retransmit repeats a message, or gives it up; true: it was given up. */
static bool retransmit(io_layer *layer, io_layer_unacked *one, uint64_t now_ms, io_layer_news *news)
{
    if (one->n_sent > layer->params.max_retransmit) {
        unacked_end(layer, one);
        *news = (io_layer_news){.kind = IO_LAYER_TIMEOUT, .owner = one->owner};
        return true;
    }
    one->n_sent++;
    one->interval_ms *= 2;
    one->due_ms = now_ms + one->interval_ms;
    emit(layer, &one->path, layer->copies[one - layer->unacked], one->len);
    return false;
}

bool io_layer_tick(io_layer *layer, uint64_t now_ms, io_layer_news *news)
{
    for (size_t i = 0; layer->n_waiting > 0 && i < IO_LAYER_SEEN; i++) {
        io_layer_seen *one = &layer->seen[i];
        if (one->state == IO_SEEN_WAITING && one->due_ms <= now_ms) {
            one->state = IO_SEEN_DONE;
            layer->n_waiting--;
            emit(layer, &one->path, reply_of(layer, one), one->reply_len);
            one->reply_len = 0;
        }
    }
    for (size_t i = 0; layer->n_unacked > 0 && i < IO_LAYER_UNACKED; i++) {
        io_layer_unacked *one = &layer->unacked[i];
        if (one->used && one->due_ms <= now_ms && retransmit(layer, one, now_ms, news)) {
            return true;
        }
    }
    return false;
}

uint64_t io_layer_next_ms(const io_layer *layer)
{
    uint64_t next = IO_NEVER;
    for (size_t i = 0; layer->n_waiting > 0 && i < IO_LAYER_SEEN; i++) {
        const io_layer_seen *one = &layer->seen[i];
        if (one->state == IO_SEEN_WAITING && one->due_ms < next) {
            next = one->due_ms;
        }
    }
    for (size_t i = 0; layer->n_unacked > 0 && i < IO_LAYER_UNACKED; i++) {
        if (layer->unacked[i].used && layer->unacked[i].due_ms < next) {
            next = layer->unacked[i].due_ms;
        }
    }
    return next;
}
