/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results. 0 is success; ranges tell the stage: 1 usage, 20 CoAP, option and structures, 40 context, 60
 * replay and freshness, 70 crypto. Numbers are permanent. The names are the reasons of vectors/README.md.
 */
#ifndef GOSC_ERROR_H
#define GOSC_ERROR_H

#if defined(__GNUC__) || defined(__clang__)
#define GOSC_MUST_USE __attribute__((warn_unused_result))
#else
#define GOSC_MUST_USE
#endif

#define GOSC_ERRORS(X)                                                                                       \
    X(OK, 0, "ok", "success")                                                                                \
    X(USAGE, 1, "usage", "an argument breaks the contract of the call")                                      \
    X(ROOM, 2, "room", "lent memory is too small")                                                           \
    X(LIMIT, 3, "limit", "beyond what the crypto library can do")                                            \
    X(NOT_OSCORE, 20, "not-oscore", "no OSCORE option")                                                      \
    X(COAP_MALFORMED, 21, "coap-malformed", "not a CoAP message")                                            \
    X(OPTION_REPEATED, 22, "option-repeated", "OSCORE option occurs twice")                                  \
    X(PAYLOAD_MISSING, 23, "payload-missing", "OSCORE option without payload")                               \
    X(OPTION_MALFORMED, 24, "option-malformed", "OSCORE option value breaks its grammar")                    \
    X(PARTIAL_IV_MISSING, 25, "partial-iv-missing", "request without Partial IV")                            \
    X(KID_MISSING, 26, "kid-missing", "no kid where one is mandatory")                                       \
    X(KID_CONTEXT_MISSING, 27, "kid-context-missing", "group request without kid context")                   \
    X(TOKEN_MISMATCH, 28, "token-mismatch", "response belongs to another exchange")                          \
    X(PAYLOAD_SHORT, 29, "payload-short", "payload shorter than tag and signature ask for")                  \
    X(INNER_MALFORMED, 30, "inner-malformed", "verified, but the plaintext is no CoAP content")              \
    X(INNER_OBSERVE, 31, "inner-observe", "Inner Observe that was not asked for")                            \
    X(ALREADY_PROTECTED, 32, "already-protected", "message to protect has an OSCORE option")                 \
    X(CBOR_MALFORMED, 33, "cbor-malformed", "not deterministic CBOR, or not the expected item")              \
    X(COSE_MALFORMED, 34, "cose-malformed", "COSE structure breaks its grammar")                             \
    X(CREDENTIAL_MALFORMED, 35, "credential-malformed", "credential unreadable or unfit for the algorithm")  \
    X(DER_MALFORMED, 36, "der-malformed", "not DER, or not the expected element")                            \
    X(CONTEXT_NOT_FOUND, 40, "context-not-found", "no Security Context for kid context and kid")             \
    X(CONTEXT_INVALID, 41, "context-invalid", "parameters of a Security Context contradict each other")      \
    X(ALGORITHM_UNKNOWN, 42, "algorithm-unknown", "algorithm number unknown or not for this use")            \
    X(MODE_UNSUPPORTED, 43, "mode-unsupported", "context is not set up for this mode")                       \
    X(SENDER_MISSING, 44, "sender-missing", "no Sender Context: a silent server cannot protect")             \
    X(OWN_KID, 45, "own-kid", "kid is the receiver's own Sender ID")                                         \
    X(RECIPIENT_UNKNOWN, 46, "recipient-unknown", "no Recipient Context and no member by that kid")          \
    X(CREDENTIAL_MISSING, 47, "credential-missing", "credential of the sender is not known")                 \
    X(RESPONDER_MISMATCH, 48, "responder-mismatch", "response from another member than the one asked")       \
    X(REPLAY, 60, "replay", "Partial IV seen before or left of the replay window")                           \
    X(RESPONSE_REPLAY, 61, "response-replay", "response seen before in this exchange")                       \
    X(RESPONSE_OLD, 62, "response-old", "response older than the Response Number, dropped by policy")        \
    X(ECHO_REQUIRED, 63, "echo-required", "verified, but freshness must be shown: send a challenge")         \
    X(ECHO_MISMATCH, 64, "echo-mismatch", "Echo is not the value sent")                                      \
    X(ECHO_EXPIRED, 65, "echo-expired", "Echo came too late")                                                \
    X(SSN_EXHAUSTED, 66, "ssn-exhausted", "no Sender Sequence Number left")                                  \
    X(NONCE_REUSE, 67, "nonce-reuse", "a second response may not take the nonce of the request")             \
    X(SYNCHRONISED, 68, "synchronised", "verified, taken as starting point of the window, not delivered")    \
    X(DECRYPTION_FAILED, 70, "decryption-failed", "authentication tag does not verify")                      \
    X(SIGNATURE_INVALID, 71, "signature-invalid", "countersignature does not verify")                        \
    X(KEY_INVALID, 72, "key-invalid", "key is not usable: off the curve, no image, or not of this pair")     \
    X(AGREEMENT_ZERO, 73, "agreement-zero", "shared secret is all zero")                                     \
    X(CRYPTO, 74, "crypto", "the crypto library failed")

typedef enum gosc_err {
#define GOSC_ERROR_ENUM(name, number, text, sentence) GOSC_ERR_##name = (number),
    GOSC_ERRORS(GOSC_ERROR_ENUM)
#undef GOSC_ERROR_ENUM
} gosc_err;

#define GOSC_OK GOSC_ERR_OK

/* gosc_err_name gives the permanent short name ("replay"), "unknown" for a number that is none. */
const char *gosc_err_name(gosc_err err);
/* gosc_strerror gives one sentence in English. Inline, so that only a program that asks for sentences carries
 * them. */
static inline const char *gosc_strerror(gosc_err err)
{
    switch (err) {
#define GOSC_ERROR_SENTENCE(name, number, text, sentence)                                                    \
    case GOSC_ERR_##name:                                                                                    \
        return sentence;
        GOSC_ERRORS(GOSC_ERROR_SENTENCE)
#undef GOSC_ERROR_SENTENCE
    }
    return "unknown error number";
}

#endif
