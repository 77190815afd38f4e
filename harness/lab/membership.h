/* SPDX-License-Identifier: BSD-2-Clause */
/* Membership reports: who has joined or left which multicast group, as hosts tell their router. */
#ifndef LAB_MEMBERSHIP_H
#define LAB_MEMBERSHIP_H

#include "ip.h"

typedef struct lab_report {
    lab_addr group; /* port 0 */
    bool joined;    /* false: left */
} lab_report;

/* A walk through the reports of one message. */
typedef struct lab_reports {
    gosc_reader reader;
    lab_family family;
    bool one_address; /* MLDv1, IGMPv1 and v2: a single address, no records */
    bool joined;      /* of that address */
    uint64_t n_left;
} lab_reports;

/*
 * lab_reports_open checks a whole message: MLDv2 and MLDv1 (hop limit 1), IGMPv3, v2 and v1.
 *
 * Spec      RFC 3810 section 5.2, RFC 2710 section 3, RFC 3376 section 4.2, RFC 2236 section 2
 * In        ip        from lab_ip_read, LAB_IP_ICMP6 or LAB_IP_IGMP; its bytes outlive the walk
 * Out       reports   for lab_reports_next
 * Returns   false for anything else and for malformed reports: nothing of them counts
 */
bool lab_reports_open(const lab_ip *ip, lab_reports *reports);

/*
 * lab_reports_next gives the next change; false after the last. A membership for some sources only counts as
 * joined (the host itself filters), and records that only block sources say nothing about membership.
 */
bool lab_reports_next(lab_reports *reports, lab_report *report);

#endif
