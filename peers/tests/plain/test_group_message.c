/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a group adds to a message: the mode, the member it claims to come from, the context it names, the
 * signature.
 */
#include "group_message.h"

#include "scene.h"

static scene s;

static void modes(void)
{
    for (unsigned i = 0; i < 4; i++) {
        const gosc_common_context common = {.signature_len = (i & 1) != 0 ? 64 : 0,
                                            .pairwise_mode = (i & 2) != 0};
        char text[100];
        (void)snprintf(text, sizeof text, "GO-6-03 set up for %s%s%s", (i & 1) != 0 ? "group mode " : "",
                       (i & 2) != 0 ? "pairwise mode " : "", i == 0 ? "nothing" : "");
        tap_ok(gosc_group_mode_check(&common, true) == ((i & 1) != 0 ? GOSC_OK : GOSC_ERR_MODE_UNSUPPORTED) &&
                   gosc_group_mode_check(&common, false) ==
                       ((i & 2) != 0 ? GOSC_OK : GOSC_ERR_MODE_UNSUPPORTED),
               text);
    }
}

static void suites(void)
{
    scene_init(&s, &scene_28);
    gosc_security_context *context = &s.members[ALICE].context;
    gosc_recipient_context *bob = gosc_recipient_context_find(context, s.people[BOB].id);
    gosc_message m = {.context = context, .peer = bob, .group_mode = true, .scratch = scene_scratch(&s)};
    tap_ok(gosc_message_suite(&m, true) == GOSC_OK && m.cipher->alg == 10 && m.key == context->sender.key &&
               m.signature_len == 64,
           "GO-7.1-01 group mode: Group Encryption Algorithm, Sender Key, signed");
    tap_ok(gosc_message_suite(&m, false) == GOSC_OK && m.key == bob->key && !bob->has_pairwise_keys,
           "GO-7.2-13 received: Recipient Key");
    m = (gosc_message){.context = context, .peer = bob, .scratch = scene_scratch(&s)};
    tap_ok(gosc_message_suite(&m, true) == GOSC_OK && m.cipher->alg == 24 &&
               m.key == bob->pairwise_sender_key && m.signature_len == 0 && bob->has_pairwise_keys,
           "GO-8-01 pairwise mode: AEAD Algorithm, Pairwise Sender Key, not signed");
    tap_ok(gosc_message_suite(&m, false) == GOSC_OK && m.key == bob->pairwise_recipient_key,
           "GO-8.2-01 received: Pairwise Recipient Key");
    m.peer = gosc_recipient_context_find(context, s.people[CAROL].id);
    m.scratch.len = 10;
    scene_says(gosc_message_suite(&m, true), GOSC_ERR_ROOM, "GO-8.1-01 what fails in deriving them is told");
    scene_init(&s, &scene_02);
    m = (gosc_message){.context = context, .group_mode = true};
    tap_ok(gosc_message_suite(&m, true) == GOSC_OK && m.cipher->alg == 10 && m.signature_len == 64,
           "G02-4.1-01 group-02: one AEAD for all, signed");
}

/* Who a message comes from; refusals in the order of vectors/README.md. */
static void senders(void)
{
    scene_init(&s, &scene_28);
    gosc_security_context *context = &s.members[ALICE].context;
    gosc_message m = {.context = context, .group_mode = true};
    tap_ok(gosc_group_sender_find(&m, s.people[CAROL].id) == GOSC_OK &&
               m.peer == gosc_recipient_context_find(context, s.people[CAROL].id) && s.n_lookups == 0,
           "GO-7.2-09 a member with a Recipient Context");
    scene_says(gosc_group_sender_find(&m, s.people[ALICE].id), GOSC_ERR_OWN_KID,
               "GO-7.2-20 the own Sender ID");
    scene_says(gosc_group_sender_find(&m, gosc_span_of("x", 1)), GOSC_ERR_RECIPIENT_UNKNOWN,
               "GO-7.2-04 a stranger");
    context->common.signature_len = 0;
    scene_says(gosc_group_sender_find(&m, s.people[ALICE].id), GOSC_ERR_MODE_UNSUPPORTED,
               "GO-6-05 a mode that is not set up, whoever it is");
    context->common.signature_len = 64;
    gosc_recipient_context *carol = gosc_recipient_context_find(context, s.people[CAROL].id);
    carol->credential = GOSC_ABSENT;
    scene_says(gosc_group_sender_find(&m, s.people[CAROL].id), GOSC_ERR_CREDENTIAL_MISSING,
               "GO-7.2-05 a member whose credential is not known");
    /* Bob's empty ID is not that of an endpoint without Sender Context. */
    context->sender.present = false;
    context->sender.id.len = 0;
    scene_says(gosc_group_sender_find(&m, GOSC_EMPTY), GOSC_OK, "G02-1.1-02 a silent server has no own ID");
    (void)gosc_recipient_context_delete(context, GOSC_EMPTY);
    tap_ok(gosc_group_sender_find(&m, GOSC_EMPTY) == GOSC_OK && m.peer == &m.provisional &&
               s.n_lookups == 2 && gosc_recipient_context_find(context, GOSC_EMPTY) == NULL,
           "GO-7.2-03 a member heard for the first time is provisional");
}

/* ---- contexts that follow one another ---- */

typedef struct epochs {
    gosc_security_context contexts[4];
    gosc_security_context *list[4];
    gosc_context_store store;
    gosc_exchange exchange;
    gosc_message m;
} epochs;

/* Newest first: epoch 2 of group a; group b in another dialect; epoch 1 of a under an equal Gid; epoch 0. */
static void epochs_init(epochs *e, const gosc_dialect *dialect, const gosc_dialect *other)
{
    static const char *const gids[] = {"a2", "a1", "a1", "a0"};
    *e = (epochs){.store = {NULL, 4}};
    for (size_t i = 0; i < 4; i++) {
        e->contexts[i].common.dialect = i == 1 ? other : dialect;
        e->contexts[i].common.id_context = gosc_span_of(gids[i], 2);
        e->list[i] = &e->contexts[i];
    }
    e->store.contexts = e->list;
    e->exchange.context = &e->contexts[3];
    e->exchange.request_kid_context = gosc_span_of("a0", 2);
    e->m.context = &e->contexts[3];
}

static gosc_err find(epochs *e, const char *gid)
{
    e->m.option.kid_context = gid != NULL ? gosc_span_of(gid, strlen(gid)) : GOSC_ABSENT;
    return gosc_group_context_find(&e->m, &e->store, &e->exchange);
}

static void contexts(void)
{
    epochs e;
    epochs_init(&e, &gosc_dialect_group_28, &gosc_dialect_group_28_cs4);
    tap_ok(find(&e, NULL) == GOSC_OK && e.m.context == &e.contexts[3],
           "GO-7.4-18 no kid context: that of the request");
    tap_ok(find(&e, "a2") == GOSC_OK && e.m.context == &e.contexts[0],
           "GO-7.4-18 a newer Gid selects the newer one");
    epochs_init(&e, &gosc_dialect_group_28, &gosc_dialect_group_28_cs4);
    tap_ok(find(&e, "a1") == GOSC_OK && e.m.context == &e.contexts[2],
           "GO-2-01 only contexts of this dialect");
    e.contexts[1].common.dialect = &gosc_dialect_group_28;
    tap_ok(find(&e, "a1") == GOSC_OK && e.m.context == &e.contexts[1],
           "GO-2-01 of two under one Gid the newest");
    epochs_init(&e, &gosc_dialect_group_28, &gosc_dialect_group_28_cs4);
    tap_ok(find(&e, "a3") == GOSC_ERR_CONTEXT_NOT_FOUND && find(&e, "") == GOSC_ERR_CONTEXT_NOT_FOUND &&
               find(&e, "a") == GOSC_ERR_CONTEXT_NOT_FOUND && e.m.context == &e.contexts[3],
           "GO-7.4-20 a Gid that is not installed");
    e.store.n_contexts = 0;
    scene_says(find(&e, "a0"), GOSC_ERR_CONTEXT_NOT_FOUND,
               "GO-2.6.3.2-07 nor one that is not given any more");

    epochs_init(&e, &gosc_dialect_group_02, &gosc_dialect_group_02_s2e1);
    tap_ok(find(&e, NULL) == GOSC_OK && find(&e, "a0") == GOSC_OK && e.m.context == &e.contexts[3],
           "G02-4.4-02 group-02: no Gid, or that of the request");
    tap_ok(find(&e, "a2") == GOSC_ERR_CONTEXT_NOT_FOUND && e.m.context == &e.contexts[3],
           "G02-4.4-02 group-02: no other, though it is installed");
}

/* ---- sealing and verifying ---- */

/* Where signature and ciphertext stand in a message of Alice's. */
static void places(void)
{
    static const scene_set *const sets[] = {&scene_02, &scene_28};
    for (size_t i = 0; i < COUNT(sets); i++) {
        gosc_coap_pdu pdu;
        scene_init(&s, sets[i]);
        gosc_protect_params how = scene_group_mode(&s);
        scene_need(scene_ask(&s, ALICE, &how, SPAN(scene_post)), "protect");
        scene_need(gosc_coap_pdu_parse(scene_sent(&s), &pdu), "parse");
        gosc_span value = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
        size_t sealed = 1 + 5 + 1 + 2 + 8; /* code, Uri-Path, marker, payload, tag */
        bool in_option = sets[i]->dialect->signature_in_option;
        tap_ok(value.len == 7 + (in_option ? 64U : 0U) &&
                   pdu.payload.len == sealed + (in_option ? 0U : 64U) && value.ptr[0] == 0x39 &&
                   memcmp(value.ptr + 2, "\x03\x44\x61\x6c", 4) == 0 && value.ptr[value.len - 1] == 0xa1,
               in_option ? "G02-3-11 the signature stands in the option, before the kid"
                         : "GO-4.1-01 the signature stands behind the ciphertext");
        uint8_t *signature = s.wire + ((in_option ? value.ptr + 6 : pdu.payload.ptr + sealed) - s.wire);
        tap_ok(!scene_all(signature, 0, 64), "GO-3.1-02 it is there");
        signature[63] ^= 0x10;
        scene_says(scene_hear(&s, BOB, scene_sent(&s), 0), GOSC_ERR_SIGNATURE_INVALID,
                   "GO-7.2-10 and looked at there");
        signature[63] ^= 0x10;
        scene_says(scene_hear(&s, BOB, scene_sent(&s), 0), GOSC_OK, "GO-7.2-09 by the key of its sender");
    }
}

/* Each call alone, with messages as protect.c and unprotect.c make them. */
static void by_itself(void)
{
    uint8_t wire[200], scratch[800];
    gosc_writer out;
    scene_init(&s, &scene_28);
    gosc_message m = {.context = &s.members[ALICE].context,
                      .is_request = true,
                      .group_mode = true,
                      .scratch = {scratch, sizeof scratch}};
    m.option = (gosc_oscore_option){.kid = s.people[ALICE].id, .partial_iv_bytes = gosc_span_of("\x05", 1)};
    m.option.partial_iv.number = 5;
    m.option_value = gosc_span_of("\x39\x05\x03\x44\x61\x6c\xa1", 7);
    m.pdu.token = GOSC_EMPTY;
    scene_need(gosc_message_suite(&m, true), "suite");
    gosc_message_bind(&m, NULL, GOSC_ABSENT);
    scene_need(gosc_message_aad(&m, m.context->sender.credential, 5 + 8), "aad");
    gosc_writer_init(&out, (gosc_buf){wire, sizeof wire});
    uint8_t *ciphertext = gosc_write_room(&out, 13);
    tap_ok(gosc_group_seal(&m, gosc_span_of("plain", 5), &out, ciphertext) == GOSC_OK &&
               gosc_writer_span(&out).len == 13 + 64 && memcmp(ciphertext, m.aad.ciphertext, 13) == 0,
           "GO-4.1-01 sealed: what is signed is what is sent");
    gosc_writer_init(&out, (gosc_buf){wire, 13 + 63});
    ciphertext = gosc_write_room(&out, 13);
    scene_says(gosc_group_seal(&m, gosc_span_of("plain", 5), &out, ciphertext), GOSC_ERR_ROOM,
               "GO-4.1-01 no room for the signature");
    gosc_writer_init(&out, (gosc_buf){wire, sizeof wire});
    ciphertext = gosc_write_room(&out, 13);
    scene_need(gosc_group_seal(&m, gosc_span_of("plain", 5), &out, ciphertext), "seal");

    m.context = &s.members[BOB].context;
    m.peer = gosc_recipient_context_find(m.context, s.people[ALICE].id);
    const gosc_span signature = gosc_span_of(wire + 13, 64);
    scene_need(gosc_message_aad(&m, m.peer->credential, 13), "aad");
    scene_says(gosc_group_verify(&m, gosc_span_of(wire, 13), signature), GOSC_OK, "GO-7.2-09 verified");
    m.peer = gosc_recipient_context_find(m.context, s.people[CAROL].id);
    scene_says(gosc_group_verify(&m, gosc_span_of(wire, 13), signature), GOSC_ERR_SIGNATURE_INVALID,
               "GO-7.2-09 not with another member's key");
    m.peer = gosc_recipient_context_find(m.context, s.people[ALICE].id);
    m.is_request = false;
    scene_says(gosc_group_verify(&m, gosc_span_of(wire, 13), signature), GOSC_ERR_SIGNATURE_INVALID,
               "GO-4.2-08 nor as a response");
    m.is_request = true;
    scene_need(gosc_message_aad(&m, scene_credential_of(&s, CAROL), 13), "aad");
    scene_says(gosc_group_verify(&m, gosc_span_of(wire, 13), signature), GOSC_ERR_SIGNATURE_INVALID,
               "GO-3.4-12 nor over another member's credential");
    s.members[BOB].context.common.signatures_unchecked = true;
    scene_says(gosc_group_verify(&m, gosc_span_of(wire, 13), signature), GOSC_OK,
               "G02-F-03 taken as it is by who gave up verification");
}

int main(void)
{
    modes();
    suites();
    senders();
    contexts();
    places();
    by_itself();
    return tap_done();
}
