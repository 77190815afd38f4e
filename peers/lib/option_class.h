/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Option classes of OSCORE (RFC 8613 section 4.1): which option travels encrypted (E), which stays readable
 * (U), which may stand in both places. No registered option is class I.
 */
#ifndef GOSC_OPTION_CLASS_H
#define GOSC_OPTION_CLASS_H

#include "coap_pdu.h"

enum {
    GOSC_CLASS_E = 1, /* Inner */
    GOSC_CLASS_U = 2, /* Outer, unprotected */
};

/* gosc_option_class gives GOSC_CLASS_E, GOSC_CLASS_U or both, for any option number; an unknown option is E.
 */
uint8_t gosc_option_class(uint16_t number);

/*
 * gosc_options_split distributes the options of a message to be protected.
 *
 * Spec      RFC 8613 sections 4.1.1 to 4.1.3.6 (Observe, Proxy-Uri, Max-Age, Block, No-Response), RFC 9175.
 *           No Outer option of both classes is made but Observe.
 * In        pdu       the message; is_request
 *           oscore    value of the OSCORE option, put at its place among the outer ones (absent: put none)
 * Out       inner     option list of the plaintext;  outer  option list of the protected message
 *           observe   whether the message has Observe (decides the outer code)
 * Errors    GOSC_ERR_ALREADY_PROTECTED, GOSC_ERR_COAP_MALFORMED (a Proxy-Uri that cannot be split),
 * GOSC_ERR_ROOM
 */
GOSC_MUST_USE
gosc_err gosc_options_split(const gosc_coap_pdu *pdu, bool is_request, gosc_span oscore, gosc_writer *inner,
                            gosc_writer *outer, bool *observe);

/*
 * gosc_options_merge makes the option list handed to the application: Inner options, plus the outer ones of
 * class U alone; outer options of class E, of both classes, Inner ones of class U alone, and the OSCORE
 * option are discarded.
 *
 * Spec      RFC 8613 sections 8.2 steps 1 and 7, 8.4 steps 1 and 6
 * Errors    GOSC_ERR_ROOM
 */
GOSC_MUST_USE
gosc_err gosc_options_merge(gosc_span outer, gosc_span inner, gosc_writer *merged);

#endif
