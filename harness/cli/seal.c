/* SPDX-License-Identifier: BSD-2-Clause */
/* muster seal: protect. */
#include "cli.h"
#include "job.h"
#include "single.h"

static const char help[] =
    "usage: muster seal --context F [--mode group|pairwise] [--target ID] [--ssn N] [--request HEX "
    "[--request-context F]]\n"
    "                   [--own-partial-iv] [--kid] [--kid-context | --no-kid-context] HEX\n"
    "       muster seal --batch <FILE\n"
    "\n"
    "Protects one CoAP message and prints the protected message as JSON.\n"
    "\n"
    "  --context F          Context object (vectors/README.md) of the sender; F#NAME takes one out of a "
    "vector file\n"
    "  --mode M             group-28: group or pairwise\n"
    "  --target ID          Recipient ID of a pairwise request, in hex\n"
    "  --ssn N              Sender Sequence Number to use\n"
    "  --request HEX        the message is a response: the protected request, which is opened first\n"
    "  --request-context F  context that opens the request, when a rekey lies between\n"
    "  --own-partial-iv     response: with a Partial IV of its own\n"
    "  --kid                response: with kid, also where it may be left out\n"
    "  --kid-context        response: with kid context\n"
    "  --no-kid-context     request of oscore: without the ID Context\n"
    "  --batch              one JSON object a line on standard input, one answer a line; keys: context, "
    "message (or\n"
    "                       messages), mode, target, ssn, request, request_context, own_partial_iv, kid, "
    "kid_context\n"
    "  --output F           write to F instead of standard output; F appears whole or not at all\n"
    "\n"
    "Exit status: 0 protected, 1 refused, 2 usage (of a batch: 2 when a line was no job, else 0).\n"
    "\n"
    "example: muster seal --context 'vectors/oscore/message-text.json#c1-client' --ssn 20 \\\n"
    "           44015d1f00003974396c6f63616c686f737483747631\n";

int cli_seal(int argc, char **argv)
{
    single s = {.name = "seal", .job = cli_job_seal};
    const cli_option options[] = {
        {"--context", CLI_TEXT, &s.context},
        {"--mode", CLI_TEXT, &s.mode},
        {"--target", CLI_TEXT, &s.target},
        {"--ssn", CLI_NUMBER, &s.ssn},
        {"--request", CLI_TEXT, &s.request},
        {"--request-context", CLI_TEXT, &s.request_context},
        {"--own-partial-iv", CLI_FLAG, &s.own_partial_iv},
        {"--kid", CLI_FLAG, &s.kid},
        {"--kid-context", CLI_FLAG, &s.kid_context},
        {"--no-kid-context", CLI_FLAG, &s.no_kid_context},
        {"--batch", CLI_FLAG, &s.batch},
        {"--output", CLI_TEXT, &s.output},
        {NULL, CLI_END, NULL},
    };
    int status = cli_parse(argc, argv, options, help, &s.words, &s.n_words, 1);
    return status >= 0 ? status : single_run(&s);
}
