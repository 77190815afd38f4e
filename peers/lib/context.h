/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security Contexts: Common, Sender and Recipient Contexts (RFC 8613 section 3; Group OSCORE -28 section 2, -02 section 2).
 *
 * The caller owns everything: the structs, the array of Recipient Contexts, and the bytes behind every span given at
 * set-up, which must live as long as the context.
 */
#ifndef GOSC_CONTEXT_H
#define GOSC_CONTEXT_H

#include "dialect.h"
#include "kdf.h"
#include "replay_window.h"

enum {
    GOSC_ECHO_MAX = 40, /* bytes, RFC 9175 section 2.2.1 */
};

/* Same for all members of a group, or for both ends. */
typedef struct gosc_common_context {
    const gosc_dialect *dialect;
    int32_t hkdf;      /* GOSC_ALG_HMAC_256 or _512 */
    int32_t aead;      /* 0: not set */
    int32_t group_enc; /* Group Encryption Algorithm; 0: not set */
    int32_t signature; /* 0: not set */
    int32_t agreement; /* Pairwise Key Agreement Algorithm; 0: not set */
    gosc_credential_format credential_format;
    gosc_span master_secret;
    gosc_span master_salt;
    gosc_span id_context;      /* the Gid of a group; may be absent in oscore */
    gosc_span wire_id_context; /* as sent in kid context; another one only in RFC 8613 Appendix B.2 */
    gosc_span gm_credential;   /* of the Group Manager */

    /* Filled at set-up. */
    const gosc_cipher *cipher;       /* of Sender and Recipient Keys: group_cipher if set, else aead_cipher */
    const gosc_cipher *aead_cipher;  /* NULL: not set */
    const gosc_cipher *group_cipher; /* NULL: no group mode */
    bool pairwise_mode;
    bool
        signatures_unchecked; /* -02 Appendix F: false until the caller, after set-up, gives up source authentication */
    uint8_t signature_len; /* bytes; 0: nothing is signed */
    uint8_t id_max;        /* bytes of the longest Sender ID */
    uint8_t common_iv_len; /* bytes */
    uint8_t common_iv[GOSC_NONCE_MAX];
    uint8_t signature_encryption_key[GOSC_KEY_MAX];
} gosc_common_context;

typedef struct gosc_sender_context {
    bool present; /* false: silent server */
    gosc_id id;
    uint8_t key[GOSC_KEY_MAX];
    uint64_t ssn;          /* Sender Sequence Number to use next */
    gosc_span credential;  /* groups */
    gosc_span private_key; /* groups */
    gosc_public_key public_key;
} gosc_sender_context;

/* The challenge sent to one client (RFC 9175 section 2.3; Group OSCORE -28 section 9). */
typedef struct gosc_echo {
    uint8_t value[GOSC_ECHO_MAX];
    uint8_t len;      /* bytes; 0: none is outstanding */
    bool fresh;       /* this client has shown freshness */
    uint64_t sent_ms; /* when the value was sent */
} gosc_echo;

typedef struct gosc_recipient_context {
    bool used;              /* false: slot is free */
    bool has_pairwise_keys; /* the two below are a cache, filled by the first pairwise message */
    gosc_id id;
    uint8_t key[GOSC_KEY_MAX];
    uint8_t pairwise_sender_key[GOSC_KEY_MAX];
    uint8_t pairwise_recipient_key[GOSC_KEY_MAX];
    gosc_span credential; /* absent: not known */
    gosc_public_key public_key;
    gosc_replay_window window;
    gosc_echo echo;
    uint64_t last_used; /* counts verified messages of the context; the smallest makes way */
} gosc_recipient_context;

/* What a server does, beside the Echo challenge, about a client whose numbers it does not know: one of sync.h. Called for
 * each request that verified, before its freshness is asked for. */
typedef gosc_err gosc_sync_method(const struct gosc_security_context *context,
                                  struct gosc_recipient_context *client, gosc_partial_iv piv);

/* gosc_member_find looks up the credential of a member by its kid: GOSC_OK, or GOSC_ERR_RECIPIENT_UNKNOWN. An absent
 * credential means the member is known and its credential is not. Bytes live as long as the context. */
typedef gosc_err gosc_member_find(void *arg, gosc_span kid, gosc_span *credential);

/* What a Security Context is made of. Zero and absent mean "not set"; numbers are COSE's. */
typedef struct gosc_context_params {
    const gosc_dialect *dialect;
    int32_t hkdf, aead, group_enc, signature, agreement;
    gosc_credential_format credential_format;
    gosc_span master_secret, master_salt, id_context, gm_credential;
    gosc_span wire_id_context; /* absent: id_context */
    gosc_span sender_id;       /* absent: no Sender Context */
    gosc_span sender_credential, private_key;
    uint64_t ssn;
    uint8_t window_size;                /* 0: 32 */
    bool windows_invalid;               /* state was lost: every window must be re-synchronised */
    uint32_t freshness_ms;              /* 0: no freshness policy */
    gosc_sync_method *sync;             /* NULL: the Echo challenge alone */
    uint64_t sync_gap;                  /* of gosc_sync_gap */
    gosc_recipient_context *recipients; /* lent table */
    size_t n_recipients;                /* its length */
    gosc_member_find *member_find;      /* NULL: a message from an unknown kid is refused */
    void *member_arg;
} gosc_context_params;

typedef struct gosc_security_context {
    gosc_common_context common;
    gosc_sender_context sender;
    gosc_recipient_context *recipients;
    size_t n_recipients;
    gosc_member_find *member_find;
    void *member_arg;
    uint64_t n_verified; /* messages verified, the clock of last_used */
    gosc_sync_method *sync;
    uint64_t sync_gap;
    uint32_t freshness_ms; /* 0: no freshness policy */
    uint8_t window_size;
    bool new_windows_invalid; /* a Recipient Context was deleted, or state was lost (-28 section 2.6.1.2) */
} gosc_security_context;

/*
 * gosc_security_context_init checks the parameters and derives Common IV, Sender Key and Signature Encryption Key.
 *
 * Spec      RFC 8613 section 3.2; Group OSCORE -28 sections 2.1 to 2.3
 * Out       context   without Recipient Contexts
 * Errors    GOSC_ERR_ALGORITHM_UNKNOWN, GOSC_ERR_CONTEXT_INVALID, GOSC_ERR_CREDENTIAL_MALFORMED, GOSC_ERR_KEY_INVALID,
 *           GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_security_context_init(const gosc_context_params *params, gosc_security_context *context);

/* gosc_security_context_wipe overwrites all keys, those of the Recipient Contexts included; nothing can be done with the
 * context then but a new gosc_security_context_init. */
void gosc_security_context_wipe(gosc_security_context *context);

/*
 * gosc_recipient_context_add makes a Recipient Context in a free slot of the table.
 *
 * In        id          Recipient ID;  credential  absent where not known or not used
 *           private-key agreement is put off to the first pairwise message
 * Errors    GOSC_ERR_CONTEXT_INVALID: too long, own ID, or there already; GOSC_ERR_ROOM: table full;
 *           GOSC_ERR_CREDENTIAL_MALFORMED, GOSC_ERR_KEY_INVALID, GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_recipient_context_add(gosc_security_context *context, gosc_span id, gosc_span credential);

/* gosc_recipient_context_delete wipes a Recipient Context; from now on new ones start with an invalid window. False
 * when there is none by that ID. */
bool gosc_recipient_context_delete(gosc_security_context *context, gosc_span id);

/* gosc_recipient_context_find: NULL when there is none. An absent id finds the first one: the peer, in plain OSCORE. */
gosc_recipient_context *gosc_recipient_context_find(const gosc_security_context *context, gosc_span id);

/*
 * gosc_recipient_context_provisional finds the Recipient Context of a kid, or makes one in *provisional for a member that
 * has none yet. Nothing is kept until gosc_recipient_context_keep.
 *
 * Errors    GOSC_ERR_RECIPIENT_UNKNOWN, GOSC_ERR_CREDENTIAL_MALFORMED, GOSC_ERR_KEY_INVALID, GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_recipient_context_provisional(const gosc_security_context *context, gosc_span kid,
                                            gosc_recipient_context *provisional,
                                            gosc_recipient_context **found);

/* gosc_recipient_context_keep moves a provisional one, whose message verified, into the table and marks it as used last.
 * In a full table the one used longest ago makes way. Gives where it is now. */
gosc_recipient_context *gosc_recipient_context_keep(gosc_security_context *context,
                                                    gosc_recipient_context *recipient);

/*
 * gosc_pairwise_keys_ready derives the pairwise keys of a recipient unless that was done before.
 *
 * Errors    GOSC_ERR_MODE_UNSUPPORTED, GOSC_ERR_CREDENTIAL_MISSING, GOSC_ERR_CREDENTIAL_MALFORMED, GOSC_ERR_KEY_INVALID,
 *           GOSC_ERR_AGREEMENT_ZERO, GOSC_ERR_ROOM (scratch), GOSC_ERR_CRYPTO
 */
GOSC_MUST_USE
gosc_err gosc_pairwise_keys_ready(const gosc_security_context *context, gosc_recipient_context *recipient,
                                  gosc_buf scratch);

#endif
