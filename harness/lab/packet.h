/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recorded packet: one UDP datagram as it was sent, by a peer or by the adversary, and the record of all of
 * them.
 */
#ifndef LAB_PACKET_H
#define LAB_PACKET_H

#include "gosc.h"

#include "addr.h"

enum {
    LAB_NOBODY = -1,          /* no peer: the adversary, a group, an address nobody has */
    LAB_ANY = -1,             /* in rules and calls: every peer */
    LAB_DATAGRAM_MAX = 65487, /* bytes of UDP payload that fit both IP versions */
};

/* Why a packet exists. All but LAB_CAUSE_PEER come from the adversary. */
typedef enum lab_cause {
    LAB_CAUSE_PEER = 0, /* a peer sent it */
    LAB_CAUSE_REPLAY,   /* the bytes of packet `of` once more, same addresses */
    LAB_CAUSE_REDIRECT, /* the bytes of packet `of` to another destination */
    LAB_CAUSE_SPOOF,    /* the bytes of packet `of` from another source */
    LAB_CAUSE_EDIT,     /* an edited copy of packet `of` */
    LAB_CAUSE_FORGE,    /* made by the adversary; `of` is 0 or what it answers */
} lab_cause;

/* What the CoAP header says (RFC 7252 sections 3 and 4). */
typedef enum lab_is {
    LAB_IS_ANY = 0,  /* in rules only */
    LAB_IS_REQUEST,  /* code class 0, not empty */
    LAB_IS_RESPONSE, /* code class 2 to 5, also when it rides on an ACK */
    LAB_IS_ACK,      /* empty ACK */
    LAB_IS_RESET,
    LAB_IS_PING,  /* empty CON */
    LAB_IS_OTHER, /* not CoAP, or a code that is none of the above */
} lab_is;

typedef enum lab_cast {
    LAB_CAST_ANY = 0, /* in rules only */
    LAB_CAST_UNICAST,
    LAB_CAST_MULTICAST,
} lab_cast;

/* The flag byte of the OSCORE option tells the modes apart: bit 0x20 is group mode in group-02 and group-28.
 */
typedef enum lab_mode {
    LAB_MODE_ANY = 0, /* in rules only */
    LAB_MODE_PLAIN,   /* no OSCORE option */
    LAB_MODE_GROUP,
    LAB_MODE_OTHER, /* OSCORE, or pairwise mode: the wire does not tell these two apart */
} lab_mode;

/* What can be read without keys, by a walk of the lab's own. */
typedef struct lab_coap {
    lab_is is;
    lab_mode mode;
    uint8_t type; /* 0 CON, 1 NON, 2 ACK, 3 RST */
    uint8_t code;
    uint16_t message_id;
    gosc_span token;  /* within the packet's bytes */
    gosc_span oscore; /* value of the first OSCORE option, within the packet's bytes; absent without one */
} lab_coap;

/* Lives, unchanged and at the same place, until the lab is closed; only names are added. */
typedef struct lab_packet {
    uint32_t number; /* from 1, in the order they were seen */
    uint64_t at_us;  /* since the lab was opened, virtual or real */
    int from_peer;   /* who sent it, whatever the source address says; LAB_NOBODY: the adversary */
    int to_peer;     /* who has the destination address; LAB_NOBODY: a group or nobody */
    lab_addr from;
    lab_addr to;
    gosc_span bytes; /* UDP payload, present even when empty */
    lab_cause cause;
    uint32_t of; /* the packet it was made from, 0: none */
    lab_coap coap;
    const char *name; /* the first of its names; NULL: none */
} lab_packet;

/*
 * lab_coap_read summarises a datagram. Anything is accepted: what is not CoAP is LAB_IS_OTHER, and a
 * message whose options are broken keeps what was read before.
 *
 * Spec      RFC 7252 section 3; RFC 8613 section 6.1 (O-6.1-01)
 */
lab_coap lab_coap_read(gosc_span bytes);

/* Words for logs: "replay", "response", "multicast", "group"; never NULL. */
const char *lab_cause_name(lab_cause cause);
const char *lab_is_name(lab_is is);
const char *lab_mode_name(lab_mode mode);
const char *lab_cast_name(lab_cast cast);

static inline lab_cast lab_packet_cast(const lab_packet *packet)
{
    return lab_addr_is_group(&packet->to) ? LAB_CAST_MULTICAST : LAB_CAST_UNICAST;
}

#endif
