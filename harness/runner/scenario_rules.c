/* SPDX-License-Identifier: BSD-2-Clause */
#include "scenario_rules.h"

#define OPT VEC_OPTIONAL
#define NAME(k)                                                                                              \
    {                                                                                                        \
        .key = k, .kind = VEC_NAME                                                                           \
    }
#define NAME_OPT(k)                                                                                          \
    {                                                                                                        \
        .key = k, .kind = VEC_NAME, .flags = OPT                                                             \
    }
#define TEXT(k)                                                                                              \
    {                                                                                                        \
        .key = k, .kind = VEC_TEXT, .min = 1                                                                 \
    }
#define TEXT_OPT(k)                                                                                          \
    {                                                                                                        \
        .key = k, .kind = VEC_TEXT, .flags = OPT                                                             \
    }
#define HEX_OPT(k)                                                                                           \
    {                                                                                                        \
        .key = k, .kind = VEC_HEX, .flags = OPT                                                              \
    }
#define HEX_NULL(k)                                                                                          \
    {                                                                                                        \
        .key = k, .kind = VEC_HEX, .flags = OPT | VEC_NULLABLE                                               \
    }
#define BOOL_OPT(k)                                                                                          \
    {                                                                                                        \
        .key = k, .kind = VEC_BOOL, .flags = OPT                                                             \
    }
#define INT_OPT(k, least, most)                                                                              \
    {                                                                                                        \
        .key = k, .kind = VEC_INT, .flags = OPT, .min = least, .max = most                                   \
    }
#define WORD(k, list)                                                                                        \
    {                                                                                                        \
        .key = k, .kind = VEC_WORD, .words = list                                                            \
    }
#define WORD_OPT(k, list)                                                                                    \
    {                                                                                                        \
        .key = k, .kind = VEC_WORD, .flags = OPT, .words = list                                              \
    }
#define WORD_NULL(k, list)                                                                                   \
    {                                                                                                        \
        .key = k, .kind = VEC_WORD, .flags = OPT | VEC_NULLABLE, .words = list                               \
    }
#define LIST_OPT(k, item)                                                                                    \
    {                                                                                                        \
        .key = k, .kind = VEC_LIST, .flags = OPT, .of = item                                                 \
    }
#define ANY(k)                                                                                               \
    {                                                                                                        \
        .key = k, .kind = VEC_ANY                                                                            \
    }
#define ANY_OPT(k)                                                                                           \
    {                                                                                                        \
        .key = k, .kind = VEC_ANY, .flags = OPT                                                              \
    }
#define OBJECT_OPT(k, rules)                                                                                 \
    {                                                                                                        \
        .key = k, .kind = VEC_OBJECT, .flags = OPT, .of = rules                                              \
    }
#define END                                                                                                  \
    {                                                                                                        \
        .kind = VEC_END                                                                                      \
    }

#define TIME_MAX INT64_C(100000000)
#define PIV_MAX INT64_C(1099511627776)

const char *const run_vary_keys[] = {"aead",        "group_enc",   "signature", "agreement", "hkdf",
                                     "cred_format", "reading",     "ids",       "mode",      "type",
                                     "n",           "window_size", "value",     NULL};

static const char *const dialects[] = {"oscore", "group-02", "group-28", NULL};
static const char *const ports[] = {"stdio", "tun", NULL};
static const char *const roles[] = {"client", "server", "silent", "manager", "as", NULL};
static const char *const window_states[] = {"valid", "invalid", NULL};
static const char *const modes[] = {"group", "pairwise", NULL};
static const char *const send_modes[] = {"group", "pairwise", "plain", NULL};
static const char *const seen_modes[] = {"group", "pairwise", "oscore", "plain", "any", NULL};
static const char *const types[] = {"CON", "NON", NULL};
static const char *const seen_types[] = {"CON", "NON", "ACK", "RST", NULL};
static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH", NULL};
static const char *const kinds[] = {"request", "response", "ack", "reset", "ping", "other", NULL};
static const char *const casts[] = {"unicast", "multicast", NULL};
static const char *const losses[] = {"windows", "all", NULL};
static const char *const forgers[] = {"insider", "outsider", "owner", NULL};
static const char *const layers[] = {"datagram", "token",     "option",  "ciphertext",
                                     "tag",      "signature", "payload", NULL};
static const char *const faults[] = {
    "wrong-key",       "wrong-nonce",     "group-as-pairwise", "pairwise-as-group",  "old-epoch",
    "no-signature",    "zero-signature",  "other-signature",   "unmasked-signature", "prehashed-signature",
    "aad-request-kid", "aad-request-piv", "aad-kid-context",   "aad-option",         "aad-sender-cred",
    "aad-gm-cred",     "aad-algorithms",  "inner-malformed",   "inner-oscore",       NULL,
};
static const char *const sights[] = {"packet",  "delivered", "response", "challenged", "rejected",
                                     "closed",  "state",     "joined",   "left",       "exit",
                                     "refused", "note",      "checked",  NULL};
static const char *const verdicts[] = {"valid", "invalid", "unknown", "not-applicable", NULL};
static const char *const marks[] = {
    "echo",    "partial_iv",    "kid",         "kid_context", "observe",      "oscore",    "signature",
    "payload", "outer_max_age", "no_response", "uri_path",    "inner_oscore", "long_echo", NULL};
static const char *const fields[] = {"bytes",       "token",  "message_id", "partial_iv", "kid",
                                     "kid_context", "option", "payload",    "echo",       "mode",
                                     "src",         "dst",    NULL};
static const char *const doings[] = {"send",   "notify",  "rekey",     "forget",  "join",   "leave",
                                     "finish", "restart", "kill",      "wait",    "state",  "drop",
                                     "hold",   "delay",   "duplicate", "release", "replay", "edit",
                                     "forge",  "respond", "redirect",  "spoof",   "check",  NULL};

static const vec_rule requirement = {.kind = VEC_REQ};
static const vec_rule mutant = {.kind = VEC_MUTANT};
static const vec_rule dialect = {.kind = VEC_WORD, .words = dialects};
static const vec_rule port = {.kind = VEC_WORD, .words = ports};
static const vec_rule role = {.kind = VEC_WORD, .words = roles};
static const vec_rule name = {.kind = VEC_NAME};
static const vec_rule mark = {.kind = VEC_WORD, .words = marks};
static const vec_rule field = {.kind = VEC_WORD, .words = fields};
static const vec_rule flag = {.kind = VEC_FLAG};
static const vec_rule any = {.kind = VEC_ANY};
static const vec_rule packet_name = {.kind = VEC_TEXT, .min = 1};

static const char *const classes[] = {"success", "client-error", "server-error", NULL};
static const char *const echoes[] = {"off", "auto", NULL};
static const char *const methods_of_sync[] = {"echo", "baseline", "best-effort", NULL};
static const vec_rule response_class = {.kind = VEC_WORD, .words = classes};
static const vec_rule policy[] = {
    INT_OPT("leisure_ms", 0, TIME_MAX),
    WORD_OPT("echo", echoes),
    INT_OPT("freshness_ms", 0, TIME_MAX),
    BOOL_OPT("retry_echo"),
    INT_OPT("exchange_ms", 0, TIME_MAX),
    LIST_OPT("suppress", &response_class),
    BOOL_OPT("error_replies"),
    BOOL_OPT("rederive"),
    BOOL_OPT("verify"),
    LIST_OPT("applications", &name),
    WORD_OPT("synchronisation", methods_of_sync),
    END,
};

static const vec_rule peer[] = {
    {.key = "role", .kind = VEC_LIST, .min = 1, .of = &role},
    BOOL_OPT("subject"),
    {.key = "group", .kind = VEC_LIST, .flags = OPT, .min = 1, .of = &name},
    OBJECT_OPT("policy", policy),
    BOOL_OPT("members"),
    BOOL_OPT("joined"),
    ANY_OPT("count"),
    BOOL_OPT("keep"),
    ANY_OPT("ssn"), /* a number, or a parameter: scenario.c looks at it when that is put in */
    {.key = "window_size", .kind = VEC_ANY, .flags = OPT},
    WORD_OPT("windows", window_states),
    INT_OPT("freshness_ms", 0, TIME_MAX),
    INT_OPT("max_recipients", 0, 65535),
    HEX_OPT("id"),
    HEX_OPT("later_id"),
    BOOL_OPT("stale"),
    BOOL_OPT("credential_later"),
    {.key = "knows", .kind = VEC_LIST, .flags = OPT, .of = &name},
    END,
};
const vec_rule run_peer_rule = {.kind = VEC_OBJECT, .of = peer};

static const char *const pair_dialects[] = {"oscore", NULL};
static const vec_rule world[] = {
    WORD_OPT("dialect", pair_dialects),
    HEX_OPT("id_context"),
    HEX_OPT("master_secret"),
    HEX_NULL("master_salt"),
    ANY_OPT("aead"),
    ANY_OPT("group_enc"),
    ANY_OPT("signature"),
    ANY_OPT("agreement"),
    ANY_OPT("hkdf"),
    ANY_OPT("family"),
    NAME_OPT("multicast_of"),
    END,
};
static const vec_rule world_map[] = {{.kind = VEC_NAME}, {.kind = VEC_OBJECT, .of = world}};
static const vec_rule peer_map[] = {{.kind = VEC_NAME}, {.kind = VEC_OBJECT, .of = peer}};
static const vec_rule vary_map[] = {{.kind = VEC_NAME}, {.kind = VEC_LIST, .min = 1, .of = &any}};
static const vec_rule control[] = {
    TEXT("path"),    TEXT("by"),        TEXT("to"),         ANY_OPT("mode"),
    ANY_OPT("type"), NAME_OPT("group"), BOOL_OPT("before"), END,
};

static const vec_rule scenario[] = {
    {.key = "id", .kind = VEC_FLAG},
    {.key = "title", .kind = VEC_TEXT, .min = 1, .max = 200},
    {.key = "req", .kind = VEC_LIST, .flags = VEC_UNIQUE, .min = 1, .of = &requirement},
    {.key = "dialects", .kind = VEC_LIST, .flags = VEC_UNIQUE, .min = 1, .of = &dialect},
    {.key = "kills", .kind = VEC_LIST, .flags = OPT | VEC_UNIQUE, .of = &mutant},
    {.key = "ports", .kind = VEC_LIST, .flags = OPT | VEC_UNIQUE, .min = 1, .of = &port},
    BOOL_OPT("smoke"),
    {.key = "vary", .kind = VEC_MAP, .flags = OPT, .of = vary_map},
    {.key = "peers", .kind = VEC_MAP, .of = peer_map},
    {.key = "worlds", .kind = VEC_MAP, .flags = OPT, .of = world_map},
    {.key = "steps", .kind = VEC_LIST, .min = 1, .of = &any},
    {.key = "expect", .kind = VEC_LIST, .min = 1, .of = &any},
    OBJECT_OPT("control", control),
    {.key = "optional", .kind = VEC_LIST, .flags = OPT, .of = &flag},
    END,
};
const vec_rule run_scenario_rule = {.kind = VEC_OBJECT, .of = scenario};

static const vec_rule step_any[] = {WORD("do", doings), END};
const vec_rule run_step_any_rule = {.kind = VEC_OBJECT, .of = step_any};

/* What every step may have. */
static const vec_rule common[] = {
    WORD("do", doings), NAME_OPT("name"), BOOL_OPT("settle"), LIST_OPT("in", &dialect), TEXT_OPT("why"), END,
};
#define COMMON                                                                                               \
    {                                                                                                        \
        .kind = VEC_INCLUDE, .of = common                                                                    \
    }

static const vec_rule match[] = {
    TEXT_OPT("from"),
    TEXT_OPT("to"),
    WORD_OPT("is", kinds),
    INT_OPT("nth", 1, 100000),
    WORD_OPT("mode", seen_modes),
    WORD_OPT("cast", casts),
    TEXT_OPT("of"),
    END,
};
const vec_rule run_match_rule = {.kind = VEC_OBJECT, .of = match};

static const vec_rule flip[] = {
    WORD("layer", layers), {.key = "bit", .kind = VEC_INT, .min = 0, .max = 65535}, END};
static const vec_rule slice_bound = {.kind = VEC_INT, .min = 0, .max = 65535};
static const vec_rule set[] = {
    OBJECT_OPT("flip", flip),
    INT_OPT("type", 0, 3),
    TEXT_OPT("code"),
    ANY_OPT("message_id"),
    ANY_OPT("token"),
    HEX_OPT("option"),
    HEX_NULL("kid"),
    HEX_NULL("kid_context"),
    HEX_NULL("partial_iv"),
    BOOL_OPT("group_flag"),
    HEX_NULL("payload"),
    HEX_OPT("append"),
    INT_OPT("truncate", 0, 65535),
    LIST_OPT("outer_option", &any),
    LIST_OPT("slice", &slice_bound),
    INT_OPT("drop_option", 0, 65535),
    HEX_OPT("bytes"),
    END,
};
const vec_rule run_set_rule = {.kind = VEC_OBJECT, .of = set};

static const vec_rule send[] = {
    COMMON,
    ANY("by"),
    ANY("to"),
    WORD_NULL("mode", send_modes),
    WORD_OPT("type", types),
    WORD("method", methods),
    TEXT("path"),
    TEXT_OPT("query"),
    INT_OPT("observe", 0, 16777215),
    LIST_OPT("options", &any),
    TEXT_OPT("payload"),
    HEX_OPT("payload_hex"),
    HEX_OPT("token"),
    INT_OPT("open_ms", 0, TIME_MAX),
    NAME_OPT("group"),
    BOOL_OPT("may_fail"),
    TEXT_OPT("target"),
    END,
};
static const vec_rule notify[] = {
    COMMON,
    ANY("by"),
    TEXT("path"),
    TEXT_OPT("payload"),
    HEX_OPT("payload_hex"),
    NAME_OPT("group"),
    BOOL_OPT("may_fail"),
    END,
};
static const vec_rule rekey[] = {
    COMMON,
    ANY("by"),
    NAME_OPT("group"),
    INT_OPT("epoch", 0, 1000),
    INT_OPT("grace_ms", 0, TIME_MAX),
    BOOL_OPT("may_fail"),
    END,
};
static const vec_rule forget[] = {COMMON, ANY("by"), NAME_OPT("group"), WORD("what", losses), END};
static const vec_rule membership[] = {COMMON, ANY("by"), NAME_OPT("group"), TEXT_OPT("address"), END};
static const vec_rule finish[] = {COMMON, ANY("by"), NAME("exchange"), BOOL_OPT("may_fail"), END};
static const vec_rule process[] = {COMMON, ANY("by"), END};
static const vec_rule state[] = {COMMON, ANY("by"), NAME_OPT("group"), END};
static const vec_rule wait_step[] = {
    COMMON, INT_OPT("ms", 0, TIME_MAX), ANY_OPT("for"), INT_OPT("at_most_ms", 1, TIME_MAX), END,
};
static const vec_rule rule_step[] = {
    COMMON,
    {.key = "match", .kind = VEC_OBJECT, .of = match},
    INT_OPT("times", 0, 100000),
    INT_OPT("ms", 0, TIME_MAX),
    INT_OPT("copies", 1, 100),
    END,
};
static const vec_rule release[] = {COMMON, TEXT_OPT("packet"), LIST_OPT("order", &packet_name),
                                   TEXT_OPT("to"), END};
static const vec_rule replay[] = {
    COMMON,
    TEXT("packet"),
    TEXT_OPT("to"),
    TEXT_OPT("as"),
    BOOL_OPT("new_token"),
    BOOL_OPT("new_message_id"),
    TEXT_OPT("dst"),
    END,
};
static const vec_rule edit[] = {
    COMMON,
    TEXT_OPT("packet"),
    OBJECT_OPT("match", match),
    INT_OPT("times", 0, 100000),
    {.key = "set", .kind = VEC_OBJECT, .of = set},
    TEXT_OPT("to"),
    TEXT_OPT("as"),
    TEXT_OPT("dst"),
    END,
};
static const vec_rule forge[] = {
    COMMON,
    WORD("as", forgers),
    TEXT("claims"),
    WORD_NULL("mode", modes),
    WORD("method", methods),
    TEXT("path"),
    TEXT_OPT("payload"),
    HEX_OPT("payload_hex"),
    LIST_OPT("options", &any),
    INT_OPT("observe", 0, 16777215),
    TEXT_OPT("echo"),
    WORD_OPT("fault", faults),
    TEXT("to"),
    TEXT_OPT("target"),
    TEXT_OPT("source"),
    WORD_OPT("type", types),
    INT_OPT("partial_iv", 0, PIV_MAX - 1),
    HEX_OPT("token"),
    INT_OPT("epoch", 0, 1000),
    NAME_OPT("group"),
    HEX_OPT("kid"),
    HEX_OPT("kid_context"),
    {.key = "edit", .kind = VEC_OBJECT, .flags = OPT, .of = set},
    END,
};
static const vec_rule respond[] = {
    COMMON,
    TEXT("to"),
    WORD("as", forgers),
    TEXT("claims"),
    WORD_NULL("mode", modes),
    TEXT("code"),
    BOOL_OPT("may_fail"),
    TEXT_OPT("payload"),
    HEX_OPT("payload_hex"),
    LIST_OPT("options", &any),
    INT_OPT("observe", 0, 16777215),
    WORD_OPT("fault", faults),
    TEXT_OPT("source"),
    WORD_OPT("type", seen_types),
    INT_OPT("partial_iv", 0, PIV_MAX - 1),
    BOOL_OPT("own_partial_iv"),
    BOOL_OPT("kid"),
    BOOL_OPT("kid_context"),
    HEX_OPT("token"),
    INT_OPT("epoch", 0, 1000),
    {.key = "edit", .kind = VEC_OBJECT, .flags = OPT, .of = set},
    END,
};
static const vec_rule redirect[] = {COMMON, TEXT("packet"), TEXT("to"), END};
static const vec_rule check[] = {
    COMMON, ANY("by"), NAME_OPT("group"), TEXT("packet"), TEXT_OPT("request"), NAME_OPT("sender"), END,
};
static const vec_rule spoof[] = {COMMON, TEXT("packet"), TEXT("source"), TEXT_OPT("to"), END};

static const struct {
    const char *what;
    vec_rule rule;
} steps[] = {
#define STEP(word, rules)                                                                                    \
    {                                                                                                        \
        word,                                                                                                \
        {                                                                                                    \
            .kind = VEC_OBJECT, .of = rules                                                                  \
        }                                                                                                    \
    }
    STEP("send", send),       STEP("notify", notify),   STEP("rekey", rekey),
    STEP("forget", forget),   STEP("join", membership), STEP("leave", membership),
    STEP("finish", finish),   STEP("restart", process), STEP("kill", process),
    STEP("wait", wait_step),  STEP("state", state),     STEP("drop", rule_step),
    STEP("hold", rule_step),  STEP("delay", rule_step), STEP("duplicate", rule_step),
    STEP("release", release), STEP("replay", replay),   STEP("edit", edit),
    STEP("forge", forge),     STEP("respond", respond), STEP("redirect", redirect),
    STEP("spoof", spoof),     STEP("check", check),
#undef STEP
};

const vec_rule *run_step_rule(const char *what)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const char *a = steps[i].what;
        const char *b = what;
        while (*a != '\0' && *a == *b) {
            a++;
            b++;
        }
        if (*a == *b) {
            return &steps[i].rule;
        }
    }
    return NULL;
}

static const vec_rule comparison[] = {
    TEXT("as"),
    {.key = "fields", .kind = VEC_LIST, .min = 1, .of = &field},
    END,
};
static const vec_rule recipient[] = {
    TEXT("of"), BOOL_OPT("valid"), {.key = "highest", .kind = VEC_ANY, .flags = OPT}, BOOL_OPT("exists"), END,
};

static const vec_rule expect[] = {
    {.key = "see", .kind = VEC_WORD, .flags = OPT, .words = sights},
    LIST_OPT("in", &dialect),
    TEXT_OPT("why"),
    TEXT_OPT("by"),
    TEXT_OPT("from"),
    TEXT_OPT("to"),
    TEXT_OPT("of"),
    TEXT_OPT("packet"),
    WORD_OPT("is", kinds),
    WORD_OPT("mode", seen_modes),
    WORD_OPT("cast", casts),
    WORD_OPT("type", seen_types),
    TEXT_OPT("outer_code"),
    TEXT_OPT("inner_code"),
    TEXT_OPT("code"),
    TEXT_OPT("code_class"),
    TEXT_OPT("payload"),
    HEX_OPT("payload_hex"),
    TEXT_OPT("payload_part"),
    TEXT_OPT("path"),
    WORD_OPT("method", methods),
    LIST_OPT("has", &mark),
    LIST_OPT("lacks", &mark),
    LIST_OPT("inner_options", &any),
    LIST_OPT("outer_options", &any),
    LIST_OPT("options", &any),
    TEXT_OPT("outer_payload"),
    BOOL_OPT("protected"),
    BOOL_OPT("verified"),
    BOOL_OPT("multicast"),
    BOOL_OPT("forged"),
    TEXT_OPT("kid"),
    INT_OPT("partial_iv", 0, PIV_MAX),
    INT_OPT("epoch", 0, 1000),
    NAME_OPT("group"),
    ANY_OPT("reason"),
    INT_OPT("times", 0, 100000),
    INT_OPT("at_least", 0, 100000),
    INT_OPT("at_most", 0, 100000),
    INT_OPT("within_ms", 0, TIME_MAX),
    INT_OPT("not_before_ms", 0, TIME_MAX),
    NAME_OPT("name"),
    NAME_OPT("after"),
    BOOL_OPT("warn"),
    OBJECT_OPT("same", comparison),
    OBJECT_OPT("differs", comparison),
    INT_OPT("ssn", 0, PIV_MAX),
    OBJECT_OPT("recipient", recipient),
    INT_OPT("derivations", 0, 1000000),
    WORD_OPT("verdict", verdicts),
    INT_OPT("status", 0, 255),
    TEXT_OPT("text"),
    END,
};
const vec_rule run_expect_rule = {.kind = VEC_OBJECT, .of = expect};

static const vec_rule never[] = {ANY("never"), BOOL_OPT("warn"), LIST_OPT("in", &dialect), TEXT_OPT("why"),
                                 END};
const vec_rule run_never_rule = {.kind = VEC_OBJECT, .of = never};
static const vec_rule one_of[] = {
    {.key = "one_of", .kind = VEC_LIST, .min = 2, .of = &any},
    BOOL_OPT("warn"),
    LIST_OPT("in", &dialect),
    TEXT_OPT("why"),
    END,
};
const vec_rule run_one_of_rule = {.kind = VEC_OBJECT, .of = one_of};
