/* SPDX-License-Identifier: BSD-2-Clause */
#include "membership.h"

enum {
    MLD1_REPORT = 131,
    MLD1_DONE = 132,
    MLD2_REPORT = 143,
    IGMP1_REPORT = 0x12,
    IGMP2_REPORT = 0x16,
    IGMP2_LEAVE = 0x17,
    IGMP3_REPORT = 0x22,
};

/* Record types, the same numbers in both (RFC 3810 section 5.2.12, RFC 3376 section 4.2.12). */
enum {
    MODE_IS_INCLUDE = 1,
    MODE_IS_EXCLUDE = 2,
    CHANGE_TO_INCLUDE = 3,
    CHANGE_TO_EXCLUDE = 4,
    ALLOW_NEW_SOURCES = 5,
    BLOCK_OLD_SOURCES = 6,
};

typedef struct record {
    uint8_t type;
    uint64_t n_sources;
    lab_addr group;
} record;

static bool record_read(gosc_reader *reader, lab_family family, record *r)
{
    size_t ip_len = lab_addr_ip_len(family);
    r->type = gosc_read_u8(reader);
    size_t aux_len = (size_t)gosc_read_u8(reader) * 4;
    r->n_sources = gosc_read_be(reader, 2);
    gosc_span group = gosc_read_bytes(reader, ip_len);
    (void)gosc_read_bytes(reader, (size_t)r->n_sources * ip_len);
    (void)gosc_read_bytes(reader, aux_len);
    if (reader->failed) {
        return false;
    }
    r->group = lab_addr_of(family, group.ptr, 0);
    return lab_addr_is_group(&r->group);
}

/* records_check walks all records, so that a message counts as a whole or not at all. */
static bool records_check(lab_reports walk)
{
    record r;
    for (; walk.n_left > 0; walk.n_left--) {
        if (!record_read(&walk.reader, walk.family, &r)) {
            return false;
        }
    }
    return true;
}

static bool records_open(lab_reports *reports)
{
    (void)gosc_read_be(&reports->reader, 2); /* reserved */
    reports->n_left = gosc_read_be(&reports->reader, 2);
    return !reports->reader.failed && records_check(*reports);
}

/* one_open: MLDv1 keeps 4 bytes between checksum and address. */
static bool one_open(lab_reports *reports, bool joined)
{
    size_t gap = reports->family == LAB_IPV6 ? 4 : 0;
    (void)gosc_read_bytes(&reports->reader, gap);
    reports->one_address = true;
    reports->joined = joined;
    reports->n_left = 1;
    gosc_reader probe = reports->reader;
    gosc_span group = gosc_read_bytes(&probe, lab_addr_ip_len(reports->family));
    if (probe.failed) {
        return false;
    }
    lab_addr addr = lab_addr_of(reports->family, group.ptr, 0);
    return lab_addr_is_group(&addr);
}

bool lab_reports_open(const lab_ip *ip, lab_reports *reports)
{
    bool six = ip->kind == LAB_IP_ICMP6;
    if ((!six && ip->kind != LAB_IP_IGMP) || (six && ip->hop_limit != 1)) {
        return false;
    }
    *reports = (lab_reports){.family = six ? LAB_IPV6 : LAB_IPV4};
    gosc_reader_init(&reports->reader, ip->body);
    uint8_t type = gosc_read_u8(&reports->reader);
    (void)gosc_read_bytes(&reports->reader, 3); /* code or reserved, checksum */
    if (reports->reader.failed) {
        return false;
    }
    if (type == (six ? MLD2_REPORT : IGMP3_REPORT)) {
        return records_open(reports);
    }
    if (type == (six ? MLD1_REPORT : IGMP2_REPORT) || (!six && type == IGMP1_REPORT)) {
        return one_open(reports, true);
    }
    return type == (six ? MLD1_DONE : IGMP2_LEAVE) && one_open(reports, false);
}

/* record_means: does the record tell about membership, and what? */
static bool record_means(const record *r, bool *joined)
{
    switch (r->type) {
    case MODE_IS_EXCLUDE:
    case CHANGE_TO_EXCLUDE:
        *joined = true;
        return true;
    case MODE_IS_INCLUDE:
    case CHANGE_TO_INCLUDE:
        *joined = r->n_sources > 0;
        return true;
    case ALLOW_NEW_SOURCES:
        *joined = true;
        return r->n_sources > 0;
    case BLOCK_OLD_SOURCES:
    default:
        return false;
    }
}

bool lab_reports_next(lab_reports *reports, lab_report *report)
{
    while (reports->n_left > 0) {
        reports->n_left--;
        if (reports->one_address) {
            gosc_span group = gosc_read_bytes(&reports->reader, lab_addr_ip_len(reports->family));
            *report = (lab_report){lab_addr_of(reports->family, group.ptr, 0), reports->joined};
            return true;
        }
        record r;
        if (!record_read(&reports->reader, reports->family, &r)) {
            return false;
        }
        if (record_means(&r, &report->joined)) {
            report->group = r.group;
            return true;
        }
    }
    return false;
}
