/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays inputs through a fuzz target, with any compiler: files and directories as arguments. One line on
 * stdout says how many; an input that breaks the target, or its memory, ends the program, and the input is
 * named on stderr.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

enum {
    INPUT_MAX = 1 << 20,
    PATH_LEN_MAX = 4096,
};

static char current[PATH_LEN_MAX]; /* the input that runs */
static unsigned long n_inputs;

static void name_input(int number)
{
    static const char before[] = "replay: broken by ";
    /* Only calls that are safe in a signal handler; nothing can be done when they fail. */
    ssize_t done = write(STDERR_FILENO, before, sizeof before - 1);
    done = write(STDERR_FILENO, current, strlen(current)) + done;
    done = write(STDERR_FILENO, "\n", 1) + done;
    (void)done;
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static int complain(const char *path, const char *what)
{
    fprintf(stderr, "replay: %s: %s\n", path, what);
    return EXIT_FAILURE;
}

static int replay_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX + 1];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return complain(path, strerror(errno));
    }
    size_t len = fread(bytes, 1, sizeof bytes, file);
    int bad = ferror(file);
    bad |= fclose(file);
    if (bad != 0 || len > INPUT_MAX) {
        return complain(path, bad != 0 ? "cannot be read" : "larger than 1 MiB");
    }
    (void)snprintf(current, sizeof current, "%s", path);
    n_inputs++;
    /* Targets copy to memory of exact size themselves. */
    (void)LLVMFuzzerTestOneInput(bytes, len);
    return EXIT_SUCCESS;
}

static int replay_path(const char *path);

static int replay_directory(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0) {
        return complain(path, strerror(errno));
    }
    int result = EXIT_SUCCESS;
    for (int i = 0; i < n; i++) {
        char full[PATH_LEN_MAX];
        int len = snprintf(full, sizeof full, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof full) {
            result |= replay_path(full);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int replay_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return complain(path, strerror(errno));
    }
    return S_ISDIR(status.st_mode) ? replay_directory(path) : replay_file(path);
}

int main(int argc, char **argv)
{
    int result = EXIT_SUCCESS;
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE-OR-DIRECTORY...\n", argv[0]);
        return 2;
    }
    (void)signal(SIGABRT, name_input);
    (void)signal(SIGSEGV, name_input);
    for (int i = 1; i < argc; i++) {
        result |= replay_path(argv[i]);
    }
    printf("replayed %lu inputs\n", n_inputs);
    return n_inputs > 0 ? result : EXIT_FAILURE;
}
