/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every fuzz target shares: the input taken apart, memory of exact size, checks that stop the run,
 * counters.
 *
 * A target is one function, fuzz_target. Its settings come from the last bytes of the input, its subject from
 * the front, so that a mutator that inserts bytes in the subject leaves the settings alone.
 */
#ifndef MUSTER_FUZZ_COMMON_H
#define MUSTER_FUZZ_COMMON_H

#include "gosc.h"

/* What is left of the input; settings are taken from its end. */
typedef struct fuzz_input {
    gosc_span left;
} fuzz_input;

/* fuzz_target judges one input; it stops the program when the library is wrong. */
void fuzz_target(fuzz_input *in);

/* The entry point of libFuzzer and of AFL++; main_replay calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Settings, from the end of the input: zeros when it is used up. */
uint8_t fuzz_u8(fuzz_input *in);
uint64_t fuzz_number(fuzz_input *in, size_t n_bytes);
static inline bool fuzz_bool(fuzz_input *in)
{
    return (fuzz_u8(in) & 1) != 0;
}
/* fuzz_bytes takes up to len bytes, from the end as well; exact memory, always present. */
gosc_span fuzz_bytes(fuzz_input *in, size_t len);
/* fuzz_rest takes what is left, the subject; exact memory, always present. */
gosc_span fuzz_rest(fuzz_input *in);

/* Memory of exactly that size, so that AddressSanitizer sees one byte too many. Freed after the target
 * returned. */
gosc_span fuzz_exact(gosc_span bytes); /* a copy; an absent span stays absent */
gosc_buf fuzz_room(size_t len);

/* fuzz_inside: absent, or wholly within the other span. */
bool fuzz_inside(gosc_span part, gosc_span whole);

/* FUZZ_CHECK stops the program, and with it the campaign, when the library broke its word. */
#define FUZZ_CHECK(cond, text) ((cond) ? (void)0 : fuzz_fail(__FILE__, __LINE__, (text), #cond))
_Noreturn void fuzz_fail(const char *file, int line, const char *text, const char *cond);

/* FUZZ_RESULT: a result is the one expected; both are named when not. */
#define FUZZ_RESULT(err, wanted, text) fuzz_result(__FILE__, __LINE__, (text), (err), (wanted))
void fuzz_result(const char *file, int line, const char *text, gosc_err err, gosc_err wanted);

/* fuzz_count counts an input in a lane, and whether it passed authentication; the sums go to stderr at the
 * end. */
void fuzz_count(const char *lane, bool authenticated);

#endif
