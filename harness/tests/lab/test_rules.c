/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules, exhaustively on small cases against a model that follows the words of rule.h and nothing else. */
#include "kit.h"

enum {
    PEERS = 3,
    SENT_MAX = 4,
    STEP_US = 5000, /* of delays and copies */
};

/* What is sent: a letter, from whom, to whom (-1: the group of all three), request or response. */
static const struct {
    int from, to;
    uint8_t code;
} kinds[] = {{0, -1, 1}, {0, 1, 1}, {1, 0, 69}, {0, 2, 1}};

/* An edit changes the Message ID; responses cannot be edited. */
static bool edit(void *arg, const lab_packet *packet, gosc_buf room, size_t *len)
{
    (void)arg;
    if (packet->coap.is == LAB_IS_RESPONSE) {
        return false;
    }
    memcpy(room.ptr, packet->bytes.ptr, packet->bytes.len);
    room.ptr[3] = 0xee;
    *len = packet->bytes.len;
    return true;
}

/* ---- the model ---- */

typedef struct delivery {
    uint64_t due;
    unsigned packet;
    int peer;
} delivery;

typedef struct model {
    const lab_rule *rules;
    size_t n_rules;
    unsigned n_fit[2], n_acted[2];
    unsigned n_packets;
    delivery queued[64], held[16];
    size_t n_queued, n_held;
    kit_log *log;
} model;

static bool reaches(unsigned kind, int peer)
{
    return kinds[kind].to == -1 ? peer != kinds[kind].from : peer == kinds[kind].to;
}

static bool model_fits(const lab_rule *r, unsigned kind)
{
    bool is_request = kinds[kind].code == 1;
    return (r->from == LAB_ANY || r->from == kinds[kind].from) &&
           (r->to == LAB_ANY || reaches(kind, r->to)) &&
           (r->is == LAB_IS_ANY || (r->is == LAB_IS_REQUEST) == is_request) &&
           (r->cast == LAB_CAST_ANY || (r->cast == LAB_CAST_MULTICAST) == (kinds[kind].to == -1));
}

static void model_queue(model *m, uint64_t due, unsigned packet, int peer)
{
    m->queued[m->n_queued++] = (delivery){due, packet, peer};
}

/* model_leg: what happens to packet `number` on its way to one peer; true when rule `i` edits it. */
static bool model_leg(model *m, size_t i, unsigned number, int peer)
{
    const lab_rule *r = &m->rules[i];
    unsigned id = (unsigned)i + 1;
    unsigned copies = r->copies == 0 ? 1 : r->copies;
    static const char *const words[] = {"", "dropped", "held", "delayed", "duplicated", "edited"};
    kit_log_add(m->log, "0 %s %u p%d r%u; ", words[r->action], number, peer, id);
    switch (r->action) {
    case LAB_HOLD:
        m->held[m->n_held++] = (delivery){0, number, peer};
        break;
    case LAB_DELAY:
        model_queue(m, STEP_US, number, peer);
        break;
    case LAB_DUPLICATE:
        for (unsigned k = 0; k <= copies; k++) {
            model_queue(m, (uint64_t)k * STEP_US, number, peer);
        }
        break;
    case LAB_DROP:
    case LAB_EDIT:
    default:
        break;
    }
    return r->action == LAB_EDIT;
}

static void model_send(model *m, unsigned kind)
{
    unsigned number = ++m->n_packets;
    bool acts[2] = {false, false};
    bool edits[2][PEERS] = {{false}};
    bool decided[2] = {false, false};
    kit_log_add(m->log, "0 seen %u; ", number);
    for (size_t i = 0; i < m->n_rules; i++) {
        const lab_rule *r = &m->rules[i];
        unsigned first = r->nth == 0 ? 1 : r->nth;
        if (model_fits(r, kind)) {
            unsigned count = ++m->n_fit[i];
            acts[i] = count >= first && (r->times == 0 || count <= first + r->times - 1) &&
                      (r->action != LAB_EDIT || kinds[kind].code == 1);
        }
    }
    for (int peer = 0; peer < PEERS; peer++) {
        if (!reaches(kind, peer)) {
            continue;
        }
        size_t i = 0;
        while (i < m->n_rules && !(acts[i] && (m->rules[i].to == LAB_ANY || m->rules[i].to == peer))) {
            i++;
        }
        if (i == m->n_rules) {
            model_queue(m, 0, number, peer);
        } else {
            decided[i] = true;
            edits[i][peer] = model_leg(m, i, number, peer);
        }
    }
    for (size_t i = 0; i < m->n_rules; i++) {
        m->n_acted[i] += decided[i];
        if (decided[i] && m->rules[i].action == LAB_EDIT) {
            kit_log_add(m->log, "0 seen %u; ", ++m->n_packets);
            for (int peer = 0; peer < PEERS; peer++) {
                if (edits[i][peer]) {
                    model_queue(m, 0, m->n_packets, peer);
                }
            }
        }
    }
}

static void model_deliver(model *m, uint64_t now)
{
    for (size_t i = 0; i < m->n_queued; i++) {
        if (m->queued[i].due == now) {
            kit_log_add(m->log, "%llu delivered %u p%d; ", (unsigned long long)now, m->queued[i].packet,
                        m->queued[i].peer);
        }
    }
}

/* ---- the lab ---- */

static void take(void *arg, int peer, const lab_packet *packet)
{
    (void)arg;
    (void)peer;
    (void)packet;
}

static kit_log expected, found;

static void lab_play(lab *l, const unsigned *sent, size_t n_sent)
{
    lab_addr group = kit_addr("[ff35:30:2001:db8::1]:5683");
    for (size_t i = 0; i < n_sent; i++) {
        unsigned kind = sent[i];
        const uint8_t bytes[] = {0x50, kinds[kind].code, 0, (uint8_t)i};
        lab_addr from = lab_peer_addr(l, kinds[kind].from, LAB_IPV6, 5683);
        lab_addr to = kinds[kind].to == -1 ? group : lab_peer_addr(l, kinds[kind].to, LAB_IPV6, 5683);
        kit_need(lab_send(l, kinds[kind].from, &from, &to, gosc_span_of(bytes, sizeof bytes), NULL), l);
    }
    while (lab_n_queued(l) > 0) {
        kit_need(lab_advance(l, LAB_NEVER, NULL), l);
    }
    if (lab_n_held(l) > 0) {
        kit_need(lab_release(l, 0, LAB_ANY), l);
    }
    while (lab_n_queued(l) > 0) {
        kit_need(lab_advance(l, LAB_NEVER, NULL), l);
    }
}

static lab *lab_of(kit_log *log)
{
    lab_config config = {.port = LAB_STDIO, .arg = log, .event = kit_log_event, .deliver = take};
    lab_addr group = kit_addr("[ff35:30:2001:db8::1]:5683");
    lab *l = NULL;
    kit_need(lab_open(&config, &l), l);
    static const char *const names[PEERS] = {"a", "b", "c"};
    for (size_t i = 0; i < PEERS; i++) {
        int peer = LAB_NOBODY;
        kit_need(lab_peer_add(l, names[i], &peer), l);
        kit_need(lab_join(l, peer, &group), l);
    }
    log->len = 0;
    log->text[0] = '\0';
    log->with_time = true;
    return l;
}

/* case_is_good plays one case in the lab and in the model, and compares logs and counts. */
static bool case_is_good(const lab_rule *rules, size_t n_rules, const unsigned *sent, size_t n_sent)
{
    lab *l = lab_of(&found);
    model m = {.rules = rules, .n_rules = n_rules, .log = &expected};
    expected.len = 0;
    for (size_t i = 0; i < n_rules; i++) {
        int id = 0;
        kit_need(lab_rule_add(l, &rules[i], &id), l);
    }
    lab_play(l, sent, n_sent);
    for (size_t i = 0; i < n_sent; i++) {
        model_send(&m, sent[i]);
    }
    uint64_t last = 0;
    for (uint64_t now = 0; now <= 2 * STEP_US; now += STEP_US) {
        for (size_t i = 0; i < m.n_queued; i++) {
            last = m.queued[i].due > last ? m.queued[i].due : last;
        }
        model_deliver(&m, now);
    }
    for (size_t i = 0; i < m.n_held; i++) {
        kit_log_add(m.log, "%llu released %u p%d; ", (unsigned long long)last, m.held[i].packet,
                    m.held[i].peer);
    }
    for (size_t i = 0; i < m.n_held; i++) {
        kit_log_add(m.log, "%llu delivered %u p%d; ", (unsigned long long)last, m.held[i].packet,
                    m.held[i].peer);
    }
    bool good = found.len == expected.len && memcmp(found.text, expected.text, found.len) == 0;
    for (size_t i = 0; i < n_rules; i++) {
        unsigned acted = 0;
        good = good && lab_rule_count(l, (int)i + 1, &acted) == m.n_fit[i] && acted == m.n_acted[i];
    }
    lab_close(l);
    return good;
}

static bool sequences_are_good(const lab_rule *rules, size_t n_rules, size_t n_sent, unsigned *n_cases)
{
    unsigned sent[SENT_MAX] = {0};
    unsigned n_sequences = 1;
    for (size_t i = 0; i < n_sent; i++) {
        n_sequences *= (unsigned)KIT_COUNT(kinds);
    }
    for (unsigned s = 0; s < n_sequences; s++) {
        unsigned rest = s;
        for (size_t i = 0; i < n_sent; i++, rest /= (unsigned)KIT_COUNT(kinds)) {
            sent[i] = rest % (unsigned)KIT_COUNT(kinds);
        }
        (*n_cases)++;
        if (!case_is_good(rules, n_rules, sent, n_sent)) {
            for (size_t i = 0; i < n_rules; i++) {
                printf("# rule %zu: %s from %d to %d is %d cast %d nth %u times %u\n", i + 1,
                       lab_action_name(rules[i].action), rules[i].from, rules[i].to, (int)rules[i].is,
                       (int)rules[i].cast, rules[i].nth, rules[i].times);
            }
            printf("# expected: %s\n# found:    %s\n", expected.text, found.text);
            return false;
        }
    }
    return true;
}

/* rule_of counts through rules: action, to, nth, times; and when `wide` also from, is, cast. False after the
 * last. */
static bool rule_of(unsigned index, bool wide, lab_rule *rule)
{
    static const int to[] = {LAB_ANY, 1, 2};
    static const lab_is is[] = {LAB_IS_ANY, LAB_IS_REQUEST, LAB_IS_RESPONSE};
    static const lab_cast cast[] = {LAB_CAST_ANY, LAB_CAST_UNICAST, LAB_CAST_MULTICAST};
    *rule = LAB_RULE((lab_action)(index % 5 + 1));
    index /= 5;
    rule->to = to[index % 3];
    index /= 3;
    rule->nth = index % 3; /* 0 is 1 */
    index /= 3;
    rule->times = index % 2;
    index /= 2;
    rule->delay_ms = STEP_US / 1000;
    rule->copies = 2 - rule->times;
    rule->edit = edit;
    if (wide) {
        rule->from = (int)(index % 3) - 1;
        index /= 3;
        rule->is = is[index % 3];
        index /= 3;
        rule->cast = cast[index % 3];
        index /= 3;
    }
    return index == 0;
}

int main(void)
{
    unsigned n_cases = 0;
    bool good = true;
    lab_rule rules[2];
    char text[100];
    for (unsigned i = 0; good && rule_of(i, true, &rules[0]); i++) {
        good = sequences_are_good(rules, 1, 2, &n_cases);
    }
    (void)snprintf(text, sizeof text, "every single rule, every sequence of 2 packets: %u cases", n_cases);
    tap_ok(good && n_cases == 90 * 27 * 16, text);

    n_cases = 0;
    for (unsigned i = 0; good && rule_of(i, false, &rules[0]); i++) {
        good = sequences_are_good(rules, 1, 4, &n_cases);
    }
    (void)snprintf(text, sizeof text, "rules over sequences of 4 packets: %u cases", n_cases);
    tap_ok(good && n_cases == 90 * 256, text);

    n_cases = 0;
    for (unsigned i = 0; good && rule_of(i, false, &rules[0]); i++) {
        for (unsigned k = 0; good && rule_of(k, false, &rules[1]); k++) {
            /* nth 0 means 1: told apart above. */
            bool news = rules[0].nth > 0 && rules[1].nth > 0;
            good = !news || sequences_are_good(rules, 2, 2, &n_cases);
        }
    }
    (void)snprintf(text, sizeof text, "every pair of rules, every sequence of 2 packets: %u cases", n_cases);
    tap_ok(good && n_cases == 60 * 60 * 16, text);
    return tap_done();
}
