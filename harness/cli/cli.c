/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int cli_complain(const char *format, ...)
{
    va_list args;
    (void)fputs("muster: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return CLI_USAGE;
}

static const cli_option *option_find(const cli_option *options, const char *name, size_t len)
{
    for (; options->kind != CLI_END; options++) {
        if (strlen(options->name) == len && strncmp(options->name, name, len) == 0) {
            return options;
        }
    }
    return NULL;
}

static bool number_read(const char *text, cli_number *number)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    number->value = strtoull(text, &end, 10);
    number->given = true;
    return *end == '\0' && errno == 0;
}

/* option_take stores the value of an option; -1 to go on, else the exit status. */
static int option_take(const char *command, const cli_option *option, const char *value)
{
    cli_texts *texts;
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)option->value = true;
        return -1;
    case CLI_TEXT:
        *(const char **)option->value = value;
        return -1;
    case CLI_TEXTS:
        texts = option->value;
        texts->items[texts->n++] = value;
        return -1;
    case CLI_NUMBER:
        if (number_read(value, option->value)) {
            return -1;
        }
        break;
    case CLI_END:
    default:
        break;
    }
    return cli_complain("%s: %s: expected a number, found \"%s\"", command, option->name, value);
}

int cli_parse(int argc, char **argv, const cli_option *options, const char *help, char ***words,
              size_t *n_words, size_t max_words)
{
    bool only_words = false;
    *words = argv + 1;
    *n_words = 0;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (only_words || word[0] != '-' || word[1] == '\0') {
            (*words)[(*n_words)++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_words = true;
            continue;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            (void)fputs(help, stdout);
            return CLI_GOOD;
        }
        const char *equals = strchr(word, '=');
        size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
        const cli_option *option = option_find(options, word, len);
        if (option == NULL) {
            return cli_complain("%s: expected an option, found \"%s\" (see muster %s --help)", argv[0], word,
                                argv[0]);
        }
        const char *value = equals != NULL ? equals + 1 : NULL;
        if (option->kind == CLI_FLAG && value != NULL) {
            return cli_complain("%s: %s: expected no value, found \"%s\"", argv[0], option->name, value);
        }
        if (option->kind != CLI_FLAG && value == NULL) {
            if (i + 1 == argc) {
                return cli_complain("%s: %s: expected a value, found none", argv[0], option->name);
            }
            value = argv[++i];
        }
        int status = option_take(argv[0], option, value);
        if (status >= 0) {
            return status;
        }
    }
    if (*n_words > max_words) {
        return cli_complain("%s: expected at most %zu arguments, found \"%s\" too (see muster %s --help)",
                            argv[0], max_words, (*words)[max_words], argv[0]);
    }
    return -1;
}

int cli_output_open(cli_output *output, const char *path)
{
    *output = (cli_output){.file = stdout, .path = path};
    if (path == NULL) {
        return CLI_GOOD;
    }
    int len = snprintf(output->part, sizeof output->part, "%s.part-%ld", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof output->part) {
        return cli_complain("%s: expected a shorter name of a file", path);
    }
    output->file = fopen(output->part, "w");
    if (output->file == NULL) {
        return cli_complain("%s: expected a file that can be written, found: %s", path, strerror(errno));
    }
    return CLI_GOOD;
}

int cli_output_close(cli_output *output, int status)
{
    bool whole = fflush(output->file) == 0 && ferror(output->file) == 0;
    if (output->path == NULL) {
        return whole ? status : cli_complain("standard output: expected room, found: %s", strerror(errno));
    }
    whole = fclose(output->file) == 0 && whole;
    if (!whole || rename(output->part, output->path) != 0) {
        (void)unlink(output->part);
        return cli_complain("%s: expected room for the whole file, found: %s", output->path, strerror(errno));
    }
    return status;
}

uint64_t cli_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
