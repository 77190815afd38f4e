/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small steps between protecting and verifying: what binds a message, whose number makes its nonce, which
 * codes go with which direction.
 */
#include "message.h"

#include "bytes.h"
#include "tap.h"

static const gosc_cipher ccm = {.alg = 10, .key_len = 16, .nonce_len = 13, .tag_len = 8};
static const gosc_cipher short_nonce = {.alg = 12, .key_len = 16, .nonce_len = 7, .tag_len = 8};

static void codes(void)
{
    bool request_right = true, response_right = true;
    for (unsigned code = 0; code < 256; code++) {
        gosc_message request = {.is_request = true};
        gosc_message response = {.is_request = false};
        bool is_request = code >= 1 && code <= 31;
        bool is_response = (code >= 64 && code <= 95) || (code >= 128 && code <= 191);
        request_right = request_right && gosc_message_code_fits(&request, (uint8_t)code) == is_request;
        response_right = response_right && gosc_message_code_fits(&response, (uint8_t)code) == is_response;
    }
    tap_ok(request_right, "O-4.2-07 a request has a code of class 0 but not 0.00");
    tap_ok(response_right, "O-4.2-07 a response has a code of class 2, 4 or 5");
}

static void registrations(void)
{
    static const struct {
        const char *text, *options;
        bool is;
    } rows[] = {
        {"O-4.1.3.5.1-01 no option, no registration", "", false},
        {"O-4.1.3.5.1-01 Observe, empty", "60", true},
        {"O-4.1.3.5.1-01 Observe 0 in one byte", "6100", true},
        {"O-4.1.3.5.1-01 Observe 0 in three bytes", "63000000", true},
        {"O-4.1.3.5.1-01 Observe 1 is a cancellation", "6101", false},
        {"O-4.1.3.5.1-01 Observe 1 in three bytes", "63000001", false},
        {"O-4.1.3.5.1-01 Observe 65536", "63010000", false},
        {"O-4.1.3.5.1-01 other options alone", "b46c616d70", false},
        {"O-4.1.3.5.1-01 Observe between others", "3161305461626364", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span options = bytes_hex(rows[i].options);
        tap_ok(gosc_observe_is_registration(options) == rows[i].is, rows[i].text);
        bytes_free(options);
    }
}

static void cuts(void)
{
    uint8_t room[10];
    bool good = true;
    for (size_t have = 0; have <= sizeof room; have++) {
        for (size_t want = 0; want <= sizeof room + 1; want++) {
            gosc_buf from = {room, have};
            uint8_t *part = gosc_buf_cut(&from, want);
            if (want <= have) {
                good = good && part == room && from.ptr == room + want && from.len == have - want;
            } else {
                good = good && part == NULL && from.ptr == room && from.len == have;
            }
        }
    }
    tap_ok(good, "O-8.1-01 scratch is cut to the byte, and not at all where it is too small");
    gosc_buf from = {room, sizeof room};
    tap_ok(gosc_buf_cut(&from, SIZE_MAX) == NULL && from.len == sizeof room,
           "O-8.1-01 a length that would wrap");
}

/* A request with kid 25 and Partial IV 0005, and a response under another context. */
typedef struct bound {
    gosc_security_context old, now;
    gosc_exchange exchange;
    gosc_message m;
} bound;

static const uint8_t kid[] = {0x25};
static const uint8_t padded[] = {0x00, 0x05};
static const uint8_t own_piv[] = {0x07};
static const uint8_t responder[] = {0x52, 0x53};

static void prepare(bound *b)
{
    *b = (bound){.old = {.common = {.id_context = gosc_span_of("old", 3), .cipher = &ccm}},
                 .now = {.common = {.id_context = gosc_span_of("newer", 5), .cipher = &ccm}}};
    for (size_t i = 0; i < GOSC_NONCE_MAX; i++) {
        b->old.common.common_iv[i] = (uint8_t)(0x10 + i);
        b->now.common.common_iv[i] = (uint8_t)(0xa0 + i);
    }
    b->m = (gosc_message){.context = &b->old, .is_request = true, .cipher = &ccm};
    b->m.option.kid = gosc_span_of(kid, sizeof kid);
    b->m.option.partial_iv_bytes = gosc_span_of(padded, sizeof padded);
    b->m.option.partial_iv.number = 5;
    b->m.pdu.token = GOSC_EMPTY;
    gosc_exchange_init(&b->exchange, NULL, 0);
    gosc_exchange_bind(&b->exchange, &b->m, false);
}

static bool same(gosc_span got, const void *want, size_t len)
{
    return gosc_span_equal(got, gosc_span_of(want, len));
}

static void request_bind(void)
{
    bound b;
    prepare(&b);
    gosc_message_bind(&b.m, NULL, GOSC_ABSENT);
    tap_ok(same(b.m.bound.request_kid, kid, 1) && same(b.m.bound.request_piv, padded, 2) &&
               same(b.m.bound.request_kid_context, "old", 3),
           "O-5.4-03 a request is bound to its own kid and Partial IV, as encoded");
    tap_ok(same(b.m.nonce_id, kid, 1) && b.m.nonce_piv.number == 5 && same(b.m.nonce_piv_bytes, padded, 2),
           "O-5.2-01 and makes its nonce from them");
}

static void response_bind(void)
{
    bound b;
    prepare(&b);
    b.m = (gosc_message){.context = &b.now, .cipher = &ccm};
    gosc_message_bind(&b.m, &b.exchange, gosc_span_of(responder, sizeof responder));
    tap_ok(same(b.m.bound.request_kid, kid, 1) && same(b.m.bound.request_piv, padded, 2) &&
               same(b.m.bound.request_kid_context, "old", 3),
           "GO-3.4-10 a response is bound to the request, also under a newer Gid");
    tap_ok(same(b.m.nonce_id, kid, 1) && b.m.nonce_piv.number == 5 && same(b.m.nonce_piv_bytes, padded, 2),
           "O-5.2-02 without Partial IV it takes the nonce of the request");
    prepare(&b);
    b.m = (gosc_message){.context = &b.now, .cipher = &ccm};
    b.m.option.partial_iv_bytes = gosc_span_of(own_piv, 1);
    b.m.option.partial_iv.number = 7;
    b.m.option.kid = gosc_span_of("\x99", 1);
    gosc_message_bind(&b.m, &b.exchange, gosc_span_of(responder, sizeof responder));
    tap_ok(same(b.m.bound.request_kid, kid, 1) && same(b.m.bound.request_piv, padded, 2),
           "O-5.4-03 nor does a Partial IV of its own change that");
    tap_ok(same(b.m.nonce_id, responder, 2) && b.m.nonce_piv.number == 7 &&
               same(b.m.nonce_piv_bytes, own_piv, 1),
           "O-5.2-02 with one it takes the responder's ID and number, not the kid that was sent");
}

/* The nonce by its parts: IV of the message's context, nonce length of its cipher. */
static void nonces(void)
{
    bound b;
    uint8_t nonce[GOSC_NONCE_MAX];
    prepare(&b);
    gosc_message_bind(&b.m, NULL, GOSC_ABSENT);
    gosc_message_nonce(&b.m, nonce);
    uint8_t want[13];
    for (size_t i = 0; i < 13; i++) {
        want[i] = (uint8_t)(0x10 + i);
    }
    want[0] ^= 1;
    want[7] ^= 0x25;
    want[12] ^= 5;
    tap_ok(memcmp(nonce, want, 13) == 0, "O-5.2-01 nonce of 13 bytes");
    b.m.cipher = &short_nonce;
    memset(nonce, 0xc5, sizeof nonce);
    gosc_message_nonce(&b.m, nonce);
    for (size_t i = 0; i < 7; i++) {
        want[i] = (uint8_t)(0x10 + i);
    }
    want[0] ^= 1;
    want[1] ^= 0x25;
    want[6] ^= 5;
    tap_ok(memcmp(nonce, want, 7) == 0 && nonce[7] == 0xc5,
           "GO-3.3-01 nonce of the cipher in use, from the leading bytes of the Common IV");
}

/* A row that notes what it was asked. */
static gosc_err noted_suite(gosc_message *m, bool sending)
{
    m->signature_len = sending ? 1 : 2;
    return GOSC_ERR_CREDENTIAL_MISSING;
}

static void suites(void)
{
    static const gosc_group_calls calls = {.suite = noted_suite};
    static const gosc_dialect pair = {.name = "pair"};
    static const gosc_dialect group = {.name = "group", .group = &calls};
    gosc_recipient_context peer = {.used = true};
    gosc_security_context context = {
        .common = {.dialect = &pair, .aead_cipher = &short_nonce, .cipher = &ccm}};
    gosc_message m = {.context = &context, .peer = &peer};
    tap_ok(gosc_message_suite(&m, true) == GOSC_OK && m.cipher == &short_nonce &&
               m.key == context.sender.key && m.signature_len == 0,
           "O-8.1-01 sent with the Sender Key");
    tap_ok(gosc_message_suite(&m, false) == GOSC_OK && m.key == peer.key,
           "O-8.2-05 opened with the Recipient Key");
    context.common.dialect = &group;
    tap_ok(gosc_message_suite(&m, true) == GOSC_ERR_CREDENTIAL_MISSING && m.signature_len == 1 &&
               gosc_message_suite(&m, false) == GOSC_ERR_CREDENTIAL_MISSING && m.signature_len == 2,
           "GO-6-07 a group decides by the mode, and its refusal stands");
}

/* An array that says what came in. */
static void noted_array(gosc_writer *writer, const gosc_common_context *common, const gosc_aad_input *in)
{
    (void)common;
    gosc_write_bytes(writer, in->option);
    gosc_write_bytes(writer, in->sender_cred);
    gosc_write_bytes(writer, in->request_piv);
}

static void aads(void)
{
    static const gosc_dialect dialect = {.name = "noted", .aad_array_write = noted_array};
    uint8_t scratch[GOSC_AAD_LEAD + 6 + 2 + 30];
    bound b;
    prepare(&b);
    b.old.common.dialect = &dialect;
    gosc_message_bind(&b.m, NULL, GOSC_ABSENT);
    b.m.option_value = gosc_span_of("\x09\x05", 2);
    b.m.scratch = (gosc_buf){scratch, GOSC_AAD_LEAD + 6 + 1};
    tap_ok(gosc_message_aad(&b.m, gosc_span_of("me", 2), 30) == GOSC_OK &&
               same(b.m.aad.external_aad, "\x46\x09\x05me\x00\x05", 7),
           "GO-3.4-11 this message's option and its sender's credential; no room is asked for what is not "
           "signed");
    b.m.signature_len = 64;
    tap_ok(gosc_message_aad(&b.m, gosc_span_of("me", 2), 30) == GOSC_ERR_ROOM,
           "GO-3.1-05 a signed one needs it");
    b.m.scratch.len = sizeof scratch;
    tap_ok(gosc_message_aad(&b.m, gosc_span_of("me", 2), 30) == GOSC_OK && b.m.aad.ciphertext_len == 30 &&
               b.m.aad.ciphertext + 30 == scratch + sizeof scratch,
           "GO-3.1-05 and the ciphertext stands behind its head");
}

int main(void)
{
    codes();
    registrations();
    cuts();
    request_bind();
    response_bind();
    nonces();
    suites();
    aads();
    return tap_done();
}
