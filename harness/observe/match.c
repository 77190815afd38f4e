/* SPDX-License-Identifier: BSD-2-Clause */
#include "match.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPTION_OBSERVE = 6,
    OPTION_OSCORE = 9,
    OPTION_URI_PATH = 11,
    OPTION_MAX_AGE = 14,
    OPTION_ECHO = 252,
    OPTION_NO_RESPONSE = 258,
};

const json_t *obs_packet_entry(const json_t *entries, int64_t packet)
{
    for (size_t i = 0; packet > 0 && i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        if (vec_get_is(entry, "ev", "packet") && vec_get_int(entry, "packet", 0) == packet) {
            return entry;
        }
    }
    return NULL;
}

/* STEP.request@peer#2 in parts. */
typedef struct packet_name {
    const char *step, *is, *by;
    size_t step_len, is_len, by_len;
    long nth;
} packet_name;

static packet_name name_split(const char *name)
{
    packet_name n = {.step = name, .step_len = strcspn(name, ".@#"), .nth = 1};
    const char *rest = name + n.step_len;
    if (*rest == '.') {
        n.is = rest + 1;
        n.is_len = strcspn(n.is, "@#");
        rest = n.is + n.is_len;
    }
    if (*rest == '@') {
        n.by = rest + 1;
        n.by_len = strcspn(n.by, "#");
        rest = n.by + n.by_len;
    }
    if (*rest == '#') {
        n.nth = strtol(rest + 1, NULL, 10);
    }
    return n;
}

static bool part_is(const json_t *entry, const char *key, const char *part, size_t len)
{
    const char *text = vec_get_text(entry, key);
    return part == NULL || (text != NULL && strlen(text) == len && strncmp(text, part, len) == 0);
}

const json_t *obs_packet_find(const obs_finds *finds, const char *name)
{
    const json_t *found = json_object_get(finds->found, name);
    if (json_is_integer(found)) {
        return json_array_get(finds->entries, (size_t)json_integer_value(found));
    }
    packet_name n = name_split(name);
    for (size_t i = 0; i < json_array_size(finds->entries); i++) {
        const json_t *entry = json_array_get(finds->entries, i);
        bool forged = vec_get_is(entry, "by", "adversary");
        if (!vec_get_is(entry, "ev", "packet") || forged != (n.is == NULL && n.by == NULL)) {
            continue;
        }
        if (part_is(entry, "of", n.step, n.step_len) && part_is(entry, "is", n.is, n.is_len) &&
            part_is(entry, "by", n.by, n.by_len) && --n.nth == 0) {
            return entry;
        }
    }
    return NULL;
}

const char *obs_options_have(const json_t *options, int64_t number)
{
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *pair = json_array_get(options, i);
        if (json_integer_value(json_array_get(pair, 0)) == number) {
            return json_string_value(json_array_get(pair, 1));
        }
    }
    return NULL;
}

/* ---- single keys ---- */

/* told: the key is not asked for, or it is what the entry says. */
static bool told(const json_t *see, const char *key, const json_t *entry, const char *its_key)
{
    const char *wanted = vec_get_text(see, key);
    return wanted == NULL || vec_get_is(entry, its_key, wanted);
}

static bool told_bool(const json_t *see, const char *key, bool is)
{
    const json_t *wanted = json_object_get(see, key);
    return wanted == NULL || json_is_true(wanted) == is;
}

static bool told_int(const json_t *see, const char *key, const json_t *entry, const char *its_key)
{
    const json_t *wanted = json_object_get(see, key);
    const json_t *is = json_object_get(entry, its_key);
    return wanted == NULL || (json_is_integer(is) && json_integer_value(is) == json_integer_value(wanted));
}

static bool hex_is_text(const char *hex, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    if (hex == NULL) {
        return text[0] == '\0';
    }
    for (; *text != '\0'; text++, hex += 2) {
        unsigned char c = (unsigned char)*text;
        if (hex[0] == '\0' || hex[0] != digits[c >> 4] || hex[1] != digits[c & 15]) {
            return false;
        }
    }
    return *hex == '\0';
}

/* hex_has_text: the text occurs in the bytes. */
static bool hex_has_text(const char *hex, const char *text)
{
    size_t n_hex = hex != NULL ? strlen(hex) : 0;
    size_t n_text = 2 * strlen(text);
    char part[3] = "";
    for (size_t at = 0; at + n_text <= n_hex; at += 2) {
        size_t i = 0;
        while (i < n_text) {
            memcpy(part, hex + at + i, 2);
            if (strtol(part, NULL, 16) != (unsigned char)text[i / 2]) {
                break;
            }
            i += 2;
        }
        if (i == n_text) {
            return true;
        }
    }
    return false;
}

static bool told_payload(const json_t *see, const json_t *holder)
{
    const char *text = vec_get_text(see, "payload");
    const char *hex = vec_get_text(see, "payload_hex");
    const char *is = vec_get_text(holder, "payload");
    const char *in_it = vec_get_text(see, "payload_part");
    if (in_it != NULL && !hex_has_text(is, in_it)) {
        return false;
    }
    return (text == NULL || hex_is_text(is, text)) && (hex == NULL || (is != NULL && strcmp(is, hex) == 0));
}

static bool told_code(const json_t *see, const char *key, const json_t *holder)
{
    const char *class_of = vec_get_text(see, "code_class");
    const char *is = vec_get_text(holder, "code");
    return told(see, key, holder, "code") &&
           (class_of == NULL || (is != NULL && strncmp(is, class_of, 1) == 0));
}

/* member_id gives the identifier of a member in hex; NULL: no such member. */
static const char *member_id(const obs_finds *finds, const char *name)
{
    for (size_t i = 0; i < json_array_size(finds->entries); i++) {
        const json_t *entry = json_array_get(finds->entries, i);
        if (vec_get_is(entry, "ev", "world")) {
            return vec_get_text(json_object_get(entry, "members"), name);
        }
    }
    return NULL;
}

static bool told_kid(const obs_finds *finds, const json_t *see, const json_t *holder)
{
    const char *wanted = vec_get_text(see, "kid");
    if (wanted == NULL) {
        return true;
    }
    const char *id = member_id(finds, wanted);
    return vec_get_is(holder, "kid", id != NULL ? id : wanted);
}

/* ---- marks ---- */

static bool packet_has(const json_t *entry, const char *mark)
{
    const json_t *oscore = json_object_get(entry, "oscore");
    const json_t *inner = json_object_get(json_object_get(entry, "inner"), "options");
    const json_t *outer = json_object_get(entry, "options");
    const json_t *readable = oscore != NULL ? inner : outer;
    if (strcmp(mark, "echo") == 0) {
        return obs_options_have(readable, OPTION_ECHO) != NULL;
    }
    if (strcmp(mark, "long_echo") == 0) { /* four bytes or more (E-5-03) */
        const char *value = obs_options_have(readable, OPTION_ECHO);
        return value != NULL && strlen(value) >= 8;
    }
    if (strcmp(mark, "observe") == 0) {
        return obs_options_have(readable, OPTION_OBSERVE) != NULL;
    }
    if (strcmp(mark, "no_response") == 0) {
        return obs_options_have(readable, OPTION_NO_RESPONSE) != NULL;
    }
    if (strcmp(mark, "outer_max_age") == 0) {
        return obs_options_have(outer, OPTION_MAX_AGE) != NULL;
    }
    if (strcmp(mark, "uri_path") == 0) {
        return obs_options_have(outer, OPTION_URI_PATH) != NULL;
    }
    if (strcmp(mark, "inner_oscore") == 0) {
        return obs_options_have(inner, OPTION_OSCORE) != NULL;
    }
    if (strcmp(mark, "payload") == 0) {
        return !vec_is_null(oscore != NULL ? json_object_get(entry, "inner") : entry, "payload");
    }
    if (strcmp(mark, "oscore") == 0) {
        return oscore != NULL;
    }
    if (strcmp(mark, "signature") == 0) {
        return vec_get_bool(oscore, "signature", false);
    }
    return !vec_is_null(oscore, mark); /* partial_iv, kid, kid_context */
}

static bool event_has(const json_t *event, const char *mark)
{
    const json_t *options = json_object_get(event, "options");
    if (strcmp(mark, "echo") == 0) {
        return obs_options_have(options, OPTION_ECHO) != NULL;
    }
    if (strcmp(mark, "observe") == 0) {
        return obs_options_have(options, OPTION_OBSERVE) != NULL;
    }
    return !vec_is_null(event, mark);
}

static bool told_marks(const json_t *see, const json_t *holder, bool (*has)(const json_t *, const char *))
{
    const json_t *wanted = json_object_get(see, "has");
    const json_t *unwanted = json_object_get(see, "lacks");
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        if (!has(holder, json_string_value(json_array_get(wanted, i)))) {
            return false;
        }
    }
    for (size_t i = 0; i < json_array_size(unwanted); i++) {
        if (has(holder, json_string_value(json_array_get(unwanted, i)))) {
            return false;
        }
    }
    return true;
}

/* told_options: each item is [number, hex] (there with that value), [number] (there) or [number, null] (not there). An
 * option that comes more than once is looked through. */
static bool told_options(const json_t *see, const char *key, const json_t *options)
{
    const json_t *wanted = json_object_get(see, key);
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const json_t *item = json_array_get(wanted, i);
        const json_t *value = json_array_get(item, 1);
        json_int_t number = json_integer_value(json_array_get(item, 0));
        bool found = false;
        for (size_t j = 0; j < json_array_size(options); j++) {
            const json_t *pair = json_array_get(options, j);
            found = found || (json_integer_value(json_array_get(pair, 0)) == number &&
                              (!json_is_string(value) || json_equal(json_array_get(pair, 1), value)));
        }
        if (found == json_is_null(value)) {
            return false;
        }
    }
    return true;
}

/* ---- packets ---- */

static const json_t *field_of(const json_t *entry, const char *field)
{
    static const char *const plain[] = {"token", "message_id", "src", "dst"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(field, plain[i]) == 0) {
            return json_object_get(entry, field);
        }
    }
    if (strcmp(field, "bytes") == 0) {
        return json_object_get(entry, "data");
    }
    if (strcmp(field, "payload") == 0) {
        return json_object_get(json_object_get(entry, "inner"), "payload");
    }
    return json_object_get(json_object_get(entry, "oscore"),
                           field); /* partial_iv, kid, kid_context, option, mode */
}

static bool field_same(const json_t *a, const json_t *b, const char *field)
{
    if (strcmp(field, "echo") == 0) {
        const char *x =
            obs_options_have(json_object_get(json_object_get(a, "inner"), "options"), OPTION_ECHO);
        const char *y =
            obs_options_have(json_object_get(json_object_get(b, "inner"), "options"), OPTION_ECHO);
        return x != NULL && y != NULL && strcmp(x, y) == 0;
    }
    const json_t *x = field_of(a, field);
    const json_t *y = field_of(b, field);
    return x == NULL || y == NULL ? x == y : json_equal(x, y) != 0;
}

static bool told_comparison(const obs_finds *finds, const json_t *see, const char *key, const json_t *entry)
{
    const json_t *order = json_object_get(see, key);
    const json_t *fields = json_object_get(order, "fields");
    if (order == NULL) {
        return true;
    }
    const json_t *other = obs_packet_find(finds, vec_get_text(order, "as"));
    bool same = strcmp(key, "same") == 0;
    for (size_t i = 0; i < json_array_size(fields); i++) {
        if (other == NULL || field_same(entry, other, json_string_value(json_array_get(fields, i))) != same) {
            return false;
        }
    }
    return true;
}

static bool told_to(const json_t *see, const json_t *entry)
{
    const char *to = vec_get_text(see, "to");
    if (to == NULL || vec_get_is(entry, "to", to) || vec_get_is(entry, "dst", to)) {
        return true;
    }
    return strcmp(to, "group") == 0 && vec_get_is(entry, "cast", "multicast");
}

static bool told_mode(const json_t *see, const json_t *entry)
{
    const char *mode = vec_get_text(see, "mode");
    const json_t *oscore = json_object_get(entry, "oscore");
    if (mode == NULL || strcmp(mode, "any") == 0) {
        return true;
    }
    return strcmp(mode, "plain") == 0 ? oscore == NULL : vec_get_is(oscore, "mode", mode);
}

/* told_outer_payload: what a message without OSCORE says, a diagnostic for instance. */
static bool told_outer_payload(const json_t *see, const json_t *entry)
{
    const char *text = vec_get_text(see, "outer_payload");
    return text == NULL ||
           (json_object_get(entry, "oscore") == NULL && hex_is_text(vec_get_text(entry, "payload"), text));
}

static bool match_packet(const obs_finds *finds, const json_t *entry, const json_t *see)
{
    const json_t *oscore = json_object_get(entry, "oscore");
    const json_t *inner = json_object_get(entry, "inner");
    const char *name = vec_get_text(see, "packet");
    return told(see, "from", entry, "by") && told(see, "by", entry, "by") && told_to(see, entry) &&
           told(see, "of", entry, "of") && (name == NULL || obs_packet_find(finds, name) == entry) &&
           told(see, "is", entry, "is") && told_mode(see, entry) && told(see, "cast", entry, "cast") &&
           told(see, "type", entry, "type") && told(see, "outer_code", entry, "outer_code") &&
           told_code(see, "inner_code", inner) && told_code(see, "code", inner) && told_payload(see, inner) &&
           told(see, "path", inner, "path") && told(see, "method", inner, "method") &&
           told_bool(see, "protected", oscore != NULL) &&
           told_bool(see, "verified", vec_get_bool(oscore, "verified", false)) &&
           told_bool(see, "forged", vec_get_is(entry, "by", "adversary")) && told_kid(finds, see, oscore) &&
           told_int(see, "partial_iv", oscore, "partial_iv") && told_int(see, "epoch", oscore, "epoch") &&
           told(see, "group", oscore, "group") && told_marks(see, entry, packet_has) &&
           told_options(see, "inner_options", json_object_get(inner, "options")) &&
           told_options(see, "outer_options", json_object_get(entry, "options")) &&
           told_outer_payload(see, entry) && told_comparison(finds, see, "same", entry) &&
           told_comparison(finds, see, "differs", entry);
}

/* ---- events of peers ---- */

/* told_cause: who sent the packet that led to the event, and which one it was. */
static bool told_cause(const obs_finds *finds, const json_t *see, const json_t *entry, const json_t *event)
{
    const char *from = vec_get_text(see, "from");
    const char *name = vec_get_text(see, "packet");
    const json_t *epoch = json_object_get(see, "epoch");
    if (from == NULL && name == NULL && epoch == NULL) {
        return true;
    }
    const json_t *cause = obs_packet_entry(finds->entries, vec_get_int(entry, "reaction_to", 0));
    return (from == NULL || vec_get_is(cause, "by", from) || vec_get_is(event, "from", from)) &&
           (name == NULL || (cause != NULL && obs_packet_find(finds, name) == cause)) &&
           told_int(see, "epoch", json_object_get(cause, "oscore"), "epoch");
}

static bool told_reason(const json_t *see, const char *reason)
{
    const json_t *wanted = json_object_get(see, "reason");
    if (wanted == NULL) {
        return true;
    }
    for (size_t i = 0; reason != NULL && i < json_array_size(wanted); i++) {
        const char *one = json_string_value(json_array_get(wanted, i));
        if (one != NULL && strcmp(one, reason) == 0) {
            return true;
        }
    }
    return reason != NULL && json_is_string(wanted) && strcmp(json_string_value(wanted), reason) == 0;
}

static bool told_event_mode(const json_t *see, const json_t *event)
{
    const char *mode = vec_get_text(see, "mode");
    /* A peer that speaks a dialect without modes tells none. */
    return mode == NULL || strcmp(mode, "any") == 0 || vec_is_null(event, "mode") ||
           vec_get_is(event, "mode", mode);
}

/* told_number: a Partial IV in an event is hex. */
static bool told_number(const json_t *see, const json_t *event)
{
    const json_t *wanted = json_object_get(see, "partial_iv");
    const char *is = vec_get_text(event, "partial_iv");
    return wanted == NULL || (is != NULL && strtoll(is, NULL, 16) == json_integer_value(wanted));
}

static bool match_event(const obs_finds *finds, const json_t *entry, const json_t *see)
{
    const json_t *event = json_object_get(entry, "event");
    const char *text = vec_get_text(see, "text");
    const char *said = vec_get_text(event, "text");
    return vec_get_is(event, "event", vec_get_text(see, "see")) && told(see, "by", entry, "by") &&
           told(see, "of", entry, "of") && told_cause(finds, see, entry, event) &&
           told_event_mode(see, event) && told_code(see, "code", event) && told_payload(see, event) &&
           told(see, "path", event, "path") && told(see, "method", event, "method") &&
           told_bool(see, "protected", vec_get_bool(event, "protected", true)) &&
           told_bool(see, "multicast", vec_get_bool(event, "multicast", false)) &&
           told_kid(finds, see, event) &&
           told_reason(see, vec_get_text(event, vec_get_is(event, "event", "closed") ? "why" : "reason")) &&
           told_number(see, event) && told_marks(see, event, event_has) &&
           told_options(see, "options", json_object_get(event, "options")) &&
           told(see, "group", event, "group") &&
           (text == NULL || (said != NULL && strstr(said, text) != NULL));
}

/* ---- answers ---- */

static bool told_recipient(const obs_finds *finds, const json_t *see, const json_t *answer)
{
    const json_t *wanted = json_object_get(see, "recipient");
    const json_t *list = json_object_get(answer, "recipients");
    if (wanted == NULL) {
        return true;
    }
    const char *of = vec_get_text(wanted, "of");
    const char *id = member_id(finds, of);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *highest = json_object_get(wanted, "highest");
        if (vec_get_is(one, "id", id != NULL ? id : of)) {
            return told_bool(wanted, "exists", true) &&
                   told_bool(wanted, "valid", vec_get_bool(one, "valid", false)) &&
                   (highest == NULL || json_equal(highest, json_object_get(one, "highest")) != 0);
        }
    }
    return told_bool(wanted, "exists", false) && json_object_get(wanted, "valid") == NULL;
}

static bool match_answer(const obs_finds *finds, const json_t *entry, const json_t *see)
{
    const json_t *answer = json_object_get(entry, "answer");
    const char *op = vec_get_is(see, "see", "state")     ? "state"
                     : vec_get_is(see, "see", "checked") ? "check"
                                                         : NULL;
    bool is_state = op != NULL; /* or a verdict: what was answered, and not that it was refused */
    if (is_state ? !vec_get_is(entry, "op", op) : json_object_get(answer, "error") == NULL) {
        return false;
    }
    const char *error = vec_get_text(answer, "error");
    const char *reason = vec_get_text(see, "reason");
    return told(see, "by", entry, "by") && told(see, "of", entry, "of") &&
           told_int(see, "ssn", answer, "ssn") && told_int(see, "derivations", answer, "derivations") &&
           told_recipient(finds, see, answer) && told(see, "verdict", answer, "verdict") &&
           (is_state || reason == NULL || (error != NULL && strstr(error, reason) != NULL));
}

static bool match_other(const json_t *entry, const json_t *see)
{
    const char *text = vec_get_text(see, "text");
    const char *group = vec_get_text(entry, "group"); /* address that was joined or left */
    return told(see, "by", entry, "by") && told_int(see, "status", entry, "status") &&
           (text == NULL || (group != NULL && strstr(group, text) != NULL));
}

/* ---- time ---- */

static int64_t begin_of(const obs_finds *finds, const json_t *see)
{
    const json_t *after =
        json_object_get(finds->found, vec_get_text(see, "after") != NULL ? vec_get_text(see, "after") : "");
    if (after != NULL) {
        return vec_get_int(json_array_get(finds->entries, (size_t)json_integer_value(after)), "t", 0);
    }
    const char *of = vec_get_text(see, "of");
    for (size_t i = 0; of != NULL && i < json_array_size(finds->entries); i++) {
        const json_t *entry = json_array_get(finds->entries, i);
        if (vec_get_is(entry, "ev", "step") && vec_get_is(entry, "name", of)) {
            return vec_get_int(entry, "t", 0);
        }
    }
    return 0;
}

static bool told_time(const obs_finds *finds, const json_t *entry, const json_t *see)
{
    const char *after = vec_get_text(see, "after");
    const json_t *found = after != NULL ? json_object_get(finds->found, after) : NULL;
    if (after != NULL && (found == NULL || vec_get_int(entry, "n", 0) <= json_integer_value(found))) {
        return false;
    }
    const json_t *most = json_object_get(see, "within_ms");
    const json_t *least = json_object_get(see, "not_before_ms");
    if (most == NULL && least == NULL) {
        return true;
    }
    int64_t passed = vec_get_int(entry, "t", 0) - begin_of(finds, see);
    return (most == NULL || passed <= json_integer_value(most)) &&
           (least == NULL || passed >= json_integer_value(least));
}

bool obs_match(const obs_finds *finds, const json_t *entry, const json_t *see)
{
    const char *what = vec_get_text(see, "see");
    const char *kind = vec_get_text(entry, "ev");
    bool good;
    if (strcmp(what, "packet") == 0) {
        good = strcmp(kind, "packet") == 0 && match_packet(finds, entry, see);
    } else if (strcmp(what, "state") == 0 || strcmp(what, "refused") == 0 || strcmp(what, "checked") == 0) {
        good = strcmp(kind, "answer") == 0 && match_answer(finds, entry, see);
    } else if (strcmp(what, "joined") == 0 || strcmp(what, "left") == 0 || strcmp(what, "exit") == 0) {
        good = strcmp(kind, what) == 0 && match_other(entry, see);
    } else {
        good = strcmp(kind, "event") == 0 && match_event(finds, entry, see);
    }
    return good && told_time(finds, entry, see);
}

bool obs_match_any(const obs_log *log, const json_t *see)
{
    const obs_finds finds = {log->entries, NULL};
    for (size_t i = json_array_size(log->entries); i > 0; i--) {
        if (obs_match(&finds, json_array_get(log->entries, i - 1), see)) {
            return true;
        }
    }
    return false;
}
