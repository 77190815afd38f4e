/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"

#include <string.h>

typedef enum region_kind {
    REGION_CONTEXT,
    REGION_RECIPIENT,
    REGION_EXCHANGE,
    REGION_NUMBERS,
    REGION_NEW_EXCHANGE,
} region_kind;

struct vec_region {
    region_kind kind;
    size_t number;
    const void *now;
    const void *before;
    size_t len; /* bytes */
};

static void add(vec_endpoint *endpoint, vec_snapshot *snapshot, region_kind kind, size_t number,
                const void *ptr, size_t len)
{
    gosc_span copy = vec_copy(endpoint->arena, gosc_span_of(ptr, len));
    snapshot->regions[snapshot->n_regions++] = (struct vec_region){kind, number, ptr, copy.ptr, len};
}

vec_snapshot vec_snapshot_take(vec_endpoint *endpoint, vec_exchange *more)
{
    size_t room = 2;
    vec_snapshot snapshot = {NULL, 0};
    for (size_t i = 0; i < endpoint->n_contexts; i++) {
        room += 1 + endpoint->contexts[i]->n_recipients;
    }
    for (vec_exchange *one = endpoint->exchanges; one != NULL; one = one->older) {
        room += 2;
    }
    snapshot.regions = vec_alloc(endpoint->arena, room * sizeof *snapshot.regions);
    for (size_t i = 0; i < endpoint->n_contexts; i++) {
        const gosc_security_context *context = endpoint->contexts[i];
        add(endpoint, &snapshot, REGION_CONTEXT, i, context, sizeof *context);
        for (size_t j = 0; j < context->n_recipients; j++) {
            add(endpoint, &snapshot, REGION_RECIPIENT, j, &context->recipients[j],
                sizeof context->recipients[j]);
        }
    }
    size_t n = 0;
    for (vec_exchange *one = endpoint->exchanges; one != NULL; one = one->older, n++) {
        add(endpoint, &snapshot, REGION_EXCHANGE, n, &one->exchange, sizeof one->exchange);
        add(endpoint, &snapshot, REGION_NUMBERS, n, one->exchange.numbers,
            one->exchange.n_numbers * sizeof one->exchange.numbers[0]);
    }
    if (more != NULL) {
        add(endpoint, &snapshot, REGION_NEW_EXCHANGE, 0, &more->exchange, sizeof more->exchange);
    }
    return snapshot;
}

/* as_before gives a Recipient Context with pairwise keys taken away that it did not have before: deriving
 * them is put off to the first pairwise message, good or bad, and is no state. */
static void as_before(gosc_recipient_context *now, const gosc_recipient_context *before)
{
    if (now->has_pairwise_keys && !before->has_pairwise_keys) {
        now->has_pairwise_keys = false;
        memcpy(now->pairwise_sender_key, before->pairwise_sender_key, sizeof now->pairwise_sender_key);
        memcpy(now->pairwise_recipient_key, before->pairwise_recipient_key,
               sizeof now->pairwise_recipient_key);
    }
}

static size_t first_difference(const struct vec_region *region)
{
    const uint8_t *now = region->now;
    const uint8_t *before = region->before;
    gosc_recipient_context recipient;
    if (region->kind == REGION_RECIPIENT) {
        memcpy(&recipient, now, sizeof recipient); /* padding too */
        as_before(&recipient, region->before);
        now = (const uint8_t *)&recipient;
    }
    size_t i = 0;
    while (i < region->len && now[i] == before[i]) {
        i++;
    }
    return i;
}

#define MEMBER(type, name)                                                                                   \
    {                                                                                                        \
        offsetof(type, name), #name                                                                          \
    }

/* member_name says in which member of a struct an offset lies. */
static const char *member_name(region_kind kind, size_t offset)
{
    static const struct {
        size_t at;
        const char *name;
    } of_context[] =
        {
            MEMBER(gosc_security_context, common),      MEMBER(gosc_security_context, sender),
            MEMBER(gosc_security_context, recipients),  MEMBER(gosc_security_context, n_recipients),
            MEMBER(gosc_security_context, member_find), MEMBER(gosc_security_context, member_arg),
            MEMBER(gosc_security_context, n_verified),  MEMBER(gosc_security_context, freshness_ms),
            MEMBER(gosc_security_context, window_size), MEMBER(gosc_security_context, new_windows_invalid),
        },
      of_recipient[] = {
          MEMBER(gosc_recipient_context, used),
          MEMBER(gosc_recipient_context, has_pairwise_keys),
          MEMBER(gosc_recipient_context, id),
          MEMBER(gosc_recipient_context, key),
          MEMBER(gosc_recipient_context, pairwise_sender_key),
          MEMBER(gosc_recipient_context, pairwise_recipient_key),
          MEMBER(gosc_recipient_context, credential),
          MEMBER(gosc_recipient_context, public_key),
          MEMBER(gosc_recipient_context, window),
          MEMBER(gosc_recipient_context, echo),
          MEMBER(gosc_recipient_context, last_used),
      };
    const char *name = "content";
    if (kind == REGION_CONTEXT) {
        for (size_t i = 0; i < sizeof of_context / sizeof of_context[0] && of_context[i].at <= offset; i++) {
            name = of_context[i].name;
        }
    } else if (kind == REGION_RECIPIENT) {
        for (size_t i = 0; i < sizeof of_recipient / sizeof of_recipient[0] && of_recipient[i].at <= offset;
             i++) {
            name = of_recipient[i].name;
        }
    }
    return name;
}

static bool moved(vec_verdict *verdict, const struct vec_region *region, size_t offset)
{
    static const char *const names[] = {"Security Context", "Recipient Context", "exchange",
                                        "Response Numbers", "exchange"};
    return vec_fail(verdict, "state: expected no change, found one in %s %zu, %s", names[region->kind],
                    region->number, member_name(region->kind, offset));
}

bool vec_unchanged(vec_verdict *verdict, const vec_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_regions; i++) {
        size_t offset = first_difference(&snapshot->regions[i]);
        if (offset < snapshot->regions[i].len) {
            return moved(verdict, &snapshot->regions[i], offset);
        }
    }
    return true;
}

/* seen_rightly: a valid window has seen the number, an invalid one is as it was; keys and Echo are as they
 * were. */
static bool seen_rightly(vec_verdict *verdict, const gosc_recipient_context *before,
                         const gosc_received *received)
{
    const gosc_recipient_context *now = received->sender;
    bool was_there = before->used && gosc_span_equal(gosc_id_span(&before->id), gosc_id_span(&now->id));
    gosc_replay_window wanted = before->window;
    if (!was_there) {
        bool valid = now->window.valid;
        gosc_replay_window_init(&wanted, received->context->window_size, valid);
    }
    if (wanted.valid) {
        gosc_replay_window_commit(&wanted, received->partial_iv);
    }
    if (wanted.valid != now->window.valid || wanted.seen != now->window.seen ||
        (wanted.seen != 0 && wanted.highest != now->window.highest)) {
        return vec_fail(verdict,
                        "state: expected a valid window to have seen the Partial IV and an invalid one to be "
                        "as it was, found another window");
    }
    bool same_echo = was_there ? memcmp(&before->echo, &now->echo, sizeof now->echo) == 0
                               : now->echo.len == 0 && !now->echo.fresh;
    return same_echo || vec_fail(verdict, "state: expected the stored Echo as it was, found another");
}

bool vec_challenged(vec_verdict *verdict, const vec_snapshot *snapshot, gosc_err err,
                    const gosc_received *received)
{
    for (size_t i = 0; i < snapshot->n_regions; i++) {
        const struct vec_region *region = &snapshot->regions[i];
        size_t offset = first_difference(region);
        if (offset == region->len || region->kind == REGION_NEW_EXCHANGE) {
            continue;
        }
        if (err == GOSC_ERR_ECHO_REQUIRED && region->kind == REGION_RECIPIENT &&
            region->now == received->sender) {
            if (!seen_rightly(verdict, region->before, received)) {
                return false;
            }
            continue;
        }
        /* A new Recipient Context counts as a message verified, and may have made another one go. */
        if (err == GOSC_ERR_ECHO_REQUIRED && region->kind == REGION_CONTEXT &&
            region->now == received->context) {
            const gosc_security_context *before = region->before;
            gosc_security_context as_now = *before;
            as_now.n_verified = received->context->n_verified;
            as_now.new_windows_invalid = received->context->new_windows_invalid;
            bool same = as_now.sender.ssn == received->context->sender.ssn &&
                        memcmp(&as_now.common, &received->context->common, sizeof as_now.common) == 0;
            if (same) {
                continue;
            }
        }
        return moved(verdict, region, offset);
    }
    return true;
}
