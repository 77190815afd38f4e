/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer_lines.h"

#include <string.h>

#define OPT VEC_OPTIONAL
#define NIL VEC_NULLABLE
#define TEXT(k, f)                                                                                           \
    {                                                                                                        \
        .key = k, .kind = VEC_TEXT, .flags = f                                                               \
    }
#define HEX(k, f)                                                                                            \
    {                                                                                                        \
        .key = k, .kind = VEC_HEX, .flags = f                                                                \
    }
#define BOOL(k, f)                                                                                           \
    {                                                                                                        \
        .key = k, .kind = VEC_BOOL, .flags = f                                                               \
    }
#define INT(k, f)                                                                                            \
    {                                                                                                        \
        .key = k, .kind = VEC_INT, .flags = f, .min = 0, .max = INT64_MAX                                    \
    }
#define ANY(k, f)                                                                                            \
    {                                                                                                        \
        .key = k, .kind = VEC_ANY, .flags = f                                                                \
    }
#define EVENT TEXT("event", 0)
#define END                                                                                                  \
    {                                                                                                        \
        .kind = VEC_END                                                                                      \
    }

static const char *const modes[] = {"group", "pairwise", NULL};
static const char *const closings[] = {"answered", "expired", "finished", "failed", NULL};

static const vec_rule any = {.kind = VEC_ANY};
#define OPTIONS                                                                                              \
    {                                                                                                        \
        .key = "options", .kind = VEC_LIST, .of = &any                                                       \
    }
#define MODE                                                                                                 \
    {                                                                                                        \
        .key = "mode", .kind = VEC_WORD, .flags = NIL, .words = modes                                        \
    }

static const vec_rule delivered[] = {
    EVENT,
    TEXT("group", NIL),
    HEX("kid", NIL),
    MODE,
    HEX("partial_iv", NIL),
    BOOL("multicast", 0),
    TEXT("from", NIL),
    TEXT("method", 0),
    TEXT("path", NIL),
    HEX("payload", NIL),
    OPTIONS,
    END,
};
static const vec_rule response[] = {
    EVENT,
    TEXT("exchange", 0),
    TEXT("group", NIL),
    HEX("kid", NIL),
    MODE,
    HEX("partial_iv", NIL),
    TEXT("from", NIL),
    TEXT("code", 0),
    HEX("payload", NIL),
    OPTIONS,
    BOOL("protected", 0),
    END,
};
static const vec_rule challenged[] = {EVENT, TEXT("exchange", 0), HEX("kid", NIL), TEXT("from", NIL), END};
static const vec_rule rejected[] = {
    EVENT, TEXT("reason", 0), TEXT("from", NIL), TEXT("group", NIL), TEXT("exchange", NIL), END};
static const vec_rule closed[] = {
    EVENT,
    TEXT("exchange", 0),
    {.key = "why", .kind = VEC_WORD, .words = closings},
    END,
};
static const vec_rule datagram[] = {EVENT, TEXT("from", 0), TEXT("to", 0), HEX("data", 0), END};
static const vec_rule note[] = {EVENT, TEXT("text", 0), END};

static const struct {
    const char *name;
    const vec_rule rule;
} events[] = {
    {"delivered", {.kind = VEC_OBJECT, .of = delivered}},
    {"response", {.kind = VEC_OBJECT, .of = response}},
    {"challenged", {.kind = VEC_OBJECT, .of = challenged}},
    {"rejected", {.kind = VEC_OBJECT, .of = rejected}},
    {"closed", {.kind = VEC_OBJECT, .of = closed}},
    {"datagram", {.kind = VEC_OBJECT, .of = datagram}},
    {"note", {.kind = VEC_OBJECT, .of = note}},
};

bool run_event_check(vec_check *check, const json_t *event)
{
    const char *name = vec_get_text(event, "event");
    for (size_t i = 0; name != NULL && i < sizeof events / sizeof events[0]; i++) {
        if (strcmp(events[i].name, name) == 0) {
            return vec_check_value(check, &events[i].rule, event);
        }
    }
    return vec_fault_value(check, "an event of the protocol", json_object_get(event, "event"));
}

#define ANSWER INT("id", 0), BOOL("ok", OPT), TEXT("error", OPT), TEXT("unsupported", OPT)

static const vec_rule plain[] = {ANSWER, END};
static const vec_rule hello[] = {
    ANSWER,
    TEXT("name", OPT),
    TEXT("version", OPT),
    INT("protocol", OPT),
    ANY("ports", OPT),
    ANY("roles", OPT),
    ANY("dialects", OPT),
    ANY("features", OPT),
    END,
};
static const vec_rule sent[] = {ANSWER, HEX("token", OPT | NIL), END};
static const vec_rule configured[] = {ANSWER, ANY("addresses", OPT), END};
static const vec_rule notify[] = {ANSWER, INT("n_observers", OPT), END};
static const vec_rule state[] = {
    ANSWER, ANY("ssn", OPT), ANY("recipients", OPT), ANY("digest", OPT), ANY("derivations", OPT), END,
};
static const vec_rule checked[] = {ANSWER, TEXT("verdict", OPT), TEXT("reason", OPT | NIL), END};
static const vec_rule timed[] = {
    ANSWER, {.key = "next_ms", .kind = VEC_INT, .flags = OPT | NIL, .max = INT64_MAX}, END};

bool run_answer_check(vec_check *check, const char *op, const json_t *answer)
{
    static const struct {
        const char *op;
        const vec_rule rule;
    } answers[] = {
        {"hello", {.kind = VEC_OBJECT, .of = hello}}, {"notify", {.kind = VEC_OBJECT, .of = notify}},
        {"send", {.kind = VEC_OBJECT, .of = sent}},   {"configure", {.kind = VEC_OBJECT, .of = configured}},
        {"state", {.kind = VEC_OBJECT, .of = state}}, {"datagram", {.kind = VEC_OBJECT, .of = timed}},
        {"tick", {.kind = VEC_OBJECT, .of = timed}},  {"check", {.kind = VEC_OBJECT, .of = checked}},
    };
    static const vec_rule other = {.kind = VEC_OBJECT, .of = plain};
    const vec_rule *rule = &other;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        rule = strcmp(answers[i].op, op) == 0 ? &answers[i].rule : rule;
    }
    bool ok = json_is_true(json_object_get(answer, "ok"));
    bool error = json_object_get(answer, "error") != NULL;
    bool unsupported = json_object_get(answer, "unsupported") != NULL;
    if (ok + error + unsupported != 1) {
        return vec_fault(check, "expected one of \"ok\": true, \"error\" and \"unsupported\"");
    }
    return vec_check_value(check, rule, answer);
}
