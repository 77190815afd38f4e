/* SPDX-License-Identifier: BSD-2-Clause */
/* muster explain: one message, layer by layer. */
#include <string.h>

#include "cli.h"
#include "divergence.h"
#include "job.h"
#include "schema.h"
#include "show.h"
#include "tree.h"

static const char help[] =
    "usage: muster explain --context F [--request HEX [--request-context F] [--target ID]] HEX\n"
    "       muster explain --vector ID [--dir DIR]\n"
    "\n"
    "Opens a protected message layer by layer: CoAP, the bits of the OSCORE option, keys and why these, COSE "
    "object, nonce and\n"
    "its parts, external_aad element by element, what is encrypted, what is signed, plaintext; and says "
    "where it stops. When\n"
    "tag or countersignature do not verify, the known mistakes of makers are tried until one explains it.\n"
    "\n"
    "  --context F          Context object of the receiver; F#NAME takes one out of a vector file\n"
    "  --request HEX        the message is a response: the protected request\n"
    "  --request-context F  context that protected the request, when a rekey lies between\n"
    "  --target ID          Recipient ID the request was sent to, in hex\n"
    "  --vector ID          context and bytes of a message vector\n"
    "  --dir DIR            the tree of vectors (default: $MUSTER_VECTORS, else vectors)\n"
    "  --output F           write to F instead of standard output; F appears whole or not at all\n"
    "\n"
    "Exit status: 0 verified, 1 refused, 2 usage.\n"
    "\n"
    "example: muster explain --vector oscore-message-9001\n";

typedef struct settings {
    const char *context, *request_context, *request, *target, *vector, *folder, *output;
    char **words;
    size_t n_words;
} settings;

/* The two contexts, read and set up, that a subject points to. */
typedef struct stage {
    vec_arena arena;
    vec_context newest, older;
    subject subject;
} stage;

static const char *stop_text(const subject *s)
{
    if (s->verdict == GOSC_ERR_SIGNATURE_INVALID || s->verdict == GOSC_ERR_DECRYPTION_FAILED) {
        return "the message does not verify";
    }
    return "the message is refused";
}

static void tell_divergence(FILE *out, const subject *s)
{
    size_t n_tried;
    bool verifies = s->signature == GOSC_OK && s->layers.opened == GOSC_OK;
    if (s->inner != GOSC_OK || verifies) {
        return;
    }
    const char *mistake = cli_divergence(s, &n_tried);
    if (mistake != NULL) {
        (void)fprintf(out, "first divergence: %s (with this, all verifies)\n", mistake);
    } else {
        (void)fprintf(
            out,
            "first divergence: none of %zu known mistakes explains it; bytes were changed, or keys differ\n",
            n_tried);
    }
}

static int tell(const settings *given, subject *s, const char *title)
{
    cli_output output;
    subject_look(s);
    int status = cli_output_open(&output, given->output);
    if (status != CLI_GOOD) {
        return status;
    }
    (void)fputs(title, output.file);
    cli_show_wire(output.file, s);
    cli_show_crypto(output.file, s);
    bool good = s->verdict == GOSC_OK && s->outer == GOSC_OK && s->inner == GOSC_OK &&
                s->signature == GOSC_OK && s->layers.opened == GOSC_OK;
    (void)fputs("\nVerdict\n", output.file);
    if (good) {
        (void)fprintf(output.file, "  verified\n");
    } else {
        gosc_err err = s->verdict != GOSC_OK ? s->verdict : s->inner;
        (void)fprintf(output.file, "  %s: %s (%s)\n  ", stop_text(s), gosc_err_name(err), gosc_strerror(err));
        tell_divergence(output.file, s);
    }
    return cli_output_close(&output, good ? CLI_GOOD : CLI_FAILED);
}

/* context_take reads and sets up a Context object; false when it is refused. */
static bool context_take(stage *st, const json_t *object, const char *name, vec_context *context)
{
    vec_context_read(&st->arena, object, context);
    if (context->unsupported != NULL) {
        (void)cli_complain("%s: %s", name, context->unsupported);
        return false;
    }
    gosc_err err = vec_context_set_up(&st->arena, context);
    if (err != GOSC_OK) {
        (void)cli_complain("%s: expected a context that can be set up, found %s (%s)", name,
                           gosc_err_name(err), gosc_strerror(err));
    }
    return err == GOSC_OK;
}

static bool context_from_file(stage *st, const char *file, vec_context *context)
{
    vec_check check;
    json_t *object = cli_context_load(&check, file);
    bool good = object != NULL && vec_context_check(&check, object);
    if (!good) {
        (void)cli_complain("%s", check.fault);
    } else {
        good = context_take(st, object, file, context);
    }
    json_decref(object);
    return good;
}

static gosc_span hex_word(stage *st, const char *text)
{
    gosc_span bytes = GOSC_ABSENT;
    if (text != NULL) {
        (void)vec_hex_parse(&st->arena, text, strlen(text), &bytes);
    }
    return bytes;
}

static bool looks_like_request(gosc_span datagram)
{
    return datagram.len > 1 && datagram.ptr[1] >> 5 == 0;
}

static int from_words(const settings *s, stage *st)
{
    if (s->context == NULL || s->n_words != 1) {
        return cli_complain(
            "explain: expected --context and one message, or --vector, found %s (see muster explain --help)",
            s->context == NULL ? "no context" : "no message");
    }
    if (!cli_hex_is_good("explain", "message", s->words[0]) ||
        (s->request != NULL && !cli_hex_is_good("explain", "--request", s->request)) ||
        (s->target != NULL && !cli_hex_is_good("explain", "--target", s->target)) ||
        !context_from_file(st, s->context, &st->newest) ||
        (s->request_context != NULL && !context_from_file(st, s->request_context, &st->older))) {
        return CLI_USAGE;
    }
    st->subject.datagram = hex_word(st, s->words[0]);
    st->subject.request = hex_word(st, s->request);
    st->subject.target = hex_word(st, s->target);
    st->subject.is_request = s->request == NULL;
    st->subject.newest = &st->newest;
    st->subject.older = s->request_context != NULL ? &st->older : NULL;
    if (s->request == NULL && !looks_like_request(st->subject.datagram) && st->subject.datagram.len > 3) {
        return cli_complain("explain: expected --request with a response, found none");
    }
    return tell(s, &st->subject, "");
}

static bool context_of_vector(stage *st, const vec_vector *vector, const char *key, vec_context *context)
{
    const char *name = vec_get_text(vector->json, key);
    return context_take(st, json_object_get(vector->file->contexts, name), name, context);
}

static int from_vector(const settings *s, stage *st, const vec_tree *tree)
{
    const vec_vector *vector = vec_tree_find(tree, s->vector);
    if (vector == NULL || strcmp(vector->file->family, "message") != 0) {
        return cli_complain("explain: --vector: expected the id of a message vector in %s, found \"%s\"%s%s",
                            s->folder, s->vector, vector != NULL ? " of the family " : "",
                            vector != NULL ? vector->file->family : "");
    }
    const json_t *json = vector->json;
    if (vec_is_null(json, "protected")) {
        return cli_complain(
            "explain: %s: expected a vector with a protected message, found one that is refused before (%s)",
            s->vector, vector->reason);
    }
    subject *u = &st->subject;
    u->sealing = vec_get_is(json, "op", "seal");
    u->is_request = vec_get_is(json, "direction", "request");
    u->datagram = vec_get_hex(&st->arena, json, "protected");
    u->request = vec_get_hex(&st->arena, json, "request");
    u->target = vec_get_hex(&st->arena, json, "request_target");
    if (u->sealing && u->is_request) {
        u->target = vec_get_hex(&st->arena, json_object_get(json, "seal"), "target");
    }
    const char *who = u->sealing ? "sender" : "receiver";
    const char *before = u->sealing ? "request_receiver" : "request_sender";
    if (!context_of_vector(st, vector, who, &st->newest) ||
        (!vec_is_null(json, before) && !context_of_vector(st, vector, before, &st->older))) {
        return CLI_USAGE;
    }
    u->newest = &st->newest;
    u->older = vec_is_null(json, before) ? NULL : &st->older;
    return tell(s, u,
                vec_printf(&st->arena, "%s \"%s\": expected %s%s%s\n\n", vector->id, vector->title,
                           vector->is_ok ? "ok" : "reject", vector->is_ok ? "" : ", ",
                           vector->is_ok ? "" : vector->reason));
}

static int run(const settings *s)
{
    stage st = {.arena = {NULL}};
    int status;
    if (gosc_crypto_init() != GOSC_OK) {
        return cli_complain("explain: the crypto library does not start");
    }
    st.subject.arena = &st.arena;
    if (s->vector == NULL) {
        status = from_words(s, &st);
    } else if (s->context != NULL || s->n_words > 0) {
        status = cli_complain("explain: expected --vector alone, found a context or a message too");
    } else {
        vec_tree tree;
        vec_check check;
        bool good = vec_tree_load_for(&tree, s->folder, s->vector, &check);
        status = good ? from_vector(s, &st, &tree) : cli_complain("%s", check.fault);
        vec_tree_free(&tree);
    }
    vec_arena_free(&st.arena);
    return status;
}

int cli_explain(int argc, char **argv)
{
    settings s = {.folder = vec_folder_default()};
    const cli_option options[] = {
        {"--context", CLI_TEXT, &s.context},
        {"--request", CLI_TEXT, &s.request},
        {"--request-context", CLI_TEXT, &s.request_context},
        {"--target", CLI_TEXT, &s.target},
        {"--vector", CLI_TEXT, &s.vector},
        {"--dir", CLI_TEXT, &s.folder},
        {"--output", CLI_TEXT, &s.output},
        {NULL, CLI_END, NULL},
    };
    int status = cli_parse(argc, argv, options, help, &s.words, &s.n_words, 1);
    return status >= 0 ? status : run(&s);
}
