/*
 * A dialect: one wire layout of one text, in one reading, as a const object of values and functions. The core asks the
 * row, never the name; a program that links only `gosc_dialect_oscore` carries only that.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef GOSC_DIALECT_H
#define GOSC_DIALECT_H

#include "aad.h"
#include "crypto.h"

struct gosc_common_context;
struct gosc_security_context;
struct gosc_recipient_context;

/* What a group does beyond RFC 8613; one object for each group dialect. */
typedef struct gosc_group_calls {
    /* check reads and checks credential and key of a member, or of the endpoint itself. */
    gosc_err (*credential_check)(const struct gosc_common_context *common, gosc_span credential, gosc_public_key *key);
    /* pairwise_derive fills both pairwise keys of a recipient; NULL where the dialect has no pairwise mode. */
    gosc_err (*pairwise_derive)(const struct gosc_security_context *context, struct gosc_recipient_context *recipient,
                                gosc_buf scratch);
    /* countersign makes, countersign_verify checks the countersignature as it stands on the wire. */
    gosc_err (*countersign)(const struct gosc_security_context *context, const gosc_aad *aad, gosc_span keystream_piv,
                            gosc_span keystream_id, bool is_request, uint8_t *signature);
    gosc_err (*countersign_verify)(const struct gosc_common_context *common, const gosc_public_key *key,
                                   const gosc_aad *aad, gosc_span keystream_piv, gosc_span keystream_id,
                                   bool is_request, gosc_span signature);
} gosc_group_calls;

typedef struct gosc_dialect {
    const char *name;    /* "oscore", "group-02", "group-28" */
    const char *reading; /* "CS5", "S1/E1", ...; NULL where there is one only */
    uint8_t flags_allowed;  /* bits of the option's first byte */
    uint8_t flags_required; /* of those, the ones every message has */
    uint8_t echo_code;      /* inner code of a challenge */
    bool has_modes;            /* group and pairwise mode, told apart by the Group Flag */
    bool signature_in_option;  /* between kid context and kid, instead of behind the ciphertext */
    bool signature_first;      /* on receipt: before decryption */
    bool echo_restarts;        /* a good Echo moves the window even when it is valid */
    bool signs_external_aad;   /* false: h'' in its place (readings E0) */
    uint8_t countersign_prefix_len; /* bytes */
    const char *countersign_prefix; /* Countersign_structure up to external_aad */
    /* common_check refuses algorithms that contradict each other and fills ciphers and lengths. */
    gosc_err (*common_check)(struct gosc_common_context *common);
    void (*aad_array_write)(gosc_writer *writer, const struct gosc_common_context *common, const gosc_aad_input *in);
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
