/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libgosc: OSCORE (RFC 8613) and Group OSCORE (drafts -02 and -28), bytes in, bytes out. No allocation, I/O, clock,
 * randomness or logging; the caller lends all memory. This is the only public include; modules in reading order.
 */
#ifndef GOSC_H
#define GOSC_H

#include "error.h"         /* results and their names */
#include "span.h"          /* bytes, reader, writer */
#include "coap_pdu.h"      /* CoAP messages */
#include "cbor.h"          /* deterministic CBOR */
#include "der.h"           /* certificates, as far as the public key */
#include "cose.h"          /* algorithm numbers, COSE_Encrypt0 */
#include "credential.h"    /* authentication credentials, public keys */
#include "crypto.h"        /* contract of the crypto adapter */
#include "oscore_option.h" /* the option value */
#include "option_class.h"  /* which option is encrypted */
#include "kdf.h"           /* info arrays and derivation */
#include "nonce.h"
#include "aad.h"             /* what is authenticated and signed */
#include "dialect.h"         /* a text as a row of data */
#include "replay_window.h"   /* requests: seen or new */
#include "response_number.h" /* responses: seen, old or new */
#include "context.h"         /* Common, Sender, Recipient Context */
#include "counter_signature.h"
#include "pairwise.h"
#include "exchange.h"  /* request and responses */
#include "protect.h"   /* out */
#include "unprotect.h" /* in */
#include "echo.h"      /* challenge and response */
#include "sync.h"      /* when numbers of a client are not known */
#include "rederive.h"  /* new contexts after loss of state, RFC 8613 Appendix B.2 */

#endif
