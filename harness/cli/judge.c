/* SPDX-License-Identifier: BSD-2-Clause */
/* muster judge: a saved log, judged again. */
#include <stdio.h>
#include <string.h>

#include "observe/judge.h"
#include "run_common.h"
#include "runner/bundle.h"

static const char help[] =
    "usage: muster judge [--json] DIR...\n"
    "\n"
    "Judge the saved logs of `muster run --out` again, without running anything.\n"
    "\n"
    "Exit status: 0 nothing failed, 1 something failed, 2 usage, 3 something inconclusive.\n"
    "\n"
    "example: muster judge report/*/\n";

static int status_of(const json_t *verdict)
{
    switch (obs_verdict_of(vec_get_text(verdict, "verdict"))) {
    case OBS_FAIL:
    case OBS_CRASH:
    case OBS_HANG:
        return CLI_FAILED;
    case OBS_INCONCLUSIVE:
        return 3;
    case OBS_PASS:
    case OBS_WARN:
    case OBS_UNSUPPORTED:
    case OBS_WAIVED:
    case OBS_N_VERDICTS:
    default:
        return CLI_GOOD;
    }
}

static void tell(const char *id, json_t *verdict, bool json)
{
    if (json) {
        (void)json_object_set_new(verdict, "id", json_string(id));
        (void)json_dumpf(verdict, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        return;
    }
    static const char *const lists[] = {"findings", "warnings"};
    (void)printf("%-12s %s\n", vec_get_text(verdict, "verdict"), id);
    for (size_t i = 0; i < 2; i++) {
        const json_t *list = json_object_get(verdict, lists[i]);
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *one = json_array_get(list, k);
            (void)printf("    %s %s: %s\n", i == 0 ? "-" : "?", vec_get_text(one, "kind"),
                         vec_get_text(one, "text"));
        }
    }
}

static int judge(const char *dir, bool json)
{
    vec_check check;
    obs_log log = {NULL};
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/events.jsonl", dir);
    json_t *bundle = run_bundle_read(&check, dir);
    int status = CLI_USAGE;
    if (bundle == NULL || !obs_log_read(&log, &check, path)) {
        (void)cli_complain("%s", check.fault);
    } else {
        json_t *verdict = obs_judge(json_object_get(bundle, "plan"), &log);
        tell(vec_get_text(json_object_get(bundle, "plan"), "id"), verdict, json);
        status = status_of(verdict);
        json_decref(verdict);
    }
    obs_log_free(&log);
    json_decref(bundle);
    return status;
}

int cli_judge(int argc, char **argv)
{
    bool json = false;
    char **words;
    size_t n_words;
    const cli_option options[] = {{"--json", CLI_FLAG, &json}, {NULL, CLI_END, NULL}};
    int status = cli_parse(argc, argv, options, help, &words, &n_words, (size_t)argc);
    if (status >= 0) {
        return status;
    }
    if (n_words == 0) {
        return cli_complain("judge: expected the folder of a case, found none (see muster judge --help)");
    }
    status = CLI_GOOD;
    for (size_t i = 0; i < n_words; i++) {
        int one = judge(words[i], json);
        if (one == CLI_USAGE || (status != CLI_USAGE && (one == CLI_FAILED || status == CLI_GOOD))) {
            status = one;
        }
    }
    return status;
}
