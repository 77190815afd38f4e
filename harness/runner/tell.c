/* SPDX-License-Identifier: BSD-2-Clause */
#include "tell.h"

#include <stdlib.h>
#include <string.h>

#include "report/text.h"

run_tally run_tally_count(json_t *const *records, size_t n)
{
    run_tally tally = {.n_all = n};
    for (size_t i = 0; i < n; i++) {
        obs_verdict verdict = obs_verdict_of(vec_get_text(records[i], "verdict"));
        if (records[i] != NULL && verdict < OBS_N_VERDICTS) {
            tally.n[verdict]++;
            tally.n_run++;
        }
    }
    return tally;
}

int run_tally_status(const run_tally *tally, bool allow_inconclusive)
{
    if (tally->n[OBS_FAIL] + tally->n[OBS_CRASH] + tally->n[OBS_HANG] > 0) {
        return 1;
    }
    bool doubtful = tally->n[OBS_INCONCLUSIVE] > 0 || tally->n_run < tally->n_all;
    return doubtful && !allow_inconclusive ? 3 : 0;
}

/* quoted writes a word so that a shell reads it as one. */
static const char *quoted(vec_arena *arena, const char *text)
{
    if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@=,:+")] ==
        '\0') {
        return text;
    }
    const char *out = "'";
    for (; *text != '\0'; text++) {
        out = *text == '\'' ? vec_printf(arena, "%s'\\''", out) : vec_printf(arena, "%s%c", out, *text);
    }
    return vec_printf(arena, "%s'", out);
}

const char *run_repro_command(vec_arena *arena, const json_t *record)
{
    const char *bundle = vec_get_text(record, "bundle");
    const char *peer = vec_get_text(record, "peer");
    if (bundle != NULL) {
        return vec_printf(arena, "muster repro %s", quoted(arena, bundle));
    }
    const char *place = vec_get_text(record, "place");
    bool tun = vec_get_is(record, "port", "tun");
    const char *who = peer != NULL ? vec_printf(arena, " --peer %s%s%s", quoted(arena, peer),
                                                place != NULL ? " --place " : "", place != NULL ? place : "")
                                   : "";
    return vec_printf(arena, "muster repro%s%s --seed %lld %s", tun ? " --port tun" : "", who,
                      (long long)vec_get_int(record, "seed", 0), quoted(arena, vec_get_text(record, "id")));
}

const char *run_page_command(vec_arena *arena, const json_t *record)
{
    const char *peer = vec_get_text(record, "peer");
    return vec_printf(arena, "muster run --html case.html --port %s --seed %lld%s%s %s",
                      vec_get_is(record, "port", "tun") ? "tun" : "stdio",
                      (long long)vec_get_int(record, "seed", 0), peer != NULL ? " --peer " : "",
                      peer != NULL ? quoted(arena, peer) : "", quoted(arena, vec_get_text(record, "id")));
}

const char *run_label(vec_arena *arena, const json_t *record)
{
    const char *id = vec_get_text(record, "id");
    const char *place = vec_get_text(record, "place");
    const char *run = vec_get_text(record, "run");
    return vec_printf(arena, "%s%s%s%s%s%s", id != NULL ? id : "?", place != NULL ? " as " : "",
                      place != NULL ? place : "", vec_get_is(record, "port", "tun") ? " on tun" : "",
                      run != NULL ? ", " : "", run != NULL ? run : "");
}

static bool is_good(const json_t *record)
{
    return vec_get_is(record, "verdict", "pass");
}

void run_tell_case(FILE *file, const json_t *record)
{
    vec_arena arena = {NULL};
    const char *why = vec_get_text(record, "why");
    (void)fprintf(file, "%-12s ", vec_get_text(record, "verdict"));
    rep_line(file, run_label(&arena, record));
    if (!is_good(record)) {
        (void)fputs(": ", file);
        rep_line(file, why != NULL ? why : "no reason given");
    }
    if (!is_good(record) && !vec_get_is(record, "verdict", "unsupported")) {
        (void)fputs("; again: ", file);
        rep_line(file, run_repro_command(&arena, record));
    }
    (void)fputc('\n', file);
    vec_arena_free(&arena);
}

static int compare_ms(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t median_ms(json_t *const *records, size_t n)
{
    int64_t *ms = calloc(n + 1, sizeof *ms);
    size_t n_known = 0;
    for (size_t i = 0; ms != NULL && i < n; i++) {
        if (records[i] != NULL) {
            ms[n_known++] = vec_get_int(records[i], "ms", 0);
        }
    }
    if (ms != NULL) {
        qsort(ms, n_known, sizeof *ms, compare_ms);
    }
    int64_t median = ms != NULL && n_known > 0 ? ms[n_known / 2] : 0;
    free(ms);
    return median;
}

void run_tell_sum(FILE *file, const run_tally *tally, json_t *const *records, size_t n, uint64_t took_ms)
{
    size_t applicable = tally->n_all - tally->n[OBS_UNSUPPORTED];
    size_t passed = tally->n[OBS_PASS] + tally->n[OBS_WARN];
    (void)fprintf(file, "%zu cases:", tally->n_all);
    for (obs_verdict i = OBS_PASS; i < OBS_N_VERDICTS; i++) {
        if (tally->n[i] > 0 || i == OBS_PASS || i == OBS_FAIL) {
            (void)fprintf(file, " %zu %s", tally->n[i], obs_verdict_name(i));
        }
    }
    if (tally->n_run < tally->n_all) {
        (void)fprintf(file, " %zu not run", tally->n_all - tally->n_run);
    }
    (void)fprintf(file, "; median %lld ms, %llu.%llu s in all\n", (long long)median_ms(records, n),
                  (unsigned long long)(took_ms / 1000), (unsigned long long)(took_ms % 1000 / 100));
    (void)fprintf(file, "passed %zu of %zu applicable, applicable %zu of %zu\n", passed, applicable,
                  applicable, tally->n_all);
    (void)fprintf(file, "%zu passed, %zu failed, %zu unsupported\n", passed,
                  tally->n[OBS_FAIL] + tally->n[OBS_CRASH] + tally->n[OBS_HANG], tally->n[OBS_UNSUPPORTED]);
}
