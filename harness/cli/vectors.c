/* SPDX-License-Identifier: BSD-2-Clause */
/* muster vectors: replay the tree. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "replay.h"
#include "report.h"

static const char help[] =
    "usage: muster vectors [--dir DIR] [--file F]... [--only PATTERN]... [--tap | --json] [-v] [--output F]\n"
    "\n"
    "Replays test vectors through the reference. Every value a vector states is compared; a refusal must "
    "have exactly the\n"
    "reason named and must leave all state as it was, and the control of a negative must pass in the same "
    "run.\n"
    "\n"
    "  --dir DIR        the tree (default: $MUSTER_VECTORS, else vectors)\n"
    "  --file F         only this file; several may be given\n"
    "  --only PATTERN   only vectors whose id matches (* ? [ ]), with their controls; several may be given\n"
    "  -v               a line for every vector\n"
    "  --tap            Test Anything Protocol\n"
    "  --json           one JSON document\n"
    "  --output F       write to F instead of standard output; F appears whole or not at all\n"
    "\n"
    "Exit status: 0 nothing failed, 1 something failed, 2 nothing could be replayed.\n"
    "\n"
    "example: muster vectors --only 'group-28-message-*' -v\n";

typedef struct settings {
    const char *folder;
    cli_texts files;
    cli_texts only;
    bool tap, json, verbose;
    const char *output;
} settings;

static bool is_wanted(const settings *s, const char *id)
{
    for (size_t i = 0; i < s->only.n; i++) {
        if (fnmatch(s->only.items[i], id, 0) == 0) {
            return true;
        }
    }
    return s->only.n == 0;
}

/* choose marks the vectors that are asked for, and the controls that must run with them. */
static size_t choose(const settings *s, const vec_tree *tree, report_row *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < tree->n_vectors; i++) {
        if (is_wanted(s, tree->vectors[i].id)) {
            rows[i].is_wanted = true;
            rows[i].runs = true;
            rows[tree->vectors[i].control].runs = true;
            n++;
        }
    }
    return n;
}

static void progress(const vec_tree *tree, size_t done, uint64_t start, bool is_end)
{
    static const uint64_t patience_ns = 2000000000;
    uint64_t now = cli_now_ns();
    if (isatty(STDERR_FILENO) == 0 || now - start < patience_ns || (done % 64 != 0 && !is_end)) {
        return;
    }
    if (is_end) {
        (void)fputs("\r                              \r", stderr);
    } else {
        (void)fprintf(stderr, "\r%zu of %zu", done, tree->n_vectors);
    }
}

static void replay_all(const vec_tree *tree, report_row *rows)
{
    vec_replay replay;
    uint64_t start = cli_now_ns();
    vec_replay_init(&replay);
    for (size_t i = 0; i < tree->n_vectors; i++) {
        if (rows[i].runs) {
            vec_replay_vector(&replay, &tree->vectors[i], &rows[i].verdict);
        }
        progress(tree, i, start, false);
    }
    progress(tree, tree->n_vectors, start, true);
    vec_replay_free(&replay);
}

/* hold_controls: a refusal shows nothing when the vector it differs from does not pass either. */
static void hold_controls(const vec_tree *tree, report_row *rows)
{
    for (size_t i = 0; i < tree->n_vectors; i++) {
        size_t control = tree->vectors[i].control;
        if (!rows[i].runs || control == i || rows[i].verdict.outcome != VEC_PASSED) {
            continue;
        }
        if (rows[control].verdict.outcome == VEC_UNSUPPORTED) {
            (void)vec_unsupported(&rows[i].verdict, "its control is unsupported");
        } else if (rows[control].verdict.outcome == VEC_FAILED) {
            rows[i].verdict.where[0] = '\0';
            (void)vec_fail(&rows[i].verdict, "control: expected %s to pass, found that it fails",
                           tree->vectors[control].id);
        }
    }
}

static int run(const settings *s, const vec_tree *tree)
{
    cli_output output;
    report_row *rows = calloc(tree->n_vectors, sizeof *rows);
    if (rows == NULL) {
        return cli_complain("vectors: out of memory");
    }
    int status = CLI_USAGE;
    if (choose(s, tree, rows) == 0) {
        status = cli_complain("vectors: --only: expected an id that matches \"%s\", found none in %s",
                              s->only.items[0], s->folder);
    } else if (cli_output_open(&output, s->output) == CLI_GOOD) {
        replay_all(tree, rows);
        hold_controls(tree, rows);
        report_style style = s->json      ? REPORT_JSON
                             : s->tap     ? REPORT_TAP
                             : s->verbose ? REPORT_VERBOSE
                                          : REPORT_PLAIN;
        status = report_vectors(output.file, tree, rows, style) ? CLI_GOOD : CLI_FAILED;
        status = cli_output_close(&output, status);
    }
    free(rows);
    return status;
}

int cli_vectors(int argc, char **argv)
{
    settings s = {.folder = vec_folder_default()};
    char **words;
    size_t n_words;
    size_t room = (size_t)argc;
    s.files.items = calloc(room, sizeof *s.files.items);
    s.only.items = calloc(room, sizeof *s.only.items);
    const cli_option options[] = {
        {"--dir", CLI_TEXT, &s.folder},    {"--file", CLI_TEXTS, &s.files}, {"--only", CLI_TEXTS, &s.only},
        {"--json", CLI_FLAG, &s.json},     {"--tap", CLI_FLAG, &s.tap},     {"-v", CLI_FLAG, &s.verbose},
        {"--output", CLI_TEXT, &s.output}, {NULL, CLI_END, NULL},
    };
    int status = CLI_USAGE;
    if (s.files.items != NULL && s.only.items != NULL) {
        status = cli_parse(argc, argv, options, help, &words, &n_words, 0);
    }
    if (status < 0 && s.json && s.tap) {
        status = cli_complain("vectors: expected one of --json and --tap, found both");
    }
    if (status < 0) {
        vec_tree tree;
        vec_check check;
        if (gosc_crypto_init() != GOSC_OK) {
            status = cli_complain("vectors: the crypto library does not start");
        } else {
            bool good = vec_tree_load(&tree, s.folder, s.files.items, s.files.n, &check);
            status = good ? run(&s, &tree) : cli_complain("%s", check.fault);
            vec_tree_free(&tree);
        }
    }
    free(s.files.items);
    free(s.only.items);
    return status;
}
