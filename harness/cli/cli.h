/* SPDX-License-Identifier: BSD-2-Clause */
/* What the subcommands of muster share: options, exit statuses, output. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses. */
enum {
    CLI_GOOD = 0,
    CLI_FAILED = 1,  /* a vector failed, a message was refused */
    CLI_USAGE = 2,   /* command line, files, contexts: nothing was judged */
    CLI_MISSING = 3, /* a stack is not installed */
};

enum {
    CLI_UNHURRIED_MS = 86400000, /* a limit for who sits at a debugger */
};

typedef struct cli_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the name of the command */
} cli_command;

int cli_vectors(int argc, char **argv);
int cli_open(int argc, char **argv);
int cli_seal(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_repro(int argc, char **argv);
int cli_judge(int argc, char **argv);
int cli_list(int argc, char **argv);
int cli_bench(int argc, char **argv);

typedef enum cli_kind {
    CLI_END = 0,
    CLI_FLAG,   /* bool */
    CLI_TEXT,   /* const char * */
    CLI_TEXTS,  /* cli_texts: may be given several times */
    CLI_NUMBER, /* cli_number */
} cli_kind;

typedef struct cli_texts {
    const char **items; /* argv has room for all */
    size_t n;
} cli_texts;

typedef struct cli_number {
    bool given;
    uint64_t value;
} cli_number;

typedef struct cli_option {
    const char *name; /* with its dashes */
    cli_kind kind;
    void *value;
} cli_option;

/*
 * cli_parse reads a command line.
 *
 * In        options  ended by CLI_END;  help  printed for --help
 * Out       words    what is no option, within argv; n_words at most max_words
 * Returns   -1 to go on, else the exit status
 */
int cli_parse(int argc, char **argv, const cli_option *options, const char *help, char ***words,
              size_t *n_words, size_t max_words);

/* cli_complain prints one line, "muster: ...", to standard error and gives CLI_USAGE. */
int cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Output: standard output, or a file that appears whole or not at all. */
typedef struct cli_output {
    FILE *file;
    const char *path; /* NULL: standard output */
    char part[1024];  /* where it is written to meanwhile */
} cli_output;

/* cli_output_open gives CLI_GOOD or CLI_USAGE. */
int cli_output_open(cli_output *output, const char *path);
/* cli_output_close gives status, or CLI_USAGE when not everything could be written. */
int cli_output_close(cli_output *output, int status);

/*
 * cli_default_folders: from a folder that has no harness/scenarios or vectors, those of the tree this program was built
 * in are taken (environment variables MUSTER_SCENARIOS, MUSTER_VECTORS, MUSTER_ROOT, where they are not set).
 */
void cli_default_folders(void);

/* cli_now_ns reads a clock that does not go back. */
uint64_t cli_now_ns(void);

#endif
