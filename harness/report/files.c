/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include <string.h>

#include "text.h"

/* ---- TAP (version 13) ---- */

/* tap_name writes the name of a record; # would begin a directive. */
static void tap_name(FILE *file, const json_t *record)
{
    vec_arena arena = {NULL};
    const char *label = run_label(&arena, record);
    char *name = vec_alloc(&arena, strlen(label) + 1);
    for (size_t i = 0; label[i] != '\0'; i++) {
        name[i] = label[i] == '#' || label[i] == '\\' ? ' ' : label[i];
    }
    rep_line(file, name);
    vec_arena_free(&arena);
}

static void tap_record(FILE *file, const json_t *record, size_t number)
{
    const char *why = vec_get_text(record, "why");
    obs_verdict verdict = obs_verdict_of(vec_get_text(record, "verdict"));
    bool skipped = verdict == OBS_UNSUPPORTED || verdict == OBS_WAIVED;
    bool good = verdict == OBS_PASS || verdict == OBS_WARN || skipped;
    (void)fprintf(file, "%s %zu - ", good ? "ok" : "not ok", number);
    tap_name(file, record);
    if (skipped) {
        (void)fprintf(file, " # SKIP %s: ", obs_verdict_name(verdict));
        rep_line(file, why);
    }
    (void)fputc('\n', file);
    if (verdict != OBS_PASS && why != NULL) {
        (void)fprintf(file, "# %s: ", obs_verdict_name(verdict));
        rep_line(file, why);
        (void)fputc('\n', file);
    }
    if (!good) {
        vec_arena arena = {NULL};
        (void)fputs("# again: ", file);
        rep_line(file, run_repro_command(&arena, record));
        (void)fputc('\n', file);
        vec_arena_free(&arena);
    }
}

void rep_tap_write(FILE *file, json_t *const *records, size_t n)
{
    (void)fprintf(file, "TAP version 13\n1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        if (records[i] == NULL) {
            (void)fprintf(file, "not ok %zu - not run\n", i + 1);
        } else {
            tap_record(file, records[i], i + 1);
        }
    }
}

/* ---- JUnit XML ---- */

static void junit_case(FILE *file, const json_t *record)
{
    static const char *const tags[OBS_N_VERDICTS] = {
        [OBS_WARN] = "system-out",    [OBS_FAIL] = "failure",   [OBS_CRASH] = "failure",
        [OBS_HANG] = "failure",       [OBS_WAIVED] = "skipped", [OBS_UNSUPPORTED] = "skipped",
        [OBS_INCONCLUSIVE] = "error",
    };
    obs_verdict verdict = obs_verdict_of(vec_get_text(record, "verdict"));
    const char *tag = verdict < OBS_N_VERDICTS ? tags[verdict] : "error";
    vec_arena arena = {NULL};
    int64_t ms = vec_get_int(record, "ms", 0);
    (void)fputs("    <testcase classname=\"", file);
    rep_escape(file, vec_get_text(record, "scenario"));
    (void)fputs("\" name=\"", file);
    rep_escape(file, run_label(&arena, record));
    (void)fprintf(file, "\" time=\"%lld.%03lld\"", (long long)(ms / 1000), (long long)(ms % 1000));
    if (tag == NULL) {
        (void)fputs("/>\n", file);
        vec_arena_free(&arena);
        return;
    }
    (void)fprintf(file, "><%s", tag);
    if (verdict != OBS_WARN) {
        (void)fprintf(file, " message=\"%s\"", obs_verdict_name(verdict));
    }
    if (verdict == OBS_FAIL || verdict == OBS_CRASH || verdict == OBS_HANG || verdict == OBS_INCONCLUSIVE) {
        (void)fprintf(file, " type=\"%s\"", obs_verdict_name(verdict));
    }
    (void)fputc('>', file);
    rep_escape(file, vec_get_text(record, "why"));
    if (verdict == OBS_FAIL || verdict == OBS_CRASH || verdict == OBS_HANG) {
        (void)fputs("\nagain: ", file);
        rep_escape(file, run_repro_command(&arena, record));
    }
    (void)fprintf(file, "</%s></testcase>\n", tag);
    vec_arena_free(&arena);
}

void rep_junit_write(FILE *file, json_t *const *records, size_t n, uint64_t took_ms)
{
    run_tally tally = run_tally_count(records, n);
    (void)fprintf(file,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"muster\" "
                  "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%llu.%03llu\">\n",
                  tally.n_all, tally.n[OBS_FAIL] + tally.n[OBS_CRASH] + tally.n[OBS_HANG],
                  tally.n[OBS_INCONCLUSIVE] + (tally.n_all - tally.n_run),
                  tally.n[OBS_UNSUPPORTED] + tally.n[OBS_WAIVED], (unsigned long long)(took_ms / 1000),
                  (unsigned long long)(took_ms % 1000));
    for (size_t i = 0; i < n; i++) {
        if (records[i] != NULL) {
            junit_case(file, records[i]);
        } else {
            (void)fprintf(file,
                          "    <testcase classname=\"muster\" name=\"case %zu\" time=\"0.000\"><error "
                          "message=\"not run\" type=\"not-run\"></error></testcase>\n",
                          i + 1);
        }
    }
    (void)fputs("  </testsuite>\n</testsuites>\n", file);
}

/* ---- JSON lines ---- */

void rep_lines_write(FILE *file, json_t *const *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (records[i] != NULL) {
            (void)json_dumpf(records[i], file, JSON_COMPACT);
            (void)fputc('\n', file);
        }
    }
}
