/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting up the network of a fresh namespace by rtnetlink: links, addresses, routes. */
#ifndef LAB_RTNL_H
#define LAB_RTNL_H

#include "addr.h"

/*
 * lab_rtnl_setup makes the network of the namespace the caller is in: loopback up; the device up, without a
 * link-local address of its own (no router solicitations, no duplicate address detection); one IPv6 and one
 * IPv4 address; multicast and default routes through the device. Calls nothing that allocates.
 *
 * In        device    its name;  six, four  the addresses, in a /64 and a /24
 * Out       step      on failure: what was being done; a string constant
 * Returns   0, or an errno value
 */
int lab_rtnl_setup(const char *device, const lab_addr *six, const lab_addr *four, const char **step);

#endif
