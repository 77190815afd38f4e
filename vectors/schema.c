/* SPDX-License-Identifier: BSD-2-Clause */
/* The schemas of the families. */
#include "schema.h"

#include "families.h"

#define HEX(name)                                                                                            \
    {                                                                                                        \
        .key = name, .kind = VEC_HEX                                                                         \
    }
#define HEX_OR_NULL(name)                                                                                    \
    {                                                                                                        \
        .key = name, .kind = VEC_HEX, .flags = VEC_NULLABLE                                                  \
    }
#define HEX_IF_ANY(name)                                                                                     \
    {                                                                                                        \
        .key = name, .kind = VEC_HEX, .flags = VEC_NULLABLE | VEC_OPTIONAL                                   \
    }
#define BOOL_OR_NULL(name)                                                                                   \
    {                                                                                                        \
        .key = name, .kind = VEC_BOOL, .flags = VEC_NULLABLE                                                 \
    }
#define WORD(name, list)                                                                                     \
    {                                                                                                        \
        .key = name, .kind = VEC_WORD, .words = list                                                         \
    }
#define WORD_OR_NULL(name, list)                                                                             \
    {                                                                                                        \
        .key = name, .kind = VEC_WORD, .flags = VEC_NULLABLE, .words = list                                  \
    }
#define NUMBER(name, least, most)                                                                            \
    {                                                                                                        \
        .key = name, .kind = VEC_INT, .min = least, .max = most                                              \
    }
#define NUMBER_IF_ANY(name, least, most)                                                                     \
    {                                                                                                        \
        .key = name, .kind = VEC_INT, .flags = VEC_OPTIONAL, .min = least, .max = most                       \
    }
#define ALG_OR_NULL(name, more)                                                                              \
    {                                                                                                        \
        .key = name, .kind = VEC_INT, .flags = VEC_NULLABLE | (more), .min = INT32_MIN, .max = INT32_MAX     \
    }
#define NAME_OR_NULL(name)                                                                                   \
    {                                                                                                        \
        .key = name, .kind = VEC_NAME, .flags = VEC_NULLABLE                                                 \
    }
#define OBJECT(name, rules)                                                                                  \
    {                                                                                                        \
        .key = name, .kind = VEC_OBJECT, .of = rules                                                         \
    }
#define OBJECT_OR_NULL(name, rules)                                                                          \
    {                                                                                                        \
        .key = name, .kind = VEC_OBJECT, .flags = VEC_NULLABLE, .of = rules                                  \
    }
#define LIST(name, item)                                                                                     \
    {                                                                                                        \
        .key = name, .kind = VEC_LIST, .of = item                                                            \
    }
#define END                                                                                                  \
    {                                                                                                        \
        .kind = VEC_END                                                                                      \
    }

#define SSN_MAX INT64_C(1099511627776)     /* 2^40: one behind the last Partial IV */
#define TIME_MAX INT64_C(9007199254740991) /* what every JSON reader keeps exactly */

static const char *const dialects[] = {"oscore", "group-02", "group-28", NULL};
static const char *const readings[] = {"CS5",   "CS4",   "S1/E1", "S2/E1", "S3/E1",
                                       "S1/E0", "S2/E0", "S3/E0", NULL};
static const char *const formats[] = {"ccs", "cwt", "x509", NULL};
static const char *const modes[] = {"group", "pairwise", NULL};
static const char *const directions[] = {"request", "response", NULL};
static const char *const window_states[] = {"valid", "invalid", NULL};
static const char *const results[] = {"ok", "reject", NULL};
static const char *const confirmations[] = {"open", "seal", "derive", NULL};
static const char *const operations[] = {"both", "open", "seal", NULL};
static const char *const kinds[] = {"encrypt0", "structures", "key", NULL};
const char *const vec_reasons[] = {
    "coap-malformed",
    "not-oscore",
    "option-repeated",
    "payload-missing",
    "option-malformed",
    "partial-iv-missing",
    "kid-missing",
    "kid-context-missing",
    "token-mismatch",
    "context-not-found",
    "mode-unsupported",
    "sender-missing",
    "own-kid",
    "recipient-unknown",
    "credential-missing",
    "responder-mismatch",
    "payload-short",
    "replay",
    "response-replay",
    "signature-invalid",
    "decryption-failed",
    "inner-malformed",
    "inner-observe",
    "response-old",
    "echo-required",
    "echo-mismatch",
    "echo-expired",
    "ssn-exhausted",
    "nonce-reuse",
    "already-protected",
    "context-invalid",
    "algorithm-unknown",
    "credential-malformed",
    "key-invalid",
    "agreement-zero",
    "cose-malformed",
    NULL,
};

static const vec_rule requirement = {.kind = VEC_REQ};
static const vec_rule flag = {.kind = VEC_FLAG};
static const vec_rule confirmation[] = {
    {.key = "stack", .kind = VEC_TEXT, .min = 1},
    {.key = "version", .kind = VEC_TEXT, .min = 1},
    WORD("how", confirmations),
    END,
};
static const vec_rule one_confirmation = {.kind = VEC_OBJECT, .of = confirmation};

/* What every vector has. */
static const vec_rule head[] = {
    {.key = "id", .kind = VEC_ID},
    {.key = "title", .kind = VEC_TEXT, .min = 1, .max = 200},
    {.key = "req", .kind = VEC_LIST, .flags = VEC_UNIQUE, .min = 1, .of = &requirement},
    {.key = "flags", .kind = VEC_LIST, .flags = VEC_UNIQUE, .of = &flag},
    WORD("result", results),
    WORD_OR_NULL("reason", vec_reasons),
    {.key = "control", .kind = VEC_TEXT, .flags = VEC_NULLABLE},
    {.key = "confirmed", .kind = VEC_LIST, .flags = VEC_UNIQUE, .of = &one_confirmation},
    END,
};
#define HEAD                                                                                                 \
    {                                                                                                        \
        .kind = VEC_INCLUDE, .of = head                                                                      \
    }

static const vec_rule sender[] = {
    HEX("id"), NUMBER_IF_ANY("ssn", 0, SSN_MAX), HEX_IF_ANY("credential"), HEX_IF_ANY("private_key"), END,
};
static const vec_rule recipient[] = {HEX("id"), HEX_IF_ANY("credential"), END};
static const vec_rule member[] = {HEX("id"), HEX("credential"), END};
static const vec_rule one_recipient = {.kind = VEC_OBJECT, .of = recipient};
static const vec_rule one_member = {.kind = VEC_OBJECT, .of = member};
static const vec_rule context[] = {
    WORD("dialect", dialects),
    {.key = "reading", .kind = VEC_WORD, .flags = VEC_NULLABLE | VEC_OPTIONAL, .words = readings},
    NUMBER_IF_ANY("hkdf", INT32_MIN, INT32_MAX),
    ALG_OR_NULL("aead", VEC_OPTIONAL),
    ALG_OR_NULL("group_enc", VEC_OPTIONAL),
    ALG_OR_NULL("signature", VEC_OPTIONAL),
    ALG_OR_NULL("agreement", VEC_OPTIONAL),
    HEX("master_secret"),
    HEX_IF_ANY("master_salt"),
    HEX_IF_ANY("id_context"),
    {.key = "cred_format", .kind = VEC_WORD, .flags = VEC_NULLABLE | VEC_OPTIONAL, .words = formats},
    HEX_IF_ANY("gm_cred"),
    OBJECT_OR_NULL("sender", sender),
    {.key = "recipients", .kind = VEC_LIST, .flags = VEC_OPTIONAL, .of = &one_recipient},
    {.key = "members", .kind = VEC_LIST, .flags = VEC_OPTIONAL, .of = &one_member},
    NUMBER_IF_ANY("max_recipients", 0, 65535),
    NUMBER_IF_ANY("window_size", 0, 65535),
    {.key = "windows", .kind = VEC_WORD, .flags = VEC_OPTIONAL, .words = window_states},
    NUMBER_IF_ANY("freshness_ms", 0, TIME_MAX),
    END,
};
const vec_rule vec_context_rule = {.kind = VEC_OBJECT, .of = context};

static const vec_rule derived_recipient[] = {HEX("id"), HEX("info"), HEX("key"), END};
static const vec_rule one_derived_recipient = {.kind = VEC_OBJECT, .of = derived_recipient};
static const vec_rule pairwise[] = {
    HEX("id"),
    HEX("shared_secret"),
    HEX_OR_NULL("sender_ikm"),
    HEX_OR_NULL("sender_info"),
    HEX_OR_NULL("sender_key"),
    HEX("recipient_ikm"),
    HEX("recipient_info"),
    HEX("recipient_key"),
    END,
};
static const vec_rule one_pairwise = {.kind = VEC_OBJECT, .of = pairwise};
static const vec_rule derived[] = {
    HEX_OR_NULL("sender_info"),
    HEX_OR_NULL("sender_key"),
    LIST("recipients", &one_derived_recipient),
    HEX("iv_info"),
    HEX("common_iv"),
    HEX_OR_NULL("signature_encryption_info"),
    HEX_OR_NULL("signature_encryption_key"),
    LIST("pairwise", &one_pairwise),
    END,
};
static const vec_rule derive[] = {
    HEAD, {.key = "context", .kind = VEC_NAME}, OBJECT_OR_NULL("expect", derived), END};

static const vec_rule option_fields[] = {
    {.key = "group_flag", .kind = VEC_BOOL},
    HEX_OR_NULL("partial_iv"),
    HEX_OR_NULL("kid_context"),
    HEX_OR_NULL("signature"),
    HEX_OR_NULL("kid"),
    END,
};
static const vec_rule option[] = {
    HEAD,
    HEX("value"),
    WORD("direction", directions),
    NUMBER("signature_len", 0, 255),
    BOOL_OR_NULL("canonical"),
    OBJECT_OR_NULL("expect", option_fields),
    END,
};

static const vec_rule coap_option = {.kind = VEC_ANY}; /* [number, hex]: families.c */
static const vec_rule coap_message[] = {
    NUMBER("type", 0, 3),
    NUMBER("code", 0, 255),
    NUMBER("message_id", 0, 65535),
    {.key = "token", .kind = VEC_HEX, .min = 0, .max = 8},
    LIST("options", &coap_option),
    {.key = "payload", .kind = VEC_HEX, .flags = VEC_NULLABLE, .min = 1, .max = INT64_MAX},
    END,
};
static const vec_rule coap[] = {
    HEAD, HEX("message"), BOOL_OR_NULL("canonical"), OBJECT_OR_NULL("expect", coap_message), END,
};

static const vec_rule public_key[] = {
    NUMBER("curve", 1, 6), HEX("x"), HEX_OR_NULL("y"), BOOL_OR_NULL("y_odd"), ALG_OR_NULL("alg", 0), END,
};
static const vec_rule encrypt0_fields[] = {
    HEX_OR_NULL("kid"),         HEX_OR_NULL("partial_iv"),
    HEX_OR_NULL("kid_context"), HEX_OR_NULL("countersignature"),
    HEX("ciphertext"),          END,
};
static const vec_rule algorithms[] = {
    ALG_OR_NULL("aead", 0),
    ALG_OR_NULL("group_enc", 0),
    ALG_OR_NULL("signature", 0),
    ALG_OR_NULL("agreement", 0),
    END,
};
static const vec_rule structures_fields[] = {
    HEX("external_aad"),
    HEX_OR_NULL("enc_structure"),
    HEX_OR_NULL("to_be_signed"),
    END,
};
static const vec_rule cose_encrypt0[] = {
    HEAD,
    WORD("kind", kinds),
    HEX("object"),
    NUMBER("label", 9, 12),
    OBJECT_OR_NULL("expect", encrypt0_fields),
    END,
};
static const vec_rule cose_structures[] = {
    HEAD,
    WORD("kind", kinds),
    OBJECT("algorithms", algorithms),
    HEX("request_kid"),
    HEX("request_piv"),
    HEX_OR_NULL("request_kid_context"),
    HEX("option"),
    HEX_OR_NULL("sender_cred"),
    HEX_OR_NULL("gm_cred"),
    HEX_OR_NULL("ciphertext"),
    WORD_OR_NULL("reading", readings),
    OBJECT_OR_NULL("expect", structures_fields),
    END,
};
static const vec_rule cose_key[] = {
    HEAD, WORD("kind", kinds), HEX("cose_key"), OBJECT_OR_NULL("expect", public_key), END,
};

static const vec_rule credential[] = {
    HEAD, WORD("cred_format", formats), HEX("credential"), OBJECT_OR_NULL("expect", public_key), END,
};

static const vec_rule seal[] = {
    NUMBER("ssn", 0, SSN_MAX), HEX_OR_NULL("target"),       BOOL_OR_NULL("own_partial_iv"),
    BOOL_OR_NULL("kid"),       BOOL_OR_NULL("kid_context"), END,
};
static const vec_rule intermediate[] = {
    HEX_IF_ANY("request_kid"),
    HEX_IF_ANY("request_piv"),
    HEX_IF_ANY("request_kid_context"),
    HEX_IF_ANY("option"),
    HEX_IF_ANY("nonce"),
    HEX_IF_ANY("external_aad"),
    HEX_IF_ANY("enc_structure"),
    HEX_IF_ANY("key"),
    HEX_IF_ANY("plaintext"),
    HEX_IF_ANY("ciphertext"),
    HEX_IF_ANY("to_be_signed"),
    HEX_IF_ANY("signature"),
    HEX_IF_ANY("keystream_info"),
    HEX_IF_ANY("keystream"),
    HEX_IF_ANY("encrypted_signature"),
    END,
};
static const vec_rule message[] = {
    HEAD,
    WORD("direction", directions),
    WORD_OR_NULL("mode", modes),
    WORD("op", operations),
    NAME_OR_NULL("sender"),
    NAME_OR_NULL("receiver"),
    OBJECT_OR_NULL("seal", seal),
    HEX_OR_NULL("request"),
    HEX_OR_NULL("request_target"),
    NAME_OR_NULL("request_sender"),
    NAME_OR_NULL("request_receiver"),
    HEX_OR_NULL("plain"),
    HEX_OR_NULL("protected"),
    HEX_OR_NULL("opened"),
    OBJECT("intermediate", intermediate),
    END,
};

static const vec_rule one_step = {.kind = VEC_ANY}; /* by its operation: families.c */
static const vec_rule sequence[] = {
    HEAD,
    {.key = "context", .kind = VEC_NAME},
    {.key = "steps", .kind = VEC_LIST, .min = 1, .of = &one_step},
    END,
};

#define STEP                                                                                                 \
    {.key = "op", .kind = VEC_TEXT}, WORD("result", results), WORD_OR_NULL("reason", vec_reasons),           \
        NAME_OR_NULL("exchange")
#define MODE_IF_ANY                                                                                          \
    {                                                                                                        \
        .key = "mode", .kind = VEC_WORD, .flags = VEC_NULLABLE | VEC_OPTIONAL, .words = modes                \
    }
#define BOOL_IF_ANY(name)                                                                                    \
    {                                                                                                        \
        .key = name, .kind = VEC_BOOL, .flags = VEC_OPTIONAL                                                 \
    }
static const vec_rule seal_request[] = {
    STEP, MODE_IF_ANY, HEX_IF_ANY("target"), HEX("plain"), HEX_IF_ANY("protected"), END,
};
static const vec_rule open_message[] = {
    STEP, HEX_OR_NULL("protected"), HEX_IF_ANY("opened"), NUMBER_IF_ANY("now_ms", 0, TIME_MAX), END,
};
static const vec_rule seal_response[] = {
    STEP,
    MODE_IF_ANY,
    BOOL_IF_ANY("own_partial_iv"),
    BOOL_IF_ANY("kid"),
    BOOL_IF_ANY("kid_context"),
    HEX("plain"),
    HEX_IF_ANY("protected"),
    END,
};
static const vec_rule challenge[] = {
    STEP, HEX("echo"), MODE_IF_ANY, HEX_IF_ANY("protected"), NUMBER_IF_ANY("now_ms", 0, TIME_MAX), END,
};
static const vec_rule rekey[] = {STEP, {.key = "context", .kind = VEC_NAME}, END};
static const vec_rule set_ssn[] = {STEP, NUMBER("ssn", 0, SSN_MAX), END};
static const vec_rule delete_recipient[] = {STEP, HEX_OR_NULL("id"), END};
static const vec_rule state_fields[] = {
    {.key = "valid", .kind = VEC_BOOL, .flags = VEC_NULLABLE | VEC_OPTIONAL},
    {.key = "highest", .kind = VEC_INT, .flags = VEC_NULLABLE | VEC_OPTIONAL, .min = 0, .max = SSN_MAX - 1},
    {.key = "ssn", .kind = VEC_INT, .flags = VEC_NULLABLE | VEC_OPTIONAL, .min = 0, .max = SSN_MAX},
    END,
};
static const vec_rule state[] = {STEP, HEX_OR_NULL("id"), OBJECT("expect", state_fields), END};

const vec_family vec_families[] = {
    {"derive", derive},         {"option", option},   {"coap", coap},         {"cose", NULL},
    {"credential", credential}, {"message", message}, {"sequence", sequence}, {NULL, NULL},
};
const vec_family vec_cose_kinds[] = {
    {"encrypt0", cose_encrypt0},
    {"structures", cose_structures},
    {"key", cose_key},
    {NULL, NULL},
};
const vec_family vec_step_kinds[] = {
    {"seal_request", seal_request},
    {"open_request", open_message},
    {"seal_response", seal_response},
    {"open_response", open_message},
    {"challenge", challenge},
    {"rekey", rekey},
    {"set_ssn", set_ssn},
    {"delete_recipient", delete_recipient},
    {"state", state},
    {NULL, NULL},
};

static const vec_rule mutant = {.kind = VEC_MUTANT};
static const vec_rule note[] = {
    {.key = "bug", .kind = VEC_TEXT, .min = 1},
    {.key = "effect", .kind = VEC_TEXT, .min = 1},
    {.key = "mutants", .kind = VEC_LIST, .flags = VEC_UNIQUE, .of = &mutant},
    END,
};
static const vec_rule notes[] = {{.kind = VEC_FLAG}, {.kind = VEC_OBJECT, .of = note}};
static const vec_rule contexts[] = {{.kind = VEC_NAME}, {.kind = VEC_OBJECT, .of = context}};
static const vec_rule one_vector = {.kind = VEC_ANY};
static const char *const file_formats[] = {"muster-vectors-1", NULL};
static const char *const family_names[] = {"derive",     "option",  "coap",     "cose",
                                           "credential", "message", "sequence", NULL};
static const vec_rule document[] = {
    WORD("format", file_formats),
    WORD("family", family_names),
    WORD_OR_NULL("dialect", dialects),
    {.key = "source", .kind = VEC_ANY},
    {.key = "notes", .kind = VEC_MAP, .of = notes},
    {.key = "contexts", .kind = VEC_MAP, .of = contexts},
    {.key = "vectors", .kind = VEC_LIST, .min = 1, .of = &one_vector},
    END,
};
const vec_rule vec_document_rule = {.kind = VEC_OBJECT, .of = document};

static const char *const source_kinds[] = {"text", "generated", NULL};
static const vec_rule source_text[] = {
    WORD("kind", source_kinds),
    {.key = "ref", .kind = VEC_TEXT, .min = 1},
    END,
};
static const vec_rule source_generated[] = {
    WORD("kind", source_kinds),
    {.key = "ref", .kind = VEC_TEXT, .min = 1},
    NUMBER_IF_ANY("seed", 0, TIME_MAX),
    END,
};
const vec_rule vec_source_text_rule = {.kind = VEC_OBJECT, .of = source_text};
const vec_rule vec_source_generated_rule = {.kind = VEC_OBJECT, .of = source_generated};
