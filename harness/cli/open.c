/* SPDX-License-Identifier: BSD-2-Clause */
/* muster open: verify and decrypt. */
#include "cli.h"
#include "job.h"
#include "single.h"

static const char help[] =
    "usage: muster open --context F [--request HEX [--request-context F] [--target ID]] [--now-ms N] HEX\n"
    "       muster open --batch <FILE\n"
    "\n"
    "Verifies and decrypts one protected message and prints what came of it as JSON: result (ok, reject), "
    "reason, the CoAP\n"
    "message in hex and in its parts, mode, kid, kid context and Partial IV.\n"
    "\n"
    "  --context F          Context object (vectors/README.md) of the receiver; F#NAME takes one out of a "
    "vector file\n"
    "  --request HEX        the message is a response: the protected request, which the owner of the context "
    "has sent\n"
    "  --request-context F  context that protected the request, when a rekey lies between\n"
    "  --target ID          Recipient ID the request was sent to, in hex (pairwise mode; oscore with several "
    "recipients);\n"
    "                       --responder is the same\n"
    "  --now-ms N           time, for Echo\n"
    "  --batch              one JSON object a line on standard input, one answer a line; keys: context, "
    "message (or\n"
    "                       messages: a list, to one receiver that keeps its state), request, "
    "request_context, target,\n"
    "                       now_ms\n"
    "  --output F           write to F instead of standard output; F appears whole or not at all\n"
    "\n"
    "Exit status: 0 verified, 1 refused, 2 usage (of a batch: 2 when a line was no job, else 0).\n"
    "\n"
    "example: muster open --context 'vectors/oscore/message-text.json#c1-server' \\\n"
    "           44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e\n";

int cli_open(int argc, char **argv)
{
    single s = {.name = "open", .job = cli_job_open};
    const cli_option options[] = {
        {"--context", CLI_TEXT, &s.context},
        {"--request", CLI_TEXT, &s.request},
        {"--request-context", CLI_TEXT, &s.request_context},
        {"--target", CLI_TEXT, &s.target},
        {"--responder", CLI_TEXT, &s.target},
        {"--now-ms", CLI_NUMBER, &s.now_ms},
        {"--batch", CLI_FLAG, &s.batch},
        {"--output", CLI_TEXT, &s.output},
        {NULL, CLI_END, NULL},
    };
    int status = cli_parse(argc, argv, options, help, &s.words, &s.n_words, 1);
    return status >= 0 ? status : single_run(&s);
}
