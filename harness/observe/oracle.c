/* SPDX-License-Identifier: BSD-2-Clause */
#include "oracle.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"

enum {
    OPTION_BLOCK2 = 23,
    OPTION_BLOCK1 = 27,
};

enum {
    MARKER_MIN = 4, /* bytes; what is shorter stands in ciphertext by chance */
};

const char *const obs_oracle_names[] = {"nonce-reuse",  "plaintext", "reply-to-multicast",
                                        "group-source", "no-coap",   "unverified",
                                        "not-alive",    "sanitizer", NULL};

typedef struct look {
    const json_t *plan;
    const json_t *entries;
    obs_report *report;
    void *arg;
} look;

static void tell(const look *l, const char *oracle, bool is_warning, const json_t *entry, const char *format,
                 ...) __attribute__((format(printf, 5, 6)));
static void tell(const look *l, const char *oracle, bool is_warning, const json_t *entry, const char *format,
                 ...)
{
    obs_finding finding = {.oracle = oracle,
                           .is_warning = is_warning,
                           .is_crash = strcmp(oracle, "sanitizer") == 0,
                           .entry = vec_get_int(entry, "n", 0)};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(finding.text, sizeof finding.text, format, args);
    va_end(args);
    l->report(l->arg, &finding);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = vec_get_text(object, key);
    return text != NULL ? text : "null";
}

static bool is_of_peer(const json_t *entry)
{
    return vec_get_is(entry, "ev", "packet") && vec_get_is(entry, "cause", "peer");
}

/* ---- nonces ---- */

static void nonce_reuse(const look *l)
{
    json_t *ledger = json_object(); /* key and nonce -> entry */
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        json_t *entry = json_array_get(l->entries, i);
        const json_t *seal = json_object_get(entry, "seal");
        if (!is_of_peer(entry) || seal == NULL) {
            continue;
        }
        char place[200];
        (void)snprintf(place, sizeof place, "%s %s", text_of(seal, "key"), text_of(seal, "nonce"));
        const json_t *before = json_object_get(ledger, place);
        const json_t *other = json_object_get(before, "seal");
        if (before == NULL) {
            (void)json_object_set(ledger, place, entry);
        } else if (strcmp(text_of(other, "aad"), text_of(seal, "aad")) != 0 ||
                   strcmp(text_of(other, "ciphertext"), text_of(seal, "ciphertext")) != 0) {
            tell(l, "nonce-reuse", false, entry,
                 "%s used the nonce %s twice under one key: packets %lld and %lld differ in %s",
                 text_of(entry, "by"), text_of(seal, "nonce"), (long long)vec_get_int(before, "packet", 0),
                 (long long)vec_get_int(entry, "packet", 0),
                 strcmp(text_of(other, "aad"), text_of(seal, "aad")) != 0 ? "AAD" : "plaintext");
        }
    }
    json_decref(ledger);
}

/* ---- plaintext ---- */

static void marker_add(json_t *markers, const char *hex)
{
    if (hex != NULL && strlen(hex) >= 2 * MARKER_MIN) {
        (void)json_object_set_new(markers, hex, json_true());
    }
}

/* markers_of collects what was meant to be secret: payloads, path segments and queries of what peers sent
 * protected. */
static json_t *markers_of(const look *l)
{
    json_t *markers = json_object();
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        const json_t *inner = json_object_get(entry, "inner");
        const json_t *options = json_object_get(inner, "options");
        const json_t *event = json_object_get(entry, "event");
        marker_add(markers, vec_get_text(inner, "payload"));
        if (vec_get_is(event, "event", "delivered") && !vec_is_null(event, "kid")) {
            marker_add(markers, vec_get_text(event, "payload"));
        }
        for (size_t j = 0; j < json_array_size(options); j++) {
            const json_t *pair = json_array_get(options, j);
            json_int_t number = json_integer_value(json_array_get(pair, 0));
            if (number == 11 || number == 15) {
                marker_add(markers, json_string_value(json_array_get(pair, 1)));
            }
        }
    }
    return markers;
}

/* contains looks for bytes in bytes, both in hex. */
static bool contains(const char *data, const char *marker)
{
    for (const char *at = strstr(data, marker); at != NULL; at = strstr(at + 1, marker)) {
        if ((at - data) % 2 == 0) {
            return true;
        }
    }
    return false;
}

static void plaintext(const look *l)
{
    json_t *markers = markers_of(l);
    const char *marker;
    json_t *value;
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        if (!is_of_peer(entry)) {
            continue;
        }
        json_object_foreach(markers, marker, value)
        {
            if (contains(text_of(entry, "data"), marker)) {
                tell(l, "plaintext", false, entry, "packet %lld of %s shows %s, which is to be encrypted",
                     (long long)vec_get_int(entry, "packet", 0), text_of(entry, "by"), marker);
                break;
            }
        }
    }
    json_decref(markers);
}

/* ---- replies ---- */

/* was_rejected: whether this peer said that it did not accept this packet. */
static bool was_rejected(const look *l, const char *by, int64_t packet)
{
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        if (vec_get_is(entry, "ev", "event") && vec_get_is(entry, "by", by) &&
            vec_get_int(entry, "reaction_to", 0) == packet &&
            vec_get_is(json_object_get(entry, "event"), "event", "rejected")) {
            return true;
        }
    }
    return false;
}

static void reply_to_multicast(const look *l)
{
    bool forbidden = vec_get_is(l->plan, "dialect", "group-02");
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        int64_t number = vec_get_int(entry, "reply_to", 0);
        const json_t *asked = number != 0 && is_of_peer(entry) ? obs_packet_entry(l->entries, number) : NULL;
        const json_t *oscore = json_object_get(asked, "oscore");
        if (oscore == NULL || !vec_get_is(asked, "cast", "multicast") ||
            !vec_get_is(asked, "is", "request")) {
            continue;
        }
        bool good_reply = vec_get_bool(json_object_get(entry, "oscore"), "verified", false);
        bool bad_request =
            !vec_get_bool(oscore, "verified", false) || was_rejected(l, text_of(entry, "by"), number);
        if (bad_request && !good_reply) {
            tell(l, "reply-to-multicast", !forbidden, entry,
                 "%s answered the multicast request %lld, which it did not accept (packet %lld, %s)",
                 text_of(entry, "by"), (long long)number, (long long)vec_get_int(entry, "packet", 0),
                 text_of(entry, "outer_code"));
        }
    }
}

static bool is_group_address(const char *address)
{
    if (address[0] == '[') {
        return strncmp(address, "[ff", 3) == 0;
    }
    long first = strtol(address, NULL, 10);
    return first >= 224 && first <= 239;
}

static void group_source(const look *l)
{
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        if (is_of_peer(entry) && is_group_address(text_of(entry, "src"))) {
            tell(l, "group-source", false, entry, "packet %lld of %s left from the group address %s",
                 (long long)vec_get_int(entry, "packet", 0), text_of(entry, "by"), text_of(entry, "src"));
        }
    }
}

static void no_coap(const look *l)
{
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        if (is_of_peer(entry) && !vec_get_bool(entry, "coap", false)) {
            tell(l, "no-coap", false, entry, "packet %lld of %s is no CoAP message: %.60s",
                 (long long)vec_get_int(entry, "packet", 0), text_of(entry, "by"), text_of(entry, "data"));
        }
    }
}

/* ---- what the application got ---- */

/* same_text: null and an absent key are one, and so are null and empty. */
static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool says_the_same(const json_t *event, const json_t *inner)
{
    bool is_request = vec_get_is(event, "event", "delivered");
    const char *key = is_request ? "method" : "code";
    const char *said = vec_get_text(event, key);
    const char *sent = vec_get_text(inner, key);
    /* iPATCH is spelled in several ways. */
    bool same_code = same_text(said, sent) || (said != NULL && strcmp(said, "IPATCH") == 0);
    /* Block-wise transfer puts payloads together that were sent in pieces. */
    const json_t *options = json_object_get(inner, "options");
    bool in_blocks = obs_options_have(options, 23) != NULL || obs_options_have(options, 27) != NULL;
    return same_code &&
           (in_blocks || same_text(vec_get_text(event, "payload"), vec_get_text(inner, "payload")));
}

/* whole_of gives the message that a packet with an outer Block option is a part of: one that verified under the same
 * Token and OSCORE option (RFC 8613 section 4.1.3.4.2). */
static const json_t *whole_of(const look *l, const json_t *part)
{
    const json_t *options = json_object_get(part, "options");
    const char *option = vec_get_text(json_object_get(part, "oscore"), "option");
    const char *token = vec_get_text(part, "token");
    if (option == NULL || token == NULL ||
        (obs_options_have(options, OPTION_BLOCK1) == NULL &&
         obs_options_have(options, OPTION_BLOCK2) == NULL)) {
        return part;
    }
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        const json_t *oscore = json_object_get(entry, "oscore");
        if (vec_get_is(entry, "ev", "packet") && vec_get_bool(oscore, "verified", false) &&
            vec_get_is(oscore, "option", option) && vec_get_is(entry, "token", token)) {
            return entry;
        }
    }
    return part;
}

/* takes_unverified: whether a peer was told not to verify countersignatures (draft -02 Appendix F), and nothing else is wrong
 * with the packet. */
static bool takes_unverified(const look *l, const char *name, const json_t *packet)
{
    const json_t *peers = json_object_get(l->plan, "peers");
    for (size_t p = 0; p < json_array_size(peers); p++) {
        const json_t *peer = json_array_get(peers, p);
        if (vec_get_is(peer, "name", name)) {
            return !vec_get_bool(json_object_get(peer, "policy"), "verify", true) &&
                   vec_get_is(json_object_get(packet, "oscore"), "why",
                              gosc_err_name(GOSC_ERR_SIGNATURE_INVALID));
        }
    }
    return false;
}

static void unverified(const look *l)
{
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        const json_t *event = json_object_get(entry, "event");
        bool request = vec_get_is(event, "event", "delivered") && !vec_is_null(event, "kid");
        bool response = vec_get_is(event, "event", "response") && vec_get_bool(event, "protected", true);
        if (!request && !response) {
            continue;
        }
        int64_t number = vec_get_int(entry, "reaction_to", 0);
        const json_t *cause = obs_packet_entry(l->entries, number);
        cause = cause == NULL ? NULL : whole_of(l, cause);
        if (cause == NULL) {
            tell(l, "unverified", false, entry, "%s was given a %s that was never on the wire",
                 text_of(entry, "by"), request ? "request" : "response");
        } else if (!vec_get_bool(json_object_get(cause, "oscore"), "verified", false) &&
                   !takes_unverified(l, text_of(entry, "by"), cause)) {
            tell(l, "unverified", false, entry, "%s was given packet %lld, which does not verify: %s",
                 text_of(entry, "by"), (long long)number, text_of(json_object_get(cause, "oscore"), "why"));
        } else if (!says_the_same(event, json_object_get(cause, "inner"))) {
            tell(l, "unverified", false, entry, "%s was given something else than packet %lld says",
                 text_of(entry, "by"), (long long)number);
        }
    }
}

/* ---- processes ---- */

static void not_alive(const look *l)
{
    const json_t *peers = json_object_get(l->plan, "peers");
    const json_t *last = json_array_get(l->entries, json_array_size(l->entries) - 1);
    if (!vec_get_is(last, "ev", "end") || !vec_get_is(last, "how", "played")) {
        return; /* why is told elsewhere */
    }
    for (size_t p = 0; p < json_array_size(peers); p++) {
        const char *name = vec_get_text(json_array_get(peers, p), "name");
        bool ended = false;
        for (size_t i = 0; i < json_array_size(l->entries); i++) {
            const json_t *entry = json_array_get(l->entries, i);
            if (!vec_get_is(entry, "ev", "exit") || !vec_get_is(entry, "by", name)) {
                continue;
            }
            ended = true;
            if (!vec_get_bool(entry, "expected", false)) {
                tell(l, "not-alive", false, entry, "%s ended by itself", name);
            }
        }
        if (!ended) {
            tell(l, "not-alive", false, last, "%s was not there at the end", name);
        }
    }
}

static void sanitizer(const look *l)
{
    for (size_t i = 0; i < json_array_size(l->entries); i++) {
        const json_t *entry = json_array_get(l->entries, i);
        if (vec_get_is(entry, "ev", "sanitizer")) {
            tell(l, "sanitizer", false, entry, "%s: %.200s", text_of(entry, "by"), text_of(entry, "text"));
        }
    }
}

void obs_oracles_run(const json_t *plan, const obs_log *log, obs_report *report, void *arg)
{
    static void (*const all[])(const look *) = {nonce_reuse, plaintext,  reply_to_multicast, group_source,
                                                no_coap,     unverified, not_alive,          sanitizer};
    const look l = {plan, log->entries, report, arg};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        all[i](&l);
    }
}
