/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng writer with two interfaces: `wire`, what was on the wire, and `inner`, decrypted CoAP between the
 * same addresses. Both carry bare IP packets (LINKTYPE_RAW), times in microseconds since the lab was opened.
 */
#ifndef LAB_PCAP_H
#define LAB_PCAP_H

#include "lab.h"

typedef struct lab_pcap lab_pcap;

typedef enum lab_pcap_interface {
    LAB_PCAP_WIRE = 0,
    LAB_PCAP_INNER = 1,
} lab_pcap_interface;

/*
 * lab_pcap_open starts a capture beside path; it appears there, whole, with lab_pcap_close.
 *
 * In        title     comment of the section: which case; NULL: none
 * Errors    LAB_ERR_SYSTEM (errno tells), LAB_ERR_MEMORY, LAB_ERR_USAGE for a path that is too long
 */
GOSC_MUST_USE
lab_err lab_pcap_open(const char *path, const char *title, lab_pcap **pcap);

/*
 * lab_pcap_add writes one datagram as UDP over IP.
 *
 * In        comment   shown by Wireshark beside the packet: its name, what happened to it; NULL: none
 * Errors    LAB_ERR_USAGE when the addresses are of different families or there are too many bytes.
 *           A failed write shows at lab_pcap_close
 */
GOSC_MUST_USE
lab_err lab_pcap_add(lab_pcap *pcap, lab_pcap_interface interface, uint64_t at_us, const lab_addr *from,
                     const lab_addr *to, gosc_span bytes, const char *comment);

/*
 * lab_pcap_close ends the capture and gives it its name.
 *
 * In        keep      false: forget it, nothing appears
 * Errors    LAB_ERR_SYSTEM when something could not be written; then nothing appears
 */
GOSC_MUST_USE
lab_err lab_pcap_close(lab_pcap *pcap, bool keep);

#endif
