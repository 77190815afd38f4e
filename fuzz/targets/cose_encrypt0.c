/* SPDX-License-Identifier: BSD-2-Clause */
/* COSE_Encrypt0: what is read is written again, and read again as the same. */
#include "common.h"

static void check_fields(gosc_span bytes, const gosc_cose_encrypt0 *o)
{
    FUZZ_CHECK(fuzz_inside(o->kid, bytes) && fuzz_inside(o->partial_iv, bytes) &&
                   fuzz_inside(o->kid_context, bytes) && fuzz_inside(o->countersignature, bytes) &&
                   fuzz_inside(o->ciphertext, bytes),
               "what is read lies in the object");
    FUZZ_CHECK(o->kid.len <= 7 && o->partial_iv.len <= 5 &&
                   (o->partial_iv.ptr == NULL || o->partial_iv.len > 0) && o->ciphertext.ptr != NULL &&
                   o->ciphertext.len > 0,
               "fields have the lengths OSCORE gives them");
}

void fuzz_target(fuzz_input *in)
{
    int32_t label = fuzz_bool(in) ? 12 : 9;
    gosc_span bytes = fuzz_rest(in);
    gosc_cose_encrypt0 object;
    gosc_cose_encrypt0 again;
    gosc_err err = gosc_cose_encrypt0_parse(bytes, label, &object);
    if (err != GOSC_OK) {
        FUZZ_CHECK(err == GOSC_ERR_COSE_MALFORMED, "the reason is the only one there is");
        return;
    }
    FUZZ_CHECK(gosc_cbor_check(bytes) == GOSC_OK, "an object is deterministic CBOR");
    check_fields(bytes, &object);
    gosc_writer w;
    gosc_writer_init(&w, fuzz_room(bytes.len));
    gosc_cose_encrypt0_write(&w, &object, label);
    gosc_span written = gosc_writer_span(&w);
    FUZZ_CHECK(!w.failed && written.len == bytes.len,
               "written again it is as long: only the order of the map may differ");
    FUZZ_CHECK(gosc_cose_encrypt0_parse(written, label, &again) == GOSC_OK, "what is written is read");
    FUZZ_CHECK(gosc_span_equal(object.kid, again.kid) &&
                   gosc_span_equal(object.partial_iv, again.partial_iv) &&
                   gosc_span_equal(object.kid_context, again.kid_context) &&
                   gosc_span_equal(object.countersignature, again.countersignature) &&
                   gosc_span_equal(object.ciphertext, again.ciphertext),
               "and is the same");
    /* The other label is then a stranger. */
    FUZZ_CHECK(object.countersignature.ptr == NULL ||
                   gosc_cose_encrypt0_parse(bytes, 21 - label, &again) == GOSC_ERR_COSE_MALFORMED,
               "a countersignature under another label is refused");
}
