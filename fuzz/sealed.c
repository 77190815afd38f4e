/* SPDX-License-Identifier: BSD-2-Clause */
#include "sealed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "seal.h"

enum {
    NOW_MS = 5000,
    FRESH_MS = 100,
    GAP = 16, /* of gosc_sync_gap */
    /* Settings, one bit each. */
    SET_RESPONSE = 0x01,
    SET_OTHER = 0x02,       /* from the member without a Recipient Context: group mode, and SET_RARELY */
    SET_KID = 0x04,         /* where it may be left out */
    SET_KID_CONTEXT = 0x08, /* the same */
    SET_OWN_PIV = 0x10,     /* response: not the nonce of the request */
    SET_OBSERVE = 0x20,     /* response: the request had Observe 0 */
    SET_TAMPER = 0x40,      /* a tampered copy comes first */
    SET_AGAIN = 0x80,       /* the same comes again */
    SET_ECHO = 0x01,        /* of the second byte: the window is invalid */
    SET_ECHO_SENT = 0x02,   /* a challenge is outstanding */
    SET_ECHO_LATE = 0x04,
    SET_FULL_TABLE = 0x08, /* one slot, and it is taken */
    SET_RARELY = 0x30,     /* both bits: what costs much time, the credential of a new member */
    SET_SYNC_SHIFT = 6,    /* two bits: none, or one of three methods of gosc_sync */
};

static const uint8_t echo_value[] = {0xec, 0x40, 0x01};

/* A case: what the settings made of it. */
typedef struct sealed_case {
    fuzz_kind kind;
    uint8_t set, set_more;
    fuzz_lane *lane;
    size_t from, to; /* ends */
    fuzz_sealing sealing;
    uint8_t piv[GOSC_PARTIAL_IV_MAX];
    uint8_t request_piv[GOSC_PARTIAL_IV_MAX];
    gosc_exchange exchange;
    gosc_response_number numbers[2];
    gosc_span datagram;
    gosc_received received;
} sealed_case;

static bool is_response(const sealed_case *c)
{
    return (c->set & SET_RESPONSE) != 0;
}

/* A Partial IV of 1 to 5 bytes, leading zeros allowed. */
static gosc_span take_piv(fuzz_input *in, uint8_t *room, gosc_partial_iv *number)
{
    size_t len = fuzz_u8(in) % GOSC_PARTIAL_IV_MAX + 1;
    number->number = fuzz_number(in, len);
    for (size_t i = 0; i < len; i++) {
        room[i] = (uint8_t)(number->number >> (8 * (len - 1 - i)));
    }
    return gosc_span_of(room, len);
}

static void take_outer(fuzz_input *in, fuzz_sealing *s)
{
    static const uint16_t numbers[][FUZZ_OUTER_MAX] = {
        {3, 7, 35}, {6, 16, 252}, {1, 11, 21}, {3, 3, 39}, {8, 14, 2049}};
    static const uint8_t codes[] = {0x02, 0x05, 0x44, 0x45, 0x01, 0x1f, 0x84, 0xa0};
    s->outer.type = fuzz_u8(in) & 3;
    s->outer.code = codes[fuzz_u8(in) % (sizeof codes)];
    /* Classes 0 and 2, 4, 5 only: anything else never gets as far as authentication. */
    if (s->is_request) {
        s->outer.code &= 0x1f;
        s->outer.code |= s->outer.code == 0;
    } else if (s->outer.code < 0x40) {
        s->outer.code |= 0x40;
    }
    s->outer.message_id = (uint16_t)fuzz_number(in, 2);
    s->outer.token = fuzz_bytes(in, fuzz_u8(in) % (GOSC_COAP_TOKEN_MAX + 1));
    s->n_outer = fuzz_u8(in) % (FUZZ_OUTER_MAX + 1);
    const uint16_t *row = numbers[fuzz_u8(in) % 5];
    for (size_t i = 0; i < s->n_outer; i++) {
        s->outer_options[i] = (fuzz_outer_option){row[i], fuzz_bytes(in, fuzz_u8(in) & 15)};
    }
}

/* The request side of a response: what the client remembers. */
static void make_exchange(sealed_case *c, fuzz_input *in)
{
    fuzz_sealing *s = &c->sealing;
    s->request_kid = fuzz_lane_id(c->lane, c->to);
    s->request_piv = take_piv(in, c->request_piv, &s->request_piv_number);
    fuzz_exchange_open(c->lane, s->group_mode, (c->set & SET_OBSERVE) != 0, s->outer.token, s->request_piv,
                       c->numbers, &c->exchange);
}

static void make_option(sealed_case *c, fuzz_input *in)
{
    fuzz_sealing *s = &c->sealing;
    bool in_group = c->kind != FUZZ_OSCORE;
    gosc_span gid = c->lane->ends->end[c->from].context.common.id_context;
    if (!is_response(c) || (c->set & SET_OWN_PIV) != 0) {
        s->option.partial_iv_bytes = take_piv(in, c->piv, &s->option.partial_iv);
    }
    if (!is_response(c) || s->group_mode || (c->set & SET_KID) != 0) {
        s->option.kid = fuzz_lane_id(c->lane, c->from);
    }
    if ((in_group && !is_response(c)) || (c->set & SET_KID_CONTEXT) != 0) {
        s->option.kid_context = gid;
    }
    if (!is_response(c)) {
        s->request_kid = s->option.kid;
        s->request_piv = s->option.partial_iv_bytes;
        s->request_piv_number = s->option.partial_iv;
    }
}

static gosc_sync_method *sync_of(const sealed_case *c)
{
    static gosc_sync_method *const methods[] = {NULL, gosc_sync_best_effort, gosc_sync_baseline,
                                                gosc_sync_gap};
    return methods[c->set_more >> SET_SYNC_SHIFT];
}

static void make_server_state(sealed_case *c)
{
    fuzz_end *to = &c->lane->ends->end[c->to];
    gosc_recipient_context *client = &to->recipients[0];
    to->context.sync = sync_of(c);
    to->context.sync_gap = GAP;
    if (sync_of(c) == gosc_sync_gap) {
        gosc_replay_window_commit(&client->window, (gosc_partial_iv){0});
    }
    if ((c->set_more & SET_FULL_TABLE) != 0) {
        to->context.n_recipients = 1;
    }
    if ((c->set_more & SET_ECHO) != 0) {
        to->context.new_windows_invalid = true;
        client->window.valid = false;
    }
    if ((c->set_more & SET_ECHO_SENT) != 0) {
        to->context.freshness_ms = FRESH_MS;
        memcpy(client->echo.value, echo_value, sizeof echo_value);
        client->echo.len = sizeof echo_value;
        client->echo.sent_ms = NOW_MS - FRESH_MS + ((c->set_more & SET_ECHO_LATE) == 0);
    }
}

static void make_case(sealed_case *c, fuzz_input *in, fuzz_kind kind)
{
    fuzz_sealing *s = &c->sealing;
    memset(c, 0, sizeof *c);
    c->kind = kind;
    c->lane = fuzz_lane_open(kind, fuzz_u8(in));
    c->set = fuzz_u8(in);
    c->set_more = fuzz_u8(in);
    s->is_request = !is_response(c);
    s->group_mode = kind == FUZZ_GROUP || kind == FUZZ_GROUP_02;
    c->from = is_response(c) ? FUZZ_SERVER : FUZZ_CLIENT;
    c->to = is_response(c) ? FUZZ_CLIENT : FUZZ_SERVER;
    if (s->group_mode && (c->set & SET_OTHER) != 0 && (c->set_more & SET_RARELY) == SET_RARELY) {
        c->from = FUZZ_OTHER;
    }
    take_outer(in, s);
    gosc_exchange_init(&c->exchange, NULL, 0);
    if (is_response(c)) {
        make_exchange(c, in);
    } else {
        make_server_state(c);
    }
    make_option(c, in);
}

static gosc_err open_datagram(sealed_case *c, gosc_span datagram, gosc_span *message)
{
    gosc_security_context *contexts[] = {&c->lane->ends->end[c->to].context};
    const gosc_context_store store = {contexts, 1};
    gosc_buf out = fuzz_room(datagram.len + 16);
    gosc_buf scratch = fuzz_room(gosc_scratch_len(datagram.len, FUZZ_CREDENTIAL_MAX));
    c->received = (gosc_received){.message = GOSC_ABSENT};
    gosc_err err =
        is_response(c)
            ? gosc_unprotect_response(&store, &c->exchange, datagram, scratch, &c->received, out)
            : gosc_unprotect_request(&store, datagram, NOW_MS, scratch, &c->exchange, &c->received, out);
    *message = c->received.message;
    return err;
}

/* A copy with a changed byte in the ciphertext, tag or signature is refused, and leaves no trace. */
static void try_tampered(sealed_case *c, fuzz_input *in)
{
    static fuzz_state before;
    gosc_span copy = fuzz_exact(c->datagram);
    gosc_coap_pdu pdu;
    FUZZ_CHECK(gosc_coap_pdu_parse(copy, &pdu) == GOSC_OK, "what was sealed is a CoAP message");
    uint8_t *bytes = fuzz_room(copy.len).ptr;
    memcpy(bytes, copy.ptr, copy.len);
    size_t at = copy.len - 1 - (size_t)fuzz_number(in, 2) % pdu.payload.len;
    uint8_t flip = (uint8_t)(1U << fuzz_u8(in) % 8);
    bytes[at] ^= flip;
    fuzz_state_save(c->lane, &c->exchange, &before);
    gosc_span message;
    gosc_err err = open_datagram(c, gosc_span_of(bytes, copy.len), &message);
    FUZZ_CHECK(err == GOSC_ERR_DECRYPTION_FAILED || err == GOSC_ERR_SIGNATURE_INVALID,
               "tampering is noticed");
    FUZZ_CHECK(message.ptr == NULL, "nothing is handed over");
    FUZZ_CHECK(fuzz_state_same(c->lane, &c->exchange, &before), "a message that is refused changes nothing");
}

/* What synchronisation and the Echo procedure must say of a request that verified. */
static gosc_err expect_fresh(const sealed_case *c, const model_message *inner)
{
    const model_option *echo = model_find(inner, GOSC_OPTION_ECHO);
    /* A sender without Recipient Context has no challenge outstanding; in a full table its window is invalid.
     */
    bool known = c->from == FUZZ_CLIENT;
    bool challenged = known && (c->set_more & SET_ECHO_SENT) != 0;
    bool valid = (c->set_more & SET_ECHO) == 0 && (known || (c->set_more & SET_FULL_TABLE) == 0);
    if (!valid && sync_of(c) == gosc_sync_baseline) {
        return GOSC_ERR_SYNCHRONISED;
    }
    valid = valid || sync_of(c) == gosc_sync_best_effort;
    if (known && sync_of(c) == gosc_sync_gap && c->sealing.option.partial_iv.number > GAP) {
        valid = false;
    }
    if (valid && (c->set_more & SET_ECHO_SENT) == 0) {
        return GOSC_OK;
    }
    if (echo == NULL || !challenged) {
        return GOSC_ERR_ECHO_REQUIRED;
    }
    if (echo->value.len != sizeof echo_value || memcmp(echo->value.ptr, echo_value, sizeof echo_value) != 0) {
        return GOSC_ERR_ECHO_MISMATCH;
    }
    return (c->set_more & SET_ECHO_LATE) != 0 ? GOSC_ERR_ECHO_EXPIRED : GOSC_OK;
}

/* Number 0 was seen before, and the window was valid. */
static bool is_replay(const sealed_case *c)
{
    return !is_response(c) && sync_of(c) == gosc_sync_gap && c->from == FUZZ_CLIENT &&
           (c->set_more & SET_ECHO) == 0 && c->sealing.option.partial_iv.number == 0;
}

static gosc_err expect(const sealed_case *c, model_message *inner)
{
    gosc_span plaintext = c->sealing.plaintext;
    uint8_t code_class = plaintext.ptr[0] >> 5;
    bool code_fits = is_response(c) ? code_class == 2 || code_class == 4 || code_class == 5
                                    : code_class == 0 && plaintext.ptr[0] != 0;
    bool parsed = model_content_parse(gosc_span_of(plaintext.ptr + 1, plaintext.len - 1), inner);
    if (is_replay(c)) {
        return GOSC_ERR_REPLAY;
    }
    if (!parsed || !code_fits || model_count(inner, GOSC_OPTION_OSCORE) > 0) {
        return GOSC_ERR_INNER_MALFORMED;
    }
    if (!is_response(c)) {
        return expect_fresh(c, inner);
    }
    bool asked = (c->set & SET_OBSERVE) != 0;
    return !asked && model_count(inner, GOSC_OPTION_OBSERVE) > 0 ? GOSC_ERR_INNER_OBSERVE : GOSC_OK;
}

static void check_message(const sealed_case *c, const model_message *inner, gosc_span message)
{
    static model_message outer, wanted, got;
    FUZZ_CHECK(model_message_parse(c->datagram, &outer), "what was sealed is a CoAP message");
    FUZZ_CHECK(model_message_parse(message, &got), "what is handed over is a CoAP message");
    model_merge(&outer, inner, &wanted);
    wanted.type = outer.type;
    wanted.code = c->sealing.plaintext.ptr[0];
    wanted.message_id = outer.message_id;
    wanted.token = outer.token;
    FUZZ_CHECK(model_equal(&wanted, &got, true), "inner and outer are merged as the option classes say");
}

static void check_again(sealed_case *c, gosc_err first)
{
    /* A challenge through a valid window, and a number taken as starting point, count as seen too. */
    bool counts = first == GOSC_OK || first == GOSC_ERR_SYNCHRONISED ||
                  (first == GOSC_ERR_ECHO_REQUIRED && c->received.sender->window.valid);
    gosc_err seen = is_response(c) ? GOSC_ERR_RESPONSE_REPLAY : GOSC_ERR_REPLAY;
    gosc_span message;
    gosc_err again = open_datagram(c, c->datagram, &message);
    FUZZ_RESULT(again, counts ? seen : first, "a replay is refused, and what was refused is refused again");
    FUZZ_CHECK(message.ptr == NULL, "nothing is handed over twice");
}

/* The challenge that answers a request arrives at the client, and is remembered. */
static void check_challenge(sealed_case *c)
{
    static model_message got;
    fuzz_ends *ends = c->lane->ends;
    const fuzz_sealing *s = &c->sealing;
    gosc_security_context *client = &ends->end[FUZZ_CLIENT].context;
    const gosc_context_store store = {&client, 1};
    gosc_buf wire = fuzz_room(600);
    size_t len = 0;
    gosc_exchange asked;
    gosc_received received = {.message = GOSC_ABSENT};
    gosc_span value = gosc_span_of(c->piv, sizeof c->piv);
    gosc_err err =
        gosc_echo_challenge(&ends->end[FUZZ_SERVER].context, &c->exchange, value, NOW_MS, &s->outer,
                            s->group_mode, fuzz_room(gosc_scratch_len(64, FUZZ_CREDENTIAL_MAX)), wire, &len);
    FUZZ_RESULT(err, GOSC_OK, "a challenge can be sent");
    FUZZ_CHECK(ends->end[FUZZ_SERVER].recipients[0].echo.len == value.len, "its value is remembered");
    fuzz_exchange_open(c->lane, s->group_mode, false, s->outer.token, s->request_piv, c->numbers, &asked);
    err = gosc_unprotect_response(&store, &asked, fuzz_exact(gosc_span_of(wire.ptr, len)),
                                  fuzz_room(gosc_scratch_len(len, FUZZ_CREDENTIAL_MAX)), &received,
                                  fuzz_room(len + 16));
    FUZZ_RESULT(err, GOSC_OK, "the client verifies it");
    const gosc_dialect *dialect = client->common.dialect;
    FUZZ_CHECK(model_message_parse(received.message, &got) && got.code == dialect->echo_code &&
                   got.n_options == 1 && got.options[0].number == GOSC_OPTION_ECHO &&
                   gosc_span_equal(got.options[0].value, value),
               "it brings the value and nothing else");
}

/* With FUZZ_EXPORT=DIR every message becomes a seed of unprotect_raw: the datagram, then its settings. */
static void export_seed(const sealed_case *c, uint8_t pick)
{
    static bool asked;
    static const char *dir;
    static unsigned n;
    if (!asked) {
        asked = true;
        dir = getenv("FUZZ_EXPORT");
    }
    if (dir == NULL) {
        return;
    }
    const gosc_coap_pdu *outer = &c->sealing.outer;
    char path[4096];
    uint8_t room[32];
    gosc_writer w;
    gosc_writer_init(&w, (gosc_buf){room, sizeof room});
    gosc_write_u8(&w, (c->set_more & SET_ECHO) != 0 && !is_response(c));
    if (is_response(c)) {
        gosc_write_u8(&w, (c->set & SET_OBSERVE) != 0);
        gosc_write_bytes(&w, outer->token);
        gosc_write_u8(&w, (uint8_t)outer->token.len);
        gosc_write_u8(&w, (uint8_t)c->sealing.request_piv_number.number);
    }
    gosc_write_u8(&w, is_response(c));
    gosc_write_u8(&w, pick);
    gosc_write_u8(&w, (uint8_t)c->kind);
    (void)snprintf(path, sizeof path, "%s/%u-%u-%u", dir, (unsigned)c->kind, (unsigned)getpid(), n++);
    FILE *file = fopen(path, "wb");
    FUZZ_CHECK(file != NULL, "FUZZ_EXPORT names a directory");
    gosc_span settings = gosc_writer_span(&w);
    FUZZ_CHECK(fwrite(c->datagram.ptr, 1, c->datagram.len, file) == c->datagram.len &&
                   fwrite(settings.ptr, 1, settings.len, file) == settings.len && fclose(file) == 0,
               "a seed is written");
}

void fuzz_sealed(fuzz_input *in, fuzz_kind kind)
{
    static sealed_case c;
    static model_message inner;
    static fuzz_state before;
    uint8_t pick = in->left.len > 0 ? in->left.ptr[in->left.len - 1] : 0; /* of the lane: the first setting */
    make_case(&c, in, kind);
    uint8_t tamper[3] = {fuzz_u8(in), fuzz_u8(in), fuzz_u8(in)};
    c.sealing.plaintext = in->left.len > 0 ? fuzz_rest(in) : fuzz_exact(gosc_span_of("", 1));
    c.datagram =
        fuzz_seal(&c.lane->ends->end[c.from].context, &c.lane->ends->end[c.from].recipients[0], &c.sealing);
    export_seed(&c, pick);
    if ((c.set & SET_TAMPER) != 0 && !is_replay(&c)) {
        fuzz_input settings = {gosc_span_of(tamper, sizeof tamper)};
        try_tampered(&c, &settings);
    }
    fuzz_state_save(c.lane, &c.exchange, &before);
    gosc_span message;
    gosc_err err = open_datagram(&c, c.datagram, &message);
    gosc_err wanted = expect(&c, &inner);
    /* The ranges of gosc_err tell: these results come after tag and signature, all others before or instead.
     */
    bool authenticated = err == GOSC_OK || err == GOSC_ERR_INNER_MALFORMED || err == GOSC_ERR_INNER_OBSERVE ||
                         (err >= GOSC_ERR_ECHO_REQUIRED && err <= GOSC_ERR_ECHO_EXPIRED) ||
                         err == GOSC_ERR_SYNCHRONISED;
    fuzz_count(c.lane->name, authenticated);
    FUZZ_RESULT(err, wanted, "a sealed message is judged by its content alone");
    FUZZ_CHECK((err == GOSC_OK) == (message.ptr != NULL),
               "a message is handed over exactly when all is well");
    if (err == GOSC_OK) {
        check_message(&c, &inner, message);
    } else if (err == GOSC_ERR_ECHO_MISMATCH || err == GOSC_ERR_ECHO_EXPIRED) {
        /* The exchange is bound, so that a challenge can be sent; what a method of gosc_sync made of the
         * window stays. */
        memcpy(&before.exchange, &c.exchange, sizeof c.exchange);
        if (sync_of(&c) != NULL) {
            before.ends.end[c.to].recipients[0].window = c.lane->ends->end[c.to].recipients[0].window;
        }
        FUZZ_CHECK(fuzz_state_same(c.lane, &c.exchange, &before), "a wrong or late Echo moves nothing");
    } else if (err != GOSC_ERR_ECHO_REQUIRED && err != GOSC_ERR_SYNCHRONISED) {
        FUZZ_CHECK(fuzz_state_same(c.lane, &c.exchange, &before), "what is refused changes nothing");
    }
    if ((c.set & SET_AGAIN) != 0) {
        check_again(&c, err);
    } else if (err == GOSC_ERR_ECHO_REQUIRED && c.from == FUZZ_CLIENT) {
        check_challenge(&c);
    }
}
