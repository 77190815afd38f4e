/* SPDX-License-Identifier: BSD-2-Clause */
/* muster: the command that fronts everything. One file a subcommand. */
#include <string.h>

#include "cli.h"

static const cli_command commands[] = {
    {"vectors", "replay the test vectors through the reference", cli_vectors},
    {"open", "verify and decrypt one message, JSON out", cli_open},
    {"seal", "protect one message, JSON out", cli_seal},
    {"explain", "open a message layer by layer, name the first divergence", cli_explain},
    {"run", "play scenarios in the lab", cli_run},
    {"repro", "play one case again, told at length", cli_repro},
    {"judge", "judge a saved log again", cli_judge},
    {"list", "vectors, requirements and their evidence, mutants", cli_list},
    {"bench", "cost of every operation, beside its physical limit", cli_bench},
};

enum {
    N_COMMANDS = sizeof commands / sizeof commands[0],
};

static void help(FILE *file)
{
    (void)fputs(
        "muster: conformance suite for OSCORE and Group OSCORE\n\nusage: muster COMMAND [OPTION]...\n\n",
        file);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        (void)fprintf(file, "  %-9s %s\n", commands[i].name, commands[i].summary);
    }
    (void)fputs(
        "\nEach command has --help with an example. Exit status: 0 good, 1 something failed or was refused, "
        "2 usage.\n\nexample: muster vectors --only 'oscore-message-*'\n",
        file);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        return cli_complain("expected a command, found none (see muster --help)");
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return CLI_GOOD;
    }
    cli_default_folders();
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return cli_complain("expected a command, found \"%s\" (see muster --help)", argv[1]);
}
