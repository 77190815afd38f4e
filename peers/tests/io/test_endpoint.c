/*
 * The endpoint, client and servers in one process: exchanges in every dialect and mode, Echo, rekey, Observe,
 * blocks, loss of state, silence. Virtual time, real cryptography. SPDX-License-Identifier: BSD-2-Clause
 */
#include "world.h"

/* Large: one for all tests. */
static world w;

static void start(const gosc_dialect *dialect)
{
    world_init(&w, dialect);
    world_start(&w);
}

static bool is_28(void)
{
    return w.dialect->has_modes;
}

static const uint8_t *bytes_at(const flying *one, size_t *len)
{
    gosc_coap_pdu pdu;
    need(gosc_coap_pdu_parse(gosc_span_of(one->bytes, one->len), &pdu) == GOSC_OK, "a CoAP message");
    gosc_span value = gosc_option_find(pdu.options, GOSC_OPTION_OSCORE);
    *len = value.len;
    return value.ptr;
}

/* flags_of gives the first byte of the OSCORE option of a datagram; 0 for an empty one, 0x100 for none. */
static unsigned flags_of(const flying *one)
{
    size_t len = 0;
    const uint8_t *value = bytes_at(one, &len);
    if (value == NULL) {
        return 0x100;
    }
    return len == 0 ? 0 : value[0];
}

/* barrier: a good exchange with every server after all else, so that silence before it was no death. */
static bool barrier(void)
{
    bool good = true;
    for (int to = 1; to < w.n_members; to++) {
        world_clear(&w);
        good = good && world_ask(&w, QUESTION(.exchange = "barrier", .to = to, .path = "/hello")) == NULL;
        world_run(&w, 100);
        good = good && seen(&w, SWITCH, IO_EVENT_RESPONSE, NULL) == 1 &&
               says(the(&w, SWITCH, IO_EVENT_RESPONSE, 0), GOSC_CODE_CONTENT, "hello");
    }
    return good;
}

static void finish(const char *text)
{
    check(&w, barrier(), text);
    world_end(&w);
}

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
          "GO-4-01 its option has no Group Flag, that of the response is empty");
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
          "GO-1.1-10 a silent server acts and says nothing");
    world_clear(&w);
    io_endpoint_forget(w.members[LAMP1].endpoint, group_of(&w, LAMP1), false);
    fault = world_ask(&w, QUESTION(.exchange = "b", .to = LAMP1, .open_ms = 500));
    world_run(&w, 1000);
    check(&w, fault == NULL && seen(&w, -1, IO_EVENT_DELIVERED, NULL) == 0 && w.n_sent == 1,
          "G02-E.3-15 nor does it challenge when its windows are lost");
    check(&w, w.members[LAMP1].resources.light_len == 2,
          "GO-1.1-10 what it was told before stands (control)");
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

int main(void)
{
    static const gosc_dialect *const dialects[] = {&gosc_dialect_oscore, &gosc_dialect_group_02,
                                                   &gosc_dialect_group_28};
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        const gosc_dialect *dialect = dialects[i];
        test_unicast(dialect);
        if (dialect->group != NULL) {
            test_multicast(dialect);
            test_pairwise(dialect);
        }
        test_replay(dialect);
        test_errors(dialect);
        test_silent_server(dialect);
        test_echo(dialect);
        test_echo_policy(dialect);
        test_synchronisation(dialect);
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
