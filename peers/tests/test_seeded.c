/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only calls of the library can show, found by seeded mutants that no vector catches (harness/mutants):
 * a vector's set-up is judged by its reader before the library sees it, and has no view of an exchange.
 */
#include "scene.h"

static scene world;

static void identifiers(void)
{
    scene_init(&world, &scene_28);
    gosc_security_context *context = &world.members[BOB].context;
    gosc_recipient_context *alice = gosc_recipient_context_find(context, world.people[ALICE].id);
    const scene_member before = world.members[BOB];
    gosc_span other = scene_credential_of(&world, CAROL);
    gosc_span free_id = SPAN(scene_manager);
    free_id.len = 2;
    (void)gosc_recipient_context_delete(context, world.people[CAROL].id);
    tap_ok(gosc_recipient_context_add(context, free_id, other) == GOSC_OK,
           "O-3.3-04 control: another ID finds room");
    (void)gosc_recipient_context_delete(context, free_id);
    scene_says(gosc_recipient_context_add(context, world.people[ALICE].id, other), GOSC_ERR_CONTEXT_INVALID,
               "O-3.3-01 second Recipient Context of one ID is refused");
    tap_ok(alice != NULL &&
               memcmp(alice, &before.table[alice - world.members[BOB].table], sizeof *alice) == 0,
           "O-3.3-04 the first one of that ID is as it was");
    scene_says(gosc_recipient_context_add(context, world.people[BOB].id, other), GOSC_ERR_CONTEXT_INVALID,
               "O-3.3-01 Recipient ID equal to the Sender ID is refused");
}

/* Ed25519 keys are looked at by the verification: y = 2 is on no curve (RFC 8032 section 5.1.3). */
static void no_point(const scene_set *set, const char *text)
{
    scene_init(&world, set);
    gosc_protect_params how = scene_group_mode(&world);
    scene_need(scene_ask(&world, ALICE, &how, SPAN(scene_post)), "asking");
    gosc_recipient_context *alice =
        gosc_recipient_context_find(&world.members[BOB].context, world.people[ALICE].id);
    uint8_t y[32] = {2};
    gosc_public_key good = alice->public_key;
    alice->public_key.x = SPAN(y);
    scene_says(scene_hear(&world, BOB, scene_sent(&world), 0), GOSC_ERR_KEY_INVALID, text);
    alice->public_key = good;
    scene_says(scene_hear(&world, BOB, scene_sent(&world), 0), GOSC_OK,
               "GO-7.2-09 control: with its own key");
}

/* The Outer Observe of the bytes sent becomes an option that nobody knows, or the other way round. */
static void observing(void)
{
    scene_init(&world, &scene_oscore);
    gosc_protect_params how = scene_group_mode(&world);
    how.target = world.people[BOB].id;
    scene_need(scene_ask(&world, ALICE, &how, SPAN(scene_observe)), "asking");
    gosc_coap_pdu pdu;
    scene_need(gosc_coap_pdu_parse(scene_sent(&world), &pdu), "parsing");
    uint8_t *first = world.wire + (pdu.options.ptr - world.wire);
    tap_ok(*first == 0x60, "O-4.1.3.5.1-01 control: Outer Observe 0 stands first");
    /* Observe (6) becomes Uri-Port (7), and OSCORE (9) follows two further on. */
    first[0] = 0x70;
    first[1] = (uint8_t)(first[1] - 0x10);
    scene_need(scene_hear(&world, BOB, scene_sent(&world), 0), "hearing");
    tap_ok(world.members[BOB].answered.observe,
           "O-4.1.3.5.1-04 Observe inside decides: a registration without Outer Observe");
    how = (gosc_protect_params){.target = world.people[BOB].id};
    scene_need(scene_ask(&world, ALICE, &how, SPAN(scene_post)), "asking again");
    uint8_t longer[SCENE_ROOM];
    scene_need(gosc_coap_pdu_parse(scene_sent(&world), &pdu), "parsing again");
    size_t head = (size_t)(pdu.options.ptr - world.wire);
    memcpy(longer, world.wire, head);
    longer[head] = 0x60;
    longer[head + 1] = (uint8_t)(world.wire[head] - 0x60);
    memcpy(longer + head + 2, world.wire + head + 1, world.wire_len - head - 1);
    scene_need(scene_hear(&world, BOB, gosc_span_of(longer, world.wire_len + 1), 0), "hearing again");
    tap_ok(!world.members[BOB].answered.observe,
           "O-4.1.3.5.1-04 Observe inside decides: Outer Observe alone registers nothing");
}

int main(void)
{
    identifiers();
    no_point(&scene_28, "GO-7.2-10 key that is no point verifies nothing");
    no_point(&scene_02, "G02-4.2-04 key that is no point verifies nothing (2018)");
    observing();
    return tap_done();
}
