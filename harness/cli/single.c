/* SPDX-License-Identifier: BSD-2-Clause */
#include "single.h"

#include <string.h>

#include "endpoint.h"
#include "schema.h"

/* context_add loads a Context object into the job; it is checked here, where its file has a name. */
static bool context_add(json_t *job, const char *key, const char *file)
{
    vec_check check;
    json_t *context = cli_context_load(&check, file);
    bool good = context != NULL && vec_context_check(&check, context);
    if (!good) {
        (void)cli_complain("%s", check.fault);
        json_decref(context);
        return false;
    }
    (void)json_object_set_new(job, key, context);
    return true;
}

static bool hex_add(const single *s, json_t *job, const char *key, const char *text)
{
    if (text == NULL) {
        return true;
    }
    (void)json_object_set_new(job, key, json_string(text));
    return cli_hex_is_good(s->name, key, text);
}

static void flag_add(json_t *job, const char *key, bool is_set, bool value)
{
    if (is_set) {
        (void)json_object_set_new(job, key, json_boolean(value));
    }
}

static bool job_make(const single *s, json_t *job)
{
    if (!context_add(job, "context", s->context) ||
        (s->request_context != NULL && !context_add(job, "request_context", s->request_context)) ||
        !hex_add(s, job, "request", s->request) || !hex_add(s, job, "target", s->target) ||
        !hex_add(s, job, "message", s->words[0])) {
        return false;
    }
    if (s->mode != NULL) {
        (void)json_object_set_new(job, "mode", json_string(s->mode));
    }
    if (s->ssn.given) {
        (void)json_object_set_new(job, "ssn", json_integer((json_int_t)s->ssn.value));
    }
    if (s->now_ms.given) {
        (void)json_object_set_new(job, "now_ms", json_integer((json_int_t)s->now_ms.value));
    }
    flag_add(job, "own_partial_iv", s->own_partial_iv, true);
    flag_add(job, "kid", s->kid, true);
    flag_add(job, "kid_context", s->kid_context || s->no_kid_context, s->kid_context);
    return true;
}

static int answer(const single *s, const json_t *job)
{
    vec_check check;
    cli_output output;
    vec_check_init(&check, s->name);
    json_t *said = s->job(&check, job);
    if (said == NULL) {
        return cli_complain("%s", check.fault);
    }
    int status = cli_output_open(&output, s->output);
    if (status == CLI_GOOD) {
        (void)json_dumpf(said, output.file, JSON_INDENT(1));
        (void)fputc('\n', output.file);
        status = cli_output_close(&output, cli_job_failed(said) ? CLI_FAILED : CLI_GOOD);
    }
    json_decref(said);
    return status;
}

int single_run(const single *s)
{
    if (gosc_crypto_init() != GOSC_OK) {
        return cli_complain("%s: the crypto library does not start", s->name);
    }
    if (s->batch) {
        bool alone = s->context == NULL && s->n_words == 0;
        return alone ? cli_batch(s->name, s->job, s->output)
                     : cli_complain("%s: expected --batch without context and message, found both", s->name);
    }
    if (s->context == NULL || s->n_words != 1) {
        return cli_complain("%s: expected --context and one message, found %s (see muster %s --help)",
                            s->name, s->context == NULL ? "no context" : "no message", s->name);
    }
    if (s->kid_context && s->no_kid_context) {
        return cli_complain("%s: expected one of --kid-context and --no-kid-context, found both", s->name);
    }
    json_t *job = json_object();
    int status = job_make(s, job) ? answer(s, job) : CLI_USAGE;
    json_decref(job);
    return status;
}
