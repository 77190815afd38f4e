/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protecting: the order of refusals, room to the byte, and a ledger of all (key, nonce) pairs over mixed
 * sequences. Nothing may move on a refusal; shapes are those of shapes.h.
 */
#include "protect.h"

#include "shapes.h"

enum {
    CANARY = 0xc5,
    N_LEDGER = 4000,
    N_EXCHANGES = 6,
};

static scene s;

/* ---- refusals ---- */

/* POST with option 9 in it. */
static const uint8_t protected_already[] = {0x52, 0x02, 0x7d, 0x41, 0x86, 0x31,
                                            0x90, 0x24, 'l',  'a',  'm',  'p'};
static const uint8_t answered_already[] = {0x52, 0x45, 0x60, 0xb1, 0x86, 0x31, 0x90, 0xff, 'l', 'i', 't'};

/* One try under a ladder of faults: refused for the highest that is left, and nothing moved. */
static void rung(bool is_response, const gosc_protect_params *how, gosc_span plain, gosc_err wanted,
                 const char *text)
{
    const size_t who = is_response ? BOB : ALICE;
    static scene_member before;
    memcpy(&before, &s.members[who], sizeof before);
    memset(s.wire, CANARY, sizeof s.wire);
    s.wire_len = 999;
    gosc_err err = is_response ? scene_answer(&s, who, how, plain) : scene_ask(&s, who, how, plain);
    tap_ok(scene_is(err, wanted) && scene_same(&before, &s.members[who]) &&
               scene_all(s.wire, CANARY, sizeof s.wire) && s.wire_len == 999,
           text);
}

static void request_ladder(void)
{
    const uint8_t answer_code[] = {0x52, 0x45, 0x7d, 0x41, 0x86, 0x31};
    scene_init(&s, &scene_28);
    gosc_security_context *alice = &s.members[ALICE].context;
    gosc_recipient_context *bob = gosc_recipient_context_find(alice, s.people[BOB].id);
    gosc_protect_params how = {.target = gosc_span_of("nobody", 6)};
    alice->common.pairwise_mode = false;
    alice->sender.present = false;
    bob->credential = GOSC_ABSENT;
    alice->sender.ssn = GOSC_PARTIAL_IV_LIMIT + 1;
    rung(false, &how, SPAN(answer_code), GOSC_ERR_COAP_MALFORMED, "O-4.2-07 request: no request code");
    rung(false, &how, SPAN(protected_already), GOSC_ERR_ALREADY_PROTECTED,
         "O-4.1.3.7-01 request: option 9 in it");
    rung(false, &how, SPAN(scene_post), GOSC_ERR_MODE_UNSUPPORTED,
         "GO-2.1.10-01 request: mode is not set up");
    alice->common.pairwise_mode = true;
    rung(false, &how, SPAN(scene_post), GOSC_ERR_SENDER_MISSING, "GO-1.1-01 request: no Sender Context");
    alice->sender.present = true;
    rung(false, &how, SPAN(scene_post), GOSC_ERR_RECIPIENT_UNKNOWN, "GO-8.1-01 request: target unknown");
    how.target = GOSC_ABSENT;
    rung(false, &how, SPAN(scene_post), GOSC_ERR_RECIPIENT_UNKNOWN,
         "GO-8-05 request: a pairwise one names its target");
    how.target = s.people[BOB].id;
    rung(false, &how, SPAN(scene_post), GOSC_ERR_CREDENTIAL_MISSING,
         "GO-8.1-01 request: target without credential");
    bob->credential = scene_credential_of(&s, BOB);
    scene_need(gosc_pairwise_keys_ready(alice, bob, scene_scratch(&s)), "keys");
    rung(false, &how, SPAN(scene_post), GOSC_ERR_SSN_EXHAUSTED, "GO-2.6.2-02 request: no number left");
    alice->sender.ssn = GOSC_PARTIAL_IV_LIMIT;
    scene_says(scene_ask(&s, ALICE, &how, SPAN(scene_post)), GOSC_OK,
               "O-7.2.1-01 request: the last number is used");
    rung(false, &how, SPAN(scene_post), GOSC_ERR_SSN_EXHAUSTED,
         "O-7.2.1-02 request: and there is none behind it");
}

static void response_ladder(void)
{
    scene_init(&s, &scene_28);
    gosc_security_context *bob = &s.members[BOB].context;
    gosc_recipient_context *alice = gosc_recipient_context_find(bob, s.people[ALICE].id);
    const gosc_protect_params to_bob = scene_to(&s, BOB);
    scene_need(scene_ask(&s, ALICE, &to_bob, SPAN(scene_post)), "ask");
    scene_need(scene_hear(&s, BOB, scene_sent(&s), 0), "hear");
    gosc_protect_params how = {.group_mode = false};
    const gosc_id alice_id = alice->id;
    bob->common.pairwise_mode = false;
    bob->sender.present = false;
    alice->id.bytes[0] ^= 0xff;
    alice->credential = GOSC_ABSENT;
    alice->has_pairwise_keys = false;
    s.members[BOB].answered.answered = true;
    rung(true, &how, SPAN(scene_post), GOSC_ERR_COAP_MALFORMED, "O-4.2-07 response: no response code");
    rung(true, &how, SPAN(answered_already), GOSC_ERR_ALREADY_PROTECTED,
         "O-4.1.3.7-01 response: option 9 in it");
    rung(true, &how, SPAN(scene_content), GOSC_ERR_MODE_UNSUPPORTED,
         "GO-2.1.10-01 response: mode is not set up");
    bob->common.pairwise_mode = true;
    rung(true, &how, SPAN(scene_content), GOSC_ERR_SENDER_MISSING, "GO-1.1-01 response: a silent server");
    bob->sender.present = true;
    rung(true, &how, SPAN(scene_content), GOSC_ERR_RECIPIENT_UNKNOWN,
         "GO-8.1-01 response: client unknown by now");
    alice->id = alice_id;
    rung(true, &how, SPAN(scene_content), GOSC_ERR_CREDENTIAL_MISSING,
         "GO-8.1-01 response: client without credential");
    alice->credential = scene_credential_of(&s, ALICE);
    scene_need(gosc_pairwise_keys_ready(bob, alice, scene_scratch(&s)), "keys");
    rung(true, &how, SPAN(scene_content), GOSC_ERR_NONCE_REUSE,
         "GO-7.3-03 response: a second one by the request's nonce");
    how.own_partial_iv = true;
    bob->sender.ssn = GOSC_PARTIAL_IV_LIMIT + 1;
    rung(true, &how, SPAN(scene_content), GOSC_ERR_SSN_EXHAUSTED, "GO-2.6.2-02 response: no number left");
    how.own_partial_iv = false;
    s.members[BOB].answered.answered = false;
    tap_ok(scene_answer(&s, BOB, &how, SPAN(scene_content)) == GOSC_OK &&
               bob->sender.ssn == GOSC_PARTIAL_IV_LIMIT + 1,
           "GO-2.6.2-03 response: the first one needs none");
    how.own_partial_iv = true;
    bob->sender.ssn = GOSC_PARTIAL_IV_LIMIT;
    tap_ok(scene_answer(&s, BOB, &how, SPAN(scene_content)) == GOSC_OK &&
               scene_get(&s, ALICE, scene_sent(&s)) == GOSC_OK &&
               s.received.partial_iv.number == GOSC_PARTIAL_IV_LIMIT,
           "O-7.2.1-01 response: the last number is used");
}

static void mode_rules(void)
{
    scene_init(&s, &scene_oscore);
    gosc_protect_params how = {.group_mode = true, .target = s.people[BOB].id};
    rung(false, &how, SPAN(scene_post), GOSC_ERR_MODE_UNSUPPORTED, "GO-4.1-06 oscore has no group mode");
    how.group_mode = false;
    how.target = GOSC_ABSENT;
    scene_says(scene_ask(&s, ALICE, &how, SPAN(scene_post)), GOSC_OK,
               "O-8.1-01 oscore: without target the one peer");
    scene_init(&s, &scene_02);
    how.target = s.people[BOB].id;
    rung(false, &how, SPAN(scene_post), GOSC_ERR_MODE_UNSUPPORTED,
         "G02-4.1-01 group-02 has no pairwise mode");
    static const uint8_t cut[] = {0x52, 0x02, 0x7d};
    how.group_mode = true;
    rung(false, &how, SPAN(cut), GOSC_ERR_COAP_MALFORMED, "O-8.1-01 what is no CoAP message");
    static const uint8_t empty[] = {0x40, 0x00, 0x7d, 0x41};
    rung(false, &how, SPAN(empty), GOSC_ERR_COAP_MALFORMED, "O-4.2-06 an Empty message is not protected");
}

/* ---- room ---- */

/* Protects in memory of exactly these lengths; the bytes are compared with `want` when all is well. */
static gosc_err in_room(const shape *f, size_t scratch_len, size_t out_len, gosc_span want, bool *clean)
{
    static scene_member before;
    scene_member *m = &s.members[shape_sender(f)];
    memcpy(&before, m, sizeof before);
    uint8_t *scratch = bytes_room(scratch_len);
    uint8_t *out = bytes_room(out_len + 1);
    memset(out, CANARY, out_len + 1);
    memset(scratch, CANARY, scratch_len);
    size_t len = 0;
    gosc_err err = shape_protect(&s, f, (gosc_buf){scratch, scratch_len}, (gosc_buf){out, out_len}, &len);
    *clean = out[out_len] == CANARY;
    if (err == GOSC_OK) {
        *clean = *clean && gosc_span_equal(gosc_span_of(out, len), want);
    } else {
        /* What was begun is wiped, the rest is as it was. */
        for (size_t i = 0; i < out_len; i++) {
            *clean = *clean && (out[i] == 0 || out[i] == CANARY);
        }
        *clean = *clean && scene_same(&before, m) && len == 0;
    }
    /* Well or not, no plaintext stays behind. */
    gosc_span inside = f->is_response ? gosc_span_of("lit", 3) : gosc_span_of("lamp", 4);
    *clean = *clean && !scene_holds(scratch, scratch_len, inside);
    memcpy(m, &before, sizeof before);
    bytes_free(gosc_span_of(scratch, scratch_len));
    free(out);
    return err;
}

static void room_of(const shape *f)
{
    char text[160];
    bool clean = false, refused = true, kept = true;
    shape_prepare(&s, f, f->set);
    static scene_member before;
    memcpy(&before, &s.members[shape_sender(f)], sizeof before);
    scene_need(shape_protect(&s, f, scene_scratch(&s), (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len),
               f->name);
    memcpy(&s.members[shape_sender(f)], &before, sizeof before);
    for (size_t len = 0; len < s.wire_len; len++) {
        refused = in_room(f, sizeof s.scratch, len, scene_sent(&s), &clean) == GOSC_ERR_ROOM && refused;
        kept = kept && clean;
    }
    bool fits = in_room(f, sizeof s.scratch, s.wire_len, scene_sent(&s), &clean) == GOSC_OK && clean;
    (void)snprintf(text, sizeof text, "O-8.1-01 %s: out of every length", f->name);
    tap_ok(refused && kept && fits, text);

    size_t needed = 0;
    kept = true;
    while (needed < sizeof s.scratch &&
           in_room(f, needed, s.wire_len, scene_sent(&s), &clean) == GOSC_ERR_ROOM) {
        kept = kept && clean;
        needed++;
    }
    fits = in_room(f, needed, s.wire_len, scene_sent(&s), &clean) == GOSC_OK && clean;
    (void)snprintf(text, sizeof text, "O-8.1-01 %s: scratch of every length", f->name);
    bool enough = needed <= gosc_scratch_len(shape_plain(f).len, 64);
    if (!tap_ok(kept && fits && needed > 100 && enough, text)) {
        printf("# needs %zu\n", needed);
    }
}

/* ---- gosc_scratch_len ---- */

enum {
    LONG_CREDENTIAL = 2000,
    LONG_MESSAGE = 2600,
};

/* A message as large as `n_options` options of 13 bytes and a payload can make it. */
static size_t long_message(uint8_t *room, uint8_t code, size_t n_options, size_t payload_len)
{
    gosc_writer w;
    uint16_t previous = 0;
    gosc_writer_init(&w, (gosc_buf){room, LONG_MESSAGE});
    gosc_write_bytes(&w, gosc_span_of("\x50\x00\x7d\x41", 4));
    for (size_t i = 0; i < n_options; i++) {
        gosc_option_write(&w, &previous, GOSC_OPTION_URI_PATH, gosc_span_of("thirteenbytes", 12));
    }
    gosc_write_u8(&w, 0xff);
    uint8_t *payload = gosc_write_room(&w, payload_len);
    if (payload == NULL) {
        printf("Bail out! no room for the long message\n");
        exit(EXIT_FAILURE);
    }
    memset(payload, 'p', payload_len);
    room[1] = code;
    return gosc_writer_span(&w).len;
}

/* A CCS whose subject is as long as needed: {2: tstr, 8: ...}. */
static void long_credential(uint8_t *room, const scene_person *p)
{
    size_t tail = p->credential_len - 2 - 1 - strlen("alice");
    size_t text_len = LONG_CREDENTIAL - tail - 2 - 3;
    memcpy(room, "\xa2\x02\x79", 3);
    room[3] = (uint8_t)(text_len >> 8);
    room[4] = (uint8_t)text_len;
    memset(room + 5, 'a', text_len);
    memcpy(room + 5 + text_len, p->credential + p->credential_len - tail, tail);
}

/* Largest credentials, Gid and option a dialect allows, keys of 32 bytes: what protect and unprotect use is
 * within gosc_scratch_len. */
static void extreme(const scene_set *set, bool group_mode, size_t n_options, size_t payload_len,
                    const char *text)
{
    static uint8_t credential[LONG_CREDENTIAL], manager[LONG_CREDENTIAL], gid[255], plain[LONG_MESSAGE];
    scene_people(&s, set);
    long_credential(credential, &s.people[ALICE]);
    size_t signature = set->dialect->signature_in_option ? gosc_signature_len(set->signature) : 0;
    s.people[ALICE].id = gosc_span_of("alice12", set->aead == 24 ? 6 : 7);
    s.gid = gosc_span_of(gid, 255 - 1 - 5 - 1 - signature - s.people[ALICE].id.len);
    for (size_t i = 0; i < 2; i++) {
        gosc_context_params params = scene_params(&s, i);
        bool group = set->dialect->group != NULL;
        params.gm_credential = group ? SPAN(manager) : GOSC_ABSENT;
        params.sender_credential = i == ALICE && group ? SPAN(credential) : params.sender_credential;
        params.ssn = GOSC_PARTIAL_IV_LIMIT - 5;
        scene_enter(&s, i, &params);
        scene_need(gosc_recipient_context_add(&s.members[i].context, s.people[1 - i].id,
                                              !group       ? GOSC_ABSENT
                                              : i == ALICE ? scene_credential_of(&s, BOB)
                                                           : SPAN(credential)),
                   "peer");
    }
    size_t plain_len = long_message(plain, GOSC_CODE_POST, n_options, payload_len);
    const gosc_protect_params how = {.group_mode = group_mode, .target = GOSC_EMPTY, .kid_context = true};
    size_t lend = gosc_scratch_len(plain_len, set->dialect->group != NULL ? LONG_CREDENTIAL : 0);
    uint8_t *scratch = bytes_room(lend);
    gosc_err err = gosc_protect_request(&s.members[ALICE].context, &how, gosc_span_of(plain, plain_len),
                                        (gosc_buf){scratch, lend}, &s.members[ALICE].asked,
                                        (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len);
    bytes_free(gosc_span_of(scratch, lend));
    scene_says(err, GOSC_OK, text);
    lend = gosc_scratch_len(s.wire_len, set->dialect->group != NULL ? LONG_CREDENTIAL : 0);
    scratch = bytes_room(lend);
    scene_member *bob = &s.members[BOB];
    gosc_security_context *contexts[] = {&bob->context};
    const gosc_context_store store = {contexts, 1};
    uint8_t *out = bytes_room(s.wire_len + 16);
    err = gosc_unprotect_request(&store, scene_sent(&s), 0, (gosc_buf){scratch, lend}, &bob->answered,
                                 &s.received, (gosc_buf){out, s.wire_len + 16});
    bool same = err == GOSC_OK && gosc_span_equal(s.received.message, gosc_span_of(plain, plain_len));
    scene_says(same ? GOSC_OK : err, GOSC_OK, text);
    bytes_free(gosc_span_of(out, s.wire_len + 16));
    bytes_free(gosc_span_of(scratch, lend));
}

static void extremes(void)
{
    static const scene_set wide = {&gosc_dialect_group_28, 5, 24, 3, -8, -27};
    static const scene_set wide_02 = {&gosc_dialect_group_02, 5, 31, 0, -8, 0};
    static const scene_set wide_oscore = {&gosc_dialect_oscore, 5, 31, 0, 0, 0};
    static const struct {
        const char *text;
        size_t n_options, payload_len;
    } loads[] = {
        {"payload of 1500", 1, 1500}, {"100 options", 100, 10}, {"100 options, payload of 1200", 100, 1200}};
    for (size_t i = 0; i < COUNT(loads); i++) {
        char text[120];
        (void)snprintf(text, sizeof text, "GO-3.4-14 group-28 group mode, %s: scratch suffices",
                       loads[i].text);
        extreme(&wide, true, loads[i].n_options, loads[i].payload_len, text);
        (void)snprintf(text, sizeof text, "GO-3.4-14 group-28 pairwise mode, %s: scratch suffices",
                       loads[i].text);
        extreme(&wide, false, loads[i].n_options, loads[i].payload_len, text);
        (void)snprintf(text, sizeof text, "G02-3-12 group-02, %s: scratch suffices", loads[i].text);
        extreme(&wide_02, true, loads[i].n_options, loads[i].payload_len, text);
        (void)snprintf(text, sizeof text, "O-2-06 oscore, %s: scratch suffices", loads[i].text);
        extreme(&wide_oscore, false, loads[i].n_options, loads[i].payload_len, text);
    }
}

/* A payload for which scratch does not suffice is not left out, however much else would find room. */
static void payload_without_room(void)
{
    static uint8_t plain[LONG_MESSAGE];
    size_t plain_len = long_message(plain, GOSC_CODE_POST, 1, 1500);
    bool refused = true;
    for (size_t lend = 0; lend < plain_len; lend += 10) {
        scene_init(&s, &scene_28);
        const gosc_protect_params how = scene_group_mode(&s);
        uint8_t *scratch = bytes_room(lend);
        refused = gosc_protect_request(&s.members[ALICE].context, &how, gosc_span_of(plain, plain_len),
                                       (gosc_buf){scratch, lend}, &s.members[ALICE].asked,
                                       (gosc_buf){s.wire, sizeof s.wire}, &s.wire_len) == GOSC_ERR_ROOM &&
                  refused;
        bytes_free(gosc_span_of(scratch, lend));
    }
    tap_ok(refused, "O-8.1-01 a payload of 1500 needs that much scratch and more");
}

/* ---- the ledger ---- */

/* One use of a key; cipher and lengths are the same for all that share a key. */
typedef struct use {
    uint8_t key[GOSC_KEY_MAX];
    uint8_t nonce[GOSC_NONCE_MAX];
} use;

typedef struct ledger {
    use uses[N_LEDGER];
    size_t n;
    bool repeated;
} ledger;

/* What one request opened: who asked, what its nonce is made of, and the exchanges of those who heard it. */
typedef struct asked {
    size_t who;
    uint64_t number;
    bool heard[SCENE_PEOPLE];
    bool answered[SCENE_PEOPLE];
    gosc_exchange exchanges[SCENE_PEOPLE];
} asked;

static ledger book;
static asked requests[N_EXCHANGES];

/* The nonce from its parts, and the key it goes with, into the book. */
static void note(const gosc_common_context *common, const uint8_t *key, size_t nonce_len, gosc_span id,
                 uint64_t number)
{
    use u = {{0}, {0}};
    memcpy(u.key, key, GOSC_KEY_MAX);
    memcpy(u.nonce, common->common_iv, nonce_len);
    u.nonce[0] ^= (uint8_t)id.len;
    for (size_t i = 0; i < id.len; i++) {
        u.nonce[nonce_len - 5 - id.len + i] ^= id.ptr[i];
    }
    for (size_t i = 0; i < 5; i++) {
        u.nonce[nonce_len - 1 - i] ^= (uint8_t)(number >> 8 * i);
    }
    for (size_t i = 0; i < book.n; i++) {
        book.repeated = book.repeated || memcmp(&book.uses[i], &u, sizeof u) == 0;
    }
    book.uses[book.n++ % N_LEDGER] = u;
}

/* The Partial IV of the message in wire, as bytes. */
static gosc_span sent_piv(void)
{
    gosc_coap_pdu pdu;
    scene_need(gosc_coap_pdu_parse(scene_sent(&s), &pdu), "parse");
    gosc_span value = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
    return value.len == 0 ? GOSC_EMPTY : gosc_span_of(value.ptr + 1, value.ptr[0] & 7U);
}

/* The number in its shortest form, and no other. */
static bool is_number(gosc_span piv, uint64_t number)
{
    uint64_t read = 0;
    for (size_t i = 0; i < piv.len; i++) {
        read = read << 8 | piv.ptr[i];
    }
    return read == number && piv.len >= 1 && (piv.len == 1 || piv.ptr[0] != 0);
}

/* Books the message in wire; `number` is the sender's own, UINT64_MAX when it took the request's nonce. */
static bool book_sent(size_t who, size_t peer, bool group_mode, const asked *q, uint64_t number)
{
    const gosc_security_context *context = &s.members[who].context;
    const uint8_t *key = context->sender.key;
    size_t nonce_len = (group_mode ? context->common.group_cipher : context->common.aead_cipher)->nonce_len;
    if (!group_mode && s.set.dialect->has_modes) {
        key = gosc_recipient_context_find(context, s.people[peer].id)->pairwise_sender_key;
    }
    if (number == UINT64_MAX) {
        note(&context->common, key, nonce_len, s.people[q->who].id, q->number);
        return sent_piv().len == 0;
    }
    note(&context->common, key, nonce_len, s.people[who].id, number);
    return is_number(sent_piv(), number) && context->sender.ssn == number + 1;
}

static bool pick_mode(void)
{
    return s.set.dialect->has_modes ? tap_random(2) == 0 : s.set.dialect->group != NULL;
}

/* A member asks: everybody in group mode, else one. */
static bool step_ask(asked *q)
{
    size_t who = tap_random(SCENE_PEOPLE);
    size_t target = (who + 1 + tap_random(2)) % SCENE_PEOPLE;
    gosc_protect_params how = {.group_mode = pick_mode(), .target = s.people[target].id, .kid_context = true};
    uint64_t number = s.members[who].context.sender.ssn;
    gosc_err err = scene_ask(&s, who, &how, SPAN(scene_post));
    if (number > GOSC_PARTIAL_IV_LIMIT) {
        return err == GOSC_ERR_SSN_EXHAUSTED && s.members[who].context.sender.ssn == number;
    }
    *q = (asked){.who = who, .number = number};
    bool good = err == GOSC_OK && book_sent(who, target, how.group_mode, q, number);
    for (size_t i = 0; i < SCENE_PEOPLE; i++) {
        if (i == target || (how.group_mode && i != who)) {
            q->heard[i] = scene_hear(&s, i, scene_sent(&s), 0) == GOSC_OK;
            q->exchanges[i] = s.members[i].answered;
            good = good && q->heard[i];
        }
    }
    return good;
}

/* Somebody who heard a request answers it, the first time or again. */
static bool step_answer(asked *q)
{
    size_t who = tap_random(SCENE_PEOPLE);
    if (!q->heard[who]) {
        return true;
    }
    gosc_protect_params how = {.group_mode = pick_mode(), .own_partial_iv = tap_random(2) == 0};
    uint64_t number = s.members[who].context.sender.ssn;
    s.members[who].answered = q->exchanges[who];
    gosc_err err = scene_answer(&s, who, &how, SPAN(scene_content));
    q->exchanges[who] = s.members[who].answered;
    gosc_err wanted = how.own_partial_iv ? (number > GOSC_PARTIAL_IV_LIMIT ? GOSC_ERR_SSN_EXHAUSTED : GOSC_OK)
                      : q->answered[who] ? GOSC_ERR_NONCE_REUSE
                                         : GOSC_OK;
    if (err != wanted || err != GOSC_OK) {
        return err == wanted && s.members[who].context.sender.ssn == number;
    }
    q->answered[who] = true;
    return book_sent(who, q->who, how.group_mode, q, how.own_partial_iv ? number : UINT64_MAX) &&
           (how.own_partial_iv || s.members[who].context.sender.ssn == number);
}

/* Numbers around every length of a Partial IV, and at their end. */
static void ledger_of(const scene_set *set, const char *id, uint64_t start, unsigned n_steps)
{
    char text[120];
    bool good = true;
    scene_init(&s, set);
    memset(&book, 0, sizeof book);
    memset(requests, 0, sizeof requests);
    for (size_t i = 0; i < SCENE_PEOPLE; i++) {
        s.members[i].context.sender.ssn = start + i;
    }
    for (unsigned step = 0; step < n_steps && good; step++) {
        asked *q = &requests[tap_random(N_EXCHANGES)];
        good = tap_random(3) == 0 ? step_ask(q) : step_answer(q);
        if (!good) {
            tap_note("step", step, NULL, 0);
        }
    }
    (void)snprintf(text, sizeof text,
                   "%s %s from %llu: every Partial IV is the next number, refusals take none", id,
                   set->dialect->name, (unsigned long long)start);
    tap_ok(good && book.n < N_LEDGER, text);
    (void)snprintf(text, sizeof text, "O-7.2-01 %s from %llu: no key meets a nonce twice", set->dialect->name,
                   (unsigned long long)start);
    tap_ok(book.n > 20 && !book.repeated, text);
}

static void ledgers(void)
{
    static const uint64_t starts[] = {0, 250, 65530, (UINT64_C(1) << 32) - 20, GOSC_PARTIAL_IV_LIMIT - 40};
    /* Equal algorithms too: then only the keys tell the modes apart. */
    static const scene_set equal = {&gosc_dialect_group_28, 5, 10, 10, -8, -27};
    for (size_t i = 0; i < COUNT(starts); i++) {
        ledger_of(&scene_oscore, "O-8.3-03", starts[i], 400);
        ledger_of(&scene_02, "G02-7.2-01", starts[i], 400);
        ledger_of(&scene_28, "GO-5-02", starts[i], 600);
        ledger_of(&equal, "GO-2.5.3-01", starts[i], 600);
    }
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    request_ladder();
    response_ladder();
    mode_rules();
    for (size_t i = 0; i < COUNT(shapes); i++) {
        room_of(&shapes[i]);
    }
    extremes();
    payload_without_room();
    ledgers();
    return tap_done();
}
