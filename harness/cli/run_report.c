/* SPDX-License-Identifier: BSD-2-Clause */
#include "run_report.h"
#include "run_common.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "evidence.h"
#include "report/files.h"
#include "report/html.h"

/* folders_make makes a folder and those it lies in. */
static bool folders_make(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return false;
        }
    }
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        return false;
    }
    return true;
}

int cli_report_prepare(const char *folder)
{
    return folder == NULL || folders_make(folder)
               ? -1
               : cli_complain("run: %s: expected a folder that can be made, found: %s", folder,
                              strerror(errno));
}

/* html_write gathers requirements and their evidence too, where the catalogues are at hand. */
static int html_write(const run_report *r, const char *path)
{
    vec_tree tree;
    vec_check check;
    evidence e = {.by_vectors = NULL};
    cli_output output;
    json_t *rows = NULL;
    bool good = vec_tree_load(&tree, vec_folder_default(), NULL, 0, &check) && tree.requirements != NULL;
    if (good && evidence_load(&e, &tree, r->scenarios, cli_root_default(), &check)) {
        rows = evidence_rows(&e, &tree);
    } else if (good) {
        (void)cli_complain("run: the report has no table of requirements: %s", check.fault);
    }
    rep_run run = {.records = r->records,
                   .pages = r->pages,
                   .n = r->n,
                   .took_ms = r->took_ms,
                   .seed = r->seed,
                   .date = r->date,
                   .what = r->what,
                   .words = tree.requirements,
                   .requirements = rows};
    int status = cli_output_open(&output, path);
    if (status == CLI_GOOD) {
        rep_html_write(output.file, &run);
        status = cli_output_close(&output, CLI_GOOD);
    }
    json_decref(rows);
    if (good) {
        evidence_free(&e);
    }
    vec_tree_free(&tree);
    return status;
}

typedef enum kind {
    JUNIT,
    TAP,
    LINES,
} kind;

static int file_write(const run_report *r, const char *path, kind what)
{
    cli_output output;
    int status = cli_output_open(&output, path);
    if (status != CLI_GOOD) {
        return status;
    }
    if (what == JUNIT) {
        rep_junit_write(output.file, r->records, r->n, r->took_ms);
    } else if (what == TAP) {
        rep_tap_write(output.file, r->records, r->n);
    } else {
        rep_lines_write(output.file, r->records, r->n);
    }
    return cli_output_close(&output, CLI_GOOD);
}

int cli_report_write(const run_report *report, vec_arena *arena, const char **path)
{
    static const struct {
        const char *name;
        kind what;
    } files[] = {{"junit.xml", JUNIT}, {"results.tap", TAP}, {"results.jsonl", LINES}};
    const char *const wanted[] = {report->junit, report->tap, report->json};
    int status = CLI_GOOD;
    *path = NULL;
    for (size_t i = 0; i < 3; i++) {
        if (wanted[i] != NULL && file_write(report, wanted[i], files[i].what) != CLI_GOOD) {
            status = CLI_USAGE;
        }
        if (report->folder != NULL &&
            file_write(report, vec_printf(arena, "%s/%s", report->folder, files[i].name), files[i].what) !=
                CLI_GOOD) {
            status = CLI_USAGE;
        }
    }
    const char *const pages[] = {
        report->html, report->folder != NULL ? vec_printf(arena, "%s/index.html", report->folder) : NULL};
    for (size_t i = 0; i < 2; i++) {
        if (pages[i] == NULL) {
            continue;
        }
        if (html_write(report, pages[i]) == CLI_GOOD) {
            *path = pages[i];
        } else {
            status = CLI_USAGE;
        }
    }
    return status;
}
