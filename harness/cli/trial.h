/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One assumed mistake: the layers as they would be then (not for others than the search for the first
 * divergence).
 */
#ifndef CLI_TRIAL_H
#define CLI_TRIAL_H

#include "subject.h"

typedef struct search {
    const subject *subject;
    vec_arena *arena;
    size_t n_tried;
    const char *found; /* the mistake; NULL: not found yet */
} search;

typedef struct trial {
    vec_layers layers;
    gosc_common_context common;
    gosc_public_key signer;
} trial;

/* trial_of gives the layers as they are. */
trial trial_of(const search *s);

/* trial_derive computes all again from what stands in layers and common. */
bool trial_derive(search *s, trial *t);
/* trial_structures makes Enc_structure and to_be_signed from t->layers.external_aad, then decrypts. */
bool trial_structures(search *s, trial *t);
/* trial_decrypt decrypts again with key, nonce and Enc_structure of the trial. */
bool trial_decrypt(search *s, trial *t);

/* trial_judge: whether tag and countersignature verify now; then the mistake is found and the search is over.
 */
bool trial_judge(search *s, const trial *t, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* trial_external_aad puts another aad_array in place: in both structures, or in what is signed or encrypted
 * alone. */
bool trial_external_aad(search *s, gosc_span bytes, const char *said);

/* The groups of mistakes; each gives true when it found the one. */
bool trial_readings(search *s); /* the other readings of the text */
bool trial_bindings(search *s); /* what a message is bound to: kid, Partial IV, credentials */
bool trial_aad(search *s);      /* elements of aad_array: missing, empty, null, swapped */
bool trial_nonces(search *s);
bool trial_keys(search *s);
bool trial_members(search *s); /* another member, or another context, than the message says */
bool trial_signatures(search *s);

#endif
