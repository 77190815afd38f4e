/* SPDX-License-Identifier: BSD-2-Clause */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    N_BLOCKS_MAX = 128, /* pieces of exact memory a target may ask for */
    N_LANES_MAX = 32,
};

/* What AddressSanitizer asks for; a shorter quarantine than the usual 256 MB keeps memory in the cache. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8";
}

static void *blocks[N_BLOCKS_MAX];
static size_t n_blocks;

static struct {
    const char *name;
    unsigned long long n_inputs;
    unsigned long long n_authenticated;
} lanes[N_LANES_MAX];
static size_t n_lanes;

_Noreturn void fuzz_fail(const char *file, int line, const char *text, const char *cond)
{
    fprintf(stderr, "%s:%d: BROKEN: %s (%s)\n", file, line, text, cond);
    abort();
}

void fuzz_result(const char *file, int line, const char *text, gosc_err err, gosc_err wanted)
{
    if (err != wanted) {
        fprintf(stderr, "%s:%d: BROKEN: %s (%s, expected %s)\n", file, line, text, gosc_err_name(err),
                gosc_err_name(wanted));
        abort();
    }
}

uint8_t fuzz_u8(fuzz_input *in)
{
    if (in->left.len == 0) {
        return 0;
    }
    in->left.len--;
    return in->left.ptr[in->left.len];
}

uint64_t fuzz_number(fuzz_input *in, size_t n_bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        number = number << 8 | fuzz_u8(in);
    }
    return number;
}

gosc_buf fuzz_room(size_t len)
{
    FUZZ_CHECK(n_blocks < N_BLOCKS_MAX, "a target may ask for so many pieces only");
    uint8_t *block = malloc(len > 0 ? len : 1);
    FUZZ_CHECK(block != NULL, "memory for the target");
    blocks[n_blocks++] = block;
    /* For length 0 the one byte is the end: nothing may be read there. */
    return (gosc_buf){len > 0 ? block : block + 1, len};
}

gosc_span fuzz_exact(gosc_span bytes)
{
    if (bytes.ptr == NULL) {
        return bytes;
    }
    gosc_buf copy = fuzz_room(bytes.len);
    if (bytes.len > 0) {
        memcpy(copy.ptr, bytes.ptr, bytes.len);
    }
    return (gosc_span){copy.ptr, copy.len};
}

gosc_span fuzz_bytes(fuzz_input *in, size_t len)
{
    len = len < in->left.len ? len : in->left.len;
    in->left.len -= len;
    return fuzz_exact(gosc_span_of(in->left.ptr + in->left.len, len));
}

gosc_span fuzz_rest(fuzz_input *in)
{
    return fuzz_bytes(in, in->left.len);
}

bool fuzz_inside(gosc_span part, gosc_span whole)
{
    return part.ptr == NULL || (part.len <= whole.len && part.ptr >= whole.ptr &&
                                (size_t)(part.ptr - whole.ptr) <= whole.len - part.len);
}

static void print_counts(void)
{
    unsigned long long n_inputs = 0;
    for (size_t i = 0; i < n_lanes; i++) {
        fprintf(stderr, "authenticated %llu of %llu: %s\n", lanes[i].n_authenticated, lanes[i].n_inputs,
                lanes[i].name);
        n_inputs += lanes[i].n_inputs;
    }
    double seconds = (double)clock() / CLOCKS_PER_SEC;
    fprintf(stderr, "inputs per CPU second %.0f\n", seconds > 0 ? (double)n_inputs / seconds : 0);
}

void fuzz_count(const char *lane, bool authenticated)
{
    size_t i = 0;
    while (i < n_lanes && lanes[i].name != lane) {
        i++;
    }
    if (i == n_lanes) {
        FUZZ_CHECK(n_lanes < N_LANES_MAX, "a table of that many lanes");
        FUZZ_CHECK(n_lanes > 0 || atexit(print_counts) == 0, "counts are printed at the end");
        lanes[n_lanes++].name = lane;
    }
    lanes[i].n_inputs++;
    lanes[i].n_authenticated += authenticated;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready) {
        FUZZ_CHECK(gosc_crypto_init() == GOSC_OK, "the crypto adapter starts");
        ready = true;
    }
    fuzz_input in = {{size > 0 ? data : (const uint8_t *)"", size}};
    fuzz_target(&in);
    while (n_blocks > 0) {
        free(blocks[--n_blocks]);
    }
    return 0;
}
