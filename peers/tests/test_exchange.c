/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exchanges: what is bound, when several responses may come, and the slots of the servers against a naive
 * list.
 */
#include "exchange.h"

#include "message.h"

#include "bytes.h"
#include "tap.h"

enum {
    N_SLOTS = 4,
    N_CONTEXTS = 2,
    N_KIDS = 6,
    N_STEPS = 40,
    N_ROUNDS = 300,
};

/* Dialects as this file needs them: with modes and without. */
static const gosc_dialect with_modes = {.name = "modes", .has_modes = true};
static const gosc_dialect without_modes = {.name = "none", .has_modes = false};

static void start(void)
{
    gosc_response_number numbers[3];
    gosc_exchange exchange;
    memset(&exchange, 0xa5, sizeof exchange);
    memset(numbers, 0xa5, sizeof numbers);
    gosc_exchange_init(&exchange, numbers, 2);
    tap_ok(exchange.context == NULL && !exchange.answered && !exchange.observe && !exchange.group_mode &&
               exchange.token_len == 0 && exchange.request_kid.len == 0 && exchange.request_piv_len == 0,
           "O-8-01 a new exchange is bound to nothing");
    tap_ok(numbers[0].context == NULL && numbers[1].context == NULL && numbers[0].kid.len == 0 &&
               !numbers[1].with_piv && !numbers[1].without_piv,
           "GO-5.3.1-03 no Response Number is initialised");
    const uint8_t *behind = (const uint8_t *)&numbers[2];
    bool kept = true;
    for (size_t i = 0; i < sizeof numbers[2]; i++) {
        kept = kept && behind[i] == 0xa5;
    }
    tap_ok(kept && exchange.n_numbers == 2, "GO-5.1-01 slots that were not lent are not touched");
    memset(numbers, 0xa5, sizeof numbers);
    gosc_exchange_init(&exchange, numbers, 1);
    tap_ok(numbers[0].context == NULL && numbers[0].kid.len == 0 && !numbers[0].with_piv &&
               !numbers[0].without_piv && exchange.n_numbers == 1,
           "GO-5.3.1-03 nor is the only one");
    gosc_exchange_init(&exchange, NULL, 0);
    const gosc_id kid = {.len = 0};
    gosc_security_context context = {.n_recipients = 0};
    tap_ok(gosc_exchange_number_find(&exchange, &context, &kid) == NULL,
           "GO-5.1-01 a server's exchange has no slot");
}

static void long_rule(void)
{
    for (unsigned i = 0; i < 8; i++) {
        bool observe = (i & 1) != 0;
        bool group_mode = (i & 2) != 0;
        bool modes = (i & 4) != 0;
        gosc_security_context context = {.common = {.dialect = modes ? &with_modes : &without_modes}};
        gosc_exchange exchange = {.context = &context, .observe = observe, .group_mode = group_mode};
        char text[120];
        (void)snprintf(text, sizeof text, "GO-5.3.1-11 long exchange: %s, %s mode, %s",
                       observe ? "with Observe" : "no Observe", group_mode ? "group" : "pairwise",
                       modes ? "dialect with modes" : "dialect without");
        tap_ok(gosc_exchange_is_long(&exchange) == (observe || (group_mode && modes)), text);
    }
}

/* Everything a message gives to an exchange, in memory that is overwritten afterwards. */
static bool binds(size_t token_len, size_t kid_len, size_t piv_len, bool with_peer)
{
    uint8_t token[8], kid[7], piv[5], gid[3] = {1, 2, 3};
    for (size_t i = 0; i < sizeof token; i++) {
        token[i] = (uint8_t)tap_random(256);
    }
    for (size_t i = 0; i < sizeof kid; i++) {
        kid[i] = (uint8_t)tap_random(256);
    }
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof piv; i++) {
        piv[i] =
            (uint8_t)(i == 0 ? 0
                             : tap_random(256)); /* bytes are kept as they came, zeros in front included */
        number = i < piv_len ? number << 8 | piv[i] : number;
    }
    gosc_security_context context = {.common = {.dialect = &with_modes, .id_context = gosc_span_of(gid, 3)}};
    gosc_recipient_context peer = {.id = {.bytes = {9, 8}, .len = 2}};
    gosc_message m = {
        .context = &context, .group_mode = token_len % 2 == 0, .peer = with_peer ? &peer : NULL};
    m.pdu.token = gosc_span_of(token, token_len);
    m.option.kid = gosc_span_of(kid, kid_len);
    m.option.partial_iv_bytes = gosc_span_of(piv, piv_len);
    m.option.partial_iv.number = number;
    gosc_response_number numbers[1];
    gosc_exchange e;
    gosc_exchange_init(&e, numbers, 1);
    e.answered = true;
    uint8_t token_was[8], kid_was[7], piv_was[5];
    memcpy(token_was, token, sizeof token);
    memcpy(kid_was, kid, sizeof kid);
    memcpy(piv_was, piv, sizeof piv);
    gosc_exchange_bind(&e, &m, token_len > 3);
    memset(token, 0xff, sizeof token);
    memset(kid, 0xff, sizeof kid);
    memset(piv, 0xff, sizeof piv);
    bool peer_right = with_peer ? e.responder.len == 2 && e.responder.bytes[1] == 8 : e.responder.len == 0;
    return e.context == &context && e.token_len == token_len && memcmp(e.token, token_was, token_len) == 0 &&
           e.group_mode == (token_len % 2 == 0) && e.observe == (token_len > 3) && !e.answered &&
           e.request_kid.len == kid_len && memcmp(e.request_kid.bytes, kid_was, kid_len) == 0 &&
           e.request_piv_len == piv_len && memcmp(e.request_piv, piv_was, piv_len) == 0 &&
           e.request_piv_number.number == number && e.request_kid_context.ptr == gid && peer_right &&
           e.numbers == numbers && e.n_numbers == 1;
}

static void binding(void)
{
    bool good = true;
    for (size_t token_len = 0; token_len <= 8; token_len++) {
        for (size_t kid_len = 0; kid_len <= 7; kid_len++) {
            for (size_t piv_len = 1; piv_len <= 5; piv_len++) {
                good = good && binds(token_len, kid_len, piv_len, (kid_len & 1) == 0);
            }
        }
    }
    tap_ok(good, "O-8-01 token, kid, Partial IV and context are copied, at every length");
}

/* ---- slots ---- */

/* The model: who holds a slot, in the order of claims. */
typedef struct model {
    const void *contexts[N_SLOTS];
    gosc_id kids[N_SLOTS];
    size_t n;
    size_t n_max;
} model;

static bool model_holds(const model *m, const void *context, const gosc_id *kid)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->contexts[i] == context && m->kids[i].len == kid->len &&
            memcmp(m->kids[i].bytes, kid->bytes, kid->len) == 0) {
            return true;
        }
    }
    return false;
}

/* Kids that are easily taken for each other: empty, a zero, prefixes. */
static const gosc_id kids[N_KIDS] = {{.len = 0},
                                     {.bytes = {0}, .len = 1},
                                     {.bytes = {0, 0}, .len = 2},
                                     {.bytes = {1}, .len = 1},
                                     {.bytes = {1, 0}, .len = 2},
                                     {.bytes = {1, 2, 3, 4, 5, 6, 7}, .len = 7}};

/* find alone changes nothing; a claimed slot is found again, and only by its owner. */
static bool step(gosc_exchange *e, model *m, const gosc_security_context *context, const gosc_id *kid)
{
    gosc_response_number before[N_SLOTS];
    memcpy(before, e->numbers, sizeof before);
    gosc_response_number *slot = gosc_exchange_number_find(e, context, kid);
    bool held = model_holds(m, context, kid);
    if (memcmp(before, e->numbers, sizeof before) != 0 || (slot != NULL) != (held || m->n < m->n_max)) {
        return false;
    }
    if (slot == NULL) {
        return true;
    }
    if (held != (slot->context != NULL)) {
        return false;
    }
    if (!held && tap_random(3) > 0) {
        gosc_exchange_number_claim(slot, context, kid);
        m->contexts[m->n] = context;
        m->kids[m->n++] = *kid;
    }
    return !held || (slot->context == context && slot->kid.len == kid->len &&
                     memcmp(slot->kid.bytes, kid->bytes, kid->len) == 0);
}

static bool rounds(size_t n_slots)
{
    static gosc_security_context contexts[N_CONTEXTS];
    static gosc_response_number numbers[N_SLOTS];
    for (int round = 0; round < N_ROUNDS; round++) {
        gosc_exchange e;
        model m = {.n_max = n_slots};
        gosc_exchange_init(&e, numbers, N_SLOTS); /* so that all of it can be compared */
        e.n_numbers = n_slots;
        for (int i = 0; i < N_STEPS; i++) {
            const gosc_id *kid = &kids[tap_random(N_KIDS)];
            if (!step(&e, &m, &contexts[tap_random(N_CONTEXTS)], kid)) {
                tap_note("slot of kid", (uint64_t)i, kid->bytes, kid->len);
                return false;
            }
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    start();
    long_rule();
    binding();
    for (size_t n = 0; n <= N_SLOTS; n++) {
        char text[100];
        (void)snprintf(text, sizeof text, "GO-5.3.1-10 %zu slots: one for each server under each context", n);
        tap_ok(rounds(n), text);
    }
    return tap_done();
}
