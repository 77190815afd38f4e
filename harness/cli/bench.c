/* SPDX-License-Identifier: BSD-2-Clause */
/* muster bench: what an operation costs beside its physical limit. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench_lab.h"
#include "bench_rig.h"
#include "cli.h"

static const char help[] =
    "usage: muster bench [--quick] [--json] [--output F]\n"
    "       muster bench lab [OPTION]...\n"
    "\n"
    "Measures derivation, protection and verification in every dialect and mode, beside the bare calls of "
    "the crypto adapter\n"
    "that the operation cannot do without: the AEAD with the same lengths of AAD and plaintext; in group "
    "mode the signature\n"
    "over as many bytes, in group-28 the keystream's HKDF too; for derivation its HKDFs, key check and "
    "agreement. Batches of\n"
    "both take turns, medians are compared, so that a machine that speeds up or slows down meets both alike. "
    "Contexts are\n"
    "warm, pairwise keys derived. To verify, 64 messages with Partial IVs of their own are prepared; window "
    "and Response\n"
    "Numbers are put back between batches, outside of what is measured. The aims are printed, they are no "
    "test.\n"
    "\n"
    "  lab          one request by multicast to up to 100 live servers instead (muster bench lab --help)\n"
    "  --quick      fewer batches: figures for a first look\n"
    "  --json       one JSON document\n"
    "  --output F   write to F instead of standard output; F appears whole or not at all\n"
    "\n"
    "Exit status: 0, 2 usage.\n"
    "\n"
    "example: muster bench --quick\n";

enum {
    ROUNDS_MAX = 401,
    WARM_ROUNDS = 3,
};

typedef struct figures {
    double own_ns, bare_ns, difference_ns; /* medians, of one operation */
} figures;

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    return (*left > *right) - (*left < *right);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return values[n / 2];
}

static double timed(rig *r, size_t n, bool (*run)(rig *, size_t), bool *good)
{
    rig_rewind(r);
    uint64_t start = cli_now_ns();
    *good = run(r, n) && *good;
    return (double)(cli_now_ns() - start) / (double)n;
}

/* measure takes turns: ours first in one round, the bare calls first in the next. */
static bool measure(rig *r, size_t rounds, figures *f)
{
    double own[ROUNDS_MAX];
    double bare[ROUNDS_MAX];
    double difference[ROUNDS_MAX];
    bool good = true;
    size_t n = RIG_BATCH;
    for (size_t i = 0; i < WARM_ROUNDS && good; i++) {
        (void)timed(r, n, rig_run, &good);
        (void)timed(r, n, rig_run_bare, &good);
    }
    for (size_t i = 0; i < rounds && good; i++) {
        if (i % 2 == 0) {
            own[i] = timed(r, n, rig_run, &good);
            bare[i] = timed(r, n, rig_run_bare, &good);
        } else {
            bare[i] = timed(r, n, rig_run_bare, &good);
            own[i] = timed(r, n, rig_run, &good);
        }
        difference[i] = own[i] - bare[i];
    }
    if (good) {
        *f = (figures){median(own, rounds), median(bare, rounds), median(difference, rounds)};
    }
    return good;
}

/* aim_of gives the aim for the ratio, 0 where there is none. */
static double aim_of(rig_setting setting, rig_operation operation, size_t payload_len)
{
    if (operation == RIG_DERIVE || payload_len != 64) {
        return 0;
    }
    return setting == RIG_GROUP_02 || setting == RIG_GROUP_28_GROUP ? 1.10 : 1.5;
}

static void tell_head(FILE *out)
{
    (void)fputs("payload: bytes; op/s: operations in a second; ns: of one operation; bare: of the bare "
                "adapter calls with the\n"
                "same lengths; ratio: ns / bare; own: nanoseconds of our own, median of the differences; "
                "aim: of the ratio\n\n",
                out);
    (void)fprintf(out, "%-18s %-17s %7s %10s %10s %10s %6s %8s  %s\n", "setting", "operation", "payload",
                  "op/s", "ns", "bare", "ratio", "own", "aim");
}

static void tell_row(FILE *out, rig_setting setting, rig_operation operation, size_t payload_len,
                     const figures *f)
{
    double ratio = f->own_ns / f->bare_ns;
    double aim = aim_of(setting, operation, payload_len);
    char length[16] = "-";
    if (operation != RIG_DERIVE) {
        (void)snprintf(length, sizeof length, "%zu", payload_len);
    }
    (void)fprintf(out, "%-18s %-17s %7s %10.0f %10.0f %10.0f %6.3f %8.0f", rig_setting_name(setting),
                  rig_operation_name(operation), length, 1e9 / f->own_ns, f->own_ns, f->bare_ns, ratio,
                  f->difference_ns);
    if (aim > 0) {
        (void)fprintf(out, "  %.2f %s", aim, ratio <= aim ? "met" : "missed");
    }
    (void)fputc('\n', out);
    (void)fflush(out);
}

static json_t *json_row(rig_setting setting, rig_operation operation, size_t payload_len, const figures *f)
{
    double ratio = f->own_ns / f->bare_ns;
    double aim = aim_of(setting, operation, payload_len);
    json_t *row = json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f}", "setting", rig_setting_name(setting),
                            "operation", rig_operation_name(operation), "per_second", 1e9 / f->own_ns, "ns",
                            f->own_ns, "bare_ns", f->bare_ns, "ratio", ratio, "own_ns", f->difference_ns);
    if (operation != RIG_DERIVE) {
        (void)json_object_set_new(row, "payload", json_integer((json_int_t)payload_len));
    }
    if (aim > 0) {
        (void)json_object_set_new(row, "aim", json_real(aim));
        (void)json_object_set_new(row, "met", json_boolean(ratio <= aim));
    }
    return row;
}

/* one measures a row and tells it; false when something failed that may not. */
static bool one(rig *r, FILE *out, json_t *rows, rig_setting setting, rig_operation operation,
                size_t payload_len, size_t rounds)
{
    figures f;
    bool good = rig_build(r, setting, operation, payload_len) && measure(r, rounds, &f);
    rig_free(r);
    if (!good) {
        (void)cli_complain("bench: %s, %s, %zu bytes: an operation failed that must not",
                           rig_setting_name(setting), rig_operation_name(operation), payload_len);
        return false;
    }
    if (rows != NULL) {
        (void)json_array_append_new(rows, json_row(setting, operation, payload_len, &f));
    } else {
        tell_row(out, setting, operation, payload_len, &f);
    }
    return true;
}

static bool all(rig *r, FILE *out, json_t *rows, size_t rounds)
{
    static const size_t payloads[] = {0, 16, 64, 256, 1024};
    for (rig_setting s = RIG_OSCORE; s < RIG_N_SETTINGS; s++) {
        if (!one(r, out, rows, s, RIG_DERIVE, 0, rounds)) {
            return false;
        }
        for (rig_operation o = RIG_PROTECT_REQUEST; o < RIG_DERIVE; o++) {
            for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
                if (!one(r, out, rows, s, o, payloads[i], rounds)) {
                    return false;
                }
            }
        }
    }
    return true;
}

static int run(bool quick, bool json, const char *path)
{
    cli_output output;
    rig *r = calloc(1, sizeof *r);
    if (r == NULL || gosc_crypto_init() != GOSC_OK) {
        free(r);
        return cli_complain("bench: no memory, or the crypto library does not start");
    }
    int status = cli_output_open(&output, path);
    if (status == CLI_GOOD) {
        json_t *rows = json ? json_array() : NULL;
        if (!json) {
            tell_head(output.file);
        }
        bool good = all(r, output.file, rows, quick ? 11 : 101);
        if (json) {
            (void)json_dumpf(rows, output.file, JSON_INDENT(1));
            (void)fputc('\n', output.file);
            json_decref(rows);
        }
        status = cli_output_close(&output, good ? CLI_GOOD : CLI_USAGE);
    }
    free(r);
    return status;
}

int cli_bench(int argc, char **argv)
{
    bool quick = false;
    bool json = false;
    const char *output = NULL;
    char **words;
    size_t n_words;
    const cli_option options[] = {
        {"--quick", CLI_FLAG, &quick},
        {"--json", CLI_FLAG, &json},
        {"--output", CLI_TEXT, &output},
        {NULL, CLI_END, NULL},
    };
    if (argc > 1 && strcmp(argv[1], "lab") == 0) {
        return cli_bench_lab(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "lab-plain") == 0) {
        return bench_plain_run(argc - 1, argv + 1);
    }
    int status = cli_parse(argc, argv, options, help, &words, &n_words, 0);
    return status >= 0 ? status : run(quick, json, output);
}
