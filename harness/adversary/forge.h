/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the adversary's own making. An insider has all that the group shares and its own private key,
 * but no other member's; an outsider has nothing; an owner has all there is, to make messages that are good
 * but for one fault.
 */
#ifndef ADV_FORGE_H
#define ADV_FORGE_H

#include "observe/open.h"

typedef enum adv_who {
    ADV_INSIDER = 1,
    ADV_OUTSIDER,
    ADV_OWNER,
} adv_who;

typedef enum adv_fault {
    ADV_NO_FAULT = 0,
    ADV_WRONG_KEY,
    ADV_WRONG_NONCE,
    ADV_GROUP_AS_PAIRWISE, /* pairwise message under the Sender Key of the group */
    ADV_PAIRWISE_AS_GROUP, /* group message under a pairwise key */
    ADV_OLD_EPOCH,
    ADV_NO_SIGNATURE,
    ADV_ZERO_SIGNATURE,
    ADV_OTHER_SIGNATURE,     /* by another member */
    ADV_UNMASKED_SIGNATURE,  /* group-28: not encrypted */
    ADV_PREHASHED_SIGNATURE, /* EdDSA: Ed25519ph */
    ADV_AAD_REQUEST_KID,
    ADV_AAD_REQUEST_PIV,
    ADV_AAD_KID_CONTEXT,
    ADV_AAD_OPTION,
    ADV_AAD_SENDER_CRED,
    ADV_AAD_GM_CRED,
    ADV_AAD_ALGORITHMS,
    ADV_INNER_MALFORMED,
    ADV_INNER_OSCORE,
} adv_fault;

/* adv_fault_of: by its name in scenarios; false: no such fault. A NULL name is none. */
bool adv_fault_of(const char *name, adv_fault *fault);
adv_who adv_who_of(const char *name);

typedef struct adv_order {
    adv_who who;
    adv_fault fault;
    run_group *group;
    unsigned epoch;
    size_t claims; /* member the message claims to come from */
    size_t target; /* other end of a pairwise message; RUN_NO_MEMBER: none */
    bool group_mode;
    const obs_opened *request; /* NULL: this is one */
    uint64_t piv;
    bool own_piv;  /* has a Partial IV in the option; requests always */
    gosc_span kid; /* in the option; absent: none */
    gosc_span kid_context;
    gosc_coap_pdu plain; /* header as it goes out; code, options and payload inside */
    bool observe;        /* has Inner Observe; outer_observe goes out */
    gosc_span outer_observe;
} adv_order;

/*
 * adv_forge seals the message.
 *
 * Out       datagram  bytes of the world's arena
 * Returns   NULL, or one line that says what cannot be done
 */
const char *adv_forge(run_world *world, const adv_order *order, gosc_span *datagram);

#endif
