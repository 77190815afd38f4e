/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A dialect: one wire layout of one text, in one reading, as a const object of values and functions. The core asks the
 * row, never the name; a program that links only `gosc_dialect_oscore` carries only that.
 */
#ifndef GOSC_DIALECT_H
#define GOSC_DIALECT_H

#include "aad.h"
#include "crypto.h"
#include "oscore_option.h"

struct gosc_common_context;
struct gosc_security_context;
struct gosc_recipient_context;
struct gosc_message;
struct gosc_context_store;
struct gosc_exchange;

/* What a group does beyond RFC 8613 (group.h, group_message.h); one object for each group dialect. */
typedef struct gosc_group_calls {
    gosc_err (*own_key_set)(struct gosc_security_context *context, gosc_span credential,
                            gosc_span private_key);
    gosc_err (*credential_check)(const struct gosc_common_context *common, gosc_span credential,
                                 gosc_public_key *key);
    /* pairwise_derive: NULL where the dialect has no pairwise mode. */
    gosc_err (*pairwise_derive)(const struct gosc_security_context *context,
                                struct gosc_recipient_context *recipient, gosc_buf scratch);
    gosc_err (*mode_check)(const struct gosc_common_context *common, bool group_mode);
    gosc_err (*option_split)(gosc_oscore_option *option, size_t signature_len); /* NULL: nothing to split */
    gosc_err (*suite)(struct gosc_message *m, bool sending);
    gosc_err (*sender_find)(struct gosc_message *m, gosc_span kid);
    struct gosc_recipient_context *(*sender_keep)(struct gosc_security_context *context,
                                                  struct gosc_recipient_context *recipient);
    gosc_err (*context_find)(struct gosc_message *m, const struct gosc_context_store *store,
                             const struct gosc_exchange *exchange);
    gosc_err (*seal)(struct gosc_message *m, gosc_span plaintext, gosc_writer *out, uint8_t *ciphertext);
    gosc_err (*verify)(const struct gosc_message *m, gosc_span ciphertext, gosc_span signature);
} gosc_group_calls;

typedef struct gosc_dialect {
    const char *name;               /* "oscore", "group-02", "group-28" */
    const char *reading;            /* "CS5", "S1/E1", ...; NULL where there is one only */
    uint8_t flags_allowed;          /* bits of the option's first byte */
    uint8_t flags_required;         /* of those, the ones every message has */
    uint8_t echo_code;              /* inner code of a challenge */
    bool has_modes;                 /* group and pairwise mode, told apart by the Group Flag */
    bool signature_in_option;       /* between kid context and kid, instead of behind the ciphertext */
    bool signature_first;           /* on receipt: before decryption */
    bool echo_restarts;             /* a good Echo moves the window even when it is valid */
    bool signs_external_aad;        /* false: h'' in its place (readings E0) */
    uint8_t countersign_prefix_len; /* bytes */
    const char *countersign_prefix; /* Countersign_structure up to external_aad */
    /* common_check refuses algorithms that contradict each other and fills ciphers and lengths. */
    gosc_err (*common_check)(struct gosc_common_context *common);
    void (*aad_array_write)(gosc_writer *writer, const struct gosc_common_context *common,
                            const gosc_aad_input *in);
    const gosc_group_calls *group; /* NULL: no group */
} gosc_dialect;

extern const gosc_dialect gosc_dialect_oscore;

/* group-28 in the readings of sign_protected: present (what living stacks send) and absent (the letter of RFC 9338). */
extern const gosc_dialect gosc_dialect_group_28;
extern const gosc_dialect gosc_dialect_group_28_cs4;

/* group-02: context string and sign_protected (S1 to S3), external_aad signed or not (E1, E0). */
extern const gosc_dialect gosc_dialect_group_02;
extern const gosc_dialect gosc_dialect_group_02_s2e1;
extern const gosc_dialect gosc_dialect_group_02_s3e1;
extern const gosc_dialect gosc_dialect_group_02_s1e0;
extern const gosc_dialect gosc_dialect_group_02_s2e0;
extern const gosc_dialect gosc_dialect_group_02_s3e0;

#endif
