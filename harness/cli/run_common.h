/* SPDX-License-Identifier: BSD-2-Clause */
/* What `muster run`, `repro` and `judge` share. */
#ifndef CLI_RUN_COMMON_H
#define CLI_RUN_COMMON_H

#include "cli.h"
#include "runner/pool.h"

/*
 * cli_program_of makes the argument vector of a peer: a name from interop/, or a command for the shell.
 *
 * In        text     NULL: the reference peer beside this program (the environment variable MUSTER_PEER says otherwise)
 * Out       program  memory of the arena
 * Returns   -1 to go on, else the exit status (one line was told); CLI_MISSING: the stack is not installed
 */
int cli_program_of(vec_arena *arena, const char *command, const char *text, run_program *program);

/* cli_tree gives the tree that this program was built in (memory of the arena); NULL: it is in none. */
const char *cli_tree(vec_arena *arena);

/* cli_root_default gives the folder whose tests, mutants and adapters count: the one we are in, where it holds the project,
 * else the tree this program was built in (MUSTER_ROOT says otherwise). */
const char *cli_root_default(void);

/* cli_today writes the day as YYYY-MM-DD. */
void cli_today(char text[16]);

#endif
