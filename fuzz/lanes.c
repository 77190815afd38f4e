/* SPDX-License-Identifier: BSD-2-Clause */
#include "lanes.h"

#include <string.h>

#include "common.h"

enum {
    PLAIN_MASK = 0x5a, /* crypto/plain.c: public key = private key, each byte changed so */
    N_ROWS_MAX = 24,
};

#define BYTES(text)                                                                                          \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

typedef struct fuzz_row {
    const char *name;
    fuzz_kind kind;
    const gosc_dialect *dialect;
    int32_t hkdf, aead, group_enc, signature, agreement, curve;
    gosc_span id_context;
    gosc_span id[FUZZ_N_ENDS];
    bool plain_only; /* ECDSA takes milliseconds */
} fuzz_row;

#define GID BYTES("\x37\xcb\xf3\x21\x00\x17\xa2\xd3")
#define IDS_1                                                                                                \
    {                                                                                                        \
        BYTES(""), BYTES("\x01"), BYTES("\x52")                                                              \
    }
#define IDS_6                                                                                                \
    {                                                                                                        \
        BYTES("\x25"), BYTES("\x01\x02\x03\x04\x05\x06"), BYTES("\x00")                                      \
    }
#define IDS_7                                                                                                \
    {                                                                                                        \
        BYTES("\xa1\xa2\xa3\xa4\xa5\xa6\xa7"), BYTES(""), BYTES("")                                          \
    }

/* Identifiers and algorithms differ between ends and modes wherever the text lets them. The first is the
 * context of RFC 8613 Appendix C.1, so that its messages are seeds that verify. */
static const fuzz_row rows[] = {
    {"oscore, CCM", FUZZ_OSCORE, &gosc_dialect_oscore, 5, 10, 0, 0, 0, 0, {NULL, 0}, IDS_1, false},
    {"oscore, GCM, ID Context", FUZZ_OSCORE, &gosc_dialect_oscore, 5, 1, 0, 0, 0, 0, GID, IDS_6, false},
    {"oscore, ChaCha20", FUZZ_OSCORE, &gosc_dialect_oscore, 7, 24, 0, 0, 0, 0, BYTES(""), IDS_6, false},
    {"oscore, CCM-64", FUZZ_OSCORE, &gosc_dialect_oscore, 5, 33, 0, 0, 0, 0, {NULL, 0}, IDS_1, false},
    {"oscore, CCM, long IDs", FUZZ_OSCORE, &gosc_dialect_oscore, 5, 31, 0, 0, 0, 0, GID, IDS_7, false},
    {"group-02, EdDSA", FUZZ_GROUP_02, &gosc_dialect_group_02, 5, 10, 0, -8, 0, 6, GID, IDS_6, false},
    {"group-02, EdDSA, S2/E0", FUZZ_GROUP_02, &gosc_dialect_group_02_s2e0, 5, 12, 0, -8, 0, 6, GID, IDS_1,
     false},
    {"group-02, ES512", FUZZ_GROUP_02, &gosc_dialect_group_02_s3e1, 5, 30, 0, -36, 0, 3, BYTES(""), IDS_6,
     true},
    {"group-28, CCM", FUZZ_GROUP, &gosc_dialect_group_28, 5, 24, 10, -8, -27, 6, GID, IDS_6, false},
    {"group-28, CTR", FUZZ_GROUP, &gosc_dialect_group_28_cs4, 5, 12, -65534, -8, -27, 6, GID, IDS_1, false},
    {"group-28, group mode only", FUZZ_GROUP, &gosc_dialect_group_28, 7, 0, 24, -8, 0, 6, BYTES(""), IDS_6,
     false},
    {"group-28, ES384", FUZZ_GROUP, &gosc_dialect_group_28, 7, 10, 31, -35, -28, 2, GID, IDS_6, true},
    {"pairwise, Ed25519 keys", FUZZ_PAIRWISE, &gosc_dialect_group_28, 5, 10, 24, -8, -27, 6, GID, IDS_6,
     false},
    {"pairwise, CCM-64", FUZZ_PAIRWISE, &gosc_dialect_group_28, 5, 12, -65534, -8, -27, 6, GID, IDS_1, false},
    {"pairwise only, X25519 keys", FUZZ_PAIRWISE, &gosc_dialect_group_28, 5, 24, 0, 0, -27, 4, GID, IDS_6,
     false},
    {"pairwise, P-521 keys", FUZZ_PAIRWISE, &gosc_dialect_group_28, 7, 1, 33, -36, -28, 3, GID, IDS_1, true},
};

static const uint8_t master_secret[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t master_salt[] = {0x9e, 0x7c, 0xa9, 0x22, 0x23, 0x78, 0x63, 0x40};

/* Private keys are one byte repeated; the public ones of the real adapter. */
static const uint8_t private_byte[FUZZ_N_ENDS] = {0xc1, 0x5e, 0x07};
static const uint8_t public_ed25519[FUZZ_N_ENDS][32] = {
    {0xac, 0xdc, 0xc8, 0x49, 0x4d, 0x45, 0x8f, 0x44, 0xa7, 0xaa, 0xac, 0x1d, 0x6a, 0x84, 0xec, 0x62,
     0x4d, 0xae, 0xe8, 0x84, 0x36, 0xdb, 0x2a, 0xe2, 0x6e, 0x67, 0xba, 0x64, 0x5a, 0x10, 0x62, 0x28},
    {0x81, 0x46, 0x64, 0x0f, 0x02, 0x49, 0x3a, 0xf4, 0xfb, 0xc5, 0x4f, 0xe3, 0x33, 0x88, 0xe7, 0x5d,
     0xc2, 0xc9, 0x37, 0xae, 0x0b, 0x77, 0x27, 0xcc, 0x2b, 0x2a, 0xfb, 0x1b, 0x75, 0x19, 0x9a, 0x3e},
    {0xea, 0x4a, 0x6c, 0x63, 0xe2, 0x9c, 0x52, 0x0a, 0xbe, 0xf5, 0x50, 0x7b, 0x13, 0x2e, 0xc5, 0xf9,
     0x95, 0x47, 0x76, 0xae, 0xbe, 0xbe, 0x7b, 0x92, 0x42, 0x1e, 0xea, 0x69, 0x14, 0x46, 0xd2, 0x2c},
};
static const uint8_t public_x25519[FUZZ_N_ENDS][32] = {
    {0x42, 0x57, 0x5d, 0x5c, 0x8a, 0x93, 0x83, 0x32, 0x55, 0xe0, 0x9f, 0x04, 0x05, 0x4a, 0x4f, 0x62,
     0x46, 0xd3, 0x6e, 0xd1, 0x63, 0xc1, 0xc7, 0xf8, 0x0c, 0x1f, 0xc9, 0xa5, 0x8a, 0x0e, 0x91, 0x2d},
    {0x33, 0x20, 0x2f, 0x87, 0xce, 0x4f, 0xf2, 0x0c, 0xbc, 0xd0, 0xf2, 0xe4, 0x8c, 0x8c, 0x7f, 0x26,
     0x3d, 0x11, 0xa3, 0x60, 0x9c, 0x67, 0x3b, 0x8c, 0x7e, 0xae, 0x56, 0x65, 0x37, 0x69, 0xc1, 0x2f},
    {0x13, 0xbe, 0x4f, 0xea, 0xea, 0xf2, 0x04, 0xc7, 0xfd, 0x33, 0x58, 0xfc, 0x9c, 0x00, 0x72, 0x18,
     0x81, 0xd1, 0x74, 0x27, 0x81, 0x28, 0x22, 0x7e, 0xc6, 0x74, 0xf3, 0x7f, 0x7f, 0xe9, 0x7b, 0x6d},
};
static uint8_t private_key[FUZZ_N_ENDS][GOSC_SECRET_MAX];

static fuzz_lane lanes[N_ROWS_MAX];
static fuzz_ends ends[N_ROWS_MAX];
static size_t of_kind[FUZZ_N_KINDS][N_ROWS_MAX];
static size_t n_of_kind[FUZZ_N_KINDS];

bool fuzz_is_plain(void)
{
    uint8_t key[32] = {0x07};
    uint8_t x[32];
    for (size_t i = 0; i < sizeof x; i++) {
        x[i] = key[i] ^ PLAIN_MASK;
    }
    const gosc_public_key public_key = {.curve = GOSC_CURVE_ED25519, .x = {x, sizeof x}};
    return gosc_crypto_pair_check(gosc_span_of(key, sizeof key), &public_key) == GOSC_OK;
}

gosc_span fuzz_lane_id(const fuzz_lane *lane, size_t end)
{
    return lane->row->id[end];
}

/* A CWT Claims Set with a claim before its key, so that credentials differ in length too. */
static gosc_span credential_make(const fuzz_row *row, const uint8_t *x, size_t end, uint8_t *room)
{
    static const char names[] = "lamp and switch and door";
    size_t len = gosc_curve_len(row->curve);
    bool is_ec = row->curve <= GOSC_CURVE_P521;
    gosc_writer w;
    gosc_writer_init(&w, (gosc_buf){room, FUZZ_CREDENTIAL_MAX});
    gosc_cbor_write_head(&w, GOSC_CBOR_MAP, 2);
    gosc_cbor_write_int(&w, 2);
    gosc_cbor_write_tstr(&w, gosc_span_of(names, 4 + 7 * end));
    gosc_cbor_write_int(&w, 8);
    gosc_cbor_write_head(&w, GOSC_CBOR_MAP, 1);
    gosc_cbor_write_int(&w, 1);
    gosc_cbor_write_head(&w, GOSC_CBOR_MAP, is_ec ? 4 : 3);
    gosc_cbor_write_int(&w, 1);
    gosc_cbor_write_int(&w, is_ec ? 2 : 1);
    gosc_cbor_write_int(&w, -1);
    gosc_cbor_write_int(&w, row->curve);
    gosc_cbor_write_int(&w, -2);
    gosc_cbor_write_bstr(&w, gosc_span_of(x, len));
    if (is_ec) {
        gosc_cbor_write_int(&w, -3);
        gosc_cbor_write_bool(&w, true);
    }
    FUZZ_CHECK(!w.failed, "room for a credential");
    return gosc_writer_span(&w);
}

static const uint8_t *public_x(const fuzz_row *row, size_t end, uint8_t *room)
{
    if (!fuzz_is_plain()) {
        return row->curve == GOSC_CURVE_X25519 ? public_x25519[end] : public_ed25519[end];
    }
    memset(room, private_byte[end] ^ PLAIN_MASK, GOSC_SECRET_MAX);
    return room;
}

/* gosc_member_find over the three ends; a fourth member is known and its credential is not. */
static gosc_err find_member(void *arg, gosc_span kid, gosc_span *credential)
{
    const fuzz_lane *lane = arg;
    static const uint8_t without[] = {0x7f};
    for (size_t i = 0; i < FUZZ_N_ENDS; i++) {
        if (gosc_span_equal(kid, lane->row->id[i])) {
            *credential = lane->credential[i];
            return GOSC_OK;
        }
    }
    *credential = GOSC_ABSENT;
    return gosc_span_equal(kid, gosc_span_of(without, 1)) ? GOSC_OK : GOSC_ERR_RECIPIENT_UNKNOWN;
}

static void end_make(fuzz_lane *lane, size_t number)
{
    const fuzz_row *row = lane->row;
    bool in_group = row->kind != FUZZ_OSCORE;
    fuzz_end *end = &lane->ends->end[number];
    size_t peer = number == FUZZ_SERVER ? FUZZ_CLIENT : FUZZ_SERVER;
    const gosc_context_params params = {
        .dialect = row->dialect,
        .hkdf = row->hkdf,
        .aead = row->aead,
        .group_enc = row->group_enc,
        .signature = row->signature,
        .agreement = row->agreement,
        .credential_format = in_group ? GOSC_CREDENTIAL_CCS : (gosc_credential_format)0,
        .master_secret = gosc_span_of(master_secret, sizeof master_secret),
        .master_salt = gosc_span_of(master_salt, sizeof master_salt),
        .id_context = row->id_context,
        .gm_credential = in_group ? gosc_span_of("\xa1\x02\x62GM", 5) : GOSC_ABSENT,
        .sender_id = row->id[number],
        .sender_credential = lane->credential[number],
        .private_key = in_group ? gosc_span_of(private_key[number], gosc_curve_len(row->curve)) : GOSC_ABSENT,
        .recipients = end->recipients,
        .n_recipients = FUZZ_N_RECIPIENTS,
        .member_find = in_group ? find_member : NULL,
        .member_arg = lane,
    };
    FUZZ_CHECK(gosc_security_context_init(&params, &end->context) == GOSC_OK, "a lane can be set up");
    FUZZ_CHECK(gosc_recipient_context_add(&end->context, row->id[peer], lane->credential[peer]) == GOSC_OK,
               "a lane has a Recipient Context");
    if (end->context.common.pairwise_mode) {
        uint8_t scratch[1024];
        FUZZ_CHECK(gosc_pairwise_keys_ready(&end->context, &end->recipients[0],
                                            (gosc_buf){scratch, sizeof scratch}) == GOSC_OK,
                   "pairwise keys of a lane");
    }
}

static void lane_make(const fuzz_row *row, fuzz_lane *lane, fuzz_ends *now)
{
    lane->row = row;
    lane->name = row->name;
    lane->ends = now;
    bool in_group = row->kind != FUZZ_OSCORE;
    for (size_t i = 0; in_group && i < FUZZ_N_ENDS; i++) {
        const uint8_t *x = public_x(row, i, lane->x[i]);
        lane->credential[i] = credential_make(row, x, i, lane->credential_bytes[i]);
    }
    for (size_t i = 0; i < (in_group ? FUZZ_N_ENDS : FUZZ_OTHER); i++) {
        end_make(lane, i);
    }
    memcpy(&lane->ready, now, sizeof *now);
}

static void lanes_make(void)
{
    bool plain = fuzz_is_plain();
    for (size_t i = 0; i < FUZZ_N_ENDS; i++) {
        memset(private_key[i], private_byte[i], sizeof private_key[i]);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (plain || !rows[i].plain_only) {
            lane_make(&rows[i], &lanes[i], &ends[i]);
            of_kind[rows[i].kind][n_of_kind[rows[i].kind]++] = i;
        }
    }
}

fuzz_lane *fuzz_lane_open(fuzz_kind kind, size_t pick)
{
    if (n_of_kind[FUZZ_OSCORE] == 0) {
        lanes_make();
    }
    fuzz_lane *lane = &lanes[of_kind[kind][pick % n_of_kind[kind]]];
    memcpy(lane->ends, &lane->ready, sizeof lane->ready);
    return lane;
}

void fuzz_exchange_open(fuzz_lane *lane, bool group_mode, bool observe, gosc_span token, gosc_span partial_iv,
                        gosc_response_number numbers[2], gosc_exchange *exchange)
{
    gosc_security_context *client = &lane->ends->end[FUZZ_CLIENT].context;
    gosc_exchange_init(exchange, numbers, 2);
    exchange->context = client;
    memcpy(exchange->token, token.ptr, token.len);
    exchange->token_len = (uint8_t)token.len;
    exchange->group_mode = group_mode;
    exchange->observe = observe;
    exchange->request_kid = client->sender.id;
    exchange->responder = lane->ends->end[FUZZ_SERVER].context.sender.id;
    memcpy(exchange->request_piv, partial_iv.ptr, partial_iv.len);
    exchange->request_piv_len = (uint8_t)partial_iv.len;
    for (size_t i = 0; i < partial_iv.len; i++) {
        exchange->request_piv_number.number = exchange->request_piv_number.number << 8 | partial_iv.ptr[i];
    }
    exchange->request_kid_context = lane->row->kind != FUZZ_OSCORE ? client->common.id_context : GOSC_ABSENT;
}

void fuzz_state_save(const fuzz_lane *lane, const gosc_exchange *exchange, fuzz_state *state)
{
    memcpy(&state->ends, lane->ends, sizeof state->ends);
    memcpy(&state->exchange, exchange, sizeof state->exchange);
    if (exchange->numbers != NULL) {
        memcpy(state->numbers, exchange->numbers, exchange->n_numbers * sizeof state->numbers[0]);
    }
}

bool fuzz_state_same(const fuzz_lane *lane, const gosc_exchange *exchange, const fuzz_state *state)
{
    return memcmp(&state->ends, lane->ends, sizeof state->ends) == 0 &&
           memcmp(&state->exchange, exchange, sizeof state->exchange) == 0 &&
           (exchange->numbers == NULL ||
            memcmp(state->numbers, exchange->numbers, exchange->n_numbers * sizeof state->numbers[0]) == 0);
}
