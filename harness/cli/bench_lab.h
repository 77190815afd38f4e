/* SPDX-License-Identifier: BSD-2-Clause */
/* muster bench lab: one request by multicast to many live servers. */
#ifndef CLI_BENCH_LAB_H
#define CLI_BENCH_LAB_H

/* cli_bench_lab: argv[0] is "lab". */
int cli_bench_lab(int argc, char **argv);

/* bench_plain_run is the peer without protection: a server, or with "client" after it a client. Does not return
 * before its standard input ends. */
int bench_plain_run(int argc, char **argv);

#endif
