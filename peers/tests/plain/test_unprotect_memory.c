/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening with little memory, and messages that verify but hold no CoAP content: made by a peer that has the
 * keys. Nothing moves, and nothing is left behind.
 */
#include "unprotect.h"

#include "message.h"
#include "shapes.h"

enum {
    CANARY = 0xc5,
};

static scene s;
static scene_member before;

/* ---- room ---- */

/* Opens in exactly that much memory; `clean` when nothing moved or was left, or when it went well. */
static gosc_err in_room(const shape *f, size_t scratch_len, size_t out_len, gosc_span want, bool *clean)
{
    scene_member *m = &s.members[shape_receiver(f)];
    uint8_t *scratch = bytes_room(scratch_len);
    uint8_t *out = bytes_room(out_len + 1);
    memset(out, CANARY, out_len + 1);
    memset(scratch, CANARY, scratch_len);
    memcpy(&before, m, sizeof before);
    gosc_err err =
        shape_open(&s, f, scene_sent(&s), (gosc_buf){scratch, scratch_len}, (gosc_buf){out, out_len});
    if (err == GOSC_OK) {
        *clean = out[out_len] == CANARY && gosc_span_equal(s.received.message, want);
    } else {
        *clean = out[out_len] == CANARY && scene_same(&before, m) && !gosc_span_present(s.received.message) &&
                 (scene_all(out, 0, out_len) || scene_all(out, CANARY, out_len));
    }
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
    bool clean = false, kept = true, refused = true;
    shape_make(&s, f, f->set);
    size_t lend = gosc_scratch_len(s.wire_len, SCENE_CREDENTIAL_MAX);
    memcpy(&before, &s.members[shape_receiver(f)], sizeof before);
    scene_need(shape_open(&s, f, scene_sent(&s), scene_scratch(&s), (gosc_buf){s.opened, sizeof s.opened}),
               f->name);
    memcpy(&s.members[shape_receiver(f)], &before, sizeof before);
    gosc_span want = bytes_copy(s.received.message);
    for (size_t len = 0; len < want.len; len++) {
        refused = in_room(f, lend, len, want, &clean) == GOSC_ERR_ROOM && refused;
        kept = kept && clean;
    }
    refused = refused && in_room(f, lend, want.len, want, &clean) == GOSC_OK && clean &&
              want.len <= s.wire_len + 16;
    (void)snprintf(text, sizeof text, "O-8.2-07 %s: out of every length", f->name);
    tap_ok(refused && kept, text);
    size_t needed = 0;
    kept = true;
    while (needed < lend && in_room(f, needed, want.len, want, &clean) == GOSC_ERR_ROOM) {
        kept = kept && clean;
        needed++;
    }
    bool enough = in_room(f, needed, want.len, want, &clean) == GOSC_OK && clean;
    (void)snprintf(text, sizeof text, "O-8.2-07 %s: scratch of every length", f->name);
    tap_ok(kept && enough && needed > 40, text);
    bytes_free(want);
}

/* ---- content that is none ---- */

/* Seals any plaintext as the message of a shape would be: the last steps of protect.c, without its care. */
static void seal_raw(const shape *f, gosc_span plaintext)
{
    scene_member *from = &s.members[shape_sender(f)];
    uint8_t value[12], nonce[GOSC_NONCE_MAX];
    static const uint8_t piv[] = {0x12, 0x55};
    gosc_writer option, out;
    uint16_t previous = 0;
    gosc_message m = {.context = &from->context,
                      .is_request = !f->is_response,
                      .group_mode = shape_how(&s, f).group_mode,
                      .scratch = scene_scratch(&s)};
    m.pdu = (gosc_coap_pdu){
        .type = GOSC_COAP_NON, .code = f->is_response ? 0x44 : 0x02, .token = {scene_post + 4, 2}};
    m.peer = gosc_recipient_context_find(m.context, s.people[shape_receiver(f)].id);
    m.option.partial_iv_bytes = SPAN(piv);
    m.option.partial_iv.number = 0x1255;
    m.option.kid = s.people[shape_sender(f)].id;
    if (!f->is_response && s.set.dialect->group != NULL) {
        m.option.kid_context = s.gid;
    }
    gosc_writer_init(&option, (gosc_buf){value, sizeof value});
    gosc_oscore_option_write(&option, &m.option, m.group_mode ? GOSC_FLAG_GROUP : 0);
    m.option_value = gosc_writer_span(&option);
    scene_need(gosc_message_suite(&m, true), "suite");
    gosc_message_bind(&m, f->is_response ? &from->answered : NULL, s.people[shape_sender(f)].id);
    scene_need(gosc_message_aad(&m, from->context.sender.credential, plaintext.len + m.cipher->tag_len),
               "aad");
    gosc_writer_init(&out, (gosc_buf){s.wire, sizeof s.wire});
    gosc_coap_header_write(&out, &m.pdu);
    gosc_option_write(&out, &previous, GOSC_OPTION_OSCORE, m.option_value);
    gosc_write_u8(&out, 0xff);
    uint8_t *ciphertext = gosc_write_room(&out, plaintext.len + m.cipher->tag_len);
    if (m.signature_len > 0) {
        scene_need(s.set.dialect->group->seal(&m, plaintext, &out, ciphertext), "seal");
    } else {
        gosc_message_nonce(&m, nonce);
        scene_need(
            gosc_crypto_seal(m.cipher, m.key, nonce, gosc_aad_enc_structure(&m.aad), plaintext, ciphertext),
            "seal");
    }
    s.wire_len = gosc_writer_span(&out).len;
}

static const struct {
    const char *text, *plaintext;
    bool request_too, response_too; /* refused in that direction */
} contents[] = {
    {"O-4.2-07 code 0.00", "00", true, true},
    {"O-4.2-07 a response code", "45", true, false},
    {"O-4.2-07 a request code", "02", false, true},
    {"O-4.2-07 a signaling code", "e1", true, true},
    {"O-4.2-07 a code of class 3", "61", true, true},
    {"O-5.3-02 a marker without payload", "02ff", true, true},
    {"O-5.3-02 an option that is cut", "02b46c61", true, true},
    {"O-5.3-02 an option of nibble 15", "02f0", true, true},
    {"O-5.3-02 a length of nibble 15", "02bf", true, true},
    {"O-5.3-02 an option number beyond 65535", "02e0ffff", true, true},
    {"O-4.1.3.7-02 an OSCORE option inside", "0290", true, true},
    {"O-4.1.3.7-02 an OSCORE option among others", "0230609100", true, true},
};

/* The message verifies, so its control differs in the plaintext alone. */
static void malformed_inside(const shape *f, const char *control)
{
    char text[200];
    scene_member *m = &s.members[shape_receiver(f)];
    shape_prepare(&s, f, f->set);
    for (size_t i = 0; i < COUNT(contents); i++) {
        gosc_span plaintext = bytes_hex(contents[i].plaintext);
        uint8_t *bytes = (uint8_t *)((uintptr_t)plaintext.ptr);
        if (f->is_response && bytes[0] == 0x02 && plaintext.len > 1) {
            bytes[0] = 0x45;
        }
        if (f->is_response ? contents[i].response_too : contents[i].request_too) {
            uint8_t out[300];
            seal_raw(f, plaintext);
            memcpy(&before, m, sizeof before);
            memset(out, CANARY, sizeof out);
            s.received.message = SPAN(scene_secret);
            gosc_err err = shape_open(&s, f, scene_sent(&s), scene_scratch(&s), (gosc_buf){out, sizeof out});
            (void)snprintf(text, sizeof text, "%s, in: %s", contents[i].text, f->name);
            tap_ok(scene_is(err, GOSC_ERR_INNER_MALFORMED) && scene_same(&before, m) &&
                       !gosc_span_present(s.received.message) && scene_all(out, 0, sizeof out),
                   text);
        }
        bytes_free(plaintext);
    }
    gosc_span good = bytes_hex(f->is_response ? "45" : "02");
    seal_raw(f, good);
    (void)snprintf(text, sizeof text, "%s %s: a code alone is content", control, f->name);
    scene_says(shape_open(&s, f, scene_sent(&s), scene_scratch(&s), (gosc_buf){s.opened, sizeof s.opened}),
               GOSC_OK, text);
    bytes_free(good);
}

/* ---- payloads that are too short ---- */

/* One byte beside tag and signature is the least; what is shorter is told before any cryptography. */
static void short_payloads(const shape *f, size_t least)
{
    char text[160];
    bool good = true;
    shape_make(&s, f, f->set);
    gosc_coap_pdu pdu;
    scene_need(gosc_coap_pdu_parse(scene_sent(&s), &pdu), "parse");
    size_t start = s.wire_len - pdu.payload.len;
    for (size_t len = 1; len < pdu.payload.len; len++) {
        gosc_span cut = bytes_copy(gosc_span_of(s.wire, start + len));
        memcpy(&before, &s.members[shape_receiver(f)], sizeof before);
        gosc_err err = shape_open(&s, f, cut, scene_scratch(&s), (gosc_buf){s.opened, sizeof s.opened});
        gosc_err wanted = len < least ? GOSC_ERR_PAYLOAD_SHORT
                          : shape_how(&s, f).group_mode && f->set->dialect->signature_first
                              ? GOSC_ERR_SIGNATURE_INVALID
                              : GOSC_ERR_DECRYPTION_FAILED;
        good = good && err == wanted && scene_same(&before, &s.members[shape_receiver(f)]);
        bytes_free(cut);
    }
    (void)snprintf(text, sizeof text, "O-6.2-02 %s: payload of less than %zu bytes", f->name, least);
    tap_ok(good && pdu.payload.len > least, text);
}

static size_t least_of(const shape *f)
{
    bool group_mode = shape_how(&s, f).group_mode;
    if (!f->set->dialect->has_modes) {
        return 1 + 8;
    }
    return group_mode ? 1 + 8 + 64 : 1 + 16;
}

/* A cipher without tag: one byte and the signature are enough. */
static void without_tag(void)
{
    static const scene_set ctr = {&gosc_dialect_group_28, 5, 24, -65534, -8, -27};
    const shape f = {.name = "group-28 group request, AES-CTR", .set = &ctr, .asked_in_group = true};
    short_payloads(&f, 1 + 64);
    malformed_inside(&f, "GO-4.1-14");
}

/* ---- pairwise keys, derived on the way ---- */

/* The first pairwise message of a pair, forged: refused, and what is kept are the keys alone. */
static void cold_keys(void)
{
    const shape f = {.name = "cold", .set = &scene_28};
    shape_make(&s, &f, f.set);
    scene_member *bob = &s.members[BOB];
    gosc_recipient_context *alice = gosc_recipient_context_find(&bob->context, s.people[ALICE].id);
    uint8_t keys[2][GOSC_KEY_MAX];
    memcpy(keys[0], alice->pairwise_sender_key, GOSC_KEY_MAX);
    memcpy(keys[1], alice->pairwise_recipient_key, GOSC_KEY_MAX);
    memset(alice->pairwise_sender_key, 0, GOSC_KEY_MAX);
    memset(alice->pairwise_recipient_key, 0, GOSC_KEY_MAX);
    alice->has_pairwise_keys = false;
    memcpy(&before, bob, sizeof before);
    s.wire[s.wire_len - 1] ^= 1;
    scene_says(shape_open(&s, &f, scene_sent(&s), scene_scratch(&s), (gosc_buf){s.opened, sizeof s.opened}),
               GOSC_ERR_DECRYPTION_FAILED, "GO-8.4-05 a forged first pairwise message of a known member");
    bool cached = alice->has_pairwise_keys &&
                  memcmp(keys[0], alice->pairwise_sender_key, GOSC_KEY_MAX) == 0 &&
                  memcmp(keys[1], alice->pairwise_recipient_key, GOSC_KEY_MAX) == 0;
    memset(alice->pairwise_sender_key, 0, GOSC_KEY_MAX);
    memset(alice->pairwise_recipient_key, 0, GOSC_KEY_MAX);
    alice->has_pairwise_keys = false;
    tap_ok(cached && scene_same(&before, bob),
           "GO-8.4-05 leaves the keys of the pair, which are what they are, and no more");
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    for (size_t i = 0; i < COUNT(shapes); i++) {
        room_of(&shapes[i]);
        short_payloads(&shapes[i], least_of(&shapes[i]));
        /* In group-02 the signature would have to be put into the option. */
        if (!shapes[i].set->dialect->signature_in_option) {
            malformed_inside(&shapes[i], "O-5.3-01");
        }
    }
    without_tag();
    cold_keys();
    return tap_done();
}
