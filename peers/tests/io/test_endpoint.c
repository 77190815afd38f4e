/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The endpoint, client and servers in one process: exchanges in every dialect and mode, replay, silence,
 * Echo. Virtual time, real cryptography.
 */
#include "bench.h"

/* ---- plain exchanges ---- */

static void test_unicast(const gosc_dialect *dialect)
{
    start(dialect);
    const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .confirmable = true));
    world_run(&w, 100);
    const happened *got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    const happened *had = the(&w, LAMP1, IO_EVENT_DELIVERED, 0);
    check(&w,
          fault == NULL && says(got, GOSC_CODE_CONTENT, "off") && got->is_protected && had->partial_iv == 0 &&
              !had->multicast && seen(&w, SWITCH, IO_EVENT_CLOSED, "answered") == 1 && w.n_sent == 2,
          "O-8.2-01 a request is verified, delivered and answered in its acknowledgement");
    check(&w, is_28() == (got->mode != NULL && strcmp(got->mode, "group") == 0),
          "GO-3.3-01 the mode is told");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .method = IO_CODE_PUT, .payload = "on"));
    world_run(&w, 100);
    got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    had = the(&w, LAMP1, IO_EVENT_DELIVERED, 0);
    check(&w,
          fault == NULL && says(got, GOSC_CODE_CHANGED, "") && had->partial_iv == 1 &&
              had->payload_len == 2 && (w.last.bytes[0] >> 4 & 3) == GOSC_COAP_NON,
          "GO-7-06 a Non-confirmable request is answered by a Non-confirmable response");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .path = "/none", .confirmable = true));
    world_run(&w, 100);
    got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    check(&w, fault == NULL && says(got, IO_CODE_NOT_FOUND, "") && got->is_protected,
          "O-8.3-01 errors of the application are protected");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .path = "/separate", .confirmable = true));
    world_run(&w, 20);
    bool acknowledged = w.n_sent == 2 && w.last.len == 4;
    world_run(&w, 200);
    got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    check(&w,
          fault == NULL && acknowledged && says(got, GOSC_CODE_CONTENT, "separate") && w.n_sent == 4 &&
              seen(&w, -1, IO_EVENT_REJECTED, NULL) == 0,
          "RFC 7252 5.2.2 a response that takes time is separate, its empty acknowledgement is left alone");
    finish("all servers live at the end");
}

static void test_multicast(const gosc_dialect *dialect)
{
    start(dialect);
    const char *fault =
        world_ask(&w, QUESTION(.exchange = "a", .to = -1, .method = IO_CODE_PUT, .payload = "on"));
    world_run(&w, 100);
    const happened *got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    check(&w,
          fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 3 &&
              says(got, GOSC_CODE_CHANGED, "") && seen(&w, SWITCH, IO_EVENT_CLOSED, NULL) == 0 &&
              seen(&w, -1, IO_EVENT_DELIVERED, NULL) == 3,
          "G02-4.4-05 GO-7.4-02 every server of a group answers, every answer is delivered");
    check(&w, the(&w, LAMP2, IO_EVENT_DELIVERED, 0)->multicast,
          "GC-2.1-01 the request is known to be multicast");
    check(&w, (w.first.bytes[0] >> 4 & 3) == GOSC_COAP_NON && (flags_of(&w.first) & 0x38) == 0x38,
          "GO-7-03 GO-7-04 it went Non-confirmable and in group mode");
    check(&w, !io_address_is_multicast(&w.last.path.local),
          "GC-3.1.1-03 the responses left from unicast addresses");
    world_run(&w, IO_MULTICAST_OPEN_MS);
    check(&w, seen(&w, SWITCH, IO_EVENT_CLOSED, "answered") == 1,
          "GC-3.1.5-01 the exchange is open for its time");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = -1, .path = "/none"));
    world_run(&w, 3000);
    check(&w, fault == NULL && w.n_sent == 1 && seen(&w, SWITCH, IO_EVENT_CLOSED, "expired") == 1,
          "GC-3.1.2-01 errors to a group request are suppressed");
    world_clear(&w);
    io_options options = {.n = 0};
    io_options_add_uint(&options, GOSC_OPTION_NO_RESPONSE, 0);
    fault = world_ask(&w, QUESTION(.exchange = "c", .to = -1, .path = "/none", .options = &options));
    world_run(&w, 3000);
    check(&w, fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 3,
          "GC-3.1.2-04 unless the inner No-Response asks for them");
    world_clear(&w);
    io_options quiet = {.n = 0};
    io_options_add_uint(&quiet, GOSC_OPTION_NO_RESPONSE, 26);
    fault = world_ask(&w, QUESTION(.exchange = "d", .to = -1, .options = &quiet));
    world_run(&w, 3000);
    check(&w, fault == NULL && w.n_sent == 1 && seen(&w, -1, IO_EVENT_DELIVERED, NULL) == 3,
          "GC-3.1.2-04 and No-Response 26 suppresses all");
    w.members[LAMP2].joined = false;
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "e", .to = -1));
    world_run(&w, 3000);
    check(&w, fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 2,
          "GC-2.1-01 only members hear it");
    check(&w, world_ask(&w, QUESTION(.exchange = "f", .to = -1, .confirmable = true)) != NULL,
          "GC-3.1.1-01 a Confirmable request to a group is refused");
    finish("all servers live at the end");
}

static void test_pairwise(const gosc_dialect *dialect)
{
    start(dialect);
    const char *fault =
        world_ask(&w, QUESTION(.exchange = "a", .to = LAMP3, .pairwise = true, .confirmable = true));
    if (!is_28()) {
        bool refused = w.dialect->group == NULL || fault != NULL;
        check(&w, refused, "G02-3-06 this dialect has no pairwise mode");
        finish("all servers live at the end");
        return;
    }
    world_run(&w, 100);
    const happened *got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    check(&w,
          fault == NULL && says(got, GOSC_CODE_CONTENT, "off") && strcmp(got->mode, "pairwise") == 0 &&
              strcmp(the(&w, LAMP3, IO_EVENT_DELIVERED, 0)->mode, "pairwise") == 0,
          "GO-8.3-01 a pairwise request is answered in pairwise mode");
    check(&w, (flags_of(&w.first) & 0x38) == 0x18 && flags_of(&w.last) == 0,
          "GO-4.1-06 its option has no Group Flag, that of the response is empty");
    world_clear(&w);
    /* The same bytes to another member: not for it. */
    flying to_other = w.first;
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1, .pairwise = true));
    w.hold = true;
    world_run(&w, 5);
    to_other = w.first;
    to_other.path.peer = w.members[LAMP2].address;
    world_arrive(&w, &to_other);
    check(&w, fault == NULL && seen(&w, LAMP2, IO_EVENT_REJECTED, "decryption-failed") == 1,
          "GO-8-03 a pairwise request to another member does not verify");
    w.hold = false;
    world_run(&w, 100);
    check(&w, seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1,
          "GO-8-03 the member that was asked answers (control)");
    finish("all servers live at the end");
}

/* ---- replay, silence ---- */

static void test_replay(const gosc_dialect *dialect)
{
    start(dialect);
    const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .method = GOSC_CODE_POST));
    world_run(&w, 100);
    flying request = w.first;
    flying response = w.last;
    check(&w, fault == NULL && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1,
          "O-7.4-01 a request counts (control)");
    world_clear(&w);
    world_replay(&w, &request);
    world_run(&w, 100);
    check(&w,
          seen(&w, LAMP1, IO_EVENT_REJECTED, "replay") == 1 && seen(&w, -1, IO_EVENT_DELIVERED, NULL) == 0 &&
              w.n_sent == 0,
          "O-7.4-01 GO-5.3-02 once, and its replay is met with silence");
    world_clear(&w);
    world_arrive(&w, &request);
    check(&w, w.n_happened == 0 && w.n_sent == 0, "RFC 7252 4.5 a duplicate does not come so far");
    world_clear(&w);
    world_replay(&w, &response);
    check(&w, seen(&w, SWITCH, IO_EVENT_REJECTED, "token-mismatch") == 1,
          "RFC 7252 5.3.2 a response to a closed exchange is one to nothing");
    /* A response heard twice while its exchange is open. */
    if (w.dialect->group != NULL) {
        world_clear(&w);
        fault = world_ask(&w, QUESTION(.exchange = "b", .to = -1));
        world_run(&w, 100);
        flying again = w.last;
        world_replay(&w, &again);
        check(&w,
              fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 3 &&
                  seen(&w, SWITCH, IO_EVENT_REJECTED, "response-replay") == 1,
              "GO-5.3.1-04 a response without Partial IV counts once for each server");
        world_run(&w, 3000);
    }
    /* Any changed byte of the ciphertext. */
    world_clear(&w);
    w.hold = true;
    fault = world_ask(&w, QUESTION(.exchange = "c", .to = LAMP1));
    world_run(&w, 5);
    flying forged = w.first;
    forged.bytes[forged.len - 1] ^= 1;
    world_arrive(&w, &forged);
    check(&w, fault == NULL && seen(&w, LAMP1, IO_EVENT_REJECTED, NULL) == 1 && w.n_sent == 1,
          "O-8.2-05 a changed request is rejected in silence");
    w.hold = false;
    world_run(&w, 100);
    check(&w, seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1,
          "O-8.2-05 and the genuine one behind it is answered (control)");
    finish("all servers live at the end");
}

static void test_errors(const gosc_dialect *dialect)
{
    bool silent = dialect->group != NULL && !dialect->has_modes;
    world_init(&w, dialect);
    w.policy.error_replies = true;
    world_start(&w);
    w.hold = true;
    const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .method = GOSC_CODE_POST));
    world_run(&w, 5);
    flying request = w.first;
    flying forged = request;
    forged.bytes[forged.len - 1] ^= 1;
    memset(w.flights, 0, sizeof w.flights);
    world_clear(&w);
    world_arrive(&w, &forged);
    w.hold = false;
    world_run(&w, 10);
    const happened *got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    check(&w,
          fault == NULL &&
              (silent ? w.n_sent == 0
                      : says(got, IO_CODE_BAD_REQUEST, "Decryption failed") && !got->is_protected),
          "O-8.2-05 GO-7.2-16 with error_replies a request that does not verify gets a plain 4.00");
    check(&w, seen(&w, SWITCH, IO_EVENT_CLOSED, NULL) == 0, "O-D.5.3-01 which closes no exchange");
    world_arrive(&w, &request);
    world_run(&w, 100);
    check(&w, seen(&w, SWITCH, IO_EVENT_CLOSED, "answered") == 1,
          "O-D.5.3-01 the genuine response does (control)");
    world_clear(&w);
    world_replay(&w, &request);
    world_run(&w, 100);
    gosc_coap_pdu pdu;
    bool parsed =
        w.n_sent == 1 && gosc_coap_pdu_parse(gosc_span_of(w.last.bytes, w.last.len), &pdu) == GOSC_OK;
    check(&w, silent ? w.n_sent == 0 : parsed && pdu.code == GOSC_CODE_UNAUTHORIZED,
          "O-7.4-01 GO-7.2-14 a replay gets a plain 4.01");
    world_clear(&w);
    forged.path.peer = w.group;
    forged.bytes[0] = (uint8_t)((forged.bytes[0] & 0xcf) | 0x10);
    world_arrive(&w, &forged);
    world_run(&w, 100);
    check(&w, w.n_sent == 0, "GO-7-10 never when it came by multicast");
    finish("all servers live at the end");
}

/* plain_reply gives the unprotected answer to one request; 0xff: none. */
static uint8_t plain_reply(bool pairwise)
{
    world_clear(&w);
    const char *fault =
        world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .pairwise = pairwise, .open_ms = 50));
    world_run(&w, 100);
    const happened *got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
    return fault == NULL && !got->is_protected && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 0 ? got->code
                                                                                                 : 0;
}

/* What a group of -28 says when a mode or a credential is not there. */
static void test_missing(const gosc_dialect *dialect)
{
    if (!dialect->has_modes) {
        return;
    }
    world_init(&w, dialect);
    w.policy.error_replies = true;
    w.no_group_mode = LAMP1;
    world_start(&w);
    check(&w, plain_reply(false) == 0xff && seen(&w, LAMP1, IO_EVENT_REJECTED, "mode-unsupported") == 1,
          "GO-6-05 who has no group mode says nothing");
    world_end(&w);
    world_init(&w, dialect);
    w.policy.error_replies = true;
    w.no_pairwise_mode = LAMP1;
    world_start(&w);
    check(&w,
          plain_reply(true) == IO_CODE_BAD_OPTION &&
              seen(&w, LAMP1, IO_EVENT_REJECTED, "mode-unsupported") == 1,
          "GO-6-02 GO-8.4-03 who has no pairwise mode says 4.02");
    world_end(&w);
    world_init(&w, dialect);
    w.policy.error_replies = true;
    world_start(&w);
    const gosc_security_context *context = io_group_context(group_of(&w, LAMP1));
    gosc_span id = bytes_hex(keys[SWITCH].id);
    gosc_recipient_context *client = gosc_recipient_context_find(context, id);
    bytes_free(id);
    need(client != NULL, "a Recipient Context");
    gosc_span credential = client->credential;
    client->credential = GOSC_ABSENT;
    check(&w, plain_reply(false) == IO_CODE_UNAVAILABLE,
          "GO-7.2-06 who lacks the client's credential says 5.03");
    client->credential = credential;
    finish("and all is well when they are there (control)");
}

/* A success without protection is no answer, whatever it says. */
static void test_plain_success(const gosc_dialect *dialect)
{
    start(dialect);
    const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1));
    w.hold = true;
    world_run(&w, 5);
    flying forged = w.first;
    forged.path = (io_path){w.members[LAMP1].address, w.members[SWITCH].address};
    const uint8_t head[4] = {w.first.bytes[0], GOSC_CODE_CONTENT, 0x77, 0x77};
    memcpy(forged.bytes, head, sizeof head);
    forged.len = sizeof head + (head[0] & 15);
    world_arrive(&w, &forged);
    check(&w,
          fault == NULL && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 0 &&
              seen(&w, SWITCH, IO_EVENT_REJECTED, "not-oscore") == 1,
          "O-8.4-01 G02-4.4-06 a plain success does not answer a protected request");
    w.hold = false;
    world_run(&w, 100);
    check(&w, seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1, "O-8.4-01 the protected one does (control)");
    finish("all servers live at the end");
}

/* Options that a server must not overlook. */
static void test_critical(const gosc_dialect *dialect)
{
    static const uint16_t numbers[] = {9999, GOSC_OPTION_PROXY_SCHEME, 9998};
    static const uint8_t codes[] = {IO_CODE_BAD_OPTION, IO_CODE_NO_PROXY, GOSC_CODE_CONTENT};
    static const char *const texts[] = {"RFC 7252 5.4.1 an unknown critical option is 4.02",
                                        "RFC 7252 5.10.2 who is no proxy says 5.05",
                                        "RFC 7252 5.4.1 an unknown elective option is ignored (control)"};
    start(dialect);
    for (size_t i = 0; i < 3; i++) {
        io_options options = {.n = 0};
        io_options_add(&options, numbers[i], gosc_span_of("coap", 4));
        world_clear(&w);
        const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .options = &options));
        world_run(&w, 100);
        const happened *got = the(&w, SWITCH, IO_EVENT_RESPONSE, 0);
        check(&w, fault == NULL && got->code == codes[i] && got->is_protected, texts[i]);
    }
    finish("all servers live at the end");
}

static void test_silent_server(const gosc_dialect *dialect)
{
    world_init(&w, dialect);
    w.roles[LAMP1] = IO_ROLE_SILENT;
    world_start(&w);
    const char *fault = world_ask(
        &w, QUESTION(.exchange = "a", .to = LAMP1, .method = IO_CODE_PUT, .payload = "on", .open_ms = 500));
    world_run(&w, 1000);
    check(&w,
          fault == NULL && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1 && w.n_sent == 1 &&
              seen(&w, SWITCH, IO_EVENT_CLOSED, "expired") == 1,
          "GO-1.1-01 a silent server acts and says nothing");
    world_clear(&w);
    io_endpoint_forget(w.members[LAMP1].endpoint, group_of(&w, LAMP1), false);
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1, .open_ms = 500));
    world_run(&w, 1000);
    check(&w, fault == NULL && seen(&w, -1, IO_EVENT_DELIVERED, NULL) == 0 && w.n_sent == 1,
          "G02-E.3-15 nor does it challenge when its windows are lost");
    check(&w, w.members[LAMP1].resources.light_len == 2,
          "GO-1.1-01 what it was told before stands (control)");
    world_end(&w);
}

/* ---- Echo ---- */

static void test_echo(const gosc_dialect *dialect)
{
    start(dialect);
    int to = w.dialect->group != NULL ? -1 : LAMP1;
    int n = w.dialect->group != NULL ? 3 : 1;
    const char *fault = world_ask(&w, QUESTION(.exchange = "first", .to = to, .method = GOSC_CODE_POST));
    world_run(&w, 3000);
    flying old = w.first;
    io_endpoint_forget(w.members[LAMP1].endpoint, group_of(&w, LAMP1), false);
    world_clear(&w);
    world_replay(&w, &old);
    world_run(&w, 100);
    check(&w,
          fault == NULL && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 0 &&
              seen(&w, LAMP1, IO_EVENT_REJECTED, "echo-required") == 1,
          "GO-2.6.1.2-03 G02-E.3-01 a server that lost its windows delivers no old request");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = to, .method = IO_CODE_PUT, .payload = "dim"));
    world_run(&w, 100);
    flying retry = w.first;
    check(
        &w,
        fault == NULL && seen(&w, LAMP1, IO_EVENT_REJECTED, "echo-required") == 1 &&
            seen(&w, SWITCH, IO_EVENT_CHALLENGED, NULL) == 1 &&
            seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1 && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == n,
        "GO-9-01 E-2.3-05 O-B.1.2-05 a challenge is answered by itself, then the request is delivered once");
    const happened *had = the(&w, LAMP1, IO_EVENT_DELIVERED, 0);
    check(&w, !had->multicast && (!is_28() || strcmp(had->mode, "pairwise") == 0),
          "GO-9-08 GO-9-09 G02-E.3-03 the retry is unicast, in pairwise mode where that is set up");
    const happened *challenge = the(&w, SWITCH, IO_EVENT_CHALLENGED, 0);
    check(&w, challenge->has_partial_iv,
          "GO-9-03 O-B.1.2-02 G02-E.3-02 the challenge has a Partial IV of its own");
    uint64_t piv = had->partial_iv;
    const gosc_security_context *context = io_group_context(group_of(&w, LAMP1));
    gosc_span id = bytes_hex(keys[SWITCH].id);
    const gosc_recipient_context *client = gosc_recipient_context_find(context, id);
    bytes_free(id);
    check(&w, client != NULL && client->window.valid && client->window.highest == piv,
          "GO-9-18 O-B.1.2-03 G02-E.3-10 the window begins at the number of the retry");
    world_clear(&w);
    world_replay(&w, &old);
    world_replay(&w, &retry);
    world_run(&w, 100);
    check(&w,
          seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 0 && seen(&w, LAMP1, IO_EVENT_REJECTED, "replay") >= 2,
          "GO-9-18 all before it is a replay");
    world_run(&w, 3000);
    finish("all servers live at the end");
}

/* echo_of gives what a server has outstanding with the client. */
static gosc_echo echo_of(int who)
{
    gosc_span id = bytes_hex(keys[SWITCH].id);
    const gosc_recipient_context *client =
        gosc_recipient_context_find(io_group_context(group_of(&w, who)), id);
    bytes_free(id);
    need(client != NULL, "a Recipient Context");
    return client->echo;
}

static void test_echo_policy(const gosc_dialect *dialect)
{
    world_init(&w, dialect);
    w.policy.retry_echo = false;
    world_start(&w);
    io_endpoint_forget(w.members[LAMP1].endpoint, group_of(&w, LAMP1), false);
    const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1));
    world_run(&w, 100);
    check(&w,
          fault == NULL && seen(&w, SWITCH, IO_EVENT_CHALLENGED, NULL) == 1 && w.n_sent == 2 &&
              seen(&w, SWITCH, IO_EVENT_CLOSED, "failed") == 1,
          "E-2.3-05 a client without retry_echo lets it be");
    const gosc_echo one = echo_of(LAMP1);
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1));
    world_run(&w, 100);
    const gosc_echo two = echo_of(LAMP1);
    check(&w,
          fault == NULL && one.len >= 8 && two.len == one.len && memcmp(one.value, two.value, one.len) != 0,
          "GO-9-04 E-5-01 no two challenges have the same value, of 8 bytes at least");
    world_end(&w);

    world_init(&w, dialect);
    w.policy.echo = false;
    world_start(&w);
    io_endpoint_forget(w.members[LAMP1].endpoint, group_of(&w, LAMP1), false);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .open_ms = 50));
    world_run(&w, 100);
    check(&w, fault == NULL && w.n_sent == 1 && seen(&w, -1, IO_EVENT_DELIVERED, NULL) == 0,
          "GO-2.6.1.2-04 a server without Echo discards");
    world_end(&w);

    world_init(&w, dialect);
    w.freshness_ms = 1000;
    world_start(&w);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1));
    world_run(&w, 100);
    check(&w,
          fault == NULL && seen(&w, SWITCH, IO_EVENT_CHALLENGED, NULL) == 1 &&
              seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1,
          "GO-9-20 E-2.3-02 with a freshness policy the first request of a client is challenged");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1));
    world_run(&w, 100);
    check(&w, fault == NULL && seen(&w, SWITCH, IO_EVENT_CHALLENGED, NULL) == 0, "GO-9-20 the second is not");
    world_end(&w);

    /* Challenged for ever: the retries arrive too late each time. */
    world_init(&w, dialect);
    w.freshness_ms = 1;
    world_start(&w);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1));
    world_run(&w, 1000);
    bool is_02 = dialect->group != NULL && !dialect->has_modes;
    check(&w,
          fault == NULL && seen(&w, -1, IO_EVENT_DELIVERED, NULL) == 0 &&
              seen(&w, LAMP1, IO_EVENT_REJECTED, "echo-expired") == (is_02 ? 1 : 3) &&
              seen(&w, SWITCH, IO_EVENT_CLOSED, NULL) == !is_02,
          "E-2.3-06 E-2.3-14 G02-E.3-09 late answers are not processed, and the client gives up");
    world_end(&w);
}

static void test_synchronisation(const gosc_dialect *dialect)
{
    if (dialect->group == NULL || dialect->has_modes) {
        return;
    }
    world_init(&w, dialect);
    w.sync = gosc_sync_baseline;
    world_start(&w);
    io_endpoint_forget(w.members[LAMP1].endpoint, group_of(&w, LAMP1), false);
    const char *fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1, .open_ms = 50));
    world_run(&w, 100);
    check(&w,
          fault == NULL && seen(&w, LAMP1, IO_EVENT_REJECTED, "synchronised") == 1 &&
              seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 0 && w.n_sent == 1,
          "G02-E.2-01 baseline: the first request sets the number and is dropped");
    world_clear(&w);
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1));
    world_run(&w, 100);
    check(&w, fault == NULL && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1,
          "G02-E.2-01 the second is delivered");
    world_end(&w);
    world_init(&w, dialect);
    w.sync = gosc_sync_best_effort;
    world_start(&w);
    io_endpoint_forget(w.members[LAMP1].endpoint, group_of(&w, LAMP1), false);
    fault = world_ask(&w, QUESTION(.exchange = "a", .to = LAMP1));
    world_run(&w, 100);
    check(&w, fault == NULL && seen(&w, LAMP1, IO_EVENT_DELIVERED, NULL) == 1,
          "G02-E.1-01 best effort: the first request is delivered");
    world_end(&w);
}

int main(void)
{
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        const gosc_dialect *dialect = dialects[i];
        test_unicast(dialect);
        if (dialect->group != NULL) {
            test_multicast(dialect);
        }
        if (dialect->group != NULL) {
            test_pairwise(dialect);
        }
        test_replay(dialect);
        test_errors(dialect);
        test_missing(dialect);
        test_plain_success(dialect);
        test_critical(dialect);
        test_silent_server(dialect);
        test_echo(dialect);
        test_echo_policy(dialect);
        test_synchronisation(dialect);
    }
    return tap_done();
}
