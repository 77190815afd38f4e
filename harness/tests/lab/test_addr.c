/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: notation and classes. */
#include "kit.h"

static void notation(void)
{
    static const char *const good[] = {"[fd00::2]:5683", "10.0.0.2:5683", "[ff35:30:2001:db8::1]:0",
                                       "0.0.0.0:65535", "[::1]:1"};
    static const char *const bad[] = {"",
                                      ":",
                                      "[",
                                      "[]:1",
                                      "fd00::2:5683",
                                      "[fd00::2]",
                                      "[fd00::2]5683",
                                      "[fd00::2]:",
                                      "[fd00::2]:65536",
                                      "[fd00::2]:123456",
                                      "[fd00::2]:05",
                                      "[fd00::2]:+5",
                                      "[fd00::2]: 5",
                                      "[fd00::2]:5x",
                                      "[fe80::1%eth0]:5683",
                                      "[10.0.0.2]:5683",
                                      "10.0.0:5683",
                                      "10.0.0.256:5683",
                                      "10.0.0.2",
                                      "host:5683",
                                      "[fd00:0000:0000:0000:0000:0000:0000:0000:0000:0000:0002]:5683"};
    for (size_t i = 0; i < KIT_COUNT(good); i++) {
        lab_addr addr = {.family = LAB_NO_FAMILY};
        char text[LAB_ADDR_TEXT];
        bool same = lab_addr_parse(good[i], &addr) && strcmp(lab_addr_write(&addr, text), good[i]) == 0;
        tap_ok(same, good[i]);
    }
    for (size_t i = 0; i < KIT_COUNT(bad); i++) {
        lab_addr addr = kit_addr("1.2.3.4:5");
        lab_addr before = addr;
        bool refused = !lab_addr_parse(bad[i], &addr) && memcmp(&addr, &before, sizeof addr) == 0;
        char text[128];
        (void)snprintf(text, sizeof text, "refused, and nothing written: '%s'", bad[i]);
        tap_ok(refused, text);
    }
    lab_addr none = {.family = LAB_NO_FAMILY};
    char text[LAB_ADDR_TEXT];
    tap_ok(strcmp(lab_addr_write(&none, text), "none") == 0, "no address is written as none");
}

static void classes(void)
{
    static const struct {
        const char *text;
        bool group, all;
    } rows[] = {
        {"[ff02::1]:5683", true, true},      {"[ff02::2]:5683", true, false},
        {"[ff05::fd]:5683", true, false},    {"[fe80::1]:5683", false, false},
        {"224.0.0.1:5683", true, true},      {"224.0.1.187:5683", true, false},
        {"239.255.255.255:1", true, false},  {"240.0.0.1:1", false, false},
        {"223.255.255.255:1", false, false},
    };
    for (size_t i = 0; i < KIT_COUNT(rows); i++) {
        lab_addr addr = kit_addr(rows[i].text);
        bool good = lab_addr_is_group(&addr) == rows[i].group && lab_addr_is_all_nodes(&addr) == rows[i].all;
        tap_ok(good, rows[i].text);
    }
    lab_addr a = kit_addr("10.0.0.2:1");
    lab_addr b = kit_addr("10.0.0.2:2");
    lab_addr c = kit_addr("[a00:2::]:1");
    lab_addr none = {.family = LAB_NO_FAMILY};
    tap_ok(lab_addr_same_ip(&a, &b) && !lab_addr_equal(&a, &b) && lab_addr_equal(&a, &a),
           "same address, other port");
    tap_ok(!lab_addr_same_ip(&a, &c), "equal bytes of another family are another address");
    tap_ok(!lab_addr_same_ip(&none, &none), "no address equals nothing");
}

int main(void)
{
    notation();
    classes();
    return tap_done();
}
