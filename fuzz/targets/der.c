/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates: our walker against a second one with positions, and its two results. */
#include "common.h"

/* One element: where its contents are. len SIZE_MAX: none. */
typedef struct element {
    size_t at, len;
} element;

/* The element of that tag at *at, which moves behind it. */
static element take(gosc_span s, size_t *at, size_t end, uint8_t tag)
{
    element none = {0, SIZE_MAX};
    if (end - *at < 2 || s.ptr[*at] != tag) {
        return none;
    }
    size_t len = s.ptr[*at + 1];
    size_t start = *at + 2;
    if (len >= 128) {
        size_t n = len - 128;
        if (n < 1 || n > 4 || end - start < n) {
            return none;
        }
        uint64_t value = 0;
        for (size_t i = 0; i < n; i++) {
            value = value * 256 + s.ptr[start + i];
        }
        start += n;
        if (value < 128 || (n > 1 && value < UINT64_C(1) << (8 * (n - 1))) || value > end - start) {
            return none;
        }
        len = (size_t)value;
    }
    if (len > end - start) {
        return none;
    }
    *at = start + len;
    return (element){start, len};
}

static bool good(element e)
{
    return e.len != SIZE_MAX;
}

typedef struct spki {
    gosc_span algorithm, key; /* contents of the AlgorithmIdentifier; bytes of the key */
} spki;

static bool walk_key(gosc_span s, element e, spki *found)
{
    size_t at = e.at;
    size_t end = e.at + e.len;
    element identifier = take(s, &at, end, 0x30);
    element bits = good(identifier) ? take(s, &at, end, 0x03) : identifier;
    if (!good(bits) || at != end || bits.len < 1 || s.ptr[bits.at] != 0) {
        return false;
    }
    found->algorithm = gosc_span_of(s.ptr + identifier.at, identifier.len);
    found->key = gosc_span_of(s.ptr + bits.at + 1, bits.len - 1);
    return true;
}

static bool walk_tbs(gosc_span s, element tbs, spki *found, gosc_span *algorithm)
{
    size_t at = tbs.at;
    size_t end = tbs.at + tbs.len;
    if (at < end && s.ptr[at] == 0xa0) {
        element version = take(s, &at, end, 0xa0);
        size_t in = version.at;
        if (!good(version)) {
            return false;
        }
        element number = take(s, &in, version.at + version.len, 0x02);
        if (!good(number) || number.len != 1 || in != version.at + version.len || s.ptr[number.at] < 1 ||
            s.ptr[number.at] > 2) {
            return false;
        }
    }
    static const uint8_t tags[] = {0x02, 0x30, 0x30, 0x30, 0x30, 0x30}; /* serial to subjectPublicKeyInfo */
    element e[sizeof tags];
    for (size_t i = 0; i < sizeof tags; i++) {
        e[i] = take(s, &at, end, tags[i]);
        if (!good(e[i])) {
            return false;
        }
    }
    static const uint8_t optional[] = {0x81, 0x82, 0xa3};
    for (size_t i = 0; i < sizeof optional; i++) {
        if (at < end && s.ptr[at] == optional[i] && !good(take(s, &at, end, optional[i]))) {
            return false;
        }
    }
    *algorithm = gosc_span_of(s.ptr + e[1].at, e[1].len);
    return at == end && walk_key(s, e[5], found);
}

static bool walk(gosc_span s, spki *found)
{
    size_t at = 0;
    element whole = take(s, &at, s.len, 0x30);
    if (!good(whole) || at != s.len) {
        return false;
    }
    size_t in = whole.at;
    element tbs = take(s, &in, s.len, 0x30);
    element algorithm = good(tbs) ? take(s, &in, s.len, 0x30) : tbs;
    element signature = good(algorithm) ? take(s, &in, s.len, 0x03) : algorithm;
    gosc_span inner;
    return good(signature) && in == s.len && walk_tbs(s, tbs, found, &inner) &&
           gosc_span_equal(inner, gosc_span_of(s.ptr + algorithm.at, algorithm.len));
}

void fuzz_target(fuzz_input *in)
{
    gosc_span s = fuzz_rest(in);
    spki wanted = {GOSC_ABSENT, GOSC_ABSENT};
    spki got;
    gosc_err err = gosc_der_spki(s, &got.algorithm, &got.key);
    FUZZ_CHECK((err == GOSC_OK) == walk(s, &wanted), "both walkers accept the same");
    if (err != GOSC_OK) {
        FUZZ_CHECK(err == GOSC_ERR_DER_MALFORMED, "the reason is the only one there is");
        return;
    }
    FUZZ_CHECK(gosc_span_equal(got.algorithm, wanted.algorithm) && gosc_span_equal(got.key, wanted.key) &&
                   got.key.ptr == wanted.key.ptr,
               "both find the same key");
}
