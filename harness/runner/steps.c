/* SPDX-License-Identifier: BSD-2-Clause */
#include "steps.h"

#include <stdio.h>
#include <string.h>

#include "adversary/edit.h"
#include "adversary/forge.h"

static bool fault(run_play *play, const json_t *step, const char *what)
{
    return run_say(play, "scenario", NULL, "step %s (%s): %s", vec_get_text(step, "name"),
                   vec_get_text(step, "do"), what);
}

static bool lab_said(run_play *play, lab_err err)
{
    return err == LAB_OK || run_say(play, "lab", NULL, "%s", lab_complaint(play->lab));
}

static int number_of(run_play *play, const char *name)
{
    const run_peer *peer = run_play_peer(play, name);
    return peer != NULL ? peer->number : LAB_ANY;
}

/* ---- rules ---- */

static lab_is is_of(const char *word)
{
    for (lab_is is = LAB_IS_REQUEST; word != NULL && is <= LAB_IS_OTHER; is++) {
        if (strcmp(lab_is_name(is), word) == 0) {
            return is;
        }
    }
    return LAB_IS_ANY;
}

static lab_mode lab_mode_of(const char *word)
{
    if (word == NULL || strcmp(word, "any") == 0) {
        return LAB_MODE_ANY;
    }
    if (strcmp(word, "group") == 0) {
        return LAB_MODE_GROUP;
    }
    return strcmp(word, "plain") == 0 ? LAB_MODE_PLAIN : LAB_MODE_OTHER;
}

/* rule_fits: what the lab cannot know, which step a packet belongs to. */
static bool rule_fits(void *arg, const lab_packet *packet)
{
    run_rule *rule = arg;
    const char *of = vec_get_text(json_object_get(rule->step, "match"), "of");
    const run_packet *mine = run_packet_of(rule->play, packet->number);
    return of == NULL || (mine != NULL && mine->of != NULL && strcmp(mine->of, of) == 0);
}

static gosc_span look_up(void *arg, const char *name)
{
    const lab_packet *packet = lab_packet_find(((run_play *)arg)->lab, name);
    return packet != NULL ? packet->bytes : GOSC_ABSENT;
}

static adv_shape shape_of(run_play *play, const lab_packet *packet)
{
    const run_packet *mine = run_packet_of(play, packet->number);
    adv_shape shape = {.signature_in_option = strcmp(play->world.dialect, "group-02") == 0};
    if (mine != NULL && mine->opened != NULL && mine->opened->has_layers) {
        shape.tag_len = mine->opened->layers.cipher->tag_len;
        shape.signature_len =
            mine->opened->layers.is_signed ? gosc_signature_len(mine->opened->group->suite.signature) : 0;
    }
    return shape;
}

static bool rule_edit(void *arg, const lab_packet *packet, gosc_buf room, size_t *len)
{
    run_rule *rule = arg;
    run_play *play = rule->play;
    gosc_span edited;
    const adv_shape shape = shape_of(play, packet);
    const char *why = adv_edit(&play->arena, json_object_get(rule->step, "set"), &shape, look_up, play,
                               packet->bytes, &edited);
    if (why != NULL || edited.len > room.len) {
        return fault(play, rule->step, why != NULL ? why : "the packet would be too long");
    }
    memcpy(room.ptr, edited.ptr, edited.len);
    *len = edited.len;
    return true;
}

bool run_step_rule_add(run_play *play, const json_t *step, lab_action action)
{
    const json_t *match = json_object_get(step, "match");
    run_rule *arg = vec_alloc(&play->arena, sizeof *arg);
    *arg = (run_rule){play, step, play->rules};
    play->rules = arg;
    lab_rule rule = LAB_RULE(action);
    rule.from = number_of(play, vec_get_text(match, "from"));
    rule.to = number_of(play, vec_get_text(match, "to"));
    rule.is = is_of(vec_get_text(match, "is"));
    rule.mode = lab_mode_of(vec_get_text(match, "mode"));
    const char *cast = vec_get_text(match, "cast");
    rule.cast = cast == NULL                     ? LAB_CAST_ANY
                : strcmp(cast, "multicast") == 0 ? LAB_CAST_MULTICAST
                                                 : LAB_CAST_UNICAST;
    rule.nth = (unsigned)vec_get_int(match, "nth", 1);
    rule.times = (unsigned)vec_get_int(step, "times", 1);
    rule.delay_ms = (uint32_t)vec_get_int(step, "ms", 0);
    rule.copies = (unsigned)vec_get_int(step, "copies", 1);
    rule.match = rule_fits;
    rule.edit = action == LAB_EDIT ? rule_edit : NULL;
    rule.arg = arg;
    rule.name = vec_get_text(step, "name");
    int id;
    return lab_said(play, lab_rule_add(play->lab, &rule, &id));
}

bool run_step_release(run_play *play, const json_t *step)
{
    const json_t *order = json_object_get(step, "order");
    const char *one = vec_get_text(step, "packet");
    int to = number_of(play, vec_get_text(step, "to"));
    if (order == NULL && one == NULL) {
        return lab_said(play, lab_release(play->lab, 0, to));
    }
    size_t n = one != NULL ? 1 : json_array_size(order);
    for (size_t i = 0; i < n; i++) {
        const lab_packet *packet =
            run_packet_named(play, one != NULL ? one : json_string_value(json_array_get(order, i)));
        if (packet == NULL || !lab_said(play, lab_release(play->lab, packet->number, to))) {
            return false;
        }
    }
    return true;
}

/* ---- packets sent again ---- */

static const run_group *group_of(run_play *play, const lab_packet *packet)
{
    const run_packet *mine = run_packet_of(play, packet->number);
    return mine != NULL && mine->opened->group != NULL ? mine->opened->group : &play->world.groups[0];
}

/* inject sends bytes made from a packet: `to` a peer reaches that peer alone, under the address the packet
 * had; `dst` gives it another address; `as` another source. */
static bool inject(run_play *play, const json_t *step, const lab_packet *packet, gosc_span bytes,
                   lab_cause cause)
{
    const char *to = vec_get_text(step, "to");
    const char *dst = vec_get_text(step, "dst");
    const char *as = vec_get_text(step, "as");
    const run_group *group = group_of(play, packet);
    lab_injection injection = {.cause = cause,
                               .of = packet->number,
                               .bytes = bytes,
                               .only = LAB_ANY,
                               .name = vec_get_text(step, "name")};
    injection.from = packet->from;
    injection.to = packet->to;
    const run_peer *peer = run_play_peer(play, to);
    if (to != NULL && (peer == NULL || !lab_addr_is_group(&packet->to)) &&
        !run_place(play, step, to, group, &injection.to)) {
        return false;
    }
    if (peer != NULL && lab_addr_is_group(&packet->to)) {
        injection.only = peer->number;
    }
    if ((dst != NULL && !run_place(play, step, dst, group, &injection.to)) ||
        (as != NULL && !run_place(play, step, as, group, &injection.from))) {
        return false;
    }
    return lab_said(play, lab_inject(play->lab, &injection, NULL));
}

bool run_step_replay(run_play *play, const json_t *step)
{
    const lab_packet *packet = run_packet_named(play, vec_get_text(step, "packet"));
    if (packet == NULL) {
        return false;
    }
    json_t *set = json_object();
    uint32_t n = ++play->n_forged;
    if (vec_get_bool(step, "new_token", false)) {
        (void)json_object_set_new(set, "token", json_sprintf("ad%06x", n));
    }
    if (vec_get_bool(step, "new_message_id", false)) {
        obs_set_int(set, "message_id", (int64_t)(0xa000 + n % 0x1000));
    }
    gosc_span bytes = packet->bytes;
    const adv_shape shape = shape_of(play, packet);
    const char *why = json_object_size(set) > 0
                          ? adv_edit(&play->arena, set, &shape, look_up, play, packet->bytes, &bytes)
                          : NULL;
    json_decref(set);
    return why == NULL ? inject(play, step, packet, bytes, LAB_CAUSE_REPLAY) : fault(play, step, why);
}

bool run_step_edit(run_play *play, const json_t *step)
{
    if (json_object_get(step, "match") != NULL) {
        return run_step_rule_add(play, step, LAB_EDIT);
    }
    const lab_packet *packet = run_packet_named(play, vec_get_text(step, "packet"));
    gosc_span bytes;
    if (packet == NULL) {
        return false;
    }
    const adv_shape shape = shape_of(play, packet);
    const char *why =
        adv_edit(&play->arena, json_object_get(step, "set"), &shape, look_up, play, packet->bytes, &bytes);
    return why == NULL ? inject(play, step, packet, bytes, LAB_CAUSE_EDIT) : fault(play, step, why);
}

bool run_step_redirect(run_play *play, const json_t *step)
{
    const lab_packet *packet = run_packet_named(play, vec_get_text(step, "packet"));
    lab_injection injection = {
        .cause = LAB_CAUSE_REDIRECT, .only = LAB_ANY, .name = vec_get_text(step, "name")};
    if (packet == NULL ||
        !run_place(play, step, vec_get_text(step, "to"), group_of(play, packet), &injection.to)) {
        return false;
    }
    injection.of = packet->number;
    return lab_said(play, lab_inject(play->lab, &injection, NULL));
}

bool run_step_spoof(run_play *play, const json_t *step)
{
    const lab_packet *packet = run_packet_named(play, vec_get_text(step, "packet"));
    lab_injection injection = {.cause = LAB_CAUSE_SPOOF, .only = LAB_ANY, .name = vec_get_text(step, "name")};
    const char *to = vec_get_text(step, "to");
    if (packet == NULL ||
        !run_place(play, step, vec_get_text(step, "source"), group_of(play, packet), &injection.from) ||
        (to != NULL && !run_place(play, step, to, group_of(play, packet), &injection.to))) {
        return false;
    }
    injection.of = packet->number;
    return lab_said(play, lab_inject(play->lab, &injection, NULL));
}

/* ---- forged messages ---- */

static int compare_options(const gosc_coap_option *a, const gosc_coap_option *b)
{
    return (a->number > b->number) - (a->number < b->number);
}

typedef struct option_list {
    gosc_coap_option items[48];
    size_t n;
} option_list;

static void list_add(option_list *list, uint16_t number, gosc_span value)
{
    size_t at = list->n;
    const gosc_coap_option option = {number, value};
    if (list->n == sizeof list->items / sizeof list->items[0]) {
        return;
    }
    while (at > 0 && compare_options(&list->items[at - 1], &option) > 0) {
        list->items[at] = list->items[at - 1];
        at--;
    }
    list->items[at] = option;
    list->n++;
}

static void list_add_parts(run_play *play, option_list *list, const char *text, char separator,
                           uint16_t number)
{
    while (text != NULL && *text != '\0') {
        const char stop[2] = {separator, '\0'};
        text += *text == separator;
        size_t len = strcspn(text, stop);
        if (len > 0) {
            list_add(list, number, vec_copy(&play->arena, gosc_span_of(text, len)));
        }
        text += len;
    }
}

static gosc_span observe_value(run_play *play, int64_t number)
{
    uint8_t *bytes = vec_alloc(&play->arena, 3);
    size_t len = number == 0 ? 0 : number < 256 ? 1 : number < 65536 ? 2 : 3;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(number >> 8 * (len - 1 - i));
    }
    return gosc_span_of(bytes, len);
}

/* echo_of gives the Echo value that a packet carried inside. */
static gosc_span echo_of(run_play *play, const char *name)
{
    const lab_packet *packet = run_packet_named(play, name);
    const run_packet *mine = packet != NULL ? run_packet_of(play, packet->number) : NULL;
    gosc_span options, payload;
    if (mine == NULL || !mine->opened->has_layers || mine->opened->layers.plaintext.len == 0) {
        return GOSC_ABSENT;
    }
    gosc_span inner = mine->opened->layers.plaintext;
    if (gosc_coap_content_parse(gosc_span_of(inner.ptr + 1, inner.len - 1), &options, &payload) != GOSC_OK) {
        return GOSC_ABSENT;
    }
    return gosc_option_find(options, GOSC_OPTION_ECHO);
}

const char *run_options_of(run_play *play, const json_t *step, gosc_span *encoded)
{
    option_list list = {.n = 0};
    const json_t *more = json_object_get(step, "options");
    const char *echo = vec_get_text(step, "echo");
    if (json_object_get(step, "observe") != NULL) {
        bool is_response = vec_get_is(step, "do", "respond"); /* Inner Observe of a notification is empty */
        list_add(&list, GOSC_OPTION_OBSERVE,
                 is_response ? GOSC_EMPTY : observe_value(play, vec_get_int(step, "observe", 0)));
    }
    list_add_parts(play, &list, vec_get_text(step, "path"), '/', GOSC_OPTION_URI_PATH);
    list_add_parts(play, &list, vec_get_text(step, "query"), '&', GOSC_OPTION_URI_QUERY);
    if (echo != NULL) {
        gosc_span value = echo_of(play, echo);
        if (!gosc_span_present(value)) {
            return "echo: expected a packet that carries Echo inside";
        }
        list_add(&list, GOSC_OPTION_ECHO, value);
    }
    for (size_t i = 0; i < json_array_size(more); i++) {
        const json_t *pair = json_array_get(more, i);
        gosc_span value = vec_hex_of(&play->arena, json_array_get(pair, 1));
        json_int_t number = json_integer_value(json_array_get(pair, 0));
        if (!gosc_span_present(value) || number < 1 || number > UINT16_MAX) {
            return "options: expected a list of [number, hex]";
        }
        list_add(&list, (uint16_t)number, value);
    }
    gosc_writer writer;
    uint16_t previous = 0;
    gosc_writer_init(&writer, (gosc_buf){vec_alloc(&play->arena, 4096), 4096});
    for (size_t i = 0; i < list.n; i++) {
        gosc_option_write(&writer, &previous, list.items[i].number, list.items[i].value);
    }
    *encoded = gosc_writer_span(&writer);
    return writer.failed ? "the options are too long" : NULL;
}

/* piv_next: behind all that this member was seen to use in this epoch, by itself or by the adversary. */
static uint64_t piv_next(run_play *play, const run_group *group, unsigned epoch, size_t member)
{
    uint64_t next = 0;
    for (size_t i = 0; i < play->n_packets; i++) {
        const obs_opened *opened = play->packets[i].opened;
        if (opened == NULL || opened->group != group || opened->epoch != epoch || opened->sender != member ||
            !gosc_span_present(opened->layers.fields.partial_iv_bytes)) {
            continue;
        }
        if (opened->layers.fields.partial_iv.number >= next) {
            next = opened->layers.fields.partial_iv.number + 1;
        }
    }
    return next;
}

static bool order_start(run_play *play, const json_t *step, run_group *group, adv_order *order)
{
    const char *claims = vec_get_text(step, "claims");
    int64_t epoch = vec_get_int(step, "epoch", (int64_t)play->world.n_epochs);
    order->group = group;
    order->who = adv_who_of(vec_get_text(step, "as"));
    order->target = RUN_NO_MEMBER;
    if (!adv_fault_of(vec_get_text(step, "fault"), &order->fault)) {
        return fault(play, step, "there is no such fault");
    }
    if (order->fault == ADV_OLD_EPOCH) {
        if (epoch == 0) {
            return fault(play, step, "there is no older epoch");
        }
        epoch--;
    }
    order->epoch = (unsigned)epoch;
    order->claims = group != NULL ? run_group_member(group, claims) : RUN_NO_MEMBER;
    if (order->claims == RUN_NO_MEMBER || !gosc_span_present(group->members[order->claims].id)) {
        return fault(play, step, "it claims to come from nobody who could have sent it");
    }
    if (order->who == ADV_INSIDER && run_group_member(group, RUN_ADVERSARY) == RUN_NO_MEMBER) {
        return fault(play, step, "there is no insider in this group");
    }
    return true;
}

static gosc_span token_of(run_play *play, const json_t *step)
{
    gosc_span token = vec_get_hex(&play->arena, step, "token");
    if (gosc_span_present(token)) {
        return token;
    }
    uint8_t *bytes = vec_alloc(&play->arena, 4);
    uint32_t n = play->n_forged;
    bytes[0] = 0xad;
    bytes[1] = (uint8_t)(n >> 16);
    bytes[2] = (uint8_t)(n >> 8);
    bytes[3] = (uint8_t)n;
    return gosc_span_of(bytes, 4);
}

static uint8_t type_of(const json_t *step, uint8_t usual)
{
    static const char *const types[] = {"CON", "NON", "ACK", "RST"};
    for (uint8_t i = 0; i < 4; i++) {
        if (vec_get_is(step, "type", types[i])) {
            return i;
        }
    }
    return usual;
}

/* claimed_addr: where the member it claims to come from is; the adversary has an address that nobody else
 * has. */
static lab_addr claimed_addr(run_play *play, const run_group *group, size_t member)
{
    const run_peer *peer = run_play_peer(play, group->members[member].name);
    lab_addr addr = {.family = LAB_NO_FAMILY};
    if (peer != NULL) {
        return lab_peer_addr(play->lab, peer->number, run_group_family(group), 5683);
    }
    (void)lab_addr_parse(run_group_family(group) == LAB_IPV4 ? "10.0.0.253:5683" : "[fd00::ad]:5683", &addr);
    return addr;
}

/* forged_send seals the order, edits the result where asked for, and sends it. */
static bool forged_send(run_play *play, const json_t *step, const adv_order *order, lab_injection *injection)
{
    gosc_span datagram = GOSC_ABSENT;
    const json_t *set = json_object_get(step, "edit");
    const char *why = adv_forge(&play->world, order, &datagram);
    if (why == NULL && set != NULL) {
        const gosc_cipher *cipher =
            gosc_cipher_find(order->group_mode ? order->group->suite.group_enc : order->group->suite.aead);
        const adv_shape shape = {
            .tag_len = cipher != NULL ? cipher->tag_len : 0,
            .signature_len = order->group_mode ? gosc_signature_len(order->group->suite.signature) : 0,
            .signature_in_option = strcmp(play->world.dialect, "group-02") == 0,
        };
        why = adv_edit(&play->arena, set, &shape, look_up, play, datagram, &datagram);
    }
    if (why != NULL) {
        return fault(play, step, why);
    }
    injection->cause = LAB_CAUSE_FORGE;
    injection->bytes = datagram;
    injection->name = vec_get_text(step, "name");
    return lab_said(play, lab_inject(play->lab, injection, NULL));
}

static bool mode_is_group(const run_play *play, const json_t *step, bool usual)
{
    const char *mode = vec_get_text(step, "mode");
    if (strcmp(play->world.dialect, "group-28") != 0) {
        return strcmp(play->world.dialect, "group-02") == 0;
    }
    return mode != NULL ? strcmp(mode, "group") == 0 : usual;
}

static void set_kids(run_play *play, const json_t *step, adv_order *order, bool with_kid,
                     bool with_kid_context)
{
    gosc_span kid = vec_get_hex(&play->arena, step, "kid");
    gosc_span kid_context = vec_get_hex(&play->arena, step, "kid_context");
    const run_member *member = &order->group->members[order->claims];
    order->kid = gosc_span_present(kid) ? kid : with_kid ? run_member_id(member, order->epoch) : GOSC_ABSENT;
    if (gosc_span_present(kid_context)) {
        order->kid_context = kid_context;
    } else if (with_kid_context) {
        order->kid_context = run_group_gid(&play->world, order->group, order->epoch);
    }
}

bool run_step_forge(run_play *play, const json_t *step)
{
    const char *to = vec_get_text(step, "to");
    const char *source = vec_get_text(step, "source");
    const char *target = vec_get_text(step, "target");
    bool to_peer = run_play_peer(play, to) != NULL;
    /* In plain OSCORE the context is that of the pair. */
    run_group *group = run_world_pair(&play->world, vec_get_text(step, "group"), vec_get_text(step, "claims"),
                                      to_peer ? to : NULL);
    adv_order order = {.own_piv = true};
    lab_injection injection = {.only = LAB_ANY};
    play->n_forged++;
    if (!order_start(play, step, group, &order) || !run_place(play, step, to, group, &injection.to)) {
        return false;
    }
    if (target != NULL || to_peer) {
        order.target = run_group_member(group, target != NULL ? target : to);
    }
    injection.from = claimed_addr(play, group, order.claims);
    if (source != NULL && !run_place(play, step, source, group, &injection.from)) {
        return false;
    }
    bool to_group = lab_addr_is_group(&injection.to);
    order.group_mode = mode_is_group(play, step, to_group);
    order.piv =
        (uint64_t)vec_get_int(step, "partial_iv", (int64_t)piv_next(play, group, order.epoch, order.claims));
    set_kids(play, step, &order, true, true);
    order.plain = (gosc_coap_pdu){
        .type = type_of(step, to_group ? GOSC_COAP_NON : GOSC_COAP_CON),
        .code = obs_method_code(vec_get_text(step, "method")),
        .message_id = (uint16_t)(0xa000 + play->n_forged % 0x1000),
        .token = token_of(play, step),
        .payload = run_payload_of(play, step),
    };
    order.observe = json_object_get(step, "observe") != NULL;
    order.outer_observe = observe_value(play, vec_get_int(step, "observe", 0));
    const char *why = run_options_of(play, step, &order.plain.options);
    return why == NULL ? forged_send(play, step, &order, &injection) : fault(play, step, why);
}

bool run_step_respond(run_play *play, const json_t *step)
{
    const char *name = vec_get_text(step, "to");
    if (vec_get_bool(step, "may_fail", false) && lab_packet_find(play->lab, name) == NULL) {
        return true;
    }
    const lab_packet *packet = run_packet_named(play, name);
    const run_packet *mine = packet != NULL ? run_packet_of(play, packet->number) : NULL;
    const char *source = vec_get_text(step, "source");
    adv_order order = {.own_piv = vec_get_bool(step, "own_partial_iv", false)};
    lab_injection injection = {.only = LAB_ANY};
    if (packet == NULL) {
        return false;
    }
    play->n_forged++;
    order.request = mine->opened;
    if (!mine->opened->is_request || mine->opened->group == NULL) {
        return fault(play, step, "expected a request that the keys of the world open");
    }
    if (!order_start(play, step, mine->opened->group, &order)) {
        return false;
    }
    injection.of = packet->number;
    injection.to = packet->from;
    injection.from = claimed_addr(play, order.group, order.claims);
    if (source != NULL && !run_place(play, step, source, order.group, &injection.from)) {
        return false;
    }
    bool asked_group = mine->opened->layers.group_mode;
    order.target = mine->opened->sender;
    order.group_mode = mode_is_group(play, step, asked_group);
    order.own_piv = order.own_piv || json_object_get(step, "partial_iv") != NULL;
    order.piv = (uint64_t)vec_get_int(step, "partial_iv",
                                      (int64_t)piv_next(play, order.group, order.epoch, order.claims));
    bool is_group = strcmp(play->world.dialect, "oscore") != 0;
    set_kids(play, step, &order, vec_get_bool(step, "kid", is_group && asked_group),
             vec_get_bool(step, "kid_context", false));
    bool confirmable = packet->coap.type == GOSC_COAP_CON;
    gosc_span token = vec_get_hex(&play->arena, step, "token");
    order.plain = (gosc_coap_pdu){
        .type = type_of(step, confirmable ? GOSC_COAP_ACK : GOSC_COAP_NON),
        .message_id = confirmable ? packet->coap.message_id : (uint16_t)(0xa000 + play->n_forged % 0x1000),
        .token = gosc_span_present(token) ? token : packet->coap.token,
        .payload = run_payload_of(play, step),
    };
    order.observe = json_object_get(step, "observe") != NULL;
    order.outer_observe = observe_value(play, vec_get_int(step, "observe", 0));
    if (!obs_code_parse(vec_get_text(step, "code"), &order.plain.code)) {
        return fault(play, step, "code: expected c.dd");
    }
    const char *why = run_options_of(play, step, &order.plain.options);
    return why == NULL ? forged_send(play, step, &order, &injection) : fault(play, step, why);
}
