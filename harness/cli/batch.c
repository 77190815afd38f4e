/* SPDX-License-Identifier: BSD-2-Clause */
/* Batches, and what commands take from files. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "job.h"

/* line_read takes a line of any length, without its end; false at the end of input. */
static bool line_read(char **line, size_t *room, size_t *len)
{
    int c = getc(stdin);
    *len = 0;
    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = getc(stdin)) {
        if (*len + 1 >= *room) {
            size_t more = 2 * *room + 4096;
            char *longer = realloc(*line, more);
            if (longer == NULL) {
                return false;
            }
            *line = longer;
            *room = more;
        }
        (*line)[(*len)++] = (char)c;
    }
    return true;
}

/* answer_line gives the answer to one line; *is_bad when it is no job. */
static json_t *answer_line(json_t *(*job)(vec_check *, const json_t *), const char *line, size_t len,
                           size_t number, bool *is_bad)
{
    char name[40];
    vec_check check;
    (void)snprintf(name, sizeof name, "line %zu", number);
    vec_check_init(&check, name);
    json_t *object = vec_json_text(&check, len > 0 ? line : "", len);
    json_t *answer = object != NULL ? job(&check, object) : NULL;
    json_decref(object);
    *is_bad = answer == NULL;
    if (answer == NULL) {
        answer = json_pack("{s:s, s:I}", "error", check.fault, "line", (json_int_t)number);
    }
    return answer;
}

int cli_batch(const char *name, json_t *(*job)(vec_check *, const json_t *), const char *path)
{
    char *line = NULL;
    size_t room = 0;
    size_t len;
    size_t n_bad = 0;
    cli_output output;
    int status = cli_output_open(&output, path);
    if (status != CLI_GOOD) {
        return status;
    }
    for (size_t number = 1; line_read(&line, &room, &len); number++) {
        bool is_bad;
        json_t *answer = answer_line(job, line, len, number, &is_bad);
        (void)json_dumpf(answer, output.file, JSON_COMPACT);
        (void)fputc('\n', output.file);
        (void)fflush(output.file);
        json_decref(answer);
        n_bad += is_bad;
    }
    free(line);
    status = cli_output_close(&output, CLI_GOOD);
    if (n_bad > 0) {
        return cli_complain("%s: standard input: expected a job on every line, found %zu lines that are none",
                            name, n_bad);
    }
    return status;
}

json_t *cli_context_load(vec_check *check, const char *name)
{
    const char *hash = strrchr(name, '#');
    vec_check_init(check, name);
    if (hash == NULL) {
        return vec_json_file(check, name);
    }
    size_t len = (size_t)(hash - name);
    char *path = malloc(len + 1);
    if (path == NULL) {
        return NULL;
    }
    memcpy(path, name, len);
    path[len] = '\0';
    json_t *root = vec_json_file(check, path);
    json_t *context = json_incref(json_object_get(json_object_get(root, "contexts"), hash + 1));
    if (root != NULL && context == NULL) {
        (void)vec_place_push(check, "contexts");
        (void)vec_fault(check, "expected a context named \"%s\", found none", hash + 1);
    }
    json_decref(root);
    free(path);
    return context;
}

bool cli_hex_is_good(const char *command, const char *what, const char *text)
{
    size_t len = strlen(text);
    if (len % 2 == 0 && strspn(text, "0123456789abcdef") == len) {
        return true;
    }
    (void)cli_complain("%s: %s: expected lower-case hex, found \"%.60s\"", command, what, text);
    return false;
}
