/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The endpoint over time: rekey, loss of state, Observe, blocks, limits, several groups. Virtual time, real
 * cryptography.
 */
#include "bench.h"

/* ---- rekey ---- */

static const char *rekey(int who, unsigned epoch, uint64_t grace_ms)
{
    const io_security_grant grant = world_grant(&w, who, epoch);
    return io_endpoint_rekey(w.members[who].endpoint, group_of(&w, who), &grant, grace_ms);
}

static void rekey_all(unsigned epoch, uint64_t grace_ms)
{
    for (int i = 0; i < w.n_members; i++) {
        need(rekey(i, epoch, grace_ms) == NULL, "a rekey");
    }
}

static void test_rekey(const gosc_dialect *dialect)
{
    start(dialect);
    /* A rekey at both ends while a response is on its way. */
    const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .path = "/separate"));
    world_run(&w, 10);
    rekey_all(1, 0);
    world_run(&w, 100);
    const happened *got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    check(&w, fault == NULL && says(got, GOSC_CODE_CONTENT, "separate"),
          "GO-2.6.3.2-02 an exchange that runs across a rekey is answered");
    check(&w, got->has_partial_iv == is_28() && (!is_28() || (flags_of(&w.last) & 0x10) != 0),
          "GO-7.3-01 GO-7.3-04 GO-7.3-06 group-28: under the new context, with a Partial IV and the new Gid");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1));
    world_run(&w, 100);
    check(&w,
          fault == NULL && the(&w, LAMP1, IO_EVENT_DELIVERED, 0)->partial_iv == 0 &&
              seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1,
          "GO-2.6.3.2-04 GO-2.6.3.2-05 numbers and windows begin anew");
    check(&w, w.n_granted == w.n_members, "GO-2.6.3.2-01 old contexts are gone when nothing uses them");
    /* The client lags behind: no grace, then some. */
    need(rekey(LAMP1, 2, 0) == NULL, "a rekey");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "c", .to = LAMP1, .open_ms = 50));
    world_run(&w, 100);
    bool no_gid = dialect->group == NULL;
    check(&w,
          fault == NULL && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 0 &&
              seen(&w, LAMP1, IO_EVENT_REJECTED, no_gid ? "decryption-failed" : "context-not-found") == 1,
          "GO-2.6.3.2-07 the old context receives no more");
    need(rekey(SWITCH, 2, 0) == NULL && rekey(LAMP1, 3, 1000) == NULL, "a rekey");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "d", .to = LAMP1));
    world_run(&w, 100);
    bool heard = seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1;
    /* The response of group-28 comes under a context that the client does not have yet. */
    check(&w, fault == NULL && heard && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == !is_28(),
          "GO-2.6.3.2-07 within the grace time it does");
    world_run(&w, 1000);
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "e", .to = LAMP1, .open_ms = 50));
    world_run(&w, 100);
    check(&w, fault == NULL && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 0,
          "GO-2.6.3.2-07 and not after it");
    rekey_all(4, 0);
    finish("all servers live at the end");
}

static void test_forget_all(const gosc_dialect *dialect)
{
    start(dialect);
    io_endpoint_forget(w.members[LAMP1].endpoint, group_of(&w, LAMP1), true);
    const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .open_ms = 50));
    world_run(&w, 100);
    check(&w, fault == NULL && w.n_sent == 1 && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 0,
          "GO-2.6.1.1-05 who lost all accepts nothing");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1));
    io_endpoint_forget(w.members[SWITCH].endpoint, group_of(&w, SWITCH), true);
    check(&w, fault == NULL && seen(&w, SWITCH, IO_EVENT_CLOSED, "failed") == 1,
          "GO-2.6.1.1-01 exchanges end");
    fault = world_ask(&w, QUESTION(.exchange = "c", .to = LAMP1));
    check(&w, fault != NULL && w.n_sent == 1, "GO-2.6.1.1-01 GO-2.6.1.1-04 and protects nothing");
    world_run(&w, 100);
    rekey_all(1, 0);
    finish("GO-2.6.1.1-02 until new parameters are there");
}

/* ---- Observe ---- */

static void notify(const char *value)
{
    member *lamp = &w.members[LAMP1];
    need(io_resources_change(&lamp->resources, "/observe", gosc_span_of(value, strlen(value))), "a resource");
    (void)io_endpoint_notify(lamp->endpoint, group_of(&w, LAMP1), "/observe");
    world_run(&w, 50);
}

static void test_observe(const gosc_dialect *dialect)
{
    start(dialect);
    const char *fault =
        world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .path = "/observe", .observe = REGISTER));
    world_run(&w, 100);
    check(&w,
          fault == NULL && says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), GOSC_CODE_CONTENT, "0") &&
              seen(&w, SWITCH, IO_EVENT_CLOSED, NULL) == 0 && w.first.bytes[1] == GOSC_CODE_FETCH &&
              w.last.bytes[1] == GOSC_CODE_CONTENT,
          "O-4.1.3.5-05 a registration is FETCH outside, its response 2.05, and the exchange stays open");
    notify("1");
    flying first = w.last;
    notify("2");
    const happened *one = the(&w, SWITCH, IO_EVENT_RESPONSE, 1);
    const happened *two = the(&w, SWITCH, IO_EVENT_RESPONSE, 2);
    check(&w,
          says(one, GOSC_CODE_CONTENT, "1") && says(two, GOSC_CODE_CONTENT, "2") && one->has_partial_iv &&
              two->has_partial_iv && two->partial_iv > one->partial_iv,
          "O-4.1.3.5.2-01 GO-5.3.1-01 notifications come with growing Partial IVs");
    world_clear(&w);
    world_replay(&w, &first);
    check(&w,
          seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 0 && seen(&w, SWITCH, IO_EVENT_REJECTED, NULL) == 1,
          "O-7.4.1-03 GO-5.3.1-06 an old one is not delivered again");
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1, .path = "/light", .observe = CANCEL));
    world_run(&w, 50);
    notify("3");
    check(&w, fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 2,
          "O-4.1.3.5-03 a cancellation of something else changes nothing");
    uint8_t token[GOSC_COAP_TOKEN_MAX];
    size_t token_len = w.last.bytes[0] & 15;
    memcpy(token, w.last.bytes + 4, token_len);
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "b2", .to = LAMP1, .path = "/light", .observe = CANCEL,
                                   .token = gosc_span_of(token, token_len), .open_ms = 20));
    world_run(&w, 50);
    size_t n_observers = io_endpoint_notify(w.members[LAMP1].endpoint, group_of(&w, LAMP1), "/observe");
    world_run(&w, 50);
    check(&w, fault == NULL && n_observers == 1, "O-4.1.3.5-04 not even one in the same Token");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "c", .to = LAMP1, .path = "/observe", .observe = CANCEL));
    world_run(&w, 50);
    check(&w,
          fault == NULL && seen(&w, SWITCH, IO_EVENT_CLOSED, "answered") == 1 &&
              seen(&w, SWITCH, IO_EVENT_CLOSED, "finished") == 1 &&
              says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), GOSC_CODE_CONTENT, "3"),
          "O-4.1.3.5.1-01 a cancellation in the same Token is answered and ends the observation");
    world_clear(&w);
    notify("4");
    check(&w, w.n_sent == 0, "O-4.1.3.5-03 at the server too");
    /* A client that has forgotten resets. */
    fault = world_ask(&w, QUESTION(.exchange = "d", .to = LAMP1, .path = "/observe", .observe = REGISTER));
    world_run(&w, 50);
    need(io_endpoint_finish(w.members[SWITCH].endpoint, "d") == NULL, "an exchange to finish");
    world_clear(&w);
    notify("5");
    bool reset = w.n_sent == 2 && w.last.len == 4 && w.last.bytes[0] == 0x70;
    notify("6");
    check(&w, fault == NULL && reset && w.n_sent == 2,
          "RFC 7641 3.6 a rejected notification ends it as well");
    io_options quiet = {.n = 0};
    io_options_add_uint(&quiet, GOSC_OPTION_NO_RESPONSE, 26);
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "q", .to = LAMP1, .path = "/observe", .observe = REGISTER,
                                   .options = &quiet));
    world_run(&w, 50);
    bool silence = w.n_sent == 1;
    notify("6a");
    check(&w, fault == NULL && silence && the(&w, SWITCH, IO_EVENT_RESPONSE, 0)->has_partial_iv,
          "O-4.1.3.5-02 a notification has a Partial IV of its own even when nothing came before it");
    need(io_endpoint_finish(w.members[SWITCH].endpoint, "q") == NULL, "an exchange to finish");
    notify("6b");
    /* Across a rekey: group-28 goes on under the new context, the others end as they began. */
    fault = world_ask(&w, QUESTION(.exchange = "e", .to = LAMP1, .path = "/observe", .observe = REGISTER));
    world_run(&w, 50);
    rekey_all(1, 0);
    world_clear(&w);
    notify("7");
    notify("8");
    check(&w,
          fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 2 &&
              (!is_28() || the(&w, SWITCH, IO_EVENT_RESPONSE, 0)->partial_iv == 0),
          "GO-2.6.3.2-06 GO-5.3.1-10 an observation survives a rekey");
    bool all = true;
    for (unsigned epoch = 2; epoch < 12; epoch++) {
        rekey_all(epoch, 0);
        world_clear(&w);
        notify("again");
        all = all && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1;
    }
    check(&w, all && w.n_granted <= 3 * w.n_members, "GO-5.3.1-10 and many, which leave nothing behind");
    bool usual = (w.last.bytes[0] >> 4 & 3) == GOSC_COAP_NON;
    world_run(&w, 86400000);
    world_clear(&w);
    notify("9");
    check(&w,
          usual && (w.first.bytes[0] >> 4 & 3) == GOSC_COAP_CON && w.last.len == 4 &&
              seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1,
          "GC-3.7-05 once a day a notification is Confirmable");
    w.lose_all = true;
    world_run(&w, 86400000);
    notify("10");
    world_run(&w, 100000);
    w.lose_all = false;
    world_clear(&w);
    notify("11");
    check(&w, w.n_sent == 0, "GC-3.7-05 a client that never acknowledges it is an observer no more");
    need(io_endpoint_finish(w.members[SWITCH].endpoint, "e") == NULL, "an exchange to finish");
    finish("all servers live at the end");
}

static void test_observe_group(const gosc_dialect *dialect)
{
    if (dialect->group == NULL) {
        return;
    }
    start(dialect);
    const char *fault =
        world_ask(&w, QUESTION(.exchange = "a", .to = -1, .path = "/observe", .observe = REGISTER));
    world_run(&w, 5000);
    bool three = seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 3;
    notify("1");
    notify("2");
    check(&w, fault == NULL && three && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 5,
          "GC-3.7-04 a group can be observed, and stays observed without end");
    need(io_endpoint_finish(w.members[SWITCH].endpoint, "a") == NULL, "an exchange to finish");
    check(&w, seen(&w, SWITCH, IO_EVENT_CLOSED, "finished") == 1, "GC-3.1.5-01 until the user finishes it");
    finish("all servers live at the end");
}

/* ---- blocks ---- */

static void test_blocks(const gosc_dialect *dialect)
{
    char body[3001];
    start(dialect);
    const char *fault =
        world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .path = "/large", .confirmable = true));
    world_run(&w, 200);
    const happened *got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    check(&w,
          fault == NULL && got->payload_len == IO_LARGE_LEN &&
              seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1 &&
              memcmp(got->payload, w.members[LAMP1].resources.large, IO_LARGE_LEN) == 0 && w.n_sent == 6,
          "RFC 7959 2.4 E-3.8-01 a long response is put together from inner blocks");
    for (size_t i = 0; i < sizeof body - 1; i++) {
        body[i] = (char)('A' + i % 23);
    }
    body[sizeof body - 1] = '\0';
    body[1300] = '\0';
    world_clear(&w);
    fault = world_ask(
        &w, QUESTION(.exchange = "b", .to = LAMP1, .path = "/large", .method = IO_CODE_PUT, .payload = body));
    world_run(&w, 200);
    const io_resources *lamp = &w.members[LAMP1].resources;
    check(&w,
          fault == NULL && says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), GOSC_CODE_CHANGED, "") &&
              lamp->large_len == 1300 && memcmp(lamp->large, body, 1300) == 0 &&
              seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1 &&
              the(&w, LAMP1, IO_EVENT_DELIVERED, 0)->payload_len == 1300,
          "RFC 7959 2.5 a long request too, and is delivered once");
    world_clear(&w);
    io_options options = {.n = 0};
    const io_block odd = {.present = true, .number = 2, .size_exponent = 5};
    io_options_add_uint(&options, IO_OPTION_BLOCK1, io_block_value(&odd));
    fault = world_ask(&w, QUESTION(.exchange = "c", .to = LAMP1, .path = "/large", .method = IO_CODE_PUT,
                                   .payload = "tail", .options = &options));
    world_run(&w, 200);
    check(&w,
          fault == NULL && says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), IO_CODE_INCOMPLETE, "") &&
              lamp->large_len == 1300,
          "RFC 7959 2.9.2 a block without those before it is 4.08");
    world_clear(&w);
    const io_block zero = {.present = true, .number = 0, .more = true, .size_exponent = 0};
    const io_block two = {.present = true, .number = 2, .size_exponent = 0};
    io_options begins = {.n = 0};
    io_options jumps = {.n = 0};
    io_options_add_uint(&begins, IO_OPTION_BLOCK1, io_block_value(&zero));
    io_options_add_uint(&jumps, IO_OPTION_BLOCK1, io_block_value(&two));
    fault = world_ask(&w, QUESTION(.exchange = "e", .to = LAMP1, .path = "/large", .method = IO_CODE_PUT,
                                   .payload = "0123456789abcdef", .options = &begins));
    world_run(&w, 100);
    bool goes_on = the(&w, SWITCH, IO_EVENT_RESPONSE, 0)->code == IO_CODE_CONTINUE;
    world_clear(&w);
    const char *also = world_ask(&w, QUESTION(.exchange = "e", .to = LAMP1, .path = "/large",
                                              .method = IO_CODE_PUT, .payload = "tail", .options = &jumps));
    world_run(&w, 100);
    check(&w,
          fault == NULL && also == NULL && goes_on && lamp->large_len == 1300 &&
              says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), IO_CODE_INCOMPLETE, ""),
          "RFC 7959 2.9.2 nor may one be left out");
    /* The representation changes between two blocks. */
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "f", .to = LAMP1, .path = "/large"));
    world_run(&w, 2);
    w.members[LAMP1].resources.large[1290] ^= 1;
    world_run(&w, 100);
    check(&w,
          fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 0 &&
              seen(&w, SWITCH, IO_EVENT_REJECTED, "block-mismatch") == 1 &&
              seen(&w, SWITCH, IO_EVENT_CLOSED, "failed") == 1,
          "E-3.8-01 blocks of two representations are not put together");
    if (dialect->group != NULL) {
        world_clear(&w);
        fault = world_ask(&w, QUESTION(.exchange = "d", .to = -1, .path = "/large"));
        world_run(&w, 3000);
        check(&w,
              fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 3 &&
                  the(&w, SWITCH, IO_EVENT_RESPONSE, 0)->payload_len >= IO_LARGE_LEN,
              "GC-3.6-03 by multicast the rest is fetched from each server by unicast");
    }
    finish("all servers live at the end");
}

/* ---- limits ---- */

static void test_limits(const gosc_dialect *dialect)
{
    start(dialect);
    int n = 0;
    for (int i = 0; i < 1000; i++) {
        world_clear(&w);
        w.lose = 1;
        n += world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .open_ms = 5)) == NULL;
        world_run(&w, 10);
        n -= seen(&w, SWITCH, IO_EVENT_CLOSED, "expired") == 1;
    }
    check(&w, n == 0, "a thousand exchanges fail in peace");
    check(&w, barrier(), "and a good one follows");
    world_clear(&w);
    w.lose_all = true;
    for (n = 0; n < 1000; n++) {
        char name[16];
        (void)snprintf(name, sizeof name, "x%d", n);
        if (world_ask(&w, QUESTION(.exchange = name, .to = LAMP1, .open_ms = 5)) != NULL) {
            break;
        }
    }
    check(&w, n == 256, "256 exchanges may be open, the next is refused");
    w.n_sent = 0;
    w.n_happened = 0;
    check(&w, world_ask(&w, QUESTION(.exchange = "x0", .to = LAMP1)) != NULL,
          "a name is free when its exchange is closed");
    for (n = 0; n < 256; n++) {
        char name[16];
        (void)snprintf(name, sizeof name, "x%d", n);
        w.n_happened = 0;
        need(io_endpoint_finish(w.members[SWITCH].endpoint, name) == NULL, "an exchange to finish");
    }
    w.n_happened = 0;
    w.lose_all = false;
    finish("and all is well afterwards");
}

static void test_losses(const gosc_dialect *dialect)
{
    bool good = true;
    start(dialect);
    for (unsigned lose = 0; lose < 16; lose++) {
        world_clear(&w);
        w.lose = lose;
        const char *fault = world_ask(
            &w, QUESTION(.exchange = "a", .to = LAMP1, .method = GOSC_CODE_POST, .confirmable = true));
        world_run(&w, 100000);
        good = good && fault == NULL && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1 &&
               seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1 && seen(&w, -1, IO_EVENT_REJECTED, NULL) == 0;
    }
    check(
        &w, good,
        "GO-7-05 A17 a repeated request is in the same bytes, processed once, answered once, never a replay");
    finish("all servers live at the end");
}

static void test_two_groups(void)
{
    start(&gosc_dialect_group_28);
    io_group_params params = {.name = "other",
                              .roles = IO_ROLE_CLIENT | IO_ROLE_SERVER,
                              .policy = w.policy,
                              .n_addresses = 1,
                              .addresses = {w.members[LAMP1].address}};
    world plain = w;
    plain.dialect = &gosc_dialect_oscore;
    plain.n_members = 2;
    const io_security_grant lamp = world_grant(&plain, LAMP1, 9);
    const char *fault = io_endpoint_group_add(w.members[LAMP1].endpoint, &params, &lamp);
    params.addresses[0] = w.members[SWITCH].address;
    const io_security_grant control = world_grant(&plain, SWITCH, 9);
    const char *also = io_endpoint_group_add(w.members[SWITCH].endpoint, &params, &control);
    const char *twice = io_endpoint_group_add(w.members[SWITCH].endpoint, &params, &control);
    uint8_t token[GOSC_COAP_TOKEN_MAX];
    size_t token_len = 0;
    const io_send send = {.exchange = "o",
                          .group = io_endpoint_group_find(w.members[SWITCH].endpoint, "other"),
                          .to = w.members[LAMP1].address,
                          .method = GOSC_CODE_GET,
                          .path = "/hello"};
    const char *sent = io_endpoint_send(w.members[SWITCH].endpoint, &send, token, &token_len);
    world_run(&w, 100);
    const happened *had = the(&w, LAMP1, IO_EVENT_DELIVERED, 0);
    check(&w,
          fault == NULL && also == NULL && twice != NULL && sent == NULL &&
              strcmp(had->group, "other") == 0 && had->mode == NULL &&
              says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), GOSC_CODE_CONTENT, "hello"),
          "GC-2.1-03 an endpoint is in several groups and associations at once");
    w.n_granted += plain.n_granted;
    (void)barrier();
    check(&w, strcmp(the(&w, LAMP3, IO_EVENT_DELIVERED, 0)->group, "g") == 0,
          "GC-2.1-03 each message finds its own");
    /* Those grants count with the copy of the world they were made in. */
    w.n_granted = w.n_members;
    world_end(&w);
}

/* ---- the resources of the interop tests ---- */

static uint8_t interop_ask(io_resources *resources, uint8_t code, const char *path, gosc_span options,
                           bool is_plain)
{
    const io_app_request request = {
        .code = code, .path = path, .options = options, .payload = GOSC_ABSENT, .is_plain = is_plain};
    io_app_answer answer = {.code = 0};
    io_resources_answer(resources, &request, &answer);
    return answer.code;
}

static void test_interop_resources(void)
{
    static const uint8_t match[] = {0x11, 0x7b};
    static const uint8_t other_match[] = {0x11, 0x7c};
    static const uint8_t none_match[] = {0x50};
    io_resources resources;
    start(&gosc_dialect_oscore);
    io_resources_init(&resources);
    const gosc_span none = GOSC_EMPTY;
    check(&w,
          interop_ask(&resources, GOSC_CODE_GET, "/oscore/hello/coap", none, true) == GOSC_CODE_CONTENT &&
              interop_ask(&resources, GOSC_CODE_GET, "/oscore/hello/1", none, false) == GOSC_CODE_CONTENT &&
              interop_ask(&resources, GOSC_CODE_GET, "/oscore/hello/1", none, true) == IO_CODE_NOT_FOUND &&
              interop_ask(&resources, GOSC_CODE_GET, "/light", none, true) == IO_CODE_NOT_FOUND &&
              interop_ask(&resources, GOSC_CODE_GET, "/oscore/observe1", none, true) == IO_CODE_NOT_FOUND,
          "O-9-01 one resource of the interop tests is open to all, the others are not");
    check(&w,
          interop_ask(&resources, IO_CODE_PUT, "/oscore/hello/7", gosc_span_of(match, 2), false) ==
                  GOSC_CODE_CHANGED &&
              interop_ask(&resources, IO_CODE_PUT, "/oscore/hello/7", gosc_span_of(other_match, 2), false) ==
                  IO_CODE_PRECONDITION_FAILED &&
              interop_ask(&resources, IO_CODE_PUT, "/oscore/hello/7", gosc_span_of(none_match, 1), false) ==
                  IO_CODE_PRECONDITION_FAILED &&
              interop_ask(&resources, IO_CODE_DELETE, "/oscore/test", none, false) == IO_CODE_DELETED &&
              interop_ask(&resources, GOSC_CODE_GET, "/oscore/test", none, false) ==
                  IO_CODE_METHOD_NOT_ALLOWED,
          "O-8.2-07 conditions and methods of the interop tests");
    check(&w,
          io_resources_change(&resources, "/oscore/observe2", gosc_span_of("Terminate Observe", 17)) &&
              interop_ask(&resources, GOSC_CODE_GET, "/oscore/observe2", none, false) == IO_CODE_INTERNAL &&
              interop_ask(&resources, GOSC_CODE_GET, "/oscore/observe1", none, false) == GOSC_CODE_CONTENT &&
              !io_resources_change(&resources, "/oscore/observe3", gosc_span_of("x", 1)),
          "O-4.1.3.5.2-01 an observation of the interop tests ends with 5.00");
    world_end(&w);
}

/* ---- Appendix B.2 ---- */

static void test_rederive(void)
{
    world_init(&w, &gosc_dialect_oscore);
    w.rederive = true;
    world_start(&w);
    const char *fault =
        world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .method = IO_CODE_PUT, .payload = "on"));
    world_run(&w, 100);
    check(&w,
          fault == NULL && w.n_sent == 4 && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1 &&
              says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), GOSC_CODE_CHANGED, "") && w.n_granted == 0,
          "O-B.2-10 O-B.2-11 two ends without a context make one in four messages");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1));
    world_run(&w, 100);
    check(&w,
          fault == NULL && w.n_sent == 2 &&
              says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), GOSC_CODE_CONTENT, "on"),
          "O-B.2-11 and go on under it");
    world_clear(&w);
    io_endpoint_forget(w.members[SWITCH].endpoint, group_of(&w, SWITCH), true);
    fault = world_ask(&w, QUESTION(.exchange = "c", .to = LAMP1));
    const char *second = world_ask(&w, QUESTION(.exchange = "d", .to = LAMP1));
    world_run(&w, 100);
    check(&w,
          fault == NULL && second != NULL && w.n_sent == 4 && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1,
          "O-B.2-03 a client that alone lost it begins again, one run at a time");
    check(&w, io_group_n_contexts(group_of(&w, LAMP1)) == 2, "O-B.2-10 the server took both contexts in");
    world_end(&w);
}

int main(void)
{
    test_rederive();
    test_interop_resources();
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        const gosc_dialect *dialect = dialects[i];
        test_rekey(dialect);
        test_forget_all(dialect);
        test_observe(dialect);
        test_observe_group(dialect);
        test_blocks(dialect);
        test_limits(dialect);
        test_losses(dialect);
    }
    test_two_groups();
    return tap_done();
}
