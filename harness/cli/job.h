/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and sealing as `muster open`, `muster seal` and their batches do it: one JSON object in, one out.
 */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "read.h"

/*
 * cli_job_open verifies messages; keys of a job:
 *   context          Context object of the receiver (with `request`: of the client that sent it)
 *   message          protected message, hex; or messages: a list of them, to one receiver that keeps its state
 *   request          for responses: the protected request
 *   request_context  for responses: Context object that protected the request, when a rekey lies between
 *   target           for responses: Recipient ID the request was sent to (pairwise mode; oscore with several recipients)
 *   now_ms           time for Echo, 0 by default
 *
 * cli_job_seal protects messages; keys of a job:
 *   context, message or messages (CoAP messages)
 *   mode, target, ssn, own_partial_iv, kid, kid_context  as `seal` of a message vector
 *   request          for responses: the protected request, which is opened first
 *   request_context  for responses: Context object that opens the request, when a rekey lies between
 *
 * Returns   the answer (of a job with `messages`: {"results": [...]}), to be given back with json_decref;
 *           NULL: check->fault says what is wrong with the job
 */
json_t *cli_job_open(vec_check *check, const json_t *job);
json_t *cli_job_seal(vec_check *check, const json_t *job);

/* cli_job_failed: whether any message of an answer was refused. */
bool cli_job_failed(const json_t *answer);

/* cli_batch answers each line of standard input, a JSON object, by a line; gives the exit status. */
int cli_batch(const char *name, json_t *(*job)(vec_check *, const json_t *), const char *output);

/* cli_context_load gives the Context object of a file, or of FILE#NAME in a file of vectors; NULL:
 * check->fault. */
json_t *cli_context_load(vec_check *check, const char *name);

/* cli_hex_is_good: whether a word of the command line is lower-case hex; complains else. */
bool cli_hex_is_good(const char *command, const char *what, const char *text);

#endif
